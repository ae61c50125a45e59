/* SPDX-License-Identifier: ISC */
/* The validator: sets and delegations, secure, insecure, and bogus in every way that a signed tree can be broken; its limits. */
#include "test/support/dns_validate_tree.h"
#include "test/support/dnssec_vectors.h"

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

/* ---- example.test., which BIND signed by Ed25519, the last of the vectors ---- */

static struct bytes vector(uint16_t type, const char *text)
{
    static uint8_t room[8][300];
    static unsigned n;
    return signed_rdata(type, text, room[n++ % ARRAY_LEN(room)], sizeof room[0]);
}

static void with_signature(struct signed_item *i, const char *text)
{
    struct writer w = writer_of(i->data, sizeof i->data);
    w.at += i->c.data.len;
    signed_write(&w, vector(DNS_RRSIG, text));
    assert_true(writer_good(&w));
    i->c.data = writer_bytes(&w);
    i->c.n_signatures = 1;
}

static void below_test_there_is_example(void)
{
    uint8_t ds[DNSSEC_DS_BYTES];
    struct writer w = writer_of(ds, sizeof ds);
    struct dns_name name = signed_name("example.test.");
    struct bytes key = vector(DNS_DNSKEY, vector_keys[ARRAY_LEN(vector_keys) - 1]);
    assert_true(dnssec_ds_make(dns_name_bytes(&name), key, DNSSEC_SHA256, &w));
    struct bytes rdata = writer_bytes(&w);
    signed_raw(&tree, &test, "example.test.", DNS_DS, &rdata, 1);
    tree.how.none = true;
    with_signature(signed_raw(&tree, &other, "example.test.", DNS_DNSKEY, &key, 1), vector_dnskey_signature);
}

static void a_zone_of_ed25519_is_checked(void **state)
{
    const char *mx_signature = vector_mx_signatures[ARRAY_LEN(vector_keys) - 1];
    struct bytes mx[] = {vector(DNS_MX, "20 mail.EXAMPLE.test."), vector(DNS_MX, "10 NS.other.test."),
                         vector(DNS_MX, "10 ns.example.test.")};
    below_test_there_is_example();
    with_signature(signed_raw(&tree, &other, "example.test.", DNS_MX, mx, 3), mx_signature);
    assert_int_equal(verdict_of("example.test.", DNS_MX), DNS_VERDICT_SECURE);
    dns_cache_flush(cache);
    with_signature(signed_raw(&tree, &other, "example.test.", DNS_MX, mx, 2), mx_signature);
    assert_bogus("example.test.", DNS_MX, DNS_EDE_BOGUS);
    assert_int_equal(dns_validate_counters(validator).many_bytes, 0);
}

/* Its canonical form is longer than what is verified: many records of a long name. */
static void a_set_that_is_too_long_for_ed25519_is_bogus(void **state)
{
    enum { N = 260 };
    static uint8_t address[N][4];
    struct bytes rdata[N];
    char name[DNS_NAME_TEXT_BYTES] = "";
    for (int i = 0; i < 4; i++) /* 236 bytes, and those of example.test. */
        strcat(name, "a-label-of-some-fifty-eight-characters-as-they-may-be-long.");
    strcat(name, "example.test.");
    for (unsigned i = 0; i < N; i++) {
        memcpy(address[i], (uint8_t[]){192, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4);
        rdata[i] = bytes_of(address[i], 4);
    }
    below_test_there_is_example();
    with_signature(signed_raw(&tree, &other, name, DNS_A, rdata, N),
                   "A 15 6 3600 20380101000000 20200101000000 48208 example.test. AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==");
    (void)verdict_of(name, DNS_A); /* nobody tells whether there are cuts */
    assert_true(dns_validate_counters(validator).many_bytes > 0);
    assert_int_not_equal(last.verdict, DNS_VERDICT_SECURE);
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
        T(a_zone_of_ed25519_is_checked),
        T(a_set_that_is_too_long_for_ed25519_is_bogus),
        T(sha1_counts_only_alone),
        T(a_referral_that_proves_nothing_is_asked_about),
        T(signatures_that_are_wrong_are_counted_and_end),
        T(keys_with_one_tag_are_counted_and_end),
        T(digests_are_counted_and_end),
        T(ad_and_cd_mean_what_they_mean),
    };
    assert_int_equal(random_init(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
