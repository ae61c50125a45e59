/* SPDX-License-Identifier: ISC */
/* The stub resolver's core against servers that a script plays: good ones, silent ones, wrong ones and liars. */
#include "proto/dns_names.h"
#include "proto/dns_stub.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t now_ns;
static struct dns_stub stub;
static struct dns_cache *cache;
static struct dns_step step;
static struct dns_question asked; /* of the query that step holds */
static uint16_t asked_id;
static const struct ip server[3] = {
    {{[10] = 0xff, 0xff, 10, 0, 0, 1}}, {{[10] = 0xff, 0xff, 10, 0, 0, 2}}, {{[10] = 0xff, 0xff, 10, 0, 0, 3}}};

static uint32_t random_state;

static void test_random(void *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        random_state = random_state * 1664525 + 1013904223;
        ((uint8_t *)out)[i] = (uint8_t)(random_state >> 24);
    }
}

static int begin(void **state)
{
    const struct dns_cache_options o = {.entries = 100, .seed = 1};
    now_ns = 1000 * NS_PER_S;
    random_state = 1;
    assert_int_equal(dns_cache_new(&o, &cache), OK);
    dns_stub_init(&stub, &(struct dns_stub_options){.cache = cache, .random = test_random});
    dns_stub_servers(&stub, server, 3);
    return 0;
}

static int end(void **state)
{
    dns_cache_free(cache);
    return 0;
}

