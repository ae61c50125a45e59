/* SPDX-License-Identifier: ISC */
/* The iterative resolver's core: its way down, servers that are silent or can't do what others can, limits, forwarding. */
#include "test/support/dns_world_zones.h"

/* ---- From the root down ---- */

static void finds_its_way_and_tells_no_more_than_it_must(void **state)
{
    assert_string_equal(world_ask("www.example.test.", DNS_A), "NOERROR\nan www.example.test. 300 A 192.0.2.80\n"
                                                               "an www.example.test. 300 A 192.0.2.81\n");
    assert_string_equal(world_log(), "10.0.0.1 test. A\n10.0.1.1 example.test. A\n10.0.2.1 www.example.test. A\n");
    assert_int_equal(counters().referrals, 2);
}

static void second_time_nobody_is_asked(void **state)
{
    world_ask("www.example.test.", DNS_A);
    const char *told = world_ask("WWW.example.test.", DNS_A);
    assert_non_null(strstr(told, "192.0.2.80"));
    assert_string_equal(world_log(), "");
    world_ask("mail.example.test.", DNS_MX);
    assert_string_equal(world_log(), "10.0.2.1 mail.example.test. MX\n");
}

static void deep_names_take_single_labels_first(void **state)
{
    const char *told = world_ask("a.b.c.d.e.f.g.example.test.", DNS_A);
    assert_non_null(strstr(told, "192.0.2.7"));
    assert_string_equal(world_log(), "10.0.0.1 test. A\n10.0.1.1 example.test. A\n10.0.2.1 g.example.test. A\n"
                                     "10.0.2.1 f.g.example.test. A\n10.0.2.1 e.f.g.example.test. A\n"
                                     "10.0.2.1 d.e.f.g.example.test. A\n10.0.2.1 a.b.c.d.e.f.g.example.test. A\n");
}

static void nothing_is_below_a_name_that_is_not(void **state)
{
    assert_string_equal(world_ask("a.b.none.example.test.", DNS_A),
                        "NXDOMAIN\nau example.test. 60 SOA ns1.example.test. host.example.test. 1 2 3 4 60\n");
    assert_non_null(strstr(world_log(), "10.0.2.1 none.example.test. A\n"));
    assert_null(strstr(world_log(), "b.none"));
    assert_non_null(strstr(world_ask("x.none.example.test.", DNS_MX), "NXDOMAIN"));
    assert_string_equal(world_log(), "");
}

static void no_such_type(void **state)
{
    assert_string_equal(world_ask("www.example.test.", DNS_MX),
                        "NOERROR\nau example.test. 60 SOA ns1.example.test. host.example.test. 1 2 3 4 60\n");
    world_ask("www.example.test.", DNS_MX);
    assert_string_equal(world_log(), "");
    world.now_ns += 61 * NS_PER_S;
    world_ask("www.example.test.", DNS_MX);
    assert_int_equal(world_lines(), 1);
}

static void aliases_inside_and_out(void **state)
{
    assert_non_null(strstr(world_ask("alias.example.test.", DNS_A),
                           "an alias.example.test. 300 CNAME www.example.test.\n"
                           "an www.example.test. 300 A 192.0.2.80\n"));
    assert_int_equal(world_lines(), 3); /* what the server adds of its own zone is taken */
    assert_string_equal(world_ask("out.example.test.", DNS_A),
                        "NOERROR\nan out.example.test. 300 CNAME host.far.other.\n"
                        "an host.far.other. 300 A 192.0.2.99\n");
}

static void aliases_in_a_circle_end(void **state)
{
    assert_string_equal(world_ask("r1.example.test.", DNS_A), "failed");
    assert_true(counters().many_aliases > 0);
    assert_in_range(world_lines(), 1, 12);
}

