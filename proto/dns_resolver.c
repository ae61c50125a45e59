/* SPDX-License-Identifier: ISC */
/* The resolver's clients: what the cache knows is answered at once, others wait. */
#include "proto/dns_resolver.h"
#include "proto/dns_answer.h"

#include <jinn/log.h>
#include <jinn/random.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

enum {
    CACHE_BYTES = 4 << 20,
    ENTRY_BYTES = 256,
    PAGE_BYTES = 16384,
    A_DAY_S = 86400,
    QUESTIONS = 512,
    TASKS = 256,
    BLOCKED_TTL_S = 60
};

/* RFC 1918, 6598, 3927, 4193, loopback and the link. */
#define CLIENTS \
    "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 ::1 fc00::/7 fe80::/10"

/* A to M, of 2023-11-27. */
#define HINTS                                                                                                          \
    "198.41.0.4 2001:503:ba3e::2:30 170.247.170.2 2801:1b8:10::b 192.33.4.12 2001:500:2::c 199.7.91.13 "               \
    "2001:500:2d::d "                                                                                                  \
    "192.203.230.10 2001:500:a8::e 192.5.5.241 2001:500:2f::f 192.112.36.4 2001:500:12::d0d 198.97.190.53 "            \
    "2001:500:1::53 192.36.148.17 2001:7fe::53 192.58.128.30 2001:503:c27::2:30 193.0.14.129 2001:7fd::1 199.7.83.42 " \
    "2001:500:9f::42 202.12.27.33 2001:dc3::35"

void dns_resolver_rearm(struct dns_resolver *r)
{
    sched_timer(&r->timer, dns_iterate_deadline(r->iterate));
}

static void tick(struct timer *t, uint64_t now_ns)
{
    struct dns_resolver *r = CONTAINER_OF(t, struct dns_resolver, timer);
    dns_iterate_tick(r->iterate, now_ns);
    dns_resolver_rearm(r);
}

/* ---- Those who wait ---- */

static void end_waiting(struct dns_waiting *w)
{
    dns_iterate_cancel(&w->query);
    w->resolver->clients_waiting[w->client]--;
    pool_give(&w->resolver->waiting, w);
}

/* The request once more: what is known now, or that it failed. */
static size_t answer_now(struct dns_waiting *w, uint8_t *out, size_t size)
{
    struct dns_resolver *r = w->resolver;
    r->asked = w;
    size_t len = dns_service_plain(&r->server->service, &w->from, bytes_of(w->message, w->len), out, size, 0);
    r->asked = NULL;
    return len;
}

static void on_done(struct dns_client_query *q, uint64_t now_ns, enum dns_outcome outcome)
{
    struct dns_waiting *w = CONTAINER_OF(q, struct dns_waiting, query);
    struct dns_resolver *r = w->resolver;
    w->done = true;
    if (w == r->begun) /* at once: the service is being asked just now */
        return;
    if (w->from.tcp) {
        if (w->fiber)
            fiber_wake(w->fiber);
        return;
    }
    w->from.now_ns = now_ns;
    size_t len = answer_now(w, r->out, sizeof r->out);
    const struct piece p = {.bytes = bytes_of(r->out, len)};
    if (len && udp_send_from(w->from.socket, &w->to, w->from.peer, &p, 1) != OK)
        r->n.not_sent++;
    end_waiting(w);
}

/* An IPv6 client has a network. */
static uint16_t client_of(const struct dns_resolver *r, const struct ip *ip)
{
    struct reader in = reader_of(bytes_of(ip->b, sizeof ip->b));
    uint64_t v = ip_is4(ip) ? ip4_u32(ip) : read_be64(&in);
    unsigned __int128 m = (unsigned __int128)(v ^ r->client_secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint16_t)(((uint64_t)m ^ (uint64_t)(m >> 64)) % DNS_RESOLVER_CLIENTS);
}

/* NULL (counted): no room. */
static struct dns_waiting *take_waiting(struct dns_resolver *r, const struct dns_request *q)
{
    uint16_t client = client_of(r, &q->from->peer.ip);
    uint64_t *counter = NULL;
    struct dns_waiting *w = NULL;
    if (q->message.len > sizeof w->message)
        counter = &r->n.too_long;
    else if (r->clients_waiting[client] >= (r->waiting.n + DNS_RESOLVER_SHARE - 1) / DNS_RESOLVER_SHARE)
        counter = &r->n.waiting_share;
    else if (!(w = pool_take(&r->waiting)))
        counter = &r->n.waiting_full;
    if (counter) {
        ++*counter;
        return NULL;
    }
    r->clients_waiting[client]++;
    w->client = client;
    return w;
}

