/* SPDX-License-Identifier: ISC */
/* Keys as dnssec-keygen writes them: what is read, what is refused, when they sign. */
#include "test/support/dns_sign_zone.h"

#include <jinn/random.h>

static void keys_in_any_order(void **state)
{
    static const char *const texts[] = {BOTH, ZSK_PRIVATE KSK_PRIVATE KSK_PUBLIC ZSK_PUBLIC,
                                        ZSK_PUBLIC KSK_PUBLIC "\n\n" ZSK_PRIVATE "\n" KSK_PRIVATE "\n\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct dns_sign_keys keys;
        unsigned line;
        assert_null(dns_sign_keys_parse(bytes_str(texts[i]), &keys, &line));
        assert_int_equal(keys.n, 2);
        for (size_t k = 0; k < keys.n; k++) {
            assert_int_equal(keys.list[k].key.tag, keys.list[k].is_entry ? 25316 : 17957);
            assert_int_equal(keys.list[k].activate_s, DNS_SIGN_CLOCK_LEAST_S);
            assert_true(keys.list[k].delete_s == UINT64_MAX);
        }
        dns_sign_keys_free(&keys);
    }
}

static void what_follows_a_zero_is_a_devices(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    static const char device[] = KSK_PUBLIC KSK_PRIVATE "\0\xff\xff what was there before";
    assert_null(dns_sign_keys_parse(bytes_of(device, sizeof device), &keys, &line));
    assert_int_equal(keys.n, 1);
    dns_sign_keys_free(&keys);
}

/* The key, its digest and the signature that the document gives. */
static void rfc6605(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    char text[300];
    uint8_t ds[DNSSEC_DS_BYTES], sig[DNSSEC_RRSIG_BYTES];
    struct writer d = writer_of(ds, sizeof ds), t = writer_of(text, sizeof text - 1), g = writer_of(sig, sizeof sig);
    assert_null(dns_sign_keys_parse(bytes_str(RFC6605_PRIVATE RFC6605_PUBLIC), &keys, &line));
    const struct dns_sign_key *key = &keys.list[0];
    assert_int_equal(key->key.tag, 55648);
    assert_true(key->is_entry);
    assert_true(dnssec_ds_make(dns_name_bytes(&key->zone), dnssec_key_rdata(&key->key), DNSSEC_SHA256, &d));
    dns_rdata_write_text(&t, DNS_DS, writer_bytes(&d));
    *t.at = 0;
    assert_string_equal(text, "55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17");
    struct dns_word word[10];
    static const char *const words[] = {"A",
                                        "13",
                                        "3",
                                        "3600",
                                        "20100909100439",
                                        "20100812100439",
                                        "55648",
                                        "example.net.",
                                        "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXA",
                                        "yGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw=="};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        word[i] = (struct dns_word){.text = bytes_str(words[i])};
    assert_null(dns_rdata_parse(DNS_RRSIG, word, ARRAY_LEN(words), dns_root(), &g));
    struct dns_name www;
    name_of(&www, "www.example.net.");
    struct bytes address = bytes_of("\xc0\x00\x02\x01", 4);
    struct dnssec_set set = {dns_name_bytes(&www), DNS_A, DNS_IN, &address, 1};
    assert_int_equal(dnssec_verify(&set, writer_bytes(&g), dnssec_key_rdata(&key->key), 1283000000), OK);
    dns_sign_keys_free(&keys);
}

static void bad_keys_have_a_line_and_a_reason(void **state)
{
    static const struct {
        const char *text, *why;
        unsigned line;
    } rows[] = {
        {"", "there is no key", 0},
        {KSK_PRIVATE, "a private key without the line of its K*.key", 0},
        {ZSK_PRIVATE KSK_PUBLIC, "a private key without the line of its K*.key", 0},
        {KSK_PUBLIC, "the private key of this DNSKEY is missing", 5},
        {KSK_PUBLIC KSK_PRIVATE ZSK_PUBLIC, "the private key of this DNSKEY is missing", 16},
        {KSK_PRIVATE KSK_PUBLIC KSK_PRIVATE, "a private key without the line of its K*.key", 0},
        {"hello\n", "this is no DNSKEY record and no line of a private key", 1},
        {"; note\n\nexample. IN DNSKEY 257 3 8 AwEAAaW6r9U=\n", "its algorithm is none that signs here", 3},
        {"example. IN DNSKEY 257 3 13 A$\n", "its key is not 64 bytes in base 64", 1},
        {"example. IN DNSKEY 257 3 13 AAAA\n", "its key is not 64 bytes in base 64", 1},
        {"example. IN DNSKEY 65536 3 13 AAAA\n", "its flags or protocol are no numbers", 1},
        {"example. IN DNSKEY 257 x 13 AAAA\n", "its flags or protocol are no numbers", 1},
        {"example IN DNSKEY 257 3 13 AAAA\n", NULL, 1}, /* relative to what? */
        {"Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\n", "its algorithm is none that signs here", 1},
        {"Private-key-format: v1.3\nAlgorithm: 15 (ED25519)\nPrivateKey: AAAA\n",
         "its algorithm is none that signs here", 1},
        {"\nPrivate-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\nPrivateKey: AAAA\n", "its number is none", 2},
        {KSK_PUBLIC KSK_PRIVATE "Delete: yesterday\n", "a time of the key is not YYYYMMDDHHMMSS", 6},
        {KSK_PUBLIC KSK_PRIVATE "Delete: 20261301000000\n", "a time of the key is not YYYYMMDDHHMMSS", 6},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dns_sign_keys keys;
        unsigned line = 99;
        const char *why = dns_sign_keys_parse(bytes_str(rows[i].text), &keys, &line);
        assert_non_null(why);
        if (rows[i].why && !strstr(why, rows[i].why))
            fail_msg("row %zu: %s", i, why);
        assert_int_equal(line, rows[i].line);
        assert_null(keys.list);
    }
}

