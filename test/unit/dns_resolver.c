/* SPDX-License-Identifier: ISC */
/* The resolver's clients and sockets: the stack is played here, so that each datagram is seen and each limit can be filled. The
 * servers say nothing unless a test does. */
#include "proto/dns_answer.h"
#include "proto/dns_resolver.h"

#include <jinn/must.h>
#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SENT_MAX = 400, QUESTIONS = 40 };

struct udp_socket {
    uint16_t port;
    struct udp_server *server;
};

static struct sent {
    struct udp_socket *from;
    struct ip ip; /* it is sent from; IP_NONE: the stack chooses */
    struct endpoint to;
    size_t len;
    uint8_t data[1300];
} sent[SENT_MAX];
static size_t n_sent, n_open, n_connecting;
static enum err send_result;
static struct udp_socket service; /* that clients ask */
static struct ip asked_at;        /* at this address of ours */
static bool port_taken;

enum err stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                         struct udp_socket **u)
{
    if (port_taken) {
        port_taken = false;
        return ERR_IN_USE;
    }
    *u = malloc(sizeof **u);
    **u = (struct udp_socket){port, server};
    n_open++;
    return OK;
}

void udp_close(struct udp_socket *u)
{
    n_open--;
    free(u);
}

enum err udp_send_from(struct udp_socket *u, const struct ip *from, struct endpoint to, const struct piece *v, size_t n)
{
    if (send_result != OK)
        return send_result;
    struct sent *s = &sent[n_sent++];
    must(n == 1 && v->bytes.len <= sizeof s->data && n_sent < SENT_MAX);
    *s = (struct sent){.from = u, .ip = *from, .to = to, .len = v->bytes.len};
    memcpy(s->data, v->bytes.data, s->len);
    return OK;
}

enum err udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n)
{
    return udp_send_from(u, &IP_NONE, to, v, n);
}

enum err stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    n_connecting++;
    enum err e = fiber_sleep(deadline_ns);
    n_connecting--;
    return e == OK ? ERR_TIMEOUT : e;
}

/* ---- Running ---- */

static struct dns_server *server;
static struct dns_resolver *resolver;
static uint8_t answer[DNS_MESSAGE_BYTES];
static void (*body_to_run)(void);
static struct dns_resolver_options options;

/* It is found out elsewhere (dns_iterate_root.c): 10.0.0.1 and 10.0.0.2 serve it. */
static void know_the_root(void)
{
    static const uint8_t ns[] = {0, 3, 1, 'a', 0}, a[] = {0, 4, 10, 0, 0, 1, 0, 4, 10, 0, 0, 2};
    struct dns_cached c = {.name = dns_root(),
                           .type = DNS_NS,
                           .kind = DNS_KIND_SET,
                           .trust = DNS_TRUST_FINAL,
                           .ttl_s = 86400,
                           .n_records = 1,
                           .data = bytes_of(ns, sizeof ns)};
    assert_int_equal(dns_cache_store(resolver->cache, sched_now(), &c), OK);
    c.name = bytes_of("\1a", 3);
    c.type = DNS_A;
    c.n_records = 2;
    c.data = bytes_of(a, sizeof a);
    assert_int_equal(dns_cache_store(resolver->cache, sched_now(), &c), OK);
}

static int run_body(void *arg)
{
    assert_int_equal(random_init(), OK);
    n_sent = n_open = n_connecting = 0;
    send_result = OK;
    assert_int_equal(dns_server_new(&(struct dns_server_options){.no_cookies = true}, &server), OK);
    assert_int_equal(dns_server_resolve(server, NULL, &options), OK);
    resolver = server->resolver;
    resolver->client_secret = 1; /* so that these clients are counted apart */
    know_the_root();
    body_to_run();
    sched_timer(&resolver->timer, TIME_NEVER);
    return 0;
}

