/* SPDX-License-Identifier: ISC */
/* Whom a task asks next, and for what. */
#include "proto/dns_iterate_internal.h"

#include <jinn/attr.h>
#include <jinn/must.h>

/* ---- Zones ---- */

/* The root's own set must have been judged: it takes the place of what somebody has configured. */
static bool find_ns(struct dns_iterate *it, uint64_t now_ns, struct bytes zone, struct dns_cached *found)
{
    return dns_cache_find(it->o.cache, now_ns, zone, DNS_NS, found) && found->kind == DNS_KIND_SET && found->ttl_s &&
           (zone.len > 1 || dns_iterate_may_tell(it, false, found));
}

/* The deepest zone whose servers are known, the root if none: its servers are always. A set of DS records is the upper zone's. */
static void find_zone(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    struct dns_cached found;
    struct bytes zone = dns_name_bytes(&t->name);
    if (t->type == DNS_DS)
        zone = dns_name_parent(zone);
    while (!it->o.forward && zone.len > 1 && !find_ns(it, now_ns, zone, &found))
        zone = dns_name_parent(zone);
    if (it->o.forward)
        zone = dns_root();
    bool other = t->zone.len == 0 || !dns_name_equal(zone, dns_name_bytes(&t->zone));
    if (!other)
        return;
    dns_name_copy(&t->zone, zone);
    t->n_tried = t->n_ns = t->round = 0;
    t->stream_next = t->same_next = t->new_cookie = false;
    unsigned labels = dns_name_labels(zone);
    if (t->n_labels <= labels)
        t->n_labels = (uint8_t)(labels + 1);
}

/* ---- Servers ---- */

static void add_address(struct dns_iterate *it, const struct ip *ip)
{
    struct dns_choice *c = &it->choice;
    bool usable = ip_is4(ip) ? !it->o.no_ipv4 : !it->o.no_ipv6;
    if (usable && c->n < DNS_ITERATE_CANDIDATES && !ip_is_unspecified(ip) && !ip_is_multicast(ip))
        c->ip[c->n++] = *ip;
}

static struct ip address_of(struct bytes rdata)
{
    struct ip ip = IP_NONE;
    if (rdata.len == 4)
        return ip4(rdata.data[0], rdata.data[1], rdata.data[2], rdata.data[3]);
    if (rdata.len == sizeof ip.b)
        memcpy(ip.b, rdata.data, sizeof ip.b);
    return ip;
}

/* True: something is known of it, be it that there are none. */
static bool add_addresses(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct dns_cached found;
    struct bytes rdata;
    if (!dns_cache_find(it->o.cache, now_ns, name, type, &found) || !found.ttl_s)
        return dns_iterate_has_failed(it, now_ns, name, type) || dns_cache_find_cut(it->o.cache, now_ns, name, &found);
    struct reader r = reader_of(found.data);
    for (unsigned i = 0; found.kind == DNS_KIND_SET && i < found.n_records && dns_cached_next(&r, &rdata); i++) {
        struct ip ip = address_of(rdata);
        add_address(it, &ip);
    }
    return true;
}

static void add_name(struct dns_iterate *it, uint64_t now_ns, size_t i)
{
    struct dns_choice *c = &it->choice;
    struct bytes name = dns_name_bytes(&c->name[i]);
    size_t before = c->n;
    bool four = it->o.no_ipv4 || add_addresses(it, now_ns, name, DNS_A);
    bool six = it->o.no_ipv6 || add_addresses(it, now_ns, name, DNS_AAAA);
    if (c->n > before || (four && six))
        return;
    c->unknown[c->n_unknown].name = (uint8_t)i;
    c->unknown[c->n_unknown++].type = four ? DNS_AAAA : DNS_A;
}

