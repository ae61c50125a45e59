/* SPDX-License-Identifier: ISC */
/* The least that parsers and cores need under libFuzzer: a fixed seed, a clock that moves only by waiting, one net
 * device that swallows what is sent and gives out what fuzz.h's fuzz_feed put in, no disk. A failed
 * assertion aborts, so that libFuzzer keeps the input. */
#include "plat/fuzz/fuzz.h"

#include <jinn/must.h>
#include <jinn/plat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACKS 16
#define STACK_BYTES (256 * 1024)
#define POLL_NS 1000

const char plat_image_name[] = "fuzz";
const struct plat_device plat_devices[] = {{"net", PLAT_NET, false}};
const size_t plat_n_devices = 1;

#define BEGIN_NS UINT64_C(1000000000)

static uint64_t now_ns = BEGIN_NS;
static struct bytes frames;
static uint64_t n_entropy;

void fuzz_feed(struct bytes input)
{
    frames = input;
}

void fuzz_begin(void)
{
    now_ns = BEGIN_NS;
    n_entropy = 0;
}

uint64_t plat_clock_ns(void)
{
    return now_ns;
}

uint64_t plat_wall_ns(void)
{
    return now_ns + UINT64_C(1577836800000000000);
}

/* With nothing left to come the input is done: the time jumps, and a wait for ever ends as a stop does. */
uint64_t plat_wait(uint64_t deadline_ns)
{
    if (frames.len)
        return 1;
    if (deadline_ns == UINT64_MAX)
        return PLAT_READY_STOP;
    now_ns = deadline_ns > now_ns ? deadline_ns : now_ns + POLL_NS;
    return 0;
}

void plat_console(const char *text, size_t len)
{
    (void)text, (void)len;
}

enum err plat_secret(const char *name, struct bytes *secret)
{
    (void)name, (void)secret;
    return ERR_NOT_FOUND;
}

void plat_serving(const char *protocol, uint16_t port)
{
    (void)protocol, (void)port;
}

void plat_exit(int status)
{
    exit(status);
}

void plat_abort(const char *text)
{
    fprintf(stderr, "%s\n", text);
    abort();
}

enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    memset(seed, 0x5a, PLAT_SEED_BYTES);
    n_entropy++;
    memcpy(seed, &n_entropy, sizeof n_entropy);
    return OK;
}

bool plat_seeded(void)
{
    return true;
}

struct plat_memory plat_heap(void)
{
    return (struct plat_memory){NULL, 0};
}

struct plat_stacks plat_stacks(void)
{
    static struct plat_stacks stacks;
    if (!stacks.base)
        stacks = (struct plat_stacks){aligned_alloc(4096, STACKS * STACK_BYTES), STACK_BYTES, STACK_BYTES, STACKS};
    must(stacks.base);
    memset(stacks.base, 0, STACKS * STACK_BYTES);
    return stacks;
}

enum err plat_net_open(const char *name, struct plat_net_info *info)
{
    if (strcmp(name, plat_devices[0].name) != 0)
        return ERR_NOT_FOUND;
    *info = (struct plat_net_info){.index = 0, .mac = {2, 0, 0, 0, 0, 1}, .mtu_bytes = 1500};
    return OK;
}

enum err plat_net_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    must(index == 0 && n <= NET_PARTS_MAX && (v || n == 0) && (!o || !(o->flags | o->segments)));
    return OK;
}

/* The input is frames one after the other, each behind its length in two bytes, big end first. */
enum err plat_net_recv(unsigned index, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    must(index == 0);
    if (frames.len == 0)
        return ERR_AGAIN;
    struct reader r = reader_of(frames);
    size_t want = read_be16(&r);
    struct bytes in = reader_good(&r) ? read_bytes(&r, want < reader_left(&r) ? want : reader_left(&r)) : frames;
    frames = read_rest(&r);
    *frame = bytes_of(buffer, in.len < size ? in.len : size);
    *o = (struct net_offload){0};
    if (frame->len)
        memcpy(buffer, in.data, frame->len);
    return OK;
}

enum err plat_block_open(const char *name, struct plat_block_info *info)
{
    (void)name, (void)info;
    return ERR_NOT_FOUND;
}

enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    (void)index, (void)offset, (void)buffer, (void)len;
    return ERR_IO;
}

enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    (void)index, (void)offset, (void)data, (void)len;
    return ERR_IO;
}

enum err plat_block_flush(unsigned index)
{
    (void)index;
    return ERR_UNSUPPORTED;
}

enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    (void)index, (void)offset, (void)len;
    return ERR_UNSUPPORTED;
}

enum err plat_kv_directory(const char *path, struct kv **kv)
{
    (void)path, (void)kv;
    return ERR_UNSUPPORTED;
}
