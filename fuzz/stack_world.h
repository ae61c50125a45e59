/* SPDX-License-Identifier: ISC */
/* The world of fuzz/stack.c: a link, on which peers 0 to 2 are IPv4 hosts (the last behind the router), 3 to 5 IPv6 hosts
 * (the last two not on the link); and what a step of 12 bytes does in it. */
#ifndef FUZZ_STACK_WORLD_H
#define FUZZ_STACK_WORLD_H

#include "net/group.h"
#include "net/net.h"
#include "net/tcp_core.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/dhcp.h"
#include "wire/ip6.h"
#include "wire/nd.h"
#include "wire/tcp.h"

#include <jinn/must.h>
#include <jinn/stack.h>
#include <jinn/time.h>

#include <stdlib.h>

enum { STEP_BYTES = 12, STEPS_MAX = 300, HELD_MAX = 4, PEERS = 6, CONNECTIONS = 4, BUFFER_BYTES = 24 << 10 };
enum { FIRST6 = 3, FRAME_BYTES = 4096, EXTENSION_BYTES = 16, MTU_BYTES = 1500 };

struct peer {
    struct ip ip;
    struct ip local;     /* of ours that it speaks to */
    struct seq nxt;      /* behind the last that the core sent */
    struct seq acked;    /* what the core acknowledged last: where this one's next byte belongs */
    uint32_t ts_value;   /* the core's last */
    uint16_t port, here; /* its own and the core's */
};

struct world {
    struct netdev dev;
    struct net_transport seam;
    struct net *net;
    struct tcp *tcp;
    struct tcp_listener *listener;
    struct udp_socket *udp;
    struct tcp_connection *held[HELD_MAX];
    struct peer peer[PEERS];
    struct ip asked4, asked6; /* who was last asked for */
    uint32_t xid;             /* of DHCP's last message */
    uint64_t now_ns;
    uint32_t ts;
    uint16_t id;
    bool full;
};

static const struct mac other_mac = {{2, 0, 0, 0, 0, 9}}, router_mac = {{2, 0, 0, 0, 0, 1}};

/* Each byte of a stream follows from its number. */
static uint8_t stream_byte(uint32_t number)
{
    return (uint8_t)(number * 3);
}

static uint32_t some_number(void)
{
    return 0x01020304;
}

/* ---- What the stack sends ---- */

static void see_segment(struct world *w, const struct ip *src, const struct ip *dst, struct bytes b)
{
    struct tcp_segment s;
    must(tcp_parse(b, &s));
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &w->peer[i];
        if (p->port != s.dst_port || !ip_equal(&p->ip, dst))
            continue;
        p->local = *src;
        p->here = s.src_port;
        p->nxt = seq_add(s.seq, tcp_segment_len(&s));
        p->ts_value = s.has_timestamp ? s.ts_value : p->ts_value;
        if (s.flags & TCP_ACK)
            p->acked = s.ack;
    }
}

static void see_dhcp(struct world *w, struct bytes b)
{
    struct dhcp_message m;
    must(dhcp_parse(bytes_slice(b, UDP_HEADER_BYTES, b.len), &m));
    w->xid = m.xid;
}

static void see_transport(struct world *w, uint8_t protocol, const struct ip *src, const struct ip *dst, struct bytes b,
                          const struct net_offload *o)
{
    bool plain = !o || !(o->flags & NET_PARTIAL);
    if (plain && (protocol == IP_TCP || protocol == IP_UDP || protocol == IP_ICMP6)) {
        uint64_t sum = checksum_pseudo(src, dst, protocol, (uint32_t)b.len);
        must(checksum_finish(checksum_add(sum, b, false)) == 0);
    } else if (protocol == IP_ICMP) {
        must(checksum_finish(checksum_add(0, b, false)) == 0);
    }
    if (protocol == IP_TCP)
        see_segment(w, src, dst, b);
    if (protocol == IP_UDP && b.len > 3 && b.data[3] == DHCP_SERVER_PORT && b.data[2] == 0)
        see_dhcp(w, b);
    if (protocol == IP_ICMP6 && b.len >= 24 && b.data[0] == ICMP6_NEIGHBOUR_SOLICITATION)
        memcpy(w->asked6.b, b.data + ICMP6_HEADER_BYTES, sizeof w->asked6.b);
}

