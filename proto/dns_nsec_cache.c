/* SPDX-License-Identifier: ISC */
#include "proto/dns_nsec_cache.h"

#include "base/radix.h"
#include "proto/dns_validate.h"

#include <stdlib.h>

enum { HASH_LABEL_BYTES = 32 };

/* Where a record is, as the key of a set in the cache. */
struct place {
    struct dns_name owner;
    uint16_t type;
    uint8_t zone_len; /* the last bytes of `owner` */
};

struct dns_nsec_cache {
    struct dns_nsec_cache_options o;
    struct dns_nsec_cache_counters counters;
    struct place *place;
    uint32_t *order; /* of places: by zone, type and owner */
    uint32_t n, next;
    uint8_t copy[DNS_NSEC_PROOF_BYTES], made[DNS_NSEC_PROOF_BYTES];
};

/* ---- Life ---- */

enum err dns_nsec_cache_new(const struct dns_nsec_cache_options *o, struct dns_nsec_cache **out)
{
    struct dns_nsec_cache *n = calloc(1, sizeof *n);
    if (!n)
        return ERR_FULL;
    n->o = *o;
    n->o.records = o->records ? o->records : DNS_NSEC_RECORDS;
    n->place = calloc(n->o.records, sizeof *n->place);
    n->order = calloc(n->o.records, sizeof *n->order);
    if (!n->place || !n->order) {
        dns_nsec_cache_free(n);
        return ERR_FULL;
    }
    *out = n;
    return OK;
}

void dns_nsec_cache_free(struct dns_nsec_cache *n)
{
    free(n->order);
    free(n->place);
    free(n);
}

struct dns_nsec_cache_counters dns_nsec_cache_counters(const struct dns_nsec_cache *n)
{
    return n->counters;
}

size_t dns_nsec_cache_records(const struct dns_nsec_cache *n)
{
    return n->n;
}

/* ---- Order ---- */

struct key {
    struct bytes zone, owner;
    uint16_t type;
};

static struct key key_of(const struct place *p)
{
    struct bytes owner = dns_name_bytes(&p->owner);
    return (struct key){bytes_slice(owner, owner.len - p->zone_len, p->zone_len), owner, p->type};
}

static int compare(const struct key *a, const struct key *b)
{
    int by_zone = dns_name_compare(a->zone, b->zone);
    if (by_zone)
        return by_zone;
    return a->type != b->type ? (int)a->type - (int)b->type : dns_name_compare(a->owner, b->owner);
}

