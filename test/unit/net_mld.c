/* SPDX-License-Identifier: ISC */
/* Which groups we are in, and how routers and switches learn it: MLDv2 (RFC 3810) and MLDv1 (RFC 2710). */
#include "test/support/net_script6.h"

static const struct ip group = {{0xff, 2, [15] = 0xfb}};
static const struct ip wide = {{0xff, 5, [13] = 1, [15] = 3}};

/* The groups of the last report of version 2 that was sent, as "TYPE:GROUP ..." */
static const char *records(struct script *s)
{
    static char out[400];
    struct writer w = writer_of(out, sizeof out);
    while (s->n_read < s->n_sent) {
        struct sent *f = &s->sent[s->n_read++];
        struct ip6_header h;
        struct bytes datagram;
        struct icmp6 m;
        assert_true(ip6_parse(bytes_of(f->b + ETHER_BYTES, f->len - ETHER_BYTES), &h, &datagram));
        struct ip6_walk walk = ip6_walk_start(&h);
        assert_int_equal(ip6_walk(&walk, datagram), IP6_FOUND_UPPER);
        assert_true(icmp6_parse(bytes_slice(datagram, walk.at, datagram.len), &h.src, &h.dst, &m));
        if (m.type != ICMP6_MLD2_REPORT)
            continue;
        assert_true(walk.router_alert && h.hop_limit == 1);
        struct reader r = reader_of(m.data);
        for (uint32_t i = 0; i < m.rest; i++) {
            char text[IP_TEXT_BYTES];
            struct ip ip;
            uint8_t type = read_u8(&r);
            read_skip(&r, 3);
            read_copy(&r, ip.b, 16);
            write_format(&w, "%s%u:%s", i ? " " : "", type, ip_text(&ip, text));
        }
        assert_true(reader_good(&r) && reader_left(&r) == 0);
        break;
    }
    write_u8(&w, 0);
    return out;
}

static void input_mld(struct script *s, struct ip src, struct ip dst, uint8_t hops, struct icmp6 m)
{
    uint8_t b[200];
    struct writer w = writer_of(b, sizeof b);
    write_copy(&w, (uint8_t[]){IP6_ICMP, 0, 5, 2, 0, 0, 1, 0}, 8);
    icmp6_emit(&w, &m, &src, &dst, &m.data, 1);
    write_bytes(&w, m.data);
    input_ip6(s, (struct ip6_header){.next = IP6_HOP_BY_HOP, .hop_limit = hops, .src = src, .dst = dst},
              writer_bytes(&w));
}

/* Without a group: for all. Version 2 says how robust, and names no sources. */
static void query(struct script *s, const struct ip *of, uint16_t code, int version)
{
    uint8_t b[20] = {0};
    if (of)
        memcpy(b, of->b, 16);
    b[16] = 2;
    struct icmp6 m = {
        .type = ICMP6_MLD_QUERY, .rest = (uint32_t)code << 16, .data = bytes_of(b, version == 1 ? 16 : 20)};
    input_mld(s, router, of ? *of : all_nodes, 1, m);
}

static void join(struct script *s, struct ip ip)
{
    s->n->ip6_ops->join(s->n, s->now_ns, &ip);
}

static void leave(struct script *s, struct ip ip)
{
    s->n->ip6_ops->leave(s->n, s->now_ns, &ip);
}

/* RFC 3810 6.1: told at once and once more within a second; what was told already is not told with it. */
static void joining_and_leaving_is_told_twice(void **state)
{
    struct script *s = settled(NULL, false);
    join(s, group);
    assert_string_equal(records(s), "4:ff02::fb");
    join(s, wide);
    assert_string_equal(records(s), "4:ff05::1:3");
    pass(s, MLD_CHANGE_NS);
    assert_string_equal(records(s), "4:ff02::fb 4:ff05::1:3");
    pass(s, 5 * NS_PER_S);
    expect_nothing(s);
    leave(s, group);
    assert_string_equal(records(s), "3:ff02::fb");
    pass(s, MLD_CHANGE_NS);
    assert_string_equal(records(s), "3:ff02::fb");
    pass(s, 5 * NS_PER_S);
    script_end(s);
}

