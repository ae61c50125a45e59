/* SPDX-License-Identifier: ISC */
/* Signers with keys of tests, what they make of zones, and what must be so of each signed zone. */
#ifndef TEST_SUPPORT_DNS_SIGN_ZONE_H
#define TEST_SUPPORT_DNS_SIGN_ZONE_H

#include "proto/dns_sign.h"
#include "test/support/dns_sign_keys.h"
#include "test/support/dns_zone_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NOW_S UINT64_C(1800000000)
#define BOTH KSK_PUBLIC KSK_PRIVATE ZSK_PUBLIC ZSK_PRIVATE

static struct dns_sign_room room;
static const struct dns_sign_policy nsec = {
    .validity_s = DNS_SIGN_VALIDITY_S, .jitter_s = DNS_SIGN_JITTER_S, .refresh_s = DNS_SIGN_REFRESH_S};

static inline struct dns_sign_policy nsec3_policy(void)
{
    struct dns_sign_policy p = nsec;
    p.nsec3 = true;
    return p;
}

static inline struct dns_signer *signer_of(const char *zone, const char *text, const struct dns_sign_policy *p)
{
    static struct dns_signer s;
    struct dns_sign_keys keys;
    struct dns_name origin;
    unsigned line;
    name_of(&origin, zone);
    assert_null(dns_sign_keys_parse(bytes_str(text), &keys, &line));
    const char *why = dns_signer_init(&s, p, &keys, dns_name_bytes(&origin), &room, NOW_S);
    assert_null(why);
    dns_sign_keys_free(&keys);
    return &s;
}

static inline struct dns_zone *sign_whole(struct dns_signer *s, struct dns_zone *from, uint64_t now_s)
{
    struct dns_sign_job j;
    enum err e;
    assert_int_equal(dns_sign_begin(&j, s, from, TEST_SEED, 1 << 24), OK);
    for (uint64_t before = s->n_signatures; (e = dns_sign_step(&j, now_s, 3)) == ERR_AGAIN; before = s->n_signatures)
        assert_true(s->n_signatures - before <= 3);
    assert_int_equal(e, OK);
    struct dns_zone *z = j.zone;
    j.zone = NULL;
    dns_sign_end(&j);
    return z;
}

static inline struct dns_zone *signed_of(struct dns_signer *s, const char *origin, const char *text)
{
    struct dns_zone *plain = zone_of(origin, text), *z = sign_whole(s, plain, NOW_S);
    dns_zone_release(plain);
    return z;
}

/* ---- What must be so of a signed zone ---- */

static inline bool by_this_key(const struct dns_signer *s, size_t key, uint16_t type)
{
    bool of_keys = type == DNS_DNSKEY || type == DNS_CDS || type == DNS_CDNSKEY;
    return s->n_keys == 1 || s->use[key].entry == of_keys;
}

static inline size_t records_of(const struct dns_set *set, struct bytes *rdata)
{
    size_t n = 0;
    for (size_t at = 0; set && dns_set_record(set, &at, &rdata[n]);)
        n++;
    return n;
}

/* Each key that should has made one signature, and no other is there. */
static inline void check_set(const struct dns_signer *s, struct dns_zone *z, struct bytes name,
                             const struct dns_set *set, uint64_t now_s)
{
    struct bytes rdata[64], sig[8];
    struct dnssec_set records = {.owner = name, .type = set->type, .class_ = DNS_IN, .rdata = rdata};
    const struct dns_set *sigs = dns_zone_find_signatures(z, name, set->type);
    size_t n = 0;
    records.n = records_of(set, rdata);
    size_t n_sigs = records_of(sigs, sig);
    for (size_t i = 0; i < s->n_keys; i++) {
        if (!by_this_key(s, i, set->type))
            continue;
        assert_true(n < n_sigs);
        assert_int_equal(dnssec_verify(&records, sig[n++], dnssec_key_rdata(&s->key[i]), (uint32_t)now_s), OK);
    }
    assert_int_equal(n, n_sigs);
    assert_int_equal(sigs->ttl, set->ttl);
}

static inline bool is_ours(const struct dns_zone *z, struct bytes name, uint16_t type)
{
    if (type == DNS_NSEC3)
        return true;
    bool cut = !dns_name_equal(name, dns_zone_origin(z)) && dns_zone_find(z, name, DNS_NS);
    return !dns_zone_is_occluded(z, name) && (!cut || type == DNS_DS || type == DNS_NSEC);
}

static inline void check_signatures(const struct dns_signer *s, struct dns_zone *z, uint64_t now_s)
{
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        if (set->type == DNS_RRSIG)
            assert_non_null(dns_zone_find(z, name, set->covered));
        else if (is_ours(z, name, set->type))
            check_set(s, z, name, set, now_s);
        else
            assert_null(dns_zone_find_signatures(z, name, set->type));
    }
    dns_cursor_close(&c);
}

/* The records but signatures and the SOA, as text. */
static inline void write_zone(struct dns_zone *z, struct writer *w)
{
    struct dns_cursor c;
    struct bytes name, rdata;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
            if (set->type == DNS_RRSIG || set->type == DNS_SOA)
                continue;
            dns_name_write_text(w, name);
            write_format(w, " %u ", (unsigned)set->ttl);
            dns_type_write(w, set->type);
            write_u8(w, ' ');
            dns_rdata_write_text(w, set->type, rdata);
            write_u8(w, '\n');
        }
    }
    dns_cursor_close(&c);
    assert_true(writer_good(w));
    write_u8(w, 0);
}

static inline const char *text_of(struct dns_zone *z, int which)
{
    static char text[2][1 << 18];
    struct writer w = writer_of(text[which], sizeof text[which]);
    write_zone(z, &w);
    return text[which];
}

/* As it would be, had it been signed like this from the beginning. */
static inline void check_chain(struct dns_signer *s, struct dns_zone *z)
{
    struct dns_zone *again = sign_whole(s, z, NOW_S);
    assert_string_equal(text_of(z, 0), text_of(again, 1));
    dns_zone_release(again);
}

/* ---- A zone ---- */

#define CHILDREN                                                                                           \
    "a NS ns1.a\na NS ns2.a\na DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\nns1.a A 192.0.2.5\n" \
    "ns2.a A 192.0.2.6\n"

/* RFC 4035 A. */
static const char rfc4035[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n" CHILDREN
    "ai A 192.0.2.9\nai HINFO \"KLH-10\" \"ITS\"\nb NS ns1.b\nb NS ns2.b\nns1.b A 192.0.2.7\nns2.b A 192.0.2.8\n"
    "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\n";

#endif
