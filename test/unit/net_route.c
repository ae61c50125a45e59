/* SPDX-License-Identifier: ISC */
/* IPv4's routes: which way is taken, gateways that die, redirects. On a fake device: 10.0.0.2/24, gateway 10.0.0.1. */
#include "test/support/net_script.h"

#define FAR ip4(192, 0, 2, 1)
#define SECOND_IP ip4(10, 0, 0, 3)
#define SECOND_MAC ((struct mac){{2, 0, 0, 0, 0, 3}})
#define GATEWAY_MAC ((struct mac){{2, 0, 0, 0, 0, 1}})

static bool add(struct script *s, struct ip to, uint8_t prefix_len, struct ip gateway, uint16_t metric)
{
    return route_add(s->n, ip4_u32(&to), prefix_len, ip4_u32(&gateway), metric, ROUTE_FIXED);
}

static size_t n_routes(const struct script *s)
{
    size_t n = 0;
    for (size_t i = 0; i < ROUTES; i++)
        n += s->n->routes.route[i].rank != 0;
    return n;
}

static struct ip hop_to(const struct script *s, struct ip dst)
{
    return route_hop(s->n, &dst);
}

static void assert_hop(const struct script *s, struct ip dst, struct ip hop)
{
    char want[IP_TEXT_BYTES], is[IP_TEXT_BYTES];
    struct ip found = hop_to(s, dst);
    assert_string_equal(ip_text(&found, is), ip_text(&hop, want));
}

static enum err send_to(struct script *s, struct ip dst)
{
    static uint8_t data[10];
    struct ip_out o = {.dst = dst, .protocol = 99};
    struct bytes v = bytes_of(data, sizeof data);
    return s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1);
}

/* ---- Which way ---- */

static void the_longest_prefix_wins(void **state)
{
    struct script *s = script_new();
    assert_true(add(s, ip4(192, 0, 0, 0), 8, ip4(10, 0, 0, 8), 0));
    assert_true(add(s, ip4(192, 0, 2, 0), 24, ip4(10, 0, 0, 24), 9));
    assert_true(add(s, ip4(192, 0, 2, 77), 32, ip4(10, 0, 0, 32), 0));
    assert_true(add(s, ip4(192, 0, 2, 78), 16, ip4(10, 0, 0, 16), 0)); /* the host's bits do not count */
    assert_hop(s, ip4(192, 0, 2, 77), ip4(10, 0, 0, 32));
    assert_hop(s, ip4(192, 0, 2, 78), ip4(10, 0, 0, 24));
    assert_hop(s, ip4(192, 0, 3, 78), ip4(10, 0, 0, 16));
    assert_hop(s, ip4(192, 1, 3, 78), ip4(10, 0, 0, 8));
    assert_hop(s, ip4(193, 1, 3, 78), GATEWAY_IP);
    assert_hop(s, ip4(10, 0, 0, 78), ip4(10, 0, 0, 78));
    assert_true(add(s, ip4(10, 0, 0, 78), 32, ip4(10, 0, 0, 8), 0)); /* even beside the link's */
    assert_hop(s, ip4(10, 0, 0, 78), ip4(10, 0, 0, 8));
    script_end(s);
}