/* What the group says is heard from joining to leaving. */
static void groups_of_sockets_are_heard(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_ether *c = &s->n->counters.ether;
    struct icmp6 ping = {.type = ICMP6_ECHO, .data = bytes_of(zeros, 4)};
    input_icmp6(s, peer, group, 1, ping);
    assert_int_equal(c->in_group, 1);
    join(s, group);
    join(s, group);
    input_icmp6(s, peer, group, 1, ping);
    assert_int_equal(s->n->counters.icmp6.in_echo, 1);
    leave(s, group);
    input_icmp6(s, peer, group, 1, ping);
    assert_int_equal(s->n->counters.icmp6.in_echo, 2);
    leave(s, group);
    input_icmp6(s, peer, group, 1, ping);
    assert_int_equal(c->in_group, 2);
    struct ip host = {{0xff, 1, [15] = 0xfb}}; /* never told: it does not leave the host */
    forget_sent(s);
    join(s, host);
    pass(s, 3 * NS_PER_S);
    assert_string_equal(records(s), "3:ff02::fb");
    assert_string_equal(records(s), "");
    net_free(s->n);
    free(s);
}

static void input_datagram(struct script *s, struct ip dst, uint16_t port)
{
    uint8_t b[20];
    struct writer w = writer_of(b, sizeof b);
    struct bytes data = bytes_str("hello");
    udp_emit(&w, &(struct udp_header){1000, port}, &peer, &dst, &data, 1, data.len);
    write_bytes(&w, data);
    input_ip6(s, (struct ip6_header){.next = IP_UDP, .src = peer, .dst = dst}, writer_bytes(&w));
}

/* A socket hears what it joined, others do not; when it is closed the group is left. */
static void sockets_join_and_are_closed(void **state)
{
    struct script *s = settled(NULL, false);
    struct udp_socket *in, *out;
    assert_int_equal(udp_open(s->n, 5353, &in), OK);
    assert_int_equal(udp_open(s->n, 5354, &out), OK);
    assert_int_equal(group_join(s->n, s->now_ns, &group, udp_index(in)), OK);
    assert_string_equal(records(s), "4:ff02::fb");
    input_datagram(s, group, 5353);
    input_datagram(s, group, 5354);
    input_datagram(s, wide, 5353);
    assert_int_equal(s->n->counters.udp.delivered, 1);
    pass(s, 5 * NS_PER_S);
    forget_sent(s);
    udp_shut(in, s->now_ns);
    assert_string_equal(records(s), "3:ff02::fb");
    input_datagram(s, group, 5353);
    assert_int_equal(s->n->counters.udp.delivered, 1);
    udp_shut(out, s->now_ns);
    pass(s, 5 * NS_PER_S);
    forget_sent(s);
    script_end(s);
}

/* Those of sockets in group.c, so that each address still finds room for its group, and no more has to be left out. */
static void joined_groups_are_bounded(void **state)
{
    struct script *s = settled(NULL, false);
    struct udp_socket *u;
    struct ip ip = group;
    assert_int_equal(udp_open(s->n, 5353, &u), OK);
    for (uint8_t i = 0; i < NET_GROUPS; i++) {
        ip.b[14] = i;
        assert_int_equal(group_join(s->n, s->now_ns, &ip, udp_index(u)), OK);
    }
    ip.b[14] = NET_GROUPS;
    assert_int_equal(group_join(s->n, s->now_ns, &ip, udp_index(u)), ERR_FULL);
    assert_int_equal(s->n->counters.udp.groups_full, 1);
    for (uint8_t i = 1; i < IP6_ADDRESSES; i++) {
        struct ip_net net = {{{0xfd, [14] = 1, [15] = i}}, 64};
        assert_non_null(ip6_add(s->n, s->now_ns, &net));
        struct ip solicited = ip6_solicited_group(&net.ip);
        assert_true(mld_is_member(s->n, &solicited));
    }
    for (uint8_t i = 0; i < NET_GROUPS; i++) {
        ip.b[14] = i;
        assert_true(mld_is_member(s->n, &ip));
    }
    ip.b[14] = 0; /* a group that was left gives its place to another one, though its reports are due */
    assert_int_equal(group_leave(s->n, s->now_ns, &ip, udp_index(u)), OK);
    ip.b[14] = NET_GROUPS;
    assert_int_equal(group_join(s->n, s->now_ns, &ip, udp_index(u)), OK);
    assert_true(mld_is_member(s->n, &ip));
    net_free(s->n);
    free(s);
}

