/* SPDX-License-Identifier: ISC */
/* The way down from the anchor. */
#include "proto/dns_validate_internal.h"
#include "proto/dns_nsec_cache.h"

#include <stdlib.h>

enum err dns_validator_new(const struct dns_validate_options *o, struct dns_validator **out)
{
    struct dns_validator *v = calloc(1, sizeof *v);
    if (!v)
        return ERR_FULL;
    v->o = *o;
    *out = v;
    return OK;
}

void dns_validator_free(struct dns_validator *v)
{
    free(v);
}

void dns_validator_set_clock(struct dns_validator *v, uint64_t now_ns, uint64_t wall_s)
{
    v->wall_s = wall_s;
    v->wall_at_ns = now_ns;
}

uint64_t dns_validator_clock(const struct dns_validator *v, uint64_t now_ns)
{
    return v->wall_s ? v->wall_s + (now_ns - v->wall_at_ns) / NS_PER_S : 0;
}

struct dns_validate_counters dns_validate_counters(const struct dns_validator *v)
{
    return v->counters;
}

/* ---- Judging ---- */

static void judge(const struct dns_walk *w, const struct dns_cached *c, enum dns_verdict verdict)
{
    uint64_t until_ns = verdict == DNS_VERDICT_BOGUS    ? time_after(w->now_ns, DNS_VALIDATE_BOGUS_S * NS_PER_S)
                        : verdict == DNS_VERDICT_SECURE ? time_after(w->now_ns, w->least_s * NS_PER_S)
                                                        : TIME_NEVER;
    uint8_t reason = verdict == DNS_VERDICT_BOGUS              ? w->reason
                     : verdict == DNS_VERDICT_SECURE && w->cut ? (uint8_t)DNS_EDE_CUT
                                                               : 0;
    dns_cache_judge(w->v->o.cache, c->name, c->type, verdict, reason, until_ns);
}

struct need {
    struct dns_name *name;
    uint16_t *type;
};

static enum dns_verdict need(const struct need *n, struct bytes name, uint16_t type)
{
    dns_name_copy(n->name, name);
    *n->type = type;
    return DNS_VERDICT_NEEDS;
}

static bool find(const struct dns_walk *w, struct bytes name, uint16_t type, struct dns_cached *c)
{
    return dns_cache_find(w->v->o.cache, w->now_ns, name, type, c) && c->ttl_s;
}

/* The zone's keys, by its DS set or by the anchors; SECURE: it is the walk's zone now. */
static enum dns_verdict take_keys(struct dns_walk *w, struct bytes zone, const struct dns_cached *ds,
                                  const struct need *n)
{
    struct dns_cached c;
    if (!find(w, zone, DNS_DNSKEY, &c) || c.trust < DNS_TRUST_ANSWER)
        return need(n, zone, DNS_DNSKEY);
    enum dns_verdict verdict = c.verdict;
    if (verdict == DNS_VERDICT_NONE) {
        w->cut = false;
        verdict = dns_walk_prove_keys(w, &c, ds);
        judge(w, &c, verdict);
    } else {
        w->reason = c.reason;
    }
    if (verdict == DNS_VERDICT_SECURE) {
        w->zone = zone;
        w->keys = c;
    }
    return verdict;
}

/* ---- One set at one zone ---- */

/* RFC 6672 2.2. */
static bool makes(struct bytes owner, struct bytes to, const struct dns_cached *cname)
{
    struct bytes target, name = cname->name;
    struct dns_name made;
    struct reader r = reader_of(cname->data);
    uint8_t front[DNS_NAME_BYTES + 1];
    size_t len = name.len - owner.len;
    memcpy(front, name.data, len);
    front[len] = 0;
    return dns_cached_next(&r, &target) && dns_name_join(&made, bytes_of(front, len + 1), to) &&
           dns_name_equal(dns_name_bytes(&made), target);
}