static void see_packet(struct world *w, const struct ether *e, struct bytes packet, const struct net_offload *o)
{
    struct bytes payload;
    struct ip4_header h4;
    struct ip6_header h6;
    must((o && o->segments) || packet.len <= MTU_BYTES);
    if (e->type == ETHER_IP4) {
        must(ip4_parse(packet, &h4, &payload) == IP4_GOOD);
        if (!h4.more_fragments && !h4.offset)
            see_transport(w, h4.protocol, &h4.src, &h4.dst, payload, o);
        return;
    }
    must(ip6_parse(packet, &h6, &payload));
    struct ip6_walk walk = ip6_walk_start(&h6);
    if (ip6_walk(&walk, payload) == IP6_FOUND_UPPER)
        see_transport(w, walk.next, &h6.src, &h6.dst, bytes_slice(payload, walk.at, payload.len), o);
}

static enum err see(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static uint8_t frame[NET_LARGE_BYTES];
    struct world *w = CONTAINER_OF(d, struct world, dev);
    struct writer out = writer_of(frame, sizeof frame);
    struct ether e;
    struct arp_packet a;
    must(n <= NETDEV_PARTS_MAX && (d->features || !o || (!o->flags && !o->segments)));
    for (size_t i = 0; i < n; i++)
        write_bytes(&out, v[i]);
    struct reader r = reader_of(writer_bytes(&out));
    must(writer_good(&out) && ether_parse(&r, &e));
    if (w->full)
        return ERR_AGAIN;
    if (e.type != ETHER_ARP)
        see_packet(w, &e, read_rest(&r), o);
    else if (arp_parse(&r, &a) && a.operation == ARP_REQUEST)
        w->asked4 = a.target_ip;
    return OK;
}

static enum err nothing(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    return ERR_AGAIN;
}

static void watch(struct netdev *d, struct waiter *w)
{
}

static void seam_input(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    tcp_input(CONTAINER_OF(t, struct world, seam)->tcp, now_ns, in);
}

static void seam_problem(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
    tcp_problem(CONTAINER_OF(t, struct world, seam)->tcp, now_ns, p);
}

static void world_init(struct world *w, uint32_t features)
{
    static const struct netdev_ops ops = {see, nothing, watch};
    *w = (struct world){.dev = {&ops, {{2, 0, 0, 0, 0, 2}}, MTU_BYTES, features},
                        .seam = {seam_input, seam_problem},
                        .now_ns = 100 * NS_PER_S,
                        .ts = 1000};
    static const struct ip six[PEERS - FIRST6] = {
        {{0xfe, 0x80, [15] = 9}}, {{0x20, 1, 0xd, 0xb8, [15] = 9}}, {{0x20, 1, 0xd, 0xb8, 0, 1, [15] = 9}}};
    for (int i = 0; i < PEERS; i++) {
        struct ip ip = i < FIRST6 ? ip4(10, 0, (uint8_t)(i / 2), (uint8_t)(8 + i)) : six[i - FIRST6];
        w->peer[i] = (struct peer){.ip = ip, .port = (uint16_t)(2000 + i), .here = 80, .acked = seq_of(0xfffff000)};
        w->peer[i].local = i < FIRST6 ? ip4(10, 0, 0, 2) : IP_NONE;
    }
}

/* ---- What the stack receives ---- */

static void input(struct world *w, struct bytes frame, const struct net_offload *o)
{
    uint8_t *exact = malloc(frame.len);
    memcpy(exact, frame.data, frame.len);
    net_input_offload(w->net, w->now_ns, bytes_of(exact, frame.len), o);
    free(exact);
}

/* How a packet comes: in fragments, behind extension headers, with marks. */
struct coming {
    uint8_t bits; /* 1: fragments; 2: in the wrong order; 4: the last one is lost; 8: overlap; 16: extension headers */
    uint8_t tos, ttl;
};