/* False: there is no room. */
static bool begin_waiting(struct dns_resolver *r, const struct dns_request *q)
{
    struct dns_waiting *w = take_waiting(r, q);
    if (!w)
        return false;
    w->resolver = r;
    w->from = *q->from;
    w->to = q->from->to ? *q->from->to : IP_NONE;
    w->from.to = &w->to;
    w->fiber = NULL;
    w->done = false;
    w->len = q->message.len;
    memcpy(w->message, q->message.data, q->message.len);
    w->query.done = on_done;
    r->begun = w;
    dns_iterate_ask(r->iterate, q->from->now_ns, &w->query, dns_name_bytes(&q->question.name), q->question.type,
                    q->header.flags & DNS_CD);
    dns_resolver_rearm(r);
    return true;
}

/* ---- Answers ---- */

static void write_zero(const struct dns_question *q, struct dns_writer *w)
{
    static const uint8_t zero[16];
    size_t len = q->type == DNS_A ? 4 : q->type == DNS_AAAA ? sizeof zero : 0;
    if (len)
        (void)dns_write_record(w, DNS_ANSWER, dns_name_bytes(&q->name), q->type, DNS_IN, BLOCKED_TTL_S,
                               bytes_of(zero, len));
}

/* What needs nobody else: what is blocked, what nobody can know. */
static bool answer_by_rule(struct dns_resolver *r, const struct dns_request *q, struct dns_beyond_answer *a)
{
    struct bytes name = dns_name_bytes(&q->question.name);
    if (!(q->header.flags & DNS_RD)) {
        r->n.no_recursion++;
        a->rcode = DNS_REFUSED;
        a->ede = DNS_EDE_NOT_AUTHORITATIVE;
        return true;
    }
    if (dns_block_has(&r->block, name)) {
        r->n.blocked++;
        a->ede = DNS_EDE_BLOCKED;
        a->rcode = r->block_answer == DNS_BLOCK_NXDOMAIN ? DNS_NXDOMAIN : DNS_NOERROR;
        if (r->block_answer == DNS_BLOCK_ZERO)
            write_zero(&q->question, a->w);
        return true;
    }
    struct bytes zone = r->no_empty_zones ? (struct bytes){NULL, 0} : dns_empty_zone(name);
    if (zone.len) {
        bool whole = true;
        r->n.local++;
        a->rcode = (uint16_t)dns_empty_answer(zone, &q->question, a->w, &whole);
        a->flags = whole ? DNS_AA : DNS_AA | DNS_TC;
        return true;
    }
    return false;
}

/* Nobody needs all types of a name, but those who amplify (RFC 8482 4.2). */
static void answer_any(const struct dns_request *q, struct dns_beyond_answer *a)
{
    static const uint8_t hinfo[] = "\7RFC8482"; /* and an empty system, its end */
    (void)dns_write_record(a->w, DNS_ANSWER, dns_name_bytes(&q->question.name), DNS_HINFO, DNS_IN, BLOCKED_TTL_S,
                           bytes_of(hinfo, sizeof hinfo));
}

static bool answer_from_cache(struct dns_resolver *r, const struct dns_request *q, bool stale,
                              struct dns_beyond_answer *a)
{
    struct dns_mark begun = dns_mark(a->w);
    struct dns_iterate_wish wish = {.name = dns_name_bytes(&q->question.name),
                                    .type = q->question.type,
                                    .dnssec_ok = q->edns.dnssec_ok,
                                    .checking_disabled = q->header.flags & DNS_CD,
                                    .stale = stale};
    struct dns_iterate_told told = dns_iterate_answer(r->iterate, q->from->now_ns, &wish, a->w);
    if (dns_iterate_tasks(r->iterate) && !timer_is_set(&r->timer)) /* it is being fetched anew */
        dns_resolver_rearm(r);
    if (told.rcode < 0 || !told.whole)
        dns_rewind(a->w, &begun);
    if (told.rcode < 0)
        return false;
    a->rcode = (uint16_t)told.rcode;
    a->flags = told.whole ? 0 : DNS_TC;
    if (told.secure && (q->edns.dnssec_ok || q->header.flags & DNS_AD) && !(q->header.flags & DNS_CD))
        a->flags |= DNS_AD;
    if (told.stale)
        a->ede = told.rcode == DNS_NXDOMAIN ? DNS_EDE_STALE_NXDOMAIN : DNS_EDE_STALE;
    return true;
}

