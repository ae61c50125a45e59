/* SPDX-License-Identifier: ISC */
/* Zones, queries and the sections of their answers. The zones of RFC 4592 2.2.1, RFC 4035 A and RFC 5155 A with the
 * answers that these documents give. */
#include "test/support/dns_zone_text.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct dns_zones zones;

struct row {
    const char *query;
    const char *expected;
};

static void use(const char *origin, const char *text)
{
    struct dns_zone *z = zone_of(origin, text);
    if (!zones.max)
        dns_zones_init(&zones, TEST_SEED, 10);
    assert_int_equal(dns_zones_put(&zones, z), OK);
}

static void check(const struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = answer_of(&zones, row[i].query);
        if (strcmp(got, row[i].expected))
            fail_msg("%s:\n%s  instead of:\n%s", row[i].query, got, row[i].expected);
    }
}

#define CHECK(...)                               \
    do {                                         \
        const struct row rows[] = {__VA_ARGS__}; \
        check(rows, ARRAY_LEN(rows));            \
    } while (0)

static int teardown(void **state)
{
    dns_zones_free(&zones);
    return 0;
}

/* ---- Plain ---- */

#define SOA "au example. 300 SOA ns.example. host.example. 7 3600 600 86400 300\n"

static const char plain[] = "$TTL 3600\n"
                            "@ SOA ns host 7 3600 600 86400 300\n"
                            "@ NS ns\n"
                            "@ NS ns.elsewhere.test.\n"
                            "@ MX 10 mail\n@ MX 20 mail\n@ MX 30 nowhere\n"
                            "ns A 192.0.2.1\n"
                            "ns AAAA 2001:db8::1\n"
                            "mail A 192.0.2.2\n"
                            "WWW 60 A 192.0.2.3\n"
                            "www A 192.0.2.4\n"
                            "alias CNAME www\n"
                            "alias2 CNAME alias\n"
                            "out CNAME www.elsewhere.test.\n"
                            "dangling CNAME no.such\n"
                            "a.b.c TXT deep\n"
                            "loop1 CNAME loop2\nloop2 CNAME loop1\n"
                            "self CNAME self\n"
                            "_s._tcp SRV 0 0 80 www\n"
                            "svc HTTPS 1 . alpn=h2\nsvc A 192.0.2.5\n"
                            "d DNAME t\nx.t A 192.0.2.6\n"
                            "dd DNAME d.example.\n"
                            "todeleg CNAME h.sub\n"
                            "sub NS ns.sub\nsub NS ns2.sub\nsub NS sib.other\nsub NS ns\n"
                            "ns.sub A 192.0.2.11\nns.sub AAAA 2001:db8::11\nns2.sub A 192.0.2.12\n"
                            "other NS sib.other\nsib.other A 192.0.2.13\n"
                            "mx MX 1 ns.sub\n";

static void test_positive(void **state)
{
    use("example.", plain);
    CHECK({"www.example. A", "NOERROR AA\nan www.example. 3600 A 192.0.2.3\nan www.example. 3600 A 192.0.2.4\n"},
          {"wWw.eXample. A", "NOERROR AA\nan wWw.eXample. 3600 A 192.0.2.3\nan wWw.eXample. 3600 A 192.0.2.4\n"},
          {"example. NS", "NOERROR AA\nan example. 3600 NS ns.example.\nan example. 3600 NS ns.elsewhere.test.\n"
                          "ad ns.example. 3600 A 192.0.2.1\nad ns.example. 3600 AAAA 2001:db8::1\n"},
          {"example. MX", "NOERROR AA\nan example. 3600 MX 10 mail.example.\nan example. 3600 MX 20 mail.example.\n"
                          "an example. 3600 MX 30 nowhere.example.\nad mail.example. 3600 A 192.0.2.2\n"},
          {"_s._tcp.example. SRV", "NOERROR AA\nan _s._tcp.example. 3600 SRV 0 0 80 www.example.\n"
                                   "ad WWW.example. 3600 A 192.0.2.3\nad WWW.example. 3600 A 192.0.2.4\n"},
          {"svc.example. HTTPS", "NOERROR AA\nan svc.example. 3600 HTTPS 1 . alpn=\"h2\"\n"
                                 "ad svc.example. 3600 A 192.0.2.5\n"},
          {"mx.example. MX", "NOERROR AA\nan mx.example. 3600 MX 1 ns.sub.example.\n"});
}