static void run(void (*body)(void), struct dns_resolver_options o)
{
    body_to_run = body;
    options = o;
    options.questions = QUESTIONS;
    options.tasks = o.tasks ? o.tasks : 100;
    assert_int_equal(sched_run(run_body, NULL), 0);
    /* The image would end here; what was taken is given back for the leak checker. */
    for (int i = 0; i < DNS_RESOLVER_SOCKETS; i++)
        free(resolver->toward[i].udp);
    dns_iterate_free(resolver->iterate);
    dns_cache_free(resolver->cache);
    pool_free(&resolver->waiting);
    dns_block_free(&resolver->block);
    free(resolver);
    dns_zones_free(&server->zones);
    free(server);
}

static struct bytes query_of(uint8_t out[600], const char *text, uint16_t type)
{
    struct dns_name name;
    struct dns_writer w;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &name));
    dns_write_begin(&w, out, 600);
    assert_true(dns_write_question(&w, dns_name_bytes(&name), type, DNS_IN));
    assert_true(dns_write_edns(&w, &(struct dns_edns){.udp_bytes = DNS_EDNS_BYTES}));
    return dns_write_end(&w, 0x7777, DNS_RD);
}

static struct {
    unsigned rcode, ede;
    uint16_t flags, n_answers;
} got;

static void read_answer(struct bytes m)
{
    struct reader r = reader_of(m);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    struct dns_edns e = {.present = false};
    struct bytes content;
    assert_true(dns_header_read(&r, &h) && dns_question_read(&r, m, &q));
    while (reader_left(&r)) {
        assert_true(dns_record_read(&r, m, &record));
        if (record.type == DNS_OPT)
            assert_true(dns_edns_read(&record, &e));
    }
    got.rcode = h.flags & DNS_RCODE;
    got.flags = h.flags;
    got.n_answers = h.n[DNS_ANSWER];
    got.ede = e.present && dns_edns_find(&e, DNS_EDE, &content) ? content.data[1] : 0;
    assert_int_equal(h.id, 0x7777);
}

/* By UDP. False: no answer yet. */
static bool ask_from(const struct ip *ip, const char *name, uint16_t type)
{
    uint8_t q[600];
    struct dns_from from = {.peer = {*ip, 4000}, .now_ns = sched_now(), .socket = &service, .to = &asked_at};
    size_t len = dns_service_message(&server->service, &from, query_of(q, name, type), answer, DNS_EDNS_BYTES);
    if (len)
        read_answer(bytes_of(answer, len));
    return len > 0;
}

static bool ask(const char *name, uint16_t type)
{
    const struct ip client = ip4(10, 0, 0, 9);
    return ask_from(&client, name, type);
}

/* The server's answer to a query: the address, or with TC. */
static void serve(const struct sent *s, bool truncated)
{
    static uint8_t m[1300];
    size_t end = DNS_HEADER_BYTES;
    memcpy(m, s->data, s->len);
    while (m[end])
        end += m[end] + 1u;
    end += 5;
    memset(m + 6, 0, 6);
    m[2] = truncated ? 0x86 : 0x84;
    m[7] = 1;
    memcpy(m + end, "\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2\1", 16);
    struct udp_question q = {.from = s->to, .payload = bytes_of(m, end + 16), .now_ns = sched_now()};
    assert_true(s->from->server->answer(s->from->server, &q, NULL, 0) == UDP_NO_ANSWER);
}

static size_t n_to_servers(void)
{
    size_t n = 0;
    for (size_t i = 0; i < n_sent; i++)
        n += sent[i].to.port == DNS_PORT;
    return n;
}

/* ---- Tests ---- */