static struct dns_name named(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

static struct dns_ask *ask(const char *name, uint16_t type)
{
    struct dns_name n = named(name);
    return dns_stub_ask(&stub, now_ns, dns_name_bytes(&n), type);
}

static enum err find(const char *name, uint16_t type, struct dns_cached *found)
{
    struct dns_name n = named(name), final;
    return dns_stub_find(&stub, now_ns, dns_name_bytes(&n), type, found, &final);
}

static enum dns_step_kind next(struct dns_ask *a)
{
    dns_stub_step(&stub, a, now_ns, &step);
    if (step.kind == DNS_STEP_SEND || step.kind == DNS_STEP_STREAM) {
        struct reader r = reader_of(step.message);
        struct dns_header h;
        assert_true(dns_header_read(&r, &h));
        assert_int_equal(h.flags, DNS_RD);
        assert_int_equal(h.n[DNS_QUESTION], 1);
        assert_true(dns_question_read(&r, step.message, &asked));
        asked_id = h.id;
    }
    return step.kind;
}

/* ---- Answers ---- */

struct record {
    enum dns_section section;
    const char *owner;
    uint16_t type;
    uint32_t ttl;
    const char *data; /* a name, or an address */
};

static struct bytes rdata_of(const struct record *r, uint8_t out[512])
{
    struct writer w = writer_of(out, 512);
    struct ip ip;
    if (r->type == DNS_A || r->type == DNS_AAAA) {
        assert_true(ip_parse(bytes_str(r->data), &ip));
        write_copy(&w, ip.b + (r->type == DNS_A ? 12 : 0), r->type == DNS_A ? 4 : 16);
    } else {
        struct dns_name n = named(r->data);
        write_bytes(&w, dns_name_bytes(&n));
    }
    if (r->type == DNS_SOA) { /* the same name twice, and a minimum of 60 s */
        struct dns_name n = named(r->data);
        write_bytes(&w, dns_name_bytes(&n));
        for (int i = 0; i < 4; i++)
            write_be32(&w, 1000);
        write_be32(&w, 60);
    }
    return writer_bytes(&w);
}

struct reply {
    uint16_t flags;
    struct record record[12];
    size_t n;
    const char *question; /* NULL: the right one */
    uint16_t id_off;
    uint16_t port;
    const struct ip *from;
    bool small; /* the question in small letters */
    bool no_question;
    bool by_stream;
    size_t cut; /* bytes from its end */
};

static uint8_t packet[4096];

static struct bytes write_reply(const struct reply *a)
{
    struct dns_writer w;
    uint8_t data[512];
    struct dns_name name = asked.name;
    if (a->question)
        name = named(a->question);
    if (a->small)
        dns_name_lower(&name, dns_name_bytes(&asked.name));
    dns_write_begin(&w, packet, sizeof packet);
    if (!a->no_question)
        assert_true(dns_write_question(&w, dns_name_bytes(&name), asked.type, DNS_IN));
    for (size_t i = 0; i < a->n; i++) {
        const struct record *r = &a->record[i];
        struct dns_name owner = named(r->owner);
        assert_true(
            dns_write_record(&w, r->section, dns_name_bytes(&owner), r->type, DNS_IN, r->ttl, rdata_of(r, data)));
    }
    struct bytes b =
        dns_write_end(&w, (uint16_t)(asked_id + a->id_off), (uint16_t)(DNS_QR | DNS_RD | DNS_RA | a->flags));
    return bytes_slice(b, 0, b.len - a->cut);
}

static void answer(struct dns_ask *to, struct reply a)
{
    struct endpoint from = {a.from ? *a.from : step.server.ip, a.port ? a.port : step.server.port};
    dns_stub_input(&stub, to, now_ns, &from, write_reply(&a), a.by_stream);
}

#define ADDRESS(name, ttl, text)           \
    {                                      \
        DNS_ANSWER, name, DNS_A, ttl, text \
    }

static void expect_address(const char *name, const char *text)
{
    struct dns_cached f;
    struct ip ip;
    assert_true(ip_parse(bytes_str(text), &ip));
    assert_int_equal(find(name, DNS_A, &f), OK);
    assert_int_equal(f.data.len, 6);
    assert_memory_equal(f.data.data + 2, ip.b + 12, 4);
}

static struct dns_ask *ask_and_send(const char *name)
{
    struct dns_ask *a = ask(name, DNS_A);
    assert_non_null(a);
    assert_int_equal(next(a), DNS_STEP_SEND);
    return a;
}

/* ---- Asking ---- */

static void a_question_and_its_answer(void **state)
{
    struct dns_cached f;
    assert_int_equal(find("www.example", DNS_A, &f), ERR_AGAIN);
    struct dns_ask *a = ask("www.example", DNS_A);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(step.fresh);
    assert_true(ip_equal(&step.server.ip, &server[0]));
    assert_int_equal(step.server.port, 53);
    assert_int_equal(asked.type, DNS_A);
    assert_int_equal(next(a), DNS_STEP_WAIT);
    assert_int_equal(step.deadline_ns, now_ns + NS_PER_S);
    step.server = (struct endpoint){server[0], 53};
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7")}, .n = 1});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    assert_int_equal(next(a), DNS_STEP_DONE);
    expect_address("www.example", "192.0.2.7");
    dns_stub_leave(&stub, a);
    assert_int_equal(stub.counters.queries, 1);
    assert_int_equal(stub.counters.answers, 1);
}

static void both_families_at_once(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask("www.example", DNS_AAAA);
    assert_ptr_equal(ask("WWW.example", DNS_A), a);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(step.fresh);
    struct dns_question first = asked;
    uint16_t first_id = asked_id;
    struct endpoint to = step.server;
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_false(step.fresh); /* from the same port */
    assert_int_equal(asked.type, DNS_A);
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7")}, .n = 1});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    assert_int_equal(dns_ask_result(a, DNS_AAAA), ERR_AGAIN);
    asked = first;
    asked_id = first_id;
    step.server = to;
    answer(a, (struct reply){.record = {{DNS_ANSWER, "www.example", DNS_AAAA, 60, "2001:db8::7"}}, .n = 1});
    assert_int_equal(dns_ask_result(a, DNS_AAAA), OK);
    assert_int_equal(find("www.example", DNS_AAAA, &f), OK);
    assert_int_equal(f.data.len, 18);
    dns_stub_leave(&stub, a);
    dns_stub_leave(&stub, a);
}

static void the_same_question_is_asked_once(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    assert_ptr_equal(ask("www.example", DNS_A), a);
    assert_int_equal(next(a), DNS_STEP_WAIT);
    assert_int_equal(stub.counters.joined, 1);
    assert_int_equal(stub.counters.queries, 1);
    /* One of another type goes out from the same socket. */
    assert_ptr_equal(ask("www.example", DNS_AAAA), a);
    assert_true(dns_stub_joined(&stub, a, now_ns, &step));
    assert_int_equal(step.kind, DNS_STEP_SEND);
    assert_false(step.fresh);
    assert_false(dns_stub_joined(&stub, a, now_ns, &step));
    for (int i = 0; i < 3; i++)
        dns_stub_leave(&stub, a);
    assert_int_equal(a->name.len, 0);
}

static void names_in_flight_have_a_limit(void **state)
{
    struct dns_ask *a[DNS_STUB_ASKS];
    char text[32];
    for (int i = 0; i < DNS_STUB_ASKS; i++) {
        snprintf(text, sizeof text, "host%d", i);
        a[i] = ask(text, DNS_A);
        assert_non_null(a[i]);
    }
    assert_null(ask("one-more", DNS_A));
    assert_int_equal(stub.counters.full, 1);
    for (uint16_t t = 0; t < DNS_STUB_QUESTIONS - 1; t++)
        assert_non_null(ask("host0", (uint16_t)(DNS_MX + t)));
    assert_null(ask("host0", DNS_SRV));
    assert_int_equal(stub.counters.full, 2);
    dns_stub_leave(&stub, a[3]);
    assert_ptr_equal(ask("one-more", DNS_A), a[3]);
}

/* ---- Servers ---- */

static void silence_goes_to_the_next_server_with_growing_patience(void **state)
{
    struct dns_ask *a = ask("www.example", DNS_A);
    uint16_t last_id = 0;
    for (unsigned round = 0; round < DNS_STUB_ROUNDS; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(next(a), DNS_STEP_SEND);
            assert_true(step.fresh);
            assert_true(ip_equal(&step.server.ip, &server[i]));
            assert_int_not_equal(asked_id, last_id);
            last_id = asked_id;
            assert_int_equal(next(a), DNS_STEP_WAIT);
            assert_int_equal(step.deadline_ns - now_ns, NS_PER_S << round);
            now_ns = step.deadline_ns;
        }
    }
    assert_int_equal(next(a), DNS_STEP_DONE);
    assert_int_equal(dns_ask_result(a, DNS_A), ERR_TIMEOUT);
    assert_int_equal(stub.counters.timeouts, 9);
    assert_int_equal(stub.counters.retries, 8);
    dns_stub_leave(&stub, a);
}

