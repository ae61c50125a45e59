/* SPDX-License-Identifier: ISC */
/* The iterative resolver's core in a small world: a root, a few zones below it, and servers that are silent, wrong or lie. */
#include "test/support/dns_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define ROOT "10.0.0.1"
#define TLD "10.0.1.1"
#define ZONE "10.0.2.1"
#define SECOND "10.0.2.2"

static void plant(void)
{
    world_zone(ROOT, ".",
               "$TTL 86400\n. SOA a.root. host. 1 2 3 4 60\n. NS a.root.\na.root. A 10.0.0.1\n"
               "test. NS ns.test.\nns.test. A 10.0.1.1\n"
               "other. NS ns.other.\nns.other. A 10.0.1.1\n"
               "d1. NS ns.d2.\nd2. NS ns.d3.\nd3. NS ns.d4.\nd4. NS ns.d5.\nd5. NS ns.d6.\nd6. NS ns.d7.\n"
               "six. NS ns.six.\nns.six. AAAA fd00::6\n");
    world_zone(TLD, "test.",
               "$TTL 86400\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.1.1\n"
               "example NS ns1.example\nns1.example A 10.0.2.1\n"
               "two NS ns1.two\ntwo NS ns2.two\nns1.two A 10.0.2.1\nns2.two A 10.0.2.2\n"
               "glueless NS ns.far.other.\n"
               "lame NS ns1.lame\nns1.lame A 10.0.2.5\nns1.lame A 10.0.2.6\nns1.lame A 10.0.2.7\nlame NS "
               "ns2.lame\nns1.lame A 10.0.2.3\nns2.lame A 10.0.2.4\n"
               "circle NS ns.circle.other.\n"
               "attack NS n1.far.other.\nattack NS n2.far.other.\nattack NS n3.far.other.\nattack NS n4.far.other.\n"
               "attack NS n5.far.other.\nattack NS n6.far.other.\nattack NS n7.far.other.\nattack NS n8.far.other.\n"
               "old DNAME example.test.\n");
    world_zone(TLD, "other.",
               "$TTL 86400\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.1.1\n"
               "far NS ns.far\nns.far A 10.0.2.1\ncircle NS ns.circle.test.\n");
    world_zone(ZONE, "example.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\nns1 A 10.0.2.1\nwww A 192.0.2.80\nwww A 192.0.2.81\n"
               "alias CNAME www\nout CNAME host.far.other.\nr1 CNAME r2\nr2 CNAME r1\n"
               "a.b.c.d.e.f.g A 192.0.2.7\nmail MX 10 www\nshort 20 A 192.0.2.20\n*.wild A 192.0.2.9\n");
    world_zone(ZONE, "two.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\n@ NS ns2\nns1 A 10.0.2.1\nns2 A 10.0.2.2\n"
               "www A 192.0.2.22\n");
    world_zone(SECOND, "two.test.",
               "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\n@ NS ns2\nns1 A 10.0.2.1\nns2 A 10.0.2.2\n"
               "www A 192.0.2.22\n");
    world_zone(ZONE, "far.other.", "$TTL 300\n@ SOA ns host 1 2 3 4 60\n@ NS ns\nns A 10.0.2.1\nhost A 192.0.2.99\n");
    world_zone(ZONE, "glueless.test.",
               "$TTL 300\n@ SOA ns.far.other. host 1 2 3 4 60\n@ NS ns.far.other.\nwww A 192.0.2.33\n");
    world_zone("10.0.2.4", "lame.test.", "$TTL 300\n@ SOA ns1 host 1 2 3 4 60\n@ NS ns1\nwww A 192.0.2.34\n");
    for (int i = 0; i < 4; i++) /* they know no zone */
        world_server(((const char *[]){"10.0.2.3", "10.0.2.5", "10.0.2.6", "10.0.2.7"})[i]);
}

