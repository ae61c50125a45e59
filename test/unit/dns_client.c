/* SPDX-License-Identifier: ISC */
/* The stub resolver on fibers: sockets, TCP and connections are played here, so that servers have delays and each datagram is
 * seen. Each server answers from a table. */
#include <jinn/dns_client.h>
#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/random.h>
#include <jinn/wheel.h>

#include "proto/dns_client_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- The world ---- */

enum { WAITING_MAX = 16, ROWS_MAX = 16, ASKED_MAX = 64 };

struct row {
    const char *name; /* with its dot */
    uint16_t type;
    const char *address; /* NULL: no such name; "": none of that type; "-": silence; "TC": truncated; ">x.": an alias */
    unsigned delay_ms;
    uint32_t ttl_s;
};

struct waiting {
    uint64_t at_ns;
    size_t len;
    struct endpoint from;
    uint8_t data[512];
};

struct udp_socket {
    uint16_t port;
    struct waiting *queue[WAITING_MAX];
    size_t n;
};

static const struct row *rows;
static size_t n_rows;
static char asked[ASKED_MAX][300]; /* "10.0.0.1 www.test. A" */
static size_t n_asked;
static uint16_t next_port, ports[ASKED_MAX];
static size_t n_open, n_open_most;
static struct stack_names known;
static unsigned n_connected;
static struct endpoint connected[CONNECT_ADDRESSES_MAX];
static size_t n_connected_to;
static uint64_t connected_at_ns, began_ns;
static enum err connect_result;
static struct bytes stream_reply;
static uint8_t stream_message[600];

void stack_names(const struct stack *s, struct stack_names *names)
{
    *names = known;
}

enum err stack_udp(struct stack *s, uint16_t port, struct udp_socket **u)
{
    *u = calloc(1, sizeof **u);
    (*u)->port = ++next_port;
    n_open++;
    n_open_most = n_open > n_open_most ? n_open : n_open_most;
    return OK;
}

void udp_close(struct udp_socket *u)
{
    while (u->n)
        free(u->queue[--u->n]);
    n_open--;
    free(u);
}

static struct dns_name named(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

static const struct row *find_row(const struct dns_question *q)
{
    for (size_t i = 0; i < n_rows; i++) {
        struct dns_name n = named(rows[i].name);
        if (rows[i].type == q->type && dns_name_equal(dns_name_bytes(&n), dns_name_bytes(&q->name)))
            return &rows[i];
    }
    return NULL;
}

static void write_data(struct dns_writer *w, const struct dns_question *q, const struct row *row)
{
    struct ip ip;
    if (row->address[0] == '>') {
        struct dns_name target = named(row->address + 1);
        assert_true(dns_write_record(w, DNS_ANSWER, dns_name_bytes(&q->name), DNS_CNAME, DNS_IN, row->ttl_s,
                                     dns_name_bytes(&target)));
        return;
    }
    assert_true(ip_parse(bytes_str(row->address), &ip));
    struct bytes data = q->type == DNS_A ? bytes_of(ip.b + 12, 4) : bytes_of(ip.b, 16);
    assert_true(dns_write_record(w, DNS_ANSWER, dns_name_bytes(&q->name), q->type, DNS_IN, row->ttl_s, data));
}

static struct bytes reply_to(struct bytes query, const struct row *row, bool by_stream, uint8_t out[512])
{
    struct reader r = reader_of(query);
    struct dns_header h;
    struct dns_question q;
    struct dns_writer w;
    assert_true(dns_header_read(&r, &h) && dns_question_read(&r, query, &q));
    dns_write_begin(&w, out, 512);
    assert_true(dns_write_question(&w, dns_name_bytes(&q.name), q.type, DNS_IN));
    uint16_t flags = DNS_QR | DNS_RD | DNS_RA;
    if (!row || !row->address)
        return dns_write_end(&w, h.id, flags | DNS_NXDOMAIN);
    if (strcmp(row->address, "TC") == 0 && !by_stream)
        return dns_write_end(&w, h.id, flags | DNS_TC);
    struct row real = *row;
    if (strcmp(row->address, "TC") == 0)
        real.address = q.type == DNS_A ? "192.0.2.99" : "2001:db8::99";
    if (*real.address)
        write_data(&w, &q, &real);
    return dns_write_end(&w, h.id, flags);
}

static void note_asked(struct endpoint to, const struct dns_question *q)
{
    char ip[IP_TEXT_BYTES], name[DNS_NAME_TEXT_BYTES];
    struct dns_name lower;
    dns_name_lower(&lower, dns_name_bytes(&q->name));
    must(n_asked < ASKED_MAX);
    snprintf(asked[n_asked++], sizeof asked[0], "%s %.200s %s", ip_text(&to.ip, ip),
             dns_name_text(dns_name_bytes(&lower), name),
             q->type == DNS_A      ? "A"
             : q->type == DNS_AAAA ? "AAAA"
                                   : "MX");
}

enum err udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n)
{
    struct dns_header h;
    struct dns_question q;
    struct reader r = reader_of(v[0].bytes);
    assert_int_equal(n, 1);
    assert_true(dns_header_read(&r, &h) && dns_question_read(&r, v[0].bytes, &q));
    ports[n_asked] = u->port;
    note_asked(to, &q);
    const struct row *row = find_row(&q);
    if (row && row->address && strcmp(row->address, "-") == 0)
        return OK;
    must(u->n < WAITING_MAX);
    struct waiting *w = calloc(1, sizeof *w);
    w->at_ns = time_after(sched_now(), (row ? row->delay_ms : 1) * NS_PER_MS);
    w->len = reply_to(v[0].bytes, row, false, w->data).len;
    w->from = to;
    u->queue[u->n++] = w;
    return OK;
}

