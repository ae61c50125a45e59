/* SPDX-License-Identifier: ISC */
/* IPv6 below the transports, on a fake device and a fake clock; RFC numbers in the tests' comments are those of doc/ip.md. */
#include "test/support/net_script6.h"

/* ---- Addresses ---- */

/* RFC 4862 5.4, RFC 4429, RFC 3810: reports of the group, the probe from "::", then silence. */
static void the_start_is_this(void **state)
{
    struct script *s = script6(NULL, true);
    expect(s, "*16 ::>ff02::16 hops=1 icmp6 143/0 rest=00000001 data=20");
    expect(s, "*02 ::>ff02::1:ff00:2 hops=255 icmp6 135/0 rest=00000000 data=16");
    expect(s, "*02 ::>ff02::2 hops=255 icmp6 133/0 rest=00000000 data=0");
    pass(s, NS_PER_S);
    expect(s, "*16 " OUR_LINK_TEXT ">ff02::16 hops=1 icmp6 143/0 rest=00000001 data=20");
    assert_false(s->n->ip6_ops->is_ready(s->n));
    pass(s, 20 * NS_PER_S);
    expect(s, "*02 " OUR_LINK_TEXT ">ff02::2 hops=255 icmp6 133/0 rest=00000000 data=8");
    expect(s, "*02 " OUR_LINK_TEXT ">ff02::2 hops=255 icmp6 133/0 rest=00000000 data=8");
    assert_true(s->n->ip6_ops->is_ready(s->n));
    script_end(s);
}

static void an_address_of_somebody_else_is_given_up(void **state)
{
    struct script *s = script6("fd00::2/64", false);
    struct ip ours;
    assert_true(ip_parse(bytes_str("fd00::2"), &ours));
    struct ip group = ip6_solicited_group(&ours);
    forget_sent(s);
    input_icmp6(s, ours, our_link, 64, (struct icmp6){.type = ICMP6_ECHO});
    assert_int_equal(s->n->counters.ip6.in_martian, 1); /* as ours it can't be a source */
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, ours, all_nodes, ours, &peer_mac); /* but here */
    assert_int_equal(s->n->ip6->address[1].state, IP6_DUPLICATE);
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, peer, group, ours, &peer_mac);
    expect_nothing(s);
    /* A made one is made anew (RFC 7217 6). */
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, IP_NONE, ip6_solicited_group(&our_link), our_link, NULL);
    assert_int_equal(s->n->ip6->address[0].state, IP6_OPTIMISTIC);
    assert_int_equal(s->n->ip6->address[0].retries, 1);
    assert_false(ip_equal(&s->n->ip6->address[0].ip, &our_link));
    net_free(s->n);
    free(s);
}

static void a_probe_for_our_address_is_answered_to_all(void **state)
{
    struct script *s = settled(NULL, false);
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, IP_NONE, ip6_solicited_group(&our_link), our_link, NULL);
    expect(s, "*01 " OUR_LINK_TEXT ">ff02::1 hops=255 icmp6 136/0 rest=20000000 data=24");
    assert_int_equal(s->n->counters.ip6.in_conflicts, 1);
    script_end(s);
}

static void sources_fit_their_destinations(void **state)
{
    struct script *s = settled("2001:db8::2/64", false);
    struct ip_net more;
    assert_true(ip_net_parse(bytes_str("fd00::2/64"), &more));
    assert_non_null(ip6_add(s->n, s->now_ns, &more));
    struct {
        const char *dst, *src;
    } cases[] = {{"fe80::9", OUR_LINK_TEXT},
                 {"ff02::1", OUR_LINK_TEXT},
                 {"2001:db8:9::7", "2001:db8::2"},
                 {"fd12::1", "fd00::2"},
                 {"2600::1", "2001:db8::2"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ip dst;
        char text[IP_TEXT_BYTES];
        assert_true(ip_parse(bytes_str(cases[i].dst), &dst));
        assert_string_equal(ip_text(&ip6_source(s->n, &dst)->ip, text), cases[i].src);
    }
    s->n->ip6->address[1].preferred_ns = 0; /* rule 3: deprecated */
    assert_true(ip_equal(&ip6_source(s->n, &far)->ip, &more.ip));
    net_free(s->n);
    free(s);
}

/* ---- Neighbours ---- */

static void a_packet_waits_for_its_neighbour(void **state)
{
    struct script *s = settled(NULL, false);
    assert_int_equal(send6(s, peer, 10), OK);
    expect(s, "*09 " OUR_LINK_TEXT ">ff02::1:ff00:9 hops=255 icmp6 135/0 rest=00000000 data=24");
    expect_nothing(s);
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_SOLICITED, peer, our_link, peer, &peer_mac);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=10");
    script_end(s);
}

