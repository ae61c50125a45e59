/* SPDX-License-Identifier: ISC */
/* A zone signed as a whole: copied, linked into a chain name by name, and signed set by set. */
#include "proto/dns_sign.h"
#include "proto/dns_sign_internal.h"
#include "proto/dns_update.h"

#include <jinn/must.h>

#include <mbedtls/platform_util.h>

#include <stdlib.h>

enum {
    TYPE_ZONEMD = 63, /* a digest of the zone as it was before (RFC 8976) */
    NSEC3_LABEL_BYTES = 33,
    VALIDITY_MAX_S = 10 * 366 * 86400, /* and times of signatures have 32 bits that wrap around */
};

/* ---- Signers ---- */

const char *dns_sign_policy_check(const struct dns_sign_policy *p)
{
    if (p->validity_s == 0 || p->validity_s > VALIDITY_MAX_S)
        return "signatures are valid for 1 second to 10 years";
    if ((uint64_t)p->refresh_s + p->jitter_s >= p->validity_s)
        return "signatures must be valid for longer than the jitter and what is left when they are made anew";
    if (p->iterations > DNS_NSEC3_ITERATIONS_MAX)
        return "more iterations of NSEC3 than the 100 that validators take; RFC 9276 wants 0";
    return NULL;
}

static bool take_key(struct dns_signer *s, const struct dns_sign_key *key, uint64_t now_s)
{
    if (s->n_keys == DNS_SIGN_KEYS_MAX)
        return false;
    bool published = now_s >= key->publish_s && now_s < key->delete_s;
    s->key[s->n_keys] = key->key;
    s->use[s->n_keys].entry = key->is_entry;
    s->use[s->n_keys].published = published;
    s->use[s->n_keys].active = published && now_s >= key->activate_s && now_s < key->inactive_s;
    s->n_keys++;
    return true;
}

const char *dns_signer_init(struct dns_signer *s, const struct dns_sign_policy *p, const struct dns_sign_keys *keys,
                            struct bytes zone, struct dns_sign_room *room, uint64_t now_s)
{
    *s = (struct dns_signer){.policy = *p, .room = room};
    const char *why = dns_sign_policy_check(p);
    bool any_active = false;
    if (why)
        return why;
    if (!dns_sign_clock_is_set(now_s))
        return "the wall clock is not set: signatures would be of a time before 2020";
    if (p->nsec3 && zone.len + NSEC3_LABEL_BYTES > DNS_NAME_BYTES)
        return "the zone's name leaves no room for the hashes of NSEC3";
    for (size_t i = 0; i < keys->n; i++) {
        if (dns_name_equal(dns_name_bytes(&keys->list[i].zone), zone) && !take_key(s, &keys->list[i], now_s))
            return "more than 8 keys of one zone";
    }
    for (size_t i = 0; i < s->n_keys; i++)
        any_active |= s->use[i].active;
    if (s->n_keys == 0)
        return "there is no key of this zone";
    return any_active ? NULL : "none of its keys is active now, as their times say";
}

void dns_signer_wipe(struct dns_signer *s)
{
    mbedtls_platform_zeroize(s->key, sizeof s->key);
    s->n_keys = 0;
}

uint32_t dns_sign_serial(const struct dns_signer *s, uint32_t before, uint64_t now_s)
{
    if (!s->policy.increment && dns_serial_after((uint32_t)now_s, before))
        return (uint32_t)now_s;
    return before + 1 == 0 ? 1 : before + 1; /* 0 means none to some programs (RFC 2136 7.15) */
}

/* ---- A whole zone ---- */

enum err dns_sign_begin(struct dns_sign_job *j, struct dns_signer *s, struct dns_zone *from, uint64_t seed,
                        size_t limit_bytes)
{
    *j = (struct dns_sign_job){.signer = s};
    enum err e = dns_zone_new(dns_zone_origin(from), seed, limit_bytes, &j->zone);
    if (!e)
        dns_cursor_open(&j->from, from, dns_zone_origin(from));
    s->stale = false;
    return e;
}