/* Names are copied first: looking up addresses may move what was found. */
static void add_zone(struct dns_iterate *it, uint64_t now_ns, struct bytes zone)
{
    struct dns_choice *c = &it->choice;
    struct dns_cached found;
    struct bytes rdata;
    if (!find_ns(it, now_ns, zone, &found))
        return;
    struct reader r = reader_of(found.data);
    for (unsigned i = 0; c->n_names < DNS_ITERATE_NAMES && i < found.n_records && dns_cached_next(&r, &rdata); i++)
        dns_name_lower(&c->name[c->n_names++], rdata);
    for (size_t i = 0; i < c->n_names; i++)
        add_name(it, now_ns, i);
}

/* How often it was tried; a stranger beyond the last place: never to be. */
static uint8_t times_tried(const struct dns_task *t, const struct ip *ip)
{
    for (size_t i = 0; i < t->n_tried; i++) {
        if (ip_equal(&t->tried[i].ip, ip))
            return t->tried[i].n;
    }
    return t->n_tried < DNS_ITERATE_TRIED ? 0 : DNS_TRIED_BAD;
}

static void note_tried(struct dns_task *t)
{
    size_t i = 0;
    while (i < t->n_tried && !ip_equal(&t->tried[i].ip, &t->server))
        i++;
    if (i == t->n_tried) {
        t->tried[t->n_tried].n = 0;
        t->tried[t->n_tried++].ip = t->server;
    }
    t->tried[i].n++;
}

void dns_task_shun(struct dns_task *t)
{
    for (size_t i = 0; i < t->n_tried; i++) {
        if (ip_equal(&t->tried[i].ip, &t->server))
            t->tried[i].n = DNS_TRIED_BAD;
    }
}

static uint32_t dice(struct dns_iterate *it)
{
    uint32_t v;
    it->o.random(&v, sizeof v);
    return v;
}

static bool choose_server(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    const struct dns_choice *c = &it->choice;
    uint64_t best = TIME_NEVER;
    for (size_t i = 0; i < c->n; i++) {
        if (times_tried(t, &c->ip[i]) > t->round)
            continue;
        uint64_t cost = dns_known_cost(dns_servers_find(&it->servers, now_ns, &c->ip[i]), now_ns, dice(it));
        if (cost >= best)
            continue;
        best = cost;
        t->server = c->ip[i];
    }
    return best != TIME_NEVER;
}

/* ---- Waiting for other tasks ---- */

/* Does that one wait, at the end, for this one? */
static bool leads_to(const struct dns_task *from, const struct dns_task *to)
{
    for (const struct dns_task *t = from; t; t = t->state == DNS_TASK_WAITING ? t->child : NULL) {
        if (t == to)
            return true;
    }
    return false;
}

bool dns_task_wait(struct dns_iterate *it, struct dns_task *t, struct bytes name, uint16_t type)
{
    if (t->depth >= DNS_ITERATE_DEPTH) {
        it->counters.too_deep++;
        return false;
    }
    struct dns_task *child = dns_task_for(it, name, type, t);
    if (!child)
        return false;
    if (leads_to(child, t)) {
        it->counters.circles++;
        return false;
    }
    t->state = DNS_TASK_WAITING;
    t->child = child;
    return true;
}

bool dns_task_is_priming(const struct dns_iterate *it, const struct dns_task *t)
{
    return !it->o.forward && t->name.len == 1 && t->type == DNS_NS;
}

void dns_iterate_primed(struct dns_iterate *it, uint64_t now_ns, bool answered)
{
    struct dns_cached found;
    bool good = answered && find_ns(it, now_ns, dns_root(), &found);
    *(good ? &it->counters.primed : &it->counters.not_primed) += 1;
    if (!good)
        it->prime_ns = time_after(now_ns, DNS_ITERATE_PRIME_NS);
}

/* Who has to ask the root waits for the names of its servers, at their own cost and not at that of the task. What the root says
 * of itself does not: its keys are needed to judge those names. True: the task waits. */
