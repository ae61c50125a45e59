/* SPDX-License-Identifier: ISC */
#include "test/support/net_script.h"

static enum err send_to(struct script *s, struct ip dst, size_t len)
{
    static uint8_t data[70000];
    struct ip_out o = {.dst = dst, .protocol = 99};
    struct bytes v = bytes_of(data, len);
    return s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1);
}

static void asks_then_sends_what_waited(void **state)
{
    struct script *s = script_new();
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    assert_int_equal(send_to(s, PEER_IP, 20), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    expect_nothing(s);
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=20");
    assert_int_equal(send_to(s, PEER_IP, 30), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=30");
    assert_int_equal(s->n->counters.arp.resolved, 1);
    assert_int_equal(s->n->counters.arp.waited, 2);
    script_end(s);
}

static void sends_by_the_gateway(void **state)
{
    struct script *s = script_new();
    assert_int_equal(send_to(s, ip4(192, 0, 2, 1), 10), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.1");
    input_arp(s, ARP_REPLY, PEER_MAC, GATEWAY_IP, OUR_IP);
    expect(s, "09 10.0.0.2>192.0.2.1 ttl=64 protocol=99 data=10");
    script_end(s);
}

static void keeps_the_newest_packets(void **state)
{
    struct script *s = script_new();
    for (size_t i = 0; i < ARP_WAITING_PER_NEIGHBOUR + 2; i++)
        assert_int_equal(send_to(s, PEER_IP, 10 + i), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    assert_int_equal(s->n->counters.arp.waiting_dropped, 2);
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    for (size_t i = 2; i < ARP_WAITING_PER_NEIGHBOUR + 2; i++) {
        char text[TEXT_BYTES];
        snprintf(text, sizeof text, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=%zu", 10 + i);
        expect(s, text);
    }
    script_end(s);
}

static void waiting_memory_is_bounded(void **state)
{
    struct script *s = script_new();
    for (uint8_t i = 0; i < ARP_WAITING_FRAMES + 3; i++)
        assert_int_equal(send_to(s, ip4(10, 0, 0, (uint8_t)(100 + i)), 1480), OK);
    assert_int_equal(s->n->counters.arp.waiting_dropped, 3);
    assert_int_equal(s->n->arp.room.frames.n_used, ARP_WAITING_FRAMES);
    forget_sent(s);
    pass(s, 10 * NS_PER_S);
    assert_int_equal(s->n->arp.room.frames.n_used, 0);
    forget_sent(s);
    script_end(s);
}

static void asks_three_times_a_second_apart_then_refuses(void **state)
{
    struct script *s = script_new();
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    for (int i = 0; i < ARP_REQUESTS; i++) {
        expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
        expect_nothing(s);
        pass(s, ARP_RETRY_NS);
    }
    expect_nothing(s);
    assert_int_equal(s->n->counters.arp.silent, 1);
    assert_int_equal(s->n->counters.arp.waiting_dropped, 1);
    assert_int_equal(send_to(s, PEER_IP, 10), ERR_UNREACHABLE);
    assert_int_equal(s->n->counters.arp.refused_silent, 1);
    pass(s, ARP_SILENT_NS);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    script_end(s);
}

static void silence_is_told_to_the_sender(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u;
    struct endpoint to = {PEER_IP, 53}, peer;
    enum err problem;
    assert_int_equal(udp_open(s->n, 1000, &u), OK);
    assert_int_equal(udp_transmit(u, s->now_ns, &to, &(struct bytes){(const uint8_t *)"x", 1}, 1), OK);
    assert_false(udp_problem(u, &problem, &peer));
    pass(s, 5 * NS_PER_S);
    assert_true(udp_problem(u, &problem, &peer));
    assert_int_equal(problem, ERR_UNREACHABLE);
    assert_int_equal(peer.port, 53);
    assert_false(udp_problem(u, &problem, &peer));
    forget_sent(s);
    script_end(s);
}

static void probes_a_used_neighbour_by_unicast(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    pass(s, 40 * NS_PER_S);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
    pass(s, 5 * NS_PER_S);
    expect(s, "09 arp request 10.0.0.2->10.0.0.9");
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    pass(s, 30 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(s->n->counters.arp.out_probes, 1);
    script_end(s);
}

/* RFC 1122 2.3.2.1 (4): advice from above that what is sent arrives. */
static void a_confirmed_neighbour_is_not_probed(void **state)
{
    struct script *s = script_new();
    struct ip peer_ip = PEER_IP;
    know_peer(s);
    for (int i = 0; i < 10; i++) {
        pass(s, 40 * NS_PER_S);
        assert_int_equal(send_to(s, PEER_IP, 10), OK);
        expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
        s->n->below.reached(&s->n->below, s->now_ns, &peer_ip);
    }
    expect_nothing(s);
    assert_int_equal(s->n->counters.arp.out_probes, 0);
    script_end(s);
}

/* What nobody has asked for is not known by it. */
static void confirmation_makes_nobody_known(void **state)
{
    struct script *s = script_new();
    struct ip peer_ip = PEER_IP;
    s->n->below.reached(&s->n->below, s->now_ns, &peer_ip);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    s->n->below.reached(&s->n->below, s->now_ns, &peer_ip);
    expect_nothing(s);
    script_end(s);
}

static void forgets_a_neighbour_that_leaves(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    pass(s, 44 * NS_PER_S);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    pass(s, 1 * NS_PER_S);
    pass(s, 10 * NS_PER_S);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
    for (int i = 0; i < ARP_REQUESTS; i++)
        expect(s, "09 arp request 10.0.0.2->10.0.0.9");
    expect_nothing(s);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    script_end(s);
}

static void an_unused_neighbour_expires_in_silence(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    pass(s, 61 * NS_PER_S);
    assert_int_equal(s->n->counters.arp.expired, 1);
    assert_int_equal(net_deadline(s->n), TIME_NEVER);
    script_end(s);
}

static void learns_nothing_unasked(void **state)
{
    struct script *s = script_new();
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    input_arp(s, ARP_REQUEST, PEER_MAC, PEER_IP, GATEWAY_IP);
    input_arp(s, ARP_REQUEST, PEER_MAC, PEER_IP, PEER_IP);
    assert_int_equal(s->n->counters.arp.in_unsolicited, 3);
    input_arp(s, ARP_REQUEST, PEER_MAC, ip4(192, 0, 2, 7), OUR_IP); /* answered, but not worth a place */
    expect(s, "09 arp reply 10.0.0.2->192.0.2.7");
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    script_end(s);
}

static void a_known_host_may_move(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    input_arp(s, ARP_REPLY, (struct mac){{2, 0, 0, 0, 0, 0x77}}, PEER_IP, PEER_IP);
    assert_int_equal(send_to(s, PEER_IP, 10), OK);
    expect(s, "77 10.0.0.2>10.0.0.9 ttl=64 protocol=99 data=10");
    script_end(s);
}

static void answers_a_probe_and_learns_nothing_from_it(void **state)
{
    struct script *s = script_new();
    input_arp(s, ARP_REQUEST, PEER_MAC, IP_ANY4, OUR_IP);
    expect(s, "09 arp reply 10.0.0.2->0.0.0.0");
    assert_int_equal(net_deadline(s->n), TIME_NEVER);
    script_end(s);
}

static void the_table_is_bounded_and_drops_strangers_first(void **state)
{
    struct script *s = script_without_address(NULL);
    struct ip_net net = {ip4(10, 1, 0, 1), 16};
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &IP_NONE), OK);
    struct ip friend = ip4(10, 1, 9, 9);
    input_arp(s, ARP_REQUEST, PEER_MAC, friend, net.ip);
    assert_int_equal(send_to(s, friend, 1), OK);
    for (unsigned i = 0; i < 2 * ARP_NEIGHBOURS; i++) {
        forget_sent(s);
        input_arp(s, ARP_REQUEST, PEER_MAC, ip4(10, 1, (uint8_t)(100 + i / 256), (uint8_t)i), net.ip);
    }
    assert_int_equal(s->n->counters.arp.evicted, ARP_NEIGHBOURS + 1);
    forget_sent(s);
    assert_int_equal(send_to(s, friend, 1), OK);
    expect(s, "09 10.1.0.1>10.1.9.9 ttl=64 protocol=99 data=1");
    script_end(s);
}

static void announces_twice(void **state)
{
    struct script *s = script_without_address(NULL);
    struct ip_net net = {OUR_IP, 24};
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &IP_NONE), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    pass(s, ARP_ANNOUNCE_NS);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    pass(s, 100 * NS_PER_S);
    expect_nothing(s);
    assert_int_equal(s->n->counters.arp.out_announcements, 2);
    script_end(s);
}

static void defends_its_address_but_not_too_often(void **state)
{
    struct script *s = script_new();
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, PEER_IP);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, PEER_IP);
    expect_nothing(s);
    pass(s, ARP_DEFEND_NS);
    input_arp(s, ARP_REPLY, PEER_MAC, OUR_IP, PEER_IP);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.2");
    assert_int_equal(s->n->counters.arp.in_conflicts, 3);
    script_end(s);
}

static void malformed_packets_are_counted(void **state)
{
    struct script *s = script_new();
    uint8_t b[ARP_BYTES] = {0, 1, 8, 0, 6, 4, 0, 9};
    input_frame(s, OUR_MAC, PEER_MAC, ETHER_ARP, bytes_of(b, sizeof b));     /* operation 9 */
    input_frame(s, OUR_MAC, PEER_MAC, ETHER_ARP, bytes_of(b, sizeof b - 1)); /* cut */
    b[0] = 7;
    input_frame(s, OUR_MAC, PEER_MAC, ETHER_ARP, bytes_of(b, sizeof b));
    assert_int_equal(s->n->counters.arp.in_malformed, 3);
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_then_sends_what_waited),
        cmocka_unit_test(sends_by_the_gateway),
        cmocka_unit_test(keeps_the_newest_packets),
        cmocka_unit_test(waiting_memory_is_bounded),
        cmocka_unit_test(asks_three_times_a_second_apart_then_refuses),
        cmocka_unit_test(silence_is_told_to_the_sender),
        cmocka_unit_test(probes_a_used_neighbour_by_unicast),
        cmocka_unit_test(a_confirmed_neighbour_is_not_probed),
        cmocka_unit_test(confirmation_makes_nobody_known),
        cmocka_unit_test(forgets_a_neighbour_that_leaves),
        cmocka_unit_test(an_unused_neighbour_expires_in_silence),
        cmocka_unit_test(learns_nothing_unasked),
        cmocka_unit_test(a_known_host_may_move),
        cmocka_unit_test(answers_a_probe_and_learns_nothing_from_it),
        cmocka_unit_test(the_table_is_bounded_and_drops_strangers_first),
        cmocka_unit_test(announces_twice),
        cmocka_unit_test(defends_its_address_but_not_too_often),
        cmocka_unit_test(malformed_packets_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