static void dname_makes_aliases(void **state)
{
    const char *told = world_ask("www.old.test.", DNS_A);
    assert_string_equal(told, "NOERROR\nan old.test. 86400 DNAME example.test.\n"
                              "an www.old.test. 86400 CNAME www.example.test.\n"
                              "an www.example.test. 300 A 192.0.2.80\nan www.example.test. 300 A 192.0.2.81\n");
}

static void servers_without_glue_are_looked_up(void **state)
{
    assert_non_null(strstr(world_ask("www.glueless.test.", DNS_A), "192.0.2.33"));
    assert_non_null(strstr(world_log(), "10.0.2.1 ns.far.other. A\n"));
}

static void zones_that_need_each_other_fail(void **state)
{
    assert_string_equal(world_ask("www.circle.test.", DNS_A), "failed");
    assert_true(counters().circles > 0);
    assert_in_range(world_lines(), 1, 10);
}

static void addresses_of_six(void **state)
{
    world_end();
    world_begin((struct dns_iterate_options){.no_ipv4 = false}, (struct dns_cache_options){.entries = 100});
    plant();
    world_zone("fd00::6", "six.", "$TTL 300\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns AAAA fd00::6\nwww A 192.0.2.66\n");
    assert_non_null(strstr(world_ask("www.six.", DNS_A), "192.0.2.66"));
    assert_non_null(strstr(world_log(), "fd00::6 www.six. A\n"));
}

static void ds_is_asked_of_the_zone_above(void **state)
{
    world_ask("www.example.test.", DNS_A);
    assert_non_null(strstr(world_ask("example.test.", DNS_DS), "NOERROR\nau test. 60 SOA"));
    assert_string_equal(world_log(), "10.0.1.1 example.test. DS\n");
}

/* ---- Silence ---- */

static void asks_the_other_server(void **state)
{
    world_server(ZONE)->silent = true;
    assert_non_null(strstr(world_ask("www.two.test.", DNS_A), "192.0.2.22"));
}

static void asks_again_what_got_lost(void **state)
{
    world_server(ZONE)->n_silent = 2;
    assert_non_null(strstr(world_ask("www.example.test.", DNS_A), "192.0.2.80"));
    assert_int_equal(world_server(ZONE)->n_queries, 3);
    assert_int_equal(counters().timeouts, 2);
}

static void gives_up_at_last_and_remembers(void **state)
{
    world_server(ZONE)->silent = true;
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_int_equal(counters().timeouts, DNS_ITERATE_ROUNDS);
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_string_equal(world_log(), "");
    world.now_ns += DNS_ITERATE_FAILURE_NS + 1;
    world_ask("www.example.test.", DNS_A);
    assert_int_equal(world_lines(), DNS_ITERATE_ROUNDS);
}

static void questions_end_before_tasks_do(void **state)
{
    uint64_t began_ns = world.now_ns;
    world_server(ROOT)->silent = world_server(TLD)->silent = true;
    world_begin_asking("www.example.test.", DNS_A, false);
    while (!world.done) {
        if (world_step())
            continue;
        world.now_ns = dns_iterate_deadline(world.it);
        dns_iterate_tick(world.it, world.now_ns);
    }
    assert_int_equal(world.outcome, DNS_OUTCOME_FAILED);
    assert_true(world.now_ns <= began_ns + DNS_ITERATE_PATIENCE_NS);
    world_run();
}

static void many_who_ask_the_same_are_one_task(void **state)
{
    struct dns_client_query other = {.done = world_done};
    struct dns_name n;
    name_of(&n, "www.example.test.");
    world_begin_asking("www.example.test.", DNS_A, false);
    dns_iterate_ask(world.it, world.now_ns, &other, dns_name_bytes(&n), DNS_A, false);
    world_run();
    assert_int_equal(counters().tasks, 1);
    assert_int_equal(counters().joined, 1);
    assert_null(other.task);
    assert_int_equal(world_server(ZONE)->n_queries, 1);
}