static void a_silent_server_is_asked_last_for_a_while(void **state)
{
    struct dns_ask *a = ask_and_send("one.example");
    now_ns += NS_PER_S;
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[1]));
    answer(a, (struct reply){.record = {ADDRESS("one.example", 300, "192.0.2.1")}, .n = 1});
    expect_address("one.example", "192.0.2.1");
    struct dns_ask *b = ask_and_send("two.example");
    assert_true(ip_equal(&step.server.ip, &server[1]));
    dns_stub_leave(&stub, b);
    now_ns += DNS_STUB_BAD_NS;
    b = ask_and_send("three.example");
    assert_true(ip_equal(&step.server.ip, &server[0]));
}

static void failures_go_to_the_next_server_at_once(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.flags = DNS_SERVFAIL});
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[1]));
    answer(a, (struct reply){.flags = DNS_REFUSED});
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[2]));
    answer(a, (struct reply){.flags = DNS_SERVFAIL});
    assert_int_equal(next(a), DNS_STEP_DONE); /* all have said so: there is no second round */
    assert_int_equal(dns_ask_result(a, DNS_A), ERR_REFUSED);
    assert_int_equal(stub.counters.failures, 3);
}

static void a_referral_is_no_answer(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.record = {{DNS_AUTHORITY, "example", DNS_NS, 300, "ns.example"},
                                        {DNS_ADDITIONAL, "ns.example", DNS_A, 300, "192.0.2.66"}},
                             .n = 2});
    assert_int_equal(stub.counters.lame, 1);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[1]));
}

