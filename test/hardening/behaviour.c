/* SPDX-License-Identifier: ISC */
/* Does what its first argument says, for the script that looks from outside. Devices: net "service", block "disk". */
#include "test/hardening/image.h"

#include <jinn/block.h>
#include <jinn/netdev.h>
#include <jinn/time.h>

#include <string.h>

static int show_arguments(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        printf("[%s]\n", argv[i]);
    return 0;
}

static int show_secret(int argc, char **argv)
{
    struct bytes secret;
    if (argc < 3 || plat_secret(argv[2], &secret) != OK)
        return 2;
    printf("%zu:%.*s\n", secret.len, (int)secret.len, (const char *)secret.data);
    return 0;
}

static int show_escapes(void)
{
    printf("before\033]0;title\033[2Jafter\n");
    return 0;
}

static int sleep_exactly(void)
{
    static const uint64_t spans[] = {0, 200 * NS_PER_US, 3 * NS_PER_MS, 25 * NS_PER_MS};
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        uint64_t deadline = plat_clock_ns() + spans[i];
        while (plat_clock_ns() < deadline)
            (void)plat_wait(deadline);
    }
    return plat_wall_ns() > UINT64_C(1700000000) * NS_PER_S ? 0 : 3;
}

static int wait_for_stop(void)
{
    plat_serving("tcp", 80);
    printf("waiting\n");
    while (!(plat_wait(TIME_NEVER) & PLAT_READY_STOP))
        continue;
    printf("draining\n");
    uint64_t deadline = plat_clock_ns() + 10 * NS_PER_MS;
    while (plat_clock_ns() < deadline) {
        if (!(plat_wait(deadline) & PLAT_READY_STOP))
            return 4;
    }
    return 9;
}

/* Until it is to stop: how long that was, by both clocks, of which the first may not go back. */
static int watch_clock(void)
{
    uint64_t start = plat_clock_ns(), wall = plat_wall_ns(), last = start;
    printf("watching\n");
    for (uint64_t ready = 0; !(ready & PLAT_READY_STOP);) {
        ready = plat_wait(last + NS_PER_MS);
        for (int i = 0; i < 1000; i++) {
            uint64_t now = plat_clock_ns();
            if (now < last)
                return 17;
            last = now;
        }
    }
    printf("%llu %llu\n", (unsigned long long)((last - start) / NS_PER_US),
           (unsigned long long)((plat_wall_ns() - wall) / NS_PER_US));
    return 0;
}

static int entropy_differs(void)
{
    uint8_t seeds[2][PLAT_SEED_BYTES];
    for (int i = 0; i < 2; i++) {
        if (plat_entropy(seeds[i]) != OK)
            return 5;
    }
    for (int i = 0; i < PLAT_SEED_BYTES; i++)
        printf("%02x", seeds[0][i]);
    printf("\n");
    return memcmp(seeds[0], seeds[1], PLAT_SEED_BYTES) == 0 ? 6 : 0;
}

/* Sends every frame back, in three parts, until one says "quit". */
static int echo(void)
{
    static uint8_t buffer[2048];
    struct plat_net_info info;
    struct bytes whole;
    struct net_offload offload;
    if (plat_net_open("service", &info) != OK)
        return 7;
    printf("mac %02x:%02x:%02x:%02x:%02x:%02x mtu %u\n", info.mac[0], info.mac[1], info.mac[2], info.mac[3],
           info.mac[4], info.mac[5], info.mtu_bytes);
    for (;;) {
        while (plat_net_recv(info.index, buffer, sizeof buffer, &whole, &offload) == OK) {
            const struct bytes parts[] = {bytes_slice(whole, 0, 14), bytes_slice(whole, 14, 5),
                                          bytes_slice(whole, 19, whole.len)};
            if (plat_net_send(info.index, parts, 3, NULL) != OK)
                return 8;
            if (bytes_equal(bytes_slice(whole, 14, 4), bytes_str("quit")))
                return 0;
        }
        uint64_t ready = plat_wait(TIME_NEVER);
        if (ready && !(ready & UINT64_C(1) << info.index)) /* 0: the peer has stopped us for a while */
            return 9;
    }
}

/* When somebody wants it to stop, sends frames, long ones among them, and says how many of them a failing device took, and how
 * many it lost. */
static int send_many(void)
{
    static const uint8_t frame[3000] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    static uint8_t buffer[2048];
    struct netdev *d;
    struct bytes got;
    struct net_offload offload;
    unsigned n_sent = 0, n_failed = 0;
    if (netdev_open("service", &d) != OK)
        return 7;
    printf("waiting\n");
    while (!(plat_wait(TIME_NEVER) & PLAT_READY_STOP)) {
        while (d->ops->recv(d, buffer, sizeof buffer, &got, &offload) == OK)
            continue;
    }
    for (unsigned i = 0; i < 200; i++) {
        struct bytes v = bytes_of(frame, i % 10 == 9 ? sizeof frame : 60 + i);
        enum err e = d->ops->send(d, &v, 1, NULL);
        n_sent += e == OK;
        n_failed += e == ERR_IO;
    }
    for (int i = 0; i < 3; i++)
        (void)plat_wait(plat_clock_ns() + NS_PER_MS);
    unsigned n_lost = d->n_lost ? (unsigned)*d->n_lost : 0;
    printf("left %u, lost %u, neither %u\n", n_sent - n_lost, n_failed + n_lost, 200 - n_sent - n_failed);
    return 0;
}

