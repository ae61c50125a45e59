/* SPDX-License-Identifier: ISC */
#include "traffic.h"

#include <jinn/fiber.h>

#include <stdlib.h>

enum err traffic_payload(struct bytes *payload)
{
    uint8_t *p = malloc(TRAFFIC_PAYLOAD_BYTES);
    if (!p)
        return ERR_FULL;
    for (size_t i = 0; i < TRAFFIC_PAYLOAD_BYTES; i++)
        p[i] = (uint8_t)('0' + i % 10);
    *payload = bytes_of(p, TRAFFIC_PAYLOAD_BYTES);
    return OK;
}

enum err traffic_pace(uint64_t rate_bps, uint64_t begin_ns, uint64_t sent_bytes)
{
    if (!rate_bps)
        return OK;
    uint64_t bits = sent_bytes * 8;
    uint64_t due_ns = begin_ns + bits / rate_bps * NS_PER_S + bits % rate_bps * NS_PER_S / rate_bps;
    return due_ns > sched_now() ? fiber_sleep(due_ns) : OK;
}

static size_t next_len(const struct traffic_plan *plan, size_t most, uint64_t sent)
{
    size_t len = plan->block_bytes && plan->block_bytes < most ? plan->block_bytes : most;
    uint64_t left = plan->max_bytes > sent ? plan->max_bytes - sent : 0;
    return plan->max_bytes && left < len ? (size_t)left : len;
}

enum err traffic_send(struct flow *f, struct bytes payload, const struct traffic_plan *plan, uint64_t *bytes)
{
    const uint64_t begin_ns = sched_now();
    uint64_t sent = 0;
    enum err e = OK;
    while (e == OK && (!plan->until_ns || sched_now() < plan->until_ns)) {
        struct piece p = piece_static(bytes_slice(payload, 0, next_len(plan, payload.len, sent)));
        if (p.bytes.len == 0)
            return OK;
        e = flow_write(f, &p, 1, plan->until_ns ? plan->until_ns : TIME_NEVER);
        if (e == OK) {
            sent += p.bytes.len;
            *bytes += p.bytes.len;
            e = traffic_pace(plan->rate_bps, begin_ns, sent);
        }
    }
    return e == ERR_TIMEOUT ? OK : e;
}

enum err traffic_drop(struct flow *f, uint64_t *bytes)
{
    size_t len;
    enum err e;
    while ((e = flow_read(f, NULL, SIZE_MAX, &len, TIME_NEVER)) == OK)
        *bytes += len;
    return e == ERR_END ? OK : e;
}
