/* SPDX-License-Identifier: ISC */
/* Chains of denials, kept link by link: RFC 4034 4, RFC 5155 7.1. A name that comes is put behind the one before it, one that goes
 * leaves its place to the next; what was written anew has no signature, and is noted. */
#include "proto/dns_sign_internal.h"

#include <jinn/must.h>

enum { NSEC3_FIXED_BYTES = 5, NSEC3_SHA1 = 1, WINDOW_BYTES = 32 };

/* As RFC 9077 has it. */
static uint32_t denial_ttl(const struct dns_zone *z)
{
    struct dns_soa soa;
    must(dns_zone_soa(z, &soa));
    return soa.ttl < soa.minimum_s ? soa.ttl : soa.minimum_s;
}

/* ---- Which types there are (RFC 4034 4.1.2): they come in order ---- */

struct bitmap {
    struct writer *w;
    int window; /* -1: none */
    unsigned len;
    uint8_t bits[WINDOW_BYTES];
};

static void flush(struct bitmap *b)
{
    if (b->window < 0)
        return;
    write_u8(b->w, (uint8_t)b->window);
    write_u8(b->w, (uint8_t)b->len);
    write_copy(b->w, b->bits, b->len);
    memset(b->bits, 0, sizeof b->bits);
    b->len = 0;
}

static void put_type(struct bitmap *b, uint16_t type)
{
    if (b->window != type >> 8)
        flush(b);
    b->window = type >> 8;
    b->len = (type & 255u) / 8 + 1;
    b->bits[(type & 255) / 8] |= (uint8_t)(0x80 >> type % 8);
}

/* RRSIG and NSEC as they will be, not as they are. */
static void write_types(const struct dns_zone *z, struct bytes name, bool with_nsec, struct writer *w)
{
    enum dns_sign_state state = dns_sign_state(z, name);
    struct bitmap b = {.w = w, .window = -1};
    bool is_signed = with_nsec || state == NAME_OURS || (state == NAME_CUT && dns_zone_find(z, name, DNS_DS));
    const struct dns_set *s = dns_zone_first(z, name);
    for (bool passed = false;; s = dns_set_next(s)) {
        if (!passed && (!s || s->type >= DNS_RRSIG)) {
            passed = true;
            if (is_signed)
                put_type(&b, DNS_RRSIG);
            if (with_nsec)
                put_type(&b, DNS_NSEC);
        }
        if (!s)
            break;
        bool shown = state == NAME_CUT ? s->type == DNS_NS || s->type == DNS_DS : s->type != DNS_RRSIG;
        if (shown && s->type != DNS_NSEC)
            put_type(&b, s->type);
    }
    flush(&b);
}

/* ---- Both kinds ---- */

/* The set becomes this one record. */
static enum err replace(struct dns_sign_work *k, struct bytes owner, uint16_t type, struct bytes rdata)
{
    const struct dns_set *s = dns_zone_find(k->z, owner, type);
    uint32_t ttl = denial_ttl(k->z);
    if (s && s->ttl == ttl && bytes_equal(dns_set_first(s), rdata))
        return OK;
    enum err e = s ? dns_zone_remove_set(k->z, owner, type) : OK;
    if (!e)
        e = dns_sign_unless(dns_zone_remove_signatures(k->z, owner, type), ERR_NOT_FOUND);
    if (!e)
        e = dns_zone_add(k->z, owner, type, ttl, rdata);
    return e ? e : dns_sign_note(k, owner, type);
}

static enum err drop(struct dns_sign_work *k, struct bytes owner, uint16_t type)
{
    enum err e = dns_zone_remove_set(k->z, owner, type);
    return e ? e : dns_sign_unless(dns_zone_remove_signatures(k->z, owner, type), ERR_NOT_FOUND);
}

/* ---- NSEC ---- */

static bool nsec_next(const struct dns_set *s, struct dns_name *next)
{
    struct reader r = reader_of(dns_set_first(s));
    struct bytes name = dns_name_take(&r);
    if (!reader_good(&r))
        return false;
    dns_name_copy(next, name);
    return true;
}

