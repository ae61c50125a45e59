/* SPDX-License-Identifier: ISC */
/* Happy eyeballs (RFC 8305) and the order of addresses (RFC 6724), on a wire whose delay is part of the address: one stack
 * that talks with itself under many names. */
#include "net/prefer.h"
#include "net/tcp_core.h"
#include "test/support/self_stack.h"

enum { SYNS_MAX = 64, LISTENED = 80, CLOSED = 81 };

static struct syn {
    struct ip dst;
    uint64_t at_ns;
} syn[SYNS_MAX];
static size_t n_syns;
static uint64_t began_ns;
static struct ip6 six;

/* ---- The wire ---- */

/* Addresses end in the delay of one direction in ms (the 14th byte), and in what they are (the 15th). */
enum kind { GOOD = 1, DEAD = 2, NO_WAY = 3, OURS = 4 };

static struct ip six_at(uint8_t delay_ms, enum kind kind)
{
    return (struct ip){{0x20, 1, 0xd, 0xb8, [14] = delay_ms, [15] = (uint8_t)kind}};
}

static struct ip four_at(uint8_t delay_ms, enum kind kind)
{
    return ip4(192, 0, delay_ms, (uint8_t)kind);
}

/* The first one to each address. `header`: TCP's. */
static void note_syn(const struct ip *dst, const uint8_t *header, uint64_t now_ns)
{
    if ((header[13] & 0x12) != 2 || n_syns == SYNS_MAX)
        return;
    for (size_t i = 0; i < n_syns; i++) {
        if (ip_equal(&syn[i].dst, dst))
            return;
    }
    syn[n_syns++] = (struct syn){*dst, now_ns - began_ns};
}

static enum err send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    note_syn(&o->dst, v[0].data, now_ns);
    if (o->dst.b[15] != DEAD)
        fly(o, v, n, now_ns + (o->dst.b[14] + o->src.b[14] + 1) * NS_PER_MS);
    return OK;
}

static enum err route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    if (dst->b[15] == NO_WAY)
        return ERR_UNREACHABLE;
    *src = ip_is4(dst) ? four_at(0, OURS) : six_at(0, OURS);
    *payload_bytes = 1440;
    return OK;
}

/* ---- Running ---- */

static void (*body_to_run)(void);

static void listen_and_run(void)
{
    struct listener *l;
    began_ns = sched_now();
    assert_int_equal(stack_listen(&the, LISTENED, 20, &l), OK);
    body_to_run();
}

static void run(void (*body)(void))
{
    body_to_run = body;
    n_syns = 0;
    run_stack((struct ip_below){.send = send, .route = route}, 40, listen_and_run);
}

static uint64_t passed_ms(void)
{
    return (sched_now() - began_ns) / NS_PER_MS;
}

static struct endpoint at(struct ip ip)
{
    return (struct endpoint){ip, LISTENED};
}

static enum err connect_any(const struct endpoint *list, size_t n, uint64_t within_ms, struct flow **f)
{
    return stack_connect_any(&the, list, n, in_ms(within_ms), f);
}

static void expect_syn(size_t i, struct ip dst, uint64_t at_ms)
{
    assert_true(i < n_syns);
    assert_true(ip_equal(&syn[i].dst, &dst));
    assert_in_range(syn[i].at_ns / NS_PER_MS, at_ms, at_ms + 5);
}

static void expect_peer(struct flow *f, struct ip ip)
{
    struct endpoint peer = flow_peer(f);
    assert_true(ip_equal(&peer.ip, &ip));
}

/* No attempt is left but the winner's connection, whose server end is there, too. */
static void end(struct flow *f)
{
    flow_abort(f);
    assert_int_equal(fiber_sleep(in_ms(1000)), OK);
    assert_int_equal(tcp_counters(the.t).n_half_open, 0);
}

/* ---- Connecting ---- */

static void first_answers(void)
{
    struct endpoint list[] = {at(four_at(1, GOOD)), at(six_at(1, GOOD))};
    struct flow *f;
    assert_int_equal(connect_any(list, 2, 1000, &f), OK);
    expect_peer(f, six_at(1, GOOD)); /* IPv6 is preferred (RFC 6724 2.1) */
    assert_int_equal(n_syns, 1);
    end(f);
}

static void a_good_address_is_the_only_one_tried(void **state)
{
    run(first_answers);
}

static void dead_one(void)
{
    struct endpoint list[] = {at(six_at(0, DEAD)), at(four_at(1, GOOD))};
    struct flow *f;
    assert_int_equal(connect_any(list, 2, 5000, &f), OK);
    assert_in_range(passed_ms(), 250, 260);
    expect_peer(f, four_at(1, GOOD));
    expect_syn(0, six_at(0, DEAD), 0);
    expect_syn(1, four_at(1, GOOD), 250);
    end(f);
}

