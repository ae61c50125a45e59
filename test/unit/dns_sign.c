/* SPDX-License-Identifier: ISC */
/* Whole zones that are signed: chains, what the parent should know, serial numbers, times, limits. */
#include "test/support/dns_sign_zone.h"

#include <jinn/random.h>

/* RFC 5155 A but for its insecure delegation, which is left out there by opt-out. */
static const char rfc5155[] =
    "$TTL 3600\n@ SOA ns1 bugs.x.w 1 3600 300 3600000 3600\n@ NS ns1\n@ NS ns2\n@ MX 1 xx\n" CHILDREN
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr A 192.0.2.127\nai A 192.0.2.9\nns1 A 192.0.2.1\nns2 A 192.0.2.2\n"
    "*.w MX 1 ai\nx.w MX 1 xx\nx.y.w MX 1 xx\nxx A 192.0.2.10\n";

/* The chain in its order: "owner next types". */
static const char *chain_of(struct dns_zone *z, uint16_t type)
{
    static char text[1 << 14];
    struct writer w = writer_of(text, sizeof text);
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        if (set->type != type)
            continue;
        dns_name_write_text(&w, name);
        write_u8(&w, ' ');
        dns_rdata_write_text(&w, type, dns_set_first(set));
        write_u8(&w, '\n');
    }
    dns_cursor_close(&c);
    write_u8(&w, 0);
    return text;
}

