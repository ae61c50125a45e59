/* SPDX-License-Identifier: ISC */
/* Signed sets and noes in the form of the resolver's cache, made on the spot: a tree of zones for tests of validators. */
#ifndef TEST_DNS_SIGNED_H
#define TEST_DNS_SIGNED_H

#include "base/radix.h"
#include "proto/dns_cache.h"
#include "proto/dnssec.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { SIGNED_NOW_S = 1800000000, SIGNED_ITEMS = 96, SIGNED_BYTES = 6000, SIGNED_TTL_S = 3600 };

struct signed_zone {
    struct dns_name name;
    struct dnssec_key key;
};

/* How the next ones are signed. */
struct signing {
    uint32_t inception, expiration, ttl_s;
    bool none;                    /* not at all */
    const struct dnssec_key *key; /* instead of the zone's */
    const struct signed_zone *as; /* the signer's name instead of the zone's */
    const char *wild;             /* signed as this wildcard's */
    unsigned copies;              /* so many signatures more that are wrong, before the right one */
};

struct signed_item {
    struct dns_name name;
    struct dns_cached c;
    uint8_t data[SIGNED_BYTES];
};

struct signed_tree {
    struct signed_item item[SIGNED_ITEMS];
    size_t n;
    struct signing how;
};

static inline void signing_usual(struct signed_tree *t)
{
    t->how = (struct signing){SIGNED_NOW_S - 3600, SIGNED_NOW_S + 86400, SIGNED_TTL_S, false, NULL, NULL, NULL, 0};
}

static inline struct dns_name signed_name(const char *text)
{
    struct dns_name n;
    must(dns_name_parse(bytes_str(text), dns_root(), &n) == NULL);
    return n;
}

static inline void signed_zone_init(struct signed_zone *z, const char *name)
{
    z->name = signed_name(name);
    must(dnssec_key_generate(DNSSEC_ECDSAP256SHA256, DNSSEC_KEY_ZONE | DNSSEC_KEY_ENTRY, &z->key) == OK);
}

static inline struct bytes signed_rdata(uint16_t type, const char *text, uint8_t *room, size_t len)
{
    struct dns_word word[32];
    struct writer w = writer_of(room, len);
    size_t n = 0;
    for (struct bytes left = bytes_str(text), part; left.len; left = bytes_slice(left, part.len + 1, left.len)) {
        part = bytes_slice(left, 0, bytes_find(left, ' '));
        must(n < ARRAY_LEN(word));
        word[n++] = (struct dns_word){.text = part};
    }
    must(dns_rdata_parse(type, word, n, dns_root(), &w) == NULL && writer_good(&w));
    return writer_bytes(&w);
}

static inline void signed_write(struct writer *w, struct bytes rdata)
{
    write_be16(w, (uint16_t)rdata.len);
    write_bytes(w, rdata);
}

/* The signature of a set as the tree says just now; `out` holds it. */
static inline struct bytes signed_rrsig(const struct signed_tree *t, const struct signed_zone *z,
                                        const struct dnssec_set *set, uint8_t *out, size_t len)
{
    struct writer w = writer_of(out, len);
    struct dns_name wild;
    struct dnssec_set as = *set;
    const struct dnssec_key *key = t->how.key ? t->how.key : &z->key;
    if (t->how.wild) {
        wild = signed_name(t->how.wild);
        as.owner = dns_name_bytes(&wild);
    }
    const struct dns_name *signer = t->how.as ? &t->how.as->name : &z->name;
    must(dnssec_sign(&as, t->how.ttl_s, key, dns_name_bytes(signer), t->how.inception, t->how.expiration, &w) == OK);
    return writer_bytes(&w);
}

static inline struct signed_item *signed_new(struct signed_tree *t, const char *owner, uint16_t type,
                                             enum dns_kind kind)
{
    must(t->n < SIGNED_ITEMS);
    struct signed_item *i = &t->item[t->n++];
    *i = (struct signed_item){.name = signed_name(owner)};
    i->c = (struct dns_cached){.type = type, .kind = (uint8_t)kind, .trust = DNS_TRUST_FINAL, .ttl_s = SIGNED_TTL_S};
    return i;
}

/* Signatures of a set that is written, wrong ones first. */
static inline unsigned signed_by(const struct signed_tree *t, const struct signed_zone *z, const struct dnssec_set *set,
                                 struct bytes *rrsig, uint8_t (*room)[DNSSEC_RRSIG_BYTES])
{
    unsigned n = 0;
    if (t->how.none)
        return 0;
    for (; n <= t->how.copies; n++) {
        rrsig[n] = signed_rrsig(t, z, set, room[n], DNSSEC_RRSIG_BYTES);
        if (n < t->how.copies)
            room[n][rrsig[n].len - 1] ^= (uint8_t)(n + 1);
    }
    return n;
}

enum { SIGNED_COPIES = 16 };

/* A set of binary records, signed. */
static inline struct signed_item *signed_raw(struct signed_tree *t, const struct signed_zone *z, const char *owner,
                                             uint16_t type, struct bytes *rdata, size_t n)
{
    static uint8_t room[SIGNED_COPIES][DNSSEC_RRSIG_BYTES];
    struct bytes rrsig[SIGNED_COPIES];
    struct signed_item *i = signed_new(t, owner, type, DNS_KIND_SET);
    const struct dnssec_set set = {dns_name_bytes(&i->name), type, DNS_IN, rdata, n};
    struct writer w = writer_of(i->data, sizeof i->data);
    for (size_t k = 0; k < n; k++)
        signed_write(&w, rdata[k]);
    i->c.n_records = (uint16_t)n;
    i->c.n_signatures = (uint16_t)signed_by(t, z, &set, rrsig, room);
    for (unsigned k = 0; k < i->c.n_signatures; k++)
        signed_write(&w, rrsig[k]);
    must(writer_good(&w));
    i->c.data = writer_bytes(&w);
    return i;
}

