/* SPDX-License-Identifier: ISC */
/* The cache of record sets: what it keeps, what it believes, what goes when it is full. */
#include "proto/dns_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t one_address[] = {0, 4, 192, 0, 2, 1};
static uint64_t now_ns = 5 * NS_PER_S;

static struct dns_cache *make(uint32_t entries, size_t bytes, uint32_t stale_s)
{
    struct dns_cache *c = NULL;
    const struct dns_cache_options o = {.bytes = bytes, .entries = entries, .stale_s = stale_s, .seed = 7};
    assert_int_equal(dns_cache_new(&o, &c), OK);
    return c;
}

static struct dns_name named(const char *text)
{
    struct dns_name n;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &n));
    return n;
}

static enum err put(struct dns_cache *c, const char *text, uint16_t type, enum dns_kind kind, uint32_t ttl_s,
                    enum dns_trust trust)
{
    struct dns_name n = named(text);
    struct dns_cached what = {.name = dns_name_bytes(&n), .type = type, .kind = kind, .trust = trust, .ttl_s = ttl_s};
    if (kind == DNS_KIND_SET) {
        what.n_records = 1;
        what.data = bytes_of(one_address, sizeof one_address);
    }
    return dns_cache_store(c, now_ns, &what);
}

static bool get(struct dns_cache *c, const char *text, uint16_t type, struct dns_cached *found)
{
    struct dns_name n = named(text);
    return dns_cache_find(c, now_ns, dns_name_bytes(&n), type, found);
}

static void a_set_lives_as_long_as_it_says(void **state)
{
    struct dns_cache *c = make(16, 0, 0);
    struct dns_cached f;
    assert_int_equal(put(c, "Host.example", DNS_A, DNS_KIND_SET, 30, DNS_TRUST_ANSWER), OK);
    assert_true(get(c, "hoST.example", DNS_A, &f));
    assert_int_equal(f.kind, DNS_KIND_SET);
    assert_int_equal(f.ttl_s, 30);
    assert_int_equal(f.n_records, 1);
    assert_true(bytes_equal(f.data, bytes_of(one_address, sizeof one_address)));
    assert_false(get(c, "host.example", DNS_AAAA, &f));
    assert_false(get(c, "other.example", DNS_A, &f));
    now_ns += 29 * NS_PER_S + NS_PER_S / 2;
    assert_true(get(c, "host.example", DNS_A, &f));
    assert_int_equal(f.ttl_s, 1);
    now_ns += NS_PER_S / 2;
    assert_false(get(c, "host.example", DNS_A, &f));
    assert_int_equal(dns_cache_counters(c).expired, 1);
    assert_int_equal(dns_cache_entries(c), 0);
    dns_cache_free(c);
}

static void what_was_found_out_of_an_entry_is_kept_with_it(void **state)
{
    struct dns_cache *c = make(16, 0, 60);
    struct dns_cached f;
    struct dns_name n = named("Host.example");
    assert_int_equal(put(c, "host.example", DNS_A, DNS_KIND_SET, 300, DNS_TRUST_FINAL), OK);
    assert_true(get(c, "host.example", DNS_A, &f));
    assert_int_equal(f.verdict, DNS_VERDICT_NONE);
    dns_cache_judge(c, dns_name_bytes(&n), DNS_AAAA, DNS_VERDICT_BOGUS, 7, now_ns); /* there is none */
    dns_cache_judge(c, dns_name_bytes(&n), DNS_A, DNS_VERDICT_BOGUS, 7, now_ns + 20 * NS_PER_S);
    assert_true(get(c, "host.example", DNS_A, &f));
    assert_int_equal(f.verdict, DNS_VERDICT_BOGUS);
    assert_int_equal(f.reason, 7);
    assert_int_equal(f.ttl_s, 20);
    dns_cache_judge(c, dns_name_bytes(&n), DNS_A, DNS_VERDICT_SECURE, 0, now_ns + 900 * NS_PER_S); /* not longer */
    assert_true(get(c, "host.example", DNS_A, &f));
    assert_int_equal(f.ttl_s, 20);
    /* A fresh one is judged anew. */
    assert_int_equal(put(c, "host.example", DNS_A, DNS_KIND_SET, 300, DNS_TRUST_FINAL), OK);
    assert_true(get(c, "host.example", DNS_A, &f));
    assert_int_equal(f.verdict, DNS_VERDICT_NONE);
    assert_int_equal(f.ttl_s, 300);
    dns_cache_free(c);
}

