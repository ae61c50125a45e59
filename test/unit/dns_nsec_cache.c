/* SPDX-License-Identifier: ISC */
/* Proofs that are used again (RFC 8198): what may follow from them, and what may not. */
#include "proto/dns_nsec_cache.h"
#include "proto/dns_validate.h"
#include "test/support/dns_signed.h"

#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct signed_zone zone, hashed;
static struct signed_tree tree;
static struct dns_cache *cache;
static struct dns_nsec_cache *nsec;
static struct dns_anchors anchors;
static struct dns_validator *validator;
static uint64_t now_ns;

static void add_anchor(const struct signed_zone *z)
{
    struct dns_anchor *k = &anchors.anchor[anchors.n++];
    *k = (struct dns_anchor){.zone = z->name, .type = DNS_DNSKEY, .state = DNS_ANCHOR_VALID};
    k->len = z->key.dnskey_len;
    memcpy(k->rdata, z->key.dnskey, k->len);
}

static void start(uint32_t records)
{
    static const struct dns_cache_options o = {.bytes = 1 << 20, .entries = 256, .page_bytes = 65536, .seed = 3};
    assert_int_equal(dns_cache_new(&o, &cache), OK);
    assert_int_equal(dns_nsec_cache_new(&(struct dns_nsec_cache_options){.cache = cache, .records = records}, &nsec),
                     OK);
    assert_int_equal(dns_validator_new(
                         &(struct dns_validate_options){.cache = cache, .anchors = &anchors, .nsec = nsec}, &validator),
                     OK);
    dns_validator_set_clock(validator, now_ns, SIGNED_NOW_S);
}

static void stop(void)
{
    dns_validator_free(validator);
    dns_nsec_cache_free(nsec);
    dns_cache_free(cache);
}

static int set_up(void **state)
{
    if (!zone.key.dnskey_len) {
        signed_zone_init(&zone, "zone.test.");
        signed_zone_init(&hashed, "hashed.test.");
    }
    tree.n = 0;
    signing_usual(&tree);
    now_ns = 1000;
    dns_anchors_init(&anchors);
    add_anchor(&zone);
    add_anchor(&hashed);
    start(0);
    return 0;
}

static int tear_down(void **state)
{
    stop();
    return 0;
}

static enum dns_verdict judge(const struct signed_item *i)
{
    struct dns_cached c = i->c;
    struct dns_name name;
    uint16_t type;
    c.name = dns_name_bytes(&i->name);
    enum err e = dns_cache_store(cache, now_ns, &c);
    assert_true(e == OK);
    assert_true(dns_cache_find(cache, now_ns, c.name, i->c.type, &c));
    return dns_validate(validator, now_ns, &c, &name, &type);
}

static struct signed_item *no(const struct signed_zone *z, const char *name, enum dns_kind kind, uint16_t type)
{
    return signed_no(&tree, z, name, type, kind);
}

static void learn(struct signed_item *i, const struct signed_zone *z)
{
    assert_int_equal(judge(signed_dnskey(&tree, z)), DNS_VERDICT_SECURE);
    assert_int_equal(judge(i), DNS_VERDICT_SECURE);
}

/* b. to m. is empty, and so is the zone below its apex. */
static void learn_usual(void)
{
    struct signed_item *i = no(&zone, "c.zone.test.", DNS_KIND_NXDOMAIN, 0);
    signed_proof(&tree, &zone, i, "b.zone.test.", DNS_NSEC, "m.zone.test. A RRSIG NSEC");
    signed_proof(&tree, &zone, i, "zone.test.", DNS_NSEC, "b.zone.test. NS SOA RRSIG NSEC DNSKEY");
    learn(i, &zone);
}

static bool deny(const char *text, uint16_t type)
{
    struct dns_name name = signed_name(text);
    return dns_nsec_cache_deny(nsec, now_ns, dns_name_bytes(&name), type);
}

static void found(const char *text, uint16_t type, enum dns_kind kind)
{
    struct dns_cached c;
    struct dns_name name = signed_name(text);
    assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), type, &c));
    assert_int_equal(c.kind, kind);
    assert_int_equal(c.verdict, DNS_VERDICT_SECURE);
}

static void one_no_answers_others(void **state)
{
    assert_false(deny("d.zone.test.", DNS_A));
    learn_usual();
    assert_int_equal(dns_nsec_cache_records(nsec), 2);
    assert_true(deny("D.zone.test.", DNS_A));
    found("d.zone.test.", DNS_A, DNS_KIND_NXDOMAIN);
    assert_true(deny("x.y.e.zone.test.", DNS_MX));
    assert_true(deny("b.zone.test.", DNS_MX)); /* the name is there, the type isn't */
    found("b.zone.test.", DNS_MX, DNS_KIND_NODATA);
    assert_true(deny("zone.test.", DNS_MX));
    assert_int_equal(dns_nsec_cache_counters(nsec).names, 2);
    assert_int_equal(dns_nsec_cache_counters(nsec).types, 2);
}

