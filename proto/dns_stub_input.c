/* SPDX-License-Identifier: ISC */
/* What comes back: is it the answer to what was asked, and what of it goes into the cache. */
#include "proto/dns_collect.h"
#include "proto/dns_stub.h"

#include <jinn/attr.h>

/* A message that was read whole once; its sections are read again from where they begin. */
struct reply {
    struct bytes message;
    struct dns_header header;
    struct reader records; /* behind the question */
    unsigned rcode;        /* with the upper bits of EDNS */
    bool has_ns;           /* in the authority section */
};

static void to_question(struct dns_question_asked *q, enum dns_question_state state, enum err why)
{
    q->state = (uint8_t)state;
    if (state == DNS_QUESTION_DONE)
        q->result = (uint8_t)why;
    else if (state == DNS_QUESTION_FAILED)
        q->last_failure = (uint8_t)why;
}

/* ---- Is it ours ---- */

/* Walks all records, so that later readers can't fail, and takes what OPT says. */
static bool read_whole(struct reply *m)
{
    struct reader r = m->records;
    struct dns_record record;
    struct dns_edns e = {.present = false};
    m->rcode = m->header.flags & DNS_RCODE;
    for (int section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        for (unsigned i = 0; i < m->header.n[section]; i++) {
            if (!dns_record_read(&r, m->message, &record))
                return false;
            m->has_ns |= section == DNS_AUTHORITY && record.type == DNS_NS;
            if (section != DNS_ADDITIONAL || record.type != DNS_OPT)
                continue;
            if (e.present || !dns_edns_read(&record, &e))
                return false;
            m->rcode |= (unsigned)e.rcode_high << 4;
        }
    }
    return true;
}

static bool same_case(const struct dns_ask *a, uint64_t letters, const struct dns_name *got)
{
    for (unsigned i = 0, bit = 0; i < a->name.len && bit < 64; i++) {
        uint8_t c = a->name.wire[i];
        if (c < 'a' || c > 'z')
            continue;
        if (got->wire[i] != (letters >> bit++ & 1 ? c - 'a' + 'A' : c))
            return false;
    }
    return true;
}

static struct dns_question_asked *with_id(struct dns_ask *a, uint16_t id)
{
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == DNS_QUESTION_ASKED && a->question[i].id == id)
            return &a->question[i];
    }
    return NULL;
}

/* Somebody else's message, or a lie. After many of them UDP is no good here. */
static void suspect(struct dns_stub *s, struct dns_ask *a, uint64_t *counter)
{
    ++*counter;
    if (++a->n_forgeries < DNS_STUB_FORGERIES)
        return;
    s->counters.forgeries++;
    a->n_forgeries = 0;
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++) {
        if (a->question[i].state == DNS_QUESTION_ASKED)
            a->question[i].state = DNS_QUESTION_STREAM;
    }
}

/* The question that it answers; NULL: none. A server that does not understand EDNS may leave the question out (RFC 6891 7): it then
 * says so, and nothing else. */
static struct dns_question_asked *find_asked(struct dns_stub *s, struct dns_ask *a, const struct endpoint *from,
                                             struct reply *m)
{
    struct reader r = reader_of(m->message);
    struct dns_question got;
    if (from->port != s->o.port || !ip_equal(&from->ip, &s->server[a->server].ip)) {
        suspect(s, a, &s->counters.wrong_server);
        return NULL;
    }
    bool good = dns_header_read(&r, &m->header) && (m->header.flags & (DNS_QR | DNS_OPCODE)) == DNS_QR;
    struct dns_question_asked *q = good ? with_id(a, m->header.id) : NULL;
    if (!q) {
        suspect(s, a, good ? &s->counters.wrong_id : &s->counters.malformed);
        return NULL;
    }
    bool bare = m->header.n[DNS_QUESTION] == 0 && (m->header.flags & DNS_RCODE) == DNS_FORMERR;
    good = bare || (m->header.n[DNS_QUESTION] == 1 && dns_question_read(&r, m->message, &got) && got.type == q->type &&
                    got.class_ == DNS_IN && dns_name_equal(dns_name_bytes(&got.name), dns_name_bytes(&a->name)));
    if (!good) {
        suspect(s, a, &s->counters.wrong_question);
        return NULL;
    }
    if (!bare && !same_case(a, q->letters, &got.name)) {
        s->counters.wrong_case++; /* a server that does not keep it, or a good guess: TCP tells */
        q->state = DNS_QUESTION_STREAM;
        return NULL;
    }
    m->records = r;
    return q;
}

