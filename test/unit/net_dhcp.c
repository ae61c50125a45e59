/* SPDX-License-Identifier: ISC */
/* The DHCP client against a scripted server, through the whole core. */
#include "test/support/net_script.h"

#define SERVER_IP ip4(10, 0, 0, 1)

/* The client's last message; frames that are no DHCP (ARP) are passed over. */
static struct dhcp_message heard;
static struct ip heard_dst;

static void hear(struct script *s, enum dhcp_type type)
{
    while (s->n_read < s->n_sent) {
        struct sent *f = &s->sent[s->n_read++];
        struct bytes payload, message, packet = bytes_of(f->b + ETHER_BYTES, f->len - ETHER_BYTES);
        struct ip4_header h;
        struct udp_header u;
        if (f->b[12] != 8 || f->b[13] != 0)
            continue;
        assert_int_equal(ip4_parse(packet, &h, &payload), IP4_GOOD);
        assert_int_equal(udp_parse(payload, &h.src, &h.dst, false, &u, &message), UDP_GOOD);
        assert_int_equal(u.src_port, 68);
        assert_int_equal(u.dst_port, 67);
        assert_true(message.len >= 300);
        assert_true(dhcp_parse(message, &heard));
        assert_int_equal(heard.op, DHCP_BOOTREQUEST);
        assert_int_equal(heard.type, type);
        assert_true(ip_equal(&h.src, &heard.ciaddr));
        heard_dst = h.dst;
        return;
    }
    fail_msg("no DHCP message of type %d was sent", type);
}

static void hear_no_dhcp(struct script *s)
{
    for (; s->n_read < s->n_sent; s->n_read++)
        assert_int_equal(s->sent[s->n_read].b[13], 6); /* ARP */
}

static void write_address(struct writer *w, uint8_t code, struct ip ip)
{
    write_u8(w, code);
    write_u8(w, 4);
    write_be32(w, ip4_u32(&ip));
}

struct answer {
    enum dhcp_type type;
    struct ip yiaddr, server;
    uint32_t lease_s, t1_s, t2_s;
    uint32_t xid;      /* 0: the client's */
    const char *extra; /* options as they are on the wire */
    size_t extra_len;
};

static void write_seconds(struct writer *w, uint8_t code, uint32_t s)
{
    if (!s)
        return;
    write_u8(w, code);
    write_u8(w, 4);
    write_be32(w, s);
}

static void answer(struct script *s, struct answer a)
{
    uint8_t b[400];
    struct writer w = writer_of(b, sizeof b);
    write_be32(&w, 0x02010600);
    write_be32(&w, a.xid ? a.xid : heard.xid);
    write_zeros(&w, 8);
    write_be32(&w, ip4_u32(&a.yiaddr));
    write_zeros(&w, 8);
    write_copy(&w, OUR_MAC.b, 6);
    write_zeros(&w, 10 + 64 + 128);
    write_be32(&w, 0x63825363);
    write_u8(&w, 53);
    write_u8(&w, 1);
    write_u8(&w, (uint8_t)a.type);
    write_address(&w, 54, a.server);
    if (a.type != DHCP_NAK) {
        write_seconds(&w, 51, a.lease_s);
        write_seconds(&w, 58, a.t1_s);
        write_seconds(&w, 59, a.t2_s);
        write_address(&w, 1, ip4(255, 255, 255, 0));
        write_address(&w, 3, ip4(10, 0, 0, 1));
        write_u8(&w, 6);
        write_u8(&w, 8);
        write_be32(&w, 0x0a000035);
        write_be32(&w, 0x08080808);
        write_copy(&w, a.extra, a.extra_len);
    }
    write_u8(&w, 255);
    struct ip dst = s->n->ip4.up ? OUR_IP : IP_BROADCAST4;
    input_udp(s, (struct endpoint){a.server, 67}, (struct endpoint){dst, 68}, writer_bytes(&w));
}

static struct answer usual(enum dhcp_type type)
{
    return (struct answer){.type = type, .yiaddr = OUR_IP, .server = SERVER_IP, .lease_s = 3600};
}

static struct script *start(void)
{
    struct script *s = script_without_address(NULL);
    net_start_dhcp(s->n, s->now_ns, bytes_str("box"));
    hear(s, DHCP_DISCOVER);
    return s;
}

