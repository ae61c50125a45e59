/* SPDX-License-Identifier: ISC */
/* A net core on a fake device and a fake clock. What it sends is read as one line of text a frame. */
#ifndef TEST_NET_SCRIPT_H
#define TEST_NET_SCRIPT_H

#include "net/icmp6.h"
#include "net/net.h"
#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/igmp.h"

#include <jinn/stack.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define UNUSED __attribute__((unused))

enum { SENT_MAX = 256, TEXT_BYTES = 200 };

#define OUR_MAC ((struct mac){{2, 0, 0, 0, 0, 2}})
#define PEER_MAC ((struct mac){{2, 0, 0, 0, 0, 9}})
#define OUR_IP ip4(10, 0, 0, 2)
#define PEER_IP ip4(10, 0, 0, 9)
#define GATEWAY_IP ip4(10, 0, 0, 1)

struct sent {
    size_t len;
    struct net_offload offload;
    uint8_t b[65600];
};

struct script {
    struct netdev dev;
    struct net *n;
    uint64_t now_ns;
    bool full; /* the device refuses */
    struct sent sent[SENT_MAX];
    size_t n_sent;
    size_t n_read; /* frames that the test has looked at */
};

static UNUSED enum err script_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    struct script *s = CONTAINER_OF(d, struct script, dev);
    if (s->full)
        return ERR_AGAIN;
    assert_true(n <= NETDEV_PARTS_MAX);
    assert_true(s->n_sent < SENT_MAX);
    struct sent *f = &s->sent[s->n_sent++];
    struct writer w = writer_of(f->b, ETHER_BYTES + (o->segments ? UINT16_MAX : s->dev.mtu_bytes));
    f->offload = *o;
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    f->len = writer_len(&w);
    return OK;
}

static UNUSED enum err script_recv(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame,
                                   struct net_offload *o)
{
    return ERR_AGAIN;
}

static UNUSED void script_watch(struct netdev *d, struct waiter *w)
{
}

static const struct netdev_ops script_ops = {script_send, script_recv, script_watch};

/* The same numbers in each run. */
static UNUSED uint32_t script_random(void)
{
    return 0x01020304;
}

static UNUSED struct script *script_without_address(struct net_transport *tcp)
{
    struct script *s = calloc(1, sizeof *s);
    s->dev = (struct netdev){&script_ops, OUR_MAC, 1500, 0, NULL};
    s->now_ns = 1000 * NS_PER_S;
    struct net_options o = {.dev = &s->dev, .random = script_random, .tcp = tcp};
    assert_int_equal(net_new(&o, &s->n), OK);
    return s;
}

/* 10.0.0.2/24, gateway 10.0.0.1; the announcements are behind it. */
static UNUSED struct script *script_with_tcp(struct net_transport *tcp)
{
    struct script *s = script_without_address(tcp);
    struct ip_net net = {OUR_IP, 24};
    struct ip gateway = GATEWAY_IP;
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &gateway), OK);
    s->now_ns += 3 * NS_PER_S;
    net_tick(s->n, s->now_ns);
    s->n_read = s->n_sent;
    return s;
}

static UNUSED struct script *script_new(void)
{
    return script_with_tcp(NULL);
}

static UNUSED void script_end(struct script *s)
{
    assert_int_equal(s->n_read, s->n_sent); /* nothing was sent that no test looked at */
    net_free(s->n);
    free(s);
}

/* ---- Text ---- */

static UNUSED void text_icmp(struct writer *w, struct bytes b)
{
    struct icmp4 m;
    if (icmp4_parse(b, &m))
        write_format(w, " icmp %u/%u rest=%08x data=%zu", m.type, m.code, m.rest, m.data.len);
    else
        write_str(w, " icmp BAD");
}

static UNUSED void text_udp(struct writer *w, const struct ip4_header *h, struct bytes b)
{
    struct udp_header u;
    struct bytes payload;
    if (udp_parse(b, &h->src, &h->dst, false, &u, &payload) == UDP_GOOD)
        write_format(w, " udp %u>%u data=%zu", u.src_port, u.dst_port, payload.len);
    else
        write_str(w, " udp BAD");
}