/* ---- What it says ---- */

static enum err collect(struct dns_stub *s, const struct reply *m, struct bytes owner, uint16_t type,
                        struct dns_set *set)
{
    *set = (struct dns_set){.w = writer_of(s->set, sizeof s->set)};
    return dns_set_collect(set, s->o.expand, m->message, m->records, m->header.n[DNS_ANSWER], owner, type, false);
}

static void store(struct dns_stub *s, uint64_t now_ns, struct dns_cached what)
{
    what.trust = DNS_TRUST_ANSWER;
    if (dns_cache_store(s->o.cache, now_ns, &what) != OK)
        s->counters.set_too_large++;
}

static void store_set(struct dns_stub *s, uint64_t now_ns, struct bytes owner, uint16_t type, const struct dns_set *set)
{
    store(s, now_ns,
          (struct dns_cached){.name = owner,
                              .type = type,
                              .kind = DNS_KIND_SET,
                              .ttl_s = set->ttl_s,
                              .n_records = (uint16_t)set->n,
                              .data = writer_bytes(&set->w)});
}

/* How long a no holds: the SOA's lifetime or its last field, what is less (RFC 2308 5). Of a zone that has the name; without
 * one it is not kept longer than for whoever waits. */
static uint32_t negative_ttl(struct dns_stub *s, const struct reply *m, struct bytes name)
{
    struct reader r = m->records;
    struct dns_record record;
    for (unsigned i = 0; i < m->header.n[DNS_ANSWER]; i++)
        (void)dns_record_read(&r, m->message, &record);
    for (unsigned i = 0; i < m->header.n[DNS_AUTHORITY] && dns_record_read(&r, m->message, &record); i++) {
        struct dns_set soa = {.w = writer_of(s->set, sizeof s->set)};
        if (record.type != DNS_SOA || record.class_ != DNS_IN ||
            !dns_name_is_under(name, dns_name_bytes(&record.name)) ||
            !dns_set_add(&soa, s->o.expand, m->message, &record))
            continue;
        struct bytes data = writer_bytes(&soa.w);
        struct reader minimum = reader_of(bytes_slice(data, data.len - 4, 4));
        uint32_t least = read_be32(&minimum);
        return least < record.ttl ? least : record.ttl;
    }
    return 0;
}

static void store_negative(struct dns_stub *s, uint64_t now_ns, const struct reply *m, struct bytes name, uint16_t type)
{
    bool no_name = m->rcode == DNS_NXDOMAIN;
    s->counters.negative++;
    store(s, now_ns,
          (struct dns_cached){.name = name,
                              .type = no_name ? 0 : type,
                              .kind = no_name ? DNS_KIND_NXDOMAIN : DNS_KIND_NODATA,
                              .ttl_s = negative_ttl(s, m, name)});
}

/* One step along the aliases. OK: there is none further, `name` has the answer or a no. ERR_AGAIN: `name` is the next one. */
static enum err take_step(struct dns_stub *s, uint64_t now_ns, const struct reply *m, uint16_t type,
                          struct dns_name *name, bool *answered)
{
    struct dns_set set;
    enum err e = collect(s, m, dns_name_bytes(name), type, &set);
    if (e != OK)
        return e;
    if (set.n) {
        store_set(s, now_ns, dns_name_bytes(name), type, &set);
        *answered = true;
        return OK;
    }
    e = collect(s, m, dns_name_bytes(name), DNS_CNAME, &set);
    if (e != OK || set.n == 0)
        return e;
    store_set(s, now_ns, dns_name_bytes(name), DNS_CNAME, &set);
    dns_name_lower(name, bytes_slice(writer_bytes(&set.w), 2, set.w.at - set.w.start));
    return ERR_AGAIN;
}