static void test_negative(void **state)
{
    use("example.", plain);
    CHECK({"nope.example. A", "NXDOMAIN AA\n" SOA}, {"x.y.z.example. A", "NXDOMAIN AA\n" SOA},
          {"x.www.example. A", "NXDOMAIN AA\n" SOA}, {"www.example. AAAA", "NOERROR AA\n" SOA},
          {"c.example. A", "NOERROR AA\n" SOA}, {"b.c.example. TXT", "NOERROR AA\n" SOA},
          {"x.b.c.example. TXT", "NXDOMAIN AA\n" SOA}, {"d.example. A", "NOERROR AA\n" SOA},
          {"elsewhere.test. A", "REFUSED\n"}, {". NS", "REFUSED\n"}, {"www.example. AXFR", "REFUSED\n"},
          {"www.example. OPT", "REFUSED\n"}, {"www.example. TYPE200", "REFUSED\n"},
          {"example. DS", "NOERROR AA\n" SOA});
}

static void test_chains(void **state)
{
    use("example.", plain);
    CHECK({"alias.example. A", "NOERROR AA\nan alias.example. 3600 CNAME www.example.\n"
                               "an www.example. 3600 A 192.0.2.3\nan www.example. 3600 A 192.0.2.4\n"},
          {"alias2.example. AAAA", "NOERROR AA\nan alias2.example. 3600 CNAME alias.example.\n"
                                   "an alias.example. 3600 CNAME www.example.\n" SOA},
          {"alias.example. CNAME", "NOERROR AA\nan alias.example. 3600 CNAME www.example.\n"},
          {"alias.example. ANY", "NOERROR AA\nan alias.example. 3600 CNAME www.example.\n"},
          {"out.example. A", "NOERROR AA\nan out.example. 3600 CNAME www.elsewhere.test.\n"},
          {"dangling.example. A", "NXDOMAIN AA\nan dangling.example. 3600 CNAME no.such.example.\n" SOA},
          {"loop1.example. A", "NOERROR AA\nan loop1.example. 3600 CNAME loop2.example.\n"
                               "an loop2.example. 3600 CNAME loop1.example.\n"},
          {"self.example. A", "NOERROR AA\nan self.example. 3600 CNAME self.example.\n"},
          {"todeleg.example. A", "NOERROR AA\nan todeleg.example. 3600 CNAME h.sub.example.\n"
                                 "au sub.example. 3600 NS ns.sub.example.\nau sub.example. 3600 NS ns2.sub.example.\n"
                                 "au sub.example. 3600 NS sib.other.example.\nau sub.example. 3600 NS ns.example.\n"
                                 "ad ns.sub.example. 3600 A 192.0.2.11\nad ns.sub.example. 3600 AAAA 2001:db8::11\n"
                                 "ad ns2.sub.example. 3600 A 192.0.2.12\nad sib.other.example. 3600 A 192.0.2.13\n"
                                 "ad ns.example. 3600 A 192.0.2.1\nad ns.example. 3600 AAAA 2001:db8::1\n"});
}

static void test_long_chain(void **state)
{
    char text[2048] = "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\nc20 A 192.0.2.9\n";
    for (int i = 0; i < 20; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "c%d CNAME c%d\n", i, i + 1);
    use("example.", text);
    CHECK({"c12.example. A",
           "NOERROR AA\nan c12.example. 60 CNAME c13.example.\nan c13.example. 60 CNAME c14.example.\n"
           "an c14.example. 60 CNAME c15.example.\nan c15.example. 60 CNAME c16.example.\n"
           "an c16.example. 60 CNAME c17.example.\nan c17.example. 60 CNAME c18.example.\n"
           "an c18.example. 60 CNAME c19.example.\nan c19.example. 60 CNAME c20.example.\n"
           "an c20.example. 60 A 192.0.2.9\n"});
    const char *got = answer_of(&zones, "c0.example. A");
    unsigned n = 0;
    for (; (got = strstr(got, "CNAME")); got++)
        n++;
    assert_int_equal(n, DNS_CHAIN_MAX + 1);
}

static void test_dname(void **state)
{
    use("example.", plain);
    CHECK({"x.d.example. A", "NOERROR AA\nan d.example. 3600 DNAME t.example.\n"
                             "an x.d.example. 3600 CNAME x.t.example.\nan x.t.example. 3600 A 192.0.2.6\n"},
          {"y.d.example. A", "NXDOMAIN AA\nan d.example. 3600 DNAME t.example.\n"
                             "an y.d.example. 3600 CNAME y.t.example.\n" SOA},
          {"x.dd.example. A",
           "NOERROR AA\nan dd.example. 3600 DNAME d.example.\nan x.dd.example. 3600 CNAME x.d.example.\n"
           "an d.example. 3600 DNAME t.example.\nan x.d.example. 3600 CNAME x.t.example.\n"
           "an x.t.example. 3600 A 192.0.2.6\n"},
          {"x.d.example. CNAME", "NOERROR AA\nan d.example. 3600 DNAME t.example.\n"
                                 "an x.d.example. 3600 CNAME x.t.example.\n"},
          {"d.example. DNAME", "NOERROR AA\nan d.example. 3600 DNAME t.example.\n"});
    /* 247 bytes: with nine more it's too long. */
    char text[512], label[64];
    memset(label, 'a', 63);
    label[63] = 0;
    snprintf(text, sizeof text,
             "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\nd DNAME %s.%s.%s.%.53s.\n", label,
             label, label, label);
    use("big.", text);
    assert_non_null(strstr(answer_of(&zones, "aaaaaaaa.d.big. A"), "YXDOMAIN AA\nan d.big. 60 DNAME aaa"));
    assert_non_null(strstr(answer_of(&zones, "aaaaaaa.d.big. A"), "NOERROR AA\nan d.big. 60 DNAME aaa"));
}

