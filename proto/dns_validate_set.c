/* SPDX-License-Identifier: ISC */
/* One set, or one no, by the keys of one zone. */
#include "proto/dns_validate_internal.h"

#include <jinn/must.h>

enum { DS_BYTES_LEAST = 4, DS_ALGORITHM = 2, DS_DIGEST = 3 };

/* A reader behind the records, or behind the signatures. */
static struct reader behind(const struct dns_cached *c, unsigned n)
{
    struct reader r = reader_of(c->data);
    struct bytes rdata;
    for (unsigned i = 0; i < n && dns_cached_next(&r, &rdata);)
        i++;
    return r;
}

static struct reader signatures(const struct dns_cached *c)
{
    return behind(c, c->n_records);
}

static struct reader proofs(const struct dns_cached *c)
{
    return behind(c, (unsigned)c->n_records + c->n_signatures);
}

static struct dnssec_set set_of(struct dns_walk *w, const struct dns_cached *c)
{
    struct dnssec_set set = {c->name, c->type, DNS_IN, w->v->rdata, 0};
    struct reader r = reader_of(c->data);
    while (set.n < c->n_records && set.n < DNS_VALIDATE_RECORDS && dns_cached_next(&r, &set.rdata[set.n]))
        set.n++;
    return set;
}

/* ---- Signatures ---- */

/* One set, while its signatures are tried. */
struct trial {
    const struct dnssec_set *set;
    unsigned n_checks;
    bool expired, early, failed, no_key, not_zone; /* what was wrong with those that did not do */
};

static uint8_t reason_of(const struct trial *t)
{
    return t->failed     ? DNS_EDE_BOGUS
           : t->expired  ? DNS_EDE_EXPIRED
           : t->early    ? DNS_EDE_TOO_EARLY
           : t->not_zone ? DNS_EDE_NO_ZONE_KEY
           : t->no_key   ? DNS_EDE_NO_DNSKEY
                         : DNS_EDE_NO_RRSIG;
}

static bool may_check(struct dns_walk *w, struct trial *t)
{
    if (t->n_checks == DNS_VALIDATE_SET_CHECKS || w->n_checks == DNS_VALIDATE_CHECKS) {
        w->v->counters.many_checks++;
        return false;
    }
    t->n_checks++;
    w->n_checks++;
    w->v->counters.checks++;
    return true;
}

/* It lives as long as was signed, and as the signature (RFC 4035 5.3.3). */
static void shorten(struct dns_walk *w, const struct dnssec_rrsig *sig)
{
    uint32_t left_s = sig->expiration - w->now_s;
    uint32_t life_s = sig->ttl < left_s ? sig->ttl : left_s;
    w->least_s = life_s < w->least_s ? life_s : w->least_s;
}

/* Times first, because that costs nothing: most signatures that are wrong are old. */
static bool is_in_time(const struct dns_walk *w, struct trial *t, const struct dnssec_rrsig *sig)
{
    if ((int32_t)(w->now_s - sig->expiration) > 0)
        t->expired = true;
    else if ((int32_t)(sig->inception - w->now_s) > 0)
        t->early = true;
    else
        return true;
    return false;
}

static bool fits(struct bytes key, const struct dnssec_rrsig *sig)
{
    return key.len > 4 && key.data[3] == sig->algorithm && dnssec_key_tag(key) == sig->tag;
}

static bool check(struct dns_walk *w, struct trial *t, const struct dnssec_rrsig *sig, struct bytes rrsig,
                  struct bytes key)
{
    if (!may_check(w, t))
        return false;
    enum err e = dnssec_verify(t->set, rrsig, key, w->now_s);
    if (e != OK) {
        w->v->counters.many_bytes += e == ERR_FULL;
        t->failed = true;
        return false;
    }
    shorten(w, sig);
    return true;
}