/* A report of version 3 with its records, or a type and its group. */
static UNUSED void text_igmp(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    char text[IP_TEXT_BYTES];
    struct ip group;
    uint8_t type = read_u8(&r);
    write_format(w, " igmp %02x", type);
    if (checksum_finish(checksum_add(0, b, false)) != 0)
        write_str(w, " BAD");
    read_skip(&r, type == IGMP_REPORT3 ? 7 : 3);
    while (reader_left(&r)) {
        if (type == IGMP_REPORT3)
            write_format(w, " %u", read_be32(&r) >> 24);
        group = ip4_of_u32(read_be32(&r));
        write_format(w, " %s", ip_text(&group, text));
    }
    assert_true(reader_good(&r));
}

static UNUSED void text_ip(struct writer *w, struct bytes b)
{
    struct ip4_header h;
    struct bytes payload;
    char src[IP_TEXT_BYTES], dst[IP_TEXT_BYTES];
    if (ip4_parse(b, &h, &payload) != IP4_GOOD) {
        write_str(w, " ip BAD");
        return;
    }
    write_format(w, " %s>%s ttl=%u%s", ip_text(&h.src, src), ip_text(&h.dst, dst), h.ttl, h.dont_fragment ? " DF" : "");
    if (h.offset || h.more_fragments)
        write_format(w, " part %u+%zu%s", h.offset, payload.len, h.more_fragments ? "..." : "");
    else if (h.protocol == IP_ICMP)
        text_icmp(w, payload);
    else if (h.protocol == IP_UDP)
        text_udp(w, &h, payload);
    else if (h.protocol == IP_IGMP)
        text_igmp(w, payload);
    else
        write_format(w, " protocol=%u data=%zu", h.protocol, payload.len);
}

static UNUSED void text_ip6(struct writer *w, struct bytes b)
{
    struct ip6_header h;
    struct bytes datagram;
    struct icmp6 m;
    char src[IP_TEXT_BYTES], dst[IP_TEXT_BYTES];
    if (!ip6_parse(b, &h, &datagram)) {
        write_str(w, " ip6 BAD");
        return;
    }
    write_format(w, " %s>%s hops=%u", ip_text(&h.src, src), ip_text(&h.dst, dst), h.hop_limit);
    struct ip6_walk walk = ip6_walk_start(&h);
    enum ip6_found found = ip6_walk(&walk, datagram);
    struct bytes payload = bytes_slice(datagram, walk.at, datagram.len);
    if (found == IP6_FOUND_FRAGMENT)
        write_format(w, " part %u+%zu%s", walk.fragment.offset, payload.len, walk.fragment.more ? "..." : "");
    else if (found != IP6_FOUND_UPPER)
        write_str(w, " headers BAD");
    else if (walk.next == IP6_ICMP && icmp6_parse(payload, &h.src, &h.dst, &m))
        write_format(w, " icmp6 %u/%u rest=%08x data=%zu", m.type, m.code, m.rest, m.data.len);
    else if (walk.next == IP6_ICMP)
        write_str(w, " icmp6 BAD");
    else if (walk.next == IP_UDP)
        text_udp(w, &(struct ip4_header){.src = h.src, .dst = h.dst}, payload);
    else
        write_format(w, " next=%u data=%zu", walk.next, payload.len);
}

static UNUSED void text_arp(struct writer *w, struct bytes b)
{
    struct reader r = reader_of(b);
    struct arp_packet p;
    char sender[IP_TEXT_BYTES], target[IP_TEXT_BYTES];
    if (!arp_parse(&r, &p))
        write_str(w, " arp BAD");
    else
        write_format(w, " arp %s %s->%s", p.operation == ARP_REQUEST ? "request" : "reply",
                     ip_text(&p.sender_ip, sender), ip_text(&p.target_ip, target));
}

/* "to MAC's last byte, then what is in it" */
static UNUSED const char *frame_text(struct bytes frame, char out[static TEXT_BYTES])
{
    struct reader r = reader_of(frame);
    struct writer w = writer_of(out, TEXT_BYTES);
    struct ether e;
    assert_true(ether_parse(&r, &e));
    write_format(&w, "%s%02x", mac_is_group(&e.dst) ? "*" : "", e.dst.b[5]);
    if (e.type == ETHER_ARP)
        text_arp(&w, read_rest(&r));
    else if (e.type == ETHER_IP4)
        text_ip(&w, read_rest(&r));
    else if (e.type == ETHER_IP6)
        text_ip6(&w, read_rest(&r));
    else
        write_format(&w, " type %04x", e.type);
    write_u8(&w, 0);
    return out;
}