static void answers_when_the_server_has(void)
{
    assert_false(ask("www.example.", DNS_A));
    assert_int_equal(n_sent, 1);
    assert_int_equal(sent[0].to.port, DNS_PORT);
    serve(&sent[0], false); /* "example. A" has an address: one label more is asked */
    assert_int_equal(n_sent, 2);
    serve(&sent[1], false);
    assert_int_equal(n_sent, 3);
    assert_ptr_equal(sent[2].from, &service);
    assert_int_equal(sent[2].to.port, 4000);
    read_answer(bytes_of(sent[2].data, sent[2].len));
    assert_int_equal(got.rcode, DNS_NOERROR);
    assert_int_equal(got.n_answers, 1);
    assert_true(got.flags & DNS_RA);
    assert_int_equal(resolver->waiting.n_used, 0);
    assert_true(ask("www.example.", DNS_A)); /* at once */
    assert_int_equal(resolver->n.hits, 1);
    assert_int_equal(n_sent, 3);
}

static void when_servers_have(void **state)
{
    run(answers_when_the_server_has, (struct dns_resolver_options){0});
}

/* Two clients ask the same at two addresses of ours. */
static void answers_from_where_it_was_asked(void)
{
    static const struct ip at[2] = {{{0xfd, [15] = 2}}, {{0xfe, 0x80, [15] = 2}}};
    const struct ip client = {{0xfd, [15] = 9}};
    for (size_t i = 0; i < 2; i++) {
        asked_at = at[i];
        assert_false(ask_from(&client, "www.example.", DNS_A));
    }
    asked_at = IP_NONE; /* what was BORROWED is not there any more */
    serve(&sent[0], false);
    serve(&sent[1], false);
    assert_int_equal(n_sent, 4);
    for (size_t i = 0; i < 2; i++) {
        assert_ptr_equal(sent[2 + i].from, &service);
        assert_true(ip_equal(&sent[2 + i].ip, &at[i]));
    }
}

static void addresses(void **state)
{
    run(answers_from_where_it_was_asked, (struct dns_resolver_options){0});
}

static void each_query_has_a_port(void)
{
    unsigned n_same = 0;
    port_taken = true; /* by somebody: another one is tried */
    for (int i = 0; i < DNS_RESOLVER_SOCKETS; i++) {
        char name[] = "a.example.";
        struct ip client = ip4(10, 0, 0, (uint8_t)(i % DNS_RESOLVER_SHARE));
        name[0] = (char)('a' + i);
        name[2] = (char)('a' + i);
        assert_false(ask_from(&client, name, DNS_A));
    }
    assert_int_equal(n_sent, DNS_RESOLVER_SOCKETS);
    for (size_t i = 0; i < n_sent; i++) {
        assert_true(sent[i].from->port >= DNS_RESOLVER_PORT_LEAST);
        for (size_t k = 0; k < i; k++)
            n_same += sent[i].from->port == sent[k].from->port;
    }
    assert_true(n_same <= 1); /* chance: 190 pairs of 64,512 */
    assert_int_equal(resolver->n.sockets_shared, 0);
    assert_false(ask("one.more.", DNS_A));
    assert_int_equal(resolver->n.sockets_shared, 1);
    uint16_t before = sent[0].from->port;
    serve(&sent[0], false); /* its socket is renewed for what comes next, but not while it is being read from */
    assert_int_equal(n_open, DNS_RESOLVER_SOCKETS);
    assert_int_equal(sent[n_sent - 1].to.port, DNS_PORT);
    (void)before;
}

static void ports(void **state)
{
    run(each_query_has_a_port, (struct dns_resolver_options){.no_ipv6 = true});
}

