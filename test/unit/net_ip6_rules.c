/* SPDX-License-Identifier: ISC */
/* IPv6: limits and what is refused, one rule after the other; the ways that work are in net_ip6.c. */
#include "test/support/net_script6.h"

static uint32_t counting_value;

static uint32_t counting(void)
{
    return counting_value++ * UINT32_C(0x9e3779b1);
}

static void end(struct script *s)
{
    net_free(s->n);
    free(s);
}

static void input_next(struct script *s, struct ip dst, uint8_t next, const void *data, size_t len)
{
    input_ip6(s, (struct ip6_header){.next = next, .src = peer, .dst = dst}, bytes_of(data, len));
}

/* ---- Fragments and headers ---- */

/* RFC 7739: no datagram's number tells the next one's. */
static void identifications_come_from_the_generator(void **state)
{
    struct script *s = settled(NULL, false);
    know_peer6(s);
    s->n->random = counting;
    counting_value = 7;
    for (uint32_t i = 7; i < 10; i++) {
        struct ip6_header h;
        struct bytes datagram;
        forget_sent(s);
        assert_int_equal(send6(s, peer, 1600), OK);
        assert_int_equal(s->n_sent, 2);
        for (size_t k = 0; k < 2; k++) {
            struct bytes packet = bytes_of(s->sent[k].b + ETHER_BYTES, s->sent[k].len - ETHER_BYTES);
            assert_true(ip6_parse(packet, &h, &datagram));
            struct ip6_walk w = ip6_walk_start(&h);
            assert_int_equal(ip6_walk(&w, datagram), IP6_FOUND_FRAGMENT);
            assert_int_equal(w.fragment.id, i * UINT32_C(0x9e3779b1));
        }
    }
    end(s);
}

/* RFC 8504 5.3: eight options in a header and eight headers pass, nine do not. */
static void headers_and_options_are_counted(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_ip6 *c = &s->n->counters.ip6;
    for (size_t n = 8; n <= 9; n++) {
        uint8_t options[40] = {IP6_NOTHING, 4};
        for (size_t i = 0; i < n - 1; i++)
            options[2 + 2 * i] = 0x1e; /* to be skipped, empty */
        options[2 + 2 * n] = 1;        /* PadN over the rest */
        options[3 + 2 * n] = (uint8_t)(sizeof options - 4 - 2 * n);
        input_next(s, our_link, IP6_DESTINATION, options, sizeof options);
        assert_int_equal(c->in_too_many, n - 8);
        uint8_t headers[80] = {0};
        for (size_t i = 0; i < n; i++)
            memcpy(headers + 8 * i, (uint8_t[]){i + 1 == n ? IP6_NOTHING : IP6_DESTINATION, 0, 1, 4}, 4);
        uint64_t before = c->in_too_many;
        input_next(s, our_link, IP6_DESTINATION, headers, 8 * n);
        assert_int_equal(c->in_too_many - before, n - 8);
    }
    expect_nothing(s);
    end(s);
}

/* ---- ICMPv6 ---- */

/* RFC 4443 2.4 (c): as much of the packet as fits the least MTU. (e.1), (e.2): nothing about errors and redirects; (e.6):
 * nothing to who has no address. */
static void errors_fit_and_are_not_about_errors(void **state)
{
    struct script *s = settled(NULL, false);
    struct counters_icmp *c = &s->n->counters.icmp6;
    know_peer6(s);
    input_next(s, our_link, 99, zeros, 1460);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 icmp6 4/1 rest=00000006 data=1232");
    assert_int_equal(s->sent[s->n_sent - 1].len, ETHER_BYTES + 1280);
    uint8_t error[8] = {ICMP6_UNREACHABLE};
    struct ip_in in = {.src = peer, .dst = our_link, .protocol = IP6_ICMP, .payload = bytes_of(error, 8)};
    uint64_t suppressed = c->out_suppressed;
    icmp6_error(s->n, s->now_ns, ICMP6_PARAMETER, ICMP6_FIELD, 0, &in, bytes_of(zeros, 40));
    error[0] = ICMP6_REDIRECT;
    icmp6_error(s->n, s->now_ns, ICMP6_PARAMETER, ICMP6_FIELD, 0, &in, bytes_of(zeros, 40));
    in.src = IP_NONE;
    error[0] = ICMP6_ECHO;
    icmp6_error(s->n, s->now_ns, ICMP6_PARAMETER, ICMP6_FIELD, 0, &in, bytes_of(zeros, 40));
    assert_int_equal(c->out_suppressed - suppressed, 3);
    end(s);
}