/* Several keys may have a tag by accident, so they are all tried: up to a limit. */
static bool try_keys(struct dns_walk *w, struct trial *t, const struct dnssec_rrsig *sig, struct bytes rrsig)
{
    struct reader r = reader_of(w->keys.data);
    struct bytes key;
    unsigned n = 0;
    for (unsigned i = 0; i < w->keys.n_records && dns_cached_next(&r, &key); i++) {
        if (!fits(key, sig))
            continue;
        if (!(key.data[0] & DNSSEC_KEY_ZONE >> 8) || key.data[1] & DNSSEC_KEY_REVOKED) {
            t->not_zone = true;
            continue;
        }
        if (n++ == DNS_VALIDATE_SAME_TAG) {
            w->v->counters.many_tags++;
            return false;
        }
        if (check(w, t, sig, rrsig, key))
            return true;
    }
    t->no_key = t->no_key || n == 0;
    return false;
}

static bool is_ours(const struct dns_walk *w, const struct dnssec_set *set, struct bytes rrsig,
                    struct dnssec_rrsig *sig)
{
    return dnssec_rrsig_parse(rrsig, sig) && sig->covered == set->type && dns_name_equal(sig->signer, w->zone) &&
           sig->labels <= dns_name_labels(set->owner) && dnssec_algorithm_is_validated(sig->algorithm);
}

/* One signature: true when it is good. */
static bool try_signature(struct dns_walk *w, struct trial *t, struct bytes rrsig, struct dnssec_rrsig *sig)
{
    return is_ours(w, t->set, rrsig, sig) && is_in_time(w, t, sig) && try_keys(w, t, sig, rrsig);
}

/* ---- Proofs ---- */

struct proof_set {
    struct dns_cached_proof first;
    struct bytes rdata;
    struct dnssec_set set;
};

static bool is_wild(const struct dnssec_rrsig *sig, struct bytes owner)
{
    return sig->labels < dns_name_labels(owner) - dns_name_is_wildcard(owner);
}

/* The records of that owner and type among the proofs, signed by the zone; what a wildcard made proves nothing. */
static bool verify_among(struct dns_walk *w, const struct dns_cached *c, const struct dnssec_set *set)
{
    struct trial t = {.set = set};
    struct reader r = proofs(c);
    struct dns_cached_proof p;
    struct dnssec_rrsig sig;
    for (unsigned i = 0; i < c->n_proofs && dns_cached_next_proof(&r, &p); i++) {
        if (p.type == DNS_RRSIG && dns_name_equal(p.owner, set->owner) && try_signature(w, &t, p.rdata, &sig) &&
            !is_wild(&sig, set->owner))
            return true;
    }
    w->reason = reason_of(&t);
    return false;
}

/* There is one of an owner; two would be proof that something is wrong, and can't be verified one by one. No more are in the cache than
 * DNS_COLLECT_PROOFS. */
static void add_proofs(struct dns_walk *w, const struct dns_cached *c, struct dns_denial *d)
{
    struct reader r = proofs(c);
    struct dns_cached_proof p;
    for (unsigned i = 0; i < c->n_proofs && dns_cached_next_proof(&r, &p); i++) {
        if (p.type != DNS_NSEC && p.type != DNS_NSEC3)
            continue;
        w->v->rdata[0] = p.rdata;
        const struct dnssec_set set = {p.owner, p.type, DNS_IN, w->v->rdata, 1};
        if (verify_among(w, c, &set))
            dns_denial_add(d, p.owner, p.type, p.rdata);
    }
}

bool dns_walk_prove_dname(struct dns_walk *w, const struct dns_cached *cname, struct dns_cached_proof *dname)
{
    struct reader r = proofs(cname);
    w->least_s = UINT32_MAX;
    w->reason = DNS_EDE_NO_RRSIG;
    for (unsigned i = 0; i < cname->n_proofs && dns_cached_next_proof(&r, dname); i++) {
        if (dname->type != DNS_DNAME || dname->owner.len >= cname->name.len ||
            !dns_name_is_under(cname->name, dname->owner))
            continue;
        w->v->rdata[0] = dname->rdata;
        const struct dnssec_set set = {dname->owner, DNS_DNAME, DNS_IN, w->v->rdata, 1};
        return verify_among(w, cname, &set);
    }
    return false;
}

