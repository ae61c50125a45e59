/* SPDX-License-Identifier: ISC */
#include "datagrams.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

#define BLOCK_BYTES 1448 /* where the client names no length */
#define BLOCK_MAX_BYTES 65507
#define BURST 16 /* datagrams between two turns of the others */
#define FULL_NS NS_PER_MS

void datagram_meter_take(struct datagram_meter *m, uint64_t now_ns, uint64_t sent_ns, uint64_t number)
{
    const uint64_t transit_ns = now_ns - sent_ns; /* the clocks differ: only differences of it mean anything */
    const int64_t change = (int64_t)(transit_ns - m->transit_ns);
    const uint64_t d = m->any ? (uint64_t)(change < 0 ? -change : change) : 0;
    m->jitter_ns = m->jitter_ns - m->jitter_ns / 16 + d / 16;
    m->transit_ns = transit_ns;
    m->any = true;
    if (number > m->n_highest) {
        m->n_lost += number - m->n_highest - 1;
        m->n_highest = number;
    } else {
        m->n_out_of_order++;
        m->n_lost -= m->n_lost > 0;
    }
}

bool datagram_parse(struct bytes head, enum datagram_format format, uint64_t *sent_ns, int64_t *number)
{
    struct reader r = reader_of(head);
    const uint32_t low = format == DATAGRAM_IPERF2 ? read_be32(&r) : 0;
    const uint32_t s = read_be32(&r), us = read_be32(&r);
    if (format == DATAGRAM_IPERF2) /* of 32 bits, where no upper half follows */
        *number = reader_left(&r) ? (int64_t)((uint64_t)read_be32(&r) << 32 | low) : (int32_t)low;
    else
        *number = format == DATAGRAM_IPERF3_WIDE ? (int64_t)read_be64(&r) : (int64_t)read_be32(&r);
    *sent_ns = s * NS_PER_S + us * NS_PER_US;
    return reader_good(&r);
}

static struct bytes emit_head(uint8_t out[static DATAGRAM_HEAD_BYTES], enum datagram_format format, int64_t number)
{
    struct writer w = writer_of(out, DATAGRAM_HEAD_BYTES);
    const uint64_t now_ns = plat_wall_ns();
    if (format == DATAGRAM_IPERF2)
        write_be32(&w, (uint32_t)number);
    write_be32(&w, (uint32_t)(now_ns / NS_PER_S));
    write_be32(&w, (uint32_t)(now_ns % NS_PER_S / NS_PER_US));
    if (format == DATAGRAM_IPERF2)
        write_be32(&w, (uint32_t)((uint64_t)number >> 32));
    else if (format == DATAGRAM_IPERF3)
        write_be32(&w, (uint32_t)number);
    else
        write_be64(&w, (uint64_t)number);
    return writer_bytes(&w);
}

enum err datagram_send(struct datagram_sender *d, int64_t number, size_t len)
{
    uint8_t head[DATAGRAM_HEAD_BYTES];
    struct piece v[UDP_PARTS_MAX] = {piece_copy(emit_head(head, d->format, number))};
    size_t n = 1;
    for (size_t left = len > v[0].bytes.len ? len - v[0].bytes.len : 0; left > 0 && n < UDP_PARTS_MAX; n++) {
        v[n] = piece_static(bytes_slice(d->payload, 0, left));
        left -= v[n].bytes.len;
    }
    return udp_send_from(d->socket, &d->from, d->to, v, n);
}

static size_t next_datagram_len(const struct traffic_plan *plan, uint64_t sent)
{
    size_t len = plan->block_bytes ? plan->block_bytes : BLOCK_BYTES;
    if (len > BLOCK_MAX_BYTES)
        len = BLOCK_MAX_BYTES;
    if (len < DATAGRAM_HEAD_BYTES)
        len = DATAGRAM_HEAD_BYTES;
    return plan->max_bytes && sent >= plan->max_bytes ? 0 : len;
}

enum err datagrams_send(struct datagram_sender *d, const struct traffic_plan *plan, uint64_t *bytes)
{
    const uint64_t begin_ns = sched_now();
    uint64_t sent = 0;
    enum err e = OK;
    for (unsigned turn = 1; e == OK && (!plan->until_ns || sched_now() < plan->until_ns); turn++) {
        const size_t len = next_datagram_len(plan, sent);
        if (len == 0)
            return OK;
        e = datagram_send(d, (int64_t)d->n_sent + 1, len);
        if (e == ERR_AGAIN) {
            e = fiber_sleep(time_after(sched_now(), FULL_NS));
            continue;
        }
        d->n_sent += e == OK;
        sent += e ? 0 : len;
        *bytes += e ? 0 : len;
        if (!e)
            e = traffic_pace(plan->rate_bps, begin_ns, sent);
        if (!e && turn % BURST == 0)
            e = fiber_yield();
    }
    return e;
}
