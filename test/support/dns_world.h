/* SPDX-License-Identifier: ISC */
/* A world of name servers without a network: each has an address and zones from text, and answers as proto/dns_service does;
 * a test may have it lie, or be silent. The iterative resolver asks them, and time passes when nothing else happens. */
#ifndef TEST_SUPPORT_DNS_WORLD_H
#define TEST_SUPPORT_DNS_WORLD_H

#include "proto/dns_iterate.h"
#include "proto/dns_service.h"
#include "test/support/dns_zone_text.h"

#include <jinn/must.h>
#include <jinn/time.h>

enum { WORLD_SERVERS = 24, WORLD_QUERIES = 64, WORLD_LOG = 512 };

struct world_query {
    unsigned task, socket;
    struct endpoint to;
    bool by_stream;
    size_t len;
    uint8_t message[512];
};

struct world_server {
    struct ip ip;
    struct dns_zones zones;
    struct dns_service service;
    struct dns_cookie_secrets cookies;
    bool silent, no_stream;
    unsigned n_silent; /* queries that get lost before the others */
    unsigned n_queries, n_streams;
    /* May change the answer in place, or its length (0: none). */
    size_t (*twist)(struct world_server *s, const struct world_query *q, uint8_t *answer, size_t len);
};

struct world {
    struct dns_iterate_below below;
    struct dns_iterate *it;
    struct dns_cache *cache;
    uint64_t now_ns;
    struct world_server server[WORLD_SERVERS];
    size_t n_servers;
    struct world_query query[WORLD_QUERIES];
    size_t n_queries;
    unsigned n_sockets;
    int n_open;        /* sockets that something is waited from */
    struct writer log; /* "ADDRESS NAME TYPE[ tcp]", a line a query, names in small letters */
    uint8_t log_text[65536];
    struct dns_client_query q;
    bool done;
    enum dns_outcome outcome;
    struct dns_iterate_counters before; /* when the root's servers were known */
    uint32_t random;
    uint8_t answer[65535], told[65535];
};

static struct world world;

static inline void world_random(void *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        world.random = world.random * 1664525 + 1013904223;
        ((uint8_t *)out)[i] = (uint8_t)(world.random >> 24);
    }
}

static inline struct ip world_ip(const char *text)
{
    struct ip ip;
    if (!ip_parse(bytes_str(text), &ip))
        abort();
    return ip;
}

static inline struct world_server *world_server_at(const struct ip *ip)
{
    for (size_t i = 0; i < world.n_servers; i++) {
        if (ip_equal(&world.server[i].ip, ip))
            return &world.server[i];
    }
    return NULL;
}

static inline struct world_server *world_server(const char *ip)
{
    struct ip at = world_ip(ip);
    struct world_server *s = world_server_at(&at);
    if (s)
        return s;
    if (world.n_servers == WORLD_SERVERS)
        abort();
    s = &world.server[world.n_servers++];
    s->ip = at;
    dns_zones_init(&s->zones, TEST_SEED, 8);
    if (dns_service_init(&s->service, &(struct dns_service_options){.zones = &s->zones}) != OK)
        abort();
    return s;
}

static inline struct world_server *world_zone(const char *ip, const char *origin, const char *text)
{
    struct world_server *s = world_server(ip);
    if (dns_zones_put(&s->zones, zone_of(origin, text)) != OK)
        abort();
    return s;
}

static inline void world_note(const struct world_query *q)
{
    struct bytes m = bytes_of(q->message, q->len);
    struct reader r = reader_of(m);
    struct dns_header h;
    struct dns_question question;
    struct dns_name small;
    if (!dns_header_read(&r, &h) || !dns_question_read(&r, m, &question))
        abort();
    dns_name_lower(&small, dns_name_bytes(&question.name));
    char ip[IP_TEXT_BYTES];
    write_str(&world.log, ip_text(&q->to.ip, ip));
    write_u8(&world.log, ' ');
    dns_name_write_text(&world.log, dns_name_bytes(&small));
    write_u8(&world.log, ' ');
    dns_type_write(&world.log, question.type);
    write_str(&world.log, q->by_stream ? " tcp\n" : "\n");
}

static inline unsigned world_send(struct dns_iterate_below *b, uint64_t now_ns, unsigned task,
                                  const struct endpoint *to, struct bytes message, bool by_stream)
{
    struct world_query *q = &world.query[world.n_queries++];
    if (world.n_queries == WORLD_QUERIES || message.len > sizeof q->message)
        abort();
    *q = (struct world_query){task, ++world.n_sockets & 0xff, *to, by_stream, message.len, {0}};
    memcpy(q->message, message.data, message.len);
    world.n_open += !by_stream;
    world_note(q);
    return q->socket;
}

static inline void world_over(struct dns_iterate_below *b, unsigned socket)
{
    world.n_open--;
}

static inline void world_done(struct dns_client_query *q, uint64_t now_ns, enum dns_outcome outcome)
{
    world.done = true;
    world.outcome = outcome;
}

