/* SPDX-License-Identifier: ISC */
/* Net and block devices by Solo5's calls, a frame each; ring.c has the better way. */
#include "plat/hvt/hvt.h"

#include <jinn/boot.h>
#include <jinn/must.h>

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static uint8_t frame[PLAT_FRAME_BYTES];
    struct writer w = writer_of(frame, sizeof frame);
    (void)given_device(index, SOLO5_NET);
    if (hvt.ring)
        return ring_send(index, v, n, o);
    must(n >= 1 && n <= NET_PARTS_MAX && !(o && o->flags));
    for (size_t i = 0; i < n && n > 1; i++)
        write_bytes(&w, v[i]);
    must(writer_good(&w));
    struct bytes whole = n > 1 ? writer_bytes(&w) : v[0];
    struct hvt_net call = {.handle = index, .data = (uintptr_t)whole.data, .len = whole.len};
    arch_hypercall(HVT_NET_WRITE, &call);
    return call.result == HVT_OK ? OK : call.result == HVT_AGAIN ? ERR_AGAIN : ERR_IO;
}

void device_closed(void)
{
    static const char text[] = "the host closed a network device\n";
    plat_console(text, sizeof text - 1);
    plat_exit(EXIT_DEVICE);
}

/* It would stay ready for ever: so what our tender can't read is as good as closed. Stock tenders say nothing like it. */
enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    (void)given_device(index, SOLO5_NET);
    if (hvt.ring)
        return ring_recv(index, frame, o);
    struct hvt_net call = {.handle = index, .data = (uintptr_t)buffer, .len = size};
    arch_hypercall(HVT_NET_READ, &call);
    if (call.result == HVT_FAILED)
        device_closed();
    if (call.result != HVT_OK)
        return call.result == HVT_AGAIN ? ERR_AGAIN : ERR_IO;
    *frame = bytes_of(buffer, call.len);
    *o = (struct net_offload){0};
    return OK;
}

const uint64_t *given_lost(unsigned index)
{
    return hvt.ring ? ring_lost(index) : NULL;
}

/* Stock tenders, too, take any number of blocks at once. */
static COLD enum err transfer(enum hvt_call number, unsigned index, uint64_t offset, uintptr_t memory, size_t len)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!given_range_good(e, offset, len))
        return ERR_INVALID;
    struct hvt_block call = {.handle = index, .offset = offset, .data = memory, .len = len};
    if (len > 0)
        arch_hypercall(number, &call);
    return call.result == HVT_OK ? OK : ERR_IO;
}

COLD enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    return transfer(HVT_BLOCK_READ, index, offset, (uintptr_t)buffer, len);
}

COLD enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    return transfer(HVT_BLOCK_WRITE, index, offset, (uintptr_t)data, len);
}

COLD enum err plat_block_flush(unsigned index)
{
    struct hvt_block call = {.handle = index};
    (void)given_device(index, SOLO5_BLOCK);
    if (!(given.features & EXTENSION_BLOCK_FLUSH))
        return ERR_UNSUPPORTED;
    arch_hypercall(HVT_BLOCK_FLUSH, &call);
    return call.result == HVT_OK ? OK : ERR_IO;
}

COLD enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    struct hvt_block call = {.handle = index, .offset = offset, .len = len};
    if (!given_range_good(given_device(index, SOLO5_BLOCK), offset, len))
        return ERR_INVALID;
    if (!(given.features & EXTENSION_BLOCK_DISCARD))
        return ERR_UNSUPPORTED;
    if (len > 0)
        arch_hypercall(HVT_BLOCK_DISCARD, &call);
    return call.result == HVT_OK ? OK : call.result == HVT_UNSUPPORTED ? ERR_UNSUPPORTED : ERR_IO;
}