static void input4(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                   size_t offset, bool more, const struct coming *c)
{
    uint8_t frame[FRAME_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    bool group = ip_equal(dst, &(struct ip[]){ip4(255, 255, 255, 255)}[0]);
    ether_emit(
        &out, &(struct ether){group ? (struct mac){{255, 255, 255, 255, 255, 255}} : w->dev.mac, other_mac, ETHER_IP4});
    ip4_emit(&out, &(struct ip4_header){.total_len = (uint16_t)(IP4_HEADER_BYTES + b.len),
                                        .tos = c->tos,
                                        .id = w->id,
                                        .more_fragments = more,
                                        .offset = (uint16_t)offset,
                                        .ttl = c->ttl,
                                        .protocol = protocol,
                                        .src = *src,
                                        .dst = *dst});
    write_bytes(&out, b);
    input(w, writer_bytes(&out), &(struct net_offload){0});
}

static void input6(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                   size_t offset, bool more, const struct coming *c)
{
    uint8_t frame[FRAME_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    bool whole = offset == 0 && !more, headers = c->bits & 16;
    size_t len = (whole ? 0 : IP6_FRAGMENT_BYTES) + (headers ? EXTENSION_BYTES : 0) + b.len;
    uint8_t next = whole ? protocol : IP6_FRAGMENT;
    ether_emit(&out, &(struct ether){w->dev.mac, router_mac, ETHER_IP6});
    ip6_emit(&out, &(struct ip6_header){.tos = c->tos,
                                        .payload_len = (uint16_t)len,
                                        .next = headers ? IP6_HOP_BY_HOP : next,
                                        .hop_limit = c->ttl,
                                        .src = *src,
                                        .dst = *dst});
    if (headers) { /* a router alert, and padding */
        write_u8(&out, IP6_DESTINATION);
        write_u8(&out, 0);
        write_be32(&out, 0x05020000);
        write_be16(&out, 0x0100);
        write_u8(&out, next);
        write_u8(&out, 0);
        write_be16(&out, 0x0104);
        write_zeros(&out, 4);
    }
    if (!whole)
        ip6_emit_fragment(&out, &(struct ip6_fragment){protocol, (uint16_t)offset, more, w->id});
    write_bytes(&out, b);
    input(w, writer_bytes(&out), &(struct net_offload){0});
}

static void part(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                 size_t from, size_t to, const struct coming *c)
{
    struct bytes piece = bytes_slice(b, from, to - from);
    (ip_is4(src) ? input4 : input6)(w, src, dst, protocol, piece, from, to < b.len, c);
}

static void come(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                 const struct coming *c)
{
    size_t middle = b.len / 2 / 8 * 8;
    w->id++;
    if (!(c->bits & 1) || middle == 0) {
        part(w, src, dst, protocol, b, 0, b.len, c);
        return;
    }
    size_t again = c->bits & 8 && middle > 8 ? middle - 8 : middle;
    if (c->bits & 2)
        part(w, src, dst, protocol, b, again, b.len, c);
    part(w, src, dst, protocol, b, 0, middle, c);
    if (!(c->bits & 6))
        part(w, src, dst, protocol, b, again, b.len, c);
}

/* One of our addresses that this peer may know. */
static struct ip local_of(const struct world *w, const struct peer *p)
{
    if (!ip_equal(&p->local, &IP_NONE))
        return p->local;
    for (size_t i = IP6_ADDRESSES; i-- > 0;) {
        if (w->net->ip6->address[i].state != IP6_FREE)
            return w->net->ip6->address[i].ip;
    }
    return IP_NONE;
}

/* ---- Steps: segments ---- */

static void fill_segment(struct world *w, const struct peer *p, const uint8_t *a, struct tcp_segment *s)
{
    int32_t off = (int8_t)a[3];
    *s = (struct tcp_segment){.src_port = p->port, .dst_port = p->here, .flags = a[0]};
    s->seq = seq_add(p->acked, (uint32_t)(a[1] & 1 ? off * (a[1] & 2 ? 700 : 1) : 0));
    s->ack = seq_add(p->nxt, (uint32_t)(a[1] & 4 ? off * (a[1] & 8 ? 700 : 1) : 0));
    s->window = (uint16_t)(a[4] & 0x80 ? a[4] << 8 : a[4] & 7);
    s->has_timestamp = !(a[5] & 1);
    w->ts += a[5] >> 5;
    s->ts_value = w->ts - (a[5] & 2 ? 5 : 0);
    s->ts_echo = p->ts_value - (a[5] & 4 ? 100 : 0);
    if (s->flags & TCP_SYN) {
        s->has_mss = a[5] & 8;
        s->mss = (uint16_t)(a[6] << 4);
        s->has_shift = a[5] & 16;
        s->shift = a[6] & 15;
        s->sack_permitted = a[6] & 16;
        return;
    }
    s->n_sack = a[6] & 3;
    for (int i = 0; i < s->n_sack; i++) {
        s->sack[i].from = seq_add(p->nxt, (uint32_t) - ((a[6] >> 2) * 100 * (i + 1)));
        s->sack[i].to = seq_add(s->sack[i].from, (uint32_t)(off * (a[1] & 32 ? 30 : 3)));
    }
}

/* a: flags; which numbers and how far off; length; distance; window; options; blocks; how it comes. */
static void send_segment(struct world *w, const struct peer *p, const uint8_t *a)
{
    uint8_t packet[TCP_HEADER_MAX_BYTES + 2048];
    struct ip dst = local_of(w, p);
    struct tcp_segment s;
    size_t len = (size_t)(a[2] & 0x0f ? a[2] & 0x0f : a[2] * 5);
    fill_segment(w, p, a, &s);
    struct writer out = writer_of(packet, sizeof packet);
    tcp_emit(&out, &s);
    uint32_t first = s.seq.v + ((s.flags & TCP_SYN) != 0);
    for (size_t i = 0; i < len; i++)
        write_u8(&out, stream_byte((uint32_t)(first + i)));
    struct bytes all = writer_bytes(&out);
    uint64_t sum = checksum_pseudo(&p->ip, &dst, IP_TCP, (uint32_t)all.len);
    tcp_emit_checksum(packet, checksum_finish(checksum_add(sum, all, false)));
    come(w, &p->ip, &dst, IP_TCP, all, &(struct coming){a[7] & 31, a[7] >> 6, 64});
    if (!(a[1] & 16))
        tcp_flush(w->tcp, w->now_ns);
}

/* ---- Steps: what else comes ---- */

static void send_icmp6(struct world *w, const struct ip *src, const struct ip *dst, const struct icmp6 *m,
                       struct bytes b, uint8_t hop_limit)
{
    uint8_t message[FRAME_BYTES / 2];
    struct writer out = writer_of(message, sizeof message);
    icmp6_emit(&out, m, src, dst, &b, 1);
    write_bytes(&out, b);
    come(w, src, dst, IP_ICMP6, writer_bytes(&out), &(struct coming){0, 0, hop_limit});
}

static void answer_arp(struct world *w, const uint8_t *a)
{
    uint8_t frame[ETHER_BYTES + ARP_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    bool wants = a[0] & 4;
    struct arp_packet p = {.operation = wants ? ARP_REQUEST : ARP_REPLY,
                           .sender_mac = a[0] & 8 ? router_mac : other_mac,
                           .sender_ip = wants ? ip4(10, 0, 0, a[1]) : w->asked4,
                           .target_mac = w->dev.mac,
                           .target_ip = wants ? ip4(10, 0, 0, 2) : ip4(10, 0, 0, a[1] & 1 ? 2 : a[1])};
    ether_emit(&out, &(struct ether){w->dev.mac, p.sender_mac, ETHER_ARP});
    arp_emit(&out, &p);
    input(w, writer_bytes(&out), &(struct net_offload){0});
}

static void answer_nd(struct world *w, const uint8_t *a)
{
    uint8_t message[ND_NEIGHBOUR_BYTES];
    struct writer out = writer_of(message, sizeof message);
    const struct peer *p = &w->peer[FIRST6 + a[1] % (PEERS - FIRST6)];
    struct ip dst = local_of(w, p), target = a[0] & 4 ? dst : w->asked6;
    bool asks = a[0] & 8;
    nd_emit_neighbour(&out, &target, asks ? ND_SOURCE_MAC : ND_TARGET_MAC, a[2] & 1 ? &router_mac : &other_mac);
    struct icmp6 m = {.type = asks ? ICMP6_NEIGHBOUR_SOLICITATION : ICMP6_NEIGHBOUR_ADVERTISEMENT,
                      .rest = asks ? 0 : (uint32_t)a[3] << 24};
    struct ip src = asks && a[2] & 2 ? (struct ip){{0}} : a[2] & 4 ? target : p->ip;
    send_icmp6(w, &src, &dst, &m, writer_bytes(&out), a[2] & 8 ? 64 : 255);
}

static void advertise_router(struct world *w, const uint8_t *a)
{
    static const struct ip all_nodes = {{0xff, 2, [15] = 1}};
    const struct ip router = {{0xfe, 0x80, [15] = (uint8_t)(1 + a[1] % 6)}};
    uint8_t message[120];
    struct writer out = writer_of(message, sizeof message);
    write_be32(&out, a[2] & 1 ? a[3] * 100u : 0);
    write_be32(&out, a[2] & 2 ? a[3] * 10u : 0);
    nd_emit_mac(&out, ND_SOURCE_MAC, &router_mac);
    write_be32(&out, 0x03044000u | (a[2] & 0xc0u)); /* a prefix */
    write_be32(&out, a[4] == 255 ? UINT32_MAX : a[4] * 10u);
    write_be32(&out, a[5] * 10u);
    write_be32(&out, 0);
    write_be64(&out, UINT64_C(0x20010db800000000) + a[6] % 10);
    write_be64(&out, 0);
    write_be32(&out, 0x05010000); /* an MTU */
    write_be32(&out, a[7] * 8u);
    write_be32(&out, 0x19030000); /* a name server */
    write_be32(&out, a[8]);
    write_copy(&out, router.b, sizeof router.b);
    struct icmp6 m = {.type = ICMP6_ROUTER_ADVERTISEMENT,
                      .rest = (uint32_t)a[9] << 24 | (a[2] & 0xc8u) << 16 | a[4] * 4u};
    send_icmp6(w, &router, &all_nodes, &m, writer_bytes(&out), 255);
}

static void redirect(struct world *w, const uint8_t *a)
{
    uint8_t message[32];
    struct writer out = writer_of(message, sizeof message);
    const struct peer *p = &w->peer[FIRST6 + a[1] % (PEERS - FIRST6)];
    const struct ip router = {{0xfe, 0x80, [15] = (uint8_t)(1 + a[2] % 6)}};
    const struct ip other = {{0xfe, 0x80, [15] = a[3]}};
    struct ip dst = local_of(w, p);
    write_copy(&out, a[4] & 1 ? p->ip.b : other.b, 16);
    write_copy(&out, p->ip.b, 16);
    send_icmp6(w, &router, &dst, &(struct icmp6){.type = ICMP6_REDIRECT}, writer_bytes(&out), 255);
}

static void query_groups(struct world *w, const uint8_t *a)
{
    static const struct ip all_nodes = {{0xff, 2, [15] = 1}};
    const struct ip router = {{0xfe, 0x80, [15] = 1}};
    uint8_t rest[20] = {0};
    send_icmp6(w, &router, &all_nodes, &(struct icmp6){.type = ICMP6_MLD_QUERY, .rest = (uint32_t)a[1] << 16},
               bytes_of(rest, a[2] & 1 ? 16 : 20), 1);
}

static void offer_lease(struct world *w, const uint8_t *a)
{
    uint8_t message[UDP_HEADER_BYTES + 320] = {0};
    struct writer out = writer_of(message + UDP_HEADER_BYTES, 320);
    const struct ip server = ip4(10, 0, 0, 1), dst = ip4(255, 255, 255, 255);
    write_be32(&out, 0x02010600);
    write_be32(&out, w->xid);
    write_zeros(&out, 8);
    write_be32(&out, 0x0a000000u | a[2]);
    write_zeros(&out, 8);
    write_copy(&out, w->dev.mac.b, 6);
    write_zeros(&out, 10 + 192);
    write_be32(&out, 0x63825363);
    write_be16(&out, 0x3501); /* type */
    write_u8(&out, a[1] % 9);
    write_be16(&out, 0x3604); /* server */
    write_be32(&out, ip4_u32(&server));
    write_be16(&out, 0x3304); /* lease */
    write_be32(&out, a[3] * 4u);
    write_be16(&out, 0x0104); /* mask */
    write_be32(&out, 0xffffff00u << (a[4] & 7));
    write_be16(&out, 0x790a); /* two routes */
    write_be16(&out, 0x080b);
    write_be32(&out, 0x0a000000u | a[5]);
    write_u8(&out, 0);
    write_be16(&out, 0x0a00);
    write_u8(&out, 0);
    write_u8(&out, a[6]);
    write_be16(&out, 0x1a02); /* MTU */
    write_be16(&out, (uint16_t)(a[7] * 8));
    write_u8(&out, 255);
    struct bytes payload = writer_bytes(&out);
    struct writer head = writer_of(message, UDP_HEADER_BYTES);
    udp_emit(&head, &(struct udp_header){DHCP_SERVER_PORT, DHCP_CLIENT_PORT}, &server, &dst, &payload, 1, payload.len);
    come(w, &server, &dst, IP_UDP, bytes_of(message, UDP_HEADER_BYTES + payload.len), &(struct coming){0, 0, 64});
}

/* An ICMP error about a segment of a real connection. */
static void complain(struct world *w, const struct peer *p, const uint8_t *a)
{
    static const uint8_t types4[] = {ICMP4_UNREACHABLE, ICMP4_TIME_EXCEEDED, ICMP4_PARAMETER, ICMP4_REDIRECT};
    uint8_t quoted[80], message[120];
    struct writer q = writer_of(quoted, sizeof quoted), out = writer_of(message, sizeof message);
    struct ip local = local_of(w, p);
    const uint8_t protocol = a[6] & 1 ? IP_UDP : IP_TCP;
    const uint16_t total = (uint16_t)(a[6] & 2 ? 40 : 1500);
    const struct ip router = ip_is4(&p->ip) ? ip4(10, 0, 0, 1) : (struct ip){{0xfe, 0x80, [15] = 1}};
    if (ip_is4(&p->ip))
        ip4_emit(&q, &(struct ip4_header){.total_len = total, .protocol = protocol, .src = local, .dst = p->ip});
    else
        ip6_emit(&q, &(struct ip6_header){.payload_len = total, .next = protocol, .src = local, .dst = p->ip});
    write_be16(&q, a[6] & 1 ? 53 : p->here);
    write_be16(&q, p->port);
    write_be32(&q, p->nxt.v - a[1]);
    struct bytes data = bytes_slice(writer_bytes(&q), 0, a[4] & 128 ? a[4] & 63 : sizeof quoted);
    if (!ip_is4(&p->ip)) {
        struct icmp6 m = {.type = (uint8_t)(1 + a[2] % 4), .code = a[5] & 7, .rest = a[3] * 8u};
        send_icmp6(w, &router, &local, &m, data, 64);
        return;
    }
    struct icmp4 m = {.type = types4[a[2] % 4], .code = a[5] & 15, .rest = a[3] * 8u};
    if (m.type == ICMP4_REDIRECT)
        m.rest = 0x0a000000u | a[3];
    icmp4_emit(&out, &m, &data, 1);
    write_bytes(&out, data);
    come(w, &router, &local, IP_ICMP, writer_bytes(&out), &(struct coming){0, 0, 64});
}

/* A datagram or a ping, of any size, perhaps in fragments. */
static void send_other(struct world *w, const struct peer *p, const uint8_t *a)
{
    static const uint8_t zeros[1400];
    uint8_t message[UDP_HEADER_BYTES + sizeof zeros] = {0};
    struct ip local = local_of(w, p);
    struct bytes payload = bytes_of(zeros, a[2] * 5u);
    struct writer out = writer_of(message, sizeof message);
    struct coming c = {a[3] & 31, 0, a[4]};
    if (a[1] & 1 && ip_is4(&p->ip))
        icmp4_emit(&out, &(struct icmp4){.type = a[1] & 2 ? a[5] : ICMP4_ECHO}, &payload, 1);
    else if (a[1] & 1)
        icmp6_emit(&out, &(struct icmp6){.type = a[1] & 2 ? a[5] : ICMP6_ECHO}, &p->ip, &local, &payload, 1);
    else
        udp_emit(&out, &(struct udp_header){p->port, a[1] & 2 ? 53 : a[5]}, &p->ip, &local, &payload, 1, payload.len);
    write_bytes(&out, payload);
    uint8_t protocol = !(a[1] & 1) ? IP_UDP : ip_is4(&p->ip) ? IP_ICMP : IP_ICMP6;
    come(w, &p->ip, &local, protocol, writer_bytes(&out), &c);
}

/* ---- Steps: the user ---- */

static void read_some(struct world *w, struct tcp_connection *c, uint8_t size)
{
    uint8_t buffer[256];
    size_t len;
    if (tcp_read(c, w->now_ns, buffer, size ? size : 1, &len) != OK)
        return;
    must(len >= 1 && len <= sizeof buffer);
    for (size_t i = 1; i < len; i++)
        must((uint8_t)(buffer[i] - buffer[i - 1]) == 3);
}

static void open_one(struct world *w, const uint8_t *a, struct tcp_connection **slot)
{
    struct endpoint to = {w->peer[a[2] % PEERS].ip, w->peer[a[2] % PEERS].port};
    if (a[0] & 1 ? tcp_accept(w->listener, slot) : tcp_connect(w->tcp, w->now_ns, to, slot))
        *slot = NULL;
}

static void call(struct world *w, const uint8_t *a)
{
    static const uint8_t zeros[25500];
    struct tcp_connection **slot = &w->held[a[1] % HELD_MAX], *c = *slot;
    struct bytes b = bytes_of(zeros, (size_t)a[2] * (a[3] & 1 ? 100 : 1));
    size_t taken;
    if (!c) {
        open_one(w, a, slot);
        return;
    }
    switch (a[0] % 11) {
    case 0:
    case 1:
        (void)!tcp_write(c, a[3] & 2 ? piece_static(b) : piece_copy(b), &taken);
        tcp_push(c, w->now_ns);
        break;
    case 2:
        tcp_push(c, w->now_ns);
        break;
    case 3:
    case 4:
    case 5:
        read_some(w, c, a[2]);
        break;
    case 6:
        (void)!tcp_shutdown(c, w->now_ns);
        break;
    case 7:
        if (a[2] & 1)
            tcp_close(c, w->now_ns);
        else
            tcp_abort(c, w->now_ns);
        *slot = NULL;
        break;
    case 8:
        tcp_set_keepalive(c, w->now_ns, a[2], a[3]);
        break;
    case 9:
        tcp_set_user_timeout(c, a[2] * 1000u);
        break;
    default:
        tcp_set_nagle(c, a[2] & 1);
    }
}

static void use_udp(struct world *w, const uint8_t *a)
{
    static const uint8_t zeros[8 * 255];
    struct bytes b = bytes_of(zeros, a[2] * 8u);
    struct peer *p = &w->peer[a[1] % PEERS];
    struct endpoint to = {a[3] & 1 ? local_of(w, p) : p->ip, a[3] & 2 ? 53 : p->port}, from;
    uint8_t buffer[2048];
    size_t len;
    struct ip group = a[1] & 1 ? ip4(224, 1, 2, a[2] & 15) : (struct ip){{0xff, 2, [15] = a[2]}};
    switch (a[0] % 4) {
    case 0:
        (void)!udp_transmit(w->udp, w->now_ns, &to, &b, 1);
        break;
    case 1:
        (void)!udp_take(w->udp, buffer, a[2] * 8u, &len, &from);
        break;
    case 2:
        (void)!group_join(w->net, w->now_ns, &group, udp_index(w->udp));
        break;
    default:
        udp_shut(w->udp, w->now_ns);
        must(udp_open(w->net, 53, &w->udp) == OK);
    }
}

static void pass_time(struct world *w, uint64_t span_ns)
{
    uint64_t to_ns = w->now_ns + span_ns, at_ns;
    for (int i = 0; i < 2000; i++) {
        at_ns = time_min(net_deadline(w->net), tcp_deadline(w->tcp));
        if (at_ns > to_ns)
            break;
        must(i < 1999 || span_ns > NS_PER_S); /* no timer spins */
        w->now_ns = at_ns > w->now_ns ? at_ns : w->now_ns;
        net_tick(w->net, w->now_ns);
        tcp_tick(w->tcp, w->now_ns);
        tcp_flush(w->tcp, w->now_ns);
        must(net_deadline(w->net) > w->now_ns);
    }
    w->now_ns = to_ns > w->now_ns ? to_ns : w->now_ns;
}

static void step(struct world *w, const uint8_t *a)
{
    struct peer *p = &w->peer[(a[0] >> 4) % PEERS];
    switch (a[0] % 16) {
    case 0 ... 5:
        send_segment(w, p, a + 1);
        break;
    case 6 ... 7:
        call(w, a + 1);
        break;
    case 8:
        pass_time(w, (uint64_t)a[1] * (a[2] & 1 ? 500 : 5) * NS_PER_MS);
        break;
    case 9:
        (a[1] & 1 ? answer_arp : answer_nd)(w, a + 1);
        break;
    case 10:
        (a[1] & 3 ? advertise_router : redirect)(w, a + 1);
        break;
    case 11:
        complain(w, p, a + 1);
        break;
    case 12:
        send_other(w, p, a + 1);
        break;
    case 13:
        (a[1] & 3 ? use_udp : query_groups)(w, a + 1);
        break;
    case 14:
        offer_lease(w, a + 1);
        break;
    default:
        w->full = a[1] & 1;
    }
}

#endif