/* What is made up is whole: a validator that knows nothing of this agrees. */
static void what_follows_has_its_proofs(void **state)
{
    learn_usual();
    assert_true(deny("d.zone.test.", DNS_A));
    struct dns_name name = signed_name("d.zone.test.");
    struct dns_cached c;
    static uint8_t kept[SIGNED_BYTES];
    assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), DNS_A, &c));
    assert_int_equal(c.n_records, 1);
    assert_int_equal(c.n_proofs, 5); /* two with their signatures, and the SOA's */
    assert_true(c.data.len <= sizeof kept);
    memcpy(kept, c.data.data, c.data.len);
    c.data = bytes_of(kept, c.data.len);
    c.name = dns_name_bytes(&name);
    c.verdict = DNS_VERDICT_NONE;
    stop();
    start(0);
    assert_int_equal(judge(signed_dnskey(&tree, &zone)), DNS_VERDICT_SECURE);
    assert_int_equal(dns_cache_store(cache, now_ns, &c), OK);
    assert_true(dns_cache_find(cache, now_ns, dns_name_bytes(&name), DNS_A, &c));
    struct dns_name wanted;
    uint16_t type;
    assert_int_equal(dns_validate(validator, now_ns, &c, &wanted, &type), DNS_VERDICT_SECURE);
}

static void what_is_not_proven_is_asked_for(void **state)
{
    learn_usual();
    assert_false(deny("m.zone.test.", DNS_A));
    assert_false(deny("z.zone.test.", DNS_A));
    assert_false(deny("b.zone.test.", DNS_A));
    assert_false(deny("test.", DNS_A));
    assert_false(deny("c.other.test.", DNS_A));
    assert_false(deny("zone.test.", DNS_DS)); /* the upper zone's to say */
    assert_false(deny("d.zone.test.", DNS_ANY));
}

/* A wildcard, when it isn't denied, may make the name. */
static void a_wildcard_that_may_be_there_is_asked_for(void **state)
{
    struct signed_item *i = no(&zone, "b.zone.test.", DNS_KIND_NODATA, DNS_MX);
    signed_proof(&tree, &zone, i, "b.zone.test.", DNS_NSEC, "m.zone.test. A RRSIG NSEC");
    learn(i, &zone);
    assert_false(deny("c.zone.test.", DNS_A));
    assert_true(deny("b.zone.test.", DNS_TXT));
}

static void nothing_follows_below_a_cut(void **state)
{
    struct signed_item *i = no(&zone, "cut.zone.test.", DNS_KIND_NODATA, DNS_DS);
    signed_proof(&tree, &zone, i, "cut.zone.test.", DNS_NSEC, "m.zone.test. NS RRSIG NSEC");
    signed_proof(&tree, &zone, i, "zone.test.", DNS_NSEC, "cut.zone.test. NS SOA RRSIG NSEC DNSKEY");
    learn(i, &zone);
    assert_false(deny("www.cut.zone.test.", DNS_A));
    assert_false(deny("cut.zone.test.", DNS_A));
}

/* A cut that follows is known to be one: what is below is insecure, not bogus. */
static void a_cut_that_follows_is_a_cut(void **state)
{
    struct signed_item *i = no(&zone, "cut.zone.test.", DNS_KIND_NODATA, DNS_DS);
    signed_proof(&tree, &zone, i, "cut.zone.test.", DNS_NSEC, "m.zone.test. NS RRSIG NSEC");
    learn(i, &zone);
    struct dns_name cut = signed_name("cut.zone.test.");
    dns_cache_remove(cache, dns_name_bytes(&cut), DNS_DS);
    assert_true(deny("cut.zone.test.", DNS_DS));
    tree.how.none = true;
    assert_int_equal(judge(signed_set(&tree, &zone, "www.cut.zone.test.", DNS_A, "192.0.2.1")), DNS_VERDICT_INSECURE);
}

static void proofs_die_with_the_no_that_brought_them(void **state)
{
    learn_usual();
    assert_true(deny("d.zone.test.", DNS_A));
    now_ns += SIGNED_TTL_S * NS_PER_S;
    assert_false(deny("e.zone.test.", DNS_A));
    assert_true(dns_nsec_cache_counters(nsec).missed > 0);
}