/* RFC 4861 7.3: 30 s reachable, then stale; used, 5 s later it is asked directly; three times, then it is gone. */
static void a_silent_neighbour_is_noticed(void **state)
{
    struct script *s = settled(NULL, false);
    assert_int_equal(send6(s, peer, 10), OK);
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_SOLICITED, peer, our_link, peer, &peer_mac);
    forget_sent(s);
    pass(s, 31 * NS_PER_S);
    assert_int_equal(send6(s, peer, 10), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=10");
    pass(s, 4 * NS_PER_S);
    expect_nothing(s);
    pass(s, 10 * NS_PER_S);
    for (int i = 0; i < ND_REQUESTS; i++)
        expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=255 icmp6 135/0 rest=00000000 data=24");
    expect_nothing(s);
    assert_int_equal(s->n->counters.nd.silent, 1);
    assert_false(nd_is_there(s->n, &peer));
    script_end(s);
}

/* RFC 4861 7.3.1: forward progress above is as good as an answer. */
static void a_confirmed_neighbour_is_not_asked(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(send6(s, peer, 10), OK);
        expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=10");
        pass(s, 4 * NS_PER_S);
        s->n->below.reached(&s->n->below, s->now_ns, &peer);
        pass(s, 31 * NS_PER_S);
    }
    expect_nothing(s);
    assert_int_equal(s->n->counters.nd.out_solicitations, 0);
    script_end(s);
}

/* RFC 4861 7.2.5: without the override flag another MAC only casts doubt; with it, it is taken. */
static void another_mac_is_taken_only_with_override(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, 0, peer, all_nodes, peer, &router_mac);
    assert_int_equal(send6(s, peer, 1), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=1");
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, peer, all_nodes, peer, &router_mac);
    assert_int_equal(send6(s, peer, 1), OK);
    expect(s, "01 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=1");
    script_end(s);
}

/* RFC 4861 7.1: a router would have lowered the hop limit. */
static void messages_from_beyond_the_link_are_refused(void **state)
{
    struct script *s = settled(NULL, true);
    uint8_t b[ND_NEIGHBOUR_BYTES];
    struct writer w = writer_of(b, sizeof b);
    nd_emit_neighbour(&w, &our_link, ND_SOURCE_MAC, &peer_mac);
    for (uint8_t type = ICMP6_ROUTER_ADVERTISEMENT; type <= ICMP6_REDIRECT; type++)
        input_icmp6(s, peer, our_link, 254, (struct icmp6){.type = type, .data = writer_bytes(&w)});
    assert_int_equal(s->n->counters.nd.in_malformed, 4);
    expect_nothing(s);
    script_end(s);
}

static void the_newest_packets_wait(void **state)
{
    struct script *s = settled(NULL, false);
    for (size_t i = 0; i < ND_WAITING_PER_NEIGHBOUR + 2; i++)
        assert_int_equal(send6(s, peer, 10 + i), OK);
    expect(s, "*09 " OUR_LINK_TEXT ">ff02::1:ff00:9 hops=255 icmp6 135/0 rest=00000000 data=24");
    assert_int_equal(s->n->counters.nd.waiting_dropped, 2);
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_SOLICITED, peer, our_link, peer, &peer_mac);
    for (size_t i = 2; i < ND_WAITING_PER_NEIGHBOUR + 2; i++) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=%zu", 10 + i);
        expect(s, text);
    }
    script_end(s);
}

