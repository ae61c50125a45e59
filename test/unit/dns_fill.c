/* SPDX-License-Identifier: ISC */
/* A zone that is filled is like one whose names were added one by one, whatever they are and however they come. */
#include "test/support/dns_zone_text.h"

#include "base/spread.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define N_MAX 3000

static struct dns_name names[N_MAX];
static const uint8_t ip[4] = {192, 0, 2, 1};

static int compare(const void *a, const void *b)
{
    return dns_name_compare(dns_name_bytes(a), dns_name_bytes(b));
}

/* Many begin alike, further than any number of bytes that is compared at once; some hold what is compared in a way of its own. */
static void make_names(unsigned n, uint64_t seed)
{
    static const char *const labels[] = {"a",
                                         "B",
                                         "c\\000",
                                         "c\\001",
                                         "c",
                                         "\\255",
                                         "longlong",
                                         "longlongER",
                                         "longlonglonglonglong",
                                         "longlonglonglonglonG\\000"};
    for (unsigned i = 0; i < n; i++) {
        char text[256] = "", number[16];
        for (uint64_t k = spread_below(&seed, 4); k; k--) {
            strcat(text, labels[spread_below(&seed, ARRAY_LEN(labels))]);
            if (spread_below(&seed, 2)) {
                snprintf(number, sizeof number, "%05u", (unsigned)spread_below(&seed, 2000));
                strcat(text, number);
            }
            strcat(text, ".");
        }
        strcat(text, "zone.");
        name_of(&names[i], text);
    }
}

static uint16_t type_of(unsigned i)
{
    return i % 5 ? DNS_A : DNS_NSEC3;
}

static enum err add(struct dns_zone *z, unsigned i)
{
    enum err e = dns_zone_add(z, dns_name_bytes(&names[i]), type_of(i), 60, bytes_of(ip, sizeof ip));
    return e == ERR_IN_USE ? OK : e;
}

static struct dns_zone *new_zone(size_t limit)
{
    struct dns_zone *z;
    struct dns_name origin;
    name_of(&origin, "zone.");
    return dns_zone_new(dns_name_bytes(&origin), TEST_SEED, limit, &z) == OK ? z : NULL;
}

static void assert_same(struct dns_zone *a, struct dns_zone *b)
{
    struct dns_cursor in_a, in_b;
    struct bytes name_a, name_b;
    const struct dns_set *set_a, *set_b;
    dns_cursor_open(&in_a, a, dns_zone_origin(a));
    dns_cursor_open(&in_b, b, dns_zone_origin(b));
    for (bool more = true; more;) {
        more = dns_cursor_next(&in_a, &name_a, &set_a);
        assert_int_equal(dns_cursor_next(&in_b, &name_b, &set_b), more);
        if (more) {
            assert_true(dns_name_equal(name_a, name_b));
            assert_int_equal(set_a->type, set_b->type);
        }
    }
    dns_cursor_close(&in_a);
    dns_cursor_close(&in_b);
    for (unsigned i = 0; i < N_MAX; i++) {
        struct bytes n = dns_name_bytes(&names[i]);
        assert_true(bytes_equal_nocase(dns_zone_name_before(a, n), dns_zone_name_before(b, n)));
        assert_true(bytes_equal_nocase(dns_zone_name_after(a, n), dns_zone_name_after(b, n)));
    }
}

static void compare_ways(unsigned n, uint64_t seed)
{
    struct dns_zone *filled = new_zone(SIZE_MAX), *added = new_zone(SIZE_MAX);
    dns_zone_fill_begin(filled);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(add(filled, i), OK);
        assert_int_equal(add(added, i), OK);
    }
    assert_int_equal(dns_zone_fill_end(filled), OK);
    assert_same(filled, added);
    for (unsigned k = 0; k < n / 2; k++) {
        unsigned i = (unsigned)spread_below(&seed, N_MAX);
        if (spread_below(&seed, 2)) {
            assert_int_equal(dns_zone_remove_set(filled, dns_name_bytes(&names[i]), type_of(i)),
                             dns_zone_remove_set(added, dns_name_bytes(&names[i]), type_of(i)));
        } else {
            assert_int_equal(add(filled, i), OK);
            assert_int_equal(add(added, i), OK);
        }
    }
    assert_same(filled, added);
    dns_zone_release(filled);
    dns_zone_release(added);
}

static void test_any_order(void **state)
{
    static const unsigned sizes[] = {0, 1, 2, 12, 13, 14, 63, 64, 200, 1000, N_MAX};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        make_names(N_MAX, i + 1);
        compare_ways(sizes[i], i);
    }
}

static void test_sorted(void **state)
{
    make_names(N_MAX, 99);
    qsort(names, N_MAX, sizeof names[0], compare);
    compare_ways(N_MAX, 1);
    for (unsigned i = 0; i < N_MAX / 2; i++) {
        struct dns_name was = names[i];
        names[i] = names[N_MAX - 1 - i];
        names[N_MAX - 1 - i] = was;
    }
    compare_ways(N_MAX, 2);
}

/* Under any limit it ends well or tells; what was taken back on the way is gone. */
static void test_limit(void **state)
{
    unsigned n_refused = 0, n_sorts_refused = 0;
    make_names(N_MAX, 7);
    for (size_t limit = 1000; limit < 40000; limit += 97) {
        struct dns_zone *z = new_zone(limit), *added = new_zone(SIZE_MAX);
        if (z)
            dns_zone_fill_begin(z);
        for (unsigned i = 0; z && i < 150; i++) {
            if (add(z, i) == OK)
                assert_int_equal(add(added, i), OK);
            else
                n_refused++;
        }
        enum err e = z ? dns_zone_fill_end(z) : ERR_FULL;
        if (e == OK)
            assert_same(z, added);
        n_sorts_refused += z && e == ERR_FULL;
        dns_zone_release(z);
        dns_zone_release(added);
    }
    assert_true(n_refused > 0 && n_sorts_refused > 0);
}

/* What a record of its own name takes, the table and the order included, however names come. Just below three
 * quarters of a table's size it is least, just above most: these are near the first. */
static void test_memory(void **state)
{
    struct dns_zone *z = new_zone(SIZE_MAX);
    struct dns_zone_stats stats;
    struct dns_name name;
    char text[32];
    dns_zone_fill_begin(z);
    for (unsigned i = 0; i < 98000; i++) {
        snprintf(text, sizeof text, "host%07u.zone.", i * 7919 % 98000);
        name_of(&name, text);
        assert_int_equal(dns_zone_add(z, dns_name_bytes(&name), DNS_A, 60, bytes_of(ip, sizeof ip)), OK);
    }
    assert_int_equal(dns_zone_fill_end(z), OK);
    dns_zone_stats(z, &stats);
    assert_int_equal(stats.n_records, 98000);
    assert_true(stats.bytes < stats.n_records * 120);
    dns_zone_release(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_order), cmocka_unit_test(test_sorted),
                                       cmocka_unit_test(test_limit), cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