static struct script *start_bound(void)
{
    struct script *s = start();
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    answer(s, usual(DHCP_ACK));
    assert_true(s->n->ip4.up);
    return s;
}

/* Bound with further options in the ACK. */
static struct script *start_with(const char *extra, size_t len)
{
    struct script *s = start();
    struct answer a = usual(DHCP_ACK);
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    a.extra = extra;
    a.extra_len = len;
    answer(s, a);
    s->n_read = s->n_sent;
    return s;
}

#define WITH(options) start_with(options, sizeof(options) - 1)

static uint32_t hop_to(const struct script *s, struct ip dst)
{
    struct ip hop = route_hop(s->n, &dst);
    return ip_equal(&hop, &IP_NONE) ? 0 : ip4_u32(&hop);
}

/* RFC 3442's own examples of how a prefix is written, and its rules. */
static void classless_routes_stand_for_the_router(void **state)
{
    struct script *s = WITH("\x79\x1c"
                            "\x08\x0a\x0a\x00\x00\x05"
                            "\x18\xc0\x00\x02\x0a\x00\x00\x06"
                            "\x11\xc6\x33\xff\x0a\x00\x00\x07"
                            "\x08\xac\x00\x00\x00\x00");
    assert_int_equal(hop_to(s, ip4(10, 9, 9, 9)), 0x0a000005);
    assert_int_equal(hop_to(s, ip4(10, 0, 0, 9)), 0x0a000009);
    assert_int_equal(hop_to(s, ip4(192, 0, 2, 9)), 0x0a000006);
    assert_int_equal(hop_to(s, ip4(198, 51, 128, 9)), 0x0a000007);
    assert_int_equal(hop_to(s, ip4(198, 51, 127, 9)), 0);
    assert_int_equal(hop_to(s, ip4(172, 16, 0, 9)), 0xac100009); /* on the link */
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0);             /* the router option is not looked at */
    script_end(s);
}

static void classless_default_routes_too(void **state)
{
    struct script *s = WITH("\x79\x05\x00\x0a\x00\x00\x05");
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000005);
    script_end(s);
}

static void routes_in_parts_are_put_together(void **state)
{
    struct script *s = WITH("\x79\x04\x18\xc0\x00\x02"
                            "\x0c\x01x"
                            "\x79\x05\x0a\x00\x00\x06\x00"
                            "\x79\x04\x0a\x00\x00\x07");
    assert_int_equal(hop_to(s, ip4(192, 0, 2, 9)), 0x0a000006);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000007);
    script_end(s);
}

static void wrong_routes_spoil_the_message(void **state)
{
    const char *const bad[] = {"\x79\x06\x21\x0a\x00\x00\x00\x05", "\x79\x03\x08\x0a\x00"};
    const size_t len[] = {8, 5};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct script *s = start_with(bad[i], len[i]);
        assert_false(s->n->ip4.up);
        assert_int_equal(s->n->counters.dhcp.in_malformed, 1);
        script_end(s);
    }
}

static void all_routers_are_gateways_in_their_order(void **state)
{
    struct script *s = WITH("\x03\x08\x0a\x00\x00\x07\x0a\x00\x00\x08"); /* behind the usual one */
    assert_int_equal(s->n->dhcp.lease.config.n_routes, 3);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000001);
    struct ip first = ip4(10, 0, 0, 1), second = ip4(10, 0, 0, 7);
    route_heard(s->n, s->now_ns, &first, false);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000007);
    route_heard(s->n, s->now_ns, &second, false);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000008);
    script_end(s);
}

/* Nine routes and five name servers; two name servers come first anyway. */
static void what_there_is_no_room_for_is_left_out(void **state)
{
    struct script *s = WITH("\x79\x36"
                            "\x08\x14\x0a\x00\x00\x03\x08\x15\x0a\x00\x00\x03\x08\x16\x0a\x00\x00\x03"
                            "\x08\x17\x0a\x00\x00\x03\x08\x18\x0a\x00\x00\x03\x08\x19\x0a\x00\x00\x03"
                            "\x08\x1a\x0a\x00\x00\x03\x08\x1b\x0a\x00\x00\x03\x08\x1c\x0a\x00\x00\x03"
                            "\x06\x0c\x01\x01\x01\x01\x02\x02\x02\x02\x03\x03\x03\x03");
    const struct dhcp_config *c = &s->n->dhcp.lease.config;
    assert_int_equal(c->n_routes, DHCP_ROUTES_MAX);
    assert_int_equal(c->n_dns, DHCP_DNS_MAX);
    assert_int_equal(ip4_u32(&c->dns[2]), 0x01010101);
    assert_int_equal(s->n->counters.dhcp.left_out, 1 + 2);
    assert_int_equal(hop_to(s, ip4(27, 1, 1, 1)), 0x0a000003);
    assert_int_equal(hop_to(s, ip4(28, 1, 1, 1)), 0);
    script_end(s);
}