static void nsec_of_rfc4035(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    assert_string_equal(chain_of(z, DNS_NSEC),
                        "example. a.example. NS SOA MX RRSIG NSEC DNSKEY CDS CDNSKEY\n"
                        "a.example. ai.example. NS DS RRSIG NSEC\nai.example. b.example. A HINFO RRSIG NSEC\n"
                        "b.example. ns1.example. NS RRSIG NSEC\nns1.example. ns2.example. A RRSIG NSEC\n"
                        "ns2.example. *.w.example. A RRSIG NSEC\n*.w.example. x.w.example. MX RRSIG NSEC\n"
                        "x.w.example. x.y.w.example. MX RRSIG NSEC\nx.y.w.example. xx.example. MX RRSIG NSEC\n"
                        "xx.example. example. A RRSIG NSEC\n");
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void nsec3_of_rfc5155(void **state)
{
    static const char *const order[] = {
        "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom", "2t7b4g4vsa5smi47k61mv5bv1a22bojr", "2vptu5timamqttgl4luu9kg21e0aor3s",
        "35mthgpgcu1qg68fab165klnsnk3dpvl", "b4um86eghhds6nea196smvmlo4ors995", "gjeqe526plbf1g8mklp59enfd789njgi",
        "ji6neoaepv8b5o6k4ev33abha8ht9fgc", "k8udemvp1j2f7eg6jebps17vp3n8i58h", "kohar7mbb8dc2ce8a9qvl8hon4k53uhi",
        "q04jkcevqvmu85r014c7dkba38o0ji5r", "r53bq7cc2uvmubfu5ocmm6pers9tk9en", "t644ebqk9bibcna874givr6joj62mlhv"};
    static const char *const types[] = {"NS SOA MX RRSIG DNSKEY NSEC3PARAM CDS CDNSKEY",
                                        "A RRSIG",
                                        "MX RRSIG",
                                        "NS DS RRSIG",
                                        "MX RRSIG",
                                        "A RRSIG",
                                        "",
                                        "",
                                        "A RRSIG",
                                        "A RRSIG",
                                        "MX RRSIG",
                                        "A RRSIG"};
    struct dns_sign_policy p = nsec3_policy();
    char expected[1 << 12] = "";
    p.iterations = 12;
    p.salt_len = 4;
    memcpy(p.salt, "\xaa\xbb\xcc\xdd", 4);
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    struct dns_zone *z = signed_of(s, "example.", rfc5155);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        char next[33] = "";
        for (int k = 0; k < 32; k++) {
            char c = order[(i + 1) % ARRAY_LEN(order)][k];
            next[k] = c >= 'a' ? (char)(c - 32) : c;
        }
        sprintf(expected + strlen(expected), "%s.example. 1 0 12 AABBCCDD %s%s%s\n", order[i], next,
                types[i][0] ? " " : "", types[i]);
    }
    assert_string_equal(chain_of(z, DNS_NSEC3), expected);
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void rfc9276_is_the_default(void **state)
{
    struct dns_sign_policy p = nsec3_policy();
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    struct dns_zone *z = signed_of(s, "example.", rfc5155);
    assert_non_null(strstr(text_of(z, 0), "example. 0 NSEC3PARAM 1 0 0 -\n"));
    assert_null(strstr(text_of(z, 0), " NSEC "));
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

static void one_key_signs_all(void **state)
{
    struct dns_signer *s = signer_of("example.", KSK_PRIVATE KSK_PUBLIC, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
}

/* With the keys that the parent should have: RFC 7344. */
static void what_the_parent_should_know(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    const char *text = text_of(z, 0);
    assert_non_null(strstr(text, "example. 3600 DNSKEY 256 3 13 C6HrkrXa"));
    assert_non_null(strstr(text, "example. 3600 DNSKEY 257 3 13 NeU77HGq"));
    assert_non_null(strstr(text, "example. 3600 CDNSKEY 257 3 13 NeU77HGq"));
    assert_null(strstr(text, "CDNSKEY 256"));
    assert_non_null(strstr(text, "example. 3600 CDS 25316 13 2 "));
    assert_null(strstr(text, "CDS 17957"));
    dns_zone_release(z);
    z = signed_of(s, "example.", "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns.test.\n@ CDS 0 0 0 00\n");
    assert_non_null(
        strstr(text_of(z, 0), "CDS 0 0 0 00")); /* RFC 8078 4: the zone's own says that there shall be none */
    assert_null(strstr(text_of(z, 0), "CDS 25316"));
    assert_null(strstr(text_of(z, 0), "CDNSKEY"));
    check_signatures(s, z, NOW_S);
    dns_zone_release(z);
    struct dns_sign_policy p = nsec;
    p.no_cds = true;
    s = signer_of("example.", BOTH, &p);
    z = signed_of(s, "example.", rfc4035);
    assert_null(strstr(text_of(z, 0), "CDS"));
    assert_null(strstr(text_of(z, 0), "CDNSKEY"));
    dns_zone_release(z);
}

/* Serial numbers: the time when that is higher, else the next. */
static void serial_numbers_go_up(void **state)
{
    struct dns_sign_policy p = nsec;
    struct dns_signer *s = signer_of("example.", BOTH, &p);
    assert_int_equal(dns_sign_serial(s, 7, NOW_S), NOW_S);
    assert_int_equal(dns_sign_serial(s, NOW_S, NOW_S), NOW_S + 1);
    assert_int_equal(dns_sign_serial(s, 2026112101, NOW_S), 2026112102);
    assert_int_equal(dns_sign_serial(s, UINT32_MAX, NOW_S), NOW_S);
    p.increment = true;
    s = signer_of("example.", BOTH, &p);
    assert_int_equal(dns_sign_serial(s, 7, NOW_S), 8);
    assert_int_equal(dns_sign_serial(s, UINT32_MAX, NOW_S), 1);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    assert_int_equal(dns_zone_serial(z), 2);
    dns_zone_release(z);
}

/* What another signer left is gone, and a digest of the zone as it was. */
static void foreign_signatures_are_left_out(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *plain = zone_of("example.", rfc4035), *one = sign_whole(s, plain, NOW_S);
    struct dns_sign_policy p = nsec3_policy();
    s = signer_of("example.", BOTH, &p);
    struct dns_zone *two = sign_whole(s, one, NOW_S);
    assert_null(strstr(text_of(two, 0), " NSEC "));
    check_signatures(s, two, NOW_S);
    check_chain(s, two);
    dns_zone_release(plain);
    dns_zone_release(one);
    dns_zone_release(two);
}

/* Times of signatures differ, within the jitter. */
static void times_are_spread(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *z = signed_of(s, "example.", rfc4035);
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set;
    uint32_t least = UINT32_MAX, most = 0;
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        struct dnssec_rrsig sig;
        if (set->type != DNS_RRSIG)
            continue;
        assert_true(dnssec_rrsig_parse(dns_set_first(set), &sig));
        assert_int_equal(sig.inception, NOW_S - DNS_SIGN_BEFORE_S);
        least = sig.expiration < least ? sig.expiration : least;
        most = sig.expiration > most ? sig.expiration : most;
    }
    dns_cursor_close(&c);
    assert_true(most <= NOW_S + DNS_SIGN_VALIDITY_S);
    assert_true(least >= NOW_S + DNS_SIGN_VALIDITY_S - DNS_SIGN_JITTER_S);
    assert_true(most - least > DNS_SIGN_JITTER_S / 4); /* of 25 and more: by chance once in 10^15 */
    dns_zone_release(z);
}

static void a_zone_too_large_is_not_signed(void **state)
{
    struct dns_signer *s = signer_of("example.", BOTH, &nsec);
    struct dns_zone *plain = zone_of("example.", rfc4035);
    struct dns_sign_job j;
    enum err e;
    size_t limit = 1 << 11;
    do {
        e = dns_sign_begin(&j, s, plain, TEST_SEED, limit);
        while (!e && (e = dns_sign_step(&j, NOW_S, 1000)) == ERR_AGAIN)
            e = OK;
        if (!e && j.phase == DNS_SIGN_DONE)
            break;
        assert_int_equal(e, ERR_FULL);
        dns_sign_end(&j);
        limit += 1 << 11;
    } while (limit < 1 << 20);
    assert_int_equal(e, OK);
    assert_true(limit > 1 << 12);
    dns_sign_end(&j);
    assert_int_equal(dns_sign_begin(&j, s, plain, TEST_SEED, 1 << 20), OK);
    assert_int_equal(dns_sign_step(&j, DNS_SIGN_CLOCK_LEAST_S - 1, 1000), ERR_INVALID);
    dns_sign_end(&j);
    dns_zone_release(plain);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nsec_of_rfc4035),
        cmocka_unit_test(nsec3_of_rfc5155),
        cmocka_unit_test(rfc9276_is_the_default),
        cmocka_unit_test(one_key_signs_all),
        cmocka_unit_test(what_the_parent_should_know),
        cmocka_unit_test(serial_numbers_go_up),
        cmocka_unit_test(foreign_signatures_are_left_out),
        cmocka_unit_test(times_are_spread),
        cmocka_unit_test(a_zone_too_large_is_not_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
