/* SPDX-License-Identifier: ISC */
/* What a network card with offloads does: cuts segments and sums on the way out, so that faults fall on what a wire would
 * carry; on the way in, sums, and joins what follows on one another. A joined frame keeps the first one's checksum, which
 * is wrong then: whoever looks at it in spite of NET_GOOD finds out. */
#include "plat/sim/internal.h"

#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"
#include "wire/vnet.h"

#include <string.h>

enum { PROTOCOL_TCP = 6, TCP_FLAGS = 13 };

static void put16(uint8_t *at, size_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, uint32_t v)
{
    put16(at, v >> 16);
    put16(at + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The lengths that IP's header has of a packet of `len` bytes, and its checksum. */
static void set_ip_len(uint8_t *ip, size_t len)
{
    if (ip[0] >> 4 == 6) {
        put16(ip + 4, len - IP6_HEADER_BYTES);
        return;
    }
    put16(ip + 2, len);
    put16(ip + 10, 0);
    put16(ip + 10, checksum_finish(checksum_add(0, bytes_of(ip, IP4_HEADER_BYTES), false)));
}

static uint64_t pseudo_sum(const uint8_t *ip, size_t tcp_len)
{
    struct ip src, dst;
    if (ip[0] >> 4 == 6) {
        memcpy(src.b, ip + 8, 16);
        memcpy(dst.b, ip + 24, 16);
    } else {
        src = ip4_of_u32(get32(ip + 12));
        dst = ip4_of_u32(get32(ip + 16));
    }
    return checksum_pseudo(&src, &dst, PROTOCOL_TCP, (uint32_t)tcp_len);
}

/* ---- Out ---- */

/* Segment number `i`, of payload [from, from + len). */
static struct sim_frame *cut(const struct sim_frame *f, const struct net_offload *o, size_t i, size_t from, size_t len)
{
    size_t start = o->checksum_start, total = o->header_bytes + len;
    bool last = o->header_bytes + from + len == f->len;
    struct sim_frame *s = sim_alloc(sizeof *s + total);
    uint8_t *ip = s->bytes + ETHER_BYTES, *tcp = s->bytes + start;
    memcpy(s->bytes, f->bytes, o->header_bytes);
    memcpy(s->bytes + o->header_bytes, f->bytes + o->header_bytes + from, len);
    s->len = total;
    if (ip[0] >> 4 == 4)
        put16(ip + 4, ((size_t)ip[4] << 8 | ip[5]) + i);
    set_ip_len(ip, total - ETHER_BYTES);
    put32(tcp + 4, get32(tcp + 4) + (uint32_t)from);
    if (!last)
        tcp[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
    if (i > 0)
        tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
    put16(tcp + TCP_CHECKSUM_OFFSET, (uint16_t)~checksum_finish(pseudo_sum(ip, total - start)));
    (void)vnet_fill_checksum(s->bytes, total, o);
    return s;
}

bool sim_offload_cut(const struct sim_frame *f, const struct net_offload *o, size_t i, struct sim_frame **segment)
{
    size_t from = i * o->segment_bytes, left = f->len - o->header_bytes;
    if (!(o->flags & NET_PARTIAL) || o->header_bytes >= f->len || (i == 0 && left <= o->segment_bytes))
        sim_misused("segments that are none, or without a sum to be taken");
    if (from >= left)
        return false;
    left -= from;
    *segment = cut(f, o, i, from, left < o->segment_bytes ? left : o->segment_bytes);
    return true;
}

/* ---- In ---- */

struct stream {
    struct tcp_segment s;
    size_t tcp_at, data_at;
};

/* A whole TCP segment with a right sum. */
static bool look(const struct sim_frame *f, struct stream *t)
{
    const uint8_t *ip = f->bytes + ETHER_BYTES;
    struct bytes packet = bytes_of(ip, f->len - ETHER_BYTES), body;
    struct ip4_header h4;
    struct ip6_header h6;
    uint16_t type = (uint16_t)(f->bytes[12] << 8 | f->bytes[13]);
    if (type == ETHER_IP4) {
        if (ip4_parse(packet, &h4, &body) != IP4_GOOD || h4.protocol != PROTOCOL_TCP || h4.more_fragments ||
            h4.offset || h4.header_len != IP4_HEADER_BYTES)
            return false;
    } else {
        if (type != ETHER_IP6 || !ip6_parse(packet, &h6, &body) || h6.next != PROTOCOL_TCP)
            return false;
        body = bytes_slice(body, IP6_HEADER_BYTES, body.len);
    }
    if (checksum_finish(checksum_add(pseudo_sum(ip, body.len), body, false)) != 0 || !tcp_parse(body, &t->s))
        return false;
    t->tcp_at = (size_t)(body.data - f->bytes);
    t->data_at = (size_t)(t->s.data.data - f->bytes);
    return true;
}

/* Whether b's headers are a's, but for what follows from b being the next. */
static bool follows(const struct sim_frame *fa, const struct stream *a, const struct sim_frame *fb,
                    const struct stream *b)
{
    const uint8_t may = TCP_ACK | TCP_PSH;
    size_t addresses = fa->bytes[13] == 0 ? ETHER_BYTES + 12 : ETHER_BYTES + 8;
    const uint8_t *ta = fa->bytes + a->tcp_at, *tb = fb->bytes + b->tcp_at;
    size_t options = a->data_at - a->tcp_at - TCP_HEADER_BYTES;
    return a->data_at == b->data_at && a->tcp_at == b->tcp_at && memcmp(fa->bytes, fb->bytes, ETHER_BYTES + 2) == 0 &&
           memcmp(fa->bytes + addresses, fb->bytes + addresses, a->tcp_at - addresses) == 0 && memcmp(ta, tb, 4) == 0 &&
           memcmp(ta + 8, tb + 8, 4) == 0 && memcmp(ta + 14, tb + 14, 2) == 0 &&
           memcmp(ta + TCP_HEADER_BYTES, tb + TCP_HEADER_BYTES, options) == 0 && !(a->s.flags & ~TCP_ACK) &&
           !(b->s.flags & ~may) && b->s.data.len > 0;
}

/* Joins what follows on the first one, which is in the buffer's frame; how long that is then. */
static size_t join(struct sim_port *p, const struct sim_frame *first, const struct stream *a, uint8_t *buffer,
                   size_t room, struct net_offload *o)
{
    size_t len = a->data_at + a->s.data.len, n = 1, one = a->s.data.len;
    struct seq next = seq_add(a->s.seq, (uint32_t)one);
    bool ended = one == 0;
    while (!ended && !list_empty(&p->arrived)) {
        struct sim_frame *f = CONTAINER_OF(p->arrived.next, struct sim_frame, node);
        struct stream b;
        if (!look(f, &b) || !follows(first, a, f, &b) || !seq_equal(b.s.seq, next) || b.s.data.len > one ||
            len + b.s.data.len > room || len + b.s.data.len - ETHER_BYTES > UINT16_MAX)
            break;
        memcpy(buffer + len, b.s.data.data, b.s.data.len);
        len += b.s.data.len;
        next = seq_add(next, (uint32_t)b.s.data.len);
        ended = b.s.data.len < one || b.s.flags & TCP_PSH;
        buffer[a->tcp_at + TCP_FLAGS] |= b.s.flags & TCP_PSH;
        list_remove(&f->node);
        sim_frame_free(p, f);
        n++;
    }
    if (n == 1)
        return first->len;
    set_ip_len(buffer + ETHER_BYTES, len - ETHER_BYTES);
    o->segments = first->bytes[ETHER_BYTES] >> 4 == 6 ? NET_TCP6 : NET_TCP4;
    o->segment_bytes = (uint16_t)one;
    o->header_bytes = (uint16_t)a->data_at;
    return len;
}

size_t sim_offload_join(struct sim_port *p, const struct sim_frame *first, uint8_t *buffer, size_t size,
                        struct net_offload *o)
{
    struct stream a;
    if (!(p->features & NET_CHECKSUM_IN) || first->len > size || !look(first, &a))
        return first->len;
    o->flags = NET_GOOD;
    return p->features & NET_LARGE_IN ? join(p, first, &a, buffer, size, o) : first->len;
}
