/* SPDX-License-Identifier: ISC */
/* hvt only: calls of the tender with every kind of wrong number, address and length. The argument says which. A wrong address
 * ends the image with a report; a wrong device or range is a result. Status 0: all was as it must be. */
#include "test/hardening/image.h"

#include "arch/hypercall.h"
#include "wire/hvt.h"

#include <string.h>

#define STRADDLE 4 /* bytes are still its own */
#define FOUR_GIGABYTES (UINT64_C(1) << 32)

static uint8_t data[8192];
static const struct hvt_frame read_only = {.data = 0x100, .device = 2}; /* where the tender says what was lost */
static uint64_t base, end;                                              /* of the heap, behind which there is nothing */
static uint64_t stack_end; /* likewise, below 4 GB, where a call's own address can lead */

/* Pairs of address and length that must not be let through. */
static const struct range {
    const char *name;
    uint64_t address, len;
} ranges[] = {
    {"null", 0, 16},
    {"page-zero", 0xfff, 16},
    {"straddling-the-end", 8, 16}, /* from the end on, downwards */
    {"behind-the-end", 0, 16},     /* from the end on */
    {"wrapping", UINT64_MAX - 7, 16},
    {"wrapping-length", 1, UINT64_MAX},
    {"longer-than-memory", 2, FOUR_GIGABYTES}, /* from the heap on */
    {"above-four-gigabytes", FOUR_GIGABYTES, 16},
    {"not-canonical", UINT64_C(1) << 47, 16},
};

static struct range find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct range r = ranges[i];
        if (strcmp(name, r.name))
            continue;
        if (strcmp(name, "straddling-the-end") == 0)
            r.address = end - STRADDLE;
        else if (strcmp(name, "behind-the-end") == 0)
            r.address = end;
        else if (strcmp(name, "longer-than-memory") == 0)
            r.address = base;
        return r;
    }
    exit(3);
}

static void *low(struct range r)
{
    uint64_t address = r.address - (r.address >= end - STRADDLE && r.address <= end ? end - stack_end : 0);
    return (void *)(uintptr_t)address;
}

static void by_arguments(struct range r)
{
    arch_hypercall(HVT_WALLTIME, low(r));
}

static void by_discard(struct range r)
{
    arch_hypercall(HVT_BLOCK_DISCARD, low(r));
}

static void by_puts(struct range r)
{
    arch_hypercall(HVT_PUTS, &(struct hvt_puts){r.address, r.len});
}

static void by_control(struct range r)
{
    arch_hypercall(HVT_CONTROL, &(struct hvt_puts){r.address, r.len});
}

/* A length that the device has; the address is what is wrong. */
static struct hvt_block block_of(struct range r)
{
    uint64_t from = r.address == end - STRADDLE ? end - 512 : r.address;
    return (struct hvt_block){.handle = 1, .data = from, .len = 1024};
}

static void by_block(struct range r)
{
    struct hvt_block b = block_of(r);
    arch_hypercall(HVT_BLOCK_READ, &b);
}

static void by_block_write(struct range r)
{
    struct hvt_block b = block_of(r);
    arch_hypercall(HVT_BLOCK_WRITE, &b);
}

static void by_net_read(struct range r)
{
    arch_hypercall(HVT_NET_READ, &(struct hvt_net){.handle = 2, .data = r.address, .len = r.len});
}

static void by_net(struct range r)
{
    arch_hypercall(HVT_NET_WRITE, &(struct hvt_net){.handle = 2, .data = r.address, .len = r.len});
}

static void by_exchange(struct range r)
{
    struct hvt_frame f = {.data = r.address, .len = (uint32_t)r.len, .device = 2};
    arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = (uintptr_t)&f, .n_out = 1});
}

static void by_lists(struct range r)
{
    arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = r.address, .n_out = 1});
}

static void by_received(struct range r)
{
    arch_hypercall(HVT_EXCHANGE,
                   &(struct hvt_exchange){.in = r.address, .n_in = 1, .room = (uintptr_t)data, .room_bytes = 4096});
}

static void by_room(struct range r)
{
    arch_hypercall(HVT_EXCHANGE,
                   &(struct hvt_exchange){.in = (uintptr_t)data,
                                          .n_in = 1,
                                          .room = r.address,
                                          .room_bytes = r.len > UINT32_MAX ? UINT32_MAX : (uint32_t)r.len});
}

static const struct {
    const char *name;
    void (*call)(struct range r);
} ways[] = {{"arguments", by_arguments},
            {"discard", by_discard},
            {"puts", by_puts},
            {"control", by_control},
            {"block", by_block},
            {"block-write", by_block_write},
            {"net", by_net},
            {"net-read", by_net_read},
            {"exchange", by_exchange},
            {"lists", by_lists},
            {"received", by_received},
            {"room", by_room}};