static int begin(void **state)
{
    world_begin((struct dns_iterate_options){.no_ipv6 = true}, (struct dns_cache_options){.stale_s = 86400});
    plant();
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

static void put16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

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

/* A referral to the root, as of servers that know nothing. */
static size_t refer_up(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static const uint8_t ns[] = "\0\0\2\0\1\0\0\1\0\0\10\4evil\1x"; /* and its end */
    size_t at = 12;
    while (answer[at])
        at += answer[at] + 1u;
    at += 5;
    put16(answer + 2, DNS_QR);
    memset(answer + 6, 0, 6);
    answer[9] = 1;
    memcpy(answer + at, ns, sizeof ns);
    return at + sizeof ns;
}

static void referrals_upwards_are_lame(void **state)
{
    struct world_server *s = world_server(ZONE);
    s->twist = refer_up;
    assert_string_equal(world_ask("www.example.test.", DNS_A), "failed");
    assert_true(counters().lame > 0);
    assert_true(counters().out_of_bailiwick > 0);
    assert_string_equal(world_told(".", DNS_NS, false, false), "nothing");
}

/* ---- Lies ---- */

static struct {
    struct endpoint from;
    unsigned socket, id_off;
    bool other_letters, other_name, other_type;
    unsigned n;
} forge;

/* Somebody else answers before the server does. */
static size_t forger(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static uint8_t lie[2048];
    size_t end = 12;
    while (answer[end])
        end += answer[end] + 1u;
    for (unsigned i = 0; i < forge.n && !q->by_stream; i++) {
        memcpy(lie, answer, len);
        put16(lie, (uint16_t)((answer[0] << 8 | answer[1]) + (forge.id_off ? forge.id_off + i : 0)));
        for (size_t k = 12; k < end && forge.other_letters; k++)
            lie[k] = (uint8_t)(lie[k] >= 'A' && lie[k] <= 'Z' ? lie[k] | 0x20 : lie[k]);
        lie[13] = forge.other_name ? 'x' : lie[13];
        lie[end + 2] = forge.other_type ? DNS_TXT : lie[end + 2];
        lie[len - 1 - 11] ^= 0x55;
        struct endpoint from = q->to;
        from.port = forge.from.port ? forge.from.port : from.port;
        from.ip = ip_is_unspecified(&forge.from.ip) ? from.ip : forge.from.ip;
        dns_iterate_input(world.it, world.now_ns, &from, q->socket + forge.socket, bytes_of(lie, len));
    }
    return len;
}

static const char *ask_with_forger(void)
{
    world_server(ZONE)->twist = forger;
    const char *told = world_ask("www.example.test.", DNS_A);
    memset(&forge, 0, sizeof forge);
    return told;
}

#define TRUTH "NOERROR\nan www.example.test. 300 A 192.0.2.80\nan www.example.test. 300 A 192.0.2.81\n"

static void wrong_ids_do_not_count(void **state)
{
    forge.n = 3;
    forge.id_off = 1;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_question, 3);
}

static void many_wrong_ids_make_it_ask_by_tcp(void **state)
{
    forge.n = DNS_ITERATE_FORGERIES;
    forge.id_off = 1;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().forgeries, 1);
    assert_int_equal(world_server(ZONE)->n_streams, 1);
}

static void wrong_ports_do_not_count(void **state)
{
    forge.n = 1;
    forge.from.port = 54;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_sender, 1);
}

static void wrong_senders_do_not_count(void **state)
{
    forge.n = 1;
    forge.from.ip = ip4(10, 0, 0, 66);
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_sender, 1);
}

static void wrong_sockets_do_not_count(void **state)
{
    forge.n = 1;
    forge.socket = 1;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_sender, 1);
}

static void wrong_letters_make_it_ask_by_tcp(void **state)
{
    forge.n = 1;
    forge.other_letters = true;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_case, 1);
    assert_int_equal(world_server(ZONE)->n_streams, 1);
}

static void wrong_names_and_types_do_not_count(void **state)
{
    forge.n = 1;
    forge.other_name = true;
    assert_string_equal(ask_with_forger(), TRUTH);
    dns_cache_flush(world.cache);
    forge.n = 1;
    forge.other_type = true;
    assert_string_equal(ask_with_forger(), TRUTH);
    assert_int_equal(counters().wrong_question, 2);
}

static size_t small_letters(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    for (size_t k = 12; answer[k]; k += answer[k] + 1u) {
        for (size_t i = k + 1; i <= k + answer[k]; i++)
            answer[i] |= 0x20;
    }
    return len;
}

static void servers_that_lose_capitals(void **state)
{
    world_server(ZONE)->twist = small_letters;
    assert_string_equal(world_ask("www.example.test.", DNS_A), TRUTH);
    assert_int_equal(world_server(ZONE)->n_streams, 1);
    world_ask("mail.example.test.", DNS_MX); /* by now they get none */
    assert_int_equal(world_server(ZONE)->n_streams, 1);
}

/* Adds an address of a name that isn't the server's to tell, and a set of NS for a zone of others. */
static size_t add_poison(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len)
{
    static const uint8_t ns[] = "\4test\0\0\2\0\1\0\1\0\0\0\6\4evil\0";
    static const uint8_t a[] = "\2ns\4test\0\0\1\0\1\0\1\0\0\0\4\12\6\6\6";
    size_t opt = 11;
    answer[9] = (uint8_t)(answer[9] + 1);
    answer[11] = (uint8_t)(answer[11] + 1);
    uint8_t tail[11];
    memcpy(tail, answer + len - opt, opt);
    len -= opt;
    memcpy(answer + len, ns, sizeof ns - 1);
    memcpy(answer + len + sizeof ns - 1, a, sizeof a - 1);
    len += sizeof ns + sizeof a - 2;
    memcpy(answer + len, tail, opt);
    return len + opt;
}