/* The root's servers are 10.0.0.1, and 10.0.0.2 if there is one. */
static inline void world_begin(struct dns_iterate_options o, struct dns_cache_options cache)
{
    struct ip hints[2] = {world_ip("10.0.0.1"), world_ip("10.0.0.2")};
    memset(&world, 0, sizeof world);
    world.now_ns = 1000 * NS_PER_S;
    world.random = 1;
    world.log = writer_of(world.log_text, sizeof world.log_text - 1);
    world.below = (struct dns_iterate_below){world_send, world_over};
    cache.entries = cache.entries ? cache.entries : 1000;
    cache.bytes = cache.bytes ? cache.bytes : 1 << 20;
    if (dns_cache_new(&cache, &world.cache) != OK)
        abort();
    o.cache = world.cache;
    o.below = &world.below;
    o.random = world_random;
    if (!o.hints) {
        o.hints = hints;
        o.n_hints = 1;
    }
    if (dns_iterate_new(&o, &world.it) != OK)
        abort();
}

static inline void world_end(void)
{
    dns_iterate_free(world.it);
    dns_cache_free(world.cache);
    for (size_t i = 0; i < world.n_servers; i++)
        dns_zones_free(&world.server[i].zones);
}

static inline void world_serve(const struct world_query *q)
{
    struct world_server *s = world_server_at(&q->to.ip);
    struct dns_from from = {
        .peer = {ip4(10, 9, 9, 9), 5353}, .tcp = q->by_stream, .now_ns = world.now_ns, .wall_s = 1000000};
    if (!s || s->silent)
        return;
    s->n_queries++;
    s->n_streams += q->by_stream;
    if (s->n_silent) {
        s->n_silent--;
        return;
    }
    size_t size = q->by_stream ? sizeof world.answer : DNS_EDNS_BYTES;
    size_t len = dns_service_message(&s->service, &from, bytes_of(q->message, q->len), world.answer, size);
    if (s->twist)
        len = s->twist(s, q, world.answer, len);
    if (q->by_stream)
        dns_iterate_input_stream(world.it, world.now_ns, q->task, bytes_of(world.answer, s->no_stream ? 0 : len));
    else if (len)
        dns_iterate_input(world.it, world.now_ns, &q->to, q->socket, bytes_of(world.answer, len));
}

/* One query is answered. False: there is none. */
static inline bool world_step(void)
{
    if (!world.n_queries)
        return false;
    struct world_query q = world.query[0];
    memmove(world.query, world.query + 1, --world.n_queries * sizeof q);
    world.now_ns += 10 * NS_PER_MS;
    world_serve(&q);
    return true;
}

/* Until nothing more is under way. */
static inline void world_run(void)
{
    for (int i = 0; i < 10000; i++) {
        if (world_step())
            continue;
        uint64_t at_ns = dns_iterate_deadline(world.it);
        if (at_ns == TIME_NEVER)
            return;
        world.now_ns = at_ns > world.now_ns ? at_ns : world.now_ns;
        dns_iterate_tick(world.it, world.now_ns);
    }
    abort();
}

static inline void world_log_clear(void)
{
    memset(world.log_text, 0, sizeof world.log_text);
    world.log = writer_of(world.log_text, sizeof world.log_text - 1);
}

static inline const char *world_log(void)
{
    *world.log.at = 0;
    return (const char *)world.log_text;
}

static inline unsigned world_lines(void)
{
    unsigned n = 0;
    for (const char *c = world_log(); *c; c++)
        n += *c == '\n';
    return n;
}

static inline void world_begin_asking(const char *name, uint16_t type, bool checking_disabled)
{
    struct dns_name n;
    name_of(&n, name);
    world.done = false;
    world.q.done = world_done;
    dns_iterate_ask(world.it, world.now_ns, &world.q, dns_name_bytes(&n), type, checking_disabled);
}

/* What the resolver tells now: "NOERROR\nan NAME TTL TYPE DATA\n...", or "nothing". */
static inline const char *world_told(const char *name, uint16_t type, bool dnssec_ok, bool stale)
{
    static char text[65536];
    struct dns_name n;
    struct dns_writer d;
    struct writer w = writer_of(text, sizeof text - 1);
    name_of(&n, name);
    dns_write_begin(&d, world.told, sizeof world.told);
    struct dns_iterate_told told = dns_iterate_answer(
        world.it, world.now_ns,
        &(struct dns_iterate_wish){.name = dns_name_bytes(&n), .type = type, .dnssec_ok = dnssec_ok, .stale = stale},
        &d);
    if (told.rcode < 0)
        return "nothing";
    must(told.whole);
    write_response_text(&w, dns_write_end(&d, 1, (uint16_t)(DNS_QR | told.rcode)));
    *w.at = 0;
    return text;
}

/* Asks, and waits for the end: what is told, or "failed". */
static inline const char *world_ask(const char *name, uint16_t type)
{
    world_log_clear();
    world_begin_asking(name, type, false);
    world_run();
    must(world.done);
    must(world.n_open == 0);
    must(dns_iterate_tasks(world.it) == 0);
    return world.outcome == DNS_OUTCOME_FAILED ? "failed" : world_told(name, type, false, true);
}

/* The root's servers are found out, as the first question would do: queries and counters are those after that. */
static inline void world_prime(void)
{
    world_ask(".", DNS_NS);
    world_log_clear();
    world.before = dns_iterate_counters(world.it);
    for (size_t i = 0; i < world.n_servers; i++)
        world.server[i].n_queries = world.server[i].n_streams = 0;
}

/* Since then. */
static inline struct dns_iterate_counters world_counters(void)
{
    struct dns_iterate_counters c = dns_iterate_counters(world.it);
    uint64_t *n = (uint64_t *)&c;
    for (size_t i = 0; i < sizeof c / sizeof *n; i++)
        n[i] -= ((const uint64_t *)&world.before)[i];
    return c;
}

#endif