static void lifetimes_have_limits(void **state)
{
    struct dns_cache *c = make(16, 0, 0);
    struct dns_cached f;
    assert_int_equal(put(c, "long", DNS_A, DNS_KIND_SET, UINT32_MAX, DNS_TRUST_ANSWER), OK);
    assert_int_equal(put(c, "none", DNS_A, DNS_KIND_NODATA, 100000, DNS_TRUST_ANSWER), OK);
    assert_int_equal(put(c, "zero", DNS_A, DNS_KIND_SET, 0, DNS_TRUST_ANSWER), OK);
    assert_true(get(c, "long", DNS_A, &f));
    assert_int_equal(f.ttl_s, 86400);
    assert_true(get(c, "none", DNS_A, &f));
    assert_int_equal(f.ttl_s, 3600);
    assert_true(get(c, "zero", DNS_A, &f));
    assert_int_equal(f.ttl_s, 1);
    dns_cache_free(c);
}

static void no_such_name_stands_for_all_types(void **state)
{
    struct dns_cache *c = make(16, 0, 0);
    struct dns_cached f;
    assert_int_equal(put(c, "gone.example", DNS_A, DNS_KIND_SET, 100, DNS_TRUST_ANSWER), OK);
    assert_int_equal(put(c, "gone.example", 0, DNS_KIND_NXDOMAIN, 50, DNS_TRUST_ANSWER), OK);
    assert_true(get(c, "gone.example", DNS_A, &f));
    assert_int_equal(f.kind, DNS_KIND_NXDOMAIN);
    assert_true(get(c, "gone.example", DNS_MX, &f));
    assert_int_equal(f.kind, DNS_KIND_NXDOMAIN);
    /* It came to be. */
    assert_int_equal(put(c, "gone.example", DNS_MX, DNS_KIND_NODATA, 50, DNS_TRUST_ANSWER), OK);
    assert_true(get(c, "gone.example", DNS_A, &f));
    assert_int_equal(f.kind, DNS_KIND_SET);
    assert_true(get(c, "gone.example", DNS_MX, &f));
    assert_int_equal(f.kind, DNS_KIND_NODATA);
    assert_false(get(c, "gone.example", DNS_TXT, &f));
    dns_cache_free(c);
}

static void nothing_is_below_what_does_not_exist(void **state)
{
    struct dns_cache *c = make(16, 0, 0);
    struct dns_name below = named("a.b.gone.example"), beside = named("other.example");
    struct dns_cached f;
    assert_int_equal(put(c, "gone.example", 0, DNS_KIND_NXDOMAIN, 50, DNS_TRUST_ANSWER), OK);
    assert_true(dns_cache_find_cut(c, now_ns, dns_name_bytes(&below), &f));
    assert_int_equal(f.name.len, 14);
    assert_false(dns_cache_find_cut(c, now_ns, dns_name_bytes(&beside), &f));
    now_ns += 50 * NS_PER_S;
    assert_false(dns_cache_find_cut(c, now_ns, dns_name_bytes(&below), &f));
    dns_cache_free(c);
}

static void what_is_trusted_less_replaces_nothing(void **state)
{
    struct dns_cache *c = make(16, 0, 0);
    struct dns_cached f;
    assert_int_equal(put(c, "ns.example", DNS_A, DNS_KIND_SET, 100, DNS_TRUST_FINAL), OK);
    assert_int_equal(put(c, "ns.example", DNS_A, DNS_KIND_SET, 9000, DNS_TRUST_ADDITIONAL), ERR_IN_USE);
    assert_int_equal(dns_cache_counters(c).outranked, 1);
    assert_true(get(c, "ns.example", DNS_A, &f));
    assert_int_equal(f.ttl_s, 100);
    assert_int_equal(put(c, "ns.example", DNS_A, DNS_KIND_SET, 200, DNS_TRUST_SECURE), OK);
    assert_true(get(c, "ns.example", DNS_A, &f));
    assert_int_equal(f.ttl_s, 200);
    assert_int_equal(f.trust, DNS_TRUST_SECURE);
    now_ns += 200 * NS_PER_S; /* once it has expired, anything is better */
    assert_int_equal(put(c, "ns.example", DNS_A, DNS_KIND_SET, 9, DNS_TRUST_ADDITIONAL), OK);
    dns_cache_free(c);
}

static void stale_ones_are_found_for_a_while(void **state)
{
    struct dns_cache *c = make(16, 0, 100);
    struct dns_cached f;
    assert_int_equal(put(c, "old", DNS_A, DNS_KIND_SET, 10, DNS_TRUST_ANSWER), OK);
    now_ns += 109 * NS_PER_S;
    assert_true(get(c, "old", DNS_A, &f));
    assert_int_equal(f.ttl_s, 0);
    assert_int_equal(f.first_ttl_s, 10);
    assert_int_equal(dns_cache_counters(c).stale_hits, 1);
    now_ns += NS_PER_S;
    assert_false(get(c, "old", DNS_A, &f));
    dns_cache_free(c);
}

