/* SPDX-License-Identifier: ISC */
/* The validator: secure, insecure, and bogus in every way that a signed tree can be broken. */
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

static void build(void)
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

static int set_up(void **state)
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

static int tear_down(void **state)
{
    dns_validator_free(validator);
    dns_cache_free(cache);
    return 0;
}

/* ---- The world: what is asked for is served from the tree, the item that was added last first ---- */

static const struct signed_item *serve(struct bytes name, uint16_t type)
{
    for (size_t i = tree.n; i--;) {
        const struct signed_item *t = &tree.item[i];
        if (dns_name_equal(dns_name_bytes(&t->name), name) && (t->c.type == type || t->c.type == 0))
            return t;
    }
    return NULL;
}

static bool fetch(struct bytes name, uint16_t type)
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
static enum dns_verdict verdict_of(const char *text, uint16_t type)
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

static void assert_bogus(const char *name, uint16_t type, uint8_t reason)
{
    assert_int_equal(verdict_of(name, type), DNS_VERDICT_BOGUS);
    assert_int_equal(last.reason, reason);
    assert_true(last.ttl_s <= DNS_VALIDATE_BOGUS_S);
}

static void no_cut_at(const char *name, const char *owner, const char *text);

/* ---- Sets ---- */

static void a_chain_from_the_anchor_makes_a_set_secure(void **state)
{
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    /* One after the other, the uppermost first; the name itself is not asked about, because the set is signed. */
    assert_int_equal(n_needs, 5);
    unsigned checks = (unsigned)dns_validate_counters(validator).checks;
    assert_int_equal(checks, 6);
    /* What was found out is kept: the next one costs one signature. */
    signed_set(&tree, &secure, "ftp.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("ftp.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    assert_int_equal(n_needs, 5);
    assert_int_equal(dns_validate_counters(validator).checks, checks + 1);
    assert_int_equal(dns_validate_counters(validator).secure, 2);
}

static void keys_digests_and_the_apex_are_sets_too(void **state)
{
    signed_set(&tree, &secure, "secure.test.", DNS_MX, "10 mail.secure.test.");
    assert_int_equal(verdict_of("secure.test.", DNS_MX), DNS_VERDICT_SECURE);
    assert_int_equal(verdict_of("secure.test.", DNS_DNSKEY), DNS_VERDICT_SECURE);
    assert_int_equal(verdict_of("secure.test.", DNS_DS), DNS_VERDICT_SECURE);
    assert_int_equal(verdict_of(".", DNS_DNSKEY), DNS_VERDICT_SECURE);
    assert_int_equal(verdict_of("insecure.test.", DNS_DS), DNS_VERDICT_SECURE);
}

static void names_without_a_cut_are_passed_through(void **state)
{
    signed_set(&tree, &deep, "www.deep.a.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.deep.a.secure.test.", DNS_A), DNS_VERDICT_SECURE);
}

static void below_an_unsigned_delegation_all_is_insecure(void **state)
{
    tree.how.none = true;
    signed_set(&tree, &other, "www.insecure.test.", DNS_A, "192.0.2.1");
    signed_no(&tree, &other, "no.insecure.test.", DNS_A, DNS_KIND_NXDOMAIN);
    assert_int_equal(verdict_of("www.insecure.test.", DNS_A), DNS_VERDICT_INSECURE);
    assert_int_equal(verdict_of("no.insecure.test.", DNS_A), DNS_VERDICT_INSECURE);
}

static void without_an_anchor_nothing_is_checked(void **state)
{
    dns_anchors_init(&anchors);
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_INSECURE);
    assert_int_equal(n_needs, 0);
}