static void packets_take_their_way(void **state)
{
    struct script *s = script_new();
    assert_true(add(s, ip4(192, 0, 2, 0), 24, SECOND_IP, 0));
    assert_int_equal(send_to(s, FAR), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.3");
    input_arp(s, ARP_REPLY, SECOND_MAC, SECOND_IP, OUR_IP);
    expect(s, "03 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
    assert_int_equal(send_to(s, ip4(192, 0, 3, 1)), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
    input_arp(s, ARP_REPLY, GATEWAY_MAC, GATEWAY_IP, OUR_IP);
    expect(s, "01 10.0.0.2>192.0.3.1 ttl=64 protocol=99 data=10");
    script_end(s);
}

static void hosts_of_a_route_without_a_gateway_are_neighbours(void **state)
{
    struct script *s = script_new();
    assert_true(add(s, ip4(192, 0, 2, 0), 24, IP_ANY4, 0));
    assert_int_equal(send_to(s, FAR), OK);
    expect(s, "*ff arp request 10.0.0.2->192.0.2.1");
    input_arp(s, ARP_REPLY, PEER_MAC, FAR, OUR_IP);
    expect(s, "09 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
    script_end(s);
}

/* RFC 3021: both addresses are hosts, and only 255.255.255.255 is everybody. */
static void a_prefix_of_31_bits_has_two_hosts(void **state)
{
    struct script *s = script_without_address(NULL);
    struct ip_net net = {OUR_IP, 31};
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &IP_NONE), OK);
    pass(s, 3 * NS_PER_S);
    forget_sent(s);
    assert_int_equal(send_to(s, SECOND_IP), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.3");
    input_arp(s, ARP_REPLY, SECOND_MAC, SECOND_IP, OUR_IP);
    expect(s, "03 10.0.0.2>10.0.0.3 ttl=64 protocol=99 data=10");
    assert_int_equal(send_to(s, ip4(10, 0, 0, 4)), ERR_UNREACHABLE);
    assert_int_equal(send_to(s, IP_BROADCAST4), OK);
    expect(s, "*ff 10.0.0.2>255.255.255.255 ttl=64 protocol=99 data=10");
    input_udp(s, (struct endpoint){SECOND_IP, 7}, (struct endpoint){OUR_IP, 9}, bytes_str("x"));
    assert_int_equal(s->n->counters.ip4.in_martian, 0);
    expect(s, "03 10.0.0.2>10.0.0.3 ttl=64 icmp 3/3 rest=00000000 data=29");
    script_end(s);
}

static void the_lesser_metric_wins(void **state)
{
    struct script *s = script_new();
    assert_true(add(s, ip4(172, 16, 0, 0), 12, ip4(10, 0, 0, 7), 7));
    assert_true(add(s, ip4(172, 16, 0, 0), 12, ip4(10, 0, 0, 5), 5));
    assert_true(add(s, ip4(172, 16, 0, 0), 12, ip4(10, 0, 0, 6), 5)); /* equal ones as they come */
    assert_hop(s, ip4(172, 31, 0, 1), ip4(10, 0, 0, 5));
    script_end(s);
}

static void routes_are_bounded_and_redirects_give_way(void **state)
{
    struct script *s = script_new();
    uint32_t from = 0x0a000001, dst = 0xc0000201, second = 0x0a000003;
    assert_true(route_redirect(s->n, from, dst, second));
    assert_int_equal(n_routes(s), 3);
    for (uint8_t i = 0; i < ROUTES - 2; i++)
        assert_true(add(s, ip4(172, i, 0, 0), 16, SECOND_IP, 0));
    assert_hop(s, FAR, GATEWAY_IP);
    assert_false(add(s, ip4(172, 99, 0, 0), 16, SECOND_IP, 0));
    assert_int_equal(s->n->counters.ip4.routes_full, 1);
    assert_false(route_redirect(s->n, from, dst, second));
    assert_int_equal(s->n->counters.ip4.routes_full, 2);
    script_end(s);
}

static void routes_that_make_no_sense_are_refused(void **state)
{
    struct script *s = script_new();
    assert_false(add(s, FAR, 24, ip4(127, 0, 0, 1), 0));
    assert_false(add(s, FAR, 24, ip4(224, 0, 0, 1), 0));
    assert_false(add(s, FAR, 24, IP_BROADCAST4, 0));
    assert_int_equal(n_routes(s), 2);
    script_end(s);
}

/* ---- Dead gateways ---- */

static struct script *with_two_gateways(void)
{
    struct script *s = script_new();
    assert_true(add(s, IP_ANY4, 0, SECOND_IP, 1));
    return s;
}

static void a_silent_gateway_is_passed_over(void **state)
{
    struct script *s = with_two_gateways();
    assert_int_equal(send_to(s, FAR), OK);
    for (int i = 0; i < ARP_REQUESTS; i++) {
        expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
        pass(s, ARP_RETRY_NS);
    }
    assert_int_equal(s->n->counters.ip4.gateways_dead, 1);
    assert_int_equal(send_to(s, FAR), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.3");
    input_arp(s, ARP_REPLY, SECOND_MAC, SECOND_IP, OUR_IP);
    expect(s, "03 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
    assert_int_equal(s->n->counters.arp.waiting_dropped, 1); /* what waited for the first one */
    pass(s, NS_PER_S);
    forget_sent(s);
    script_end(s);
}

static void a_dead_gateway_is_asked_for_until_it_answers(void **state)
{
    struct script *s = with_two_gateways();
    assert_int_equal(send_to(s, FAR), OK);
    pass(s, 5 * NS_PER_S);
    assert_hop(s, FAR, SECOND_IP);
    for (int round = 0; round < 3; round++) {
        s->n_read = s->n_sent;
        pass(s, ROUTE_PROBE_NS);
        for (int i = 0; i < ARP_REQUESTS; i++)
            expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
        expect_nothing(s);
    }
    pass(s, ARP_RETRY_NS);
    input_arp(s, ARP_REQUEST, GATEWAY_MAC, GATEWAY_IP, OUR_IP); /* it is back */
    expect(s, "01 arp reply 10.0.0.2->10.0.0.1");
    assert_int_equal(send_to(s, FAR), OK);
    expect(s, "01 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
    pass(s, 40 * NS_PER_S); /* nobody is asked for any more */
    expect_nothing(s);
    script_end(s);
}

static void a_gateway_that_stops_to_answer_is_passed_over(void **state)
{
    struct script *s = with_two_gateways();
    input_arp(s, ARP_REQUEST, GATEWAY_MAC, GATEWAY_IP, OUR_IP);
    expect(s, "01 arp reply 10.0.0.2->10.0.0.1");
    for (int i = 0; i < 44; i++) {
        assert_int_equal(send_to(s, FAR), OK);
        expect(s, "01 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
        pass(s, NS_PER_S);
    }
    pass(s, NS_PER_S);
    for (int i = 0; i < ARP_REQUESTS; i++) {
        expect(s, "01 arp request 10.0.0.2->10.0.0.1");
        pass(s, ARP_RETRY_NS);
    }
    assert_hop(s, FAR, SECOND_IP);
    forget_sent(s);
    script_end(s);
}

static void the_only_gateway_is_asked_for_on_demand(void **state)
{
    struct script *s = script_new();
    assert_int_equal(send_to(s, FAR), OK);
    pass(s, 10 * NS_PER_S);
    assert_hop(s, FAR, GATEWAY_IP);
    forget_sent(s);
    pass(s, 1000 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(send_to(s, FAR), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
    script_end(s);
}

static void when_all_are_dead_the_best_is_tried(void **state)
{
    struct script *s = with_two_gateways();
    struct ip first = GATEWAY_IP, second = SECOND_IP;
    route_heard(s->n, s->now_ns, &second, false);
    route_heard(s->n, s->now_ns, &first, false);
    assert_hop(s, FAR, GATEWAY_IP);
    route_heard(s->n, s->now_ns, &second, true);
    assert_hop(s, FAR, SECOND_IP);
    script_end(s);
}

/* ---- Redirects ---- */

static void input_redirect_of(struct script *s, struct ip from, struct ip src, struct ip dst, struct ip gateway,
                              uint8_t code)
{
    uint8_t quoted[28], b[ICMP4_HEADER_BYTES + 28];
    struct writer q = writer_of(quoted, sizeof quoted), w = writer_of(b, sizeof b);
    ip4_emit(&q, &(struct ip4_header){.total_len = 100, .ttl = 63, .protocol = IP_UDP, .src = src, .dst = dst});
    write_zeros(&q, 8);
    struct bytes data = writer_bytes(&q);
    icmp4_emit(&w, &(struct icmp4){.type = ICMP4_REDIRECT, .code = code, .rest = ip4_u32(&gateway)}, &data, 1);
    write_bytes(&w, data);
    input_ip(s, (struct ip4_header){.protocol = IP_ICMP, .src = from, .dst = OUR_IP}, writer_bytes(&w));
}

static void a_redirect_is_for_one_host(void **state)
{
    struct script *s = script_new();
    for (uint8_t code = 0; code < 4; code++)
        input_redirect_of(s, GATEWAY_IP, OUR_IP, ip4(192, 0, 2, code), SECOND_IP, code);
    assert_int_equal(s->n->counters.ip4.redirects, 4);
    for (uint8_t code = 0; code < 4; code++)
        assert_hop(s, ip4(192, 0, 2, code), SECOND_IP);
    assert_hop(s, ip4(192, 0, 2, 4), GATEWAY_IP);
    input_redirect_of(s, SECOND_IP, OUR_IP, ip4(192, 0, 2, 1), ip4(10, 0, 0, 44), 1); /* on, or back */
    assert_hop(s, ip4(192, 0, 2, 1), ip4(10, 0, 0, 44));
    assert_int_equal(n_routes(s), 6);
    struct ip dead = SECOND_IP;
    route_heard(s->n, s->now_ns, &dead, false);
    assert_hop(s, ip4(192, 0, 2, 2), GATEWAY_IP);
    ip4_set(s->n, &(struct ip_net){OUR_IP, 24});
    assert_hop(s, ip4(192, 0, 2, 1), GATEWAY_IP);
    script_end(s);
}

static void redirects_that_must_not_be_believed(void **state)
{
    struct script *s = script_new();
    const struct {
        struct ip from, src, dst, gateway;
    } cases[] = {
        {PEER_IP, OUR_IP, FAR, SECOND_IP},                 /* not from the router in use */
        {GATEWAY_IP, ip4(10, 0, 0, 3), FAR, SECOND_IP},    /* not about a packet of ours */
        {GATEWAY_IP, OUR_IP, FAR, ip4(10, 1, 0, 3)},       /* to who is no neighbour */
        {GATEWAY_IP, OUR_IP, FAR, OUR_IP},                 /* to us */
        {GATEWAY_IP, OUR_IP, FAR, ip4(10, 0, 0, 255)},     /* to all */
        {GATEWAY_IP, OUR_IP, FAR, ip4(224, 0, 0, 1)},      /* to a group */
        {GATEWAY_IP, OUR_IP, FAR, GATEWAY_IP},             /* to itself */
        {GATEWAY_IP, OUR_IP, ip4(10, 0, 0, 9), SECOND_IP}, /* of a neighbour */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        input_redirect_of(s, cases[i].from, cases[i].src, cases[i].dst, cases[i].gateway, 1);
    assert_int_equal(s->n->counters.ip4.redirects_refused, ARRAY_LEN(cases));
    assert_int_equal(s->n->counters.ip4.redirects, 0);
    assert_int_equal(n_routes(s), 2);
    input_icmp(s, (struct icmp4){.type = ICMP4_REDIRECT, .code = 1}, OUR_IP); /* quotes nothing */
    assert_int_equal(s->n->counters.ip4.redirects_refused, ARRAY_LEN(cases) + 1);
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_wins),
        cmocka_unit_test(packets_take_their_way),
        cmocka_unit_test(hosts_of_a_route_without_a_gateway_are_neighbours),
        cmocka_unit_test(the_lesser_metric_wins),
        cmocka_unit_test(a_prefix_of_31_bits_has_two_hosts),
        cmocka_unit_test(routes_are_bounded_and_redirects_give_way),
        cmocka_unit_test(routes_that_make_no_sense_are_refused),
        cmocka_unit_test(a_silent_gateway_is_passed_over),
        cmocka_unit_test(a_dead_gateway_is_asked_for_until_it_answers),
        cmocka_unit_test(a_gateway_that_stops_to_answer_is_passed_over),
        cmocka_unit_test(the_only_gateway_is_asked_for_on_demand),
        cmocka_unit_test(when_all_are_dead_the_best_is_tried),
        cmocka_unit_test(a_redirect_is_for_one_host),
        cmocka_unit_test(redirects_that_must_not_be_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
