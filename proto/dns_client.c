/* SPDX-License-Identifier: ISC */
/* The stub resolver on fibers. No fiber of its own: of those that wait for the same ask one does the work, its driver, and
 * when that one leaves, the next. Each attempt has a UDP socket of its own, so a port of its own. */
#include <jinn/dns_client.h>
#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/random.h>

#include "proto/dns_client_internal.h"
#include "proto/dns_names.h"

#include <stdlib.h>

enum { CACHE_ENTRIES = 256, CACHE_BYTES = 64 << 10, NDOTS = 1 };

#define RESOLUTION_DELAY_NS (50 * NS_PER_MS) /* RFC 8305 8 */
#define HALF_KNOWN_NS (1 * NS_PER_S)         /* how long connections to the addresses of one family are tried alone */

/* ---- Life ---- */

static bool add_search(struct dns_client *c, const char *search)
{
    struct bytes text = bytes_str(search);
    for (size_t at = 0; at < text.len;) {
        struct bytes rest = bytes_slice(text, at, text.len);
        struct bytes word = bytes_slice(rest, 0, bytes_find(rest, ','));
        struct dns_name name;
        if (dns_name_parse(word, dns_root(), &name) || name.len > sizeof c->names.search - c->names.search_len)
            return false;
        memcpy(c->names.search + c->names.search_len, name.wire, name.len);
        c->names.search_len += name.len;
        at += word.len + 1;
    }
    return true;
}

static enum err take_options(struct dns_client *c, const struct dns_client_options *o)
{
    c->own_servers = o->servers != NULL;
    c->own_search = o->search != NULL;
    c->ndots = o->ndots;
    if (o->n_servers > STACK_SERVERS_MAX || (o->search && !add_search(c, o->search)))
        return ERR_INVALID;
    for (size_t i = 0; o->servers && i < o->n_servers; i++)
        c->names.server[c->names.n_servers++] = o->servers[i];
    struct dns_cache_options cache = {.bytes = o->cache_bytes ? o->cache_bytes : CACHE_BYTES,
                                      .entries = o->cache_entries ? o->cache_entries : CACHE_ENTRIES};
    random_bytes(&cache.seed, sizeof cache.seed);
    enum err e = dns_cache_new(&cache, &c->cache);
    if (e != OK)
        return e;
    dns_stub_init(&c->stub, &(struct dns_stub_options){.cache = c->cache,
                                                       .random = random_bytes,
                                                       .port = o->port,
                                                       .patience_ns = o->patience_ns,
                                                       .small_letters = o->small_letters});
    return OK;
}

enum err dns_client_new(struct stack *s, const struct dns_client_options *o, struct dns_client **out)
{
    static const struct dns_client_options none;
    struct dns_client *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_FULL;
    c->stack = s;
    list_init(&c->stream_waiters);
    for (size_t i = 0; i < DNS_STUB_ASKS; i++)
        list_init(&c->wire[i].waiters);
    enum err e = take_options(c, o ? o : &none);
    if (e != OK) {
        free(c);
        return e;
    }
    *out = c;
    return OK;
}

void dns_client_free(struct dns_client *c)
{
    for (size_t i = 0; i < DNS_STUB_ASKS; i++)
        must(c->stub.ask[i].name.len == 0);
    dns_cache_free(c->cache);
    free(c);
}

void dns_client_flush(struct dns_client *c)
{
    dns_cache_flush(c->cache);
}

/* What the stack knows may have changed. */
static void renew_names(struct dns_client *c)
{
    struct stack_names now;
    if (!c->own_servers || !c->own_search || !c->ndots) {
        stack_names(c->stack, &now);
        if (c->own_servers) {
            now.n_servers = c->names.n_servers;
            memcpy(now.server, c->names.server, sizeof now.server);
        }
        if (c->own_search) {
            now.search_len = c->names.search_len;
            memcpy(now.search, c->names.search, sizeof now.search);
        }
        c->names = now;
    }
    dns_stub_servers(&c->stub, c->names.server, c->names.n_servers);
}

static unsigned ndots(const struct dns_client *c)
{
    return c->ndots ? c->ndots : c->names.ndots ? c->names.ndots : NDOTS;
}

/* ---- One name, all of its types ---- */

enum { TYPES_MAX = 2, ASKS_MAX = DNS_STUB_ALIASES + 1 };

/* A name that is being looked up. Its own state, since the fibers that wait for the same ask want different things of it. */
struct lookup {
    struct dns_client *c;
    struct dns_name name;
    unsigned n;
    uint16_t type[TYPES_MAX];
    enum err result[TYPES_MAX]; /* ERR_AGAIN: not known yet */
    struct dns_ask *ask[TYPES_MAX];
    unsigned n_asked[TYPES_MAX];
    /* Addresses as they were when they came: some live for a second, and other types take longer. */
    struct ip ip[TYPES_MAX][CONNECT_ADDRESSES_MAX];
    size_t n_ip[TYPES_MAX];
};

