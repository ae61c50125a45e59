/* SPDX-License-Identifier: ISC */
/* The script of net_script.h with IPv6: addresses, messages of neighbours and routers. */
#ifndef TEST_NET_SCRIPT6_H
#define TEST_NET_SCRIPT6_H

#include "test/support/net_script.h"
#include "wire/nd.h"

#define OUR_LINK_TEXT "fe80::ff:fe00:2"

static UNUSED const struct ip our_link = {{0xfe, 0x80, [11] = 0xff, [12] = 0xfe, [15] = 2}};
static UNUSED const struct ip peer = {{0xfe, 0x80, [15] = 9}};
static UNUSED const struct ip router = {{0xfe, 0x80, [15] = 1}};
static UNUSED const struct ip far = {{0x20, 1, 0xd, 0xb8, 0, 9, [15] = 7}};
static UNUSED const struct ip all_nodes = {{0xff, 2, [15] = 1}};
static UNUSED const struct mac peer_mac = {{2, 0, 0, 0, 0, 9}};
static UNUSED const struct mac router_mac = {{2, 0, 0, 0, 0, 1}};
static UNUSED uint8_t zeros[2000];

static UNUSED struct script *script6_with(const struct ip6_options *six)
{
    struct script *s = calloc(1, sizeof *s);
    s->dev = (struct netdev){&script_ops, OUR_MAC, 1500, 0, NULL};
    s->now_ns = 1000 * NS_PER_S;
    struct net_options o = {.dev = &s->dev, .random = script_random, .ip6 = &stack_ip6};
    assert_int_equal(net_new(&o, &s->n), OK);
    assert_int_equal(s->n->ip6_ops->start(s->n, s->now_ns, six), OK);
    return s;
}

/* IPv6 alone: link-local, and the address if there is one; detection goes on. */
static UNUSED struct script *script6(const char *address, bool accept_ra)
{
    struct ip6_options six = {.accept_ra = accept_ra};
    if (address)
        assert_true(ip_net_parse(bytes_str(address), &six.address));
    return script6_with(&six);
}

static UNUSED struct script *settled(const char *address, bool accept_ra)
{
    struct script *s = script6(address, accept_ra);
    pass(s, 20 * NS_PER_S);
    forget_sent(s);
    return s;
}

static UNUSED void input_ip6(struct script *s, struct ip6_header h, struct bytes payload)
{
    static uint8_t b[65600];
    struct writer w = writer_of(b, sizeof b);
    h.payload_len = (uint16_t)payload.len;
    h.hop_limit = h.hop_limit ? h.hop_limit : 64;
    ip6_emit(&w, &h);
    write_bytes(&w, payload);
    struct mac group = mac_of_multicast6(&h.dst);
    input_frame(s, ip_is_multicast(&h.dst) ? group : OUR_MAC, PEER_MAC, ETHER_IP6, writer_bytes(&w));
}

static UNUSED void input_icmp6(struct script *s, struct ip src, struct ip dst, uint8_t hops, struct icmp6 m)
{
    static uint8_t b[65600];
    struct writer w = writer_of(b, sizeof b);
    icmp6_emit(&w, &m, &src, &dst, &m.data, 1);
    write_bytes(&w, m.data);
    input_ip6(s, (struct ip6_header){.next = IP6_ICMP, .hop_limit = hops, .src = src, .dst = dst}, writer_bytes(&w));
}

static UNUSED void input_neighbour(struct script *s, uint8_t type, uint32_t flags, struct ip src, struct ip dst,
                                   struct ip target, const struct mac *mac)
{
    uint8_t b[ND_NEIGHBOUR_BYTES];
    struct writer w = writer_of(b, sizeof b);
    nd_emit_neighbour(&w, &target, type == ICMP6_NEIGHBOUR_SOLICITATION ? ND_SOURCE_MAC : ND_TARGET_MAC, mac);
    input_icmp6(s, src, dst, 255, (struct icmp6){.type = type, .rest = flags, .data = writer_bytes(&w)});
}

/* The peer asks for us, so that we know it. */
static UNUSED void know_peer6(struct script *s)
{
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, peer, our_link, our_link, &peer_mac);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=255 icmp6 136/0 rest=60000000 data=24");
}

struct ra {
    uint16_t lifetime_s;
    uint32_t valid_s, preferred_s, mtu;
    const char *prefix;
    bool servers;
    uint8_t flags; /* M 0x80, O 0x40 */
};

static UNUSED void input_ra(struct script *s, struct ip from, const struct mac *mac, struct ra a)
{
    uint8_t b[200];
    struct writer w = writer_of(b, sizeof b);
    write_be64(&w, 0);
    nd_emit_mac(&w, ND_SOURCE_MAC, mac);
    if (a.prefix) {
        struct ip_net net;
        assert_true(ip_net_parse(bytes_str(a.prefix), &net));
        write_copy(&w, (uint8_t[]){ND_PREFIX, 4, net.prefix_len, 0xc0}, 4);
        write_be32(&w, a.valid_s);
        write_be32(&w, a.preferred_s);
        write_be32(&w, 0);
        write_copy(&w, net.ip.b, 16);
    }
    if (a.mtu) {
        write_be32(&w, ND_MTU << 24 | 1 << 16);
        write_be32(&w, a.mtu);
    }
    if (a.servers) {
        write_be32(&w, (uint32_t)ND_RDNSS << 24 | 3 << 16);
        write_be32(&w, 600);
        write_copy(&w, far.b, 16);
    }
    struct icmp6 m = {.type = ICMP6_ROUTER_ADVERTISEMENT,
                      .rest = UINT32_C(64) << 24 | (uint32_t)a.flags << 16 | a.lifetime_s};
    m.data = writer_bytes(&w);
    input_icmp6(s, from, all_nodes, 255, m);
}

static UNUSED enum err send6(struct script *s, struct ip dst, size_t len)
{
    struct ip_out o = {.dst = dst, .protocol = 99};
    struct bytes v = bytes_of(zeros, len);
    return s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1);
}

#endif