static void the_mtu_is_taken_if_it_makes_sense(void **state)
{
    const struct {
        const char *option;
        uint16_t mtu;
    } cases[] = {
        {"\x1a\x02\x05\x14", 1300}, {"\x1a\x02\x02\x40", 576}, {"\x1a\x02\x02\x3f", 1500}, {"\x1a\x02\x23\x28", 1500}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = start_with(cases[i].option, 4);
        uint16_t payload = 0;
        struct ip src, dst = PEER_IP;
        assert_int_equal(s->n->below.route(&s->n->below, &dst, &src, &payload), OK);
        assert_int_equal(payload, cases[i].mtu - IP4_HEADER_BYTES);
        pass(s, 3601 * NS_PER_S); /* the lease ends */
        assert_int_equal(s->n->mtu_bytes, 1500);
        forget_sent(s);
        script_end(s);
    }
}

/* A renewal that says the same leaves everything alone: a gateway that is dead stays so. */
static void a_renewal_changes_what_it_says(void **state)
{
    struct script *s = WITH("\x03\x04\x0a\x00\x00\x07");
    struct ip first = ip4(10, 0, 0, 1);
    route_heard(s->n, s->now_ns, &first, false);
    pass(s, 1801 * NS_PER_S);
    forget_sent(s);
    heard.xid = s->n->dhcp.xid;
    struct answer a = usual(DHCP_ACK);
    a.extra = "\x03\x04\x0a\x00\x00\x07";
    a.extra_len = 6;
    answer(s, a);
    assert_int_equal(s->n->counters.dhcp.renewed, 1);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000007);
    pass(s, 1801 * NS_PER_S);
    heard.xid = s->n->dhcp.xid;
    a.extra = "\x79\x05\x00\x0a\x00\x00\x09";
    a.extra_len = 7;
    answer(s, a);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000009);
    assert_int_equal(hop_to(s, ip4(10, 0, 0, 7)), 0x0a000007);
    forget_sent(s);
    script_end(s);
}

static void fixed_routes_outlive_the_lease(void **state)
{
    struct script *s = script_without_address(NULL);
    assert_true(route_add(s->n, 0xac100000, 12, 0x0a000003, 0, ROUTE_FIXED));
    net_start_dhcp(s->n, s->now_ns, bytes_str("box"));
    hear(s, DHCP_DISCOVER);
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    answer(s, usual(DHCP_ACK));
    assert_int_equal(hop_to(s, ip4(172, 17, 1, 1)), 0x0a000003);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0x0a000001);
    pass(s, 3601 * NS_PER_S);
    assert_false(s->n->ip4.up);
    assert_int_equal(hop_to(s, ip4(8, 8, 8, 8)), 0);
    assert_int_equal(hop_to(s, ip4(172, 17, 1, 1)), 0x0a000003);
    forget_sent(s);
    script_end(s);
}

static void the_former_address_is_asked_for(void **state)
{
    struct script *s = start_bound();
    pass(s, 3599 * NS_PER_S);
    s->n_read = s->n_sent;
    pass(s, 1 * NS_PER_S);
    hear(s, DHCP_DISCOVER);
    assert_int_equal(ip4_u32(&heard.requested), 0x0a000002);
    script_end(s);
}

