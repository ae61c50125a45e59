/* SPDX-License-Identifier: ISC */
/* What tests of the validator share: a tree of signed zones, what it serves, and what the validator says of it. */
#ifndef TEST_SUPPORT_DNS_VALIDATE_TREE_H
#define TEST_SUPPORT_DNS_VALIDATE_TREE_H

#include "proto/dns_validate.h"
#include "test/support/dns_signed.h"

#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NOW_NS = 1000000, N_TWINS = 8 };

/* . signs test., which signs (NSEC) secure.test., deep.a.secure.test. and delegates insecure.test. without a DS. */
static struct signed_zone root, test, secure, deep, hashed, other;
static struct signed_tree tree;
static size_t n_base;
static struct dns_cache *cache;
static struct dns_anchors anchors;
static struct dns_validator *validator;
static unsigned n_needs;
static uint64_t now_ns;
static struct dns_cached last;

static inline void build(void)
{
    signing_usual(&tree);
    signed_zone_init(&root, ".");
    signed_zone_init(&test, "test.");
    do { /* one of which twins with its tag can be made, below */
        signed_zone_init(&secure, "secure.test.");
    } while (secure.key.dnskey[10] < N_TWINS || secure.key.dnskey[12] > UINT8_MAX - N_TWINS);
    signed_zone_init(&deep, "deep.a.secure.test.");
    signed_zone_init(&hashed, "hashed.test.");
    signed_zone_init(&other, "other.test.");
    const struct signed_zone *const zones[] = {&root, &test, &secure, &deep, &hashed};
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        signed_dnskey(&tree, zones[i]);
    signed_ds(&tree, &root, &test, DNSSEC_SHA256);
    signed_ds(&tree, &test, &secure, DNSSEC_SHA256);
    signed_ds(&tree, &secure, &deep, DNSSEC_SHA384);
    signed_ds(&tree, &test, &hashed, DNSSEC_SHA256);
    signed_proof(&tree, &secure, signed_no(&tree, &secure, "a.secure.test.", DNS_DS, DNS_KIND_NODATA), "secure.test.",
                 DNS_NSEC, "deep.a.secure.test. NS SOA RRSIG NSEC DNSKEY");
    signed_proof(&tree, &test, signed_no(&tree, &test, "insecure.test.", DNS_DS, DNS_KIND_NODATA), "insecure.test.",
                 DNS_NSEC, "other.test. NS RRSIG NSEC");
    n_base = tree.n;
}

static inline int set_up(void **state)
{
    static const struct dns_cache_options o = {.bytes = 1 << 20, .entries = 256, .page_bytes = 65536, .seed = 3};
    char line[200], hex[80] = "";
    uint8_t ds[DNSSEC_DS_BYTES];
    unsigned n;
    if (!n_base)
        build();
    tree.n = n_base;
    signing_usual(&tree);
    now_ns = NOW_NS;
    n_needs = 0;
    struct writer w = writer_of(ds, sizeof ds), h = writer_of(hex, sizeof hex - 1);
    assert_true(dnssec_ds_make(dns_root(), dnssec_key_rdata(&root.key), DNSSEC_SHA256, &w));
    radix_write(&h, RADIX_HEX, bytes_slice(writer_bytes(&w), 4, w.at - w.start));
    snprintf(line, sizeof line, ". DS %u 13 2 %.64s\n", root.key.tag, hex);
    dns_anchors_init(&anchors);
    assert_null(dns_anchors_read(&anchors, bytes_str(line), &n));
    assert_int_equal(dns_cache_new(&o, &cache), OK);
    assert_int_equal(dns_validator_new(&(struct dns_validate_options){.cache = cache, .anchors = &anchors}, &validator),
                     OK);
    dns_validator_set_clock(validator, now_ns, SIGNED_NOW_S);
    return 0;
}

static inline int tear_down(void **state)
{
    dns_validator_free(validator);
    dns_cache_free(cache);
    return 0;
}

/* ---- The world: what is asked for is served from the tree, the item that was added last first ---- */

static inline const struct signed_item *serve(struct bytes name, uint16_t type)
{
    for (size_t i = tree.n; i--;) {
        const struct signed_item *t = &tree.item[i];
        if (dns_name_equal(dns_name_bytes(&t->name), name) && (t->c.type == type || t->c.type == 0))
            return t;
    }
    return NULL;
}

static inline bool fetch(struct bytes name, uint16_t type)
{
    const struct signed_item *i = serve(name, type);
    if (!i)
        return false;
    struct dns_cached c = i->c;
    c.name = dns_name_bytes(&i->name);
    enum err e = dns_cache_store(cache, now_ns, &c);
    return e == OK || e == ERR_IN_USE;
}

/* NEEDS: something that nobody has; `last` is what the cache says afterwards. */
static inline enum dns_verdict verdict_of(const char *text, uint16_t type)
{
    struct dns_name name = signed_name(text), wanted;
    uint16_t wanted_type;
    if (!dns_cache_find(cache, now_ns, dns_name_bytes(&name), type, &last))
        assert_true(fetch(dns_name_bytes(&name), type));
    for (int i = 0; i < 40; i++) {
        assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), type, &last));
        enum dns_verdict v = dns_validate(validator, now_ns, &last, &wanted, &wanted_type);
        if (v != DNS_VERDICT_NEEDS) {
            assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), type, &last));
            assert_int_equal(last.verdict, v);
            return v;
        }
        n_needs++;
        if (!fetch(dns_name_bytes(&wanted), wanted_type))
            return v;
    }
    fail_msg("it never has enough");
    return DNS_VERDICT_NEEDS;
}

static inline void assert_bogus(const char *name, uint16_t type, uint8_t reason)
{
    assert_int_equal(verdict_of(name, type), DNS_VERDICT_BOGUS);
    assert_int_equal(last.reason, reason);
    assert_true(last.ttl_s <= DNS_VALIDATE_BOGUS_S);
}

/* ---- Denials of secure.test. ---- */

#define APEX "NS SOA RRSIG NSEC DNSKEY"

static inline struct signed_item *nxdomain(const char *name)
{
    return signed_no(&tree, &secure, name, 0, DNS_KIND_NXDOMAIN);
}

static inline struct signed_item *nodata(const char *name, uint16_t type)
{
    return signed_no(&tree, &secure, name, type, DNS_KIND_NODATA);
}

static inline void nsec(struct signed_item *i, const char *owner, const char *text)
{
    signed_proof(&tree, &secure, i, owner, DNS_NSEC, text);
}

/* The name is asked about on the way down once nothing else explains it. */
static inline void no_cut_at(const char *name, const char *owner, const char *text)
{
    nsec(nodata(name, DNS_DS), owner, text);
}

#endif