static enum err copy_set(struct dns_sign_job *j, struct bytes name, const struct dns_set *set)
{
    struct bytes rdata;
    enum err e = OK;
    bool left_out = dns_sign_is_made(set->type) || set->type == TYPE_ZONEMD;
    for (size_t at = 0; !e && !left_out && dns_set_record(set, &at, &rdata);)
        e = dns_zone_add(j->zone, name, set->type, set->ttl, rdata);
    return e;
}

static enum err copy_some(struct dns_sign_job *j)
{
    struct bytes name;
    const struct dns_set *set;
    enum err e = OK;
    for (unsigned i = 0; !e && i < DNS_SIGN_SETS_MAX; i++) {
        if (!dns_cursor_next(&j->from, &name, &set)) {
            dns_cursor_close(&j->from);
            j->phase = DNS_SIGN_APEX;
            return OK;
        }
        e = copy_set(j, name, set);
    }
    return e;
}

/* ---- What the origin has ---- */

static enum err add_apex(struct dns_zone *z, uint16_t type, uint32_t ttl, struct bytes rdata)
{
    return dns_sign_unless(dns_zone_add(z, dns_zone_origin(z), type, ttl, rdata), ERR_IN_USE);
}

/* Which keys the parent should have (RFC 7344 4): those that sign the keys. */
static enum err add_child_keys(struct dns_sign_job *j, size_t key, uint32_t ttl)
{
    struct dns_zone *z = j->zone;
    struct bytes dnskey = dnssec_key_rdata(&j->signer->key[key]);
    uint8_t ds[DNSSEC_DS_BYTES];
    struct writer w = writer_of(ds, sizeof ds);
    must(dnssec_ds_make(dns_zone_origin(z), dnskey, DNSSEC_SHA256, &w));
    enum err e = add_apex(z, DNS_CDS, ttl, writer_bytes(&w));
    return e ? e : add_apex(z, DNS_CDNSKEY, ttl, dnskey);
}

static enum err add_keys(struct dns_sign_job *j, uint32_t ttl)
{
    const struct dns_signer *s = j->signer;
    struct bytes origin = dns_zone_origin(j->zone);
    bool own = dns_zone_find(j->zone, origin, DNS_CDS) || dns_zone_find(j->zone, origin, DNS_CDNSKEY);
    enum err e = OK;
    for (size_t i = 0; !e && i < s->n_keys; i++) {
        if (s->use[i].published)
            e = add_apex(j->zone, DNS_DNSKEY, ttl, dnssec_key_rdata(&s->key[i]));
        if (!e && !own && !s->policy.no_cds && dns_sign_uses_key(s, i, DNS_DNSKEY))
            e = add_child_keys(j, i, ttl);
    }
    return e;
}

static enum err add_params(struct dns_sign_job *j)
{
    const struct dns_sign_policy *p = &j->signer->policy;
    uint8_t rdata[5 + sizeof p->salt];
    struct writer w = writer_of(rdata, sizeof rdata);
    if (!p->nsec3)
        return OK;
    write_be16(&w, 0x0100); /* SHA-1, no flags */
    write_be16(&w, p->iterations);
    write_u8(&w, p->salt_len);
    write_copy(&w, p->salt, p->salt_len);
    return add_apex(j->zone, DNS_NSEC3PARAM, 0, writer_bytes(&w)); /* it is for servers alone, not for caches */
}

static enum err fill_apex(struct dns_sign_job *j, uint64_t now_s)
{
    struct dns_soa soa;
    if (!dns_zone_soa(j->zone, &soa))
        return ERR_NOT_FOUND;
    bool behind = j->has_least && dns_serial_after(j->least, soa.serial);
    uint32_t serial = dns_sign_serial(j->signer, behind ? j->least : soa.serial, now_s), ttl = soa.ttl;
    enum err e = add_keys(j, ttl);
    if (!e)
        e = add_params(j);
    if (!e)
        e = dns_soa_raise(j->zone, &serial);
    j->phase = DNS_SIGN_CHAIN;
    return e;
}

/* ---- Names, one after the other ---- */

/* False: there are no more. */
static bool next_name(struct dns_sign_job *j, struct dns_name *name)
{
    struct bytes next = j->at.len ? dns_zone_name_after(j->zone, dns_name_bytes(&j->at)) : dns_zone_origin(j->zone);
    if (next.len)
        dns_name_copy(name, next);
    return next.len;
}

