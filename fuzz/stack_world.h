/* SPDX-License-Identifier: ISC */
/* The world of fuzz/stack.c: a link with peers on it, of which 0 to 2 are IPv4 hosts (the last behind the router) and 3 to 5
 * IPv6 hosts (the last two not on the link). Here is what the stack sends to them and how frames come to it; what peers do is
 * in stack_peer.h, what else there is on a link in stack_link.h, the user in stack_user.h, what must hold in stack_check.h. */
#ifndef FUZZ_STACK_WORLD_H
#define FUZZ_STACK_WORLD_H

#include "fuzz/mend.h"
#include "fuzz/receiver.h"
#include "net/net.h"
#include "net/tcp_internal.h"
#include "wire/arp.h"
#include "wire/dhcp.h"
#include "wire/igmp.h"
#include "wire/nd.h"

#include <jinn/must.h>
#include <jinn/pcap.h>
#include <jinn/stack.h>
#include <jinn/time.h>

#include <stdlib.h>

enum { STEP_BYTES = 12, STEPS_MAX = 300, HELD_MAX = 4, SOCKETS = 3, PEERS = 6 };
enum { FIRST6 = 3, FRAME_BYTES = 4096, EXTENSION_BYTES = 16, PEER_PORT = 2000 };
enum { USER_PERIOD = 25000 };

/* A host at the other end of connections. It remembers what has come, as an honest receiver does. */
struct peer {
    struct ip ip;
    struct ip local;  /* of ours that it speaks to */
    struct seq nxt;   /* behind the last that the core sent */
    struct seq acked; /* what the core acknowledged last: where this one's next byte belongs */
    struct receiver receiver;
    struct seq first;    /* the core's first number, of the connection that `known` tells */
    uint32_t ts_value;   /* the core's last */
    uint16_t port, here; /* its own and the core's */
    uint8_t flags;       /* of the core's last segment */
    uint8_t drops, turn; /* which of eight segments in a row are lost on the way to it */
    bool known;
};

struct held {
    struct tcp_connection *c;
    uint32_t n_written, n_read;
    struct waiter reader, writer;
};

struct world {
    struct netdev dev;
    struct netdev *top; /* the device that the stack has: `dev`, or a capture of it */
    struct pcap_sink sink;
    struct net_transport seam;
    struct net *net;
    struct tcp *tcp;
    struct tcp_listener *listener;
    struct waiter acceptor;
    struct udp_socket *socket[SOCKETS];
    struct waiter socket_reader[SOCKETS];
    struct held held[HELD_MAX];
    struct peer peer[PEERS];
    struct ip asked4, asked6; /* who was last asked for */
    struct dhcp_message dhcp; /* the client's last, without what it borrowed */
    struct dhcp6_message dhcp6;
    uint8_t server6[DHCP6_DUID_MAX_BYTES];
    struct bytes incoming; /* what the device gives next, with what it says of it */
    struct net_offload incoming_offload;
    struct net_counters counters; /* as they were after the step before */
    struct tcp_counters tcp_counters;
    uint64_t now_ns;
    uint32_t ts;
    uint32_t backlog;
    uint16_t id;
    uint8_t harm[4]; /* to the next frame: 0 none, else bits; where; what is changed */
    bool full;
};

static const struct mac other_mac = {{2, 0, 0, 0, 0, 9}}, router_mac = {{2, 0, 0, 0, 0, 1}};
static uint32_t random_state;
static uint8_t user_stream[2 * USER_PERIOD];

static uint32_t some_number(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8 | random_state << 24;
}

/* Each byte of a peer's stream follows from its sequence number, each of the user's from how many were before it. */
static uint8_t stream_byte(uint32_t number)
{
    return (uint8_t)(number * 3 + (number >> 8) * 7);
}

static uint8_t user_byte(uint32_t at)
{
    return user_stream[at % USER_PERIOD];
}

static bool has6(const struct world *w)
{
    return w->net->ip6_ops;
}

/* ---- What the stack sends ---- */

/* libFuzzer is to look for new ways through the stack, not through these checks. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

static bool is_lost(struct peer *p)
{
    return p->drops >> (p->turn++ % 8) & 1;
}

/* What it holds must be what the user wrote at that place. */
static void check_stream(const struct peer *p, const struct tcp_segment *s)
{
    uint32_t at = s->seq.v - (p->first.v + 1);
    for (size_t i = 0; p->known && i < s->data.len; i++) {
        if (at + (uint32_t)i < INT32_MAX) /* a keepalive's byte lies before the first */
            must(s->data.data[i] == user_byte(at + (uint32_t)i));
    }
}