static void who_goes_is_not_told(void **state)
{
    world_begin_asking("www.example.test.", DNS_A, false);
    dns_iterate_cancel(&world.q);
    world_run();
    assert_false(world.done);
    assert_non_null(strstr(world_told("www.example.test.", DNS_A, false, false), "192.0.2.80"));
}

/* ---- Old answers ---- */

static void stale_answers_are_better_than_none(void **state)
{
    world_ask("www.example.test.", DNS_A);
    world.now_ns += 400 * NS_PER_S;
    world_server(ZONE)->silent = true;
    uint64_t began_ns = world.now_ns;
    world_begin_asking("www.example.test.", DNS_A, false);
    while (!world.done) {
        if (world_step())
            continue;
        world.now_ns = dns_iterate_deadline(world.it);
        dns_iterate_tick(world.it, world.now_ns);
    }
    assert_int_equal(world.outcome, DNS_OUTCOME_ANSWERED);
    assert_true(world.now_ns <= began_ns + DNS_ITERATE_STALE_NS);
    assert_non_null(
        strstr(world_told("www.example.test.", DNS_A, false, true), "an www.example.test. 30 A 192.0.2.80"));
    assert_string_equal(world_told("www.example.test.", DNS_A, false, false), "nothing");
    assert_true(counters().stale > 0);
    world_run();
}

static void fresh_ones_are_better_still(void **state)
{
    world_ask("www.example.test.", DNS_A);
    world.now_ns += 400 * NS_PER_S;
    assert_non_null(strstr(world_ask("www.example.test.", DNS_A), " 300 A 192.0.2.80"));
    assert_int_equal(counters().stale, 0);
}

static void what_dies_soon_is_fetched_anew(void **state)
{
    world_ask("short.example.test.", DNS_A);
    world_log_clear();
    world.now_ns += 15 * NS_PER_S;
    assert_non_null(strstr(world_told("short.example.test.", DNS_A, false, false), " 5 A"));
    assert_int_equal(world_lines(), 0);
    world.now_ns += 3500 * NS_PER_MS;
    assert_non_null(strstr(world_told("short.example.test.", DNS_A, false, false), " 2 A"));
    assert_int_equal(world_lines(), 1);
    world_run();
    assert_non_null(strstr(world_told("short.example.test.", DNS_A, false, false), " 20 A"));
    assert_int_equal(counters().prefetched, 1);
}

/* ---- Servers that can't do what others can ---- */

static size_t no_edns(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    if (q->message[11] == 0)
        return len;
    memcpy(answer, q->message, 12);
    put16(answer + 2, DNS_QR | DNS_FORMERR);
    memset(answer + 4, 0, 8);
    return 12;
}

static void servers_without_edns(void **state)
{
    world_server(ZONE)->twist = no_edns;
    assert_non_null(strstr(world_ask("www.example.test.", DNS_A), "192.0.2.80"));
    assert_int_equal(world_server(ZONE)->n_queries, 2);
    world_ask("mail.example.test.", DNS_MX); /* it's remembered */
    assert_int_equal(world_server(ZONE)->n_queries, 3);
    assert_int_equal(counters().no_edns, 1);
}

static size_t truncate(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    if (!q->by_stream)
        answer[2] |= DNS_TC >> 8;
    return q->by_stream ? len : len - 5; /* not even whole */
}

static void truncated_answers_are_fetched_by_tcp(void **state)
{
    world_server(ZONE)->twist = truncate;
    assert_non_null(strstr(world_ask("www.example.test.", DNS_A), "192.0.2.81"));
    assert_int_equal(counters().truncated, 1);
    assert_int_equal(world_server(ZONE)->n_streams, 1);
}

static void no_tcp_no_answer(void **state)
{
    world_server(ZONE)->twist = truncate;
    world_server(ZONE)->no_stream = true;
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_in_range(world_server(ZONE)->n_queries, 2, 8);
}

static size_t refuse_short(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    if (q->len < 60)
        answer[3] = (answer[3] & 0xf0) | DNS_REFUSED;
    return len;
}