static void an_end_gives_the_lease_back(void **state)
{
    struct script *s = start_bound();
    know_peer((s->n_read = s->n_sent, s));
    input_arp(s, ARP_REQUEST, PEER_MAC, SERVER_IP, OUR_IP);
    expect(s, "09 arp reply 10.0.0.2->10.0.0.1");
    assert_true(dhcp_release(&s->n->dhcp, s->now_ns));
    hear(s, DHCP_RELEASE);
    assert_int_equal(ip4_u32(&heard_dst), 0x0a000001);
    assert_int_equal(ip4_u32(&heard.ciaddr), 0x0a000002);
    assert_int_equal(ip4_u32(&heard.server_id), 0x0a000001);
    assert_true(ip_equal(&heard.requested, &IP_NONE));
    assert_int_equal(heard.hostname.len, 0);
    assert_int_equal(dhcp_deadline(&s->n->dhcp), TIME_NEVER);
    assert_false(dhcp_release(&s->n->dhcp, s->now_ns));
    forget_sent(s);
    script_end(s);
}

static void takes_a_lease(void **state)
{
    struct script *s = start();
    assert_true(bytes_equal(heard.hostname, bytes_str("box")));
    assert_int_equal(ip4_u32(&heard_dst), UINT32_MAX);
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    assert_int_equal(ip4_u32(&heard.requested), 0x0a000002);
    assert_int_equal(ip4_u32(&heard.server_id), 0x0a000001);
    assert_int_equal(ip4_u32(&heard.ciaddr), 0);
    assert_false(s->n->ip4.up);
    answer(s, usual(DHCP_ACK));
    assert_true(s->n->ip4.up);
    assert_int_equal(ip4_u32(&s->n->ip4.net.ip), 0x0a000002);
    assert_int_equal(s->n->ip4.net.prefix_len, 24);
    assert_int_equal(route_find(s->n, 0)->gateway, 0x0a000001);
    assert_int_equal(s->n->dhcp.lease.config.n_dns, 2);
    assert_int_equal(ip4_u32(&s->n->dhcp.lease.config.dns[0]), 0x0a000035);
    script_end((expect(s, "*ff arp request 0.0.0.0->10.0.0.2"), s));
}

static void probes_then_announces(void **state)
{
    struct script *s = start_bound();
    expect(s, "*ff arp request 0.0.0.0->10.0.0.2");
    pass(s, ARP_PROBE_WAIT_NS - 1);
    expect_nothing(s);
    pass(s, 1);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    pass(s, ARP_ANNOUNCE_NS);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    script_end(s);
}

static void lost_messages_are_sent_again(void **state)
{
    struct script *s = start();
    uint64_t began = s->now_ns;
    for (unsigned i = 0; i < 9; i++) {
        uint64_t wait = net_deadline(s->n) - s->now_ns;
        uint64_t span = (i < 6 ? 1ull << i : 64) * NS_PER_S;
        assert_in_range(wait, span * 3 / 4, span * 5 / 4);
        pass(s, wait);
        hear(s, DHCP_DISCOVER);
    }
    assert_int_equal(heard.secs, (s->now_ns - began) / NS_PER_S);
    answer(s, usual(DHCP_OFFER));
    for (int i = 0; i < 4; i++) {
        hear(s, DHCP_REQUEST);
        pass(s, net_deadline(s->n) - s->now_ns);
    }
    hear(s, DHCP_DISCOVER); /* the server is gone: from the beginning */
    hear_no_dhcp(s);
    script_end(s);
}

static void renews_at_half_time_by_unicast(void **state)
{
    struct script *s = start_bound();
    know_peer((s->n_read = s->n_sent, s));
    pass(s, 1799 * NS_PER_S);
    hear_no_dhcp(s);
    pass(s, 1 * NS_PER_S);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
    input_arp(s, ARP_REPLY, PEER_MAC, SERVER_IP, OUR_IP);
    hear(s, DHCP_REQUEST);
    assert_int_equal(ip4_u32(&heard_dst), 0x0a000001);
    assert_int_equal(ip4_u32(&heard.ciaddr), 0x0a000002);
    assert_true(ip_equal(&heard.server_id, &IP_NONE));
    assert_true(ip_equal(&heard.requested, &IP_NONE));
    answer(s, usual(DHCP_ACK));
    assert_int_equal(s->n->counters.dhcp.renewed, 1);
    pass(s, 1700 * NS_PER_S);
    hear_no_dhcp(s);
    assert_true(s->n->ip4.up);
    script_end(s);
}