static void questions_fill_up(void)
{
    char name[] = "a.aa.";
    for (int i = 0; i < QUESTIONS; i++) {
        name[2] = (char)('a' + i % 26);
        name[3] = (char)('a' + i / 26);
        struct ip client = ip4(10, 0, 0, (uint8_t)(i % DNS_RESOLVER_SHARE));
        assert_false(ask_from(&client, name, DNS_A));
    }
    const struct ip known = ip4(10, 0, 0, 1);
    assert_true(ask_from(&known, "too.much.", DNS_A));
    assert_int_equal(got.rcode, DNS_SERVFAIL);
    assert_int_equal(resolver->n.waiting_share, 1);
    assert_true(ask("too.much.", DNS_A));
    assert_int_equal(got.rcode, DNS_SERVFAIL);
    assert_int_equal(resolver->n.waiting_full, 1);
    assert_int_equal(got.ede, 0);
    while (dns_iterate_deadline(resolver->iterate) != TIME_NEVER)
        dns_iterate_tick(resolver->iterate, dns_iterate_deadline(resolver->iterate));
    assert_int_equal(resolver->waiting.n_used, 0);
    unsigned n = 0;
    for (size_t i = 0; i < n_sent; i++) {
        if (sent[i].to.port != 4000)
            continue;
        n++;
        read_answer(bytes_of(sent[i].data, sent[i].len));
    }
    assert_int_equal(n, QUESTIONS);
    assert_int_equal(got.rcode, DNS_SERVFAIL);
    assert_int_equal(got.ede, DNS_EDE_NO_REACHABLE_AUTHORITY);
}

static void questions(void **state)
{
    run(questions_fill_up, (struct dns_resolver_options){.hints = "10.0.0.1"});
}

static void streams_fill_up(void)
{
    struct endpoint to = {ip4(10, 0, 0, 1), DNS_PORT};
    for (unsigned i = 0; i < DNS_RESOLVER_STREAMS_WAIT; i++)
        assert_int_not_equal(dns_resolver_send(&resolver->below, 0, i, &to, bytes_str("query"), true), DNS_UNSENT);
    assert_int_equal(dns_resolver_send(&resolver->below, 0, 99, &to, bytes_str("query"), true), DNS_UNSENT);
    assert_int_equal(resolver->n.streams_full, 1);
}

static void streams(void **state)
{
    run(streams_fill_up, (struct dns_resolver_options){0});
}

static void truncated_goes_by_tcp(void)
{
    struct scope fibers;
    scope_open(&fibers);
    assert_int_equal(scope_spawn(&fibers, "resolver", server->job[0].run, server), OK);
    assert_false(ask("example.", DNS_A));
    serve(&sent[0], true);
    for (int i = 0; i < 10; i++)
        assert_int_equal(fiber_yield(), OK);
    assert_int_equal(n_connecting, 1);
    while (n_sent < 2) /* nobody is there: the next server */
        assert_int_equal(fiber_sleep(time_after(sched_now(), 100 * NS_PER_MS)), OK);
    assert_int_equal(n_to_servers(), 2);
    scope_cancel(&fibers);
    scope_join(&fibers);
}

static void truncated(void **state)
{
    run(truncated_goes_by_tcp, (struct dns_resolver_options){.no_ipv6 = true});
}

static void waits(void *arg)
{
    uint8_t q[600];
    struct dns_from from = {.peer = {ip4(10, 0, 0, 9), 4000}, .tcp = true, .now_ns = sched_now()};
    size_t len = server->answer_tcp(&server->service, &from, query_of(q, "example.", DNS_A), answer, sizeof answer);
    *(size_t *)arg = len;
}

static void a_tcp_client_waits_and_may_go(void)
{
    struct scope fibers;
    size_t len[2] = {0, 1};
    for (int i = 0; i < 2; i++) {
        scope_open(&fibers);
        assert_int_equal(scope_spawn(&fibers, "client", waits, &len[i]), OK);
        assert_int_equal(fiber_yield(), OK);
        assert_int_equal(resolver->waiting.n_used, 1);
        if (i)
            scope_cancel(&fibers);
        else
            serve(&sent[0], false);
        scope_join(&fibers);
        assert_int_equal(resolver->waiting.n_used, 0);
        dns_cache_flush(resolver->cache);
    }
    assert_true(len[0] > DNS_HEADER_BYTES);
    assert_int_equal(len[1], 0);
}

static void tcp_clients(void **state)
{
    run(a_tcp_client_waits_and_may_go, (struct dns_resolver_options){0});
}