static bool prime(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    struct dns_cached found;
    if (it->o.forward || t->zone.len > 1 || t->name.len == 1 || t->primed || now_ns < it->prime_ns)
        return false;
    t->primed = true;
    if (find_ns(it, now_ns, dns_root(), &found)) {
        if (dns_iterate_dies_soon(&found))
            dns_iterate_prefetch(it, now_ns, dns_root(), DNS_NS);
        return false;
    }
    struct dns_task *priming = dns_task_for(it, dns_root(), DNS_NS, NULL);
    if (!priming || leads_to(priming, t))
        return false;
    t->state = DNS_TASK_WAITING;
    t->child = priming;
    return true;
}

static bool look_up_server(struct dns_iterate *it, struct dns_task *t)
{
    struct dns_choice *c = &it->choice;
    struct bytes zone = dns_name_bytes(&t->zone);
    while (c->n_unknown) {
        size_t i = dice(it) % c->n_unknown;
        struct bytes name = dns_name_bytes(&c->name[c->unknown[i].name]);
        /* One below the zone itself can't be found without it. */
        if (!dns_name_is_under(name, zone) || c->n) {
            if (t->n_ns == DNS_ITERATE_NS_LOOKUPS) {
                it->counters.many_ns++;
                return false;
            }
            t->n_ns++;
            if (dns_task_wait(it, t, name, c->unknown[i].type))
                return true;
        }
        c->unknown[i] = c->unknown[--c->n_unknown];
    }
    return false;
}

/* ---- Queries ---- */

struct bytes dns_task_asked(const struct dns_task *t)
{
    struct bytes name = dns_name_bytes(&t->name);
    unsigned labels = dns_name_labels(name);
    return t->n_labels < labels ? dns_name_suffix(name, t->n_labels) : name;
}

/* One label more than the servers have said that they know of, so that nobody learns more of a name than they need (RFC 9156).
 * A, as most ask for: some servers know no NS sets below their zones. */
uint16_t dns_task_asked_type(const struct dns_task *t)
{
    return dns_task_asked(t).len < t->name.len ? (uint16_t)DNS_A : t->type;
}

void dns_task_spell(const struct dns_task *t, struct dns_name *out)
{
    dns_name_copy(out, dns_task_asked(t));
    for (unsigned i = 0, bit = 0; i < out->len && bit < 64; i++) {
        uint8_t c = out->wire[i];
        if (c < 'a' || c > 'z')
            continue;
        if (t->letters >> bit++ & 1)
            out->wire[i] = (uint8_t)(c - 'a' + 'A');
    }
}

static struct bytes cookie_option(const struct dns_known_server *s, uint8_t out[static 64])
{
    struct writer w = writer_of(out, 64);
    write_be16(&w, DNS_COOKIE);
    write_be16(&w, (uint16_t)(sizeof s->client + s->cookie_len));
    write_copy(&w, s->client, sizeof s->client);
    write_copy(&w, s->cookie, s->cookie_len);
    return writer_bytes(&w);
}

static struct bytes write_query(struct dns_iterate *it, struct dns_task *t, const struct dns_known_server *server)
{
    struct dns_name name;
    struct dns_writer w;
    uint8_t option[64];
    struct dns_edns e = {.present = true,
                         .udp_bytes = DNS_EDNS_BYTES,
                         .dnssec_ok = it->o.validate != NULL,
                         .options = cookie_option(server, option)};
    it->o.random(&t->id, sizeof t->id);
    t->letters = 0;
    if (!it->o.small_letters && !server->small_letters)
        it->o.random(&t->letters, sizeof t->letters);
    dns_task_spell(t, &name);
    dns_write_begin(&w, it->message, sizeof it->message);
    bool good = dns_write_question(&w, dns_name_bytes(&name), dns_task_asked_type(t), DNS_IN);
    good = good && (server->no_edns || dns_write_edns(&w, &e));
    must(good);                                                 /* 12 + 255 + 4 + 11 + 44 bytes fit */
    uint16_t flags = it->o.validate ? DNS_RD | DNS_CD : DNS_RD; /* who checks for itself wants to see what is bogus */
    return dns_write_end(&w, t->id, it->o.forward ? flags : 0);
}