static void times_of_signatures_are_kept(void **state)
{
    tree.how.expiration = SIGNED_NOW_S - 1;
    signed_set(&tree, &secure, "old.secure.test.", DNS_A, "192.0.2.1");
    signing_usual(&tree);
    no_cut_at("old.secure.test.", "old.secure.test.", "secure.test. A RRSIG NSEC");
    no_cut_at("new.secure.test.", "new.secure.test.", "secure.test. A RRSIG NSEC");
    assert_bogus("old.secure.test.", DNS_A, DNS_EDE_EXPIRED);
    signing_usual(&tree);
    tree.how.inception = SIGNED_NOW_S + 1;
    signed_set(&tree, &secure, "new.secure.test.", DNS_A, "192.0.2.1");
    assert_bogus("new.secure.test.", DNS_A, DNS_EDE_TOO_EARLY);
    /* The last second counts, and a set lives no longer than its signature, nor than was signed. */
    signing_usual(&tree);
    tree.how.expiration = SIGNED_NOW_S + 7;
    signed_set(&tree, &secure, "short.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("short.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    assert_int_equal(last.ttl_s, 7);
    signing_usual(&tree);
    tree.how.ttl_s = 60;
    signed_set(&tree, &secure, "brief.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("brief.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    assert_int_equal(last.ttl_s, 60);
}

static void without_a_clock_nothing_signed_is_valid(void **state)
{
    dns_validator_set_clock(validator, 0, 0);
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_TOO_EARLY);
}

static void stripped_signatures_are_missed(void **state)
{
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    signing_usual(&tree);
    signed_proof(&tree, &secure, signed_no(&tree, &secure, "www.secure.test.", DNS_DS, DNS_KIND_NODATA),
                 "www.secure.test.", DNS_NSEC, "secure.test. A RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_RRSIG);
}

static void another_key_or_other_data_is_bogus(void **state)
{
    tree.how.key = &other.key;
    signed_set(&tree, &secure, "key.secure.test.", DNS_A, "192.0.2.1");
    signing_usual(&tree);
    struct signed_item *i = signed_set(&tree, &secure, "data.secure.test.", DNS_A, "192.0.2.1");
    i->data[2] ^= 1;
    for (int n = 0; n < 2; n++)
        signed_proof(&tree, &secure,
                     signed_no(&tree, &secure, n ? "key.secure.test." : "data.secure.test.", DNS_DS, DNS_KIND_NODATA),
                     n ? "key.secure.test." : "data.secure.test.", DNS_NSEC, "secure.test. A RRSIG NSEC");
    assert_bogus("key.secure.test.", DNS_A, DNS_EDE_NO_DNSKEY);
    assert_bogus("data.secure.test.", DNS_A, DNS_EDE_BOGUS);
}

/* A zone signs what is its own; not its neighbour's, whose key is good as well. */
static void another_zone_can_not_sign_for_it(void **state)
{
    tree.how.as = &hashed;
    tree.how.key = &hashed.key;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    signing_usual(&tree);
    signed_proof(&tree, &secure, signed_no(&tree, &secure, "www.secure.test.", DNS_DS, DNS_KIND_NODATA),
                 "www.secure.test.", DNS_NSEC, "secure.test. A RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_RRSIG);
}

static void a_lower_zone_can_not_sign_for_the_upper(void **state)
{
    tree.how.as = &deep;
    tree.how.key = &deep.key;
    signed_set(&tree, &deep, "a.secure.test.", DNS_A, "192.0.2.66");
    assert_int_equal(verdict_of("a.secure.test.", DNS_A), DNS_VERDICT_BOGUS);
}

/* ---- Delegations ---- */

static void keys_that_the_zone_above_does_not_name_are_bogus(void **state)
{
    tree.how.key = &other.key;
    struct bytes rdata = dnssec_key_rdata(&other.key);
    signed_raw(&tree, &secure, "secure.test.", DNS_DNSKEY, &rdata, 1);
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_DNSKEY);
}

/* Both keys are in the set, but only the stranger's signed it. */
static void a_named_key_has_to_sign_the_keys(void **state)
{
    struct bytes rdata[2] = {dnssec_key_rdata(&secure.key), dnssec_key_rdata(&other.key)};
    tree.how.key = &other.key;
    signed_raw(&tree, &secure, "secure.test.", DNS_DNSKEY, rdata, 2);
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_BOGUS);
}

static void a_removed_ds_is_missed(void **state)
{
    tree.how.none = true;
    signed_no(&tree, &test, "secure.test.", DNS_DS, DNS_KIND_NODATA);
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

/* The lower zone's own record has no DS bit either, of course: but it is not the one who knows. */
static void the_lower_zone_can_not_deny_its_ds(void **state)
{
    signed_proof(&tree, &secure, signed_no(&tree, &secure, "secure.test.", DNS_DS, DNS_KIND_NODATA), "secure.test.",
                 DNS_NSEC, "www.secure.test. NS SOA RRSIG NSEC DNSKEY");
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
    assert_int_equal(verdict_of("secure.test.", DNS_DS), DNS_VERDICT_BOGUS);
}

/* Neither does the record of another name. */
static void a_forged_denial_of_a_ds_is_bogus(void **state)
{
    signed_proof(&tree, &test, signed_no(&tree, &test, "secure.test.", DNS_DS, DNS_KIND_NODATA), "insecure.test.",
                 DNS_NSEC, "other.test. NS RRSIG NSEC");
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

/* A true no beside which somebody put an unsigned record that the name is a cut. */
static void unsigned_proofs_are_worth_nothing(void **state)
{
    struct signed_item *i = signed_no(&tree, &secure, "www.secure.test.", DNS_DS, DNS_KIND_NODATA);
    tree.how.none = true;
    signed_proof(&tree, &secure, i, "www.secure.test.", DNS_NSEC, "secure.test. NS RRSIG NSEC");
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.66");
    signing_usual(&tree);
    signed_proof(&tree, &secure, i, "secure.test.", DNS_NSEC, "zzz.www.secure.test. NS SOA RRSIG NSEC DNSKEY");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_RRSIG);
}

static void what_can_not_be_checked_is_insecure(void **state)
{
    signed_set(&tree, &test, "secure.test.", DNS_DS,
               "1234 250 2 0000000000000000000000000000000000000000000000000000000000000000");
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_INSECURE);
}

static void an_unknown_digest_is_insecure_too(void **state)
{
    signed_set(&tree, &test, "secure.test.", DNS_DS,
               "1234 13 9 0000000000000000000000000000000000000000000000000000000000000000");
    tree.how.none = true;
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_INSECURE);
}

