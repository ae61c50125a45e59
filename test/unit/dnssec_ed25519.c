/* SPDX-License-Identifier: ISC */
/* Signatures by Ed25519: those of RFC 8080 and of BIND, and what must not pass for one. */
#include "base/radix.h"
#include "proto/dnssec.h"
#include "test/support/dns_signed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WHEN_S = 1440000000, S_AT = 32 };

/* RFC 8080 6.1 */
static const struct {
    const char *dnskey, *ds, *rrsig;
} examples[] = {
    {"257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=",
     "3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b",
     "MX 15 2 3600 1440021600 1438207200 3613 example.com. "
     "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg=="},
    {"257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=",
     "35217 15 2 401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c",
     "MX 15 2 3600 1440021600 1438207200 35217 example.com. "
     "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD7AQR0O7KuI5k2pcBg=="},
};

/* One of the examples, in memory that may be changed, and exactly as long as it is. */
struct example {
    struct dns_name owner;
    struct bytes rdata;
    struct dnssec_set set;
    uint8_t *mx, *key, *sig, *signature;
    struct bytes dnskey, rrsig;
};

static uint8_t *keep(struct bytes b, struct bytes *out)
{
    uint8_t *kept = malloc(b.len);
    assert_non_null(kept);
    memcpy(kept, b.data, b.len);
    *out = bytes_of(kept, b.len);
    return kept;
}

static void begin(struct example *x, size_t i)
{
    uint8_t room[300];
    x->owner = signed_name("example.com.");
    x->mx = keep(signed_rdata(DNS_MX, "10 mail.example.com.", room, sizeof room), &x->rdata);
    x->key = keep(signed_rdata(DNS_DNSKEY, examples[i].dnskey, room, sizeof room), &x->dnskey);
    x->sig = keep(signed_rdata(DNS_RRSIG, examples[i].rrsig, room, sizeof room), &x->rrsig);
    x->signature = x->sig + x->rrsig.len - 64;
    x->set = (struct dnssec_set){dns_name_bytes(&x->owner), DNS_MX, DNS_IN, &x->rdata, 1};
}

static void end(struct example *x)
{
    free(x->mx);
    free(x->key);
    free(x->sig);
}

static enum err verify(const struct example *x)
{
    return dnssec_verify(&x->set, x->rrsig, x->dnskey, WHEN_S);
}

/* After a change of the key: what names it follows, so that the key itself is looked at. */
static void retag(struct example *x)
{
    uint16_t tag = dnssec_key_tag(x->dnskey);
    x->sig[16] = (uint8_t)(tag >> 8);
    x->sig[17] = (uint8_t)tag;
}

static void examples_of_the_rfc(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        struct example x;
        uint8_t room[DNSSEC_DS_BYTES];
        begin(&x, i);
        assert_int_equal(verify(&x), OK);
        struct bytes ds = signed_rdata(DNS_DS, examples[i].ds, room, sizeof room);
        assert_int_equal(dnssec_ds_check(dns_name_bytes(&x.owner), x.dnskey, ds), OK);
        end(&x);
    }
    assert_true(dnssec_algorithm_is_validated(DNSSEC_ED25519));
    assert_false(dnssec_algorithm_is_known(16)); /* Ed448 */
}

static void refused_if_changed(struct example *x, uint8_t *at, size_t len, bool is_key)
{
    for (size_t i = 0; i < len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            at[i] ^= (uint8_t)(1U << bit);
            if (is_key)
                retag(x);
            assert_int_equal(verify(x), ERR_INVALID);
            at[i] ^= (uint8_t)(1U << bit);
        }
    }
    if (is_key)
        retag(x);
    assert_int_equal(verify(x), OK);
}

static void each_changed_bit_is_refused(void **state)
{
    struct example x;
    begin(&x, 0);
    refused_if_changed(&x, x.signature, 64, false);
    refused_if_changed(&x, x.key + 4, 32, true);
    refused_if_changed(&x, x.mx, 2, false);
    for (size_t i = 0; i < x.rrsig.len - 64;
         i++) { /* times, labels, tag, signer: whatever is said of it, it is refused */
        x.sig[i] ^= 1;
        assert_int_not_equal(verify(&x), OK);
        x.sig[i] ^= 1;
    }
    end(&x);
}