static void waiting_memory_is_bounded(void **state)
{
    struct script *s = settled(NULL, false);
    for (uint8_t i = 0; i < ND_WAITING_FRAMES + 3; i++)
        assert_int_equal(send6(s, (struct ip){{0xfe, 0x80, [14] = 1, [15] = i}}, 1), OK);
    assert_int_equal(s->n->counters.nd.waited, ND_WAITING_FRAMES);
    assert_int_equal(s->n->counters.nd.waiting_dropped, 3);
    assert_int_equal(s->n->ip6->nd.room.frames.n_used, ND_WAITING_FRAMES);
    forget_sent(s);
    pass(s, 10 * NS_PER_S);
    assert_int_equal(s->n->counters.nd.waiting_dropped, ND_WAITING_FRAMES + 3);
    assert_int_equal(s->n->ip6->nd.room.frames.n_used, 0);
    net_free(s->n);
    free(s);
}

/* The last one takes the first one's place, whose packets go. */
static void the_table_is_bounded(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_nd *c = &s->n->counters.nd;
    for (int i = 1; i < ND_WAITING_PER_NEIGHBOUR; i++)
        assert_int_equal(send6(s, (struct ip){{0xfe, 0x80, [14] = 1}}, 1), OK);
    for (uint8_t i = 0; i < ND_NEIGHBOURS; i++)
        assert_int_equal(send6(s, (struct ip){{0xfe, 0x80, [14] = 1, [15] = i}}, 1), OK);
    assert_int_equal(c->evicted, 0);
    assert_int_equal(s->n->ip6->nd.room.frames.n_used, ND_WAITING_FRAMES);
    assert_int_equal(send6(s, peer, 1), OK);
    assert_int_equal(c->evicted, 1);
    assert_int_equal(s->n->ip6->nd.room.frames.n_used, ND_WAITING_FRAMES - ND_WAITING_PER_NEIGHBOUR + 1);
    net_free(s->n);
    free(s);
}

/* A flood of questions by hosts that do not exist costs no neighbour that we speak with. */
static void strangers_go_first(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    assert_int_equal(send6(s, peer, 1), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=1");
    for (unsigned i = 0; i < 3 * ND_NEIGHBOURS; i++) {
        struct ip other = {{0xfe, 0x80, [14] = 1, [15] = (uint8_t)i}};
        input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, other, our_link, our_link, &router_mac);
    }
    assert_true(nd_is_there(s->n, &peer));
    assert_int_equal(s->n->counters.nd.evicted, 2 * ND_NEIGHBOURS + 1);
    net_free(s->n);
    free(s);
}

/* RFC 4429 3.2 and 3.3: with optimistic addresses alone nobody is asked, and an answer does not override. */
static void optimistic_addresses_are_discreet(void **state)
{
    struct script *s = script6(NULL, false);
    forget_sent(s);
    assert_int_equal(send6(s, peer, 1), OK);
    expect_nothing(s);
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, router, our_link, our_link, &router_mac);
    expect(s, "01 " OUR_LINK_TEXT ">fe80::1 hops=255 icmp6 136/0 rest=40000000 data=24");
    pass(s, NS_PER_S + NS_PER_MS);
    expect(s, "*16 " OUR_LINK_TEXT ">ff02::16 hops=1 icmp6 143/0 rest=00000001 data=20");
    expect(s, "*09 " OUR_LINK_TEXT ">ff02::1:ff00:9 hops=255 icmp6 135/0 rest=00000000 data=24");
    script_end(s);
}

/* Where no address ever becomes valid nobody can be asked for; what waits is given up in the same time all the same. */
static void a_question_that_cannot_be_asked_ends_too(void **state)
{
    struct script *s = script6(NULL, false);
    struct counters_nd *c = &s->n->counters.nd;
    for (int i = 0; i <= IP6_IDENTIFIERS; i++) {
        assert_int_equal(send6(s, peer, 1), OK);
        struct ip ours = s->n->ip6->address[0].ip;
        input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, IP_NONE, ip6_solicited_group(&ours), ours, NULL);
    }
    assert_int_equal(s->n->ip6->address[0].state, IP6_DUPLICATE);
    assert_int_equal(c->waited, IP6_IDENTIFIERS + 1);
    pass(s, (ND_REQUESTS - 1) * ND_RETRY_NS);
    assert_int_equal(c->silent, 0);
    pass(s, ND_RETRY_NS);
    assert_int_equal(c->out_solicitations, 0);
    assert_int_equal(c->silent, 1);
    assert_int_equal(c->waiting_dropped, IP6_IDENTIFIERS + 1);
    assert_int_equal(s->n->ip6->nd.room.frames.n_used, 0);
    assert_int_equal(nd_deadline(s->n), TIME_NEVER);
    net_free(s->n);
    free(s);
}