/* Answers to pings of groups could be an amplifier: they share the errors' bucket. */
static void pings_of_groups_are_limited(void **state)
{
    struct script *s = settled(NULL, false);
    struct icmp6 m = {.type = ICMP6_ECHO, .data = bytes_of(zeros, 4)};
    know_peer6(s);
    for (int i = 0; i < ICMP_ERROR_BURST + 5; i++)
        input_icmp6(s, peer, all_nodes, 64, m);
    assert_int_equal(s->n->counters.icmp6.out_echo, ICMP_ERROR_BURST);
    assert_int_equal(s->n->counters.icmp6.out_limited, 5);
    for (int i = 0; i < ICMP_ERROR_BURST + 5; i++)
        input_icmp6(s, peer, our_link, 64, m);
    assert_int_equal(s->n->counters.icmp6.out_echo, 2 * ICMP_ERROR_BURST + 5);
    pass(s, NS_PER_S / ICMP_ERRORS_PER_S);
    input_icmp6(s, peer, all_nodes, 64, m);
    assert_int_equal(s->n->counters.icmp6.out_echo, 2 * ICMP_ERROR_BURST + 6);
    end(s);
}

/* RFC 8200 8.1. */
static void datagrams_without_a_checksum_are_dropped(void **state)
{
    struct script *s = settled(NULL, false);
    struct udp_socket *u;
    uint8_t b[12] = {0, 9, 0, 7, 0, 12, 0, 0, 'j', 'i', 'n', 'n'};
    assert_int_equal(udp_open(s->n, 7, &u), OK);
    input_next(s, our_link, IP_UDP, b, sizeof b);
    assert_int_equal(s->n->counters.udp.in_bad_checksum, 1);
    assert_int_equal(s->n->counters.udp.delivered, 0);
    end(s);
}

/* ---- Addresses ---- */

static struct ip made_with(const char *secret, const char *prefix, uint8_t mac)
{
    struct script *s = calloc(1, sizeof *s);
    struct ip_net net;
    s->dev = (struct netdev){&script_ops, {{2, 0, 0, 0, 0, mac}}, 1500, 0, NULL};
    struct net_options o = {.dev = &s->dev, .random = counting, .ip6 = &stack_ip6};
    assert_int_equal(net_new(&o, &s->n), OK);
    assert_int_equal(s->n->ip6_ops->start(s->n, 0, &(struct ip6_options){.secret = bytes_str(secret)}), OK);
    assert_true(ip_net_parse(bytes_str(prefix), &net));
    struct ip ip = ip6_stable(s->n, &net.ip, 0);
    end(s);
    return ip;
}

/* RFC 7217 5 and 6: the same secret, prefix and MAC give the same address; each of them matters; without a secret each
 * start gives another one. */
static void stable_addresses_are_stable(void **state)
{
    struct ip ip = made_with("secret", "2001:db8::/64", 2);
    struct ip same = made_with("secret", "2001:db8::/64", 2);
    assert_true(ip_equal(&ip, &same));
    struct ip others[] = {made_with("Secret", "2001:db8::/64", 2), made_with("secret", "2001:db8:0:1::/64", 2),
                          made_with("secret", "2001:db8::/64", 3), made_with("", "2001:db8::/64", 2),
                          made_with("", "2001:db8::/64", 2)};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        assert_memory_not_equal(ip.b + 8, others[i].b + 8, 8);
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(others[k].b + 8, others[i].b + 8, 8);
    }
}

/* RFC 7217 6: three other identifiers, then the address is given up, and for good. */
static void duplicates_have_an_end(void **state)
{
    struct script *s = script6(NULL, false);
    struct ip6_address *a = &s->n->ip6->address[0];
    struct ip last = IP_NONE;
    for (int i = 0; i <= IP6_IDENTIFIERS; i++) {
        assert_int_equal(a->state, IP6_OPTIMISTIC);
        assert_false(ip_equal(&a->ip, &last));
        last = a->ip;
        pass(s, 500 * NS_PER_MS);
        input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, IP_NONE, ip6_solicited_group(&last), last, NULL);
    }
    assert_int_equal(a->state, IP6_DUPLICATE);
    assert_int_equal(s->n->counters.ip6.in_conflicts, IP6_IDENTIFIERS + 1);
    assert_null(ip6_find(s->n, &last));
    pass(s, 100 * NS_PER_S);
    assert_int_equal(a->state, IP6_DUPLICATE);
    end(s);
}