static void hear(struct peer *p, const struct ip *src, const struct tcp_segment *s)
{
    bool other = p->here != s->src_port || !ip_equal(&p->local, src);
    if (other && p->known && !(s->flags & TCP_SYN))
        return; /* of another connection with it */
    p->local = *src;
    p->here = s->src_port;
    p->flags = s->flags;
    p->nxt = seq_add(s->seq, tcp_segment_len(s));
    p->ts_value = s->has_timestamp ? s->ts_value : p->ts_value;
    if (s->flags & TCP_ACK)
        p->acked = s->ack;
    if (s->flags & TCP_SYN) {
        p->known = true;
        p->first = s->seq;
        receive_first(&p->receiver, p->nxt);
    } else if (!(s->flags & TCP_RST)) {
        check_stream(p, s);
        if (!is_lost(p))
            receive(&p->receiver, s->seq, p->nxt);
    }
}

static void see_segment(struct world *w, const struct ip *src, const struct ip *dst, struct bytes b)
{
    struct tcp_segment s;
    must(tcp_parse(b, &s));
    for (int i = 0; i < PEERS; i++) {
        if (w->peer[i].port == s.dst_port && ip_equal(&w->peer[i].ip, dst))
            hear(&w->peer[i], src, &s);
    }
}

static void see_datagram(struct world *w, struct bytes b)
{
    struct reader r = reader_of(b);
    read_skip(&r, 2);
    uint16_t port = read_be16(&r);
    struct bytes message = bytes_slice(b, UDP_HEADER_BYTES, b.len);
    must(reader_good(&r));
    if (port == DHCP_SERVER_PORT)
        (void)dhcp_parse(message, &w->dhcp); /* the user may send to this port, too */
    if (port != DHCP6_SERVER_PORT || !dhcp6_parse(message, &w->dhcp6))
        return;
    if (w->dhcp6.server_id.len)
        memcpy(w->server6, w->dhcp6.server_id.data, w->dhcp6.server_id.len);
    w->dhcp6.server_id.data = w->server6;
    w->dhcp6.client_id = bytes_of(NULL, 0);
}

static void see_transport(struct world *w, uint8_t protocol, const struct ip *src, const struct ip *dst, struct bytes b,
                          const struct net_offload *o)
{
    bool plain = !o || !(o->flags & NET_PARTIAL);
    if (plain && (protocol == IP_TCP || protocol == IP_UDP || protocol == IP_ICMP6)) {
        uint64_t sum = checksum_pseudo(src, dst, protocol, (uint32_t)b.len);
        must(checksum_finish(checksum_add(sum, b, false)) == 0);
    } else if (protocol == IP_ICMP || protocol == IP_IGMP) {
        must(checksum_finish(checksum_add(0, b, false)) == 0);
    }
    if (protocol == IP_TCP)
        see_segment(w, src, dst, b);
    if (protocol == IP_UDP)
        see_datagram(w, b);
    if (protocol == IP_ICMP6 && b.len >= 24 && b.data[0] == ICMP6_NEIGHBOUR_SOLICITATION)
        memcpy(w->asked6.b, b.data + ICMP6_HEADER_BYTES, sizeof w->asked6.b);
}