/* NULL: we have no room. Neither that nor aliases without end are the fault of servers. */
static uint16_t why_failed(const struct dns_waiting *w)
{
    if (!w || w->query.n_aliases > DNS_ITERATE_ALIASES)
        return DNS_EDE_NONE;
    return w->query.reason ? w->query.reason : DNS_EDE_NO_REACHABLE_AUTHORITY;
}

static bool answer_for(struct dns_resolver *r, const struct dns_request *q, struct dns_beyond_answer *a)
{
    if (answer_by_rule(r, q, a))
        return true;
    if (q->question.type == DNS_ANY) {
        answer_any(q, a);
        return true;
    }
    if (answer_from_cache(r, q, r->asked != NULL, a)) {
        r->n.hits += r->asked == NULL;
        return true;
    }
    if (!r->asked) {
        r->n.misses++;
        if (begin_waiting(r, q) && !r->begun->done) {
            if (!q->from->tcp)
                r->begun = NULL;
            return false;
        }
        if (r->begun && answer_from_cache(r, q, true, a)) {
            end_waiting(r->begun);
            r->begun = NULL;
            return true;
        }
    }
    const struct dns_waiting *failed = r->asked ? r->asked : r->begun;
    a->rcode = DNS_SERVFAIL;
    a->ede = why_failed(failed);
    if (r->begun)
        end_waiting(r->begun);
    r->begun = NULL;
    return true;
}

/* Where the aliases of an answer from our zones lead: to a name that is in none of them. */
static bool leads_on(const struct dns_resolver *r, const struct dns_writer *w, struct dns_name *name)
{
    struct bytes m = bytes_of(w->w.start, writer_len(&w->w));
    struct reader in = reader_of(m);
    struct dns_question asked;
    struct dns_record record;
    bool alias = false;
    (void)read_take(&in, DNS_HEADER_BYTES);
    if (!dns_question_read(&in, m, &asked) || asked.type == DNS_CNAME || asked.type == DNS_ANY)
        return false;
    for (uint16_t i = 0; i < w->n[DNS_ANSWER] && dns_record_read(&in, m, &record); i++) {
        struct reader data = reader_of(record.rdata);
        if (record.type == DNS_CNAME)
            alias = dns_name_read(&data, m, name);
    }
    return alias && !dns_zones_find(&r->server->zones, dns_name_bytes(name));
}

/* Our zones say it, or what an alias there stands for is found out. */
static bool answer_from_own(struct dns_resolver *r, const struct dns_request *q, struct dns_beyond_answer *a)
{
    const struct dns_query own = {.question = &q->question, .dnssec_ok = q->edns.dnssec_ok, .tcp = q->from->tcp};
    struct dns_mark begun = dns_mark(a->w);
    struct dns_result result;
    struct dns_request on = *q;
    dns_answer(&r->server->zones, &own, a->w, &result);
    a->flags = result.flags & (uint16_t)~DNS_RCODE;
    a->rcode = result.flags & DNS_RCODE;
    a->ede = result.ede;
    a->zone = result.zone;
    if (a->rcode || !(q->header.flags & DNS_RD) || a->flags & DNS_TC || !leads_on(r, a->w, &on.question.name))
        return true;
    bool answered = answer_for(r, &on, a);
    a->flags = (a->flags & DNS_TC) | DNS_AA; /* of the alias; nobody has proven that */
    if (a->rcode == DNS_SERVFAIL) {
        dns_rewind(a->w, &begun);
        a->flags = 0;
    }
    return answered;
}

static bool answer(struct dns_beyond *b, const struct dns_request *q, struct dns_beyond_answer *a)
{
    struct dns_resolver *r = CONTAINER_OF(b, struct dns_resolver, beyond);
    if (!dns_access_allows(&r->clients, &q->from->peer.ip, NULL)) {
        r->n.prohibited++;
        a->rcode = DNS_REFUSED;
        a->ede = DNS_EDE_PROHIBITED;
        return true;
    }
    return dns_zones_find(&r->server->zones, dns_name_bytes(&q->question.name)) ? answer_from_own(r, q, a)
                                                                                : answer_for(r, q, a);
}