static void what_was_not_asked_for_is_not_kept(void **state)
{
    world_server(ZONE)->twist = add_poison;
    assert_string_equal(world_ask("www.example.test.", DNS_A), TRUTH);
    assert_int_equal(world_server(ZONE)->n_queries, 1);
    world_ask("mail.example.test.", DNS_MX);
    assert_string_equal(world_told("ns.test.", DNS_A, false, false), "nothing");
    assert_string_equal(world_told("test.", DNS_NS, false, false), "nothing");
    world_ask("new.test.", DNS_A);
    assert_string_equal(world_log(), "10.0.1.1 new.test. A\n");
}

static void a_no_of_another_zone_is_none(void **state)
{
    world_zone(TLD, "evil.test.", "@ 60 SOA ns host 1 2 3 4 60\n@ 60 NS ns\nns 60 A 10.0.1.1\n");
    world_server(ZONE)->twist = refer_up;
    assert_string_equal(world_ask("none.example.test.", DNS_A), "failed");
}

static void cookies_are_kept_and_must_come_back(void **state)
{
    struct world_server *s = world_server(ZONE);
    s->service.o.cookies = &s->cookies;
    world_ask("www.example.test.", DNS_A);
    assert_int_equal(s->service.n.n_cookies, 1);
    assert_int_equal(s->service.n.n_cookies_good, 0);
    world_ask("mail.example.test.", DNS_MX);
    assert_int_equal(s->service.n.n_cookies_good, 1);
    s->service.o.cookies = NULL; /* who forges has none */
    assert_non_null(strstr(world_ask("short.example.test.", DNS_A), "192.0.2.20"));
    assert_int_equal(counters().bad_cookie, 1);
    assert_int_equal(s->n_streams, 1);
}

static void cookies_that_are_demanded(void **state)
{
    struct world_server *s = world_server(ZONE);
    s->service.o.cookies = &s->cookies;
    s->service.o.cookies_required = true;
    assert_string_equal(world_ask("www.example.test.", DNS_A), TRUTH);
    assert_int_equal(s->n_queries, 2);
    assert_int_equal(s->n_streams, 0);
}

static void zones_that_were_taken_away_do_not_live_on(void **state)
{
    world_ask("www.example.test.", DNS_A);
    world.now_ns += 86000 * NS_PER_S;
    assert_non_null(strstr(world_ask("example.test.", DNS_NS), "an example.test. 300 NS"));
    world.now_ns += 290 * NS_PER_S;
    world_told("example.test.", DNS_NS, false, false); /* fetches it anew */
    world_run();
    assert_int_equal(counters().prefetched, 1);
    assert_int_equal(counters().ghosts, 1);
    world.now_ns += 20 * NS_PER_S;
    assert_non_null(strstr(world_ask("short.example.test.", DNS_A), "192.0.2.20"));
    assert_string_equal(world_log(), "10.0.1.1 example.test. A\n10.0.2.1 short.example.test. A\n");
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
    assert_int_equal(counters().many_queries, 1);
    assert_int_equal(counters().queries, DNS_ITERATE_QUERIES);
}

static void tasks_at_once(void **state)
{
    world_end();
    world_begin((struct dns_iterate_options){.tasks = 2, .no_ipv6 = true}, (struct dns_cache_options){.entries = 100});
    plant();
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
    judge.needs = needs;
    judge.n_asked = 0;
    world_end();
    world_begin((struct dns_iterate_options){.validate = validate, .no_ipv6 = true},
                (struct dns_cache_options){.stale_s = 86400});
    plant();
}

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
        T(wrong_ids_do_not_count),
        T(many_wrong_ids_make_it_ask_by_tcp),
        T(wrong_ports_do_not_count),
        T(wrong_senders_do_not_count),
        T(wrong_sockets_do_not_count),
        T(wrong_letters_make_it_ask_by_tcp),
        T(wrong_names_and_types_do_not_count),
        T(servers_that_lose_capitals),
        T(what_was_not_asked_for_is_not_kept),
        T(a_no_of_another_zone_is_none),
        T(cookies_are_kept_and_must_come_back),
        T(cookies_that_are_demanded),
        T(zones_that_were_taken_away_do_not_live_on),
        T(servers_of_a_zone_cost_no_more_than_a_few_questions),
        T(servers_behind_servers_behind_servers),
        T(servers_that_are_known),
        T(referrals_without_end_have_one),
        T(queries_of_a_task_are_counted),
        T(tasks_at_once),
        T(forwards_whole_questions_and_believes_answers),
        T(validators_get_what_they_need),
        T(bogus_sets_are_only_told_to_who_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