/* What must be answered, and not end the image. */
static int results(void)
{
    struct hvt_block b = {.handle = 1, .data = (uintptr_t)data, .len = 512};
    struct hvt_block wrong[] = {{.handle = 0},
                                {.handle = 2},
                                {.handle = 63},
                                {.handle = UINT64_MAX},
                                {.handle = 1, .offset = 1},
                                {.handle = 1, .offset = UINT64_MAX - 511},
                                {.handle = 1, .offset = 4096}};
    struct hvt_net n = {.handle = 1, .data = (uintptr_t)data, .len = 64};
    arch_hypercall(HVT_BLOCK_READ, &b);
    if (b.result != HVT_OK)
        return 10;
    b.data = (uintptr_t)data + 4095; /* an odd place, across a page */
    memset(data, 'x', sizeof data);
    arch_hypercall(HVT_BLOCK_READ, &b);
    if (b.result != HVT_OK || data[4094] != 'x' || data[4095] != 0 || data[4606] != 0 || data[4607] != 'x')
        return 9;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct hvt_block w = wrong[i];
        w.data = (uintptr_t)data;
        w.len = 512;
        w.result = HVT_OK;
        arch_hypercall(i % 2 ? HVT_BLOCK_WRITE : HVT_BLOCK_READ, &w);
        if (w.result != HVT_INVALID)
            return 11 + (int)i;
    }
    /* What is outside, or no whole block, is not discarded; the first block of eight is. */
    memset(data, 'x', sizeof data);
    b = (struct hvt_block){.handle = 1, .data = (uintptr_t)data, .len = 4096};
    arch_hypercall(HVT_BLOCK_WRITE, &b);
    const uint64_t ranges_wrong[][2] = {{0, 0},
                                        {0, 1},
                                        {0, 511},
                                        {1, 512},
                                        {3584, 1024},
                                        {4096, 512},
                                        {0, 4608},
                                        {UINT64_MAX - 511, 512},
                                        {512, UINT64_MAX - 511},
                                        {0, FOUR_GIGABYTES + 512}};
    for (size_t i = 0; i < ARRAY_LEN(wrong) + ARRAY_LEN(ranges_wrong); i++) {
        struct hvt_block w = wrong[i < ARRAY_LEN(wrong) ? i : 0];
        w.len = 512;
        if (i >= ARRAY_LEN(wrong))
            w = (struct hvt_block){.handle = 1,
                                   .offset = ranges_wrong[i - ARRAY_LEN(wrong)][0],
                                   .len = ranges_wrong[i - ARRAY_LEN(wrong)][1]};
        arch_hypercall(HVT_BLOCK_DISCARD, &w);
        if (w.result != HVT_INVALID)
            return 23;
    }
    struct hvt_block first = {.handle = 1, .data = UINT64_MAX, .len = 512}; /* it has no data */
    arch_hypercall(HVT_BLOCK_DISCARD, &first);
    arch_hypercall(HVT_BLOCK_READ, &b);
    if ((first.result != HVT_OK && first.result != HVT_UNSUPPORTED) ||
        data[511] != (first.result == HVT_OK ? 0 : 'x') || data[512] != 'x' || data[4095] != 'x')
        return 24;
    for (uint64_t len = 0; len <= 1024; len += len == 0 ? 1 : 511) {
        struct hvt_block w = {.handle = 1, .data = (uintptr_t)data, .len = len};
        arch_hypercall(HVT_BLOCK_READ, &w);
        if ((w.result == HVT_OK) != (len == 512))
            return 20;
    }
    arch_hypercall(HVT_NET_READ, &n);
    if (n.result != HVT_INVALID)
        return 21;
    /* Arguments that cross a page at an odd address. */
    struct hvt_walltime *t = (void *)(((uintptr_t)data + 4096) / 4096 * 4096 - 3);
    memset(t, 0, sizeof *t);
    arch_hypercall(HVT_WALLTIME, t);
    uint64_t ns;
    memcpy(&ns, t, sizeof ns);
    return ns > UINT64_C(1000000000) * 1000000000 ? 0 : 22;
}

int unikernel_main(int argc, char **argv)
{
    base = (uintptr_t)plat_heap().base;
    end = base + plat_heap().len;
    stack_end = (uintptr_t)plat_stacks().base + plat_stacks().size;
    if (argc == 2 && strcmp(argv[1], "results") == 0)
        return results();
    if (argc == 2 && strcmp(argv[1], "number") == 0)
        arch_hypercall(15, data);
    if (argc == 2 && strcmp(argv[1], "port") == 0)
        arch_hypercall(31, data);
    if (argc == 2 && strcmp(argv[1], "read-only") == 0)
        arch_hypercall(HVT_WALLTIME, (void *)(uintptr_t)plat_image_name);
    static const char *const others[] = {"exchange-of-none", "exchange-of-disk", "exchange-past-the-devices"};
    for (uint8_t i = 0; argc == 2 && i < ARRAY_LEN(others); i++) {
        struct hvt_frame f = {.data = (uintptr_t)data, .len = 64, .device = i < 2 ? i : UINT8_MAX};
        if (strcmp(argv[1], others[i]) == 0)
            arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = (uintptr_t)&f, .n_out = 1});
    }
    if (argc == 2 && strcmp(argv[1], "too-many") == 0)
        arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = (uintptr_t)data, .n_out = HVT_FRAMES_OUT_MAX + 1});
    if (argc == 2 && strcmp(argv[1], "too-many-received") == 0)
        arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.in = (uintptr_t)data,
                                                            .n_in = HVT_FRAMES_IN_MAX + 1,
                                                            .room = (uintptr_t)data,
                                                            .room_bytes = 4096});
    if (argc == 2 && strcmp(argv[1], "read-only-list") == 0)
        arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = (uintptr_t)&read_only, .n_out = 1});
    if (argc == 2 && strcmp(argv[1], "parts") == 0) {
        static struct hvt_frame many[HVT_FRAMES_OUT_MAX];
        for (size_t i = 0; i < ARRAY_LEN(many); i++)
            many[i] = (struct hvt_frame){.data = (uintptr_t)data, .len = 1, .device = 2, .partial = 1};
        arch_hypercall(HVT_EXCHANGE, &(struct hvt_exchange){.out = (uintptr_t)many, .n_out = ARRAY_LEN(many)});
    }
    for (size_t i = 0; argc == 3 && i < ARRAY_LEN(ways); i++)
        if (strcmp(argv[1], ways[i].name) == 0)
            ways[i].call(find(argv[2]));
    return 2;
}