static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 7 + (at >> 9));
}

/* Writes the device full, in one call, and reads it in uneven runs of blocks. */
static int use_disk(void)
{
    struct plat_block_info info;
    if (plat_block_open("disk", &info) != OK)
        return 10;
    uint8_t *all = malloc(info.capacity_bytes);
    for (uint64_t i = 0; i < info.capacity_bytes; i++)
        all[i] = pattern(i);
    if (plat_block_write(info.index, 0, all, info.capacity_bytes) != OK)
        return 11;
    uint8_t *run = malloc(info.capacity_bytes);
    for (uint64_t at = 0, n = 1; at < info.capacity_bytes; at += n * info.block_bytes, n++) {
        if (n * info.block_bytes > info.capacity_bytes - at)
            n = (info.capacity_bytes - at) / info.block_bytes;
        if (plat_block_read(info.index, at, run, n * info.block_bytes) != OK)
            return 12;
        if (memcmp(run, all + at, n * info.block_bytes) != 0)
            return 13;
    }
    if (plat_block_read(info.index, 1, run, info.block_bytes) != ERR_INVALID ||
        plat_block_read(info.index, info.capacity_bytes, run, info.block_bytes) != ERR_INVALID)
        return 14;
    enum err e = plat_block_flush(info.index);
    printf("%llu bytes in blocks of %u, flush %s\n", (unsigned long long)info.capacity_bytes, info.block_bytes,
           e == OK                ? "done"
           : e == ERR_UNSUPPORTED ? "unsupported"
                                  : "failed");
    return e == OK || e == ERR_UNSUPPORTED ? 0 : 15;
}

/* Discards from the second block to the middle: what is there is zero then, what is beside it or was refused is as it was. */
static int discard_disk(void)
{
    struct block *b;
    if (block_open("disk", &b) != OK)
        return 19;
    uint64_t from = b->block_bytes, to = b->capacity_bytes / 2, end = b->capacity_bytes;
    const uint64_t outside[][2] = {
        {end, from}, {end - from, 2 * from}, {0, end + from}, {0 - from, from}, {from, 0 - from},
        {1, from},   {0, from - 1},          {1, end - 1}};
    uint8_t *all = malloc(end);
    for (uint64_t i = 0; i < end; i++)
        all[i] = (uint8_t)(pattern(i) | 1);
    if (block_write(b, 0, all, end) != OK || block_flush(b) != OK || block_discard(b, from, 0) != OK)
        return 20;
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        if (block_discard(b, outside[i][0], outside[i][1]) != ERR_INVALID)
            return 21;
    }
    enum err e = block_discard(b, from, to - from);
    if (e != block_discard(b, from, to - from) || (e == OK && block_flush(b) != OK) || block_read(b, 0, all, end) != OK)
        return 22;
    for (uint64_t i = 0; i < end; i++) {
        if (all[i] != (e == OK && i >= from && i < to ? 0 : (uint8_t)(pattern(i) | 1)))
            return 23;
    }
    printf("discard %s\n", e == OK ? "done" : e == ERR_UNSUPPORTED ? "unsupported" : "failed");
    return 0;
}

/* Allocates until there is no more, gives it all back, and can do it again. */
static int fill_heap(void)
{
    size_t n[2] = {0, 0};
    for (int round = 0; round < 2; round++) {
        void **list = NULL, **p;
        while ((p = malloc(10000))) {
            memset(p, 0xff, 10000);
            *p = list;
            list = (void **)(void *)p;
            n[round]++;
        }
        while (list) {
            void **next = *list;
            free(list);
            list = next;
        }
    }
    volatile size_t much[] = {SIZE_MAX, SIZE_MAX / 2, plat_heap().len};
    for (size_t i = 0; i < ARRAY_LEN(much); i++) {
        if (malloc(much[i]) || calloc(much[i], 3))
            return 18;
    }
    return n[0] > 20 && n[1] == n[0] ? 0 : 16;
}

/* Where the parts of the image are. */
static int show_layout(void)
{
    static int data = 1;
    int on_stack;
    struct plat_stacks stacks = plat_stacks();
    struct plat_memory heap = plat_heap();
    void *block = malloc(100000);
    printf("text %p\nconstants %p\ndata %p\nstack %p\nstacks %p\nheap %p\nblock %p\n", (void *)(uintptr_t)show_layout,
           (const void *)plat_image_name, (void *)opaque(&data), opaque(&on_stack), (void *)stacks.base,
           (void *)heap.base, block);
    free(block);
    return 0;
}

int unikernel_main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(void);
    } plain[] = {
        {"escapes", show_escapes}, {"sleep", sleep_exactly},  {"stop", wait_for_stop},      {"echo", echo},
        {"layout", show_layout},   {"disk", use_disk},        {"entropy", entropy_differs}, {"heap", fill_heap},
        {"clock", watch_clock},    {"discard", discard_disk}, {"send", send_many}};
    if (argc < 2)
        return 1;
    if (strcmp(argv[1], "arguments") == 0)
        return show_arguments(argc, argv);
    if (strcmp(argv[1], "secret") == 0)
        return show_secret(argc, argv);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (strcmp(argv[1], plain[i].name) == 0)
            return plain[i].run();
    }
    return 1;
}