/* A digest of SHA-1 is good for want of a better one only. */
static void sha1_counts_only_alone(void **state)
{
    uint8_t one[DNSSEC_DS_BYTES], two[DNSSEC_DS_BYTES];
    struct writer a = writer_of(one, sizeof one), b = writer_of(two, sizeof two);
    struct bytes name = dns_name_bytes(&secure.name);
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    signed_ds(&tree, &test, &secure, DNSSEC_SHA1);
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    dns_cache_flush(cache);
    assert_true(dnssec_ds_make(name, dnssec_key_rdata(&secure.key), DNSSEC_SHA1, &a));
    assert_true(dnssec_ds_make(name, dnssec_key_rdata(&other.key), DNSSEC_SHA256, &b));
    struct bytes rdata[2] = {writer_bytes(&a), writer_bytes(&b)};
    signed_raw(&tree, &test, "secure.test.", DNS_DS, rdata, 2);
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_DNSKEY);
}

static void a_referral_that_proves_nothing_is_asked_about(void **state)
{
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    struct dns_cached no = {.name = dns_name_bytes(&secure.name),
                            .type = DNS_DS,
                            .kind = DNS_KIND_NODATA,
                            .trust = DNS_TRUST_REFERRAL,
                            .ttl_s = 100};
    assert_int_equal(dns_cache_store(cache, now_ns, &no), OK);
    assert_int_equal(verdict_of("www.secure.test.", DNS_A), DNS_VERDICT_SECURE);
}

/* ---- Denials: NSEC ---- */

#define APEX "NS SOA RRSIG NSEC DNSKEY"

static struct signed_item *nxdomain(const char *name)
{
    return signed_no(&tree, &secure, name, 0, DNS_KIND_NXDOMAIN);
}

static struct signed_item *nodata(const char *name, uint16_t type)
{
    return signed_no(&tree, &secure, name, type, DNS_KIND_NODATA);
}

static void nsec(struct signed_item *i, const char *owner, const char *text)
{
    signed_proof(&tree, &secure, i, owner, DNS_NSEC, text);
}

/* The name is asked about on the way down once nothing else explains it. */
static void no_cut_at(const char *name, const char *owner, const char *text)
{
    nsec(nodata(name, DNS_DS), owner, text);
}