/* It and those that need it have a number of queries between them. */
static bool pay(struct dns_iterate *it, struct dns_task *t)
{
    for (const struct dns_task *p = t; p; p = p->payer) {
        if (p->n_left == 0) {
            it->counters.many_queries++;
            return false;
        }
    }
    for (struct dns_task *p = t; p; p = p->payer)
        p->n_left--;
    return true;
}

static bool send(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    if (!pay(it, t))
        return false;
    struct dns_known_server *server = dns_servers_find(&it->servers, now_ns, &t->server);
    struct endpoint to = {t->server, it->o.port};
    t->by_stream = t->stream_next;
    t->stream_next = t->same_next = false;
    t->n_forgeries = 0;
    t->sent_ns = now_ns;
    t->deadline_ns = time_after(now_ns, t->by_stream ? DNS_ITERATE_STREAM_NS : dns_known_patience(server));
    t->state = DNS_TASK_ASKING;
    it->counters.queries++;
    it->counters.streams += t->by_stream;
    t->ticket = it->n_tickets++ << DNS_TICKET_BITS | (uint32_t)(t - it->task);
    struct bytes query = write_query(it, t, server);
    t->socket = (uint8_t)it->o.below->send(it->o.below, now_ns, t->ticket, &to, query, t->by_stream);
    if (t->socket != DNS_UNSENT)
        return true;
    it->counters.unsent++;
    t->state = DNS_TASK_WAITING; /* for nothing: no query is out */
    dns_known_silent(server, now_ns);
    dns_task_shun(t);
    dns_task_ready(it, t);
    return true;
}

/* Nobody waits for addresses of the root's servers that did not come with their names, or have gone before them: the hints serve
 * until they are there. */
static void use_hints(struct dns_iterate *it)
{
    struct dns_choice *c = &it->choice;
    for (size_t i = 0; i < it->n_hints; i++)
        add_address(it, &it->hints[i]);
    for (size_t i = 0; i < c->n_unknown && i < DNS_ITERATE_NS_LOOKUPS; i++)
        (void)dns_task_for(it, dns_name_bytes(&c->name[c->unknown[i].name]), c->unknown[i].type, NULL);
}

static void find_servers(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    it->choice.n = it->choice.n_names = it->choice.n_unknown = 0;
    if (!it->o.forward)
        add_zone(it, now_ns, dns_name_bytes(&t->zone));
    if (t->zone.len == 1 && !it->choice.n)
        use_hints(it);
}

/* The addresses of the zone's servers have gone before the zone has: the zone above it has them. */
static bool go_up(struct dns_iterate *it, struct dns_task *t)
{
    struct bytes zone = dns_name_bytes(&t->zone);
    bool inside = false;
    for (size_t i = 0; i < it->choice.n_names; i++)
        inside = inside || dns_name_is_under(dns_name_bytes(&it->choice.name[i]), zone);
    if (t->went_up || !inside || zone.len == 1 || it->choice.n)
        return false;
    t->went_up = true;
    dns_cache_remove(it->o.cache, zone, DNS_NS);
    return true;
}

static bool next_round(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    return ++t->round < DNS_ITERATE_ROUNDS && choose_server(it, now_ns, t);
}

bool dns_task_go_on(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t)
{
    for (bool up = true; up;) {
        find_zone(it, now_ns, t);
        if (it->o.forward || t->whole_next)
            t->n_labels = DNS_LABELS_MAX;
        if (t->stream_next || t->same_next)
            return send(it, now_ns, t);
        if (prime(it, now_ns, t))
            return true;
        find_servers(it, now_ns, t);
        bool found = choose_server(it, now_ns, t);
        if (!found && look_up_server(it, t))
            return true;
        if (found || next_round(it, now_ns, t)) {
            note_tried(t);
            return send(it, now_ns, t);
        }
        up = go_up(it, t);
    }
    return false;
}