/* The nearest one before that is in the chain. False: the name is the origin, the first of all. */
static bool nsec_before(const struct dns_zone *z, struct bytes name, struct dns_name *before)
{
    for (struct bytes n = dns_zone_name_before(z, name); n.len; n = dns_zone_name_before(z, n)) {
        if (dns_zone_find(z, n, DNS_NSEC)) {
            dns_name_copy(before, n);
            return true;
        }
    }
    return false;
}

static enum err write_nsec(struct dns_sign_work *k, struct bytes name, struct bytes next)
{
    struct writer w = writer_of(k->s->room->denial, sizeof k->s->room->denial);
    write_bytes(&w, next);
    write_types(k->z, name, true, &w);
    must(writer_good(&w));
    return replace(k, name, DNS_NSEC, writer_bytes(&w));
}

/* Leaves the types as they are: the name's own turn may be to come. */
static enum err relink_nsec(struct dns_sign_work *k, struct bytes name, struct bytes next)
{
    struct writer w = writer_of(k->s->room->denial, sizeof k->s->room->denial);
    struct reader r = reader_of(dns_set_first(dns_zone_find(k->z, name, DNS_NSEC)));
    (void)dns_name_take(&r);
    write_bytes(&w, next);
    write_bytes(&w, read_rest(&r));
    must(writer_good(&w));
    return replace(k, name, DNS_NSEC, writer_bytes(&w));
}

static enum err enter_nsec(struct dns_sign_work *k, struct bytes name)
{
    struct dns_name before, next;
    if (!nsec_before(k->z, name, &before))
        return write_nsec(k, name, name);
    if (!nsec_next(dns_zone_find(k->z, dns_name_bytes(&before), DNS_NSEC), &next))
        return ERR_MALFORMED;
    enum err e = write_nsec(k, name, dns_name_bytes(&next));
    return e ? e : relink_nsec(k, dns_name_bytes(&before), name);
}

enum err dns_sign_link_nsec(struct dns_sign_work *k, struct bytes name)
{
    enum dns_sign_state state = dns_sign_state(k->z, name);
    const struct dns_set *have = dns_zone_find(k->z, name, DNS_NSEC);
    bool wanted = state == NAME_OURS || state == NAME_CUT;
    struct dns_name before, next;
    if (!have)
        return wanted ? enter_nsec(k, name) : OK;
    if (!nsec_next(have, &next))
        return ERR_MALFORMED;
    if (wanted)
        return write_nsec(k, name, dns_name_bytes(&next));
    enum err e = drop(k, name, DNS_NSEC);
    if (!e && nsec_before(k->z, name, &before))
        e = relink_nsec(k, dns_name_bytes(&before), dns_name_bytes(&next));
    return e;
}

/* ---- NSEC3 ---- */

const uint8_t *dns_sign_nsec3_next(struct bytes rdata)
{
    struct reader r = reader_of(rdata);
    read_skip(&r, NSEC3_FIXED_BYTES - 1);
    read_skip(&r, read_u8(&r));
    bool good = read_u8(&r) == DNS_NSEC3_HASH_BYTES;
    struct bytes next = read_bytes(&r, DNS_NSEC3_HASH_BYTES);
    return good && reader_good(&r) ? next.data : NULL;
}

static enum err write_nsec3(struct dns_sign_work *k, struct bytes name, struct bytes owner,
                            const uint8_t next[static DNS_NSEC3_HASH_BYTES])
{
    const struct dns_sign_policy *p = &k->s->policy;
    struct writer w = writer_of(k->s->room->denial, sizeof k->s->room->denial);
    write_u8(&w, NSEC3_SHA1);
    write_u8(&w, 0);
    write_be16(&w, p->iterations);
    write_u8(&w, p->salt_len);
    write_copy(&w, p->salt, p->salt_len);
    write_u8(&w, DNS_NSEC3_HASH_BYTES);
    write_copy(&w, next, DNS_NSEC3_HASH_BYTES);
    write_types(k->z, name, false, &w);
    must(writer_good(&w));
    return replace(k, owner, DNS_NSEC3, writer_bytes(&w));
}