/* An alias without a signature may follow from a DNAME that has one (RFC 6672 5.3.1), which came along as its proof. */
static enum dns_verdict prove_by_dname(struct dns_walk *w, const struct dns_cached *cname)
{
    struct dns_cached_proof dname;
    if (!dns_walk_prove_dname(w, cname, &dname))
        return DNS_VERDICT_BOGUS;
    w->reason = DNS_EDE_BOGUS;
    return makes(dname.owner, dname.rdata, cname) ? DNS_VERDICT_SECURE : DNS_VERDICT_BOGUS;
}

static enum dns_verdict attempt(struct dns_walk *w, const struct dns_cached *what)
{
    w->cut = false;
    if (dns_walk_is_signed(w, what))
        return dns_walk_prove(w, what);
    if (what->kind == DNS_KIND_SET && what->type == DNS_CNAME && what->n_signatures == 0)
        return prove_by_dname(w, what);
    w->reason = what->kind == DNS_KIND_SET ? DNS_EDE_NO_RRSIG : DNS_EDE_NO_NSEC;
    return DNS_VERDICT_BOGUS;
}

/* ---- One label down ---- */

/* What stands in the place of an answer about DS; false: nothing. */
static bool find_ds(const struct dns_walk *w, struct bytes child, struct dns_cached *c)
{
    return find(w, child, DNS_DS, c) || (find(w, child, DNS_CNAME, c) && c->kind == DNS_KIND_SET);
}

/* What there is about DS at this name, judged. An alias is no cut. */
static enum dns_verdict judge_ds(struct dns_walk *w, struct bytes child, struct dns_cached *c, const struct need *n)
{
    if (!find_ds(w, child, c))
        return need(n, child, DNS_DS);
    if (c->verdict != DNS_VERDICT_NONE) {
        w->reason = c->reason;
        return c->verdict;
    }
    enum dns_verdict verdict = attempt(w, c);
    if (verdict == DNS_VERDICT_BOGUS && c->type != DNS_CNAME && c->trust < DNS_TRUST_ANSWER)
        return need(n, child, DNS_DS); /* a referral's: those that are asked for may be better */
    if (verdict != DNS_VERDICT_BOGUS || c->type != DNS_CNAME)
        judge(w, c, verdict);
    c->reason = verdict == DNS_VERDICT_SECURE && w->cut ? DNS_EDE_CUT : 0;
    return verdict;
}

/* SECURE: the name is no cut, or it is one and the zone is now the one below. */
static enum dns_verdict step(struct dns_walk *w, struct bytes child, const struct need *n)
{
    struct dns_cached c;
    enum dns_verdict verdict = judge_ds(w, child, &c, n);
    if (verdict != DNS_VERDICT_SECURE)
        return verdict;
    if (c.kind != DNS_KIND_SET)
        return c.reason == DNS_EDE_CUT ? DNS_VERDICT_INSECURE : DNS_VERDICT_SECURE;
    if (c.type == DNS_CNAME)
        return DNS_VERDICT_SECURE;
    return dns_walk_can_check(&c) ? take_keys(w, child, &c, n) : DNS_VERDICT_INSECURE;
}

/* ---- The way ---- */

static bool is_keys_of(const struct dns_cached *what, struct bytes zone)
{
    return what->kind == DNS_KIND_SET && what->type == DNS_DNSKEY && dns_name_equal(what->name, zone);
}

static enum dns_verdict walk(struct dns_walk *w, const struct dns_cached *what, struct bytes target,
                             const struct need *n)
{
    uint8_t reason = 0;
    unsigned at = dns_name_labels(w->zone), all = dns_name_labels(target);
    for (;;) {
        if (is_keys_of(what, w->zone))
            return DNS_VERDICT_SECURE;
        enum dns_verdict verdict = attempt(w, what);
        if (verdict != DNS_VERDICT_BOGUS)
            return verdict;
        reason = w->reason;
        struct bytes zone = w->zone;
        while (w->zone.len == zone.len) {
            if (at == all) {
                w->reason = reason;
                return DNS_VERDICT_BOGUS;
            }
            verdict = step(w, dns_name_suffix(target, ++at), n);
            if (verdict != DNS_VERDICT_SECURE)
                return verdict;
        }
    }
}