static void who_dislikes_minimised_questions_gets_the_whole(void **state)
{
    world_server(ZONE)->twist = refuse_short;
    assert_non_null(strstr(world_ask("a.b.c.d.e.f.g.example.test.", DNS_A), "192.0.2.7"));
    assert_int_equal(world_server(ZONE)->n_queries, 2);
}

static void lame_servers_are_passed_over(void **state)
{
    for (int i = 0; i < 8; i++) {
        dns_cache_flush(world.cache);
        world.now_ns += 100 * NS_PER_S;
        assert_non_null(strstr(world_ask("www.lame.test.", DNS_A), "192.0.2.34"));
    }
    assert_true(counters().failures > 0);
}

static void referrals_upwards_are_lame(void **state)
{
    struct world_server *s = world_server(ZONE);
    s->twist = refer_up;
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_true(counters().lame > 0);
    assert_true(counters().out_of_bailiwick > 0);
    assert_string_equal(world_told(".", DNS_NS, false, false), "NOERROR\nan . 86400 NS a.root.\n"); /* as it was */
}

/* ---- The seam of the validator ---- */

static struct {
    enum dns_verdict verdict;
    unsigned n_asked;
    bool needs;
} judge;

static enum dns_verdict validate(void *arg, uint64_t at_ns, const struct dns_cached *set, struct dns_name *name,
                                 uint16_t *type)
{
    struct dns_cached key;
    judge.n_asked++;
    name_of(name, "example.test.");
    *type = DNS_SOA;
    struct dns_name own;
    dns_name_copy(&own, set->name);
    uint16_t own_type = set->type;
    if (judge.needs && set->type != DNS_SOA &&
        !(dns_cache_find(world.cache, at_ns, dns_name_bytes(name), DNS_SOA, &key) && key.ttl_s))
        return DNS_VERDICT_NEEDS;
    dns_cache_judge(world.cache, dns_name_bytes(&own), own_type, judge.verdict, 6, TIME_NEVER);
    return judge.verdict;
}

static void validated(enum dns_verdict v, bool needs)
{
    judge.verdict = v;
    judge.needs = false;
    world_end();
    world_begin((struct dns_iterate_options){.validate = validate, .no_ipv6 = true},
                (struct dns_cache_options){.stale_s = 86400});
    plant();
    world_prime();
    judge.needs = needs;
    judge.n_asked = 0;
}

/* ---- Limits ---- */

static void servers_of_a_zone_cost_no_more_than_a_few_questions(void **state)
{
    assert_string_equal(world_ask("www.attack.test.", DNS_A), "failed");
    assert_true(counters().many_ns > 0);
    assert_in_range(world_lines(), 1, 4 + 2 + 4);
}

static void servers_behind_servers_behind_servers(void **state)
{
    assert_string_equal(world_ask("www.d1.", DNS_A), "failed");
    assert_int_equal(counters().too_deep, 1);
    assert_in_range(world_lines(), 1, 2 * DNS_ITERATE_DEPTH + 2);
}

static void servers_that_are_known(void **state)
{
    struct dns_servers *s = calloc(1, sizeof *s);
    const struct ip best = ip4(10, 0, 0, 1);
    dns_servers_init(s, world_random);
    for (uint32_t i = 0; i < 4 * DNS_SERVERS; i++) {
        dns_known_answered(dns_servers_find(s, 2 * i + 1, &best), 7);
        struct ip other = ip4(10, 1, (uint8_t)(i >> 8), (uint8_t)i);
        assert_true(ip_equal(&dns_servers_find(s, 2 * i + 2, &other)->ip, &other));
    }
    assert_int_equal(dns_servers_find(s, 1 << 20, &best)->rtt_ns, 7); /* who is used stays */
    assert_in_range(s->evicted, 3 * DNS_SERVERS, 4 * DNS_SERVERS);
    free(s);
}