static void a_dead_address_costs_a_quarter_of_a_second(void **state)
{
    run(dead_one);
}

static void slow_one(void)
{
    struct endpoint list[] = {at(six_at(200, GOOD)), at(four_at(1, GOOD)), at(four_at(2, GOOD))};
    struct flow *f;
    assert_int_equal(connect_any(list, 3, 5000, &f), OK);
    expect_peer(f, four_at(1, GOOD));
    assert_in_range(passed_ms(), 250, 260);
    assert_int_equal(n_syns, 2);
    end(f); /* the slow one's answer finds nobody */
    began_ns = sched_now();
    n_syns = 0;
    list[0] = at(six_at(140, GOOD)); /* slow, but before the second one, which is slower than that */
    list[1] = at(four_at(150, GOOD));
    assert_int_equal(connect_any(list, 2, 5000, &f), OK);
    expect_peer(f, six_at(140, GOOD));
    assert_int_equal(n_syns, 2);
    end(f);
}

static void the_first_that_stands_wins(void **state)
{
    run(slow_one);
}

static void refusing_one(void)
{
    struct endpoint list[] = {{six_at(1, GOOD), CLOSED}, at(four_at(1, GOOD)), at(six_at(9, NO_WAY))};
    struct flow *f;
    assert_int_equal(connect_any(list, 3, 5000, &f), OK);
    expect_peer(f, four_at(1, GOOD));
    assert_in_range(passed_ms(), 4, 20); /* two round trips */
    end(f);
}

static void a_refusal_is_not_waited_beyond(void **state)
{
    run(refusing_one);
}

static void all_fail(void)
{
    struct endpoint list[] = {{six_at(1, GOOD), CLOSED}, {four_at(1, GOOD), CLOSED}, at(six_at(0, NO_WAY))};
    struct endpoint none[] = {at(six_at(0, NO_WAY)), at(four_at(0, NO_WAY))};
    struct endpoint dead[] = {at(six_at(0, DEAD)), at(four_at(0, DEAD)), {four_at(1, GOOD), CLOSED}};
    struct flow *f = NULL;
    assert_int_equal(connect_any(list, 3, 5000, &f), ERR_REFUSED);
    assert_int_equal(connect_any(none, 2, 5000, &f), ERR_UNREACHABLE);
    assert_int_equal(connect_any(none, 0, 5000, &f), ERR_UNREACHABLE);
    uint64_t before_ms = passed_ms();
    assert_int_equal(connect_any(dead, 3, 3000, &f), ERR_TIMEOUT);
    assert_in_range(passed_ms() - before_ms, 3000, 3010);
    assert_null(f);
    assert_int_equal(tcp_counters(the.t).n_connections, 0);
}

static void errors_say_what_was_met(void **state)
{
    run(all_fail);
}

static void dead_families(void)
{
    struct endpoint list[20];
    struct flow *f;
    for (uint8_t i = 0; i < 10; i++) {
        list[i] = at(six_at(i, DEAD));
        list[10 + i] = at(four_at(i, DEAD));
    }
    list[12] = at(four_at(2, GOOD));
    assert_int_equal(connect_any(list, 20, 10000, &f), OK);
    for (size_t i = 0; i < 6; i++) /* in turns, each a quarter of a second later */
        expect_syn(i, i % 2 ? four_at((uint8_t)(i / 2), i == 5 ? GOOD : DEAD) : six_at((uint8_t)(i / 2), DEAD),
                   i * 250);
    end(f);
    list[12] = at(four_at(2, DEAD));
    list[19] = at(four_at(1, GOOD));                     /* beyond the limit */
    uint32_t before = tcp_counters(the.t).n_connections; /* the other end of the first one, which nobody accepted */
    assert_int_equal(connect_any(list, 20, 10000, &f), ERR_TIMEOUT);
    assert_int_equal(tcp_counters(the.t).n_connections, before);
    assert_int_equal(the.net.counters.connect.left_out, 2 * (20 - CONNECT_ADDRESSES_MAX));
}

static void families_take_turns_up_to_the_limit(void **state)
{
    run(dead_families);
}

static void cancel_one(void *arg)
{
    struct endpoint list[] = {at(six_at(0, DEAD)), at(four_at(0, DEAD))};
    struct flow *f;
    enum err *e = arg;
    *e = connect_any(list, 2, 60000, &f);
}

static void cancelling(void)
{
    struct scope scope;
    enum err e = OK;
    scope_open(&scope);
    assert_int_equal(scope_spawn(&scope, "connect", cancel_one, &e), OK);
    assert_int_equal(fiber_sleep(in_ms(400)), OK);
    assert_int_equal(tcp_counters(the.t).n_connections, 2);
    scope_cancel(&scope);
    scope_join(&scope);
    assert_int_equal(e, ERR_CANCELLED);
    assert_int_equal(tcp_counters(the.t).n_connections, 0);
}