static inline struct signed_item *signed_set(struct signed_tree *t, const struct signed_zone *z, const char *owner,
                                             uint16_t type, const char *text)
{
    uint8_t room[600];
    struct bytes rdata = signed_rdata(type, text, room, sizeof room);
    return signed_raw(t, z, owner, type, &rdata, 1);
}

/* A further proof: what is to be proven was added by signed_no, or is a set that a wildcard made. */
static inline void signed_proof(struct signed_tree *t, const struct signed_zone *z, struct signed_item *i,
                                const char *owner, uint16_t type, const char *text)
{
    static uint8_t room[SIGNED_COPIES][DNSSEC_RRSIG_BYTES];
    uint8_t own[600];
    struct dns_name name = signed_name(owner);
    struct bytes rdata = signed_rdata(type, text, own, sizeof own), rrsig[SIGNED_COPIES];
    const struct dnssec_set set = {dns_name_bytes(&name), type, DNS_IN, &rdata, 1};
    struct writer w = writer_of(i->data, sizeof i->data);
    w.at += i->c.data.len;
    if (type != DNS_SOA) {
        write_be16(&w, (uint16_t)(name.len + 2 + rdata.len));
        write_bytes(&w, dns_name_bytes(&name));
        write_be16(&w, type);
        write_bytes(&w, rdata);
        i->c.n_proofs++;
    }
    unsigned n = signed_by(t, z, &set, rrsig, room);
    for (unsigned k = 0; k < n; k++) {
        write_be16(&w, (uint16_t)(name.len + 2 + rrsig[k].len));
        write_bytes(&w, dns_name_bytes(&name));
        write_be16(&w, DNS_RRSIG);
        write_bytes(&w, rrsig[k]);
        i->c.n_proofs++;
    }
    must(writer_good(&w));
    i->c.data = writer_bytes(&w);
}

#define SIGNED_SOA "ns.test. admin.test. 1 3600 900 86400 300"

/* A no with the zone's SOA, signed. */
static inline struct signed_item *signed_no(struct signed_tree *t, const struct signed_zone *z, const char *name,
                                            uint16_t type, enum dns_kind kind)
{
    char zone[DNS_NAME_TEXT_BYTES];
    uint8_t room[600];
    struct signed_item *i = signed_new(t, name, kind == DNS_KIND_NXDOMAIN ? 0 : type, kind);
    struct bytes soa = signed_rdata(DNS_SOA, SIGNED_SOA, room, sizeof room);
    struct writer w = writer_of(i->data, sizeof i->data);
    write_be16(&w, (uint16_t)(z->name.len + soa.len));
    write_bytes(&w, dns_name_bytes(&z->name));
    write_bytes(&w, soa);
    i->c.n_records = 1;
    i->c.data = writer_bytes(&w);
    signed_proof(t, z, i, dns_name_text(dns_name_bytes(&z->name), zone), DNS_SOA, SIGNED_SOA);
    return i;
}

/* The zone's own key, signed by itself; the zone above says so. */
static inline struct signed_item *signed_dnskey(struct signed_tree *t, const struct signed_zone *z)
{
    char text[DNS_NAME_TEXT_BYTES];
    struct bytes rdata = dnssec_key_rdata(&z->key);
    return signed_raw(t, z, dns_name_text(dns_name_bytes(&z->name), text), DNS_DNSKEY, &rdata, 1);
}

static inline struct signed_item *signed_ds(struct signed_tree *t, const struct signed_zone *above,
                                            const struct signed_zone *z, uint8_t digest)
{
    char text[DNS_NAME_TEXT_BYTES];
    uint8_t room[DNSSEC_DS_BYTES];
    struct writer w = writer_of(room, sizeof room);
    must(dnssec_ds_make(dns_name_bytes(&z->name), dnssec_key_rdata(&z->key), digest, &w));
    struct bytes rdata = writer_bytes(&w);
    return signed_raw(t, above, dns_name_text(dns_name_bytes(&z->name), text), DNS_DS, &rdata, 1);
}

/* ---- NSEC3 ---- */

/* The hash of a name, moved by so much, as text. */
static inline void signed_hash(const char *name, const char *salt_hex, unsigned iterations, int by, char out[33])
{
    uint8_t hash[DNSSEC_NSEC3_BYTES], salt[8];
    struct dns_name n = signed_name(name);
    struct writer s = writer_of(salt, sizeof salt), w = writer_of(out, 32);
    struct radix_reader radix = radix_reader(RADIX_HEX);
    must(salt_hex[0] == '-' || radix_read(&radix, bytes_str(salt_hex), &s));
    dnssec_nsec3_hash(dns_name_bytes(&n), writer_bytes(&s), iterations, hash);
    hash[DNSSEC_NSEC3_BYTES - 1] = (uint8_t)(hash[DNSSEC_NSEC3_BYTES - 1] + by);
    if (by < 0 && hash[DNSSEC_NSEC3_BYTES - 1] == 255)
        hash[DNSSEC_NSEC3_BYTES - 2]--;
    if (by > 0 && hash[DNSSEC_NSEC3_BYTES - 1] == 0)
        hash[DNSSEC_NSEC3_BYTES - 2]++;
    radix_write(&w, RADIX_BASE32HEX, bytes_of(hash, sizeof hash));
    out[32] = 0;
}

#endif
