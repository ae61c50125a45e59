/* SPDX-License-Identifier: ISC */
/* The root's servers (RFC 9609): the hint knows the root, but the root names others. */
#include "test/support/dns_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HINT "10.0.0.1"
#define ROOT "10.0.0.11"
#define SECOND "10.0.0.12"
#define ZONE "10.0.2.1"

enum { NS_TTL_S = 3600 };

#define SOA ". 86400 SOA a.root. host. 1 2 3 4 60\n"
#define NS ". 3600 NS a.root.\na.root. 3600 A 10.0.0.11\n"
#define REST                                                                                 \
    "one. 60 NS ns.one.\nns.one. 60 A 10.0.2.1\ntwo. 60 NS ns.two.\nns.two. 60 A 10.0.2.1\n" \
    "three. 60 NS ns.three.\nns.three. 60 A 10.0.2.1\nfour. 60 NS ns.four.\nns.four. 60 A 10.0.2.1\n"
#define ASKED(server, zone) server " " zone " A\n10.0.2.1 www." zone " A\n"

static void plant(const char *hint, const char *root)
{
    static const char *const zones[] = {"one.", "two.", "three.", "four."};
    world_zone(HINT, ".", hint);
    world_zone(ROOT, ".", root);
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        world_zone(
            ZONE, zones[i],
            "@ 60 SOA ns host 1 2 3 4 60\n@ 60 NS ns\nns 60 A 10.0.2.1\nns2 60 A 10.0.2.1\nwww 60 A 192.0.2.1\n");
}

static void begin_with(struct dns_iterate_options o)
{
    o.no_ipv6 = true;
    world_begin(o, (struct dns_cache_options){.entries = 200});
}

static int begin(void **state)
{
    begin_with((struct dns_iterate_options){0});
    plant(SOA NS REST, SOA NS REST);
    return 0;
}

static int end(void **state)
{
    world_end();
    return 0;
}

static struct dns_iterate_counters counters(void)
{
    return dns_iterate_counters(world.it);
}

static void later(uint32_t s)
{
    world.now_ns += s * NS_PER_S;
}

static const char *ask(const char *name)
{
    assert_non_null(strstr(world_ask(name, DNS_A), " A 192.0.2.1\n"));
    return world_log();
}

static void hints_are_asked_for_the_roots_servers_and_no_more(void **state)
{
    assert_string_equal(ask("www.one."), HINT " . NS\n" ASKED(ROOT, "one."));
    assert_string_equal(ask("www.two."), ASKED(ROOT, "two."));
    assert_int_equal(counters().primed, 1);
    assert_int_equal(counters().not_primed, 0);
}

static void many_who_need_them_wait_for_one_question(void **state)
{
    struct dns_client_query other = {.done = world_done};
    struct dns_name n;
    name_of(&n, "www.two.");
    world_begin_asking("www.one.", DNS_A, false);
    dns_iterate_ask(world.it, world.now_ns, &other, dns_name_bytes(&n), DNS_A, false);
    world_run();
    assert_int_equal(world_server(HINT)->n_queries, 1);
    assert_int_equal(world_server(ROOT)->n_queries, 2);
}

static void who_asks_for_them_primes(void **state)
{
    assert_non_null(strstr(world_ask(".", DNS_NS), "an . 3600 NS a.root.\n"));
    assert_string_equal(ask("www.one."), ASKED(ROOT, "one."));
    assert_int_equal(counters().primed, 1);
}

static void when_they_have_expired_hints_are_asked_again(void **state)
{
    ask("www.one.");
    later(NS_TTL_S + 1);
    assert_string_equal(ask("www.two."), HINT " . NS\n" ASKED(ROOT, "two."));
    assert_int_equal(counters().primed, 2);
}

/* Before that, by whom they are: nobody waits for it, and the hints are of no use any more. */
static void soon_before_they_are_asked_themselves(void **state)
{
    ask("www.one.");
    world_server(HINT)->silent = true;
    later(NS_TTL_S * 9 / 10 - 2);
    assert_string_equal(ask("www.two."), ASKED(ROOT, "two."));
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"www.three.", "www.four.", "www.one."};
        later(4);
        ask(names[i]);
        assert_int_equal(!!strstr(world_log(), ROOT " . NS\n"), i == 0);
    }
    assert_int_equal(counters().primed, 2);
    later(NS_TTL_S - 500);
    assert_string_equal(ask("www.two."), ASKED(ROOT, "two."));
}