static void take_answer(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, const struct reply *m,
                        struct dns_question_asked *q)
{
    struct dns_name name = a->name;
    bool answered = false;
    unsigned n = 0;
    enum err e;
    while ((e = take_step(s, now_ns, m, q->type, &name, &answered)) == ERR_AGAIN && n < DNS_STUB_ALIASES)
        n++;
    if (e == ERR_MALFORMED || e == ERR_TOO_LARGE) {
        *(e == ERR_MALFORMED ? &s->counters.malformed : &s->counters.set_too_large) += 1;
        to_question(q, e == ERR_MALFORMED ? DNS_QUESTION_FAILED : DNS_QUESTION_DONE,
                    e == ERR_MALFORMED ? ERR_REFUSED : ERR_TOO_LARGE);
        return;
    }
    s->counters.answers += answered;
    /* After an alias, silence means no more than that this server says no more: the next name is asked for. */
    uint32_t ttl_s = answered || e == ERR_AGAIN ? 0 : negative_ttl(s, m, dns_name_bytes(&name));
    bool no = !answered && e == OK && (m->rcode == DNS_NXDOMAIN || ttl_s || n == 0);
    bool lame = no && m->rcode != DNS_NXDOMAIN && !ttl_s && (m->has_ns || !(m->header.flags & DNS_RA));
    if (lame) {
        s->counters.lame++;
        to_question(q, DNS_QUESTION_FAILED, ERR_REFUSED);
        return;
    }
    if (no)
        store_negative(s, now_ns, m, dns_name_bytes(&name), q->type);
    to_question(q, DNS_QUESTION_DONE, OK);
}

/* ---- What to do about it ---- */

static bool is_about_edns(unsigned rcode)
{
    return rcode == DNS_FORMERR || rcode == DNS_NOTIMP || rcode == DNS_BADVERS;
}

static void take(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, const struct reply *m,
                 struct dns_question_asked *q, bool by_stream)
{
    struct dns_stub_server *server = &s->server[a->server];
    if (m->header.flags & DNS_TC && !by_stream) {
        s->counters.truncated++;
        q->state = DNS_QUESTION_STREAM;
    } else if (is_about_edns(m->rcode) && !server->no_edns) {
        s->counters.no_edns++;
        server->no_edns = true;
        q->state = by_stream ? DNS_QUESTION_STREAM : DNS_QUESTION_NEW;
    } else if (m->rcode != DNS_NOERROR && m->rcode != DNS_NXDOMAIN) {
        s->counters.failures++;
        to_question(q, DNS_QUESTION_FAILED, ERR_REFUSED);
    } else {
        take_answer(s, a, now_ns, m, q);
    }
}

void dns_stub_input(struct dns_stub *s, struct dns_ask *a, uint64_t now_ns, const struct endpoint *from,
                    struct bytes message, bool by_stream)
{
    struct reply m = {.message = message};
    if (!a->attempting)
        return; /* late */
    struct dns_question_asked *q = find_asked(s, a, from, &m);
    if (!q)
        return;
    s->server[a->server].bad_until_ns = 0;
    if (!(m.header.flags & DNS_TC) && !read_whole(&m)) {
        s->counters.malformed++;
        to_question(q, DNS_QUESTION_FAILED, ERR_REFUSED);
        return;
    }
    if (m.header.flags & DNS_TC) /* what a truncated message holds is of no use: it need not even be whole */
        m.rcode = m.header.flags & DNS_RCODE;
    take(s, a, now_ns, &m, q, by_stream);
}

/* ---- The cache ---- */

enum err dns_stub_find(struct dns_stub *s, uint64_t now_ns, struct bytes name, uint16_t type, struct dns_cached *found,
                       struct dns_name *final)
{
    dns_name_lower(final, name);
    for (unsigned n = 0; n <= DNS_STUB_ALIASES; n++) {
        struct dns_cached alias;
        if (dns_cache_find(s->o.cache, now_ns, dns_name_bytes(final), type, found))
            return found->kind == DNS_KIND_SET ? OK : ERR_NOT_FOUND;
        if (type == DNS_CNAME || !dns_cache_find(s->o.cache, now_ns, dns_name_bytes(final), DNS_CNAME, &alias) ||
            alias.kind != DNS_KIND_SET)
            return ERR_AGAIN;
        struct reader r = reader_of(alias.data);
        struct bytes target;
        if (!dns_cached_next(&r, &target))
            return ERR_AGAIN;
        dns_name_lower(final, target);
    }
    s->counters.aliases_many++;
    return ERR_MALFORMED;
}