/* How many stand before it. */
static uint32_t rank(const struct dns_nsec_cache *n, const struct key *k)
{
    uint32_t low = 0, high = n->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct key there = key_of(&n->place[n->order[middle]]);
        if (compare(&there, k) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct dns_nsec_cache *n, uint32_t at, const struct key *k)
{
    if (at >= n->n)
        return false;
    struct key there = key_of(&n->place[n->order[at]]);
    return compare(&there, k) == 0;
}

static bool is_of_chain(const struct dns_nsec_cache *n, uint32_t at, const struct key *k)
{
    if (at >= n->n)
        return false;
    struct key there = key_of(&n->place[n->order[at]]);
    return there.type == k->type && dns_name_equal(there.zone, k->zone);
}

/* The free place behind the taken ones takes over what was in the last. */
static void forget(struct dns_nsec_cache *n, uint32_t at)
{
    uint32_t gone = n->order[at], last = --n->n;
    memmove(&n->order[at], &n->order[at + 1], (n->n - at) * sizeof *n->order);
    if (gone == last)
        return;
    for (uint32_t i = 0; i < n->n; i++)
        if (n->order[i] == last)
            n->order[i] = gone;
    n->place[gone] = n->place[last];
}

static void evict(struct dns_nsec_cache *n)
{
    struct key k = key_of(&n->place[n->next++ % n->n]);
    n->counters.evicted++;
    forget(n, rank(n, &k));
}

static void remember(struct dns_nsec_cache *n, const struct key *k)
{
    if (is_at(n, rank(n, k), k))
        return;
    if (n->n == n->o.records)
        evict(n);
    uint32_t at = rank(n, k);
    struct place *p = &n->place[n->n];
    dns_name_lower(&p->owner, k->owner);
    p->type = k->type;
    p->zone_len = (uint8_t)k->zone.len;
    memmove(&n->order[at + 1], &n->order[at], (n->n - at) * sizeof *n->order);
    n->order[at] = n->n++;
    n->counters.learnt++;
}

/* ---- Learning ---- */

static void write_record(struct writer *w, struct bytes rdata)
{
    write_be16(w, (uint16_t)rdata.len);
    write_bytes(w, rdata);
}

static struct reader proofs(const struct dns_cached *c)
{
    struct reader r = reader_of(c->data);
    struct bytes rdata;
    for (unsigned i = 0; i < (unsigned)c->n_records + c->n_signatures && dns_cached_next(&r, &rdata);)
        i++;
    return r;
}

/* A set of one record with the signatures that came with it. */
static bool keep(struct dns_nsec_cache *n, uint64_t now_ns, const struct dns_cached *no, struct bytes owner,
                 uint16_t type, struct bytes rdata)
{
    struct writer w = writer_of(n->made, sizeof n->made);
    struct reader r = proofs(no);
    struct dns_cached_proof p;
    struct dnssec_rrsig sig;
    struct dns_cached set = {.name = owner,
                             .type = type,
                             .kind = DNS_KIND_SET,
                             .trust = DNS_TRUST_AUTHORITY,
                             .verdict = DNS_VERDICT_SECURE,
                             .ttl_s = no->ttl_s,
                             .n_records = 1};
    write_record(&w, rdata);
    for (unsigned i = 0; i < no->n_proofs && dns_cached_next_proof(&r, &p); i++) {
        if (p.type != DNS_RRSIG || !dns_name_equal(p.owner, owner) || !dnssec_rrsig_parse(p.rdata, &sig) ||
            sig.covered != type)
            continue;
        write_record(&w, p.rdata);
        set.n_signatures++;
    }
    set.data = writer_bytes(&w);
    if (!writer_good(&w))
        return false;
    enum err e = dns_cache_store(n->o.cache, now_ns, &set);
    return e == OK || e == ERR_IN_USE; /* a better one is as good */
}

static void keep_soa(struct dns_nsec_cache *n, uint64_t now_ns, const struct dns_cached *no)
{
    struct reader r = reader_of(no->data);
    struct bytes both;
    if (no->n_records == 0 || !dns_cached_next(&r, &both))
        return;
    r = reader_of(both);
    struct bytes owner = dns_name_take(&r);
    n->counters.too_large += !keep(n, now_ns, no, owner, DNS_SOA, read_rest(&r));
}

/* Where `b`, a part of what was copied, is in the copy. */
static struct bytes moved(const struct dns_nsec_cache *n, struct bytes from, struct bytes b)
{
    return bytes_of(n->copy + (b.data - from.data), b.len);
}

static void learn_chain(struct dns_nsec_cache *n, uint64_t now_ns, const struct dns_cached *no, struct bytes was,
                        const struct dns_denial *d, uint16_t type)
{
    unsigned many = type == DNS_NSEC ? d->n_nsec : d->n_nsec3;
    for (unsigned i = 0; i < many; i++) {
        const struct dns_denial_record *record = type == DNS_NSEC ? &d->nsec[i] : &d->nsec3[i];
        struct bytes owner = moved(n, was, record->owner);
        if (record->opt_out)
            continue;
        if (!keep(n, now_ns, no, owner, type, moved(n, was, record->rdata))) {
            n->counters.too_large++;
            continue;
        }
        const struct key k = {dns_name_suffix(owner, dns_name_labels(d->zone)), owner, type};
        remember(n, &k);
    }
}

/* Storing moves what was found, so a copy is taken first. */
void dns_nsec_cache_learn(struct dns_nsec_cache *n, uint64_t now_ns, const struct dns_denial *verified,
                          const struct dns_cached *no)
{
    struct dns_cached copy = *no;
    if (no->data.len > sizeof n->copy) {
        n->counters.too_large++;
        return;
    }
    memcpy(n->copy, no->data.data, no->data.len);
    copy.data = bytes_of(n->copy, no->data.len);
    learn_chain(n, now_ns, &copy, no->data, verified, DNS_NSEC);
    if (verified->iterations <= DNS_NSEC_ITERATIONS)
        learn_chain(n, now_ns, &copy, no->data, verified, DNS_NSEC3);
    keep_soa(n, now_ns, &copy);
}

/* ---- Denying ---- */

/* One answer in the making. */
struct deny {
    struct dns_nsec_cache *n;
    uint64_t now_ns;
    struct dns_denial denial;
    struct bytes zone;
    struct dns_cached set[DNS_DENIAL_RECORDS], soa;
    unsigned n_sets;
};

static bool find(struct deny *d, struct bytes owner, uint16_t type, struct dns_cached *c)
{
    return dns_cache_find(d->n->o.cache, d->now_ns, owner, type, c) && c->ttl_s && c->kind == DNS_KIND_SET &&
           c->verdict == DNS_VERDICT_SECURE;
}

/* What is there is forgotten when the cache has no longer got it. */
static bool take(struct deny *d, uint32_t at)
{
    struct key k = key_of(&d->n->place[d->n->order[at]]);
    struct dns_cached c;
    struct bytes rdata;
    if (!find(d, k.owner, k.type, &c)) {
        d->n->counters.missed++;
        forget(d->n, at);
        return false;
    }
    for (unsigned i = 0; i < d->n_sets; i++)
        if (d->set[i].type == c.type && dns_name_equal(d->set[i].name, c.name))
            return true;
    struct reader r = reader_of(c.data);
    if (d->n_sets == DNS_DENIAL_RECORDS || !dns_cached_next(&r, &rdata))
        return false;
    d->set[d->n_sets++] = c;
    dns_denial_add(&d->denial, c.name, c.type, rdata);
    return true;
}

/* The record at or before the name; hashes go round. `exact`: it has to be at it. */
static bool take_before(struct deny *d, struct bytes name, uint16_t type, bool exact)
{
    struct key k = {d->zone, name, type};
    uint32_t at = rank(d->n, &k);
    if (is_at(d->n, at, &k))
        return take(d, at);
    if (exact)
        return false;
    if (at > 0 && is_of_chain(d->n, at - 1, &k))
        return take(d, at - 1);
    while (type == DNS_NSEC3 && is_of_chain(d->n, at, &k) && is_of_chain(d->n, at + 1, &k))
        at++;
    return is_of_chain(d->n, at, &k) && type == DNS_NSEC3 && take(d, at);
}

static bool gather_nsec(struct deny *d, struct bytes name)
{
    struct dns_name wildcard;
    if (!take_before(d, name, DNS_NSEC, false))
        return false;
    if (dns_denial_wildcard(&d->denial, name, &wildcard))
        return take_before(d, dns_name_bytes(&wildcard), DNS_NSEC, false);
    return true;
}

static bool hashed_owner(const struct dns_denial *params, struct bytes name, struct bytes zone, struct dns_name *owner)
{
    uint8_t hash[DNSSEC_NSEC3_BYTES];
    dnssec_nsec3_hash(name, params->salt, params->iterations, hash);
    uint8_t label[1 + HASH_LABEL_BYTES + 1] = {HASH_LABEL_BYTES};
    struct writer w = writer_of(label + 1, HASH_LABEL_BYTES);
    radix_write(&w, RADIX_BASE32HEX, bytes_of(hash, sizeof hash));
    return dns_name_join(owner, bytes_of(label, sizeof label), zone);
}

/* How the zone hashes: any of its records tells. The salt BORROWS from the cache. */
static bool parameters(struct deny *d, struct dns_denial *out)
{
    const struct key k = {d->zone, d->zone, DNS_NSEC3};
    uint32_t at = rank(d->n, &k);
    struct dns_cached c;
    struct bytes rdata;
    if (!is_of_chain(d->n, at, &k) || !find(d, key_of(&d->n->place[d->n->order[at]]).owner, DNS_NSEC3, &c))
        return false;
    struct reader r = reader_of(c.data);
    dns_denial_begin(out, d->zone);
    if (dns_cached_next(&r, &rdata))
        dns_denial_add(out, c.name, DNS_NSEC3, rdata);
    return out->n_nsec3 == 1;
}

/* From the longest: the name itself or its closest encloser, what covers the name below that, and the wildcard. */
static bool gather_nsec3(struct deny *d, struct bytes name)
{
    struct dns_denial params;
    struct dns_name owner, closer, wildcard;
    unsigned all = dns_name_labels(name), least = dns_name_labels(d->zone), hashes = 0;
    if (!parameters(d, &params))
        return false;
    for (unsigned labels = all + 1; labels-- > least; closer = owner) {
        struct bytes part = dns_name_suffix(name, labels);
        if (hashes++ == DNS_DENIAL_HASHES || !hashed_owner(&params, part, d->zone, &owner))
            return false;
        if (!take_before(d, dns_name_bytes(&owner), DNS_NSEC3, true))
            continue;
        if (labels == all)
            return true;
        return take_before(d, dns_name_bytes(&closer), DNS_NSEC3, false) && dns_name_wildcard(&wildcard, part) &&
               hashed_owner(&params, dns_name_bytes(&wildcard), d->zone, &owner) &&
               take_before(d, dns_name_bytes(&owner), DNS_NSEC3, false);
    }
    return false;
}

/* ---- The answer ---- */

static void write_proof(struct writer *w, struct bytes owner, uint16_t type, struct bytes rdata)
{
    write_be16(w, (uint16_t)(owner.len + 2 + rdata.len));
    write_bytes(w, owner);
    write_be16(w, type);
    write_bytes(w, rdata);
}

/* A set's records (of the SOA, which stands before, none) and signatures as proofs. */
static unsigned write_set(struct writer *w, const struct dns_cached *c)
{
    struct reader r = reader_of(c->data);
    struct bytes rdata;
    unsigned n = 0;
    for (unsigned i = 0; i < (unsigned)c->n_records + c->n_signatures && dns_cached_next(&r, &rdata); i++) {
        bool record = i < c->n_records;
        if (record && c->type == DNS_SOA)
            continue;
        write_proof(w, c->name, record ? c->type : (uint16_t)DNS_RRSIG, rdata);
        n++;
    }
    return n;
}

static bool store(struct deny *d, struct bytes name, uint16_t type, enum dns_kind kind)
{
    struct writer w = writer_of(d->n->made, sizeof d->n->made);
    struct reader r = reader_of(d->soa.data);
    struct bytes rdata;
    struct dns_cached no = {.name = name,
                            .type = type,
                            .kind = (uint8_t)kind,
                            .trust = DNS_TRUST_SECURE,
                            .verdict = DNS_VERDICT_SECURE,
                            .ttl_s = d->soa.ttl_s,
                            .n_records = 1};
    if (!dns_cached_next(&r, &rdata))
        return false;
    write_be16(&w, (uint16_t)(d->soa.name.len + rdata.len));
    write_bytes(&w, d->soa.name);
    write_bytes(&w, rdata);
    unsigned n = write_set(&w, &d->soa);
    for (unsigned i = 0; i < d->n_sets; i++) {
        n += write_set(&w, &d->set[i]);
        no.ttl_s = d->set[i].ttl_s < no.ttl_s ? d->set[i].ttl_s : no.ttl_s;
    }
    no.n_proofs = (uint16_t)n;
    no.data = writer_bytes(&w);
    if (type == DNS_DS && dns_denial_delegates(&d->denial, name))
        no.reason = DNS_EDE_CUT;
    if (writer_good(&w) && dns_cache_store(d->n->o.cache, d->now_ns, &no) == OK)
        return true;
    d->n->counters.too_large++;
    return false;
}

static bool conclude(struct deny *d, struct bytes name, uint16_t type)
{
    if (!find(d, d->zone, DNS_SOA, &d->soa))
        return false;
    if (dns_denial_type(&d->denial, name, type) == DNS_DENIED) {
        bool stored = store(d, name, type, DNS_KIND_NODATA);
        d->n->counters.types += stored;
        return stored;
    }
    if (dns_denial_name(&d->denial, name) != DNS_DENIED)
        return false;
    bool stored = store(d, name, 0, DNS_KIND_NXDOMAIN);
    d->n->counters.names += stored;
    return stored;
}

/* The deepest zone that something was learnt of. */
static bool find_zone(const struct dns_nsec_cache *n, struct bytes name, uint16_t type, struct bytes *zone)
{
    for (*zone = type == DNS_DS ? dns_name_parent(name) : name;; *zone = dns_name_parent(*zone)) {
        struct key k = {*zone, dns_root(), 0};
        uint32_t at = rank(n, &k);
        if (at < n->n && dns_name_equal(key_of(&n->place[n->order[at]]).zone, *zone))
            return true;
        if (zone->len <= 1)
            return false;
    }
}

bool dns_nsec_cache_deny(struct dns_nsec_cache *n, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct deny d = {.n = n, .now_ns = now_ns};
    if (dns_type_is_meta(type) || type == DNS_RRSIG || type == DNS_NSEC || type == DNS_NSEC3 ||
        !find_zone(n, name, type, &d.zone))
        return false;
    dns_denial_begin(&d.denial, d.zone);
    return (gather_nsec(&d, name) || gather_nsec3(&d, name)) && conclude(&d, name, type);
}
