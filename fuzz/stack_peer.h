/* SPDX-License-Identifier: ISC */
/* What the peers of fuzz/stack.c say: segments with numbers near those that count, and, so that connections get far, what an
 * honest host would say. Each step has 12 bytes, of which the first two say what and who. */
#ifndef FUZZ_STACK_PEER_H
#define FUZZ_STACK_PEER_H

#include "fuzz/stack_user.h"

/* ---- Segments ---- */

static void put_time(struct world *w, const struct peer *p, struct tcp_segment *s)
{
    s->ts_value = (uint32_t)(w->now_ns / NS_PER_MS) + w->ts;
    s->ts_echo = p->ts_value;
}

static void put_options(struct tcp_segment *s, uint8_t which, uint8_t value)
{
    s->has_timestamp = !(which & 1);
    s->has_mss = which & 8;
    s->mss = (uint16_t)(value << 4);
    s->has_shift = which & 16;
    s->shift = value & 15;
    s->sack_permitted = which & 32;
}

static void send_segment(struct world *w, const struct peer *p, struct tcp_segment *s, size_t len,
                         const struct coming *c)
{
    uint8_t packet[TCP_HEADER_MAX_BYTES + 3072];
    struct ip dst = local_of(w, p);
    struct writer out = writer_of(packet, sizeof packet);
    s->src_port = p->port;
    s->dst_port = p->here;
    tcp_emit(&out, s);
    uint32_t first = s->seq.v + ((s->flags & TCP_SYN) != 0);
    for (size_t i = 0; i < len; i++)
        write_u8(&out, stream_byte((uint32_t)(first + i)));
    struct bytes all = writer_bytes(&out);
    must(writer_good(&out));
    uint64_t sum = checksum_pseudo(&p->ip, &dst, IP_TCP, (uint32_t)all.len);
    tcp_emit_checksum(packet, checksum_finish(checksum_add(sum, all, false)));
    come(w, &p->ip, &dst, IP_TCP, all, c);
}

static void fill_strange(struct world *w, const struct peer *p, const uint8_t *a, struct tcp_segment *s)
{
    int32_t off = (int8_t)a[3];
    *s = (struct tcp_segment){.flags = a[0]};
    s->seq = seq_add(p->acked, (uint32_t)(a[1] & 1 ? off * (a[1] & 2 ? 700 : 1) : 0));
    s->ack = seq_add(a[1] & 32 ? p->receiver.got : p->nxt, (uint32_t)(a[1] & 4 ? off * (a[1] & 8 ? 700 : 1) : 0));
    s->window = (uint16_t)(a[4] & 0x80 ? a[4] << 8 : a[4] & 7);
    s->urgent = a[8];
    w->ts += a[5] >> 6;
    put_time(w, p, s);
    s->has_timestamp = !(a[5] & 1);
    s->ts_value -= a[5] & 2 ? 5u : 0;
    s->ts_echo -= a[5] & 4 ? 100u : 0;
    if (s->flags & TCP_SYN) {
        put_options(s, a[5], a[6]);
        return;
    }
    s->n_sack = a[6] & 3;
    for (int i = 0; i < s->n_sack; i++) {
        s->sack[i].from = seq_add(p->nxt, (uint32_t) - ((a[6] >> 2) * 100 * (i + 1)));
        s->sack[i].to = seq_add(s->sack[i].from, (uint32_t)(off * (a[1] & 32 ? 30 : 3)));
    }
}

/* a: flags; which numbers and how far off; length; distance; window; options; blocks; how it comes; urgent pointer. */
static void say_something(struct world *w, const struct peer *p, const uint8_t *a)
{
    struct tcp_segment s;
    size_t len = (size_t)(a[2] & 0x0f ? a[2] & 0x0f : a[2] * 5);
    fill_strange(w, p, a, &s);
    send_segment(w, p, &s, len, &(struct coming){a[7] & 63, a[7] >> 6, 64});
    if (!(a[1] & 16))
        tcp_flush(w->tcp, w->now_ns);
}

/* ---- Honest ones ---- */

/* What an honest host says now, to what came last: a: which options; window; their values. */
static void answer(struct world *w, struct peer *p, const uint8_t *a, uint8_t flags, size_t len)
{
    struct tcp_segment s = {.seq = p->acked, .ack = p->receiver.got, .flags = TCP_ACK | flags};
    bool opening = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    s.window = (uint16_t)(a[1] << 8 | a[1]);
    s.has_timestamp = !(a[0] & 1);
    put_time(w, p, &s);
    if (opening && !(flags & TCP_RST)) {
        s.flags |= TCP_SYN;
        put_options(&s, a[0], a[2]);
    } else if (!(a[0] & 4)) {
        report(&p->receiver, &s);
    }
    send_segment(w, p, &s, len, &(struct coming){0, 2, 64});
    tcp_flush(w->tcp, w->now_ns);
}

/* A SYN to our service, from this port or another one, and the third packet. a: options, window, values; port; flags;
 * whether an earlier connection of these ports is forgotten. */