static void lookup_begin(struct lookup *l, struct dns_client *c, const struct dns_name *name, const uint16_t *type,
                         unsigned n)
{
    *l = (struct lookup){.c = c, .name = *name, .n = n};
    for (unsigned i = 0; i < n; i++) {
        l->type[i] = type[i];
        l->result[i] = ERR_AGAIN;
    }
}

static void release(struct lookup *l, unsigned i)
{
    if (l->ask[i])
        dns_client_leave(l->c, l->ask[i]);
    l->ask[i] = NULL;
}

static void lookup_end(struct lookup *l)
{
    for (unsigned i = 0; i < l->n; i++)
        release(l, i);
}

static struct ip address_of(struct bytes rdata)
{
    struct ip ip = IP_NONE;
    if (rdata.len == 4)
        return ip4(rdata.data[0], rdata.data[1], rdata.data[2], rdata.data[3]);
    memcpy(ip.b, rdata.data, sizeof ip.b);
    return ip;
}

static void keep_addresses(struct lookup *l, unsigned i, const struct dns_cached *found)
{
    struct reader r = reader_of(found->data);
    struct bytes rdata;
    if (l->type[i] != DNS_A && l->type[i] != DNS_AAAA)
        return;
    for (unsigned k = 0; k < found->n_records && dns_cached_next(&r, &rdata); k++) {
        if (l->n_ip[i] < CONNECT_ADDRESSES_MAX && (rdata.len == 4 || rdata.len == 16))
            l->ip[i][l->n_ip[i]++] = address_of(rdata);
    }
}

/* Looks whether this type is known by now, and asks on where it is not. */
static void advance(struct lookup *l, unsigned i)
{
    struct dns_cached found;
    struct dns_name final;
    enum err asked = l->ask[i] ? dns_ask_result(l->ask[i], l->type[i]) : OK;
    if (l->ask[i] && asked == ERR_AGAIN)
        return;
    release(l, i);
    l->result[i] = dns_stub_find(&l->c->stub, sched_now(), dns_name_bytes(&l->name), l->type[i], &found, &final);
    *(l->result[i] == ERR_AGAIN ? &l->c->n_misses : &l->c->n_hits) += l->n_asked[i] == 0;
    if (l->result[i] == OK)
        keep_addresses(l, i, &found);
    if (l->result[i] != ERR_AGAIN)
        return;
    if (asked != OK || l->n_asked[i] == ASKS_MAX) {
        l->result[i] = asked != OK ? asked : ERR_MALFORMED;
        return;
    }
    l->n_asked[i]++;
    l->ask[i] = dns_stub_ask(&l->c->stub, sched_now(), dns_name_bytes(&final), l->type[i]);
    if (!l->ask[i])
        l->result[i] = ERR_FULL;
}

static bool is_done(const struct lookup *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->result[i] == ERR_AGAIN)
            return false;
    }
    return true;
}

static void advance_all(struct lookup *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->result[i] == ERR_AGAIN)
            advance(l, i);
    }
}

/* Until something is new: any type may have its result then. OK, ERR_TIMEOUT, ERR_CANCELLED. */
static enum err lookup_wait(struct lookup *l, uint64_t deadline_ns) MAY_YIELD
{
    enum err e = OK;
    unsigned i = 0;
    advance_all(l);
    while (i < l->n && l->result[i] != ERR_AGAIN)
        i++;
    if (i < l->n)
        e = dns_client_drive(l->c, l->ask[i], deadline_ns);
    advance_all(l);
    return e;
}

static enum err lookup_run(struct lookup *l, uint64_t deadline_ns) MAY_YIELD
{
    enum err e = OK;
    while (e == OK && !is_done(l))
        e = lookup_wait(l, deadline_ns);
    return e;
}

static void take_addresses(const struct lookup *l, unsigned i, struct ip *list, size_t size, size_t *n)
{
    for (size_t k = 0; k < l->n_ip[i] && *n < size; k++)
        list[(*n)++] = l->ip[i][k];
}

/* What both families together mean: addresses of one are enough, and only if all say so there are none. */
static enum err outcome(const struct lookup *l)
{
    enum err e = ERR_NOT_FOUND;
    for (unsigned i = 0; i < l->n; i++) {
        if (l->result[i] == OK)
            return OK;
        if (l->result[i] != ERR_NOT_FOUND)
            e = l->result[i] == ERR_AGAIN ? ERR_TIMEOUT : l->result[i];
    }
    return e;
}

