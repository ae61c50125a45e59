/* SPDX-License-Identifier: ISC */
/* Multicast groups of UDP sockets, and what routers are told of them by IGMP, on a fake device. */
#include "test/support/net_script.h"

#define GROUP ip4(239, 1, 2, 3)
#define ROUTER_MAC ((struct mac){{2, 0, 0, 0, 0, 1}})

enum { ALERT, NO_ALERT };

static void join(struct script *s, struct udp_socket *u, struct ip group)
{
    assert_int_equal(group_join(s->n, s->now_ns, &group, udp_index(u)), OK);
}

static struct udp_socket *open_socket(struct script *s, uint16_t port)
{
    struct udp_socket *u;
    assert_int_equal(udp_open(s->n, port, &u), OK);
    return u;
}

/* An IGMP message from the router. */
static void input_igmp_from(struct script *s, struct ip router, struct ip dst, struct bytes message, int alert)
{
    uint8_t b[200];
    struct writer w = writer_of(b, sizeof b);
    if (alert == ALERT)
        ip4_emit_alert(&w, IP_IGMP, &router, &dst, message.len);
    else
        ip4_emit(
            &w,
            &(struct ip4_header){
                .total_len = (uint16_t)(20 + message.len), .ttl = 1, .protocol = IP_IGMP, .src = router, .dst = dst});
    write_bytes(&w, message);
    input_frame(s, ip_is_multicast(&dst) ? mac_of_multicast4(&dst) : OUR_MAC, ROUTER_MAC, ETHER_IP4, writer_bytes(&w));
}

static void input_igmp(struct script *s, struct ip dst, struct bytes message, int alert)
{
    input_igmp_from(s, GATEWAY_IP, dst, message, alert);
}

/* `len` bytes of a query are sent: 8 of versions 1 and 2, 12 and the sources of version 3. */
static struct bytes query_of(uint8_t b[static 24], uint8_t code, struct ip group, uint8_t robustness, size_t len)
{
    struct writer w = writer_of(b, 24);
    write_u8(&w, IGMP_QUERY);
    write_u8(&w, code);
    write_be16(&w, 0);
    write_be32(&w, ip4_u32(&group));
    write_u8(&w, robustness);
    write_u8(&w, 125);
    write_be16(&w, (uint16_t)((len - 12) / 4));
    write_zeros(&w, 12);
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(b, len), false));
    b[2] = (uint8_t)(sum >> 8);
    b[3] = (uint8_t)sum;
    return bytes_of(b, len);
}

static void query(struct script *s, uint8_t code, struct ip group, size_t len)
{
    uint8_t b[24];
    struct ip dst = ip_is_unspecified(&group) ? ip4(224, 0, 0, 1) : group;
    input_igmp(s, dst, query_of(b, code, group, 2, len), len == 8 && code == 0 ? NO_ALERT : ALERT);
}

static void report_of_another(struct script *s, enum igmp_type type, struct ip group)
{
    uint8_t b[IGMP_BYTES];
    struct writer w = writer_of(b, sizeof b);
    igmp_emit(&w, type, &group);
    input_igmp(s, group, writer_bytes(&w), ALERT);
}

/* A socket in GROUP, all about that said. */
static struct udp_socket *in_group(struct script *s)
{
    struct udp_socket *u = open_socket(s, 5353);
    join(s, u, GROUP);
    pass(s, 30 * NS_PER_S);
    s->n_read = s->n_sent;
    return u;
}

/* ---- Joining and leaving ---- */

static void a_join_is_told_twice(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = open_socket(s, 5353);
    join(s, u, GROUP);
    expect_nothing(s); /* between calls and packets only */
    pass(s, 0);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    expect_nothing(s);
    pass(s, IGMP_UNSOLICITED_NS);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    pass(s, 1000 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(s->n->counters.igmp.out_reports, 2);
    udp_shut(u, s->now_ns);
    script_end(s);
}

static void reports_carry_a_router_alert(void **state)
{
    struct script *s = script_new();
    join(s, open_socket(s, 5353), GROUP);
    pass(s, 0);
    struct sent *f = &s->sent[s->n_read++];
    static const uint8_t header[] = {0x46, 0xc0, 0, 40, 0, 0, 0x40, 0, 1, 2};
    assert_memory_equal(f->b + ETHER_BYTES, header, sizeof header);
    assert_memory_equal(f->b + ETHER_BYTES + 20, ((const uint8_t[]){148, 4, 0, 0}), 4);
    script_end(s);
}

static void a_leave_is_told_twice_and_forgotten(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    struct ip group = GROUP;
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), OK);
    assert_null(group_find(s->n, &group));
    pass(s, IGMP_UNSOLICITED_NS);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    pass(s, 1000 * NS_PER_S);
    expect_nothing(s);
    assert_true(ip_equal(&s->n->groups.group[0].ip, &IP_NONE));
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), ERR_NOT_FOUND);
    script_end(s);
}