static void shake_hands(struct world *w, struct peer *p, const uint8_t *a)
{
    struct tcp_segment s = {.flags = TCP_SYN | (a[4] & (TCP_ECE | TCP_CWR)), .window = (uint16_t)(a[1] << 8 | 0xff)};
    size_t i = (size_t)(p - w->peer);
    uint16_t port = (uint16_t)(PEER_PORT + i + (a[3] & 3) * 16);
    if (port != p->port || p->here != 80)
        p->known = false;
    p->port = port;
    p->here = 80;
    if (i < FIRST6)
        p->local = w->net->ip4.up ? w->net->ip4.net.ip : ip4(10, 0, 0, 2);
    if (a[5] & 1)
        p->acked = seq_add(p->acked, 0x100000);
    s.seq = p->acked;
    put_time(w, p, &s);
    put_options(&s, a[0], a[2]);
    p->flags = 0;
    send_segment(w, p, &s, a[4] & 1 ? 10 : 0, &(struct coming){0, 0, 64});
    if ((p->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && !(a[4] & 2))
        answer(w, p, a, TCP_PSH, a[6]);
}

/* SYNs, or other segments that belong to nothing, from many ports. a: flags; how many; to what port; options; numbers. */
static void flood(struct world *w, const struct peer *p, const uint8_t *a)
{
    struct peer other = *p;
    struct tcp_segment s;
    for (int i = 0; i < a[1]; i++) {
        s = (struct tcp_segment){.flags = a[0] ? a[0] : TCP_SYN, .window = 1000};
        s.seq = seq_of(a[4] * 0x10001u);
        s.ack = seq_add(p->nxt, a[4]);
        put_time(w, p, &s);
        put_options(&s, a[3], 100);
        other.port = (uint16_t)(5000 + i);
        other.here = a[2] & 1 ? (uint16_t)(80 + a[2]) : 80;
        if (a[5] & 1 && ip_is4(&p->ip))
            other.ip = ip4(10, 0, 0, (uint8_t)(20 + i));
        else if (a[5] & 1)
            other.ip.b[14] = (uint8_t)(20 + i);
        send_segment(w, &other, &s, 0, &(struct coming){0, 0, 64});
    }
}

/* Many segments in order, a round trip after the other, with gaps and read at once or not. a: how many; length; which of eight
 * in a row are left out; round trips; their time; the user reads; backwards. */
static void pour(struct world *w, struct peer *p, const uint8_t *a)
{
    struct tcp_segment s;
    size_t len = a[1] * (a[7] & 1 ? 10u : 5u);
    struct held *h = &w->held[a[8] % HELD_MAX];
    for (int round = 0; round < 1 + a[3] % 16; round++) {
        struct seq from = p->acked;
        int n = 1 + a[0] % 16;
        for (int i = 0; i < n; i++) {
            int k = a[6] & 1 ? n - 1 - i : i;
            if (a[2] >> (k % 8) & 1)
                continue;
            s = (struct tcp_segment){.flags = TCP_ACK | TCP_PSH, .ack = p->receiver.got, .window = 60000};
            s.seq = seq_add(from, (uint32_t)(k * len));
            s.has_timestamp = !(a[7] & 2);
            put_time(w, p, &s);
            send_segment(w, p, &s, len, &(struct coming){a[7] & 0x60, a[7] & 4 ? 3 : 2, 64});
            if (a[6] & 2)
                tcp_flush(w->tcp, w->now_ns);
        }
        tcp_flush(w->tcp, w->now_ns);
        pass_time(w, a[4] * NS_PER_MS);
        for (size_t before = 0; a[5] & 1 && h->c && h->n_read + 1 != before;) {
            before = h->n_read + 1;
            read_some(w, h, 255, a[5] & 2);
        }
    }
}

/* Acknowledges what came since `from` bit by bit, as it came. */
static void answer_in_parts(struct world *w, struct peer *p, struct seq from, uint16_t window)
{
    uint32_t len = p->receiver.got.v - from.v;
    for (uint32_t i = 1; i < 10; i++) {
        struct tcp_segment s = {.seq = p->acked, .ack = seq_add(from, len / 10 * i), .flags = TCP_ACK};
        s.window = window;
        s.has_timestamp = true;
        put_time(w, p, &s);
        send_segment(w, p, &s, 0, &(struct coming){0, 2, 64});
    }
}

/* The user writes and the peer acknowledges, round trip after round trip. a: how much; round trips; their time; options and
 * window of what the peer says; what is lost; bits, and more time each round trip; which connection. */
static void converse(struct world *w, struct peer *p, const uint8_t *a)
{
    const uint8_t how[] = {a[3], a[4], 0};
    struct held *h = &w->held[a[7] % HELD_MAX];
    p->drops = a[5];
    for (int round = 0; round < 1 + a[1] % 32; round++) {
        size_t taken = 0, len = a[0] * 100u;
        struct bytes b = bytes_of(user_stream + (h->n_written % USER_PERIOD), len < USER_PERIOD ? len : USER_PERIOD);
        if (h->c && len && tcp_write(h->c, a[7] & 128 ? piece_copy(b) : piece_static(b), &taken) == OK) {
            h->n_written += (uint32_t)taken;
            tcp_push(h->c, w->now_ns);
        }
        struct seq before = p->receiver.got;
        pass_time(w, a[2] * NS_PER_MS + round * (a[6] & 15) * NS_PER_MS);
        if (a[6] & 64)
            answer_in_parts(w, p, before, (uint16_t)(a[4] << 8 | a[4]));
        answer(w, p, how, 0, 0);
        if (a[6] & 128 && round == 1)
            p->drops = 0;
    }
}

#endif