/* ---- Names that are not asked for ---- */

static unsigned types_of(enum dns_family family, uint16_t type[TYPES_MAX])
{
    unsigned n = 0;
    if (family != DNS_IPV4_ONLY)
        type[n++] = DNS_AAAA;
    if (family != DNS_IPV6_ONLY)
        type[n++] = DNS_A;
    return n;
}

static void add_if_wanted(const struct ip *ip, enum dns_family family, struct ip *list, size_t size, size_t *n)
{
    if (*n < size && family != (ip_is4(ip) ? DNS_IPV6_ONLY : DNS_IPV4_ONLY))
        list[(*n)++] = *ip;
}

/* True: *e is the result. */
static bool answer_locally(struct dns_client *c, const char *host, enum dns_family family, struct ip *list, size_t size,
                           size_t *n, enum err *e)
{
    const struct ip loopback[2] = {{{[15] = 1}}, ip4(127, 0, 0, 1)};
    struct dns_name name;
    struct ip ip;
    *n = 0;
    if (ip_parse(bytes_str(host), &ip)) {
        add_if_wanted(&ip, family, list, size, n);
    } else {
        enum dns_special special = DNS_SPECIAL_NONE;
        if (!dns_name_parse(bytes_str(host), dns_root(), &name))
            special = dns_special(dns_name_bytes(&name));
        if (special == DNS_SPECIAL_NONE)
            return false;
        for (int i = 0; special == DNS_SPECIAL_LOOPBACK && i < 2; i++)
            add_if_wanted(&loopback[i], family, list, size, n);
    }
    c->n_local++;
    *e = *n ? OK : ERR_NOT_FOUND;
    return true;
}

/* ---- Calls ---- */

enum err dns_resolve(struct dns_client *c, const char *host, enum dns_family family, uint64_t deadline_ns,
                     struct ip *list, size_t size, size_t *n)
{
    struct dns_candidates candidates;
    struct lookup l;
    struct dns_name name;
    uint16_t type[TYPES_MAX];
    unsigned n_types = types_of(family, type);
    enum err e;
    c->n_lookups++;
    if (answer_locally(c, host, family, list, size, n, &e))
        return e;
    renew_names(c);
    if (!dns_candidates_begin(&candidates, host, bytes_of(c->names.search, c->names.search_len), ndots(c)))
        return ERR_INVALID;
    e = ERR_NOT_FOUND;
    while (e == ERR_NOT_FOUND && dns_candidates_next(&candidates, &name)) {
        lookup_begin(&l, c, &name, type, n_types);
        e = lookup_run(&l, deadline_ns);
        if (e == OK || e == ERR_TIMEOUT)
            e = outcome(&l);
        for (unsigned i = 0; i < n_types && e == OK; i++)
            take_addresses(&l, i, list, size, n);
        lookup_end(&l);
    }
    return e;
}

enum err dns_records(struct dns_client *c, const char *text, uint16_t type, uint64_t deadline_ns, void *buffer,
                     size_t size, size_t *len)
{
    struct lookup l;
    struct dns_name name, final;
    struct dns_cached found;
    struct bytes rdata;
    c->n_lookups++;
    c->stub.o.expand = dns_rdata_expand; /* here, so that an image that wants addresses alone has no table of types */
    renew_names(c);
    if (!*text || dns_type_is_meta(type) || dns_name_parse(bytes_str(text), dns_root(), &name))
        return ERR_INVALID;
    lookup_begin(&l, c, &name, &type, 1);
    enum err e = lookup_run(&l, deadline_ns);
    if (e == OK)
        e = outcome(&l);
    struct writer w = writer_of(buffer, size);
    if (e == OK) /* the cache has it: nobody else ran since it was found there */
        e = dns_stub_find(&c->stub, sched_now(), dns_name_bytes(&name), type, &found, &final);
    if (e == OK) {
        struct reader r = reader_of(found.data);
        for (unsigned k = 0; k < found.n_records && dns_cached_next(&r, &rdata); k++) {
            write_be16(&w, (uint16_t)rdata.len);
            write_bytes(&w, rdata);
        }
    }
    lookup_end(&l);
    *len = writer_len(&w);
    return e == OK && !writer_good(&w) ? ERR_TOO_LARGE : e;
}

/* ---- Connecting ---- */

/* Enough is known to begin: RFC 8305 3. */
static bool may_begin(const struct lookup *l, uint64_t now_ns, uint64_t *since_ns)
{
    bool six = l->result[0] == OK, four = l->result[1] == OK;
    if (is_done(l) || six)
        return true;
    if (!four)
        return false;
    if (!*since_ns)
        *since_ns = time_after(now_ns, RESOLUTION_DELAY_NS);
    return now_ns >= *since_ns;
}