/* ---- ICMPv6 and headers ---- */

static void pings_are_answered(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    struct icmp6 m = {.type = ICMP6_ECHO, .rest = 0x12345678, .data = bytes_of(zeros, 33)};
    input_icmp6(s, peer, our_link, 64, m);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 129/0 rest=12345678 data=33");
    input_icmp6(s, peer, all_nodes, 64, m);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 129/0 rest=12345678 data=33");
    script_end(s);
}

static void input_chain(struct script *s, struct ip dst, uint8_t next, const void *data, size_t len)
{
    input_ip6(s, (struct ip6_header){.next = next, .src = peer, .dst = dst}, bytes_of(data, len));
}

/* RFC 8200 4: what is answered, with which code and pointer; what is not. */
static void extension_headers_are_judged(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_ip6 *c = &s->n->counters.ip6;
    know_peer6(s);
    uint8_t unknown[] = {1, 2, 3, 4};
    input_chain(s, our_link, 99, unknown, 4); /* no such protocol: code 1, at byte 6 */
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/1 rest=00000006 data=44");
    uint8_t late[] = {0, 0, 1, 4, 0, 0, 0, 0, 59, 0, 1, 4, 0, 0, 0, 0};
    input_chain(s, our_link, IP6_DESTINATION, late, 16); /* hop-by-hop that is not first */
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/1 rest=00000028 data=56");
    uint8_t option[] = {59, 0, 0x80, 4, 0, 0, 0, 0};
    input_chain(s, our_link, IP6_DESTINATION, option, 8);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/2 rest=0000002a data=48");
    input_chain(s, all_nodes, IP6_DESTINATION, option, 8);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/2 rest=0000002a data=48");
    option[2] = 0xc0;
    input_chain(s, all_nodes, IP6_DESTINATION, option, 8);
    option[2] = 0x40;
    input_chain(s, our_link, IP6_DESTINATION, option, 8);
    assert_int_equal(c->in_bad_header, 1);
    option[2] = 0x1e;
    input_chain(s, our_link, IP6_DESTINATION, option, 8); /* to be skipped */
    expect_nothing(s);
    uint8_t routing[] = {59, 0, 0, 1, 0, 0, 0, 0};
    input_chain(s, our_link, IP6_ROUTING, routing, 8);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/0 rest=0000002a data=48");
    uint8_t many[80] = {0};
    for (size_t i = 0; i < 10; i++)
        memcpy(many + 8 * i, (uint8_t[]){IP6_DESTINATION, 0, 1, 4}, 4);
    input_chain(s, our_link, IP6_DESTINATION, many, 80);
    assert_int_equal(c->in_too_many, 1);
    script_end(s);
}

static void errors_are_limited_and_never_about_errors(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_icmp *c = &s->n->counters.icmp6;
    know_peer6(s);
    for (int i = 0; i < ICMP_ERROR_BURST + 3; i++)
        input_chain(s, our_link, 99, zeros, 8);
    assert_int_equal(c->out_unreachable, ICMP_ERROR_BURST);
    assert_int_equal(c->out_limited, 3);
    pass(s, NS_PER_S);
    forget_sent(s);
    input_chain(s, all_nodes, 99, zeros, 8);
    assert_int_equal(c->out_suppressed, 1);
    expect_nothing(s);
    script_end(s);
}

/* ---- Fragments ---- */

static void input_part(struct script *s, uint32_t id, uint8_t next, size_t at, size_t len, bool more, uint8_t fill)
{
    uint8_t b[2000];
    struct writer w = writer_of(b, sizeof b);
    ip6_emit_fragment(&w, &(struct ip6_fragment){.next = next, .offset = (uint16_t)at, .more = more, .id = id});
    memset(write_room(&w, len), fill, len);
    input_ip6(s, (struct ip6_header){.next = IP6_FRAGMENT, .src = peer, .dst = our_link}, writer_bytes(&w));
}

