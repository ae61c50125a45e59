/* SPDX-License-Identifier: ISC */
/* Net and block devices on descriptors of the tender's. */
#include "plat/spt/spt.h"

#include "wire/vnet.h"

#include <jinn/boot.h>
#include <jinn/must.h>

#include <sys/uio.h>

/* Up to here the kernel takes longer to look at a list of parts than we to put them together. */
#define SHORT_BYTES 320

/* Stock tenders' filters know no writev, so the parts must become one piece. `header` NULL: the frames have none. */
static long send_in_one_piece(long fd, const struct net_offload *header, const struct bytes *v, size_t n)
{
    static uint8_t frame[VNET_HEADER_BYTES + PLAT_FRAME_BYTES];
    struct writer w = writer_of(frame, sizeof frame);
    if (header)
        vnet_emit(&w, header);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    must(writer_good(&w));
    return SPT_CALL(SYS_write, fd, frame, writer_len(&w), 0);
}

static COLD long send_gathered(long fd, const struct bytes *v, size_t n)
{
    struct iovec parts[NET_PARTS_MAX];
    for (size_t i = 0; i < n; i++)
        parts[i] = (struct iovec){(void *)(uintptr_t)v[i].data, v[i].len};
    return SPT_CALL(SYS_writev, fd, parts, n, 0);
}

static bool has_header(unsigned index)
{
    return given.extended && given.extension.net_features[index];
}

/* Where frames have headers the tender is ours, and its filter knows writev. */
static long send_with_header(long fd, const struct bytes *v, size_t n, const struct net_offload *o)
{
    uint8_t header[VNET_HEADER_BYTES];
    struct iovec parts[1 + NET_PARTS_MAX] __attribute__((uninitialized)); /* on each packet's way; n + 1 are set here */
    struct writer w = writer_of(header, sizeof header);
    vnet_emit(&w, o);
    parts[0].iov_base = header;
    parts[0].iov_len = sizeof header;
    for (size_t i = 0; i < n; i++) {
        parts[i + 1].iov_base = (void *)(uintptr_t)v[i].data;
        parts[i + 1].iov_len = v[i].len;
    }
    return SPT_CALL(SYS_writev, fd, parts, n + 1, 0);
}

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    const struct solo5_entry *e = given_device(index, SOLO5_NET);
    static const struct net_offload plain;
    must(n >= 1 && n <= NET_PARTS_MAX);
    long r;
    bool is_short = bytes_total(v, n) <= SHORT_BYTES;
    if (has_header(index) && is_short)
        r = send_in_one_piece((long)e->backing, o ? o : &plain, v, n);
    else if (has_header(index))
        r = send_with_header((long)e->backing, v, n, o ? o : &plain);
    else if (n == 1)
        r = SPT_CALL(SYS_write, e->backing, v[0].data, v[0].len, 0);
    else if (given.features & EXTENSION_WRITEV && !is_short)
        r = send_gathered((long)e->backing, v, n);
    else
        r = send_in_one_piece((long)e->backing, NULL, v, n);
    if (r >= 0)
        return OK;
    return r == SPT_EAGAIN || r == SPT_ENOBUFS ? ERR_AGAIN : ERR_IO;
}

enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    const struct solo5_entry *e = given_device(index, SOLO5_NET);
    long r = SPT_CALL(SYS_read, e->backing, buffer, size, 0);
    if (r > 0 && has_header(index)) {
        struct reader in = reader_of(bytes_of(buffer, (size_t)r));
        bool good = vnet_parse(&in, (size_t)r - VNET_HEADER_BYTES, o);
        *frame = read_rest(&in);
        return good ? OK : ERR_MALFORMED;
    }
    if (r > 0) {
        *frame = bytes_of(buffer, (size_t)r);
        *o = (struct net_offload){0};
        return OK;
    }
    if (r == 0 || r == SPT_EBADFD) {
        /* The other end of a socket pair is gone, or a tap. It would be ready for ever, and there is no network any more. */
        static const char text[] = "the host closed a network device\n";
        plat_console(text, sizeof text - 1);
        plat_exit(EXIT_DEVICE);
    }
    return r == SPT_EAGAIN ? ERR_AGAIN : ERR_IO;
}

const uint64_t *given_lost(unsigned index)
{
    (void)index;
    return NULL;
}

/* The longest piece that the filter lets through: a block under a stock tender, a power of two of bytes under ours. */
static size_t piece_len(const struct solo5_entry *e, size_t len)
{
    size_t piece = e->block_bytes;
    if (given.features & EXTENSION_BLOCK_RUNS) {
        while (piece * 2 <= len && piece * 2 <= EXTENSION_RUN_BYTES)
            piece *= 2;
    }
    return piece;
}

static COLD enum err transfer(long call, unsigned index, uint64_t offset, uintptr_t memory, size_t len)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!given_range_good(e, offset, len))
        return ERR_INVALID;
    while (len > 0) {
        size_t piece = piece_len(e, len);
        if (SPT_CALL(call, e->backing, memory, piece, offset) != (long)piece)
            return ERR_IO;
        memory += piece;
        offset += piece;
        len -= piece;
    }
    return OK;
}

COLD enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    return transfer(SYS_pread64, index, offset, (uintptr_t)buffer, len);
}

COLD enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    return transfer(SYS_pwrite64, index, offset, (uintptr_t)data, len);
}

COLD enum err plat_block_flush(unsigned index)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!(given.features & EXTENSION_BLOCK_FLUSH))
        return ERR_UNSUPPORTED;
    return SPT_CALL(SYS_fdatasync, e->backing, 0, 0, 0) == 0 ? OK : ERR_IO;
}

/* A host's block device takes the same call, and says that what is less than a block of its own is invalid. */
COLD enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!given_range_good(e, offset, len))
        return ERR_INVALID;
    if (!(given.features & EXTENSION_BLOCK_DISCARD))
        return ERR_UNSUPPORTED;
    long r = len > 0 ? SPT_CALL(SYS_fallocate, e->backing, EXTENSION_DISCARD_MODE, offset, len) : 0;
    if (r == 0)
        return OK;
    return r == SPT_EOPNOTSUPP || r == SPT_ENOSYS || r == SPT_EINVAL ? ERR_UNSUPPORTED : ERR_IO;
}
