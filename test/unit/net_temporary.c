/* SPDX-License-Identifier: ISC */
/* Temporary addresses (RFC 8981), on a fake clock that lets days pass. */
#include "test/support/net_script6.h"

#define DAY_NS (86400 * NS_PER_S)

static const struct ra prefix = {
    .lifetime_s = 9000, .valid_s = 2592000, .preferred_s = 604800, .prefix = "2001:db8::/64"};

/* Different numbers, the same in each run. */
static uint32_t state_of_random;

static uint32_t varying(void)
{
    state_of_random = state_of_random * 1664525 + 1013904223;
    return state_of_random ^ state_of_random >> 16;
}

static struct script *start(struct ra a)
{
    struct script *s = script6_with(&(struct ip6_options){.accept_ra = true, .temporary = true});
    state_of_random = 1;
    s->n->random = varying;
    pass(s, 2 * NS_PER_S);
    forget_sent(s);
    input_ra(s, router, &router_mac, a);
    return s;
}

static void end(struct script *s)
{
    net_free(s->n);
    free(s);
}

/* Lets time pass without keeping what is sent. */
static void pass_days(struct script *s, uint64_t span_ns)
{
    for (; span_ns > DAY_NS / 24; span_ns -= DAY_NS / 24) {
        pass(s, DAY_NS / 24);
        forget_sent(s);
    }
    pass(s, span_ns);
    forget_sent(s);
}

static size_t temporaries(const struct script *s, bool preferred_only)
{
    size_t n = 0;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &s->n->ip6->address[i];
        bool used = a->state == IP6_VALID || a->state == IP6_OPTIMISTIC;
        n += used && a->kind == IP6_TEMPORARY && (!preferred_only || a->preferred_ns);
    }
    return n;
}

static struct ip6_address *source(const struct script *s)
{
    const struct ip6_address *a = ip6_source(s->n, &far);
    assert_non_null(a);
    return ip6_find(s->n, &a->ip);
}

/* RFC 6724 5, rule 7; RFC 8981 3.4. */
static void connecting_prefers_them(void **state)
{
    struct script *s = start(prefix);
    struct ip stable = ip6_stable(s->n, &(struct ip){{0x20, 1, 0xd, 0xb8}}, 0);
    const struct ip6_address *a = source(s);
    assert_int_equal(a->kind, IP6_TEMPORARY);
    assert_int_equal(a->prefix_len, 64);
    assert_memory_equal(a->ip.b, ((uint8_t[]){0x20, 1, 0xd, 0xb8, 0, 0, 0, 0}), 8);
    assert_non_null(ip6_find(s->n, &stable));
    assert_false(ip_equal(&a->ip, &stable));
    assert_in_range(a->preferred_ns - s->now_ns, DAY_NS * 6 / 10, DAY_NS); /* at most 0.4 of a day early */
    assert_int_equal(a->valid_ns - s->now_ns, 2 * DAY_NS);
    end(s);
}

static void without_the_key_there_are_none(void **state)
{
    struct script *s = settled(NULL, true);
    input_ra(s, router, &router_mac, prefix);
    assert_int_equal(source(s)->kind, IP6_STABLE);
    assert_int_equal(temporaries(s, false), 0);
    end(s);
}

/* 3.5 and 3.6: five seconds before the preferred time is over there is another one; the old one stays for what uses it. */
static void a_successor_comes_in_time(void **state)
{
    struct script *s = start(prefix);
    struct ip first = source(s)->ip;
    uint64_t end_ns = source(s)->preferred_ns;
    pass_days(s, end_ns - IP6_TEMPORARY_ADVANCE_NS - 1 - s->now_ns);
    assert_int_equal(temporaries(s, false), 1);
    pass(s, 1);
    assert_int_equal(temporaries(s, true), 2);
    pass(s, IP6_TEMPORARY_ADVANCE_NS);
    assert_int_equal(temporaries(s, true), 1);
    assert_int_equal(ip6_find(s->n, &first)->preferred_ns, 0);
    assert_int_equal(source(s)->kind, IP6_TEMPORARY);
    assert_false(ip_equal(&source(s)->ip, &first));
    end(s);
}

/* Weeks with advertisements every quarter of a day: never more than four, always one to connect with. */
static void they_are_bounded(void **state)
{
    struct script *s = start(prefix);
    for (int i = 0; i < 100; i++) {
        pass_days(s, DAY_NS / 4);
        input_ra(s, router, &router_mac, prefix);
        assert_in_range(temporaries(s, false), 1, IP6_TEMPORARIES);
        assert_in_range(temporaries(s, true), 1, 2);
        assert_int_equal(source(s)->kind, IP6_TEMPORARY);
    }
    assert_in_range(s->n->counters.ip6.temporaries, 25, 43);
    assert_int_equal(s->n->counters.ip6.temporaries_evicted, 0);
    assert_int_equal(s->n->counters.ip6.addresses_full, 0);
    end(s);
}