static void rebinds_by_broadcast_with_any_server(void **state)
{
    struct script *s = start_bound();
    struct answer other = usual(DHCP_ACK);
    other.server = ip4(10, 0, 0, 77);
    pass(s, 3149 * NS_PER_S); /* the server's address does not resolve: no renewal leaves us */
    hear_no_dhcp(s);
    pass(s, 1 * NS_PER_S);
    while (s->n_read < s->n_sent && s->sent[s->n_read].b[13] == 6)
        s->n_read++;
    hear(s, DHCP_REQUEST);
    assert_int_equal(ip4_u32(&heard_dst), UINT32_MAX);
    assert_int_equal(ip4_u32(&heard.ciaddr), 0x0a000002);
    answer(s, other);
    assert_int_equal(s->n->dhcp.state, DHCP_BOUND);
    assert_int_equal(ip4_u32(&s->n->dhcp.server), 0x0a00004d);
    script_end(s);
}

static void an_expired_lease_is_given_up(void **state)
{
    struct script *s = start_bound();
    pass(s, 3599 * NS_PER_S);
    assert_true(s->n->ip4.up);
    s->n_read = s->n_sent;
    pass(s, 1 * NS_PER_S);
    assert_false(s->n->ip4.up);
    hear(s, DHCP_DISCOVER);
    assert_int_equal(s->n->counters.dhcp.expired, 1);
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    answer(s, usual(DHCP_ACK));
    assert_true(s->n->ip4.up);
    forget_sent(s);
    script_end(s);
}

static void a_lease_for_ever_never_ends(void **state)
{
    struct script *s = start();
    struct answer a = usual(DHCP_OFFER);
    a.lease_s = DHCP_FOREVER;
    answer(s, a);
    hear(s, DHCP_REQUEST);
    a.type = DHCP_ACK;
    answer(s, a);
    pass(s, 10 * NS_PER_S);
    assert_int_equal(net_deadline(s->n), TIME_NEVER);
    forget_sent(s);
    script_end(s);
}

static void times_of_the_server_are_used_when_they_make_sense(void **state)
{
    const struct {
        uint32_t t1, t2, got1, got2;
    } cases[] = {{100, 200, 100, 200}, {300, 200, 100, 200}, {2000, 5000, 2000, 3150}, {0, 200, 100, 200}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = start();
        struct answer a = usual(DHCP_OFFER);
        answer(s, a);
        hear(s, DHCP_REQUEST);
        a.type = DHCP_ACK;
        a.t1_s = cases[i].t1;
        a.t2_s = cases[i].t2;
        uint64_t now = s->now_ns;
        answer(s, a);
        assert_int_equal((s->n->dhcp.t1_ns - now) / NS_PER_S, cases[i].got1);
        assert_int_equal((s->n->dhcp.t2_ns - now) / NS_PER_S, cases[i].got2);
        forget_sent(s);
        script_end(s);
    }
}

static void a_nak_begins_anew_but_not_in_a_storm(void **state)
{
    struct script *s = start();
    for (int i = 0; i < 3; i++) {
        answer(s, usual(DHCP_OFFER));
        hear(s, DHCP_REQUEST);
        answer(s, usual(DHCP_NAK));
        hear_no_dhcp(s);
        assert_in_range(net_deadline(s->n) - s->now_ns, (NS_PER_S << i) * 3 / 4, (NS_PER_S << i) * 5 / 4);
        pass(s, net_deadline(s->n) - s->now_ns);
        hear(s, DHCP_DISCOVER);
    }
    assert_int_equal(s->n->counters.dhcp.naks, 3);
    script_end(s);
}

static void a_nak_while_renewing_takes_the_address(void **state)
{
    struct script *s = start_bound();
    pass(s, 1801 * NS_PER_S);
    heard.xid = s->n->dhcp.xid;
    assert_int_equal(s->n->dhcp.state, DHCP_RENEWING);
    answer(s, usual(DHCP_NAK));
    assert_false(s->n->ip4.up);
    forget_sent(s);
    pass(s, 2 * NS_PER_S);
    hear(s, DHCP_DISCOVER);
    script_end(s);
}