static void what_is_no_group_is_not_joined(void **state)
{
    struct script *s = settled(NULL, false);
    struct ip none[] = {peer, IP_NONE, all_nodes, {{0xff, 1, [15] = 1}}, {{0xff, [15] = 0xfb}}};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(group_join(s->n, s->now_ns, &none[i], 0), ERR_INVALID);
    assert_null(s->n->groups.ops);
    script_end(s);
}

/* RFC 3810 6.2: all groups to a general query; one to a query for it; a general answer serves both. */
static void queries_are_answered_in_their_time(void **state)
{
    struct script *s = settled(NULL, false);
    join(s, group);
    pass(s, 5 * NS_PER_S);
    forget_sent(s);
    query(s, NULL, 10000, 2);
    pass(s, 1 * NS_PER_S);
    expect_nothing(s);
    pass(s, 9 * NS_PER_S);
    assert_string_equal(records(s), "2:ff02::1:ff00:2 2:ff02::fb");
    query(s, &group, 1000, 2);
    pass(s, 1 * NS_PER_S);
    assert_string_equal(records(s), "2:ff02::fb");
    query(s, &group, 5000, 2);
    query(s, NULL, 1000, 2);
    pass(s, 6 * NS_PER_S);
    assert_string_equal(records(s), "2:ff02::1:ff00:2 2:ff02::fb");
    query(s, &wide, 1000, 2); /* not in it */
    pass(s, 6 * NS_PER_S);
    script_end(s);
}

/* 5.1.3: from 32768 on the code is a floating point number: here 0x1fff << 10 ms. */
static void long_delays_are_understood(void **state)
{
    struct script *s = settled(NULL, false);
    query(s, NULL, 0xffff, 2);
    uint64_t wait_ns = s->n->ip6->mld.answer_ns - s->now_ns;
    assert_in_range(wait_ns, UINT64_C(8387584) * NS_PER_MS * 3 / 4, UINT64_C(8387584) * NS_PER_MS);
    query(s, NULL, 100, 2); /* the earlier one counts */
    pass(s, 100 * NS_PER_MS);
    assert_string_equal(records(s), "2:ff02::1:ff00:2");
    script_end(s);
}

static void false_queries_are_refused(void **state)
{
    struct script *s = settled(NULL, false);
    struct icmp6 m = {.type = ICMP6_MLD_QUERY, .rest = 100 << 16, .data = bytes_of(zeros, 20)};
    input_mld(s, far, all_nodes, 1, m);    /* from beyond the link */
    input_mld(s, router, all_nodes, 2, m); /* forwarded */
    for (size_t len = 0; len < 20; len++) {
        m.data = bytes_of(zeros, len);
        if (len != 16)
            input_mld(s, router, all_nodes, 1, m); /* of neither version (RFC 3810 8.1) */
    }
    assert_int_equal(s->n->counters.nd.in_malformed, 21);
    pass(s, 1 * NS_PER_S);
    script_end(s);
}