static enum err wait_to_begin(struct lookup *l, uint64_t deadline_ns) MAY_YIELD
{
    uint64_t until_ns = 0;
    enum err e = lookup_wait(l, 0);
    while ((e == OK || e == ERR_TIMEOUT) && !may_begin(l, sched_now(), &until_ns)) {
        uint64_t at_ns = until_ns && until_ns < deadline_ns ? until_ns : deadline_ns;
        e = lookup_wait(l, at_ns);
        if (e == ERR_TIMEOUT && sched_now() >= deadline_ns)
            return e;
    }
    return e == ERR_TIMEOUT ? OK : e;
}

static enum err connect_known(struct lookup *l, uint16_t port, uint64_t deadline_ns, struct flow **f) MAY_YIELD
{
    struct ip ip[CONNECT_ADDRESSES_MAX];
    struct endpoint to[CONNECT_ADDRESSES_MAX];
    size_t n = 0;
    /* Of many addresses of one family half is left out, so that there is room for the other. */
    take_addresses(l, 0, ip, CONNECT_ADDRESSES_MAX / (l->result[1] == OK ? 2 : 1), &n);
    take_addresses(l, 1, ip, CONNECT_ADDRESSES_MAX, &n);
    for (size_t i = 0; i < n; i++)
        to[i] = (struct endpoint){ip[i], port};
    return stack_connect_any(l->c->stack, to, n, deadline_ns, f);
}

/* With what is known now; and when that brings nothing and more has become known, with that. */
static enum err connect_name(struct dns_client *c, const struct dns_name *name, uint16_t port, uint64_t deadline_ns,
                             struct flow **f) MAY_YIELD
{
    static const uint16_t type[TYPES_MAX] = {DNS_AAAA, DNS_A};
    struct lookup l;
    lookup_begin(&l, c, name, type, TYPES_MAX);
    enum err e = wait_to_begin(&l, deadline_ns);
    bool half = !is_done(&l);
    if (e == OK && half) {
        e = connect_known(&l, port, time_min(deadline_ns, time_after(sched_now(), HALF_KNOWN_NS)), f);
        if (e == OK || e == ERR_CANCELLED || e == ERR_FULL) {
            lookup_end(&l);
            return e;
        }
        e = lookup_run(&l, deadline_ns);
    }
    if (e == OK || e == ERR_TIMEOUT)
        e = outcome(&l);
    if (e == OK)
        e = connect_known(&l, port, deadline_ns, f);
    lookup_end(&l);
    return e;
}

static enum err connect_local(struct dns_client *c, const struct ip *ip, size_t n, uint16_t port, uint64_t deadline_ns,
                              struct flow **f) MAY_YIELD
{
    struct endpoint to[2];
    for (size_t i = 0; i < n; i++)
        to[i] = (struct endpoint){ip[i], port};
    return stack_connect_any(c->stack, to, n, deadline_ns, f);
}

enum err dns_connect(struct dns_client *c, const char *host, uint16_t port, uint64_t deadline_ns, struct flow **f)
{
    struct dns_candidates candidates;
    struct dns_name name;
    struct ip ip[2];
    size_t n;
    enum err e;
    c->n_lookups++;
    if (answer_locally(c, host, DNS_BOTH_FAMILIES, ip, ARRAY_LEN(ip), &n, &e))
        return e == OK ? connect_local(c, ip, n, port, deadline_ns, f) : e;
    renew_names(c);
    if (!dns_candidates_begin(&candidates, host, bytes_of(c->names.search, c->names.search_len), ndots(c)))
        return ERR_INVALID;
    e = ERR_NOT_FOUND;
    while (e == ERR_NOT_FOUND && dns_candidates_next(&candidates, &name))
        e = connect_name(c, &name, port, deadline_ns, f);
    return e;
}

struct dns_client_counters dns_client_counters(const struct dns_client *c)
{
    const struct dns_stub_counters *s = &c->stub.counters;
    struct dns_cache_counters k = dns_cache_counters(c->cache);
    return (struct dns_client_counters){
        .lookups = c->n_lookups,
        .local = c->n_local,
        .cache_hits = c->n_hits,
        .cache_misses = c->n_misses,
        .cache_evicted = k.evicted_for_bytes + k.evicted_for_entries,
        .queries = s->queries,
        .retries = s->retries,
        .timeouts = s->timeouts,
        .streams = s->streams,
        .joined = s->joined,
        .answers = s->answers,
        .negative = s->negative,
        .failures = s->failures + s->lame + s->malformed,
        .ignored = s->wrong_server + s->wrong_id + s->wrong_question + s->wrong_case,
        .full = s->full,
    };
}