/* What is told along with a no is believed only if it is signed. */
static bool soa_is_good(struct dns_walk *w, const struct dns_cached *c)
{
    struct reader r = reader_of(c->data);
    struct bytes both;
    if (c->n_records == 0)
        return true;
    if (!dns_cached_next(&r, &both))
        return false;
    r = reader_of(both);
    struct bytes owner = dns_name_take(&r);
    w->v->rdata[0] = read_rest(&r);
    const struct dnssec_set set = {owner, DNS_SOA, DNS_IN, w->v->rdata, 1};
    return reader_good(&r) && dns_name_equal(owner, w->zone) && verify_among(w, c, &set);
}

static enum dns_verdict weigh(struct dns_walk *w, const struct dns_denial *d, enum dns_denied denied)
{
    struct dns_validate_counters *n = &w->v->counters;
    n->many_iterations += d->many_iterations;
    n->many_hashes += d->many_hashes;
    if (denied == DNS_DENIED)
        return DNS_VERDICT_SECURE;
    if (denied == DNS_DENIED_OPT_OUT || d->many_iterations)
        return DNS_VERDICT_INSECURE;
    if (d->n_nsec || d->n_nsec3 || w->reason == DNS_EDE_NO_RRSIG)
        w->reason = DNS_EDE_NO_NSEC;
    return DNS_VERDICT_BOGUS;
}

static enum dns_verdict prove_no(struct dns_walk *w, const struct dns_cached *c)
{
    struct dns_denial *d = &w->denial;
    dns_denial_begin(d, w->zone);
    w->reason = DNS_EDE_NO_NSEC;
    if (!soa_is_good(w, c))
        return DNS_VERDICT_BOGUS;
    w->reason = DNS_EDE_NO_NSEC;
    add_proofs(w, c, d);
    bool nxdomain = c->kind == DNS_KIND_NXDOMAIN;
    enum dns_denied denied = nxdomain ? dns_denial_name(d, c->name) : dns_denial_type(d, c->name, c->type);
    w->cut = !nxdomain && c->type == DNS_DS && denied && dns_denial_delegates(d, c->name);
    return weigh(w, d, denied);
}

/* ---- Sets ---- */

static enum dns_verdict prove_wild(struct dns_walk *w, const struct dns_cached *c, unsigned labels)
{
    struct dns_denial *d = &w->denial;
    if (c->type == DNS_DS || c->type == DNS_NSEC || c->type == DNS_NSEC3 || c->type == DNS_DNSKEY)
        return DNS_VERDICT_BOGUS;
    dns_denial_begin(d, w->zone);
    w->reason = DNS_EDE_NO_NSEC;
    add_proofs(w, c, d);
    return weigh(w, d, dns_denial_closer(d, c->name, labels));
}

static enum dns_verdict prove_set(struct dns_walk *w, const struct dns_cached *c)
{
    struct dnssec_set set = set_of(w, c);
    struct trial t = {.set = &set};
    struct reader r = signatures(c);
    struct dnssec_rrsig sig;
    struct bytes rrsig;
    for (unsigned i = 0; i < c->n_signatures && dns_cached_next(&r, &rrsig); i++) {
        if (!try_signature(w, &t, rrsig, &sig))
            continue;
        return is_wild(&sig, c->name) ? prove_wild(w, c, sig.labels) : DNS_VERDICT_SECURE;
    }
    w->reason = reason_of(&t);
    return DNS_VERDICT_BOGUS;
}

enum dns_verdict dns_walk_prove(struct dns_walk *w, const struct dns_cached *what)
{
    w->least_s = UINT32_MAX;
    w->cut = false;
    return what->kind == DNS_KIND_SET ? prove_set(w, what) : prove_no(w, what);
}

static bool signer_is(struct bytes rrsig, struct bytes zone)
{
    struct dnssec_rrsig sig;
    return dnssec_rrsig_parse(rrsig, &sig) && dns_name_equal(sig.signer, zone);
}

bool dns_walk_is_signed(const struct dns_walk *w, const struct dns_cached *what)
{
    struct reader r = signatures(what);
    struct bytes rrsig;
    struct dns_cached_proof p;
    for (unsigned i = 0; i < what->n_signatures && dns_cached_next(&r, &rrsig); i++)
        if (signer_is(rrsig, w->zone))
            return true;
    if (what->kind == DNS_KIND_SET)
        return false;
    r = proofs(what);
    for (unsigned i = 0; i < what->n_proofs && dns_cached_next_proof(&r, &p); i++)
        if (p.type == DNS_RRSIG && signer_is(p.rdata, w->zone))
            return true;
    return false;
}