/* Names between this one and the origin that are there for its sake. Those of the name before have been seen. */
static enum err link_between(struct dns_sign_work *k, struct bytes name, struct bytes before)
{
    unsigned least = dns_name_labels(dns_zone_origin(k->z)) + 1;
    enum err e = OK;
    for (unsigned n = dns_name_labels(name); !e && n-- > least;) {
        struct bytes between = dns_name_suffix(name, n);
        if (before.len && dns_name_is_under(before, between))
            break;
        if (!dns_zone_first(k->z, between))
            e = dns_sign_link_nsec3(k, between);
    }
    return e;
}

static enum err link_some(struct dns_sign_job *j, struct dns_sign_work *k)
{
    struct dns_name name;
    enum err e = OK;
    for (unsigned i = 0; !e && i < DNS_SIGN_SETS_MAX; i++) {
        if (!next_name(j, &name)) {
            j->at.len = 0;
            j->phase = DNS_SIGN_SETS;
            return OK;
        }
        if (!j->signer->policy.nsec3)
            e = dns_sign_link_nsec(k, dns_name_bytes(&name));
        else if ((e = dns_sign_link_nsec3(k, dns_name_bytes(&name))) == OK)
            e = link_between(k, dns_name_bytes(&name), dns_name_bytes(&j->at));
        j->at = name;
    }
    return e;
}

static enum err sign_some(struct dns_sign_job *j, struct dns_sign_work *k)
{
    struct dns_name name;
    enum err e = OK;
    for (unsigned i = 0; !e && i < DNS_SIGN_SETS_MAX; i++) {
        if (!next_name(j, &name)) {
            j->phase = j->signer->policy.nsec3 ? DNS_SIGN_DENIALS : DNS_SIGN_DONE;
            return OK;
        }
        e = dns_sign_name(k, dns_name_bytes(&name));
        if (!e)
            j->at = name;
    }
    return dns_sign_unless(e, ERR_AGAIN);
}

static enum err sign_denials(struct dns_sign_job *j, struct dns_sign_work *k)
{
    struct dns_name kept;
    struct bytes owner;
    bool exact;
    enum err e = OK;
    for (unsigned i = 0; !e && i < DNS_SIGN_SETS_MAX; i++) {
        const struct dns_set *s = dns_zone_nsec3(j->zone, j->hash, &owner, &exact);
        const uint8_t *next = dns_sign_nsec3_next(dns_set_first(s));
        bool last = memcmp(next, j->hash, sizeof j->hash) <= 0;
        dns_name_copy(&kept, owner);
        e = dns_sign_nsec3(k, dns_name_bytes(&kept));
        if (!e && last) {
            j->phase = DNS_SIGN_DONE;
            return OK;
        }
        if (!e)
            memcpy(j->hash, next, sizeof j->hash);
    }
    return dns_sign_unless(e, ERR_AGAIN);
}

static enum err step(struct dns_sign_job *j, struct dns_sign_work *k)
{
    switch (j->phase) {
    case DNS_SIGN_COPY:
        return copy_some(j);
    case DNS_SIGN_APEX:
        return fill_apex(j, k->now_s);
    case DNS_SIGN_CHAIN:
        return link_some(j, k);
    case DNS_SIGN_SETS:
        return sign_some(j, k);
    case DNS_SIGN_DENIALS:
        return sign_denials(j, k);
    case DNS_SIGN_DONE:
        break;
    }
    return OK;
}

enum err dns_sign_step(struct dns_sign_job *j, uint64_t now_s, unsigned n_signatures)
{
    struct dns_sign_work k = {.s = j->signer, .z = j->zone, .now_s = now_s, .n_left = n_signatures};
    enum err e = dns_sign_clock_is_set(now_s) ? step(j, &k) : ERR_INVALID;
    return e || j->phase == DNS_SIGN_DONE ? e : ERR_AGAIN;
}

void dns_sign_end(struct dns_sign_job *j)
{
    if (j->from.zone)
        dns_cursor_close(&j->from);
    dns_zone_release(j->zone);
    j->zone = NULL;
}