static void a_name_is_denied_with_its_wildcard(void **state)
{
    struct signed_item *i = nxdomain("no.secure.test.");
    nsec(i, "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "mail.secure.test. " APEX);
    assert_int_equal(verdict_of("no.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    i = nxdomain("nope.secure.test.");
    nsec(i, "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    no_cut_at("nope.secure.test.", "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    assert_bogus("nope.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

static void denials_of_other_names_deny_nothing(void **state)
{
    struct signed_item *i = nxdomain("zebra.secure.test.");
    nsec(i, "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "mail.secure.test. " APEX);
    assert_int_equal(verdict_of("zebra.secure.test.", DNS_A), DNS_VERDICT_BOGUS);
    /* It is there: the record of the name itself says so. */
    i = nxdomain("www.secure.test.");
    nsec(i, "www.secure.test.", "secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "mail.secure.test. " APEX);
    assert_int_equal(verdict_of("www.secure.test.", DNS_AAAA), DNS_VERDICT_BOGUS);
    /* So it is when something is below it. */
    i = nxdomain("b.secure.test.");
    nsec(i, "a.secure.test.", "c.b.secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "a.secure.test. " APEX);
    assert_int_equal(verdict_of("b.secure.test.", DNS_A), DNS_VERDICT_BOGUS);
}

static void denials_by_another_key_or_out_of_time_deny_nothing(void **state)
{
    struct signed_item *i = nxdomain("no.secure.test.");
    tree.how.expiration = SIGNED_NOW_S - 5;
    nsec(i, "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "mail.secure.test. " APEX);
    signing_usual(&tree);
    assert_bogus("no.secure.test.", DNS_A, DNS_EDE_EXPIRED);
    i = nxdomain("no2.secure.test.");
    tree.how.key = &other.key;
    nsec(i, "mail.secure.test.", "www.secure.test. A RRSIG NSEC");
    nsec(i, "secure.test.", "mail.secure.test. " APEX);
    assert_bogus("no2.secure.test.", DNS_A, DNS_EDE_NO_DNSKEY);
}

static void a_type_is_denied_by_the_record_of_the_name(void **state)
{
    nsec(nodata("www.secure.test.", DNS_AAAA), "www.secure.test.", "secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("www.secure.test.", DNS_AAAA), DNS_VERDICT_SECURE);
    no_cut_at("www.secure.test.", "www.secure.test.", "secure.test. A RRSIG NSEC");
    nsec(nodata("www.secure.test.", DNS_A), "www.secure.test.", "secure.test. A RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
    nsec(nodata("www.secure.test.", DNS_MX), "www.secure.test.", "secure.test. CNAME RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_MX, DNS_EDE_NO_NSEC);
    /* The upper zone's record of a cut knows of DS only. */
    nsec(nodata("www.secure.test.", DNS_TXT), "www.secure.test.", "secure.test. NS RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_TXT, DNS_EDE_NO_NSEC);
    /* An empty name has no types at all. */
    nsec(nodata("b.secure.test.", DNS_A), "a.secure.test.", "c.b.secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("b.secure.test.", DNS_A), DNS_VERDICT_SECURE);
}

static void a_type_of_a_wildcard_is_denied_by_its_record(void **state)
{
    struct signed_item *i = nodata("x.wild.secure.test.", DNS_AAAA);
    nsec(i, "*.wild.secure.test.", "www.secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("x.wild.secure.test.", DNS_AAAA), DNS_VERDICT_SECURE);
    /* That is no answer for a type that it has; nor is it when a closer one may be there. */
    i = nodata("y.wild.secure.test.", DNS_A);
    nsec(i, "*.wild.secure.test.", "www.secure.test. A RRSIG NSEC");
    no_cut_at("wild.secure.test.", "secure.test.", "*.wild.secure.test. " APEX);
    no_cut_at("y.wild.secure.test.", "*.wild.secure.test.", "www.secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("y.wild.secure.test.", DNS_A), DNS_VERDICT_BOGUS);
}

static void nothing_is_denied_below_a_cut(void **state)
{
    struct signed_item *i = nxdomain("host.cut.secure.test.");
    nsec(i, "cut.secure.test.", "www.secure.test. NS DS RRSIG NSEC");
    nsec(i, "secure.test.", "cut.secure.test. " APEX);
    no_cut_at("cut.secure.test.", "secure.test.", "z.cut.secure.test. " APEX);
    assert_bogus("host.cut.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

static void a_no_without_a_proof_is_bogus(void **state)
{
    nodata("www.secure.test.", DNS_AAAA);
    no_cut_at("www.secure.test.", "www.secure.test.", "secure.test. A RRSIG NSEC");
    assert_bogus("www.secure.test.", DNS_AAAA, DNS_EDE_NO_NSEC);
    /* The SOA says how long; so it has to be signed as well. */
    struct signed_item *i = nodata("www.secure.test.", DNS_TXT);
    i->data[2 + secure.name.len + 30] ^= 1;
    nsec(i, "www.secure.test.", "secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("www.secure.test.", DNS_TXT), DNS_VERDICT_BOGUS);
}

/* ---- Wildcards ---- */

static struct signed_item *made_by_wildcard(const char *name, const char *wildcard)
{
    tree.how.wild = wildcard;
    struct signed_item *i = signed_set(&tree, &secure, name, DNS_A, "192.0.2.7");
    tree.how.wild = NULL;
    return i;
}

static void what_a_wildcard_made_needs_a_proof(void **state)
{
    struct signed_item *i = made_by_wildcard("x.wild.secure.test.", "*.wild.secure.test.");
    nsec(i, "*.wild.secure.test.", "www.secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("x.wild.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    made_by_wildcard("y.wild.secure.test.", "*.wild.secure.test.");
    no_cut_at("wild.secure.test.", "secure.test.", "*.wild.secure.test. " APEX);
    no_cut_at("y.wild.secure.test.", "*.wild.secure.test.", "www.secure.test. A RRSIG NSEC");
    assert_bogus("y.wild.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

/* An answer for one name is replayed for another one, which is there. */
static void a_wildcard_can_not_be_replayed_over_a_name(void **state)
{
    struct signed_item *i = made_by_wildcard("mail.secure.test.", "*.secure.test.");
    nsec(i, "mail.secure.test.", "www.secure.test. MX RRSIG NSEC");
    no_cut_at("mail.secure.test.", "mail.secure.test.", "www.secure.test. MX RRSIG NSEC");
    assert_bogus("mail.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
    /* Nor may it reach over an encloser that is there: *.secure.test. makes nothing below b.secure.test. */
    i = made_by_wildcard("x.b.secure.test.", "*.secure.test.");
    nsec(i, "b.secure.test.", "mail.secure.test. TXT RRSIG NSEC");
    no_cut_at("b.secure.test.", "b.secure.test.", "mail.secure.test. TXT RRSIG NSEC");
    no_cut_at("x.b.secure.test.", "b.secure.test.", "mail.secure.test. TXT RRSIG NSEC");
    assert_bogus("x.b.secure.test.", DNS_A, DNS_EDE_NO_NSEC);
}

static void the_wildcard_itself_is_a_name_as_any(void **state)
{
    signed_set(&tree, &secure, "*.wild.secure.test.", DNS_A, "192.0.2.7");
    assert_int_equal(verdict_of("*.wild.secure.test.", DNS_A), DNS_VERDICT_SECURE);
}

/* ---- Aliases ---- */

static void an_alias_is_as_good_as_its_dname(void **state)
{
    static const char *const names[] = {"x.old.secure.test.", "y.old.secure.test.", "z.old.secure.test."};
    for (size_t n = 0; n < ARRAY_LEN(names); n++) {
        tree.how.none = true; /* the second leads where the DNAME doesn't, the third's DNAME is not signed */
        struct signed_item *i = signed_set(&tree, &secure, names[n], DNS_CNAME,
                                           n == 1 ? "evil.test."
                                           : n    ? "z.new.test."
                                                  : "x.new.test.");
        tree.how.none = n == 2;
        signed_proof(&tree, &secure, i, "old.secure.test.", DNS_DNAME, "new.test.");
        signing_usual(&tree);
        no_cut_at(names[n], "old.secure.test.", "zz.old.secure.test. DNAME RRSIG NSEC");
    }
    no_cut_at("old.secure.test.", "old.secure.test.", "secure.test. DNAME RRSIG NSEC");
    assert_int_equal(verdict_of(names[0], DNS_CNAME), DNS_VERDICT_SECURE);
    assert_int_equal(verdict_of(names[1], DNS_CNAME), DNS_VERDICT_BOGUS);
    assert_int_equal(verdict_of(names[2], DNS_CNAME), DNS_VERDICT_BOGUS);
}

static void an_alias_is_a_set_as_any(void **state)
{
    signed_set(&tree, &secure, "alias.secure.test.", DNS_CNAME, "www.secure.test.");
    assert_int_equal(verdict_of("alias.secure.test.", DNS_CNAME), DNS_VERDICT_SECURE);
}

/* ---- Denials: NSEC3 ---- */

struct chain {
    const char *salt;
    unsigned iterations, flags;
};

static const struct chain usual = {"AABB", 1, 0}, opt_out = {"AABB", 1, 1}, costly = {"-", 101, 0};

/* The record of a name, or with `by` 1 one that covers it alone. */
static void nsec3(struct signed_item *i, const struct chain *k, const char *name, int by, const char *types)
{
    char hash[33], next[33], owner[64], text[200];
    signed_hash(name, k->salt, k->iterations, -by, hash);
    signed_hash(name, k->salt, k->iterations, 1, next);
    snprintf(owner, sizeof owner, "%s.hashed.test.", hash);
    snprintf(text, sizeof text, "1 %u %u %s %s%s%s", k->flags, k->iterations, k->salt, next, *types ? " " : "", types);
    signed_proof(&tree, &hashed, i, owner, DNS_NSEC3, text);
}

static struct signed_item *hashed_no(const char *name, uint16_t type, enum dns_kind kind)
{
    return signed_no(&tree, &hashed, name, type, kind);
}

static void hashes_deny_a_name(void **state)
{
    struct signed_item *i = hashed_no("a.no.hashed.test.", 0, DNS_KIND_NXDOMAIN);
    nsec3(i, &usual, "hashed.test.", 0, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, &usual, "no.hashed.test.", 1, "A RRSIG");
    nsec3(i, &usual, "*.hashed.test.", 1, "A RRSIG");
    assert_int_equal(verdict_of("a.no.hashed.test.", DNS_A), DNS_VERDICT_SECURE);
    /* Without the wildcard. */
    i = hashed_no("b.no.hashed.test.", 0, DNS_KIND_NXDOMAIN);
    nsec3(i, &usual, "hashed.test.", 0, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, &usual, "no.hashed.test.", 1, "A RRSIG");
    i = hashed_no("no.hashed.test.", DNS_DS, DNS_KIND_NODATA);
    nsec3(i, &usual, "no.hashed.test.", 0, "A RRSIG");
    assert_bogus("b.no.hashed.test.", DNS_A, DNS_EDE_NO_NSEC);
}

static void hashes_deny_a_type(void **state)
{
    nsec3(hashed_no("www.hashed.test.", DNS_AAAA, DNS_KIND_NODATA), &usual, "www.hashed.test.", 0, "A RRSIG");
    assert_int_equal(verdict_of("www.hashed.test.", DNS_AAAA), DNS_VERDICT_SECURE);
    nsec3(hashed_no("www.hashed.test.", DNS_DS, DNS_KIND_NODATA), &usual, "www.hashed.test.", 0, "A RRSIG");
    nsec3(hashed_no("www.hashed.test.", DNS_A, DNS_KIND_NODATA), &usual, "www.hashed.test.", 0, "A RRSIG");
    assert_bogus("www.hashed.test.", DNS_A, DNS_EDE_NO_NSEC);
    /* Of a wildcard. */
    struct signed_item *i = hashed_no("x.wild.hashed.test.", DNS_AAAA, DNS_KIND_NODATA);
    nsec3(i, &usual, "wild.hashed.test.", 0, "");
    nsec3(i, &usual, "x.wild.hashed.test.", 1, "A RRSIG");
    nsec3(i, &usual, "*.wild.hashed.test.", 0, "A RRSIG");
    assert_int_equal(verdict_of("x.wild.hashed.test.", DNS_AAAA), DNS_VERDICT_SECURE);
}

static void hashes_of_a_cut_deny_nothing_below(void **state)
{
    struct signed_item *i = hashed_no("x.cut.hashed.test.", 0, DNS_KIND_NXDOMAIN);
    nsec3(i, &usual, "cut.hashed.test.", 0, "NS DS RRSIG");
    nsec3(i, &usual, "x.cut.hashed.test.", 1, "A RRSIG");
    nsec3(i, &usual, "*.cut.hashed.test.", 1, "A RRSIG");
    nsec3(hashed_no("cut.hashed.test.", DNS_DS, DNS_KIND_NODATA), &usual, "cut.hashed.test.", 0, "A RRSIG");
    assert_bogus("x.cut.hashed.test.", DNS_A, DNS_EDE_NO_NSEC);
}

static void a_wildcard_of_a_hashed_zone_needs_its_proof(void **state)
{
    tree.how.wild = "*.wild.hashed.test.";
    struct signed_item *i = signed_set(&tree, &hashed, "x.wild.hashed.test.", DNS_A, "192.0.2.7");
    tree.how.wild = NULL;
    nsec3(i, &usual, "x.wild.hashed.test.", 1, "A RRSIG");
    assert_int_equal(verdict_of("x.wild.hashed.test.", DNS_A), DNS_VERDICT_SECURE);
}

static void opt_out_makes_insecure(void **state)
{
    struct signed_item *i = hashed_no("cut.hashed.test.", DNS_DS, DNS_KIND_NODATA);
    nsec3(i, &opt_out, "hashed.test.", 0, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, &opt_out, "cut.hashed.test.", 1, "NS DS RRSIG");
    tree.how.none = true;
    signed_set(&tree, &other, "www.cut.hashed.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("www.cut.hashed.test.", DNS_A), DNS_VERDICT_INSECURE);
    /* Without the flag the same records deny no DS. */
    signing_usual(&tree);
    dns_cache_flush(cache);
    i = hashed_no("cut.hashed.test.", DNS_DS, DNS_KIND_NODATA);
    nsec3(i, &usual, "hashed.test.", 0, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, &usual, "cut.hashed.test.", 1, "NS DS RRSIG");
    assert_int_equal(verdict_of("www.cut.hashed.test.", DNS_A), DNS_VERDICT_BOGUS);
}

static void many_rounds_of_hashing_are_not_done(void **state)
{
    nsec3(hashed_no("www.hashed.test.", DNS_AAAA, DNS_KIND_NODATA), &costly, "www.hashed.test.", 0, "A RRSIG");
    assert_int_equal(verdict_of("www.hashed.test.", DNS_AAAA), DNS_VERDICT_INSECURE);
    assert_int_equal(dns_validate_counters(validator).many_iterations, 1);
}

static void long_names_are_not_hashed_for_ever(void **state)
{
    char name[DNS_NAME_BYTES + 1] = "";
    for (int i = 0; i < 60; i++)
        strcat(name, "a.");
    strcat(name, "hashed.test.");
    struct signed_item *i = hashed_no(name, 0, DNS_KIND_NXDOMAIN);
    nsec3(i, &usual, "hashed.test.", 0, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, &usual, "a.hashed.test.", 1, "A RRSIG");
    nsec3(i, &usual, "*.hashed.test.", 1, "A RRSIG");
    assert_int_equal(verdict_of(name, DNS_A), DNS_VERDICT_NEEDS); /* not proven: is there a cut? */
    assert_int_equal(dns_validate_counters(validator).many_hashes, 1);
}

/* ---- What strangers can make it do ---- */

static void signatures_that_are_wrong_are_counted_and_end(void **state)
{
    tree.how.copies = DNS_VALIDATE_SET_CHECKS - 1;
    signed_set(&tree, &secure, "few.secure.test.", DNS_A, "192.0.2.1");
    assert_int_equal(verdict_of("few.secure.test.", DNS_A), DNS_VERDICT_SECURE);
    assert_int_equal(dns_validate_counters(validator).many_checks, 0);
    tree.how.copies = DNS_VALIDATE_SET_CHECKS;
    signed_set(&tree, &secure, "many.secure.test.", DNS_A, "192.0.2.1");
    signing_usual(&tree);
    no_cut_at("many.secure.test.", "many.secure.test.", "secure.test. A RRSIG NSEC");
    uint64_t before = dns_validate_counters(validator).checks;
    assert_bogus("many.secure.test.", DNS_A, DNS_EDE_BOGUS);
    assert_int_equal(dns_validate_counters(validator).many_checks, 2);
    /* Twice: before it is asked whether there is a cut, and afterwards; and that one's own two. */
    assert_int_equal(dns_validate_counters(validator).checks, before + 2 * DNS_VALIDATE_SET_CHECKS + 2);
}

/* Keys with one tag (KeyTrap): of two bytes of the same weight one gives what the other takes. */
static void serve_twins(void)
{
    uint8_t twin[N_TWINS][DNSSEC_DNSKEY_BYTES];
    struct bytes rdata[N_TWINS];
    for (uint8_t i = 0; i < N_TWINS; i++) {
        memcpy(twin[i], secure.key.dnskey, secure.key.dnskey_len);
        twin[i][10] = (uint8_t)(twin[i][10] - i);
        twin[i][12] = (uint8_t)(twin[i][12] + i);
        rdata[i] = bytes_of(twin[i], secure.key.dnskey_len);
        assert_int_equal(dnssec_key_tag(rdata[i]), secure.key.tag);
    }
    signed_raw(&tree, &secure, "secure.test.", DNS_DNSKEY, rdata, N_TWINS);
}

static void keys_with_one_tag_are_counted_and_end(void **state)
{
    serve_twins();
    tree.how.copies = 1;
    struct signed_item *i = signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    signing_usual(&tree);
    i->c.n_signatures = 1; /* the wrong one */
    no_cut_at("www.secure.test.", "www.secure.test.", "secure.test. A RRSIG NSEC");
    assert_int_equal(verdict_of("secure.test.", DNS_DNSKEY), DNS_VERDICT_SECURE);
    uint64_t before = dns_validate_counters(validator).checks;
    struct dns_name name = signed_name("www.secure.test."), wanted;
    uint16_t type;
    assert_true(fetch(dns_name_bytes(&name), DNS_A));
    assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), DNS_A, &last));
    assert_int_equal(dns_validate(validator, now_ns, &last, &wanted, &type), DNS_VERDICT_NEEDS);
    assert_int_equal(dns_validate_counters(validator).checks, before + DNS_VALIDATE_SAME_TAG);
    assert_int_equal(dns_validate_counters(validator).many_tags, 1);
}

/* As many DS records with the key's tag as it takes, none of which is right. */
static void digests_are_counted_and_end(void **state)
{
    uint8_t ds[DNS_VALIDATE_DIGESTS + 2][DNSSEC_DS_BYTES];
    struct bytes rdata[DNS_VALIDATE_DIGESTS + 2];
    for (uint8_t i = 0; i < ARRAY_LEN(rdata); i++) {
        struct writer w = writer_of(ds[i], sizeof ds[i]);
        assert_true(dnssec_ds_make(dns_name_bytes(&secure.name), dnssec_key_rdata(&secure.key), DNSSEC_SHA256, &w));
        ds[i][4] ^= (uint8_t)(i + 1);
        rdata[i] = writer_bytes(&w);
    }
    signed_raw(&tree, &test, "secure.test.", DNS_DS, rdata, ARRAY_LEN(rdata));
    serve_twins(); /* together they have no more than one has alone */
    signed_set(&tree, &secure, "www.secure.test.", DNS_A, "192.0.2.1");
    assert_bogus("www.secure.test.", DNS_A, DNS_EDE_NO_DNSKEY);
    assert_int_equal(dns_validate_counters(validator).many_digests, N_TWINS);
}

/* ---- What clients are told ---- */

static void ad_and_cd_mean_what_they_mean(void **state)
{
    assert_true(dns_verdict_may_tell(DNS_VERDICT_SECURE, 0));
    assert_true(dns_verdict_may_tell(DNS_VERDICT_INSECURE, 0));
    assert_false(dns_verdict_may_tell(DNS_VERDICT_BOGUS, 0));
    assert_false(dns_verdict_may_tell(DNS_VERDICT_NONE, DNS_RD));
    assert_true(dns_verdict_may_tell(DNS_VERDICT_BOGUS, DNS_CD));
    assert_true(dns_verdict_is_authentic(DNS_VERDICT_SECURE, 0, true));
    assert_true(dns_verdict_is_authentic(DNS_VERDICT_SECURE, DNS_AD, false));
    assert_false(dns_verdict_is_authentic(DNS_VERDICT_SECURE, 0, false));
    assert_false(dns_verdict_is_authentic(DNS_VERDICT_INSECURE, DNS_AD, true));
    assert_int_equal(dns_verdict_worse(DNS_VERDICT_SECURE, DNS_VERDICT_INSECURE), DNS_VERDICT_INSECURE);
    assert_int_equal(dns_verdict_worse(DNS_VERDICT_NONE, DNS_VERDICT_INSECURE), DNS_VERDICT_NONE);
    assert_int_equal(dns_verdict_worse(DNS_VERDICT_BOGUS, DNS_VERDICT_NONE), DNS_VERDICT_BOGUS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_chain_from_the_anchor_makes_a_set_secure),
        T(keys_digests_and_the_apex_are_sets_too),
        T(names_without_a_cut_are_passed_through),
        T(below_an_unsigned_delegation_all_is_insecure),
        T(without_an_anchor_nothing_is_checked),
        T(times_of_signatures_are_kept),
        T(without_a_clock_nothing_signed_is_valid),
        T(stripped_signatures_are_missed),
        T(another_key_or_other_data_is_bogus),
        T(another_zone_can_not_sign_for_it),
        T(a_lower_zone_can_not_sign_for_the_upper),
        T(keys_that_the_zone_above_does_not_name_are_bogus),
        T(a_named_key_has_to_sign_the_keys),
        T(a_removed_ds_is_missed),
        T(the_lower_zone_can_not_deny_its_ds),
        T(a_forged_denial_of_a_ds_is_bogus),
        T(unsigned_proofs_are_worth_nothing),
        T(what_can_not_be_checked_is_insecure),
        T(an_unknown_digest_is_insecure_too),
        T(sha1_counts_only_alone),
        T(a_referral_that_proves_nothing_is_asked_about),
        T(a_name_is_denied_with_its_wildcard),
        T(denials_of_other_names_deny_nothing),
        T(denials_by_another_key_or_out_of_time_deny_nothing),
        T(a_type_is_denied_by_the_record_of_the_name),
        T(a_type_of_a_wildcard_is_denied_by_its_record),
        T(nothing_is_denied_below_a_cut),
        T(a_no_without_a_proof_is_bogus),
        T(what_a_wildcard_made_needs_a_proof),
        T(a_wildcard_can_not_be_replayed_over_a_name),
        T(the_wildcard_itself_is_a_name_as_any),
        T(an_alias_is_as_good_as_its_dname),
        T(an_alias_is_a_set_as_any),
        T(hashes_deny_a_name),
        T(hashes_deny_a_type),
        T(hashes_of_a_cut_deny_nothing_below),
        T(a_wildcard_of_a_hashed_zone_needs_its_proof),
        T(opt_out_makes_insecure),
        T(many_rounds_of_hashing_are_not_done),
        T(long_names_are_not_hashed_for_ever),
        T(signatures_that_are_wrong_are_counted_and_end),
        T(keys_with_one_tag_are_counted_and_end),
        T(digests_are_counted_and_end),
        T(ad_and_cd_mean_what_they_mean),
    };
    assert_int_equal(random_init(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