static void the_last_socket_leaves(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = in_group(s), *b = open_socket(s, 99);
    struct ip group = GROUP;
    join(s, b, GROUP);
    join(s, b, GROUP);
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(a)), OK);
    pass(s, 10 * NS_PER_S);
    expect_nothing(s);
    udp_shut(b, s->now_ns);
    pass(s, 0);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    script_end(s);
}

static void a_change_of_mind_is_told_at_once(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = open_socket(s, 5353);
    struct ip group = GROUP;
    join(s, u, GROUP);
    pass(s, 0);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), OK);
    pass(s, 5 * NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    join(s, u, GROUP);
    pass(s, 5 * NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    script_end(s);
}

static void groups_are_bounded(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = open_socket(s, 5353);
    for (uint8_t i = 0; i < NET_GROUPS; i++)
        join(s, u, ip4(239, 0, 0, i));
    assert_int_equal(group_join(s->n, s->now_ns, &(struct ip[]){GROUP}[0], udp_index(u)), ERR_FULL);
    assert_int_equal(s->n->counters.udp.groups_full, 1);
    assert_int_equal(group_leave(s->n, s->now_ns, &(struct ip[]){ip4(239, 0, 0, 3)}[0], udp_index(u)), OK);
    join(s, u, GROUP); /* takes the place of one that is left, though its reports are due */
    struct ip none[] = {OUR_IP, ip4(224, 0, 0, 1), ip4(224, 0, 0, 0), IP_NONE};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(group_join(s->n, s->now_ns, &none[i], udp_index(u)), ERR_INVALID);
    struct ip six = {{0xff, 5, [15] = 9}};
    assert_int_equal(group_join(s->n, s->now_ns, &six, udp_index(u)), ERR_UNSUPPORTED);
    script_end(s);
}

static void groups_wait_for_an_address(void **state)
{
    struct script *s = script_without_address(NULL);
    struct ip_net net = {OUR_IP, 24};
    join(s, open_socket(s, 5353), GROUP);
    pass(s, 10 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &IP_NONE), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    pass(s, 0);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    script_end(s);
}

static void a_new_address_joins_again(void **state)
{
    struct script *s = script_new();
    (void)in_group(s);
    ip4_set(s->n, &(struct ip_net){ip4(10, 0, 0, 77), 24});
    pass(s, 0);
    expect(s, "*16 10.0.0.77>224.0.0.22 ttl=1 DF igmp 22 4 239.1.2.3");
    script_end(s);
}

/* ---- Datagrams ---- */

static void input_to_group(struct script *s, struct ip group, uint16_t port)
{
    uint8_t b[64];
    struct writer w = writer_of(b, sizeof b);
    struct ip peer = PEER_IP;
    struct bytes data = bytes_str("ho");
    ip4_emit(&w, &(struct ip4_header){.total_len = 30, .ttl = 1, .protocol = IP_UDP, .src = peer, .dst = group});
    udp_emit(&w, &(struct udp_header){77, port}, &peer, &group, &data, 1, data.len);
    write_bytes(&w, data);
    input_frame(s, mac_of_multicast4(&group), PEER_MAC, ETHER_IP4, writer_bytes(&w));
}

static void groups_reach_their_sockets_alone(void **state)
{
    struct script *s = script_new();
    struct udp_socket *in = in_group(s), *out = open_socket(s, 99);
    struct ip other = ip4(239, 9, 9, 9);
    struct endpoint from;
    uint8_t b[10];
    size_t len;
    input_to_group(s, GROUP, 5353);
    assert_int_equal(udp_take(in, b, sizeof b, &len, &from), OK);
    assert_int_equal(len, 2);
    input_to_group(s, GROUP, 99);
    assert_int_equal(s->n->counters.udp.in_not_joined, 1);
    input_to_group(s, GROUP, 100);
    assert_int_equal(s->n->counters.icmp.out_suppressed, 1);
    input_to_group(s, other, 5353);
    assert_int_equal(s->n->counters.ether.in_group, 1);
    join(s, out, other);
    input_to_group(s, other, 5353);
    assert_int_equal(s->n->counters.udp.in_not_joined, 2);
    input_to_group(s, other, 99);
    assert_int_equal(udp_take(out, b, sizeof b, &len, &from), OK);
    /* Another group of the same MAC address. */
    input_to_group(s, ip4(239, 129, 2, 3), 5353);
    assert_int_equal(s->n->counters.ip4.in_other_host, 1);
    script_end(s);
}

/* ---- Queries ---- */

static void a_general_query_is_answered_with_all(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    join(s, u, ip4(239, 9, 9, 9));
    pass(s, 30 * NS_PER_S);
    s->n_read = s->n_sent;
    query(s, 100, IP_ANY4, 12);
    expect_nothing(s);
    query(s, 100, IP_ANY4, 12); /* while one answer waits another one is not needed */
    pass(s, 10 * NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3 2 239.9.9.9");
    expect_nothing(s);
    assert_int_equal(s->n->counters.igmp.in_queries, 2);
    script_end(s);
}

static void a_query_for_one_group_is_answered_with_it(void **state)
{
    struct script *s = script_new();
    join(s, in_group(s), ip4(239, 9, 9, 9));
    pass(s, 30 * NS_PER_S);
    s->n_read = s->n_sent;
    query(s, 10, GROUP, 12);
    pass(s, NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    query(s, 10, GROUP, 20); /* and for two of its sources, too */
    pass(s, NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    pass(s, 100 * NS_PER_S);
    script_end(s);
}

static void answers_come_within_the_time_asked_for(void **state)
{
    struct script *s = script_new();
    (void)in_group(s);
    uint8_t codes[] = {1, 127, 128, 255};
    uint64_t tenths[] = {1, 127, 128, 31744};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        uint64_t span_ns = tenths[i] * 100 * NS_PER_MS;
        query(s, codes[i], IP_ANY4, 12);
        uint64_t at_ns = s->n->groups.state.general_ns;
        assert_int_equal(at_ns, s->now_ns + span_ns / 1024 * (script_random() % 1024) + 1);
        pass(s, span_ns);
        expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    }
    script_end(s);
}

static void the_querier_says_how_often(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    uint8_t b[24];
    input_igmp(s, ip4(224, 0, 0, 1), query_of(b, 1, IP_ANY4, 4, 12), ALERT);
    pass(s, NS_PER_S);
    s->n_read = s->n_sent;
    join(s, u, ip4(239, 9, 9, 9));
    pass(s, 10 * NS_PER_S);
    for (int i = 0; i < 4; i++)
        expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 4 239.9.9.9");
    script_end(s);
}

static void unsound_queries_are_ignored(void **state)
{
    struct script *s = script_new();
    struct counters_igmp *c = &s->n->counters.igmp;
    (void)in_group(s);
    uint8_t b[24];
    input_igmp(s, ip4(224, 0, 0, 1), query_of(b, 1, IP_ANY4, 2, 12), NO_ALERT);
    input_igmp(s, GROUP, query_of(b, 1, IP_ANY4, 2, 12), ALERT);
    assert_int_equal(c->in_ignored, 2);
    input_igmp(s, ip4(224, 0, 0, 1), query_of(b, 1, IP_ANY4, 2, 9), ALERT);
    input_igmp(s, ip4(224, 0, 0, 1), bytes_slice(query_of(b, 1, IP_ANY4, 2, 24), 0, 16), ALERT);
    input_igmp(s, ip4(224, 0, 0, 1), bytes_of(b, 7), ALERT);
    assert_int_equal(c->in_malformed, 3);
    input_igmp(s, OUR_IP, query_of(b, 1, IP_ANY4, 2, 12), ALERT); /* to us alone it is sound */
    assert_int_equal(c->in_queries, 1);
    pass(s, NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    pass(s, 100 * NS_PER_S);
    script_end(s);
}

static void a_switch_without_an_address_is_heard(void **state)
{
    struct script *s = script_new();
    (void)in_group(s);
    uint8_t b[24];
    struct bytes query = query_of(b, 1, IP_ANY4, 2, 12);
    input_igmp_from(s, IP_ANY4, ip4(224, 0, 0, 1), query, ALERT);
    assert_int_equal(s->n->counters.igmp.in_queries, 1);
    input_igmp_from(s, ip4(0, 0, 0, 1), ip4(224, 0, 0, 1), query, ALERT);
    input_udp(s, (struct endpoint){IP_ANY4, 7}, (struct endpoint){OUR_IP, 5353}, bytes_str("x"));
    assert_int_equal(s->n->counters.ip4.in_martian, 2);
    pass(s, NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    script_end(s);
}

static void without_groups_nothing_is_heard(void **state)
{
    struct script *s = script_new();
    query(s, 1, IP_ANY4, 12);
    assert_int_equal(s->n->counters.ether.in_group, 1);
    assert_null(s->n->groups.igmp);
    script_end(s);
}

/* ---- Older queriers ---- */

static void a_querier_of_version_2_gets_its_reports(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    struct ip group = GROUP;
    query(s, 50, IP_ANY4, 8);
    pass(s, 5 * NS_PER_S);
    expect(s, "*03 10.0.0.2>239.1.2.3 ttl=1 DF igmp 16 239.1.2.3");
    expect_nothing(s);
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), OK);
    pass(s, 30 * NS_PER_S);
    expect(s, "*02 10.0.0.2>224.0.0.2 ttl=1 DF igmp 17 239.1.2.3");
    expect_nothing(s);
    join(s, u, GROUP);
    pass(s, 30 * NS_PER_S);
    expect(s, "*03 10.0.0.2>239.1.2.3 ttl=1 DF igmp 16 239.1.2.3");
    expect(s, "*03 10.0.0.2>239.1.2.3 ttl=1 DF igmp 16 239.1.2.3");
    pass(s, IGMP_OLD_QUERIER_NS); /* it is gone */
    query(s, 10, IP_ANY4, 12);
    pass(s, NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    script_end(s);
}

static void a_querier_of_version_1_knows_no_leaves(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    struct ip group = GROUP;
    query(s, 0, IP_ANY4, 8);
    pass(s, 10 * NS_PER_S);
    expect(s, "*03 10.0.0.2>239.1.2.3 ttl=1 DF igmp 12 239.1.2.3");
    query(s, 50, IP_ANY4, 8); /* the oldest one counts */
    pass(s, 10 * NS_PER_S);
    expect(s, "*03 10.0.0.2>239.1.2.3 ttl=1 DF igmp 12 239.1.2.3");
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), OK);
    pass(s, 30 * NS_PER_S);
    script_end(s);
}

static void reports_of_others_spare_ours_in_version_2_only(void **state)
{
    struct script *s = script_new();
    (void)in_group(s);
    query(s, 100, GROUP, 12);
    report_of_another(s, IGMP_REPORT2, GROUP);
    pass(s, 10 * NS_PER_S);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 2 239.1.2.3");
    query(s, 100, IP_ANY4, 8);
    report_of_another(s, IGMP_REPORT2, GROUP);
    pass(s, 10 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(s->n->counters.igmp.suppressed, 1);
    script_end(s);
}

static void an_older_querier_ends_what_was_begun(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u = in_group(s);
    struct ip group = GROUP;
    query(s, 100, IP_ANY4, 12);
    assert_int_equal(group_leave(s->n, s->now_ns, &group, udp_index(u)), OK);
    pass(s, 0);
    expect(s, "*16 10.0.0.2>224.0.0.22 ttl=1 DF igmp 22 3 239.1.2.3");
    query(s, 100, IP_ANY4, 8);
    pass(s, 100 * NS_PER_S);
    expect_nothing(s);
    assert_true(ip_equal(&s->n->groups.group[0].ip, &IP_NONE));
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_is_told_twice),
        cmocka_unit_test(reports_carry_a_router_alert),
        cmocka_unit_test(a_leave_is_told_twice_and_forgotten),
        cmocka_unit_test(the_last_socket_leaves),
        cmocka_unit_test(a_change_of_mind_is_told_at_once),
        cmocka_unit_test(groups_are_bounded),
        cmocka_unit_test(groups_wait_for_an_address),
        cmocka_unit_test(a_new_address_joins_again),
        cmocka_unit_test(groups_reach_their_sockets_alone),
        cmocka_unit_test(a_general_query_is_answered_with_all),
        cmocka_unit_test(a_query_for_one_group_is_answered_with_it),
        cmocka_unit_test(answers_come_within_the_time_asked_for),
        cmocka_unit_test(the_querier_says_how_often),
        cmocka_unit_test(unsound_queries_are_ignored),
        cmocka_unit_test(a_switch_without_an_address_is_heard),
        cmocka_unit_test(without_groups_nothing_is_heard),
        cmocka_unit_test(a_querier_of_version_2_gets_its_reports),
        cmocka_unit_test(a_querier_of_version_1_knows_no_leaves),
        cmocka_unit_test(reports_of_others_spare_ours_in_version_2_only),
        cmocka_unit_test(an_older_querier_ends_what_was_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