static void a_server_without_edns_is_asked_without(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    size_t with = step.message.len;
    answer(a, (struct reply){.flags = DNS_FORMERR, .no_question = true});
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[0]));
    assert_int_equal(step.message.len, with - 11);
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7")}, .n = 1});
    expect_address("www.example", "192.0.2.7");
    ask_and_send("other.example");
    assert_int_equal(step.message.len, with - 11 + 2);
}

static void other_servers_take_over(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    dns_stub_servers(&stub, &server[2], 1);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(step.fresh);
    assert_true(ip_equal(&step.server.ip, &server[2]));
    dns_stub_servers(&stub, NULL, 0);
    assert_int_equal(next(a), DNS_STEP_DONE);
    assert_int_equal(dns_ask_result(a, DNS_A), ERR_UNREACHABLE);
}

/* ---- TCP ---- */

static void truncated_is_asked_again_by_tcp(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.flags = DNS_TC, .record = {ADDRESS("www.example", 300, "192.0.2.66")}, .n = 1, .cut = 5});
    assert_int_equal(next(a), DNS_STEP_STREAM);
    assert_true(ip_equal(&step.server.ip, &server[0]));
    assert_int_equal(stub.counters.truncated, 1);
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7")}, .n = 1, .by_stream = true});
    expect_address("www.example", "192.0.2.7");
    assert_int_equal(next(a), DNS_STEP_DONE);
}

static void tcp_that_fails_goes_to_the_next_server(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.flags = DNS_TC});
    assert_int_equal(next(a), DNS_STEP_STREAM);
    dns_stub_again(a, step.question); /* whoever did it had to go */
    assert_int_equal(next(a), DNS_STEP_STREAM);
    dns_stub_failed(&stub, a, now_ns, step.question);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[1]));
}

/* ---- Lies ---- */

static void expect_ignored(struct dns_ask *a, const uint64_t *counter)
{
    struct dns_cached f;
    assert_int_equal(*counter, 1);
    assert_int_equal(dns_ask_result(a, DNS_A), ERR_AGAIN);
    assert_int_equal(find("www.example", DNS_A, &f), ERR_AGAIN);
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7")}, .n = 1});
    expect_address("www.example", "192.0.2.7");
}

#define LIE .record = {ADDRESS("www.example", 300, "192.0.2.66")}, .n = 1

static void another_id(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){LIE, .id_off = 1});
    expect_ignored(a, &stub.counters.wrong_id);
}

static void another_port(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){LIE, .port = 5353});
    expect_ignored(a, &stub.counters.wrong_server);
}

static void another_address(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){LIE, .from = &server[1]});
    expect_ignored(a, &stub.counters.wrong_server);
}

static void another_question(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){LIE, .question = "www.exemple"});
    expect_ignored(a, &stub.counters.wrong_question);
}

static void no_response_at_all(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    dns_stub_input(&stub, a, now_ns, &step.server, step.message, false); /* the query itself comes back */
    expect_ignored(a, &stub.counters.malformed);
}

static void letters_that_differ_are_settled_by_tcp(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("www.some-longer-name.example");
    answer(a, (struct reply){
                  .record = {ADDRESS("www.some-longer-name.example", 300, "192.0.2.66")}, .n = 1, .small = true});
    assert_int_equal(stub.counters.wrong_case, 1);
    assert_int_equal(find("www.some-longer-name.example", DNS_A, &f), ERR_AGAIN);
    assert_int_equal(next(a), DNS_STEP_STREAM);
}

static void many_lies_are_settled_by_tcp(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    for (uint16_t i = 1; i <= DNS_STUB_FORGERIES; i++) {
        assert_int_equal(next(a), DNS_STEP_WAIT);
        step.server = (struct endpoint){server[0], 53};
        answer(a, (struct reply){LIE, .id_off = i});
    }
    assert_int_equal(stub.counters.forgeries, 1);
    assert_int_equal(next(a), DNS_STEP_STREAM);
}