static void a_conflict_declines_the_lease(void **state)
{
    struct script *s = start_bound();
    s->n_read = s->n_sent;
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, IP_ANY4);
    hear(s, DHCP_DECLINE);
    assert_int_equal(ip4_u32(&heard.requested), 0x0a000002);
    assert_int_equal(ip4_u32(&heard.server_id), 0x0a000001);
    assert_false(s->n->ip4.up);
    pass(s, 10 * NS_PER_S - 1);
    expect_nothing(s);
    pass(s, 1);
    hear(s, DHCP_DISCOVER);
    assert_true(ip_equal(&heard.requested, &IP_NONE)); /* not that one again */
    assert_int_equal(s->n->counters.dhcp.declines, 1);
    script_end(s);
}

static void a_late_conflict_is_defended_once(void **state)
{
    struct script *s = start_bound();
    pass(s, 100 * NS_PER_S);
    s->n_read = s->n_sent;
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, IP_ANY4);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    assert_true(s->n->ip4.up);
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, IP_ANY4);
    hear(s, DHCP_DECLINE);
    script_end(s);
}

static void answers_that_are_not_ours_are_ignored(void **state)
{
    struct script *s = start();
    struct answer a = usual(DHCP_OFFER);
    a.xid = heard.xid + 1;
    answer(s, a);
    answer(s, usual(DHCP_ACK)); /* nothing was requested */
    a = usual(DHCP_OFFER);
    a.yiaddr = ip4(224, 0, 0, 1);
    answer(s, a);
    a.yiaddr = IP_ANY4;
    answer(s, a);
    expect_nothing(s);
    answer(s, usual(DHCP_OFFER));
    hear(s, DHCP_REQUEST);
    a = usual(DHCP_ACK);
    a.server = ip4(10, 0, 0, 66);
    answer(s, a);
    a = usual(DHCP_ACK);
    a.yiaddr = ip4(10, 0, 0, 3);
    answer(s, a);
    a = usual(DHCP_ACK);
    a.lease_s = 0;
    answer(s, a);
    assert_false(s->n->ip4.up);
    assert_int_equal(s->n->counters.dhcp.in_ignored, 7);
    input_udp(s, (struct endpoint){SERVER_IP, 67}, (struct endpoint){IP_BROADCAST4, 68}, bytes_str("short"));
    assert_int_equal(s->n->counters.dhcp.in_malformed, 1);
    script_end(s);
}

static void without_an_address_only_dhcp_hears(void **state)
{
    struct script *s = start();
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO}, OUR_IP);
    input_udp(s, (struct endpoint){PEER_IP, 9}, (struct endpoint){OUR_IP, 9}, bytes_str("x"));
    input_arp(s, ARP_REQUEST, PEER_MAC, PEER_IP, OUR_IP);
    expect_nothing(s);
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_lease),
        cmocka_unit_test(an_end_gives_the_lease_back),
        cmocka_unit_test(classless_routes_stand_for_the_router),
        cmocka_unit_test(classless_default_routes_too),
        cmocka_unit_test(routes_in_parts_are_put_together),
        cmocka_unit_test(wrong_routes_spoil_the_message),
        cmocka_unit_test(all_routers_are_gateways_in_their_order),
        cmocka_unit_test(what_there_is_no_room_for_is_left_out),
        cmocka_unit_test(the_mtu_is_taken_if_it_makes_sense),
        cmocka_unit_test(a_renewal_changes_what_it_says),
        cmocka_unit_test(fixed_routes_outlive_the_lease),
        cmocka_unit_test(the_former_address_is_asked_for),
        cmocka_unit_test(probes_then_announces),
        cmocka_unit_test(lost_messages_are_sent_again),
        cmocka_unit_test(renews_at_half_time_by_unicast),
        cmocka_unit_test(rebinds_by_broadcast_with_any_server),
        cmocka_unit_test(an_expired_lease_is_given_up),
        cmocka_unit_test(a_lease_for_ever_never_ends),
        cmocka_unit_test(times_of_the_server_are_used_when_they_make_sense),
        cmocka_unit_test(a_nak_begins_anew_but_not_in_a_storm),
        cmocka_unit_test(a_nak_while_renewing_takes_the_address),
        cmocka_unit_test(a_conflict_declines_the_lease),
        cmocka_unit_test(a_late_conflict_is_defended_once),
        cmocka_unit_test(answers_that_are_not_ours_are_ignored),
        cmocka_unit_test(without_an_address_only_dhcp_hears),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