static void the_one_used_least_recently_goes_first(void **state)
{
    struct dns_cache *c = make(3, 0, 0);
    struct dns_cached f;
    put(c, "a", DNS_A, DNS_KIND_SET, 100, 0);
    put(c, "b", DNS_A, DNS_KIND_SET, 100, 0);
    put(c, "c", DNS_A, DNS_KIND_SET, 100, 0);
    assert_true(get(c, "a", DNS_A, &f));
    put(c, "d", DNS_A, DNS_KIND_SET, 100, 0);
    assert_int_equal(dns_cache_entries(c), 3);
    assert_int_equal(dns_cache_counters(c).evicted_for_entries, 1);
    assert_true(get(c, "a", DNS_A, &f));
    assert_false(get(c, "b", DNS_A, &f));
    assert_true(get(c, "c", DNS_A, &f));
    assert_true(get(c, "d", DNS_A, &f));
    dns_cache_free(c);
}

static enum err put_long(struct dns_cache *c, unsigned i, size_t len)
{
    static uint8_t data[70000];
    char text[32];
    snprintf(text, sizeof text, "host%u.example", i);
    struct dns_name n = named(text);
    memset(data, (int)(i & 0xff), len);
    struct dns_cached what = {.name = dns_name_bytes(&n),
                              .type = DNS_TXT,
                              .kind = DNS_KIND_SET,
                              .ttl_s = 1000,
                              .n_records = 1,
                              .data = bytes_of(data, len)};
    return dns_cache_store(c, now_ns, &what);
}

/* Sizes change from small ones to large ones and back: pages go from class to class, the newest are always there, and what is found
 * is what was stored. */
static void bytes_have_a_limit(void **state)
{
    struct dns_cache *c = make(10000, 64 << 10, 0);
    static const size_t lens[] = {20, 3000, 20, 500, 100, 3900, 20};
    struct dns_cached f;
    unsigned i = 0;
    for (size_t k = 0; k < sizeof lens / sizeof lens[0]; k++) {
        for (unsigned j = 0; j < 1000; j++, i++) {
            assert_int_equal(put_long(c, i, lens[k]), OK);
            char text[32];
            snprintf(text, sizeof text, "host%u.example", i < 3 ? i : i - 3);
            if (i >= 3 && j >= 3) {
                assert_true(get(c, text, DNS_TXT, &f));
                assert_int_equal(f.data.len, lens[k]);
                assert_int_equal(f.data.data[lens[k] - 1], (i - 3) & 0xff);
            }
        }
    }
    assert_true(dns_cache_entries(c) < (64 << 10) / 128 + 1);
    assert_true(dns_cache_counters(c).evicted_for_bytes > 6000);
    assert_int_equal(dns_cache_counters(c).stored, i);
    dns_cache_flush(c);
    assert_int_equal(dns_cache_entries(c), 0);
    assert_int_equal(put_long(c, 1, 4096), ERR_TOO_LARGE);
    assert_int_equal(dns_cache_counters(c).too_large, 1);
    dns_cache_free(c);
}

static void pages_may_be_larger(void **state)
{
    struct dns_cache *c = NULL;
    struct dns_cached f;
    struct dns_cache_options o = {.bytes = 1 << 20, .entries = 100, .page_bytes = 65536};
    assert_int_equal(dns_cache_new(&o, &c), OK);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(put_long(c, i, 60000), OK);
    assert_true(get(c, "host39.example", DNS_TXT, &f));
    assert_int_equal(f.data.len, 60000);
    assert_int_equal(dns_cache_entries(c), 16);
    dns_cache_free(c);
    o.page_bytes = 5000;
    assert_int_equal(dns_cache_new(&o, &c), ERR_INVALID);
    o.page_bytes = 131072;
    assert_int_equal(dns_cache_new(&o, &c), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_lives_as_long_as_it_says),
        cmocka_unit_test(what_was_found_out_of_an_entry_is_kept_with_it),
        cmocka_unit_test(lifetimes_have_limits),
        cmocka_unit_test(no_such_name_stands_for_all_types),
        cmocka_unit_test(nothing_is_below_what_does_not_exist),
        cmocka_unit_test(what_is_trusted_less_replaces_nothing),
        cmocka_unit_test(stale_ones_are_found_for_a_while),
        cmocka_unit_test(the_one_used_least_recently_goes_first),
        cmocka_unit_test(bytes_have_a_limit),
        cmocka_unit_test(pages_may_be_larger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