static void additional_records_are_not_believed(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.record = {ADDRESS("www.example", 300, "192.0.2.7"),
                                        ADDRESS("bank.example", 9999, "192.0.2.66"),
                                        {DNS_AUTHORITY, "example", DNS_NS, 300, "bank.example"},
                                        {DNS_ADDITIONAL, "bank.example", DNS_A, 9999, "192.0.2.66"}},
                             .n = 4});
    expect_address("www.example", "192.0.2.7");
    assert_int_equal(find("bank.example", DNS_A, &f), ERR_AGAIN);
    assert_int_equal(find("example", DNS_NS, &f), ERR_AGAIN);
    assert_int_equal(dns_cache_entries(cache), 1);
}

static void messages_that_are_cut_bring_nothing(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){LIE, .cut = 2});
    assert_int_equal(stub.counters.malformed, 1);
    assert_int_equal(find("www.example", DNS_A, &f), ERR_AGAIN);
    assert_int_equal(next(a), DNS_STEP_SEND);
    assert_true(ip_equal(&step.server.ip, &server[1]));
}

static void late_ones_are_ignored(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    struct dns_question first = asked;
    uint16_t first_id = asked_id;
    now_ns += NS_PER_S;
    assert_int_equal(next(a), DNS_STEP_SEND);
    asked = first;
    asked_id = first_id;
    struct dns_cached f;
    answer(a, (struct reply){LIE, .from = &server[0]});
    assert_int_equal(find("www.example", DNS_A, &f), ERR_AGAIN);
    assert_int_equal(stub.counters.wrong_server, 1);
}

/* ---- Aliases ---- */

static void aliases_are_followed(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.record = {ADDRESS("c.example", 50, "192.0.2.7"),
                                        {DNS_ANSWER, "b.example", DNS_CNAME, 20, "C.example"},
                                        {DNS_ANSWER, "www.example", DNS_CNAME, 10, "B.example"}},
                             .n = 3});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    expect_address("www.example", "192.0.2.7");
    expect_address("b.example", "192.0.2.7");
    now_ns += 15 * NS_PER_S; /* the first alias has expired, the others have not */
    struct dns_cached f;
    assert_int_equal(find("www.example", DNS_A, &f), ERR_AGAIN);
    expect_address("b.example", "192.0.2.7");
}

static void an_alias_that_leads_on_is_asked_for(void **state)
{
    struct dns_cached f;
    struct dns_name n = named("www.example"), final, want = named("elsewhere.test");
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.record = {{DNS_ANSWER, "www.example", DNS_CNAME, 10, "elsewhere.test"}}, .n = 1});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    assert_int_equal(dns_stub_find(&stub, now_ns, dns_name_bytes(&n), DNS_A, &f, &final), ERR_AGAIN);
    assert_true(dns_name_equal(dns_name_bytes(&final), dns_name_bytes(&want)));
}

static void aliases_in_a_circle_end(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("a.example");
    answer(a, (struct reply){.record = {{DNS_ANSWER, "a.example", DNS_CNAME, 10, "b.example"},
                                        {DNS_ANSWER, "b.example", DNS_CNAME, 10, "a.example"}},
                             .n = 2});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    assert_int_equal(find("a.example", DNS_A, &f), ERR_MALFORMED);
    assert_int_equal(stub.counters.aliases_many, 1);
}

static void the_longest_chain(void **state)
{
    struct reply r = {.n = 0};
    static char text[DNS_STUB_ALIASES + 2][8];
    for (int i = 0; i <= DNS_STUB_ALIASES + 1; i++)
        snprintf(text[i], sizeof text[i], "n%d", i);
    for (int i = 0; i < DNS_STUB_ALIASES; i++)
        r.record[r.n++] = (struct record){DNS_ANSWER, text[i], DNS_CNAME, 10, text[i + 1]};
    r.record[r.n++] = (struct record)ADDRESS(text[DNS_STUB_ALIASES], 10, "192.0.2.7");
    struct dns_ask *a = ask_and_send("n0");
    answer(a, r);
    expect_address("n0", "192.0.2.7");
    /* One more is too long. */
    struct dns_name n = named("before");
    struct dns_name to = named("n0");
    uint8_t data[257];
    struct writer w = writer_of(data, sizeof data);
    write_be16(&w, to.len);
    write_bytes(&w, dns_name_bytes(&to));
    assert_int_equal(dns_cache_store(cache, now_ns,
                                     &(struct dns_cached){.name = dns_name_bytes(&n),
                                                          .type = DNS_CNAME,
                                                          .ttl_s = 10,
                                                          .trust = DNS_TRUST_ANSWER,
                                                          .n_records = 1,
                                                          .data = writer_bytes(&w)}),
                     OK);
    struct dns_cached f;
    assert_int_equal(find("before", DNS_A, &f), ERR_MALFORMED);
}