static void a_cancelled_fiber_leaves_nothing(void **state)
{
    run(cancelling);
}

/* RFC 6724 6, rule 3, through the table of addresses. */
static void deprecated_source(void)
{
    struct endpoint list[] = {at(six_at(1, GOOD)), at(four_at(1, GOOD))};
    struct flow *f;
    six.address[2] = (struct ip6_address){.ip = six_at(0, OURS), .state = IP6_VALID, .preferred_ns = 0};
    the.net.ip6 = &six;
    assert_int_equal(connect_any(list, 2, 1000, &f), OK);
    expect_peer(f, four_at(1, GOOD));
    end(f);
}

static void a_deprecated_source_comes_second(void **state)
{
    run(deprecated_source);
}

/* ---- The order ---- */

static struct prefer_way way(const char *dst, const char *src, bool deprecated)
{
    struct prefer_way w = {.deprecated = deprecated};
    assert_true(ip_parse(bytes_str(dst), &w.to.ip));
    if (src)
        assert_true(ip_parse(bytes_str(src), &w.src));
    return w;
}

/* The examples of RFC 6724 10.2, and what they leave out. */
static void destinations_are_sorted(void **state)
{
    const struct {
        struct prefer_way first, second;
    } cases[] = {
        {way("2001:db8:1::1", "2001:db8:1::2", false), way("198.51.100.121", "169.254.13.78", false)}, /* scope */
        {way("198.51.100.121", "198.51.100.117", false), way("2001:db8:1::1", "fe80::1", false)},
        {way("2001:db8:1::1", "2001:db8:1::2", false), way("10.1.2.3", "10.1.2.4", false)}, /* precedence */
        {way("fe80::1", "fe80::2", false), way("2001:db8:1::1", "2001:db8:1::2", false)},   /* smaller scope */
        {way("2001:db8:1::1", "2001:db8:1::2", false), way("2002:c633:6401::1", "2002:c633:6401::2", false)},
        {way("2001:db8:3ffe::1", "2001:db8:3f44::2", false),
         way("2001:db8:1::1", "2001:db8:3f44::2", false)}, /* bits */
        {way("2002:c633:6401::1", "2002:c633:6401::2", false), way("2001:db8:1::1", "2002:c633:6401::2", false)},
        {way("10.1.2.3", "10.1.2.4", false), way("2001:db8:1::1", "2001:db8:1::2", true)}, /* deprecated */
        {way("10.1.2.3", "10.1.2.4", false), way("2001:db8:1::1", NULL, false)},           /* no way */
        {way("10.1.2.3", "10.1.2.4", false), way("fd00::1", "fd00::2", false)},
        {way("2001:db8:1::1", "2001:db8:1::2", false), way("2001:0:1::1", "2001:0:1::2", false)}, /* Teredo */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct prefer_way v[2] = {cases[i].second, cases[i].first};
        prefer_sort(v, 2);
        assert_true(ip_equal(&v[0].to.ip, &cases[i].first.to.ip));
        prefer_sort(v, 2);
        assert_true(ip_equal(&v[0].to.ip, &cases[i].first.to.ip));
    }
}

/* Rule 10, and IPv4 addresses, whose bits say nothing. */
static void equals_keep_their_order(void **state)
{
    struct prefer_way v[] = {way("10.0.0.9", "10.0.0.1", false),  way("2001:db8::5", NULL, false),
                             way("192.0.2.1", "10.0.0.1", false), way("2001:db8:9::7", "2001:db8::2", false),
                             way("10.0.0.3", "10.0.0.1", false),  way("2001:db8:9::6", "2001:db8::2", false)};
    const char *const order[] = {"2001:db8:9::7", "10.0.0.9", "2001:db8:9::6", "192.0.2.1", "10.0.0.3", "2001:db8::5"};
    prefer_sort(v, ARRAY_LEN(v));
    for (size_t i = 0; i < ARRAY_LEN(v); i++) {
        char text[IP_TEXT_BYTES];
        assert_string_equal(ip_text(&v[i].to.ip, text), order[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_address_is_the_only_one_tried),
        cmocka_unit_test(a_dead_address_costs_a_quarter_of_a_second),
        cmocka_unit_test(the_first_that_stands_wins),
        cmocka_unit_test(a_refusal_is_not_waited_beyond),
        cmocka_unit_test(errors_say_what_was_met),
        cmocka_unit_test(families_take_turns_up_to_the_limit),
        cmocka_unit_test(a_cancelled_fiber_leaves_nothing),
        cmocka_unit_test(a_deprecated_source_comes_second),
        cmocka_unit_test(destinations_are_sorted),
        cmocka_unit_test(equals_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