/* As many bytes as there are, in memory of that length: one less, one more, none, and lengths of other algorithms. */
static void other_lengths_are_refused(void **state)
{
    static const size_t lens[] = {0, 1, 31, 33, 56, 57, 63, 64, 65, 96, 114};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct example x;
        struct bytes long_key, long_sig;
        begin(&x, 1);
        size_t head = x.rrsig.len - 64;
        uint8_t *key = calloc(1, 4 + lens[i]), *sig = calloc(1, head + lens[i]);
        assert_non_null(key);
        assert_non_null(sig);
        long_key = bytes_of(key, 4 + lens[i]);
        long_sig = bytes_of(sig, head + lens[i]);
        memcpy(key, x.key, 4 + (lens[i] < 32 ? lens[i] : 32));
        memcpy(sig, x.sig, head + (lens[i] < 64 ? lens[i] : 64));
        if (lens[i] != 64)
            assert_int_equal(dnssec_verify(&x.set, long_sig, x.dnskey, WHEN_S), ERR_INVALID);
        else
            assert_int_equal(dnssec_verify(&x.set, long_sig, x.dnskey, WHEN_S), OK);
        struct bytes whole = x.dnskey;
        x.dnskey = long_key;
        retag(&x);
        assert_int_equal(verify(&x), ERR_INVALID);
        x.dnskey = whole;
        free(sig);
        free(key);
        end(&x);
    }
}

/* RFC 8032 8.4: S and S with the order added are the same number to who doesn't look. */
static void a_number_that_is_not_reduced_is_refused(void **state)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        struct example x;
        unsigned carry = 0;
        begin(&x, i);
        for (size_t at = 0; at < sizeof order; at++) {
            carry += (unsigned)x.signature[S_AT + at] + order[at];
            x.signature[S_AT + at] = (uint8_t)carry;
            carry >>= 8;
        }
        assert_int_equal(carry, 0);
        assert_int_equal(verify(&x), ERR_INVALID);
        end(&x);
    }
}

/* With a key that is the neutral element, R neutral and S 0, the equation holds for whatever is signed. */
static void a_key_that_signs_everything_is_refused(void **state)
{
    struct example x;
    begin(&x, 0);
    memset(x.key + 4, 0, 32);
    memset(x.signature, 0, 64);
    x.key[4] = x.signature[0] = 1;
    retag(&x);
    assert_int_equal(verify(&x), ERR_INVALID);
    end(&x);
}

/* ---- What is signed lies in one piece ---- */

enum { N_LONG = 234, LONG_TEXT = 255, LAST_TEXT = 239 };

/* BIND signed 233 texts of 255 characters and one of 239, which is exactly as much as there may be. */
static const char long_key[] = "256 3 15 O98re2nz4XdZsIhAXzCLxaCTGZWzmTZGnYMOPWHfhuw=";
static const char long_rrsig[] =
    "TXT 15 2 3600 20380101000000 20200101000000 48208 example.test. "
    "BFG9irKoi/53n2IH55YSyh238Hl8q8KGopitT32n0rw0ScEJS+K0JUTaciXaB0TsNe/piueEUYZbuWf2DALuBA==";

static uint8_t texts[N_LONG + 1][1 + LONG_TEXT];

static struct bytes long_text(unsigned i, size_t len)
{
    char digits[4];
    memset(texts[i], 'x', sizeof texts[i]);
    snprintf(digits, sizeof digits, "%03u", i % 1000);
    texts[i][0] = (uint8_t)len;
    memcpy(texts[i] + 1, digits, 3);
    return bytes_of(texts[i], 1 + len);
}

static void a_set_has_a_longest_form(void **state)
{
    struct dns_name owner = signed_name("example.test.");
    struct bytes rdata[N_LONG + 1];
    uint8_t key_room[64], sig_room[200];
    struct bytes key = signed_rdata(DNS_DNSKEY, long_key, key_room, sizeof key_room);
    struct bytes sig = signed_rdata(DNS_RRSIG, long_rrsig, sig_room, sizeof sig_room);
    struct dnssec_set set = {dns_name_bytes(&owner), DNS_TXT, DNS_IN, rdata, N_LONG};
    for (unsigned i = 0; i < N_LONG; i++) /* the last first: it is put into order */
        rdata[N_LONG - 1 - i] = long_text(i, i == N_LONG - 1 ? LAST_TEXT : LONG_TEXT);
    size_t n = 18 + 14;
    for (unsigned i = 0; i < N_LONG; i++)
        n += owner.len + 10 + rdata[i].len;
    assert_int_equal(n, DNSSEC_SIGNED_BYTES);
    assert_int_equal(dnssec_verify(&set, sig, key, SIGNED_NOW_S), OK);
    rdata[N_LONG / 2] = long_text(N_LONG, LONG_TEXT - 1); /* one byte less, and another text */
    assert_int_equal(dnssec_verify(&set, sig, key, SIGNED_NOW_S), ERR_INVALID);
    for (unsigned i = 0; i < N_LONG; i++)
        rdata[i] = long_text(i, i == 0 ? LAST_TEXT + 1 : LONG_TEXT);
    assert_int_equal(dnssec_verify(&set, sig, key, SIGNED_NOW_S), ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_rfc),
        cmocka_unit_test(each_changed_bit_is_refused),
        cmocka_unit_test(other_lengths_are_refused),
        cmocka_unit_test(a_number_that_is_not_reduced_is_refused),
        cmocka_unit_test(a_key_that_signs_everything_is_refused),
        cmocka_unit_test(a_set_has_a_longest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