/* ---- No ---- */

static void no_such_name_is_remembered_as_the_soa_says(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("gone.example");
    answer(a, (struct reply){
                  .flags = DNS_NXDOMAIN, .record = {{DNS_AUTHORITY, "example", DNS_SOA, 3600, "ns.example"}}, .n = 1});
    assert_int_equal(dns_ask_result(a, DNS_A), OK);
    assert_int_equal(find("gone.example", DNS_A, &f), ERR_NOT_FOUND);
    assert_int_equal(f.ttl_s, 60); /* the minimum, less than the lifetime */
    assert_int_equal(find("gone.example", DNS_MX, &f), ERR_NOT_FOUND);
    now_ns += 60 * NS_PER_S;
    assert_int_equal(find("gone.example", DNS_A, &f), ERR_AGAIN);
}

static void no_such_type_is_remembered_for_that_type(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("here.example");
    answer(a, (struct reply){.record = {{DNS_AUTHORITY, "example", DNS_SOA, 30, "ns.example"}}, .n = 1});
    assert_int_equal(find("here.example", DNS_A, &f), ERR_NOT_FOUND);
    assert_int_equal(f.ttl_s, 30);
    assert_int_equal(find("here.example", DNS_AAAA, &f), ERR_AGAIN);
}

static void a_soa_of_another_zone_says_nothing(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("gone.example");
    answer(a, (struct reply){
                  .flags = DNS_NXDOMAIN, .record = {{DNS_AUTHORITY, "test", DNS_SOA, 3600, "ns.test"}}, .n = 1});
    assert_int_equal(find("gone.example", DNS_A, &f), ERR_NOT_FOUND);
    assert_int_equal(f.ttl_s, 1);
}

static void no_behind_an_alias_is_about_where_it_leads(void **state)
{
    struct dns_cached f;
    struct dns_ask *a = ask_and_send("www.example");
    answer(a, (struct reply){.flags = DNS_NXDOMAIN,
                             .record = {{DNS_ANSWER, "www.example", DNS_CNAME, 100, "gone.test"},
                                        {DNS_AUTHORITY, "test", DNS_SOA, 3600, "ns.test"}},
                             .n = 2});
    assert_int_equal(find("www.example", DNS_A, &f), ERR_NOT_FOUND);
    assert_int_equal(find("gone.test", DNS_AAAA, &f), ERR_NOT_FOUND);
    assert_int_equal(find("www.example", DNS_CNAME, &f), OK);
}