/* RFC 3810 8.2.1: version 1 as long as its router may be there, then version 2 again. */
static void an_old_router_hears_old_reports(void **state)
{
    struct script *s = settled(NULL, false);
    query(s, NULL, 1000, 1);
    pass(s, 1 * NS_PER_S);
    expect(s, "*02 " OUR_LINK_TEXT ">ff02::1:ff00:2 hops=1 icmp6 131/0 rest=00000000 data=16");
    join(s, group);
    expect(s, "*fb " OUR_LINK_TEXT ">ff02::fb hops=1 icmp6 131/0 rest=00000000 data=16");
    pass(s, 2 * NS_PER_S);
    expect(s, "*fb " OUR_LINK_TEXT ">ff02::fb hops=1 icmp6 131/0 rest=00000000 data=16");
    query(s, &group, 1000, 1);
    pass(s, 1 * NS_PER_S);
    expect(s, "*fb " OUR_LINK_TEXT ">ff02::fb hops=1 icmp6 131/0 rest=00000000 data=16");
    leave(s, group);
    expect(s, "*02 " OUR_LINK_TEXT ">ff02::2 hops=1 icmp6 132/0 rest=00000000 data=16");
    pass(s, 255 * NS_PER_S);
    expect_nothing(s);
    query(s, NULL, 1000, 2); /* a router of each version: the old one counts */
    pass(s, 1 * NS_PER_S);
    expect(s, "*02 " OUR_LINK_TEXT ">ff02::1:ff00:2 hops=1 icmp6 131/0 rest=00000000 data=16");
    pass(s, 5 * NS_PER_S); /* more than 260 s since the last query of version 1 */
    query(s, NULL, 1000, 2);
    pass(s, 1 * NS_PER_S);
    assert_string_equal(records(s), "2:ff02::1:ff00:2");
    script_end(s);
}

/* RFC 2710 4: one report of a group is enough, and only who gave it says that it leaves. */
static void reports_of_others_spare_ours(void **state)
{
    struct script *s = settled(NULL, false);
    struct icmp6 m = {.type = ICMP6_MLD_REPORT, .data = bytes_of(group.b, 16)};
    query(s, NULL, 1000, 1);
    join(s, group);
    pass(s, 3 * NS_PER_S);
    forget_sent(s);
    query(s, &group, 1000, 1);
    input_mld(s, peer, group, 1, m);
    pass(s, 2 * NS_PER_S);
    expect_nothing(s);
    leave(s, group);
    pass(s, 2 * NS_PER_S);
    script_end(s);
}

/* Switches that snoop believe only reports from an address (RFC 3590): told from "::" first, from the address as
 * soon as it is sure. */
static void what_was_told_from_nowhere_is_told_again(void **state)
{
    struct script *s = script6("fd00::2/64", false);
    join(s, group);
    pass(s, 999 * NS_PER_MS);
    forget_sent(s);
    pass(s, 1 * NS_PER_MS);
    assert_string_equal(records(s), "4:ff02::1:ff00:2 4:ff02::fb");
    pass(s, 5 * NS_PER_S);
    script_end(s);
}

/* A query says how often changes are told (RFC 3810 9.1). */
static void the_routers_robustness_is_ours(void **state)
{
    struct script *s = settled(NULL, false);
    uint8_t b[20] = {[16] = 4};
    struct icmp6 m = {.type = ICMP6_MLD_QUERY, .rest = 100 << 16, .data = bytes_of(b, 20)};
    input_mld(s, router, all_nodes, 1, m);
    pass(s, 1 * NS_PER_S);
    forget_sent(s);
    join(s, group);
    pass(s, 10 * NS_PER_S);
    assert_int_equal(s->n_sent, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(records(s), "4:ff02::fb");
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining_and_leaving_is_told_twice),
        cmocka_unit_test(groups_of_sockets_are_heard),
        cmocka_unit_test(sockets_join_and_are_closed),
        cmocka_unit_test(joined_groups_are_bounded),
        cmocka_unit_test(what_is_no_group_is_not_joined),
        cmocka_unit_test(queries_are_answered_in_their_time),
        cmocka_unit_test(long_delays_are_understood),
        cmocka_unit_test(false_queries_are_refused),
        cmocka_unit_test(an_old_router_hears_old_reports),
        cmocka_unit_test(reports_of_others_spare_ours),
        cmocka_unit_test(what_was_told_from_nowhere_is_told_again),
        cmocka_unit_test(the_routers_robustness_is_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