static void fragments_come_together_and_overlaps_die(void **state)
{
    struct script *s = settled(NULL, false);
    struct net_counters *c = &s->n->counters;
    input_part(s, 1, IP6_NOTHING, 16, 5, false, 1);
    input_part(s, 1, IP6_NOTHING, 0, 16, true, 1);
    assert_int_equal(c->frag.reassembled, 1);
    assert_int_equal(c->ip6.delivered, 1);
    input_part(s, 2, IP6_NOTHING, 0, 16, true, 1); /* RFC 5722 */
    input_part(s, 2, IP6_NOTHING, 8, 16, true, 2);
    input_part(s, 2, IP6_NOTHING, 16, 5, false, 1);
    assert_int_equal(c->frag.overlaps, 1);
    assert_int_equal(c->frag.poisoned, 1);
    assert_int_equal(c->ip6.delivered, 1);
    input_part(s, 2, IP6_NOTHING, 0, 8, false, 1); /* RFC 6946: whole, whatever others of its number did */
    assert_int_equal(c->ip6.in_atomic, 1);
    assert_int_equal(c->ip6.delivered, 2);
    script_end(s);
}

/* A fragment header inside what was fragmented. */
static void nested_fragments_are_refused(void **state)
{
    struct script *s = settled(NULL, false);
    uint8_t b[24];
    struct writer w = writer_of(b, sizeof b);
    ip6_emit_fragment(&w, &(struct ip6_fragment){.next = IP6_FRAGMENT, .id = 1});
    ip6_emit_fragment(&w, &(struct ip6_fragment){.next = IP6_NOTHING, .id = 2});
    write_zeros(&w, 8);
    input_ip6(s, (struct ip6_header){.next = IP6_FRAGMENT, .src = peer, .dst = our_link}, writer_bytes(&w));
    assert_int_equal(s->n->counters.ip6.in_bad_header, 1);
    assert_int_equal(s->n->counters.ip6.delivered, 0);
    script_end(s);
}

static void wrong_fragments_are_answered(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    input_part(s, 1, IP6_NOTHING, 0, 15, true, 1); /* RFC 8200 4.5: the payload length is at fault */
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/0 rest=00000004 data=63");
    input_part(s, 2, IP6_DESTINATION, 0, 8, true, 1); /* RFC 7112: an options header of 16 bytes in 8 */
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/3 rest=00000000 data=56");
    assert_int_equal(s->n->counters.ip6.in_split_headers, 1);
    input_part(s, 3, IP6_NOTHING, 0, 16, true, 1);
    pass(s, 29 * NS_PER_S);
    forget_sent(s);
    know_peer6(s);
    pass(s, 2 * NS_PER_S);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 3/1 rest=00000000 data=56");
    script_end(s);
}