static void see_packet(struct world *w, const struct ether *e, struct bytes packet, const struct net_offload *o)
{
    struct bytes payload;
    struct ip4_header h4;
    struct ip6_header h6;
    must((o && o->segments) || packet.len <= w->dev.mtu_bytes);
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

#pragma clang attribute pop

/* ---- What the stack receives ---- */

static enum err give(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct world *w = CONTAINER_OF(d, struct world, dev);
    *frame = w->incoming; /* where it lies, so that the sanitizer knows its end */
    *o = w->incoming_offload;
    return OK;
}

static void watch(struct netdev *d, struct waiter *w)
{
}

/* Cuts or changes a frame, and perhaps mends its checksums. */
static size_t do_harm(const uint8_t *harm, uint8_t *frame, size_t len)
{
    size_t at = harm[1] % len;
    if (harm[0] & 1)
        frame[at] ^= harm[2] ? harm[2] : 1;
    if (harm[0] & 2)
        len = len - at > 0 ? len - at : 1;
    if (harm[0] & 4)
        frame[harm[3] % len] = harm[2];
    if (harm[0] & 8)
        mend_checksums(frame, len);
    return len;
}

static void input(struct world *w, struct bytes frame, uint8_t bits)
{
    uint8_t *copy = malloc(frame.len), *exact;
    struct bytes received;
    struct net_offload o;
    bool joined = bits & 32 && w->dev.features;
    memcpy(copy, frame.data, frame.len);
    size_t len = w->harm[0] ? do_harm(w->harm, copy, frame.len) : frame.len;
    w->harm[0] = 0;
    exact = malloc(len);
    memcpy(exact, copy, len);
    free(copy);
    w->incoming = bytes_of(exact, len);
    w->incoming_offload =
        (struct net_offload){.flags = joined ? NET_GOOD : 0, .segments = joined && bits & 64 ? NET_TCP4 : NET_ONE};
    must(w->top->ops->recv(w->top, NULL, 0, &received, &o) == OK);
    net_input_offload(w->net, w->now_ns, received, &o);
    free(exact);
}

/* How a packet comes: in fragments, behind extension headers, with marks. */
struct coming {
    /* 1: fragments; 2: in the wrong order; 4: the last one is lost; 8: overlap; 16: extension headers; 32: the device has
     * checked it; 64: and joined it */
    uint8_t bits;
    uint8_t tos, ttl;
};

static struct mac mac_of(const struct world *w, const struct ip *dst)
{
    const struct ip all = IP_BROADCAST4;
    if (ip_equal(dst, &all))
        return MAC_BROADCAST;
    if (ip_is_multicast(dst))
        return ip_is4(dst) ? mac_of_multicast4(dst) : mac_of_multicast6(dst);
    return w->dev.mac;
}

static void input4(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                   size_t offset, bool more, const struct coming *c)
{
    uint8_t frame[FRAME_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    ether_emit(&out, &(struct ether){mac_of(w, dst), other_mac, ETHER_IP4});
    if (protocol == IP_IGMP && !(c->bits & 16))
        ip4_emit_alert(&out, protocol, src, dst, b.len);
    else
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
    input(w, writer_bytes(&out), c->bits);
}

static void input6(struct world *w, const struct ip *src, const struct ip *dst, uint8_t protocol, struct bytes b,
                   size_t offset, bool more, const struct coming *c)
{
    uint8_t frame[FRAME_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    bool whole = offset == 0 && !more, headers = c->bits & 16;
    size_t len = (whole ? 0 : IP6_FRAGMENT_BYTES) + (headers ? EXTENSION_BYTES : 0) + b.len;
    uint8_t next = whole ? protocol : IP6_FRAGMENT;
    ether_emit(&out, &(struct ether){mac_of(w, dst), router_mac, ETHER_IP6});
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
    input(w, writer_bytes(&out), c->bits);
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
    for (size_t i = has6(w) ? IP6_ADDRESSES : 0; i-- > 0;) {
        if (w->net->ip6->address[i].state != IP6_FREE)
            return w->net->ip6->address[i].ip;
    }
    return IP_NONE;
}

/* ---- The beginning ---- */

static void seam_input(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    tcp_input(CONTAINER_OF(t, struct world, seam)->tcp, now_ns, in);
}

static void seam_problem(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
    tcp_problem(CONTAINER_OF(t, struct world, seam)->tcp, now_ns, p);
}

static void swallow(struct pcap_sink *s, struct bytes b)
{
    static volatile uint8_t sink;
    for (size_t i = 0; i < b.len; i++)
        sink = (uint8_t)(sink + b.data[i]);
}

static void woken(struct waiter *w)
{
}

static void world_init(struct world *w, uint16_t mtu_bytes, uint32_t features)
{
    static const struct netdev_ops ops = {see, give, watch};
    static const struct ip six[PEERS - FIRST6] = {
        {{0xfe, 0x80, [15] = 9}}, {{0x20, 1, 0xd, 0xb8, [15] = 9}}, {{0x20, 1, 0xd, 0xb8, 0, 1, [15] = 9}}};
    *w = (struct world){.dev = {&ops, {{2, 0, 0, 0, 0, 2}}, mtu_bytes, features, NULL},
                        .seam = {seam_input, seam_problem},
                        .sink = {swallow},
                        .now_ns = 100 * NS_PER_S,
                        .ts = 1000};
    w->top = &w->dev;
    for (int i = 0; i < PEERS; i++) {
        struct ip ip = i < FIRST6 ? ip4(10, 0, (uint8_t)(i / 2), (uint8_t)(8 + i)) : six[i - FIRST6];
        w->peer[i] =
            (struct peer){.ip = ip, .port = (uint16_t)(PEER_PORT + i), .here = 80, .acked = seq_of(0xfffff000)};
        w->peer[i].local = i < FIRST6 ? ip4(10, 0, 0, 2) : IP_NONE;
    }
    waiter_init(&w->acceptor, woken);
    for (int i = 0; i < HELD_MAX; i++) {
        waiter_init(&w->held[i].reader, woken);
        waiter_init(&w->held[i].writer, woken);
    }
    for (int i = 0; i < SOCKETS; i++)
        waiter_init(&w->socket_reader[i], woken);
    for (size_t i = 0, n = user_stream[1] ? 0 : sizeof user_stream; i < n; i++)
        user_stream[i] = (uint8_t)(i % USER_PERIOD * 7 + i % USER_PERIOD / 251);
}

#endif