static void strangers_are_refused(void)
{
    const struct ip stranger = ip4(192, 0, 2, 1);
    assert_true(ask_from(&stranger, "example.", DNS_A));
    assert_int_equal(got.rcode, DNS_REFUSED);
    assert_int_equal(got.ede, DNS_EDE_PROHIBITED);
    assert_int_equal(resolver->n.prohibited, 1);
    assert_int_equal(n_sent, 0);
}

static void strangers(void **state)
{
    run(strangers_are_refused, (struct dns_resolver_options){0});
}

static const char own_zone[] = "@ 60 SOA ns h 1 1 1 1 1\n@ 60 NS ns\nns 60 A 10.0.0.2\nweb 60 CNAME www.example.\n"
                               "here 60 CNAME ns\nnothing 60 CNAME gone\nads 60 CNAME x.ads.example.\n"
                               "old 60 DNAME example.\ndeep 60 NS ns.deep\nns.deep 60 A 10.0.0.3\n";

static void load_own_zone(void)
{
    struct dns_name name;
    assert_null(dns_name_parse(bytes_str("home."), dns_root(), &name));
    assert_int_equal(dns_server_load_text(server, dns_name_bytes(&name), bytes_str(own_zone), "home.zone"), OK);
}

/* What is asked of servers is answered by them, one label after the other. */
static void serve_all(void)
{
    for (size_t i = 0; i < n_sent; i++) {
        if (sent[i].to.port == DNS_PORT)
            serve(&sent[i], false);
    }
}

static void own_aliases(void)
{
    load_own_zone();
    assert_true(ask("here.home.", DNS_A));
    assert_int_equal(got.n_answers, 2);
    assert_true(ask("nothing.home.", DNS_A));
    assert_int_equal(got.rcode, DNS_NXDOMAIN);
    assert_true(ask("web.home.", DNS_CNAME));
    assert_true(ask("web.home.", DNS_ANY));
    assert_true(ask("a.deep.home.", DNS_A)); /* a referral */
    assert_int_equal(got.n_answers, 0);
    assert_int_equal(n_sent, 0);
    assert_false(ask("web.home.", DNS_A));
    serve_all();
    read_answer(bytes_of(sent[n_sent - 1].data, sent[n_sent - 1].len));
    assert_int_equal(sent[n_sent - 1].to.port, 4000);
    assert_int_equal(got.rcode, DNS_NOERROR);
    assert_int_equal(got.n_answers, 2);
    assert_int_equal(got.flags & (DNS_AA | DNS_AD | DNS_TC), DNS_AA);
    assert_int_equal(resolver->waiting.n_used, 0);
    n_sent = 0;
    assert_true(ask("web.home.", DNS_A)); /* the cache has it */
    assert_int_equal(got.n_answers, 2);
    assert_true(ask("www.old.home.", DNS_A)); /* DNAME, its alias, the address */
    assert_int_equal(got.n_answers, 3);
    assert_int_equal(n_sent, 0);
}

static void aliases_of_our_own_zones(void **state)
{
    run(own_aliases, (struct dns_resolver_options){0});
}

static void own_failing(void)
{
    struct dns_name name;
    load_own_zone();
    assert_null(dns_name_parse(bytes_str("ads.example."), dns_root(), &name));
    assert_int_equal(dns_block_add(&resolver->block, dns_name_bytes(&name)), OK);
    assert_true(ask("ads.home.", DNS_A));
    assert_int_equal(got.rcode, DNS_NXDOMAIN);
    assert_int_equal(got.ede, DNS_EDE_BLOCKED);
    send_result = ERR_UNREACHABLE;
    assert_true(ask("web.home.", DNS_A));
    assert_int_equal(got.rcode, DNS_SERVFAIL);
    assert_int_equal(got.n_answers, 0);
    send_result = OK;
    const struct ip stranger = ip4(192, 0, 2, 1);
    assert_true(ask_from(&stranger, "ns.home.", DNS_A));
    assert_int_equal(got.rcode, DNS_REFUSED);
    assert_int_equal(got.n_answers, 0);
    assert_int_equal(got.ede, DNS_EDE_PROHIBITED);
}