/* RFC 8201: what is too big for the path goes in smaller parts from then on, for ten minutes, and never below 1280. */
static void a_narrow_path_is_remembered(void **state)
{
    struct script *s = settled(NULL, false);
    struct ip src;
    uint16_t room;
    uint8_t quoted[60];
    know_peer6(s);
    struct writer w = writer_of(quoted, sizeof quoted);
    ip6_emit(&w, &(struct ip6_header){.payload_len = 1400, .next = 99, .src = our_link, .dst = peer});
    write_zeros(&w, 20);
    struct icmp6 m = {.type = ICMP6_TOO_BIG, .rest = 1000, .data = writer_bytes(&w)};
    assert_int_equal(send6(s, peer, 1460), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=99 data=1460");
    input_icmp6(s, peer, our_link, 64, m);
    assert_int_equal(s->n->counters.ip6.path_mtu, 1);
    assert_int_equal(s->n->below.route(&s->n->below, &peer, &src, &room), OK);
    assert_int_equal(room, 1240);
    assert_int_equal(send6(s, peer, 1460), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 part 0+1232...");
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 part 1232+228");
    uint64_t told_ns = s->now_ns;
    pass(s, 599 * NS_PER_S);
    assert_int_equal(ip6_path_mtu(s->n, &peer), 1280);
    pass(s, told_ns + IP_PATH_MTU_NS - s->now_ns);
    assert_int_equal(ip6_path_mtu(s->n, &peer), 1500);
    net_free(s->n);
    free(s);
}

static void paths_are_bounded(void **state)
{
    struct script *s = settled(NULL, false);
    for (uint8_t i = 0; i <= IP6_PATHS; i++) {
        struct ip dst = {{0x20, 1, [15] = i}};
        ip6_path_too_big(s->n, s->now_ns++, &dst, 1300);
    }
    assert_int_equal(s->n->counters.ip6.paths_evicted, 1);
    assert_int_equal(ip6_path_mtu(s->n, &(struct ip){{0x20, 1, [15] = 0}}), 1500);
    assert_int_equal(ip6_path_mtu(s->n, &(struct ip){{0x20, 1, [15] = 1}}), 1300);
    script_end(s);
}

/* ---- Routers ---- */

static const struct ra good = {.lifetime_s = 1800,
                               .valid_s = 86400,
                               .preferred_s = 14400,
                               .mtu = 1400,
                               .prefix = "2001:db8::/64",
                               .servers = true};

static void an_advertisement_gives_all(void **state)
{
    struct script *s = script6(NULL, true);
    struct ip src;
    uint16_t room;
    pass(s, 2 * NS_PER_S);
    assert_int_equal(s->n->below.route(&s->n->below, &far, &src, &room), ERR_UNREACHABLE);
    input_ra(s, router, &router_mac, good);
    assert_true(s->n->ip6_ops->is_ready(s->n));
    assert_int_equal(s->n->below.route(&s->n->below, &far, &src, &room), OK);
    struct ip stable = ip6_stable(s->n, &(struct ip){{0x20, 1, 0xd, 0xb8}}, 0);
    assert_true(ip_equal(&src, &stable));
    assert_int_equal(room, 1360);
    assert_true(ip_equal(&s->n->ip6->slaac.server[0], &far));
    pass(s, 2 * NS_PER_S);
    forget_sent(s);
    assert_int_equal(send6(s, far, 1), OK);
    assert_int_equal(s->n_sent, 1);
    assert_int_equal(s->sent[0].b[5], 1); /* to the router */
    forget_sent(s);
    pass(s, 610 * NS_PER_S);
    assert_int_equal(s->n->ip6->slaac.n_servers, 0);
    pass(s, 1200 * NS_PER_S);
    assert_int_equal(s->n->below.route(&s->n->below, &far, &src, &room), ERR_UNREACHABLE); /* the router's time */
    pass(s, UINT64_C(86400) * NS_PER_S);
    assert_null(ip6_find(s->n, &stable)); /* the prefix's time */
    net_free(s->n);
    free(s);
}

/* RFC 4861 6.3.6: of two routers the one that answers. */
static void a_silent_router_is_passed_over(void **state)
{
    struct script *s = settled(NULL, true);
    struct ra a = {.lifetime_s = 1800};
    input_ra(s, router, &router_mac, a);
    input_ra(s, peer, &peer_mac, a);
    struct ip hop = slaac_router(s->n);
    assert_true(ip_equal(&hop, &router));
    assert_int_equal(send6(s, far, 1), OK);
    pass(s, 10 * NS_PER_S); /* 5 s until it is asked, three times */
    hop = slaac_router(s->n);
    assert_true(ip_equal(&hop, &peer));
    net_free(s->n);
    free(s);
}

/* RFC 4862 5.5.3 (e): a short life is not believed below two hours; RFC 4861 6.3.4: no router at once. */
static void lifetimes_are_taken_with_care(void **state)
{
    struct script *s = settled(NULL, true);
    input_ra(s, router, &router_mac, good);
    struct ip6_address *a = &s->n->ip6->address[1];
    assert_int_equal(a->state, IP6_OPTIMISTIC);
    input_ra(s, router, &router_mac, (struct ra){.valid_s = 1, .prefix = "2001:db8::/64"});
    assert_int_equal(a->valid_ns, s->now_ns + 7200 * NS_PER_S);
    assert_int_equal(a->preferred_ns, 0);
    struct ip hop = slaac_router(s->n);
    assert_true(ip_equal(&hop, &IP_NONE));
    assert_int_equal(s->n->counters.nd.routers_full, 0);
    net_free(s->n);
    free(s);
}

static void routers_and_prefixes_are_bounded(void **state)
{
    struct script *s = settled(NULL, true);
    for (uint8_t i = 0; i < 12; i++) {
        char prefix[40];
        snprintf(prefix, sizeof prefix, "2001:db8:0:%x::/64", i);
        struct ra a = good;
        a.prefix = prefix;
        input_ra(s, (struct ip){{0xfe, 0x80, [15] = (uint8_t)(100 + i)}}, &router_mac, a);
    }
    assert_int_equal(s->n->counters.nd.routers_full, 12 - SLAAC_ROUTERS);
    assert_int_equal(s->n->counters.nd.prefixes_full, 12 - SLAAC_PREFIXES);
    assert_int_equal(s->n->counters.ip6.addresses_full, 12 - (IP6_ADDRESSES - 1));
    net_free(s->n);
    free(s);
}

/* More prefixes and name servers in one message than anybody means. */
static void an_advertisement_is_bounded(void **state)
{
    struct script *s = settled(NULL, true);
    uint8_t b[8 + 32 * (ND_PREFIXES_MAX + 2) + 8 + 16 * (ND_SERVERS_MAX + 3)];
    struct writer w = writer_of(b, sizeof b);
    struct ip_net net;
    assert_true(ip_net_parse(bytes_str("2001:db8::/64"), &net));
    write_be64(&w, 0);
    for (uint8_t i = 0; i < ND_PREFIXES_MAX + 2; i++) {
        net.ip.b[7] = i;
        write_copy(&w, (uint8_t[]){ND_PREFIX, 4, 64, 0x80}, 4); /* on the link, for no address */
        write_be32(&w, 86400);
        write_be32(&w, 86400);
        write_be32(&w, 0);
        write_copy(&w, net.ip.b, 16);
    }
    write_be32(&w, (uint32_t)ND_RDNSS << 24 | (1 + 2 * (ND_SERVERS_MAX + 3)) << 16);
    write_be32(&w, 600);
    for (uint8_t i = 0; i < ND_SERVERS_MAX + 3; i++)
        write_copy(&w, (struct ip){{0xfd, [15] = i}}.b, 16);
    struct icmp6 m = {.type = ICMP6_ROUTER_ADVERTISEMENT, .data = writer_bytes(&w)};
    input_icmp6(s, router, all_nodes, 255, m);
    assert_int_equal(s->n->counters.nd.prefixes_full, 2);
    assert_int_equal(s->n->counters.nd.servers_full, 3);
    assert_int_equal(s->n->ip6->slaac.n_servers, SLAAC_SERVERS);
    for (uint8_t i = 0; i < SLAAC_SERVERS; i++)
        assert_int_equal(s->n->ip6->slaac.server[i].b[15], i); /* the first ones */
    net.ip.b[7] = ND_PREFIXES_MAX - 1;
    assert_true(slaac_is_on_link(s->n, &net.ip));
    net.ip.b[7] = ND_PREFIXES_MAX;
    assert_false(slaac_is_on_link(s->n, &net.ip));
    net_free(s->n);
    free(s);
}

static void redirects_come_from_the_router_alone(void **state)
{
    struct script *s = settled(NULL, true);
    uint8_t b[40];
    struct writer w = writer_of(b, sizeof b);
    input_ra(s, router, &router_mac, good);
    write_copy(&w, peer.b, 16);
    write_copy(&w, far.b, 16);
    nd_emit_mac(&w, ND_TARGET_MAC, &peer_mac);
    struct icmp6 m = {.type = ICMP6_REDIRECT, .data = writer_bytes(&w)};
    input_icmp6(s, peer, our_link, 255, m);
    struct ip hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &router));
    input_icmp6(s, router, our_link, 255, m);
    hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &peer));
    assert_int_equal(s->n->counters.nd.in_ignored, 1);
    net_free(s->n);
    free(s);
}