static enum err relink_nsec3(struct dns_sign_work *k, const struct dns_set *s, struct bytes owner,
                             const uint8_t next[static DNS_NSEC3_HASH_BYTES])
{
    struct writer w = writer_of(k->s->room->denial, sizeof k->s->room->denial);
    struct bytes rdata = dns_set_first(s);
    struct dns_name kept;
    size_t at = (size_t)(dns_sign_nsec3_next(rdata) - rdata.data);
    dns_name_copy(&kept, owner); /* what was borrowed is gone when the set is */
    write_bytes(&w, bytes_slice(rdata, 0, at));
    write_copy(&w, next, DNS_NSEC3_HASH_BYTES);
    write_bytes(&w, bytes_slice(rdata, at + DNS_NSEC3_HASH_BYTES, rdata.len));
    must(writer_good(&w));
    return replace(k, dns_name_bytes(&kept), DNS_NSEC3, writer_bytes(&w));
}

static enum err enter_nsec3(struct dns_sign_work *k, struct bytes name, struct bytes owner,
                            const uint8_t hash[static DNS_NSEC3_HASH_BYTES])
{
    struct bytes before;
    bool exact;
    uint8_t next[DNS_NSEC3_HASH_BYTES];
    const struct dns_set *s = dns_zone_nsec3(k->z, hash, &before, &exact);
    const uint8_t *after = s ? dns_sign_nsec3_next(dns_set_first(s)) : hash;
    if (!after)
        return ERR_MALFORMED;
    memcpy(next, after, sizeof next);
    enum err e = s ? relink_nsec3(k, s, before, hash) : OK;
    return e ? e : write_nsec3(k, name, owner, next);
}

static enum err leave_nsec3(struct dns_sign_work *k, struct bytes owner, const struct dns_set *have,
                            const uint8_t hash[static DNS_NSEC3_HASH_BYTES])
{
    struct bytes before;
    bool exact;
    uint8_t next[DNS_NSEC3_HASH_BYTES];
    memcpy(next, dns_sign_nsec3_next(dns_set_first(have)), sizeof next);
    enum err e = drop(k, owner, DNS_NSEC3);
    const struct dns_set *s = e ? NULL : dns_zone_nsec3(k->z, hash, &before, &exact);
    return s ? relink_nsec3(k, s, before, next) : e;
}

enum err dns_sign_link_nsec3(struct dns_sign_work *k, struct bytes name)
{
    struct dns_nsec3_params p = {k->s->policy.iterations, bytes_of(k->s->policy.salt, k->s->policy.salt_len)};
    uint8_t hash[DNS_NSEC3_HASH_BYTES], next[DNS_NSEC3_HASH_BYTES];
    struct dns_name owner;
    bool wanted = dns_sign_state(k->z, name) != NAME_GONE;
    dns_nsec3_hash(name, &p, hash);
    if (!dns_nsec3_owner(&owner, hash, dns_zone_origin(k->z)))
        return ERR_TOO_LARGE; /* an origin that leaves no room for a hash; dns_signer_init has refused it */
    const struct dns_set *have = dns_zone_find(k->z, dns_name_bytes(&owner), DNS_NSEC3);
    if (!have)
        return wanted ? enter_nsec3(k, name, dns_name_bytes(&owner), hash) : OK;
    if (!dns_sign_nsec3_next(dns_set_first(have)))
        return ERR_MALFORMED;
    if (!wanted)
        return leave_nsec3(k, dns_name_bytes(&owner), have, hash);
    memcpy(next, dns_sign_nsec3_next(dns_set_first(have)), sizeof next);
    return write_nsec3(k, name, dns_name_bytes(&owner), next);
}