static void aliases_that_lead_nowhere_and_strangers(void **state)
{
    run(own_failing, (struct dns_resolver_options){.hints = "10.0.0.1"});
}

static void nothing_can_be_sent(void)
{
    send_result = ERR_UNREACHABLE;
    assert_true(ask("example.", DNS_A)); /* known at once */
    assert_int_equal(got.rcode, DNS_SERVFAIL);
    assert_true(resolver->n.not_sent > 0);
    assert_int_equal(resolver->waiting.n_used, 0);
    send_result = OK;
}

static void without_a_way(void **state)
{
    run(nothing_can_be_sent, (struct dns_resolver_options){.hints = "10.0.0.1"});
}

static void rules(void)
{
    struct dns_name name;
    assert_null(dns_name_parse(bytes_str("ads.example."), dns_root(), &name));
    assert_int_equal(dns_block_add(&resolver->block, dns_name_bytes(&name)), OK);
    resolver->block_answer = DNS_BLOCK_ZERO;
    assert_true(ask("x.ads.example.", DNS_AAAA));
    assert_int_equal(got.rcode, DNS_NOERROR);
    assert_int_equal(got.n_answers, 1);
    assert_int_equal(got.ede, DNS_EDE_BLOCKED);
    assert_true(ask("x.ads.example.", DNS_MX));
    assert_int_equal(got.n_answers, 0);
    assert_true(ask("example.", DNS_ANY));
    assert_int_equal(got.n_answers, 1);
    static const char *const empty[] = {"1.0.0.10.in-addr.arpa.",
                                        "16.172.in-addr.arpa.",
                                        "1.31.172.in-addr.arpa.",
                                        "64.100.in-addr.arpa.",
                                        "127.100.in-addr.arpa.",
                                        "x.onion.",
                                        "a.test.",
                                        "1.d.f.ip6.arpa.",
                                        "b.e.f.ip6.arpa.",
                                        "255.255.255.255.in-addr.arpa."};
    for (size_t i = 0; i < ARRAY_LEN(empty); i++) {
        assert_true(ask(empty[i], DNS_PTR));
        assert_true(got.flags & DNS_AA);
    }
    assert_int_equal(resolver->n.local, ARRAY_LEN(empty));
    assert_int_equal(n_sent, 0);
    assert_false(ask("1.15.172.in-addr.arpa.", DNS_PTR)); /* those are the world's */
    assert_false(ask("1.32.172.in-addr.arpa.", DNS_PTR));
    assert_false(ask("1.128.100.in-addr.arpa.", DNS_PTR));
    assert_false(ask("1.016.172.in-addr.arpa.", DNS_PTR));
}

static void rules_come_first(void **state)
{
    run(rules, (struct dns_resolver_options){0});
}

static void options_that_are_wrong(void **state)
{
    struct dns_server *d;
    static const struct dns_resolver_options wrong[] = {
        {.hints = "10.0.0.1 x"}, {.forward = " "}, {.clients = "10.0.0.0/64"}};
    (void)state;
    assert_int_equal(random_init(), OK);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(dns_server_new(&(struct dns_server_options){.no_cookies = true}, &d), OK);
        assert_int_equal(dns_server_resolve(d, NULL, &wrong[i]), ERR_INVALID);
        assert_null(d->resolver);
        free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_servers_have),
        cmocka_unit_test(addresses),
        cmocka_unit_test(ports),
        cmocka_unit_test(questions),
        cmocka_unit_test(streams),
        cmocka_unit_test(truncated),
        cmocka_unit_test(tcp_clients),
        cmocka_unit_test(strangers),
        cmocka_unit_test(aliases_of_our_own_zones),
        cmocka_unit_test(aliases_that_lead_nowhere_and_strangers),
        cmocka_unit_test(without_a_way),
        cmocka_unit_test(rules_come_first),
        cmocka_unit_test(options_that_are_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
