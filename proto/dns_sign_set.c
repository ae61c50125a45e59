/* SPDX-License-Identifier: ISC */
/* What is to be signed at a name, and with which keys. */
#include "proto/dns_sign_internal.h"

#include <jinn/must.h>
#include <jinn/random.h>

#include <stdlib.h>

enum { LIST_FIRST = 16 };

bool dns_sign_clock_is_set(uint64_t now_s)
{
    return now_s >= DNS_SIGN_CLOCK_LEAST_S;
}

bool dns_sign_is_made(uint16_t type)
{
    return type == DNS_RRSIG || type == DNS_NSEC || type == DNS_NSEC3 || type == DNS_NSEC3PARAM;
}

/* ---- Names ---- */

static bool has_own(const struct dns_zone *z, struct bytes name)
{
    const struct dns_set *s = dns_zone_first(z, name);
    while (s && (s->type == DNS_RRSIG || s->type == DNS_NSEC))
        s = dns_set_next(s);
    return s;
}

enum dns_sign_state dns_sign_state(const struct dns_zone *z, struct bytes name)
{
    if (dns_zone_is_occluded(z, name))
        return NAME_GONE;
    if (!has_own(z, name))
        return dns_zone_has_name(z, name) ? NAME_EMPTY : NAME_GONE;
    bool apex = dns_name_equal(name, dns_zone_origin(z));
    return !apex && dns_zone_find(z, name, DNS_NS) ? NAME_CUT : NAME_OURS;
}

bool dns_sign_is_due(enum dns_sign_state state, uint16_t type)
{
    if (type == DNS_RRSIG)
        return false;
    return state == NAME_OURS || (state == NAME_CUT && (type == DNS_DS || type == DNS_NSEC));
}

enum err dns_sign_note(struct dns_sign_work *k, struct bytes name, uint16_t type)
{
    struct dns_sign_list *l = k->list;
    if (!l)
        return OK;
    if (l->n && l->item[l->n - 1].type == type && dns_name_equal(dns_name_bytes(&l->item[l->n - 1].name), name))
        return OK;
    if (l->n == DNS_SIGN_CHANGE_MAX) {
        k->s->n_too_large++;
        return ERR_TOO_LARGE;
    }
    if (l->n == l->max) {
        size_t max = l->max ? 2 * l->max : LIST_FIRST;
        struct dns_sign_item *item = realloc(l->item, max * sizeof *item);
        if (!item)
            return ERR_FULL;
        l->item = item;
        l->max = max;
    }
    l->item[l->n].type = type;
    dns_name_copy(&l->item[l->n++].name, name);
    return OK;
}

/* ---- Keys ---- */

static bool any_active(const struct dns_signer *s, bool entry)
{
    for (size_t i = 0; i < s->n_keys; i++) {
        if (s->use[i].active && s->use[i].entry == entry)
            return true;
    }
    return false;
}

/* With keys of both kinds, those that the parent knows sign keys alone (RFC 6781 3.1); else each signs all. */
bool dns_sign_uses_key(const struct dns_signer *s, size_t key, uint16_t type)
{
    bool of_keys = type == DNS_DNSKEY || type == DNS_CDS || type == DNS_CDNSKEY;
    if (!s->use[key].active)
        return false;
    return s->use[key].entry == of_keys || !any_active(s, of_keys);
}

/* ---- Signatures ---- */

static size_t take_records(struct dns_sign_room *room, const struct dns_set *set)
{
    size_t n = 0;
    for (size_t at = 0; dns_set_record(set, &at, &room->rdata[n]);)
        must(++n < DNS_SIGN_RECORDS_MAX);
    return n;
}

enum err dns_sign_make(struct dns_sign_work *k, struct bytes name, const struct dns_set *set, size_t key,
                       struct writer *rrsig)
{
    const struct dns_sign_policy *p = &k->s->policy;
    struct dnssec_set records = {.owner = name, .type = set->type, .class_ = DNS_IN, .rdata = k->s->room->rdata};
    uint64_t expiration = k->now_s + p->validity_s - random_below(p->jitter_s + 1);
    records.n = take_records(k->s->room, set);
    k->s->n_signatures++;
    return dnssec_sign(&records, set->ttl, &k->s->key[key], dns_zone_origin(k->z),
                       (uint32_t)(k->now_s - DNS_SIGN_BEFORE_S), (uint32_t)expiration, rrsig);
}

/* By every key whose part it is: a set has all its signatures or none. */
static enum err sign_set(struct dns_sign_work *k, struct bytes name, const struct dns_set *set)
{
    uint8_t rdata[DNSSEC_RRSIG_BYTES];
    enum err e = OK;
    if (k->n_left == 0)
        return ERR_AGAIN;
    for (size_t i = 0; !e && i < k->s->n_keys; i++) {
        struct writer w = writer_of(rdata, sizeof rdata);
        if (!dns_sign_uses_key(k->s, i, set->type))
            continue;
        k->n_left -= k->n_left > 0;
        e = dns_sign_make(k, name, set, i, &w);
        if (!e)
            e = dns_zone_add(k->z, name, DNS_RRSIG, set->ttl, writer_bytes(&w));
    }
    return e;
}

static const struct dns_set *first_unsigned(const struct dns_zone *z, struct bytes name, enum dns_sign_state state)
{
    const struct dns_set *s = dns_zone_first(z, name);
    while (s && (!dns_sign_is_due(state, s->type) || dns_zone_find_signatures(z, name, s->type)))
        s = dns_set_next(s);
    return s;
}

enum err dns_sign_name(struct dns_sign_work *k, struct bytes name)
{
    enum dns_sign_state state = dns_sign_state(k->z, name);
    const struct dns_set *s;
    enum err e = OK;
    while (!e && (s = first_unsigned(k->z, name, state)))
        e = sign_set(k, name, s);
    return e;
}

enum err dns_sign_nsec3(struct dns_sign_work *k, struct bytes owner)
{
    const struct dns_set *s = dns_zone_find(k->z, owner, DNS_NSEC3);
    return s && !dns_zone_find_signatures(k->z, owner, DNS_NSEC3) ? sign_set(k, owner, s) : OK;
}

static const struct dns_set *first_idle(const struct dns_zone *z, struct bytes name, enum dns_sign_state state)
{
    const struct dns_set *s = dns_zone_first(z, name);
    while (s && (s->type != DNS_RRSIG || (dns_sign_is_due(state, s->covered) && dns_zone_find(z, name, s->covered))))
        s = dns_set_next(s);
    return s;
}

enum err dns_sign_clean(struct dns_sign_work *k, struct bytes name)
{
    enum dns_sign_state state = dns_sign_state(k->z, name);
    const struct dns_set *s;
    enum err e = OK;
    while (!e && (s = first_idle(k->z, name, state)))
        e = dns_zone_remove_signatures(k->z, name, s->covered);
    return e;
}