/* What was not verified is not learnt, be it in an answer that was proven. */
static void unsigned_records_are_not_learnt(void **state)
{
    struct signed_item *i = no(&zone, "b.zone.test.", DNS_KIND_NODATA, DNS_MX);
    signed_proof(&tree, &zone, i, "b.zone.test.", DNS_NSEC, "c.zone.test. A RRSIG NSEC");
    tree.how.none = true;
    signed_proof(&tree, &zone, i, "m.zone.test.", DNS_NSEC, "z.zone.test. A RRSIG NSEC");
    signed_proof(&tree, &zone, i, "zone.test.", DNS_NSEC, "b.zone.test. NS SOA RRSIG NSEC");
    signing_usual(&tree);
    learn(i, &zone);
    assert_int_equal(dns_nsec_cache_records(nsec), 1);
    assert_false(deny("n.zone.test.", DNS_A));
}

static void the_table_is_bounded(void **state)
{
    stop();
    start(4);
    assert_int_equal(judge(signed_dnskey(&tree, &zone)), DNS_VERDICT_SECURE);
    for (char c = 'a'; c < 'k'; c++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "%c.zone.test.", c);
        snprintf(text, sizeof text, "%c0.zone.test. A RRSIG NSEC", c);
        struct signed_item *i = no(&zone, name, DNS_KIND_NODATA, DNS_MX);
        signed_proof(&tree, &zone, i, name, DNS_NSEC, text);
        assert_int_equal(judge(i), DNS_VERDICT_SECURE);
    }
    assert_int_equal(dns_nsec_cache_records(nsec), 4);
    assert_int_equal(dns_nsec_cache_counters(nsec).evicted, 6);
    assert_true(deny("j.zone.test.", DNS_TXT));
    unsigned n = 0;
    for (char c = 'a'; c < 'k'; c++) {
        char name[32];
        snprintf(name, sizeof name, "%c.zone.test.", c);
        n += deny(name, DNS_SRV);
    }
    assert_int_equal(n, 4);
}

/* ---- NSEC3 ---- */

static void nsec3(struct signed_item *i, const char *name, int by, unsigned flags, unsigned iterations,
                  const char *types)
{
    char hash[33], next[33], owner[64], text[200];
    signed_hash(name, "AB", iterations, -by, hash);
    signed_hash(name, "AB", iterations, 1, next);
    snprintf(owner, sizeof owner, "%s.hashed.test.", hash);
    snprintf(text, sizeof text, "1 %u %u AB %s %s", flags, iterations, next, types);
    signed_proof(&tree, &hashed, i, owner, DNS_NSEC3, text);
}

static void hashes_are_used_again(void **state)
{
    struct signed_item *i = no(&hashed, "a.no.hashed.test.", DNS_KIND_NXDOMAIN, 0);
    nsec3(i, "hashed.test.", 0, 0, 1, "NS SOA RRSIG DNSKEY NSEC3PARAM");
    nsec3(i, "no.hashed.test.", 1, 0, 1, "A RRSIG");
    nsec3(i, "*.hashed.test.", 1, 0, 1, "A RRSIG");
    learn(i, &hashed);
    assert_true(deny("b.no.hashed.test.", DNS_A));
    found("b.no.hashed.test.", DNS_A, DNS_KIND_NXDOMAIN);
    assert_true(deny("hashed.test.", DNS_MX));
    assert_false(deny("hashed.test.", DNS_NS));
    assert_false(deny("other.hashed.test.", DNS_A)); /* nothing covers it but by chance, which has no chance */
}

static void opt_out_and_costly_hashes_are_not_learnt(void **state)
{
    struct signed_item *i = no(&hashed, "w.hashed.test.", DNS_KIND_NODATA, DNS_MX);
    nsec3(i, "w.hashed.test.", 0, 1, 1, "A RRSIG");
    learn(i, &hashed);
    i = no(&hashed, "v.hashed.test.", DNS_KIND_NODATA, DNS_MX);
    nsec3(i, "v.hashed.test.", 0, 0, DNS_NSEC_ITERATIONS + 1, "A RRSIG");
    assert_int_equal(judge(i), DNS_VERDICT_SECURE);
    assert_int_equal(dns_nsec_cache_records(nsec), 0);
    assert_false(deny("w.hashed.test.", DNS_TXT));
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_no_answers_others),
        T(what_follows_has_its_proofs),
        T(what_is_not_proven_is_asked_for),
        T(a_wildcard_that_may_be_there_is_asked_for),
        T(nothing_follows_below_a_cut),
        T(a_cut_that_follows_is_a_cut),
        T(proofs_die_with_the_no_that_brought_them),
        T(unsigned_records_are_not_learnt),
        T(the_table_is_bounded),
        T(hashes_are_used_again),
        T(opt_out_and_costly_hashes_are_not_learnt),
    };
    assert_int_equal(random_init(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