/* Nothing below a DNAME is seen, a wildcard that leads to the same name neither; and one that leads to itself ends. */
static void test_dname_occludes(void **state)
{
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\n@ DNAME @\n"
                    "* CNAME x.y\n* CNAME other\nx.y TXT hidden\n");
    CHECK({"x.y.example. A", "NOERROR AA\nan example. 60 DNAME example.\nan x.y.example. 60 CNAME x.y.example.\n"},
          {"x.y.example. TXT", "NOERROR AA\nan example. 60 DNAME example.\nan x.y.example. 60 CNAME x.y.example.\n"},
          {"x.y.example. CNAME", "NOERROR AA\nan example. 60 DNAME example.\nan x.y.example. 60 CNAME x.y.example.\n"});
}

/* The chain ends where it came through: what is there has been said. */
static void test_dname_once(void **state)
{
#define DNAMES "an d.example. 60 DNAME example.\n"
#define RRSIG_DNAME "an d.example. 60 RRSIG DNAME\n"
#define CHAIN "an d.d.example. 60 CNAME d.example.\n"
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nd DNAME @\nd TXT x\n"
                    "d RRSIG DNAME 13 2 60 20300101000000 20200101000000 1 example. AQ==\n"
                    "*.w DNAME @\n");
    CHECK({"d.d.example. DNAME", "NOERROR AA\n" DNAMES CHAIN},
          {"d.d.example. DNAME +do", "NOERROR AA\n" DNAMES RRSIG_DNAME CHAIN},
          {"d.d.example. RRSIG", "NOERROR AA\n" DNAMES CHAIN RRSIG_DNAME},
          {"d.d.example. RRSIG +do", "NOERROR AA\n" DNAMES RRSIG_DNAME CHAIN},
          {"d.d.example. ANY +do +tcp", "NOERROR AA\n" DNAMES RRSIG_DNAME CHAIN "an d.example. 60 TXT \"x\"\n"},
          {"x.w.*.w.example. DNAME", "NOERROR AA\nan *.w.example. 60 DNAME example.\n"
                                     "an x.w.*.w.example. 60 CNAME x.w.example.\nan x.w.example. 60 DNAME example.\n"});
}

static void test_referral(void **state)
{
    static const char whole[] = "NOERROR\n"
                                "au sub.example. 3600 NS ns.sub.example.\nau sub.example. 3600 NS ns2.sub.example.\n"
                                "au sub.example. 3600 NS sib.other.example.\nau sub.example. 3600 NS ns.example.\n"
                                "ad ns.sub.example. 3600 A 192.0.2.11\nad ns.sub.example. 3600 AAAA 2001:db8::11\n"
                                "ad ns2.sub.example. 3600 A 192.0.2.12\nad sib.other.example. 3600 A 192.0.2.13\n"
                                "ad ns.example. 3600 A 192.0.2.1\nad ns.example. 3600 AAAA 2001:db8::1\n";
    use("example.", plain);
    CHECK({"sub.example. A", whole}, {"x.y.sub.example. A", whole}, {"ns.sub.example. A", whole},
          {"sub.example. NS", whole}, {"sub.example. ANY", whole}, {"x.sub.example. DS", whole},
          {"sub.example. DS", "NOERROR AA\n" SOA});
}

/* RFC 9471: glue of the delegation itself is part of it. */
/* A DS that isn't signed proves nothing: it is left out, but given to who asks for it. */
static void test_referral_unsigned(void **state)
{
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n"
                    "ds NS ns\nds DS 1 8 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\n");
    CHECK({"x.ds.example. A +do", "NOERROR\nau ds.example. 60 NS ns.example.\nad ns.example. 60 A 192.0.2.1\n"},
          {"ds.example. DS +do", "NOERROR AA\nan ds.example. 60 DS 1 8 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\n"});
}