static size_t refer_on(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static const uint8_t ns[] = "\0\2\0\1\0\0\1\0\0\13"; /* behind a pointer to the question */
    size_t at = 12, n = 0;
    while (answer[at]) {
        at += answer[at] + 1u;
        n++;
    }
    at += 5;
    put16(answer + 2, DNS_QR);
    memset(answer + 6, 0, 6);
    answer[9] = answer[11] = 1;
    put16(answer + at, 0xc00c);
    memcpy(answer + at + 2, ns, sizeof ns - 1);
    answer[at + 11] = 5;
    memcpy(answer + at + 12, "\2ns\300\14", 5);
    put16(answer + at + 17, (uint16_t)(0xc000 | (at + 12)));
    memcpy(answer + at + 19, "\0\1\0\1\0\0\1\0\0\4\12\0\2\1", 14);
    return at + 33;
}

static void referrals_without_end_have_one(void **state)
{
    char name[300] = "";
    for (int i = 0; i < 60; i++)
        strcat(name, "a.");
    strcat(name, "example.test.");
    world_server(ZONE)->twist = refer_on;
    assert_string_equal(world_ask(name, DNS_A), "failed");
    assert_true(counters().many_referrals > 0 || counters().many_queries > 0);
    assert_in_range(world_lines(), 5, DNS_ITERATE_QUERIES);
}

static void queries_of_a_task_are_counted(void **state)
{
    static char text[4096];
    world_end();
    struct ip hints[DNS_ITERATE_TRIED];
    for (int i = 0; i < DNS_ITERATE_TRIED; i++)
        hints[i] = ip4(10, 7, 7, (uint8_t)(i + 1));
    (void)text;
    world_begin((struct dns_iterate_options){.hints = hints, .n_hints = DNS_ITERATE_TRIED, .no_ipv6 = true},
                (struct dns_cache_options){.entries = 10});
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_int_equal(counters().many_queries, 2); /* that of the root's servers, too */
    assert_int_equal(counters().queries, DNS_ITERATE_PRIMING + DNS_ITERATE_QUERIES);
}

/* As many more NSEC records as fit, behind the SOA. */
static size_t add_denials(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static const uint8_t nsec[] = "\300\14\0\57\0\1\0\0\0\74\0\7\1z\0\0\2\100\1"; /* of the name that was asked for */
    enum { OPT_BYTES = 11, N = 30 };
    uint8_t opt[OPT_BYTES];
    if (answer[7] || !answer[9]) /* it has an answer, or is none */
        return len;
    memcpy(opt, answer + len - OPT_BYTES, OPT_BYTES);
    len -= OPT_BYTES;
    for (int i = 0; i < N; i++, len += sizeof nsec - 1)
        memcpy(answer + len, nsec, sizeof nsec - 1);
    memcpy(answer + len, opt, OPT_BYTES);
    answer[9] = (uint8_t)(answer[9] + N);
    return len + OPT_BYTES;
}

static void proofs_without_end_have_one(void **state)
{
    struct dns_cached found;
    struct dns_name n;
    validated(DNS_VERDICT_SECURE, false);
    world_server(ZONE)->twist = add_denials;
    assert_non_null(strstr(world_ask("none.example.test.", DNS_A), "NXDOMAIN"));
    assert_int_equal(counters().many_proofs, 1);
    name_of(&n, "none.example.test.");
    assert_true(dns_cache_find(world.cache, world.now_ns, dns_name_bytes(&n), 0, &found));
    assert_int_equal(found.n_proofs, 24); /* DNS_COLLECT_PROOFS, of a header that goes not with these */
}