/* ---- What went out ---- */

static UNUSED void expect(struct script *s, const char *text)
{
    char out[TEXT_BYTES];
    if (s->n_read == s->n_sent)
        fail_msg("nothing was sent; expected %s", text);
    struct sent *f = &s->sent[s->n_read++];
    assert_string_equal(frame_text(bytes_of(f->b, f->len), out), text);
}

static UNUSED void expect_nothing(struct script *s)
{
    char out[TEXT_BYTES];
    if (s->n_read < s->n_sent)
        fail_msg("sent: %s", frame_text(bytes_of(s->sent[s->n_read].b, s->sent[s->n_read].len), out));
}

static UNUSED void forget_sent(struct script *s)
{
    s->n_sent = s->n_read = 0;
}

/* ---- What comes in ---- */

/* Lets time pass as an event loop would: from deadline to deadline. */
static UNUSED void pass(struct script *s, uint64_t span_ns)
{
    uint64_t end_ns = s->now_ns + span_ns;
    for (int i = 0; i < 10000 && net_deadline(s->n) <= end_ns; i++) {
        if (net_deadline(s->n) > s->now_ns)
            s->now_ns = net_deadline(s->n);
        net_tick(s->n, s->now_ns);
        assert_true(net_deadline(s->n) > s->now_ns);
    }
    s->now_ns = end_ns;
}

static UNUSED void input_frame(struct script *s, struct mac dst, struct mac src, uint16_t type, struct bytes payload)
{
    uint8_t *frame = malloc(ETHER_BYTES + payload.len); /* exactly as long, for the sanitizer */
    struct writer w = writer_of(frame, ETHER_BYTES + payload.len);
    ether_emit(&w, &(struct ether){dst, src, type});
    write_bytes(&w, payload);
    net_input(s->n, s->now_ns, writer_bytes(&w));
    free(frame);
}

static UNUSED void input_arp(struct script *s, enum arp_operation op, struct mac mac, struct ip sender,
                             struct ip target)
{
    uint8_t b[ARP_BYTES];
    struct writer w = writer_of(b, sizeof b);
    arp_emit(&w, &(struct arp_packet){(uint16_t)op, mac, sender, OUR_MAC, target});
    input_frame(s, op == ARP_REQUEST ? MAC_BROADCAST : OUR_MAC, mac, ETHER_ARP, writer_bytes(&w));
}

static UNUSED void input_ip(struct script *s, struct ip4_header h, struct bytes payload)
{
    static uint8_t b[65600];
    struct writer w = writer_of(b, sizeof b);
    h.total_len = (uint16_t)(IP4_HEADER_BYTES + payload.len);
    h.ttl = h.ttl ? h.ttl : 64;
    ip4_emit(&w, &h);
    write_bytes(&w, payload);
    bool group = ip4_u32(&h.dst) == UINT32_MAX || h.dst.b[15] == 255;
    input_frame(s, group ? MAC_BROADCAST : OUR_MAC, PEER_MAC, ETHER_IP4, writer_bytes(&w));
}

static UNUSED void input_udp(struct script *s, struct endpoint from, struct endpoint to, struct bytes data)
{
    static uint8_t b[65600];
    struct writer w = writer_of(b, sizeof b);
    udp_emit(&w, &(struct udp_header){from.port, to.port}, &from.ip, &to.ip, &data, 1, data.len);
    write_bytes(&w, data);
    input_ip(s, (struct ip4_header){.protocol = IP_UDP, .src = from.ip, .dst = to.ip}, writer_bytes(&w));
}

static UNUSED void input_icmp(struct script *s, struct icmp4 m, struct ip dst)
{
    static uint8_t b[65600];
    struct writer w = writer_of(b, sizeof b);
    icmp4_emit(&w, &m, &m.data, 1);
    write_bytes(&w, m.data);
    input_ip(s, (struct ip4_header){.protocol = IP_ICMP, .src = PEER_IP, .dst = dst}, writer_bytes(&w));
}

/* The peer asks for us, so that we know it. */
static UNUSED void know_peer(struct script *s)
{
    input_arp(s, ARP_REQUEST, PEER_MAC, PEER_IP, OUR_IP);
    expect(s, "09 arp reply 10.0.0.2->10.0.0.9");
}

#endif