/* Public ones are found to be too many before any private one is calculated with. */
static void too_many_keys(void **state)
{
    struct dns_sign_keys keys;
    unsigned line;
    struct bytes one = bytes_str("example. IN DNSKEY 256 3 13 "
                                 "C6HrkrXauUU15VzMe+gkBw/Dsh8L3k8ZQuaQQHsW3zQEJnjCR+IQUirwxImBfhcK4RtjCCSnvOSdHdD2/"
                                 "q1vRA==\n");
    size_t size = (DNS_SIGN_ALL_KEYS_MAX + 1) * one.len;
    char *text = malloc(size);
    struct writer w = writer_of(text, size);
    for (int i = 0; i < DNS_SIGN_ALL_KEYS_MAX; i++)
        write_bytes(&w, one);
    const char *why = dns_sign_keys_parse(writer_bytes(&w), &keys, &line);
    assert_string_equal(why, "the private key of this DNSKEY is missing");
    write_bytes(&w, one);
    assert_true(writer_good(&w));
    why = dns_sign_keys_parse(writer_bytes(&w), &keys, &line);
    assert_string_equal(why, "more than 1024 keys");
    assert_int_equal(line, DNS_SIGN_ALL_KEYS_MAX + 1);
    free(text);
}

static const char *refused(const char *text, const char *zone, uint64_t now_s, const struct dns_sign_policy *p)
{
    static struct dns_signer s;
    struct dns_sign_keys keys;
    struct dns_name origin;
    unsigned line;
    name_of(&origin, zone);
    assert_null(dns_sign_keys_parse(bytes_str(text), &keys, &line));
    const char *why = dns_signer_init(&s, p, &keys, dns_name_bytes(&origin), &room, now_s);
    dns_sign_keys_free(&keys);
    return why;
}

static void what_can_not_sign_has_a_reason(void **state)
{
    struct dns_sign_policy p = nsec;
    assert_null(refused(BOTH, "EXAMPLE.", NOW_S, &nsec));
    assert_string_equal(refused(BOTH, "other.", NOW_S, &nsec), "there is no key of this zone");
    assert_null(refused(BOTH, "example.", DNS_SIGN_CLOCK_LEAST_S, &nsec));
    assert_non_null(strstr(refused(BOTH, "example.", DNS_SIGN_CLOCK_LEAST_S - 1, &nsec), "clock is not set"));
    assert_non_null(strstr(refused(BOTH, "example.", 0, &nsec), "clock is not set"));
    p.refresh_s = p.validity_s - p.jitter_s;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "valid for longer"));
    p = nsec3_policy();
    p.iterations = 101;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "iterations"));
    p = nsec;
    p.validity_s = 0;
    assert_non_null(strstr(refused(BOTH, "example.", NOW_S, &p), "1 second to 10 years"));
}

/* The same with other times than dnssec-keygen gave. */
static void times_of_keys(void **state)
{
    static const char *const rows[] = {"Activate: 20380101000000\n", "Publish: 20380101000000\n",
                                       "Inactive: 20260101000000\n", "Delete: 20260101000000\n"};
    static const bool published[] = {true, false, true, false};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2000];
        sprintf(text,
                ZSK_PUBLIC "Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n"
                           "PrivateKey: Zo+2ngnKkxbVUyNY+3BZBgoCKBxXGdOrqM53yc8iU5I=\n%s",
                rows[i]);
        assert_non_null(strstr(refused(text, "example.", NOW_S, &nsec), "none of its keys is active"));
        strcat(text, KSK_PUBLIC KSK_PRIVATE); /* that one signs alone then */
        struct dns_signer *s = signer_of("example.", text, &nsec);
        struct dns_zone *z = signed_of(s, "example.", rfc4035);
        assert_true(!strstr(text_of(z, 0), "DNSKEY 256") == !published[i]);
        struct dns_signer alone = *s;
        alone.n_keys = 1;
        alone.key[0] = s->key[s->use[0].entry ? 0 : 1];
        check_signatures(&alone, z, NOW_S);
        dns_zone_release(z);
    }
}

static void too_many_keys_of_a_zone(void **state)
{
    struct dns_sign_key list[DNS_SIGN_KEYS_MAX + 1];
    struct dns_sign_keys keys, many = {DNS_SIGN_KEYS_MAX, list};
    struct dns_signer s;
    unsigned line;
    assert_null(dns_sign_keys_parse(bytes_str(KSK_PUBLIC KSK_PRIVATE), &keys, &line));
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        list[i] = keys.list[0];
    struct bytes zone = dns_name_bytes(&list[0].zone);
    assert_null(dns_signer_init(&s, &nsec, &many, zone, &room, NOW_S));
    many.n++;
    assert_string_equal(dns_signer_init(&s, &nsec, &many, zone, &room, NOW_S), "more than 8 keys of one zone");
    dns_sign_keys_free(&keys);
    dns_signer_wipe(&s);
    for (size_t i = 0; i < sizeof s.key; i++)
        assert_int_equal(((const uint8_t *)s.key)[i], 0);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_in_any_order),
        cmocka_unit_test(what_follows_a_zero_is_a_devices),
        cmocka_unit_test(rfc6605),
        cmocka_unit_test(bad_keys_have_a_line_and_a_reason),
        cmocka_unit_test(what_can_not_sign_has_a_reason),
        cmocka_unit_test(times_of_keys),
        cmocka_unit_test(too_many_keys_of_a_zone),
        cmocka_unit_test(too_many_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