static void test_truncation(void **state)
{
    use("example.", plain);
    for (unsigned limit = 300; limit >= 60; limit--) {
        char query[64];
        snprintf(query, sizeof query, "a.sub.example. A +%u", limit);
        const char *got = answer_of(&zones, query);
        bool glue = strstr(got, "ns.sub.example. 3600 A ") && strstr(got, "AAAA 2001:db8::11") &&
                    strstr(got, "ns2.sub.example. 3600 A");
        assert_true(glue == !strstr(got, "NOERROR TC"));
        assert_null(strstr(got, "(not whole)"));
    }
    CHECK({"www.example. A +60", "NOERROR AA TC\n"},
          {"www.example. A +61", "NOERROR AA\nan www.example. 3600 A 192.0.2.3\nan www.example. 3600 A 192.0.2.4\n"},
          {"alias.example. A +60", "NOERROR AA TC\nan alias.example. 3600 CNAME www.example.\n"},
          {"nope.example. A +60", "NXDOMAIN AA TC\n"}, {"nope.example. A +73", "NXDOMAIN AA TC\n"},
          {"nope.example. A +74", "NXDOMAIN AA\n" SOA},
          {"example. NS +80", "NOERROR AA\nan example. 3600 NS ns.example.\nan example. 3600 NS ns.elsewhere.test.\n"});
}

static void test_reserve(void **state)
{
    uint8_t message[200];
    struct dns_question question = {.type = DNS_A, .class_ = DNS_IN};
    struct dns_query q = {.question = &question, .reserve_bytes = 20};
    struct dns_result r;
    struct dns_writer d;
    use("example.", plain);
    name_of(&question.name, "www.example.");
    for (size_t limit = 61; limit < 100; limit++) {
        dns_write_begin(&d, message, limit);
        assert_true(dns_write_question(&d, dns_name_bytes(&question.name), DNS_A, DNS_IN));
        dns_answer(&zones, &q, &d, &r);
        assert_int_equal(r.flags & DNS_TC, limit < 61 + 20 ? DNS_TC : 0);
        assert_true(writer_left(&d.w) >= 20);
    }
    q.reserve_bytes = 1000;
    dns_write_begin(&d, message, 100);
    assert_true(dns_write_question(&d, dns_name_bytes(&question.name), DNS_A, DNS_IN));
    dns_answer(&zones, &q, &d, &r);
    assert_int_equal(r.flags, DNS_AA | DNS_TC);
}

static void test_any(void **state)
{
    use("example.", plain);
    CHECK(
        {"ns.example. ANY", "NOERROR AA\nan ns.example. 3600 A 192.0.2.1\n"},
        {"ns.example. ANY +tcp", "NOERROR AA\nan ns.example. 3600 A 192.0.2.1\nan ns.example. 3600 AAAA 2001:db8::1\n"},
        {"b.c.example. ANY", "NOERROR AA\n" SOA}, {"no.example. ANY", "NXDOMAIN AA\n" SOA});
}

/* A chain from zone to zone, and the parent's side of a cut between two of ours. */
static void test_zones(void **state)
{
    use("example.", plain);
    use("elsewhere.test.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.77\n");
    use("sub.example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 30\n@ NS ns\nns A 192.0.2.1\nh A 192.0.2.78\n");
    CHECK({"out.example. A", "NOERROR AA\nan out.example. 3600 CNAME www.elsewhere.test.\n"
                             "an www.elsewhere.test. 60 A 192.0.2.77\n"},
          {"todeleg.example. A",
           "NOERROR AA\nan todeleg.example. 3600 CNAME h.sub.example.\nan h.sub.example. 60 A 192.0.2.78\n"},
          {"sub.example. DS", "NOERROR AA\n" SOA},
          {"h.sub.example. DS",
           "NOERROR AA\nau sub.example. 30 SOA ns.sub.example. host.sub.example. 7 3600 600 86400 30\n"});
    dns_zone_set_expired(dns_zones_find(&zones, (struct bytes){(const uint8_t *)"\3sub\7example", 13})->zone, true);
    CHECK({"h.sub.example. A", "SERVFAIL\n"},
          {"todeleg.example. A", "NOERROR AA\nan todeleg.example. 3600 CNAME h.sub.example.\n"});
}

/* ---- RFC 4592 ---- */

static const char wildcards[] = "$TTL 3600\n@ SOA ns.example.com. host 7 3600 600 86400 300\n"
                                "@ NS ns.example.com.\n@ NS ns.example.net.\n"
                                "* TXT \"this is a wildcard\"\n* MX 10 host1\n"
                                "sub.* TXT \"this is not a wildcard\"\n"
                                "host1 A 192.0.2.1\n"
                                "_ssh._tcp.host1 SRV 0 0 22 host1\n_ssh._tcp.host2 SRV 0 0 22 host1\n"
                                "subdel NS ns.example.com.\nsubdel NS ns.example.net.\n"
                                "*.c CNAME x.c2\n*.c2 A 192.0.2.8\n"
                                "*.circle CNAME a.circle\n*.e CNAME x.f\n*.f CNAME y.e\n"
                                "a.*.ent A 192.0.2.9\n";