static void silent_hints_serve_as_well_as_they_can(void **state)
{
    world_server(HINT)->n_silent = DNS_ITERATE_ROUNDS;
    assert_string_equal(ask("www.one."), HINT " . NS\n" HINT " . NS\n" HINT " . NS\n" ASKED(HINT, "one."));
    assert_int_equal(counters().not_primed, 1);
    later(58);
    assert_string_equal(ask("www.two."), ASKED(HINT, "two.")); /* not yet again */
    later(3);
    assert_string_equal(ask("www.three."), HINT " . NS\n" ASKED(ROOT, "three."));
}

static size_t refuse_ns(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    if (answer[12] == 0) /* the root's name */
        answer[3] = (answer[3] & 0xf0) | DNS_REFUSED;
    return len;
}

static void hints_that_refuse_serve_for_the_rest(void **state)
{
    world_server(HINT)->twist = refuse_ns;
    assert_string_equal(ask("www.one."), HINT " . NS\n" ASKED(HINT, "one."));
    assert_int_equal(counters().not_primed, 1);
}

static size_t without_authority(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    if (answer[12] == 0)
        answer[2] &= (uint8_t) ~(DNS_AA >> 8);
    return len;
}

static void what_is_said_without_authority_is_not_believed(void **state)
{
    world_server(HINT)->twist = without_authority;
    assert_string_equal(ask("www.one."), HINT " . NS\n" ASKED(HINT, "one."));
    assert_int_equal(counters().lame, 1);
    assert_int_equal(counters().not_primed, 1);
}

static void another_hint_is_asked_when_one_is_silent(void **state)
{
    struct ip hints[2] = {world_ip("10.0.0.9"), world_ip(HINT)};
    world_end();
    begin_with((struct dns_iterate_options){.hints = hints, .n_hints = 2});
    plant(SOA NS REST, SOA NS REST);
    ask("www.one.");
    assert_non_null(strstr(world_log(), HINT " . NS\n" ASKED(ROOT, "one.")));
}

/* Their addresses are looked up while the hints serve. */
static void servers_without_addresses_are_looked_up(void **state)
{
    world_end();
    begin_with((struct dns_iterate_options){0});
    plant(SOA ". 3600 NS ns2.four.\n" REST, SOA REST ". 3600 NS ns2.four.\n");
    world_zone(ZONE, ".", SOA ". 3600 NS ns2.four.\n" REST);
    ask("www.one.");
    assert_non_null(strstr(world_log(), HINT " one. A\n"));
    assert_non_null(strstr(world_log(), ZONE " ns2.four. A\n"));
    assert_string_equal(ask("www.two."), ASKED(ZONE, "two."));
}

static void a_root_that_grows_silent_is_not_replaced_by_hints(void **state)
{
    ask("www.one.");
    world_server(ROOT)->silent = true;
    assert_string_equal(world_ask("www.two.", DNS_A), "failed");
    assert_int_equal(world_server(HINT)->n_queries, 1);
}

static void queries_for_them_have_a_limit(void **state)
{
    struct ip hints[DNS_ITERATE_HINTS];
    for (size_t i = 0; i < DNS_ITERATE_HINTS; i++)
        hints[i] = ip4(10, 8, 8, (uint8_t)(i + 1));
    world_end();
    begin_with((struct dns_iterate_options){.hints = hints, .n_hints = DNS_ITERATE_HINTS});
    assert_string_equal(world_ask(".", DNS_NS), "failed");
    assert_int_equal(world_lines(), DNS_ITERATE_PRIMING);
    assert_int_equal(counters().many_queries, 1);
    assert_int_equal(counters().not_primed, 1);
}

/* ---- With a validator ---- */

static struct {
    enum dns_verdict verdict; /* of the root's set of NS; all else is secure */
    bool needs_key;           /* to judge that */
} judge;

