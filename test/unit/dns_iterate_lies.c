/* SPDX-License-Identifier: ISC */
/* The iterative resolver's core among those who lie: forgers, poisoners, zones that live on. */
#include "test/support/dns_world_zones.h"

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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