#define SOA2 "au example. 300 SOA ns.example.com. host.example. 7 3600 600 86400 300\n"

static void test_wildcards(void **state)
{
    use("example.", wildcards);
    CHECK(
        {"host3.example. MX",
         "NOERROR AA\nan host3.example. 3600 MX 10 host1.example.\nad host1.example. 3600 A 192.0.2.1\n"},
        {"host3.example. A", "NOERROR AA\n" SOA2},
        {"foo.bar.example. TXT", "NOERROR AA\nan foo.bar.example. 3600 TXT \"this is a wildcard\"\n"},
        {"host1.example. MX", "NOERROR AA\n" SOA2}, {"sub.*.example. MX", "NOERROR AA\n" SOA2},
        {"_telnet._tcp.host1.example. SRV", "NXDOMAIN AA\n" SOA2},
        {"host.subdel.example. A",
         "NOERROR\nau subdel.example. 3600 NS ns.example.com.\nau subdel.example. 3600 NS ns.example.net.\n"},
        {"ghost.*.example. MX", "NXDOMAIN AA\n" SOA2},
        {"*.example. TXT", "NOERROR AA\nan *.example. 3600 TXT \"this is a wildcard\"\n"},
        {"y.c.example. A", "NOERROR AA\nan y.c.example. 3600 CNAME x.c2.example.\nan x.c2.example. 3600 A 192.0.2.8\n"},
        {"x.ent.example. A", "NOERROR AA\n" SOA2}, {"y.x.ent.example. A", "NOERROR AA\n" SOA2},
        {"z.ANY.example. ANY",
         "NOERROR AA\nan z.ANY.example. 3600 MX 10 host1.example.\nad host1.example. 3600 A 192.0.2.1\n"});
}

/* ---- DNSSEC ---- */

static void test_signature_of_signatures(void **state)
{
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\nns A 192.0.2.1\n"
                    "a RRSIG RRSIG 13 2 60 20300101000000 20200101000000 1 example. AQ==\n");
    CHECK({"a.example. RRSIG +do", "NOERROR AA\nan a.example. 60 RRSIG RRSIG\n"},
          {"a.example. ANY +do", "NOERROR AA\nan a.example. 60 RRSIG RRSIG\n"});
}

/* A signature's own TTL holds where it is smaller than that of the set, or than what an SOA says of negative answers. */
static void test_ttl_of_signatures(void **state)
{
    static const char rrsig[] = "13 1 3600 20300101000000 20200101000000 1 example. AQ==";
    char text[600];
    snprintf(text, sizeof text,
             "$TTL 3600\n@ SOA ns host 7 3600 600 86400 300\n@ NS ns\n@ TXT a\nns A 192.0.2.1\n"
             "@ 200 RRSIG SOA %s\n@ 7200 RRSIG NS %s\n@ 60 RRSIG TXT %s\n",
             rrsig, rrsig, rrsig);
    use("example.", text);
    CHECK({"example. AAAA +do", "NOERROR AA\n" SOA "au example. 200 RRSIG SOA\n"},
          {"example. TXT +do", "NOERROR AA\nan example. 3600 TXT \"a\"\nan example. 60 RRSIG TXT\n"},
          {"example. NS +do", "NOERROR AA\nan example. 3600 NS ns.example.\nan example. 3600 RRSIG NS\n"
                              "ad ns.example. 3600 A 192.0.2.1\n"});
}

/* A signature of each set that is ours; of NSEC3s too. Walks the zone as it was before. */
static void sign(const char *origin)
{
    struct dns_name n;
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *s;
    name_of(&n, origin);
    struct dns_zone *z = dns_zones_get(&zones, dns_name_bytes(&n))->zone;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &s)) {
        uint8_t rdata[] = {
            (uint8_t)(s->type >> 8), (uint8_t)s->type, 13, 1, 0, 0, 14, 16, 0, 0, 0, 9, 0, 0, 0, 1, 0, 7, 0, 1};
        bool cut = s->type == DNS_NS && !dns_name_equal(name, dns_zone_origin(z));
        if (!cut && !dns_zone_is_occluded(z, name))
            assert_int_equal(dns_zone_add(z, name, DNS_RRSIG, s->ttl, bytes_of(rdata, sizeof rdata)), OK);
    }
    dns_cursor_close(&c);
}

