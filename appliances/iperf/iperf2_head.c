/* SPDX-License-Identifier: ISC */
#include "iperf2.h"

#include <jinn/fiber.h>

#define FLAG_VERSION1 UINT32_C(0x80000000) /* what -r and -d need follows */
#define FLAG_EXTEND UINT32_C(0x40000000)   /* the second line of the table follows, too */
#define FLAG_WIDE UINT32_C(0x08000000)
#define FLAG_VERSION2 UINT32_C(0x04000000) /* more flags say what to do, not RUN_NOW */
#define FLAG_ACK UINT32_C(0x02000000)
#define FLAG_LEN UINT32_C(0x00010000)
#define FLAG_RUN_NOW UINT32_C(0x00000001)
#define MASK_LEN UINT32_C(0x000001fe)

#define MORE_REVERSE 0x0400
#define MORE_FULL 0x0800

#define HEAD1_BYTES 24
#define HEAD2_BYTES 36
#define NS_PER_AMOUNT (10 * NS_PER_MS)

size_t iperf2_head_len(uint32_t flags)
{
    if (!(flags & (FLAG_VERSION1 | FLAG_VERSION2 | FLAG_EXTEND)))
        return IPERF2_FLAGS_BYTES;
    size_t len = flags & FLAG_LEN ? (flags & MASK_LEN) >> 1
                                  : HEAD1_BYTES + (flags & (FLAG_VERSION2 | FLAG_EXTEND) ? HEAD2_BYTES : 0);
    return len > IPERF2_FLAGS_BYTES ? len : IPERF2_FLAGS_BYTES;
}

static enum iperf2_mode mode_of(uint32_t flags, uint16_t more)
{
    if (flags & FLAG_VERSION2)
        return more & MORE_FULL ? IPERF2_FULL : more & MORE_REVERSE ? IPERF2_REVERSE : IPERF2_NORMAL;
    if (flags & FLAG_VERSION1)
        return flags & FLAG_RUN_NOW ? IPERF2_DUAL : IPERF2_TRADEOFF;
    return IPERF2_NORMAL;
}

/* A negative amount is a time. */
static void set_amount(struct iperf2_request *q, uint32_t amount)
{
    if (amount & UINT32_C(0x80000000))
        q->span_ns = (uint64_t)(-amount) * NS_PER_AMOUNT;
    else
        q->max_bytes = amount;
}

void iperf2_head_parse(struct bytes head, struct iperf2_request *q)
{
    struct reader r = reader_of(head);
    *q = (struct iperf2_request){0};
    uint32_t flags = read_be32(&r);
    if (iperf2_head_len(flags) == IPERF2_FLAGS_BYTES)
        return;
    read_skip(&r, 4); /* how many connections there are */
    uint32_t port = read_be32(&r), block_bytes = read_be32(&r);
    read_skip(&r, 4);
    uint32_t amount = read_be32(&r);
    if (!reader_good(&r))
        return;
    read_skip(&r, 8); /* type, length */
    uint16_t more = read_be16(&r);
    read_skip(&r, 14); /* more flags, version, type of service */
    uint32_t rate_low = read_be32(&r), rate_high = read_be32(&r);
    q->mode = mode_of(flags, more);
    q->wide_sequence = flags & FLAG_WIDE;
    q->wants_ack = flags & FLAG_ACK || (flags & FLAG_EXTEND && !(flags & FLAG_VERSION2));
    q->port = port <= UINT16_MAX ? (uint16_t)port : 0;
    q->block_bytes = block_bytes;
    q->rate_bps = (uint64_t)(rate_high >> 8) << 32 | rate_low;
    set_amount(q, amount);
}

struct traffic_plan iperf2_plan(const struct iperf2_request *q)
{
    return (struct traffic_plan){
        .block_bytes = q->block_bytes,
        .rate_bps = q->rate_bps,
        .max_bytes = q->max_bytes,
        .until_ns = q->span_ns ? time_after(sched_now(), q->span_ns) : 0,
    };
}
