/* SPDX-License-Identifier: ISC */
/* Signatures of one set, ours and BIND's. */
#include "base/radix.h"
#include "proto/dnssec.h"
#include "test/support/dnssec_vectors.h"
#include "wire/dns_rdata.h"

#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NOW_S = 1800000000, WORDS_MAX = 24 };

/* A record's data, kept for the whole program. */
static struct bytes rdata(uint16_t type, const char *text)
{
    static uint8_t kept[1 << 16];
    static struct writer w;
    struct dns_word word[WORDS_MAX];
    size_t n = 0;
    if (!w.start)
        w = writer_of(kept, sizeof kept);
    for (struct bytes left = bytes_str(text), part; left.len; left = bytes_slice(left, part.len + 1, left.len)) {
        part = bytes_slice(left, 0, bytes_find(left, ' '));
        assert_true(n < WORDS_MAX);
        word[n++] = (struct dns_word){.text = part};
    }
    struct bytes begin = writer_bytes(&w);
    assert_null(dns_rdata_parse(type, word, n, dns_root(), &w));
    return bytes_of(begin.data + begin.len, writer_len(&w) - begin.len);
}

static struct dns_name name_of(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

/* The sets that were signed, as a server may send them: in any order, with any case. */
struct example {
    struct dns_name owner;
    struct bytes rdata[4];
    struct dnssec_set set;
};

static void fill(struct example *x, const char *owner, uint16_t type, size_t n, const char *const *text)
{
    x->owner = name_of(owner);
    for (size_t i = 0; i < n; i++)
        x->rdata[i] = rdata(type, text[i]);
    x->set = (struct dnssec_set){dns_name_bytes(&x->owner), type, DNS_IN, x->rdata, n};
}

static void mx(struct example *x)
{
    fill(x, "EXAMPLE.test", DNS_MX, 3,
         (const char *const[]){"20 mail.EXAMPLE.test.", "10 NS.other.test.", "10 ns.example.test."});
}

static void txt(struct example *x, const char *owner)
{
    fill(x, owner, DNS_TXT, 2, (const char *const[]){"a", "b a"});
}

static enum err verify(const struct dnssec_set *set, const char *signature, const char *key, uint32_t now_s)
{
    return dnssec_verify(set, rdata(DNS_RRSIG, signature), rdata(DNS_DNSKEY, key), now_s);
}

static void each_algorithm_verifies(void **state)
{
    struct example x, y;
    for (size_t i = 0; i < ARRAY_LEN(vector_keys); i++) {
        mx(&x);
        assert_int_equal(verify(&x.set, vector_mx_signatures[i], vector_keys[i], NOW_S), OK);
        txt(&y, "*.wild.example.test");
        assert_int_equal(verify(&y.set, vector_txt_signatures[i], vector_keys[i], NOW_S), OK);
    }
}

static void what_a_wildcard_made_is_signed_as_the_wildcard(void **state)
{
    struct example x;
    for (size_t i = 0; i < ARRAY_LEN(vector_keys); i++) {
        txt(&x, "some.name.Wild.example.test");
        assert_int_equal(verify(&x.set, vector_txt_signatures[i], vector_keys[i], NOW_S), OK);
        txt(&x, "name.tame.example.test");
        assert_int_equal(verify(&x.set, vector_txt_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
        txt(&x, "example.test"); /* fewer labels than were signed */
        assert_int_equal(verify(&x.set, vector_txt_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
    }
}

static void duplicates_are_signed_once(void **state)
{
    struct example x;
    mx(&x);
    x.rdata[x.set.n++] = rdata(DNS_MX, "10 ns.EXAMPLE.test.");
    assert_int_equal(verify(&x.set, vector_mx_signatures[0], vector_keys[0], NOW_S), OK);
}

static void a_changed_set_is_refused(void **state)
{
    struct example x;
    for (size_t i = 0; i < ARRAY_LEN(vector_keys); i++) {
        mx(&x);
        x.set.n--;
        assert_int_equal(verify(&x.set, vector_mx_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
        mx(&x);
        x.rdata[0] = rdata(DNS_MX, "21 mail.example.test.");
        assert_int_equal(verify(&x.set, vector_mx_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
        mx(&x);
        x.set.class_ = DNS_CH;
        assert_int_equal(verify(&x.set, vector_mx_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
        mx(&x);
        assert_int_equal(verify(&x.set, vector_txt_signatures[i], vector_keys[i], NOW_S), ERR_INVALID);
    }
}

/* Every byte of a signature and of a key counts. */
static void one_changed_byte_is_refused(void **state)
{
    struct example x;
    for (size_t i = 0; i < ARRAY_LEN(vector_keys); i++) {
        struct bytes key = rdata(DNS_DNSKEY, vector_keys[i]), sig = rdata(DNS_RRSIG, vector_mx_signatures[i]);
        mx(&x);
        for (size_t at = 0; at < sig.len; at += i < 3 ? 7 : 13) {
            ((uint8_t *)(uintptr_t)sig.data)[at] ^= 0x10;
            assert_int_not_equal(dnssec_verify(&x.set, sig, key, NOW_S), OK);
            ((uint8_t *)(uintptr_t)sig.data)[at] ^= 0x10;
        }
        for (size_t at = 0; at < key.len; at += i < 3 ? 7 : 13) {
            ((uint8_t *)(uintptr_t)key.data)[at] ^= 0x10;
            assert_int_not_equal(dnssec_verify(&x.set, sig, key, NOW_S), OK);
            ((uint8_t *)(uintptr_t)key.data)[at] ^= 0x10;
        }
        assert_int_equal(dnssec_verify(&x.set, sig, key, NOW_S), OK);
    }
}

static void cut_signatures_and_keys_are_refused(void **state)
{
    struct example x;
    mx(&x);
    for (size_t i = 0; i < ARRAY_LEN(vector_keys); i++) {
        struct bytes key = rdata(DNS_DNSKEY, vector_keys[i]), sig = rdata(DNS_RRSIG, vector_mx_signatures[i]);
        for (size_t len = 0; len < sig.len; len += 5)
            assert_int_equal(dnssec_verify(&x.set, bytes_slice(sig, 0, len), key, NOW_S), ERR_INVALID);
        for (size_t len = 0; len < key.len; len += 5)
            assert_int_equal(dnssec_verify(&x.set, sig, bytes_slice(key, 0, len), NOW_S), ERR_INVALID);
    }
}

static void times_count_and_wrap_around(void **state)
{
    struct example x;
    mx(&x);
    const uint32_t inception = 1577836800, expiration = 2145916800;
    assert_int_equal(verify(&x.set, vector_mx_signatures[3], vector_keys[3], inception - 1), ERR_TIMEOUT);
    assert_int_equal(verify(&x.set, vector_mx_signatures[3], vector_keys[3], inception), OK);
    assert_int_equal(verify(&x.set, vector_mx_signatures[3], vector_keys[3], expiration), OK);
    assert_int_equal(verify(&x.set, vector_mx_signatures[3], vector_keys[3], expiration + 1), ERR_TIMEOUT);
    struct dnssec_key key;
    uint8_t out[DNSSEC_RRSIG_BYTES];
    struct writer w = writer_of(out, sizeof out);
    assert_int_equal(dnssec_key_generate(DNSSEC_ECDSAP256SHA256, DNSSEC_KEY_ZONE, &key), OK);
    assert_int_equal(dnssec_sign(&x.set, 60, &key, dns_name_bytes(&x.owner), UINT32_MAX - 5, 5, &w), OK);
    for (int32_t at = -8; at <= 8; at++)
        assert_int_equal(dnssec_verify(&x.set, writer_bytes(&w), dnssec_key_rdata(&key), (uint32_t)at),
                         at >= -6 && at <= 5 ? OK : ERR_TIMEOUT);
}

static void others_algorithms_are_told_apart(void **state)
{
    struct example x;
    mx(&x);
    struct bytes key = rdata(DNS_DNSKEY, "256 3 200 AwEAAaW6r9U=");
    char text[200];
    struct writer w = writer_of(text, sizeof text);
    write_format(&w, "MX 200 2 3600 20380101000000 20200101000000 %u example.test. AAAA", dnssec_key_tag(key));
    write_u8(&w, 0);
    assert_int_equal(dnssec_verify(&x.set, rdata(DNS_RRSIG, text), key, NOW_S), ERR_UNSUPPORTED);
    assert_false(dnssec_algorithm_is_known(200));
    assert_true(dnssec_algorithm_is_known(DNSSEC_RSASHA256));
}

static void digests_of_keys(void **state)
{
    struct dns_name owner = name_of("Example.test");
    struct bytes key = rdata(DNS_DNSKEY, vector_keys[3]);
    for (size_t i = 0; i < ARRAY_LEN(vector_ds); i++) {
        struct bytes ds = rdata(DNS_DS, vector_ds[i]);
        assert_int_equal(dnssec_ds_check(dns_name_bytes(&owner), key, ds), OK);
        assert_int_equal(dnssec_ds_check(dns_name_bytes(&owner), rdata(DNS_DNSKEY, vector_keys[4]), ds), ERR_INVALID);
        assert_int_equal(dnssec_ds_check(dns_root(), key, ds), ERR_INVALID);
        assert_int_equal(dnssec_ds_check(dns_name_bytes(&owner), key, bytes_slice(ds, 0, ds.len - 1)), ERR_INVALID);
    }
    assert_int_equal(dnssec_ds_check(dns_name_bytes(&owner), key, rdata(DNS_DS, "8785 13 77 00")), ERR_UNSUPPORTED);
}

/* RFC 5155, appendix A. */
static void hashes_of_names(void **state)
{
    static const char *const vectors[][2] = {
        {"example", "0P9MHAVEQVM6T7VBL5LOP2U3T2RP3TOM"},
        {"a.Example", "35MTHGPGCU1QG68FAB165KLNSNK3DPVL"},
        {"x.y.w.example", "2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S"},
        {"*.w.example", "R53BQ7CC2UVMUBFU5OCMM6PERS9TK9EN"},
    };
    static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        uint8_t hash[DNSSEC_NSEC3_BYTES], text[33] = {0};
        struct writer w = writer_of(text, 32);
        struct dns_name n = name_of(vectors[i][0]);
        dnssec_nsec3_hash(dns_name_bytes(&n), bytes_of(salt, sizeof salt), 12, hash);
        radix_write(&w, RADIX_BASE32HEX, bytes_of(hash, sizeof hash));
        assert_string_equal(text, vectors[i][1]);
    }
}

/* ---- Signing ---- */

static void keys_of_bind(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(vector_private_keys); i++) {
        struct dnssec_key key;
        char text[300];
        struct writer w = writer_of(text, sizeof text);
        assert_null(dnssec_key_parse(bytes_str(vector_private_keys[i]), DNSSEC_KEY_ZONE, &key));
        assert_true(bytes_equal(dnssec_key_rdata(&key), rdata(DNS_DNSKEY, vector_keys[3 + i])));
        dnssec_key_write(&key, &w);
        assert_true(bytes_equal(writer_bytes(&w), bytes_str(vector_private_keys[i])));
        dnssec_key_wipe(&key);
        for (size_t at = 0; at < sizeof key.secret; at++)
            assert_int_equal(key.secret[at], 0);
    }
}

/* One of 256 keys that dnssec-keygen makes: its number has 31 bytes. */
static void a_short_number_of_bind(void **state)
{
    struct dnssec_key key;
    assert_null(dnssec_key_parse(bytes_str("Private-key-format: v1.3\nAlgorithm: 13 (ECDSAP256SHA256)\n"
                                           "PrivateKey: 91sblyJAQWbtxeF5Q7Y1EGrbW5nEAxpxk548JBbiYw==\n"),
                                 DNSSEC_KEY_ZONE, &key));
    assert_true(bytes_equal(dnssec_key_rdata(&key),
                            rdata(DNS_DNSKEY, "256 3 13 Aw8XGxjXF1awIVZugs01hDI2/DgwLZzfYu6LVDZIepMulKomy3cdnDMB "
                                              "9PV6AuaiEp035ZIhZgVqsI5cjES3Og==")));
    assert_int_equal(key.tag, 29057);
}

static void what_is_no_key_has_a_reason(void **state)
{
    static const char *const bad[][2] = {
        {"", "no line \"Private-key-format:\""},
        {"Private-key-format: v1.3\nPrivateKey: AAAA\n", "no line \"Algorithm:\""},
        {"Private-key-format: v1.3\nAlgorithm: x\nPrivateKey: AAAA\n", "no line \"Algorithm:\""},
        {"Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\nModulus: AAAA\n", "its algorithm is none"},
        {"Private-key-format: v1.3\nAlgorithm: 13 (X)\n", "no line \"PrivateKey:\""},
        {"Private-key-format: v1.3\nAlgorithm: 13 (X)\nPrivateKey: A$\n", "no line \"PrivateKey:\""},
        {"Private-key-format: v1.3\nAlgorithm: 13 (X)\nPrivateKey: AAAA\n", "its number"},
        {"Private-key-format: v1.3\nAlgorithm: 13 (X)\nPrivateKey: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
         "its number"}, /* 0 */
        {"Private-key-format: v1.3\nAlgorithm: 13 (X)\nPrivateKey: //////////////////////////////////////////8=\n",
         "its number"}, /* more than there are */
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct dnssec_key key;
        const char *reason = dnssec_key_parse(bytes_str(bad[i][0]), DNSSEC_KEY_ZONE, &key);
        assert_non_null(reason);
        assert_non_null(strstr(reason, bad[i][1]));
    }
}

static void what_we_sign_verifies(void **state)
{
    static const uint8_t algorithms[] = {DNSSEC_ECDSAP256SHA256, DNSSEC_ECDSAP384SHA384};
    struct dns_name zone = name_of("Example.TEST");
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        struct example x, y;
        struct dnssec_key key, other;
        struct dnssec_rrsig sig;
        uint8_t out[2][DNSSEC_RRSIG_BYTES];
        struct writer w = writer_of(out[0], sizeof out[0]), v = writer_of(out[1], sizeof out[1]);
        assert_int_equal(dnssec_key_generate(algorithms[i], DNSSEC_KEY_ZONE | DNSSEC_KEY_ENTRY, &key), OK);
        assert_int_equal(dnssec_key_generate(algorithms[i], DNSSEC_KEY_ZONE, &other), OK);
        mx(&x);
        assert_int_equal(dnssec_sign(&x.set, 300, &key, dns_name_bytes(&zone), NOW_S - 60, NOW_S + 60, &w), OK);
        assert_int_equal(dnssec_verify(&x.set, writer_bytes(&w), dnssec_key_rdata(&key), NOW_S), OK);
        assert_int_equal(dnssec_verify(&x.set, writer_bytes(&w), dnssec_key_rdata(&other), NOW_S), ERR_INVALID);
        assert_true(dnssec_rrsig_parse(writer_bytes(&w), &sig));
        assert_int_equal(sig.ttl, 300);
        assert_int_equal(sig.labels, 2);
        txt(&y, "*.wild.example.test");
        assert_int_equal(dnssec_sign(&y.set, 300, &key, dns_name_bytes(&zone), NOW_S - 60, NOW_S + 60, &v), OK);
        txt(&y, "made.of.wild.example.test");
        assert_int_equal(dnssec_verify(&y.set, writer_bytes(&v), dnssec_key_rdata(&key), NOW_S), OK);
        struct writer little = writer_of(out[0], 20);
        assert_int_equal(dnssec_sign(&x.set, 300, &key, dns_name_bytes(&zone), 0, 1, &little), ERR_FULL);
    }
    struct dnssec_key none;
    assert_int_equal(dnssec_key_generate(DNSSEC_RSASHA256, DNSSEC_KEY_ZONE, &none), ERR_UNSUPPORTED);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_algorithm_verifies),
        cmocka_unit_test(what_a_wildcard_made_is_signed_as_the_wildcard),
        cmocka_unit_test(duplicates_are_signed_once),
        cmocka_unit_test(a_changed_set_is_refused),
        cmocka_unit_test(one_changed_byte_is_refused),
        cmocka_unit_test(cut_signatures_and_keys_are_refused),
        cmocka_unit_test(times_count_and_wrap_around),
        cmocka_unit_test(others_algorithms_are_told_apart),
        cmocka_unit_test(digests_of_keys),
        cmocka_unit_test(hashes_of_names),
        cmocka_unit_test(keys_of_bind),
        cmocka_unit_test(a_short_number_of_bind),
        cmocka_unit_test(what_is_no_key_has_a_reason),
        cmocka_unit_test(what_we_sign_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