/* A TCP connection's worker waits itself. */
static size_t answer_tcp(struct dns_service *s, const struct dns_from *from, struct bytes message, uint8_t *out,
                         size_t size)
{
    struct dns_resolver *r = CONTAINER_OF(s->o.beyond, struct dns_resolver, beyond);
    size_t len = dns_service_message(s, from, message, out, size);
    struct dns_waiting *w = r->begun;
    r->begun = NULL;
    if (!w)
        return len;
    w->fiber = fiber_self();
    enum err e = OK;
    while (!w->done && e == OK)
        e = fiber_park(TIME_NEVER);
    if (e == OK) {
        w->from.now_ns = sched_now();
        len = answer_now(w, out, size);
    }
    end_waiting(w);
    return len;
}

/* ---- The whole ---- */

static const char *parse_list(const char *text, struct ip *ip, size_t max, size_t *n)
{
    struct bytes rest = bytes_str(text);
    *n = 0;
    for (struct bytes word; (word = dns_word(&rest)).len; ++*n) {
        if (*n == max)
            return "too many addresses";
        if (!ip_parse(word, &ip[*n]))
            return "not an address";
    }
    return *n ? NULL : "no address";
}

static enum err make_cache(struct dns_resolver *r, const struct dns_resolver_options *o)
{
    size_t bytes = o->cache_bytes ? o->cache_bytes : CACHE_BYTES;
    struct dns_cache_options c = {.bytes = bytes,
                                  .page_bytes = PAGE_BYTES,
                                  .entries = o->cache_entries ? o->cache_entries : (uint32_t)(bytes / ENTRY_BYTES),
                                  .most_s = o->most_s,
                                  .stale_s = o->no_stale  ? 0
                                             : o->stale_s ? o->stale_s
                                                          : A_DAY_S};
    random_bytes(&c.seed, sizeof c.seed);
    return dns_cache_new(&c, &r->cache);
}

static enum err make_iterate(struct dns_resolver *r, const struct dns_resolver_options *o)
{
    struct ip list[DNS_ITERATE_HINTS];
    size_t n;
    const char *text = o->forward ? o->forward : o->hints ? o->hints : HINTS;
    const char *why = parse_list(text, list, DNS_ITERATE_HINTS, &n);
    if (why) {
        log_error(&source, "%s: %s: '%s'", o->forward ? "servers to forward to" : "hints", why, text);
        return ERR_INVALID;
    }
    r->below = (struct dns_iterate_below){.send = dns_resolver_send, .over = dns_resolver_over};
    return dns_iterate_new(&(struct dns_iterate_options){.cache = r->cache,
                                                         .below = &r->below,
                                                         .random = random_bytes,
                                                         .hints = list,
                                                         .n_hints = n,
                                                         .forward = o->forward != NULL,
                                                         .no_ipv4 = o->no_ipv4,
                                                         .no_ipv6 = o->no_ipv6,
                                                         .small_letters = o->small_letters,
                                                         .tasks = o->tasks ? o->tasks : TASKS},
                           &r->iterate);
}

static void run(void *server)
{
    struct dns_server *d = server;
    dns_resolver_run(d->resolver);
}

static enum err set_up(struct dns_resolver *r, const struct dns_resolver_options *o)
{
    uint64_t seed;
    const char *why = dns_access_parse(&r->clients, bytes_str(o->clients ? o->clients : CLIENTS));
    if (why) {
        log_error(&source, "clients: %s", why);
        return ERR_INVALID;
    }
    random_bytes(&seed, sizeof seed);
    random_bytes(&r->client_secret, sizeof r->client_secret);
    dns_block_init(&r->block, seed);
    enum err e = pool_init(&r->waiting, sizeof(struct dns_waiting), o->questions ? o->questions : QUESTIONS);
    if (e == OK)
        e = make_cache(r, o);
    if (e == OK)
        e = make_iterate(r, o);
    return e == OK ? dns_resolver_open(r) : e;
}

static void discard(struct dns_resolver *r)
{
    if (r->iterate)
        dns_iterate_free(r->iterate);
    if (r->cache)
        dns_cache_free(r->cache);
    pool_free(&r->waiting);
    free(r);
}

enum err dns_server_resolve(struct dns_server *d, struct stack *s, const struct dns_resolver_options *o)
{
    if (d->resolver || d->n_udp || d->tcp)
        return ERR_IN_USE;
    struct dns_resolver *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_FULL;
    r->server = d;
    r->stack = s;
    r->no_empty_zones = o->no_empty_zones;
    r->beyond.answer = answer;
    timer_init(&r->timer, tick);
    enum err e = set_up(r, o);
    if (e != OK) {
        discard(r);
        return e;
    }
    d->resolver = r;
    d->service.o.beyond = &r->beyond;
    dns_server_job(d, "dns-resolver", run);
    d->answer_tcp = answer_tcp;
    return OK;
}