enum err udp_recv(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from,
                  uint64_t deadline_ns)
{
    for (;;) {
        size_t first = 0;
        for (size_t i = 1; i < u->n; i++)
            first = u->queue[i]->at_ns < u->queue[first]->at_ns ? i : first;
        uint64_t at_ns = u->n ? u->queue[first]->at_ns : TIME_NEVER;
        if (at_ns <= sched_now()) {
            struct waiting *w = u->queue[first];
            u->queue[first] = u->queue[--u->n];
            *len = w->len;
            *from = w->from;
            memcpy(buffer, w->data, w->len);
            free(w);
            return OK;
        }
        enum err e = fiber_sleep(time_min(time_min(at_ns, deadline_ns), time_after(sched_now(), NS_PER_MS)));
        if (e != OK)
            return e;
        if (deadline_ns <= sched_now() && at_ns > sched_now())
            return ERR_TIMEOUT;
    }
}

/* One flow: it answers what is written to it. */
static enum err stream_read(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns)
{
    *len = size < stream_reply.len ? size : stream_reply.len;
    if (!*len)
        return ERR_END;
    memcpy(buffer, stream_reply.data, *len);
    stream_reply = bytes_slice(stream_reply, *len, stream_reply.len);
    return fiber_yield();
}

static enum err stream_write(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns)
{
    struct dns_question q;
    struct dns_header h;
    struct bytes query = v[1].bytes;
    struct reader r = reader_of(query);
    assert_int_equal(n, 2);
    assert_int_equal(v[0].bytes.data[0] << 8 | v[0].bytes.data[1], query.len);
    assert_true(dns_header_read(&r, &h) && dns_question_read(&r, query, &q));
    struct bytes b = reply_to(query, find_row(&q), true, stream_message + 2);
    stream_message[0] = (uint8_t)(b.len >> 8);
    stream_message[1] = (uint8_t)b.len;
    stream_reply = bytes_of(stream_message, b.len + 2);
    return OK;
}

static void stream_close(struct flow *f)
{
}

static const struct flow_ops stream_ops = {.read = stream_read, .write = stream_write, .close = stream_close};
static struct flow the_stream = {&stream_ops};

enum err stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    assert_int_equal(to.port, 53);
    *f = &the_stream;
    return OK;
}

enum err stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                           struct flow **f)
{
    n_connected++;
    n_connected_to = n;
    memcpy(connected, list, n * sizeof list[0]);
    connected_at_ns = sched_now();
    *f = &the_stream;
    enum err e = connect_result;
    connect_result = OK;
    return e;
}

/* ---- Running ---- */

static struct dns_client *client;
static void (*body_to_run)(void);