/* Records of type DS, and that there are none, are the upper zone's to say. */
static struct bytes target_of(const struct dns_cached *what)
{
    return what->type == DNS_DS ? dns_name_parent(what->name) : what->name;
}

static enum dns_verdict decide(struct dns_walk *w, const struct dns_cached *what, const struct need *n)
{
    struct bytes zone, target = target_of(what);
    const struct dns_anchors *a = w->v->o.anchors;
    if (!dns_anchors_zone(a, target, &zone) || !dns_anchors_can_check(a, zone))
        return DNS_VERDICT_INSECURE;
    enum dns_verdict verdict = take_keys(w, zone, NULL, n);
    return verdict == DNS_VERDICT_SECURE ? walk(w, what, target, n) : verdict;
}

static void count(struct dns_validate_counters *n, enum dns_verdict verdict)
{
    n->secure += verdict == DNS_VERDICT_SECURE;
    n->insecure += verdict == DNS_VERDICT_INSECURE;
    n->bogus += verdict == DNS_VERDICT_BOGUS;
    n->needs += verdict == DNS_VERDICT_NEEDS;
}

enum dns_verdict dns_validate(void *validator, uint64_t now_ns, const struct dns_cached *what, struct dns_name *name,
                              uint16_t *type)
{
    struct dns_validator *v = validator;
    const struct need n = {name, type};
    struct dns_walk w = {.v = v,
                         .now_ns = now_ns,
                         .now_s = (uint32_t)dns_validator_clock(v, now_ns),
                         .zone = dns_root(),
                         .least_s = UINT32_MAX};
    if (what->verdict != DNS_VERDICT_NONE)
        return what->verdict;
    enum dns_verdict verdict = decide(&w, what, &n);
    count(&v->counters, verdict);
    if (verdict == DNS_VERDICT_NEEDS)
        return verdict;
    if (!is_keys_of(what, w.zone) || verdict != DNS_VERDICT_SECURE)
        judge(&w, what, verdict);
    if (verdict == DNS_VERDICT_SECURE && what->kind != DNS_KIND_SET && v->o.nsec)
        dns_nsec_cache_learn(v->o.nsec, now_ns, &w.denial, what);
    return verdict;
}

/* Where there is no anchor nothing was learnt, so nothing is denied there. */
bool dns_validate_deny(void *validator, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct dns_validator *v = validator;
    return v->o.nsec && dns_nsec_cache_deny(v->o.nsec, now_ns, name, type);
}

/* ---- What a client is told ---- */

static int badness(enum dns_verdict v)
{
    return v == DNS_VERDICT_SECURE ? 0 : v == DNS_VERDICT_INSECURE ? 1 : v == DNS_VERDICT_BOGUS ? 3 : 2;
}

enum dns_verdict dns_verdict_worse(enum dns_verdict a, enum dns_verdict b)
{
    return badness(a) > badness(b) ? a : b;
}

bool dns_verdict_may_tell(enum dns_verdict worst, uint16_t flags)
{
    return flags & DNS_CD || badness(worst) < badness(DNS_VERDICT_NONE);
}

bool dns_verdict_is_authentic(enum dns_verdict worst, uint16_t flags, bool dnssec_ok)
{
    return worst == DNS_VERDICT_SECURE && (dnssec_ok || flags & DNS_AD);
}

const char *dns_validate_reason_text(uint8_t reason)
{
    switch (reason) {
    case DNS_EDE_EXPIRED:
        return "the signature has expired";
    case DNS_EDE_TOO_EARLY:
        return "the signature is not valid yet";
    case DNS_EDE_NO_DNSKEY:
        return "no key is the one that the zone above, or the anchor, names";
    case DNS_EDE_NO_RRSIG:
        return "there is no signature";
    case DNS_EDE_NO_ZONE_KEY:
        return "the key is none of a zone, or revoked";
    case DNS_EDE_NO_NSEC:
        return "there is no proof that it does not exist";
    default:
        return "the signature is wrong";
    }
}
