/* SPDX-License-Identifier: ISC */
/* The validator: what is proven not to be there, by NSEC and NSEC3, and what wildcards and aliases make. */
#include "test/support/dns_validate_tree.h"

/* ---- NSEC ---- */

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

/* ---- NSEC3 ---- */

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

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    assert_int_equal(random_init(), OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