static int run_body(void *arg)
{
    assert_int_equal(random_init(), OK);
    known = (struct stack_names){.server = {ip4(10, 0, 0, 1), ip4(10, 0, 0, 2)}, .n_servers = 2};
    rows = NULL;
    n_rows = n_asked = n_open = n_open_most = 0;
    n_connected = 0;
    connect_result = OK;
    assert_int_equal(dns_client_new(NULL, NULL, &client), OK);
    began_ns = sched_now();
    body_to_run();
    assert_int_equal(n_open, 0);
    dns_client_free(client);
    return 0;
}

static void run(void (*body)(void))
{
    body_to_run = body;
    assert_int_equal(sched_run(run_body, NULL), 0);
}

#define ROWS(...)                                       \
    static const struct row the_rows[] = {__VA_ARGS__}; \
    rows = the_rows;                                    \
    n_rows = sizeof the_rows / sizeof the_rows[0]

static uint64_t in_ms(uint64_t ms)
{
    return time_after(sched_now(), ms * NS_PER_MS);
}

static uint64_t passed_ms(void)
{
    return (sched_now() - began_ns) / NS_PER_MS;
}

static void expect_addresses(const char *host, enum dns_family family, const char *want)
{
    struct ip list[20];
    size_t n;
    char text[1000] = "", ip[IP_TEXT_BYTES];
    enum err e = dns_resolve(client, host, family, in_ms(20000), list, 20, &n);
    if (e != OK)
        snprintf(text, sizeof text, "%s", err_text(e));
    for (size_t i = 0; e == OK && i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", ip_text(&list[i], ip));
    assert_string_equal(text, want);
}

static void expect_asked(size_t i, const char *want)
{
    assert_true(i < n_asked);
    assert_string_equal(asked[i], want);
}

/* ---- Resolving ---- */

static void both_families_body(void)
{
    ROWS({"www.test.", DNS_A, "192.0.2.1", 5, 60}, {"www.test.", DNS_AAAA, "2001:db8::1", 9, 60});
    expect_addresses("www.test", DNS_BOTH_FAMILIES, "2001:db8::1 192.0.2.1");
    assert_int_equal(n_asked, 2);
    expect_asked(0, "10.0.0.1 www.test. AAAA");
    expect_asked(1, "10.0.0.1 www.test. A");
    assert_in_range(passed_ms(), 9, 20); /* side by side */
    assert_int_equal(n_open_most, 1);
    expect_addresses("WWW.test", DNS_IPV4_ONLY, "192.0.2.1");
    expect_addresses("www.test.", DNS_IPV6_ONLY, "2001:db8::1");
    assert_int_equal(n_asked, 2); /* all from the cache */
    struct dns_client_counters c = dns_client_counters(client);
    assert_int_equal(c.lookups, 3);
    assert_int_equal(c.cache_hits, 2);
    assert_int_equal(c.cache_misses, 2);
}

static void both_families(void **state)
{
    run(both_families_body);
}

static void search_body(void)
{
    static const char list[] = "\1a\4test\0\1b\4test";
    ROWS({"db.b.test.", DNS_A, "192.0.2.2", 1, 60}, {"db.b.test.", DNS_AAAA, "", 1, 60},
         {"db.", DNS_A, "192.0.2.66", 1, 60});
    memcpy(known.search, list, sizeof list);
    known.search_len = sizeof list;
    expect_addresses("db", DNS_BOTH_FAMILIES, "192.0.2.2");
    assert_int_equal(n_asked, 4);
    expect_asked(0, "10.0.0.1 db.a.test. AAAA");
    expect_asked(3, "10.0.0.1 db.b.test. A");
    expect_addresses("db.", DNS_IPV4_ONLY, "192.0.2.66");
    expect_addresses("nowhere", DNS_IPV4_ONLY, err_text(ERR_NOT_FOUND));
    expect_addresses("a..b", DNS_IPV4_ONLY, err_text(ERR_INVALID));
    size_t before = n_asked;
    expect_addresses("nowhere", DNS_IPV4_ONLY, err_text(ERR_NOT_FOUND));
    /* Without an SOA a no is kept for a second: within it nothing is asked. */
    assert_int_equal(n_asked, before);
}

static void the_search_list_of_the_network(void **state)
{
    run(search_body);
}

static void local_body(void)
{
    expect_addresses("192.0.2.9", DNS_BOTH_FAMILIES, "192.0.2.9");
    expect_addresses("2001:db8::9", DNS_BOTH_FAMILIES, "2001:db8::9");
    expect_addresses("192.0.2.9", DNS_IPV6_ONLY, err_text(ERR_NOT_FOUND));
    expect_addresses("localhost", DNS_BOTH_FAMILIES, "::1 127.0.0.1");
    expect_addresses("x.localhost.", DNS_IPV4_ONLY, "127.0.0.1");
    expect_addresses("x.invalid", DNS_BOTH_FAMILIES, err_text(ERR_NOT_FOUND));
    expect_addresses("printer.local", DNS_BOTH_FAMILIES, err_text(ERR_NOT_FOUND));
    assert_int_equal(n_asked, 0);
    assert_int_equal(dns_client_counters(client).local, 7);
}

static void names_answered_here(void **state)
{
    run(local_body);
}

static void silence_body(void)
{
    ROWS({"www.test.", DNS_A, "-", 0, 0});
    expect_addresses("www.test", DNS_IPV4_ONLY, err_text(ERR_TIMEOUT));
    assert_in_range(passed_ms(), 2 * (1000 + 2000 + 4000), 14100);
    assert_int_equal(n_asked, 6);
    expect_asked(1, "10.0.0.2 www.test. A");
    for (size_t i = 1; i < n_asked; i++)
        assert_int_not_equal(ports[i], ports[i - 1]); /* each attempt from another port */
    known.n_servers = 0;
    expect_addresses("other.test", DNS_IPV4_ONLY, err_text(ERR_UNREACHABLE));
}

static void silent_servers(void **state)
{
    run(silence_body);
}

static void half_body(void)
{
    struct ip list[4];
    size_t n;
    ROWS({"www.test.", DNS_A, "192.0.2.1", 5, 0}, {"www.test.", DNS_AAAA, "-", 0, 0});
    assert_int_equal(dns_resolve(client, "www.test", DNS_BOTH_FAMILIES, in_ms(2500), list, 4, &n), OK);
    assert_int_equal(n, 1); /* though its second in the cache has passed */
    assert_in_range(passed_ms(), 2500, 2600);
}

static void one_family_is_given_at_the_deadline(void **state)
{
    run(half_body);
}

static void stream_body(void)
{
    ROWS({"big.test.", DNS_A, "TC", 1, 60});
    expect_addresses("big.test", DNS_IPV4_ONLY, "192.0.2.99");
    assert_int_equal(dns_client_counters(client).streams, 1);
}

static void truncated_by_tcp(void **state)
{
    run(stream_body);
}

static void alias_body(void)
{
    uint8_t records[64];
    size_t len;
    ROWS({"www.test.", DNS_A, ">real.test.", 1, 60}, {"real.test.", DNS_A, "192.0.2.5", 1, 60},
         {"loop.test.", DNS_A, ">loop2.test.", 1, 60}, {"loop2.test.", DNS_A, ">loop.test.", 1, 60});
    expect_addresses("www.test", DNS_IPV4_ONLY, "192.0.2.5");
    assert_int_equal(n_asked, 2);
    assert_int_equal(dns_records(client, "www.test", DNS_A, in_ms(1000), records, sizeof records, &len), OK);
    assert_int_equal(len, 6);
    assert_memory_equal(records, "\0\4\300\0\2\5", 6);
    assert_int_equal(dns_records(client, "www.test", DNS_A, in_ms(1000), records, 5, &len), ERR_TOO_LARGE);
    assert_int_equal(n_asked, 2);
    expect_addresses("loop.test", DNS_IPV4_ONLY, err_text(ERR_MALFORMED));
    assert_true(n_asked <= 4);
}

static void aliases_and_records(void **state)
{
    run(alias_body);
}

/* ---- Several fibers ---- */

static unsigned n_good, n_cancelled;

static char www_test[] = "www.test";

static void resolve_one(void *arg)
{
    struct ip list[4];
    size_t n;
    enum err e = dns_resolve(client, arg, DNS_IPV4_ONLY, in_ms(5000), list, 4, &n);
    n_good += e == OK && n == 1;
    n_cancelled += e == ERR_CANCELLED;
}

static void many_body(void)
{
    struct scope s;
    ROWS({"www.test.", DNS_A, "192.0.2.1", 50, 60}, {"www.test.", DNS_AAAA, "2001:db8::1", 60, 60});
    n_good = 0;
    scope_open(&s);
    for (int i = 0; i < 5; i++)
        assert_int_equal(scope_spawn(&s, "resolve", resolve_one, www_test), OK);
    assert_int_equal(fiber_sleep(in_ms(10)), OK);
    expect_addresses("www.test", DNS_BOTH_FAMILIES, "2001:db8::1 192.0.2.1"); /* AAAA joins what is in flight */
    scope_join(&s);
    assert_int_equal(n_good, 5);
    assert_int_equal(n_asked, 2);
    assert_in_range(passed_ms(), 70, 90);
    assert_int_equal(dns_client_counters(client).joined, 5);
}

static void the_same_name_is_asked_for_once(void **state)
{
    run(many_body);
}

static void driver_leaves_body(void)
{
    struct scope first, second;
    ROWS({"www.test.", DNS_A, "192.0.2.1", 300, 60});
    n_good = n_cancelled = 0;
    scope_open(&first);
    assert_int_equal(scope_spawn(&first, "first", resolve_one, www_test), OK);
    assert_int_equal(fiber_yield(), OK);
    scope_open(&second);
    assert_int_equal(scope_spawn(&second, "second", resolve_one, www_test), OK);
    assert_int_equal(scope_spawn(&second, "third", resolve_one, www_test), OK);
    assert_int_equal(fiber_sleep(in_ms(50)), OK);
    scope_cancel(&first);
    scope_join(&second);
    scope_join(&first);
    assert_int_equal(n_cancelled, 1);
    assert_int_equal(n_good, 2);
    assert_int_equal(n_asked, 1);
}

static void when_the_driver_leaves_another_goes_on(void **state)
{
    run(driver_leaves_body);
}

static void full_body(void)
{
    struct scope s;
    static char names[DNS_STUB_ASKS][16];
    static struct row silent[DNS_STUB_ASKS + 1];
    for (int i = 0; i < DNS_STUB_ASKS; i++) {
        snprintf(names[i], sizeof names[i], "n%d.test.", i);
        silent[i] = (struct row){names[i], DNS_A, "192.0.2.1", 100, 60};
    }
    rows = silent;
    n_rows = DNS_STUB_ASKS;
    n_good = 0;
    scope_open(&s);
    for (int i = 0; i < DNS_STUB_ASKS; i++)
        assert_int_equal(scope_spawn(&s, "resolve", resolve_one, names[i]), OK);
    assert_int_equal(fiber_sleep(in_ms(10)), OK);
    expect_addresses("more.test", DNS_IPV4_ONLY, err_text(ERR_FULL));
    scope_join(&s);
    assert_int_equal(n_good, DNS_STUB_ASKS);
    assert_int_equal(dns_client_counters(client).full, 1);
}

static void names_in_flight_are_limited(void **state)
{
    run(full_body);
}

/* ---- Connecting ---- */

static enum err connect_to(const char *host)
{
    struct flow *f;
    n_connected = 0;
    n_connected_to = 0;
    began_ns = sched_now();
    return dns_connect(client, host, 80, in_ms(5000), &f);
}

static void expect_connected(size_t i, const char *address)
{
    char text[IP_TEXT_BYTES];
    assert_true(i < n_connected_to);
    assert_string_equal(ip_text(&connected[i].ip, text), address);
    assert_int_equal(connected[i].port, 80);
}

static uint64_t connected_after_ms(void)
{
    return (connected_at_ns - began_ns) / NS_PER_MS;
}

static void connect_body(void)
{
    ROWS({"both.test.", DNS_A, "192.0.2.1", 5, 60}, {"both.test.", DNS_AAAA, "2001:db8::1", 20, 60},
         {"six.test.", DNS_A, "192.0.2.2", 500, 60}, {"six.test.", DNS_AAAA, "2001:db8::2", 10, 60},
         {"four.test.", DNS_A, "192.0.2.3", 10, 60}, {"four.test.", DNS_AAAA, "2001:db8::3", 400, 60},
         {"only4.test.", DNS_A, "192.0.2.4", 10, 60}, {"only4.test.", DNS_AAAA, "", 20, 60});
    /* IPv6 within the 50 ms: both are known. */
    assert_int_equal(connect_to("both.test"), OK);
    assert_int_equal(n_connected_to, 2);
    expect_connected(0, "2001:db8::1");
    expect_connected(1, "192.0.2.1");
    assert_in_range(connected_after_ms(), 20, 30);
    /* IPv6 first: at once. */
    assert_int_equal(connect_to("six.test"), OK);
    assert_int_equal(n_connected_to, 1);
    expect_connected(0, "2001:db8::2");
    assert_in_range(connected_after_ms(), 10, 20);
    /* IPv4 first: 50 ms later. */
    assert_int_equal(connect_to("four.test"), OK);
    assert_int_equal(n_connected_to, 1);
    expect_connected(0, "192.0.2.3");
    assert_in_range(connected_after_ms(), 60, 75);
    assert_int_equal(connect_to("only4.test"), OK);
    expect_connected(0, "192.0.2.4");
    assert_in_range(connected_after_ms(), 20, 30);
    assert_int_equal(connect_to("none.test"), ERR_NOT_FOUND);
    assert_int_equal(n_connected, 0);
    assert_int_equal(connect_to("192.0.2.8"), OK);
    expect_connected(0, "192.0.2.8");
    assert_int_equal(connect_to("localhost"), OK);
    assert_int_equal(n_connected_to, 2);
}

static void connecting_by_name(void **state)
{
    run(connect_body);
}

/* The addresses that were known first bring nothing: the others are waited for. */
static void second_body(void)
{
    ROWS({"www.test.", DNS_A, "192.0.2.1", 300, 60}, {"www.test.", DNS_AAAA, "2001:db8::1", 10, 60});
    connect_result = ERR_REFUSED;
    assert_int_equal(connect_to("www.test"), OK);
    assert_int_equal(n_connected, 2);
    assert_int_equal(n_connected_to, 2);
    assert_in_range(connected_after_ms(), 300, 320);
    connect_result = ERR_REFUSED; /* all are known by now: it is the result */
    assert_int_equal(connect_to("www.test"), ERR_REFUSED);
    assert_int_equal(n_connected, 1);
}

static void the_other_family_is_a_second_chance(void **state)
{
    run(second_body);
}

static void options_body(void)
{
    struct dns_client *other;
    const struct ip server = ip4(192, 0, 2, 53);
    struct dns_client_options o = {.servers = &server, .n_servers = 1, .search = "c.test,d.test", .ndots = 2};
    ROWS({"x.y.c.test.", DNS_A, "192.0.2.1", 1, 60});
    assert_int_equal(dns_client_new(NULL, &o, &other), OK);
    struct dns_client *usual = client;
    client = other;
    expect_addresses("x.y", DNS_IPV4_ONLY, "192.0.2.1");
    expect_asked(0, "192.0.2.53 x.y.c.test. A");
    dns_client_flush(other);
    expect_addresses("x.y", DNS_IPV4_ONLY, "192.0.2.1");
    assert_int_equal(n_asked, 2);
    client = usual;
    dns_client_free(other);
    o.search = "a..b";
    assert_int_equal(dns_client_new(NULL, &o, &other), ERR_INVALID);
    o.search = NULL;
    o.n_servers = STACK_SERVERS_MAX + 1;
    assert_int_equal(dns_client_new(NULL, &o, &other), ERR_INVALID);
}

static void the_client_s_own_options(void **state)
{
    run(options_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families),
        cmocka_unit_test(the_search_list_of_the_network),
        cmocka_unit_test(names_answered_here),
        cmocka_unit_test(silent_servers),
        cmocka_unit_test(one_family_is_given_at_the_deadline),
        cmocka_unit_test(truncated_by_tcp),
        cmocka_unit_test(aliases_and_records),
        cmocka_unit_test(the_same_name_is_asked_for_once),
        cmocka_unit_test(when_the_driver_leaves_another_goes_on),
        cmocka_unit_test(names_in_flight_are_limited),
        cmocka_unit_test(connecting_by_name),
        cmocka_unit_test(the_other_family_is_a_second_chance),
        cmocka_unit_test(the_client_s_own_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