static enum dns_verdict validate(void *arg, uint64_t at_ns, const struct dns_cached *set, struct dns_name *name,
                                 uint16_t *type)
{
    struct dns_cached key;
    struct dns_name own;
    bool is_ns = set->type == DNS_NS && set->name.len == 1;
    uint16_t own_type = set->type;
    enum dns_verdict v = is_ns ? judge.verdict : DNS_VERDICT_SECURE;
    dns_name_copy(&own, set->name);
    if (is_ns && judge.needs_key && !dns_cache_find(world.cache, at_ns, dns_root(), DNS_DNSKEY, &key)) {
        dns_name_copy(name, dns_root());
        *type = DNS_DNSKEY;
        return DNS_VERDICT_NEEDS;
    }
    dns_cache_judge(world.cache, dns_name_bytes(&own), own_type, v, 6, TIME_NEVER);
    return v;
}

static void begin_validating(enum dns_verdict v)
{
    judge.verdict = v;
    judge.needs_key = true;
    world_end();
    begin_with((struct dns_iterate_options){.validate = validate});
    plant(SOA NS REST, SOA NS REST);
}

static void they_are_judged_before_they_are_used(void **state)
{
    begin_validating(DNS_VERDICT_SECURE);
    assert_string_equal(ask("www.one."), HINT " . NS\n" HINT " . DNSKEY\n" ASKED(ROOT, "one."));
    assert_int_equal(counters().primed, 1);
}

/* As the keeper of anchors asks, which begins when the resolver does. */
static void their_keys_may_be_asked_for_first(void **state)
{
    struct dns_client_query other = {.done = world_done};
    struct dns_name n;
    name_of(&n, "www.one.");
    begin_validating(DNS_VERDICT_SECURE);
    world_begin_asking(".", DNS_DNSKEY, false);
    dns_iterate_ask(world.it, world.now_ns, &other, dns_name_bytes(&n), DNS_A, false);
    world_run();
    assert_int_equal(counters().primed, 1);
    assert_int_equal(counters().circles, 0);
    assert_int_equal(world_server(HINT)->n_queries, 2);
    assert_non_null(strstr(world_told("www.one.", DNS_A, false, false), "192.0.2.1"));
}

static void bogus_ones_are_not_used(void **state)
{
    begin_validating(DNS_VERDICT_BOGUS);
    ask("www.one.");
    assert_non_null(strstr(world_log(), ASKED(HINT, "one.")));
    assert_null(strstr(world_log(), ROOT " "));
    assert_int_equal(counters().not_primed, 1);
    assert_string_equal(ask("www.two."), ASKED(HINT, "two."));
}

/* ---- Forwarding ---- */

static void forwarders_are_not_asked(void **state)
{
    world_end();
    begin_with((struct dns_iterate_options){.forward = true});
    world_zone(HINT, ".", SOA NS "www.one. 60 A 192.0.2.1\nwww.two. 60 A 192.0.2.1\n");
    assert_string_equal(ask("www.one."), HINT " www.one. A\n");
    assert_non_null(strstr(world_ask(".", DNS_NS), "an . 3600 NS a.root.\n")); /* but by who asks for that */
    assert_string_equal(ask("www.two."), HINT " www.two. A\n");
    assert_int_equal(counters().primed + counters().not_primed, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(hints_are_asked_for_the_roots_servers_and_no_more),
        T(many_who_need_them_wait_for_one_question),
        T(who_asks_for_them_primes),
        T(when_they_have_expired_hints_are_asked_again),
        T(soon_before_they_are_asked_themselves),
        T(silent_hints_serve_as_well_as_they_can),
        T(hints_that_refuse_serve_for_the_rest),
        T(what_is_said_without_authority_is_not_believed),
        T(another_hint_is_asked_when_one_is_silent),
        T(servers_without_addresses_are_looked_up),
        T(a_root_that_grows_silent_is_not_replaced_by_hints),
        T(queries_for_them_have_a_limit),
        T(they_are_judged_before_they_are_used),
        T(their_keys_may_be_asked_for_first),
        T(bogus_ones_are_not_used),
        T(forwarders_are_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