/* RFC 4862 5.5.3: (a) to (d). */
static void prefixes_that_give_no_address(void **state)
{
    const struct ra cases[] = {
        {.valid_s = 100, .preferred_s = 101, .prefix = "2001:db8::/64"}, /* preferred for longer than valid */
        {.valid_s = 200, .preferred_s = 100, .prefix = "2001:db8::/63"}, /* no room for an identifier of 64 bits */
        {.valid_s = 200, .preferred_s = 100, .prefix = "2001:db8::/65"}, {.prefix = "2001:db8::/64"},
        {.valid_s = 200, .preferred_s = 100, .prefix = "fe80::/64"},     {.valid_s = 200, .prefix = "ff02::/64"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = settled(NULL, true);
        input_ra(s, router, &router_mac, cases[i]);
        assert_int_equal(s->n->ip6->address[1].state, IP6_FREE);
        assert_int_equal(s->n->counters.nd.in_malformed, 0);
        end(s);
    }
}

/* ---- Routers ---- */

static void input_times(struct script *s, uint32_t reachable_ms, uint32_t retry_ms, uint8_t hops, uint32_t mtu)
{
    uint8_t b[16];
    struct writer w = writer_of(b, sizeof b);
    write_be32(&w, reachable_ms);
    write_be32(&w, retry_ms);
    write_be32(&w, (uint32_t)ND_MTU << 24 | 1 << 16);
    write_be32(&w, mtu);
    struct icmp6 m = {.type = ICMP6_ROUTER_ADVERTISEMENT, .rest = (uint32_t)hops << 24, .data = writer_bytes(&w)};
    input_icmp6(s, router, all_nodes, 255, m);
}

/* RFC 4861 6.3.4: what is not said (0) stays as it was; 6.2.1 and RFC 8200 5: what can't be is not believed. */
static void times_and_limits_of_routers(void **state)
{
    struct script *s = settled(NULL, true);
    struct ip6 *six = s->n->ip6;
    input_times(s, 20000, 2000, 33, 1400);
    assert_int_equal(six->nd.reachable_ns, 20 * NS_PER_S);
    assert_int_equal(six->nd.retry_ns, 2 * NS_PER_S);
    assert_int_equal(six->hop_limit, 33);
    assert_int_equal(six->mtu_bytes, 1400);
    input_times(s, 0, 0, 0, 1279);
    input_times(s, 3600001, 3600001, 0, 1501);
    input_times(s, 99, 99, 0, 0);
    assert_int_equal(six->nd.reachable_ns, 20 * NS_PER_S);
    assert_int_equal(six->nd.retry_ns, 2 * NS_PER_S);
    assert_int_equal(six->hop_limit, 33);
    assert_int_equal(six->mtu_bytes, 1400);
    know_peer6(s);
    assert_int_equal(send6(s, peer, 10), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=33 next=99 data=10");
    end(s);
}

static void input_redirect(struct script *s, struct ip src, struct ip target, struct ip dst)
{
    uint8_t b[40];
    struct writer w = writer_of(b, sizeof b);
    write_copy(&w, target.b, 16);
    write_copy(&w, dst.b, 16);
    nd_emit_mac(&w, ND_TARGET_MAC, &peer_mac);
    input_icmp6(s, src, our_link, 255, (struct icmp6){.type = ICMP6_REDIRECT, .data = writer_bytes(&w)});
}

/* RFC 4861 8.1, 8.3: to a router or to the destination itself; not to us, not to anywhere, not for groups. */
static void redirects_are_judged(void **state)
{
    struct script *s = settled(NULL, true);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800});
    forget_sent(s);
    input_redirect(s, router, far, far); /* it is on the link */
    struct ip hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &far));
    struct ip other = far;
    other.b[15]++;
    input_redirect(s, router, far, other); /* a router's address is link-local */
    input_redirect(s, router, our_link, other);
    input_redirect(s, peer, peer, other); /* from who is not our router */
    assert_int_equal(s->n->counters.nd.in_ignored, 3);
    input_redirect(s, router, peer, all_nodes);
    assert_int_equal(s->n->counters.nd.in_malformed, 1);
    hop = ip6_next_hop(s->n, &other);
    assert_true(ip_equal(&hop, &router));
    /* RFC 4861 7.3.3: a hop that does not answer is no way. */
    input_redirect(s, router, peer, other);
    assert_int_equal(send6(s, other, 1), OK);
    pass(s, 10 * NS_PER_S);
    hop = ip6_next_hop(s->n, &other);
    assert_true(ip_equal(&hop, &router));
    end(s);
}

/* RFC 4861 6.3.4 and 7.2.5: a lifetime of 0, or a neighbour that says that it is none, ends a router. */
static void routers_retire(void **state)
{
    struct script *s = settled(NULL, true);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800});
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 0});
    struct ip hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &IP_NONE));
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800});
    hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &router));
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, router, all_nodes, router, &router_mac);
    hop = ip6_next_hop(s->n, &far);
    assert_true(ip_equal(&hop, &IP_NONE));
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifications_come_from_the_generator),
        cmocka_unit_test(headers_and_options_are_counted),
        cmocka_unit_test(errors_fit_and_are_not_about_errors),
        cmocka_unit_test(pings_of_groups_are_limited),
        cmocka_unit_test(datagrams_without_a_checksum_are_dropped),
        cmocka_unit_test(stable_addresses_are_stable),
        cmocka_unit_test(duplicates_have_an_end),
        cmocka_unit_test(prefixes_that_give_no_address),
        cmocka_unit_test(times_and_limits_of_routers),
        cmocka_unit_test(redirects_are_judged),
        cmocka_unit_test(routers_retire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
