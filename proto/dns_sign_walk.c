/* SPDX-License-Identifier: ISC */
/* Signatures that are about to expire. New ones are made ahead and put in their places together. One whose predecessor
 * has gone meanwhile is left out: the set has changed, and has been signed with the change. */
#include "proto/dns_sign_internal.h"
#include "proto/dns_update.h"

#include <limits.h>

void dns_sign_walk_begin(struct dns_sign_walk *w, struct dns_signer *s, struct dns_zone *z)
{
    memset(w, 0, offsetof(struct dns_sign_walk, pending));
    w->signer = s;
    w->zone = z;
    w->next_s = UINT64_MAX;
}

/* When it is to be made anew. Its 32 bits are of the 68 years around now. */
static uint64_t due_s(const struct dns_sign_walk *w, uint32_t expiration, uint64_t now_s)
{
    int64_t left = (int32_t)(expiration - (uint32_t)now_s);
    int64_t due = (int64_t)now_s + left - (int64_t)w->signer->policy.refresh_s;
    return due < 0 ? 0 : (uint64_t)due;
}

static bool is_pending(const struct dns_sign_walk *w, struct bytes name, struct bytes rrsig)
{
    for (size_t i = 0; i < w->n_pending; i++) {
        const struct dns_sign_renewal *p = &w->pending[i];
        if (bytes_equal(bytes_of(p->old, p->old_len), rrsig) && dns_name_equal(dns_name_bytes(&p->name), name))
            return true;
    }
    return false;
}

static bool key_of(const struct dns_signer *s, const struct dnssec_rrsig *sig, size_t *key)
{
    for (*key = 0; *key < s->n_keys; ++*key) {
        if (s->key[*key].tag == sig->tag && s->key[*key].algorithm == sig->algorithm &&
            dns_sign_uses_key(s, *key, sig->covered))
            return true;
    }
    return false;
}

static enum err renew(struct dns_sign_walk *w, struct dns_sign_work *k, struct bytes name, const struct dns_set *sigs,
                      struct bytes old, size_t key)
{
    struct dns_sign_renewal *p = &w->pending[w->n_pending];
    const struct dns_set *set = dns_zone_find(w->zone, name, sigs->covered);
    struct writer out = writer_of(p->made, sizeof p->made);
    if (!set || old.len > sizeof p->old)
        return OK;
    enum err e = dns_sign_make(k, name, set, key, &out);
    if (e)
        return e;
    dns_name_copy(&p->name, name);
    p->covered = sigs->covered;
    p->ttl = set->ttl;
    p->old_len = (uint16_t)old.len;
    memcpy(p->old, old.data, old.len);
    p->made_len = (uint16_t)writer_len(&out);
    w->n_pending++;
    k->n_left--;
    return OK;
}

/* ERR_AGAIN: there was no room, or there were no signatures left to be made. */
static enum err look_at_set(struct dns_sign_walk *w, struct dns_sign_work *k, struct bytes name,
                            const struct dns_set *sigs)
{
    struct bytes rdata;
    enum err e = OK;
    for (size_t at = 0, key; !e && dns_set_record(sigs, &at, &rdata);) {
        struct dnssec_rrsig sig;
        if (!dnssec_rrsig_parse(rdata, &sig) || !key_of(w->signer, &sig, &key) || is_pending(w, name, rdata))
            continue;
        uint64_t due = due_s(w, sig.expiration, k->now_s);
        if (due > k->now_s)
            w->next_s = due < w->next_s ? due : w->next_s;
        else
            e = k->n_left && w->n_pending < DNS_SIGN_PENDING_MAX ? renew(w, k, name, sigs, rdata, key) : ERR_AGAIN;
    }
    return e;
}

static enum err look_at_name(struct dns_sign_walk *w, struct dns_sign_work *k, struct bytes name)
{
    enum err e = OK;
    for (const struct dns_set *s = dns_zone_first(w->zone, name); !e && s; s = dns_set_next(s)) {
        if (s->type == DNS_RRSIG)
            e = look_at_set(w, k, name, s);
    }
    return e;
}

static enum err step_name(struct dns_sign_walk *w, struct dns_sign_work *k)
{
    struct bytes name = w->at.len ? dns_zone_name_after(w->zone, dns_name_bytes(&w->at)) : dns_zone_origin(w->zone);
    if (name.len == 0) {
        w->in_nsec3 = w->signer->policy.nsec3;
        w->done = !w->in_nsec3;
        return OK;
    }
    enum err e = look_at_name(w, k, name);
    if (!e)
        dns_name_copy(&w->at, name);
    return e;
}

/* From the one that covers 0, the last, around to it again. */
static enum err step_nsec3(struct dns_sign_walk *w, struct dns_sign_work *k)
{
    struct bytes owner;
    bool exact;
    const struct dns_set *s = dns_zone_nsec3(w->zone, w->hash, &owner, &exact), *sigs;
    const uint8_t *next = s ? dns_sign_nsec3_next(dns_set_first(s)) : NULL;
    w->done = !next;
    sigs = s ? dns_zone_find_signatures(w->zone, owner, DNS_NSEC3) : NULL;
    enum err e = sigs ? look_at_set(w, k, owner, sigs) : OK;
    if (e || !next)
        return e;
    w->done = memcmp(next, w->hash, sizeof w->hash) <= 0;
    memcpy(w->hash, next, sizeof w->hash);
    return OK;
}

enum err dns_sign_walk_step(struct dns_sign_walk *w, uint64_t now_s, unsigned n_signatures)
{
    struct dns_sign_work k = {.s = w->signer, .z = w->zone, .now_s = now_s, .n_left = n_signatures};
    enum err e = dns_sign_clock_is_set(now_s) ? OK : ERR_INVALID;
    for (unsigned i = 0; !e && !w->done && i < DNS_SIGN_SETS_MAX; i++)
        e = w->in_nsec3 ? step_nsec3(w, &k) : step_name(w, &k);
    if (e && e != ERR_AGAIN)
        return e;
    return w->done || w->n_pending == DNS_SIGN_PENDING_MAX ? OK : ERR_AGAIN;
}

static enum err put(struct dns_zone *z, const struct dns_sign_renewal *p, bool *done)
{
    struct bytes name = dns_name_bytes(&p->name);
    enum err e = dns_zone_remove(z, name, DNS_RRSIG, bytes_of(p->old, p->old_len));
    if (!e)
        e = dns_zone_add(z, name, DNS_RRSIG, p->ttl, bytes_of(p->made, p->made_len));
    *done |= !e;
    return dns_sign_unless(e, ERR_NOT_FOUND);
}

enum err dns_sign_walk_apply(struct dns_sign_walk *w, uint64_t now_s)
{
    struct dns_sign_work k = {.s = w->signer, .z = w->zone, .now_s = now_s, .n_left = UINT_MAX};
    uint32_t serial = dns_sign_serial(w->signer, dns_zone_serial(w->zone), now_s);
    bool any = false;
    enum err e = dns_sign_clock_is_set(now_s) ? OK : ERR_INVALID;
    for (size_t i = 0; !e && i < w->n_pending; i++)
        e = put(w->zone, &w->pending[i], &any);
    w->n_pending = 0;
    if (e || !any)
        return e ? e : ERR_NOT_FOUND;
    e = dns_soa_raise(w->zone, &serial);
    if (!e)
        e = dns_sign_unless(dns_zone_remove_signatures(w->zone, dns_zone_origin(w->zone), DNS_SOA), ERR_NOT_FOUND);
    return e ? e : dns_sign_name(&k, dns_zone_origin(w->zone));
}