/* Of many prefixes the oldest ones go, for the table has an end. */
static void many_prefixes_share_the_places(void **state)
{
    struct script *s = start(prefix);
    struct ra a = prefix;
    a.prefix = "2001:db8:0:1::/64";
    input_ra(s, router, &router_mac, a);
    a.prefix = "2001:db8:0:2::/64";
    input_ra(s, router, &router_mac, a);
    assert_int_equal(temporaries(s, false), 3);
    pass_days(s, 2 * DAY_NS);
    assert_in_range(temporaries(s, false), 1, IP6_TEMPORARIES);
    assert_in_range(s->n->counters.ip6.temporaries_evicted, 1, 6);
    end(s);
}

/* 3.4: what the router says counts when it is less, and an advertisement never lengthens beyond the caps. */
static void lifetimes_are_the_lesser_ones(void **state)
{
    struct ra a = prefix;
    a.preferred_s = 3600;
    a.valid_s = 7200;
    struct script *s = start(a);
    struct ip6_address *t = source(s);
    uint64_t began_ns = s->now_ns;
    assert_int_equal(t->preferred_ns, began_ns + 3600 * NS_PER_S);
    assert_int_equal(t->valid_ns, began_ns + 7200 * NS_PER_S);
    pass(s, 1000 * NS_PER_S);
    input_ra(s, router, &router_mac, prefix);
    assert_int_equal(t->preferred_ns, t->preferred_most_ns);
    assert_int_equal(t->valid_ns, began_ns + 2 * DAY_NS);
    a.preferred_s = 0; /* deprecated: no new one */
    input_ra(s, router, &router_mac, a);
    assert_int_equal(temporaries(s, true), 0);
    assert_int_equal(temporaries(s, false), 1);
    pass(s, 1000 * NS_PER_S);
    assert_int_equal(s->n->counters.ip6.temporaries, 1);
    end(s);
    a.preferred_s = 5; /* would have to be replaced at once */
    s = start(a);
    assert_int_equal(temporaries(s, false), 0);
    pass(s, 10 * NS_PER_S);
    end(s);
}

/* RFC 4862 5.5.3 (c): an advertised prefix whose preferred time is the longer one says nothing. */
static void contradictory_lifetimes_are_passed_over(void **state)
{
    struct ra a = prefix;
    a.preferred_s = 1000;
    a.valid_s = 2000;
    struct script *s = start(a);
    struct ip6_address before = *source(s);
    assert_int_equal(before.kind, IP6_TEMPORARY);
    a.preferred_s = 50000;
    a.valid_s = 8000;
    input_ra(s, router, &router_mac, a);
    assert_int_equal(source(s)->preferred_ns, before.preferred_ns);
    assert_int_equal(source(s)->valid_ns, before.valid_ns);
    end(s);
}

/* 3.4 (7): three more tries, then never again. */
static void duplicates_end_them(void **state)
{
    struct script *s = start(prefix);
    struct ip last = IP_NONE;
    for (int i = 0; i <= IP6_IDENTIFIERS; i++) {
        struct ip ip = source(s)->ip;
        assert_int_equal(source(s)->kind, IP6_TEMPORARY);
        assert_false(ip_equal(&ip, &last));
        input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, peer, all_nodes, ip, &peer_mac);
        last = ip;
    }
    assert_int_equal(source(s)->kind, IP6_STABLE);
    assert_int_equal(temporaries(s, false), 0);
    pass_days(s, DAY_NS);
    input_ra(s, router, &router_mac, prefix);
    assert_int_equal(temporaries(s, false), 0);
    end(s);
}

/* RFC 5453: reserved identifiers, and one that we have. */
static uint32_t constant_value;

static uint32_t constant(void)
{
    return constant_value;
}

static void identifiers_that_mean_something_are_not_taken(void **state)
{
    const uint32_t cases[] = {0, UINT32_C(0xfdffffff), UINT32_C(0x02005eff), UINT32_C(0x01020304)};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = start(prefix);
        struct ip6_address *a = source(s);
        s->n->random = constant;
        constant_value = cases[i];
        ip6_remove(s->n, s->now_ns, a);
        input_ra(s, router, &router_mac, prefix);
        const uint8_t *id = source(s)->ip.b + 8;
        assert_false(id[0] == 0 || (id[0] == 0xfd && id[1] == 0xff) || (id[0] == 2 && id[1] == 0));
        struct ip first = source(s)->ip;
        pass_days(s, source(s)->preferred_ns - s->now_ns);
        assert_false(ip_equal(&source(s)->ip, &first));
        end(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connecting_prefers_them),
        cmocka_unit_test(without_the_key_there_are_none),
        cmocka_unit_test(a_successor_comes_in_time),
        cmocka_unit_test(they_are_bounded),
        cmocka_unit_test(many_prefixes_share_the_places),
        cmocka_unit_test(lifetimes_are_the_lesser_ones),
        cmocka_unit_test(contradictory_lifetimes_are_passed_over),
        cmocka_unit_test(duplicates_end_them),
        cmocka_unit_test(identifiers_that_mean_something_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