static void advertisements_are_ignored_when_not_wanted(void **state)
{
    struct script *s = settled("fd00::2/64", false);
    input_ra(s, router, &router_mac, good);
    assert_int_equal(s->n->ip6->address[2].state, IP6_FREE);
    assert_int_equal(s->n->counters.nd.in_ignored, 1);
    struct ip hop = slaac_router(s->n);
    assert_true(ip_equal(&hop, &IP_NONE));
    script_end(s);
}

/* RFC 3810 5.1.14: an answer within the time that the query names, and only to a sound one. */
static void a_query_is_answered(void **state)
{
    struct script *s = settled(NULL, false);
    uint8_t b[8 + 8 + 20];
    struct writer w = writer_of(b, sizeof b);
    struct icmp6 m = {.type = ICMP6_MLD_QUERY, .rest = 1000 << 16, .data = bytes_of(zeros, 20)};
    write_copy(&w, (uint8_t[]){IP6_ICMP, 0, 5, 2, 0, 0, 1, 0}, 8);
    icmp6_emit(&w, &m, &router, &all_nodes, &m.data, 1);
    write_zeros(&w, 20);
    struct ip6_header h = {.next = IP6_HOP_BY_HOP, .hop_limit = 1, .src = router, .dst = all_nodes};
    input_icmp6(s, router, all_nodes, 1, m); /* without the router alert */
    assert_int_equal(s->n->counters.icmp6.in_ignored, 1);
    assert_int_equal(s->n->counters.nd.mld_queries, 0);
    pass(s, 2 * NS_PER_S);
    expect_nothing(s);
    input_ip6(s, h, writer_bytes(&w));
    pass(s, NS_PER_S);
    expect(s, "*16 " OUR_LINK_TEXT ">ff02::16 hops=1 icmp6 143/0 rest=00000001 data=20");
    script_end(s);
}