static void sets_have_a_limit(void **state)
{
    struct dns_ask *a = ask_and_send("www.example");
    static uint8_t big[65535];
    struct dns_writer w;
    struct dns_name owner = named("www.example");
    dns_write_begin(&w, big, sizeof big);
    assert_true(dns_write_question(&w, dns_name_bytes(&asked.name), DNS_A, DNS_IN));
    for (unsigned i = 0; i < DNS_STUB_SET_BYTES / 6 + 1; i++) {
        const uint8_t data[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        assert_true(dns_write_record(&w, DNS_ANSWER, dns_name_bytes(&owner), DNS_A, DNS_IN, 5, bytes_of(data, 4)));
    }
    dns_stub_input(&stub, a, now_ns, &step.server, dns_write_end(&w, asked_id, DNS_QR | DNS_RD | DNS_RA), true);
    assert_int_equal(dns_ask_result(a, DNS_A), ERR_TOO_LARGE);
    assert_int_equal(stub.counters.set_too_large, 1);
}

/* ---- Names ---- */

static const char *names_of(const char *text, const char *search, unsigned ndots)
{
    static char out[2048];
    uint8_t list[256];
    struct writer w = writer_of(list, sizeof list), o = writer_of(out, sizeof out);
    for (const char *at = search; *at; at += strcspn(at, " ") + (at[strcspn(at, " ")] != 0)) {
        struct dns_name n;
        assert_null(dns_name_parse(bytes_of(at, strcspn(at, " ")), dns_root(), &n));
        write_bytes(&w, dns_name_bytes(&n));
    }
    struct dns_candidates c;
    struct dns_name n;
    if (!dns_candidates_begin(&c, text, writer_bytes(&w), ndots))
        return "none";
    while (dns_candidates_next(&c, &n)) {
        if (writer_len(&o))
            write_u8(&o, ' ');
        dns_name_write_text(&o, dns_name_bytes(&n));
    }
    write_u8(&o, 0);
    assert_true(writer_good(&o));
    return out;
}

static void which_names_are_meant(void **state)
{
    assert_string_equal(names_of("db", "a.test b.test", 1), "db.a.test. db.b.test. db.");
    assert_string_equal(names_of("db.x", "a.test b.test", 1), "db.x. db.x.a.test. db.x.b.test.");
    assert_string_equal(names_of("db.x", "a.test", 2), "db.x.a.test. db.x.");
    assert_string_equal(names_of("db.", "a.test", 1), "db.");
    assert_string_equal(names_of("db", "", 1), "db.");
    assert_string_equal(names_of("", "a.test", 1), "none");
    assert_string_equal(names_of(".", "a.test", 1), "none");
    assert_string_equal(names_of("a..b", "a.test", 1), "none");
    assert_string_equal(names_of("x", "a b c d e f g h i j", 1), "x.a. x.b. x.c. x.d. x.e. x.f. x.g. x.h. x.");
}

static void names_that_are_never_asked_for(void **state)
{
    static const struct {
        const char *name;
        enum dns_special special;
    } rows[] = {
        {"localhost", DNS_SPECIAL_LOOPBACK},     {"LOCALHOST.", DNS_SPECIAL_LOOPBACK},
        {"a.localhost", DNS_SPECIAL_LOOPBACK},   {"x.invalid", DNS_SPECIAL_NOWHERE},
        {"printer.local", DNS_SPECIAL_NOWHERE},  {"a.onion", DNS_SPECIAL_NOWHERE},
        {"localhost.example", DNS_SPECIAL_NONE}, {"notlocal", DNS_SPECIAL_NONE},
        {"local.example", DNS_SPECIAL_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dns_name n = named(rows[i].name);
        assert_int_equal(dns_special(dns_name_bytes(&n)), rows[i].special);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_question_and_its_answer),
        T(both_families_at_once),
        T(the_same_question_is_asked_once),
        T(names_in_flight_have_a_limit),
        T(silence_goes_to_the_next_server_with_growing_patience),
        T(a_silent_server_is_asked_last_for_a_while),
        T(failures_go_to_the_next_server_at_once),
        T(a_referral_is_no_answer),
        T(a_server_without_edns_is_asked_without),
        T(other_servers_take_over),
        T(truncated_is_asked_again_by_tcp),
        T(tcp_that_fails_goes_to_the_next_server),
        T(another_id),
        T(another_port),
        T(another_address),
        T(another_question),
        T(no_response_at_all),
        T(letters_that_differ_are_settled_by_tcp),
        T(many_lies_are_settled_by_tcp),
        T(additional_records_are_not_believed),
        T(messages_that_are_cut_bring_nothing),
        T(late_ones_are_ignored),
        T(aliases_are_followed),
        T(an_alias_that_leads_on_is_asked_for),
        T(aliases_in_a_circle_end),
        T(the_longest_chain),
        T(no_such_name_is_remembered_as_the_soa_says),
        T(no_such_type_is_remembered_for_that_type),
        T(a_soa_of_another_zone_says_nothing),
        T(no_behind_an_alias_is_about_where_it_leads),
        T(sets_have_a_limit),
        T(which_names_are_meant),
        T(names_that_are_never_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