static const char nsec[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n@ NSEC a NS SOA MX RRSIG "
    "NSEC\n"
    "a NS ns1.a\na NS ns2.a\na DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\na NSEC ai NS DS RRSIG NSEC\n"
    "ns1.a A 192.0.2.5\nns2.a A 192.0.2.6\n"
    "ai A 192.0.2.9\nai HINFO \"KLH-10\" \"ITS\"\nai NSEC b A HINFO RRSIG NSEC\n"
    "b NS ns1.b\nb NS ns2.b\nb NSEC ns1 NS RRSIG NSEC\nns1.b A 192.0.2.7\nns2.b A 192.0.2.8\n"
    "ns1 A 192.0.2.1\nns1 NSEC ns2 A RRSIG NSEC\nns2 A 192.0.2.2\nns2 NSEC *.w A RRSIG NSEC\n"
    "*.w MX 1 ai\n*.w NSEC x.w MX RRSIG NSEC\nx.w MX 1 xx\nx.w NSEC x.y.w MX RRSIG NSEC\n"
    "x.y.w MX 1 xx\nx.y.w NSEC xx MX RRSIG NSEC\nxx A 192.0.2.10\nxx NSEC @ A RRSIG NSEC\n";

#define SOA3 "au example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600\nau example. 3600 RRSIG SOA\n"
#define NSEC(owner, next, types) "au " owner " 3600 NSEC " next " " types "\nau " owner " 3600 RRSIG NSEC\n"

/* RFC 4035 B. */
static void test_nsec(void **state)
{
    use("example.", nsec);
    sign("example.");
    CHECK(
        {"x.w.example. MX +do", "NOERROR AA\nan x.w.example. 3600 MX 1 xx.example.\nan x.w.example. 3600 RRSIG MX\n"
                                "ad xx.example. 3600 A 192.0.2.10\nad xx.example. 3600 RRSIG A\n"},
        {"ml.example. A +do", "NXDOMAIN AA\n" SOA3 NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")
                                  NSEC("example.", "a.example.", "NS SOA MX RRSIG NSEC")},
        {"ml.example. A", "NXDOMAIN AA\nau example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600\n"},
        {"ns1.example. MX +do", "NOERROR AA\n" SOA3 NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")},
        {"mc.a.example. MX +do",
         "NOERROR\nau a.example. 3600 NS ns1.a.example.\nau a.example. 3600 NS ns2.a.example.\n"
         "au a.example. 3600 DS 57855 5 1 B6DCD485719ADCA18E5F3D48A2331627FDD3636B\nau a.example. 3600 RRSIG DS\n"
         "ad ns1.a.example. 3600 A 192.0.2.5\nad ns2.a.example. 3600 A 192.0.2.6\n"},
        {"mc.b.example. MX +do",
         "NOERROR\nau b.example. 3600 NS ns1.b.example.\nau b.example. 3600 NS ns2.b.example.\n" NSEC(
             "b.example.", "ns1.example.",
             "NS RRSIG NSEC") "ad ns1.b.example. 3600 A 192.0.2.7\nad ns2.b.example. 3600 A 192.0.2.8\n"},
        {"a.z.w.example. MX +do",
         "NOERROR AA\nan a.z.w.example. 3600 MX 1 ai.example.\nan a.z.w.example. 3600 RRSIG MX\n" NSEC(
             "x.y.w.example.", "xx.example.",
             "MX RRSIG NSEC") "ad ai.example. 3600 A 192.0.2.9\nad ai.example. 3600 RRSIG A\n"},
        {"a.z.w.example. AAAA +do", "NOERROR AA\n" SOA3 NSEC("*.w.example.", "x.w.example.", "MX RRSIG NSEC")
                                        NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
        {"example. DS +do", "NOERROR AA\n" SOA3 NSEC("example.", "a.example.", "NS SOA MX RRSIG NSEC")},
        {"b.example. DS +do", "NOERROR AA\n" SOA3 NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
        {"y.w.example. A +do", "NOERROR AA\n" SOA3 NSEC("x.w.example.", "x.y.w.example.", "MX RRSIG NSEC")},
        {"ns1.example. NSEC", "NOERROR AA\nan ns1.example. 3600 NSEC ns2.example. A RRSIG NSEC\n"},
        {"ns1.example. RRSIG", "NOERROR AA\nan ns1.example. 3600 RRSIG A\nan ns1.example. 3600 RRSIG NSEC\n"},
        {"ns1.example. ANY +do", "NOERROR AA\nan ns1.example. 3600 A 192.0.2.1\nan ns1.example. 3600 RRSIG A\n"});
}

/* RFC 5155 A, with what its B says. The bit maps are not looked at here. */
#define N3(hash, next) hash " NSEC3 1 1 12 aabbccdd " next " A RRSIG\n"
static const char nsec3[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n@ NSEC3PARAM 1 0 12 "
    "aabbccdd\n"
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr A 192.0.2.127\n"
    "a NS ns1.a\na NS ns2.a\na DS 58470 5 1 3079F1593EBAD6DC121E202A8B766A6A4837206C\n"
    "ns1.a A 192.0.2.5\nns2.a A 192.0.2.6\nai A 192.0.2.9\nc NS ns1.c\nc NS ns2.c\nns1.c A 192.0.2.7\nns2.c A "
    "192.0.2.8\n"
    "ns1 A 192.0.2.1\nns2 A 192.0.2.2\n*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\n" //
    N3("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", "2t7b4g4vsa5smi47k61mv5bv1a22bojr") N3("2t7b4g4vsa5smi47k61mv5bv1a22bojr",
                                                                                  "2vptu5timamqttgl4luu9kg21e0aor3s")
        N3("2vptu5timamqttgl4luu9kg21e0aor3s", "35mthgpgcu1qg68fab165klnsnk3dpvl")
            N3("35mthgpgcu1qg68fab165klnsnk3dpvl", "b4um86eghhds6nea196smvmlo4ors995")
                N3("b4um86eghhds6nea196smvmlo4ors995", "gjeqe526plbf1g8mklp59enfd789njgi")
                    N3("gjeqe526plbf1g8mklp59enfd789njgi", "ji6neoaepv8b5o6k4ev33abha8ht9fgc")
                        N3("ji6neoaepv8b5o6k4ev33abha8ht9fgc", "k8udemvp1j2f7eg6jebps17vp3n8i58h")
                            N3("k8udemvp1j2f7eg6jebps17vp3n8i58h", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi")
                                N3("kohar7mbb8dc2ce8a9qvl8hon4k53uhi", "q04jkcevqvmu85r014c7dkba38o0ji5r")
                                    N3("q04jkcevqvmu85r014c7dkba38o0ji5r", "r53bq7cc2uvmubfu5ocmm6pers9tk9en")
                                        N3("r53bq7cc2uvmubfu5ocmm6pers9tk9en", "t644ebqk9bibcna874givr6joj62mlhv")
                                            N3("t644ebqk9bibcna874givr6joj62mlhv", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom");

#define P0P9M                                                                                                     \
    "au 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 3600 NSEC3 1 1 12 AABBCCDD 2T7B4G4VSA5SMI47K61MV5BV1A22BOJR A " \
    "RRSIG\n"                                                                                                     \
    "au 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. 3600 RRSIG NSEC3\n"
#define P2T7B                                                                                                     \
    "au 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 NSEC3 1 1 12 AABBCCDD 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S A " \
    "RRSIG\n"                                                                                                     \
    "au 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 RRSIG NSEC3\n"
#define P35MT                                                                                                     \
    "au 35mthgpgcu1qg68fab165klnsnk3dpvl.example. 3600 NSEC3 1 1 12 AABBCCDD B4UM86EGHHDS6NEA196SMVMLO4ORS995 A " \
    "RRSIG\n"                                                                                                     \
    "au 35mthgpgcu1qg68fab165klnsnk3dpvl.example. 3600 RRSIG NSEC3\n"
#define PB4UM                                                                                                     \
    "au b4um86eghhds6nea196smvmlo4ors995.example. 3600 NSEC3 1 1 12 AABBCCDD GJEQE526PLBF1G8MKLP59ENFD789NJGI A " \
    "RRSIG\n"                                                                                                     \
    "au b4um86eghhds6nea196smvmlo4ors995.example. 3600 RRSIG NSEC3\n"
#define PJI6N                                                                                                     \
    "au ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. 3600 NSEC3 1 1 12 AABBCCDD K8UDEMVP1J2F7EG6JEBPS17VP3N8I58H A " \
    "RRSIG\n"                                                                                                     \
    "au ji6neoaepv8b5o6k4ev33abha8ht9fgc.example. 3600 RRSIG NSEC3\n"
#define PK8UD                                                                                                     \
    "au k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 NSEC3 1 1 12 AABBCCDD KOHAR7MBB8DC2CE8A9QVL8HON4K53UHI A " \
    "RRSIG\n"                                                                                                     \
    "au k8udemvp1j2f7eg6jebps17vp3n8i58h.example. 3600 RRSIG NSEC3\n"
#define PQ04J                                                                                                     \
    "au q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 NSEC3 1 1 12 AABBCCDD R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN A " \
    "RRSIG\n"                                                                                                     \
    "au q04jkcevqvmu85r014c7dkba38o0ji5r.example. 3600 RRSIG NSEC3\n"
#define PR53B                                                                                                     \
    "au r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. 3600 NSEC3 1 1 12 AABBCCDD T644EBQK9BIBCNA874GIVR6JOJ62MLHV A " \
    "RRSIG\n"                                                                                                     \
    "au r53bq7cc2uvmubfu5ocmm6pers9tk9en.example. 3600 RRSIG NSEC3\n"

static void test_nsec3(void **state)
{
    use("example.", nsec3);
    sign("example.");
    CHECK({"a.c.x.w.example. A +do", "NXDOMAIN AA\n" SOA3 PB4UM P0P9M P35MT},
          {"ns1.example. MX +do", "NOERROR AA\n" SOA3 P2T7B}, {"y.w.example. A +do", "NOERROR AA\n" SOA3 PJI6N},
          {"mc.c.example. MX +do",
           "NOERROR\nau c.example. 3600 NS ns1.c.example.\nau c.example. 3600 NS ns2.c.example.\n" P0P9M P35MT
           "ad ns1.c.example. 3600 A 192.0.2.7\nad ns2.c.example. 3600 A 192.0.2.8\n"},
          {"c.example. DS +do", "NOERROR AA\n" SOA3 P0P9M P35MT},
          {"a.z.w.example. MX +do",
           "NOERROR AA\nan a.z.w.example. 3600 MX 1 ai.example.\nan a.z.w.example. 3600 RRSIG MX\n" PQ04J
           "ad ai.example. 3600 A 192.0.2.9\nad ai.example. 3600 RRSIG A\n"},
          {"a.z.w.example. AAAA +do", "NOERROR AA\n" SOA3 PK8UD PQ04J PR53B},
          {"example. DS +do", "NOERROR AA\n" SOA3 P0P9M},
          /* Owners of NSEC3 are no names, unless they are some all the same. */
          {"2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. A",
           "NOERROR AA\nan 2t7b4g4vsa5smi47k61mv5bv1a22bojr.example. 3600 A 192.0.2.127\n"},
          {"0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3",
           "NXDOMAIN AA\nau example. 3600 SOA ns1.example. bugs.x.w.example. 1 3600 300 3600000 3600\n"});
}

static void test_nsec3_iterations(void **state)
{
    struct dns_name where;
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 60\n@ NS ns\nns A 192.0.2.1\n@ NSEC3PARAM 1 0 101 -\n"
                    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom NSEC3 1 1 101 - 0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n");
    CHECK({"x.example. A +do", "NXDOMAIN AA\nau example. 60 SOA ns.example. host.example. 7 3600 600 86400 60\n"});
    struct dns_zone *z = dns_zones_find(&zones, (struct bytes){(const uint8_t *)"\7example", 9})->zone;
    assert_string_equal(dns_zone_check(z, &where), "more than 100 iterations of NSEC3");
}

/* Each wildcard of a chain is proved. */
static void test_chain_proofs(void **state)
{
    use("example.", "$TTL 60\n@ SOA ns host 7 3600 600 86400 60\n@ NS ns.test.\n@ NSEC *.a NS SOA NSEC\n"
                    "*.a CNAME x.b\n*.a NSEC *.b CNAME NSEC\n*.b CNAME y.c\n*.b NSEC *.c CNAME NSEC\n"
                    "*.c A 192.0.2.1\n*.c NSEC @ A NSEC\n");
    CHECK({"q.a.example. A +do",
           "NOERROR AA\nan q.a.example. 60 CNAME x.b.example.\nan x.b.example. 60 CNAME y.c.example.\n"
           "an y.c.example. 60 A 192.0.2.1\nau *.a.example. 60 NSEC *.b.example. CNAME NSEC\n"
           "au *.b.example. 60 NSEC *.c.example. CNAME NSEC\nau *.c.example. 60 NSEC example. A NSEC\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_positive, teardown),
        cmocka_unit_test_teardown(test_negative, teardown),
        cmocka_unit_test_teardown(test_ttl_of_signatures, teardown),
        cmocka_unit_test_teardown(test_signature_of_signatures, teardown),
        cmocka_unit_test_teardown(test_chains, teardown),
        cmocka_unit_test_teardown(test_long_chain, teardown),
        cmocka_unit_test_teardown(test_dname, teardown),
        cmocka_unit_test_teardown(test_dname_occludes, teardown),
        cmocka_unit_test_teardown(test_dname_once, teardown),
        cmocka_unit_test_teardown(test_referral, teardown),
        cmocka_unit_test_teardown(test_referral_unsigned, teardown),
        cmocka_unit_test_teardown(test_truncation, teardown),
        cmocka_unit_test_teardown(test_reserve, teardown),
        cmocka_unit_test_teardown(test_any, teardown),
        cmocka_unit_test_teardown(test_zones, teardown),
        cmocka_unit_test_teardown(test_wildcards, teardown),
        cmocka_unit_test_teardown(test_nsec, teardown),
        cmocka_unit_test_teardown(test_nsec3, teardown),
        cmocka_unit_test_teardown(test_nsec3_iterations, teardown),
        cmocka_unit_test_teardown(test_chain_proofs, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