/* ---- Keys ---- */

static bool ds_counts(struct bytes ds)
{
    return ds.len > DS_BYTES_LEAST && dnssec_algorithm_is_validated(ds.data[DS_ALGORITHM]) &&
           dnssec_digest_is_known(ds.data[DS_DIGEST]);
}

/* Where there is a better digest, SHA-1 doesn't count (RFC 4509 3). */
static bool has_better(const struct dns_cached *ds)
{
    struct reader r = reader_of(ds->data);
    struct bytes rdata;
    for (unsigned i = 0; i < ds->n_records && dns_cached_next(&r, &rdata); i++)
        if (ds_counts(rdata) && rdata.data[DS_DIGEST] != DNSSEC_SHA1)
            return true;
    return false;
}

bool dns_walk_can_check(const struct dns_cached *ds)
{
    struct reader r = reader_of(ds->data);
    struct bytes rdata;
    for (unsigned i = 0; i < ds->n_records && dns_cached_next(&r, &rdata); i++)
        if (ds_counts(rdata))
            return true;
    return false;
}

static bool is_named(struct dns_walk *w, const struct dns_cached *ds, struct bytes zone, struct bytes key)
{
    struct reader r = reader_of(ds->data);
    struct bytes rdata;
    bool better = has_better(ds);
    uint16_t tag = dnssec_key_tag(key);
    for (unsigned i = 0; i < ds->n_records && dns_cached_next(&r, &rdata); i++) {
        if (!ds_counts(rdata) || (rdata.data[0] << 8 | rdata.data[1]) != tag ||
            rdata.data[DS_ALGORITHM] != key.data[3] || (better && rdata.data[DS_DIGEST] == DNSSEC_SHA1))
            continue;
        if (w->n_digests == DNS_VALIDATE_DIGESTS) {
            w->v->counters.many_digests++;
            return false;
        }
        w->n_digests++;
        if (dnssec_ds_check(zone, key, rdata) == OK)
            return true;
    }
    return false;
}

static bool is_entry(struct dns_walk *w, const struct dns_cached *keys, const struct dns_cached *ds, struct bytes key)
{
    if (key.len <= 4 || !(key.data[0] & DNSSEC_KEY_ZONE >> 8) || key.data[1] & DNSSEC_KEY_REVOKED)
        return false;
    return ds ? is_named(w, ds, keys->name, key) : dns_anchors_trust(w->v->o.anchors, keys->name, key);
}

static bool signed_by(struct dns_walk *w, struct trial *t, const struct dns_cached *keys, struct bytes key)
{
    struct reader r = signatures(keys);
    struct dnssec_rrsig sig;
    struct bytes rrsig;
    for (unsigned i = 0; i < keys->n_signatures && dns_cached_next(&r, &rrsig); i++) {
        if (!is_ours(w, t->set, rrsig, &sig) || !fits(key, &sig) || is_wild(&sig, keys->name) ||
            !is_in_time(w, t, &sig))
            continue;
        if (check(w, t, &sig, rrsig, key))
            return true;
    }
    return false;
}

enum dns_verdict dns_walk_prove_keys(struct dns_walk *w, const struct dns_cached *keys, const struct dns_cached *ds)
{
    struct dnssec_set set = set_of(w, keys);
    struct trial t = {.set = &set};
    struct reader r = reader_of(keys->data);
    struct bytes key;
    bool any = false;
    w->least_s = UINT32_MAX;
    w->n_digests = 0;
    w->zone = keys->name; /* which they have to be signed by */
    w->reason = DNS_EDE_NO_DNSKEY;
    if (keys->kind != DNS_KIND_SET)
        return DNS_VERDICT_BOGUS;
    for (unsigned i = 0; i < keys->n_records && dns_cached_next(&r, &key); i++) {
        if (!is_entry(w, keys, ds, key))
            continue;
        any = true;
        if (signed_by(w, &t, keys, key))
            return DNS_VERDICT_SECURE;
    }
    w->reason = any ? reason_of(&t) : DNS_EDE_NO_DNSKEY;
    return DNS_VERDICT_BOGUS;
}
