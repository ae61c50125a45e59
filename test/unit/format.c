/* SPDX-License-Identifier: ISC */
/* Formatting beside the C library's: each line is done by both, into buffers of all sizes, and compared. */
#include <jinn/format.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SIZES = 64 };

/* As many sizes as there are, and memory of just that size behind which a canary lies. */
#define SAME(...)                                                               \
    do {                                                                        \
        for (size_t size = 0; size < SIZES; size++) {                           \
            char ours[SIZES + 1], theirs[SIZES + 1];                            \
            memset(ours, '#', sizeof ours);                                     \
            memset(theirs, '#', sizeof theirs);                                 \
            size_t len = format(ours, size, __VA_ARGS__);                       \
            assert_int_equal(len, (size_t)snprintf(theirs, size, __VA_ARGS__)); \
            size_t written = size == 0 ? 0 : len + 1 < size ? len + 1 : size;   \
            assert_memory_equal(ours, theirs, written);                         \
            for (size_t k = written; k < sizeof ours; k++)                      \
                assert_int_equal(ours[k], '#');                                 \
        }                                                                       \
    } while (0)

static void integers(void **state)
{
    const int n[] = {0, 1, -1, 9, 10, -10, 42, 12345, -12345, INT_MAX, INT_MIN};
    for (size_t i = 0; i < sizeof n / sizeof *n; i++) {
        int v = n[i];
        SAME("%d|%i|%u|%x|%X", v, v, (unsigned)v, (unsigned)v, (unsigned)v);
        SAME("%8d|%-8d|%08d", v, v, v);
        SAME("%.3d|%8.3d|%-8.3d", v, v, v);
        SAME("%08x|%-8x|%.0u", (unsigned)v, (unsigned)v, (unsigned)v);
        SAME("%*d|%-*d|%.*d", 7, v, 7, v, 7, v);
        SAME("%*d|%.*d", -7, v, -1, v);
    }
}

static void lengths(void **state)
{
    SAME("%ld|%lu|%lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    SAME("%lld|%llu|%llX", LLONG_MIN, ULLONG_MAX, ULLONG_MAX);
    SAME("%jd|%ju", INTMAX_MIN, UINTMAX_MAX);
    SAME("%zu|%zd|%td", SIZE_MAX, (ssize_t)-5, (ptrdiff_t)-6);
    SAME("%hd|%hu|%hx", (short)-2, (unsigned short)65534, (unsigned short)65534);
    SAME("%hhd|%hhu|%hhx", (signed char)-2, (unsigned char)254, (unsigned char)254);
    SAME("%03u.%09llu", 7U, 123456ULL);
}

static void texts(void **state)
{
    const char open[3] = {'a', 'b', 'c'}; /* without a NUL */
    SAME("plain");
    SAME("%s", "");
    SAME("%s and %s", "one", "another");
    SAME("%8s|%-8s|%2s", "abc", "abc", "abc");
    SAME("%.2s|%8.2s|%-8.2s|%.0s", "abc", "abc", "abc", "abc");
    SAME("%.*s|%.3s", 3, open, open);
    SAME("%c|%4c|%-4c", 'x', 'y', 'z');
    SAME("100%%|%d%%", 5);
    SAME("%p", (void *)(uintptr_t)0x7f12345678);
}

static void what_is_not_known_stays_as_it_is(void **state)
{
    char out[64];
    size_t len = format(out, sizeof out, "%d, then %f and %d", 5, 2.5, 6);
    assert_string_equal(out, "5, then %f and %d");
    assert_int_equal(len, strlen(out));
    const char *broken = "an end after %";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
    assert_int_equal(format(out, sizeof out, broken), strlen(broken));
#pragma GCC diagnostic pop
    assert_string_equal(out, broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers),
        cmocka_unit_test(lengths),
        cmocka_unit_test(texts),
        cmocka_unit_test(what_is_not_known_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