/* ---- UDP ---- */

static void udp_goes_both_ways(void **state)
{
    struct script *s = settled(NULL, false);
    struct udp_socket *u;
    uint8_t b[40], got[40];
    size_t len;
    struct endpoint from;
    struct bytes data = bytes_of("hello", 5);
    know_peer6(s);
    assert_int_equal(udp_open(s->n, 7, &u), OK);
    for (uint16_t port = 7; port <= 8; port++) {
        struct writer w = writer_of(b, sizeof b);
        udp_emit(&w, &(struct udp_header){1000, port}, &peer, &our_link, &data, 1, 5);
        write_bytes(&w, data);
        input_chain(s, our_link, IP_UDP, b, writer_len(&w));
    }
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 1/4 rest=00000000 data=53");
    assert_int_equal(udp_take(u, got, sizeof got, &len, &from), OK);
    assert_int_equal(len, 5);
    assert_true(ip_equal(&from.ip, &peer));
    assert_int_equal(udp_transmit(u, s->now_ns, &from, &data, 1), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 udp 7>1000 data=5");
    udp_shut(u, s->now_ns);
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_is_this),
        cmocka_unit_test(an_address_of_somebody_else_is_given_up),
        cmocka_unit_test(a_probe_for_our_address_is_answered_to_all),
        cmocka_unit_test(sources_fit_their_destinations),
        cmocka_unit_test(a_packet_waits_for_its_neighbour),
        cmocka_unit_test(a_silent_neighbour_is_noticed),
        cmocka_unit_test(a_confirmed_neighbour_is_not_asked),
        cmocka_unit_test(another_mac_is_taken_only_with_override),
        cmocka_unit_test(messages_from_beyond_the_link_are_refused),
        cmocka_unit_test(the_newest_packets_wait),
        cmocka_unit_test(waiting_memory_is_bounded),
        cmocka_unit_test(the_table_is_bounded),
        cmocka_unit_test(strangers_go_first),
        cmocka_unit_test(optimistic_addresses_are_discreet),
        cmocka_unit_test(a_question_that_cannot_be_asked_ends_too),
        cmocka_unit_test(pings_are_answered),
        cmocka_unit_test(extension_headers_are_judged),
        cmocka_unit_test(errors_are_limited_and_never_about_errors),
        cmocka_unit_test(fragments_come_together_and_overlaps_die),
        cmocka_unit_test(nested_fragments_are_refused),
        cmocka_unit_test(wrong_fragments_are_answered),
        cmocka_unit_test(a_narrow_path_is_remembered),
        cmocka_unit_test(paths_are_bounded),
        cmocka_unit_test(an_advertisement_gives_all),
        cmocka_unit_test(a_silent_router_is_passed_over),
        cmocka_unit_test(lifetimes_are_taken_with_care),
        cmocka_unit_test(routers_and_prefixes_are_bounded),
        cmocka_unit_test(an_advertisement_is_bounded),
        cmocka_unit_test(redirects_come_from_the_router_alone),
        cmocka_unit_test(advertisements_are_ignored_when_not_wanted),
        cmocka_unit_test(a_query_is_answered),
        cmocka_unit_test(udp_goes_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