static void tasks_at_once(void **state)
{
    world_end();
    world_begin((struct dns_iterate_options){.tasks = 2, .no_ipv6 = true}, (struct dns_cache_options){.entries = 100});
    plant();
    world_prime();
    struct dns_client_query more[2] = {{.done = world_done}, {.done = world_done}};
    struct dns_name n;
    world_begin_asking("www.example.test.", DNS_A, false);
    for (int i = 0; i < 2; i++) {
        name_of(&n, i ? "b.test." : "a.test.");
        dns_iterate_ask(world.it, world.now_ns, &more[i], dns_name_bytes(&n), DNS_A, false);
    }
    assert_true(world.done);
    assert_int_equal(world.outcome, DNS_OUTCOME_FAILED);
    assert_int_equal(counters().tasks_full, 1);
    world_run();
}

/* ---- Forwarding ---- */

static void forwards_whole_questions_and_believes_answers(void **state)
{
    world_end();
    world_begin((struct dns_iterate_options){.forward = true}, (struct dns_cache_options){.entries = 100});
    world_zone(ROOT, ".",
               "$TTL 60\n. SOA a. b. 1 2 3 4 60\n. NS a.\na. A 10.0.0.1\nwww.example.test. CNAME host.far.other.\n"
               "host.far.other. A 192.0.2.1\n");
    assert_string_equal(world_ask("www.example.test.", DNS_A),
                        "NOERROR\nan www.example.test. 60 CNAME host.far.other.\n"
                        "an host.far.other. 60 A 192.0.2.1\n");
    assert_string_equal(world_log(), "10.0.0.1 www.example.test. A\n");
    assert_string_equal(world_ask("no.such.name.", DNS_A), "NXDOMAIN\nau . 60 SOA a. b. 1 2 3 4 60\n");
}

/* ---- What a validator says ---- */

static void validators_get_what_they_need(void **state)
{
    validated(DNS_VERDICT_SECURE, true);
    assert_string_equal(world_ask("www.example.test.", DNS_A), TRUTH);
    assert_non_null(strstr(world_log(), "10.0.2.1 example.test. SOA\n"));
    assert_in_range(judge.n_asked, 3, 4);
}

static void bogus_sets_are_only_told_to_who_checks(void **state)
{
    validated(DNS_VERDICT_BOGUS, false);
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_int_equal(world.q.reason, 6);
    assert_int_equal(counters().bogus, 1);
    world.now_ns += 10 * NS_PER_S;
    world_begin_asking("www.example.test.", DNS_A, true);
    world_run();
    assert_int_equal(world.outcome, DNS_OUTCOME_ANSWERED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(finds_its_way_and_tells_no_more_than_it_must),
        T(second_time_nobody_is_asked),
        T(deep_names_take_single_labels_first),
        T(nothing_is_below_a_name_that_is_not),
        T(no_such_type),
        T(aliases_inside_and_out),
        T(aliases_in_a_circle_end),
        T(dname_makes_aliases),
        T(servers_without_glue_are_looked_up),
        T(zones_that_need_each_other_fail),
        T(addresses_of_six),
        T(ds_is_asked_of_the_zone_above),
        T(asks_the_other_server),
        T(asks_again_what_got_lost),
        T(gives_up_at_last_and_remembers),
        T(questions_end_before_tasks_do),
        T(many_who_ask_the_same_are_one_task),
        T(who_goes_is_not_told),
        T(stale_answers_are_better_than_none),
        T(fresh_ones_are_better_still),
        T(what_dies_soon_is_fetched_anew),
        T(servers_without_edns),
        T(truncated_answers_are_fetched_by_tcp),
        T(no_tcp_no_answer),
        T(who_dislikes_minimised_questions_gets_the_whole),
        T(lame_servers_are_passed_over),
        T(referrals_upwards_are_lame),
        T(servers_of_a_zone_cost_no_more_than_a_few_questions),
        T(servers_behind_servers_behind_servers),
        T(servers_that_are_known),
        T(referrals_without_end_have_one),
        T(queries_of_a_task_are_counted),
        T(proofs_without_end_have_one),
        T(tasks_at_once),
        T(forwards_whole_questions_and_believes_answers),
        T(validators_get_what_they_need),
        T(bogus_sets_are_only_told_to_who_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
