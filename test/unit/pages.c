/* SPDX-License-Identifier: ISC */
#include "libc/pages.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define N 200
#define PAGE PAGES_PAGE

static struct pages p;
static uint8_t *memory;

static int begin(void **state)
{
    memory = aligned_alloc(PAGE, N * PAGE);
    memset(memory, 0, N * PAGE);
    pages_init(&p, memory, N * PAGE);
    return 0;
}

static int end(void **state)
{
    free(memory);
    return 0;
}

static bool all_zero(const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (at[i])
            return false;
    }
    return true;
}

static void all_but_the_bitmap_is_given_out(void **state)
{
    uint8_t *first = pages_take(&p, 1);
    assert_ptr_equal(first, memory + PAGE);
    for (size_t i = 2; i < N; i++)
        assert_ptr_equal(pages_take(&p, PAGE), memory + i * PAGE);
    assert_int_equal(p.in_use, N - 1);
    assert_null(pages_take(&p, 1));
    assert_int_equal(p.refused, 1);
    assert_true(pages_give(&p, memory + 77 * PAGE, PAGE));
    assert_ptr_equal(pages_take(&p, PAGE), memory + 77 * PAGE);
    assert_int_equal(p.in_use_most, N - 1);
}

static void pages_are_zero_again_when_they_come_back(void **state)
{
    uint8_t *a = pages_take(&p, 3 * PAGE);
    memset(a, 0xee, 3 * PAGE);
    assert_true(pages_give(&p, a, 3 * PAGE));
    uint8_t *b = pages_take(&p, 5 * PAGE); /* longer than what was used before */
    assert_ptr_equal(a, b);
    assert_true(all_zero(b, 5 * PAGE));
}

static void gap_that_is_too_small_is_passed_over(void **state)
{
    uint8_t *a = pages_take(&p, PAGE);
    uint8_t *b = pages_take(&p, PAGE);
    assert_true(pages_give(&p, a, PAGE));
    assert_ptr_equal(pages_take(&p, 2 * PAGE), b + PAGE);
    assert_ptr_equal(pages_take(&p, PAGE), a);
}

static void impossible_lengths_are_refused(void **state)
{
    assert_null(pages_take(&p, 0));
    assert_null(pages_take(&p, SIZE_MAX));
    assert_null(pages_take(&p, N * PAGE));
    assert_non_null(pages_take(&p, (N - 1) * PAGE));
}

static void only_pages_in_use_are_taken_back(void **state)
{
    uint8_t *a = pages_take(&p, 2 * PAGE);
    assert_false(pages_give(&p, a + 1, PAGE));
    assert_false(pages_give(&p, a, 3 * PAGE));
    assert_false(pages_give(&p, memory - PAGE, PAGE));
    assert_false(pages_give(&p, memory + N * PAGE, PAGE));
    assert_false(pages_give(&p, a, SIZE_MAX));
    assert_true(pages_give(&p, a + PAGE, PAGE));
    assert_false(pages_give(&p, a, 2 * PAGE));
    assert_int_equal(p.in_use, 1);
}

static void resizing_grows_in_place_moves_and_shrinks(void **state)
{
    uint8_t *a = pages_take(&p, PAGE);
    memset(a, 7, PAGE);
    assert_ptr_equal(pages_resize(&p, a, PAGE, 3 * PAGE, false), a);
    assert_true(all_zero(a + PAGE, 2 * PAGE));
    uint8_t *b = pages_take(&p, PAGE);
    assert_ptr_equal(b, a + 3 * PAGE);
    assert_null(pages_resize(&p, a, 3 * PAGE, 4 * PAGE, false));
    uint8_t *c = pages_resize(&p, a, 3 * PAGE, 4 * PAGE, true);
    assert_ptr_equal(c, b + PAGE);
    assert_int_equal(c[PAGE - 1], 7);
    assert_true(all_zero(c + 3 * PAGE, PAGE));
    assert_int_equal(p.in_use, 5);
    assert_ptr_equal(pages_resize(&p, c, 4 * PAGE, PAGE, false), c);
    assert_int_equal(p.in_use, 2);
    assert_null(pages_resize(&p, c, PAGE, 0, true));
    assert_null(pages_resize(&p, c, PAGE, SIZE_MAX, true));
    assert_int_equal(c[0], 7);
}

/* Against a plain model: who has which page, and what is written there. */
static void random_use_never_gives_a_page_twice(void **state)
{
    struct {
        uint8_t *at;
        size_t n;
    } held[32] = {{0}};
    uint32_t x = 4;
    size_t in_use = 0;
    for (int round = 0; round < 4000; round++) {
        x = x * 1664525 + 1013904223;
        unsigned slot = x >> 27;
        uint8_t tag = (uint8_t)(slot + 1);
        if (held[slot].at) {
            for (size_t i = 0; i < held[slot].n * PAGE; i += 512)
                assert_int_equal(held[slot].at[i], tag);
            assert_true(pages_give(&p, held[slot].at, held[slot].n * PAGE));
            in_use -= held[slot].n;
            held[slot].at = NULL;
            continue;
        }
        held[slot].n = 1 + (x >> 20) % 16;
        held[slot].at = pages_take(&p, held[slot].n * PAGE);
        if (!held[slot].at)
            continue;
        in_use += held[slot].n;
        assert_true(all_zero(held[slot].at, held[slot].n * PAGE));
        memset(held[slot].at, tag, held[slot].n * PAGE);
        assert_int_equal(p.in_use, in_use);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_but_the_bitmap_is_given_out),      TEST(pages_are_zero_again_when_they_come_back),
        TEST(gap_that_is_too_small_is_passed_over), TEST(impossible_lengths_are_refused),
        TEST(only_pages_in_use_are_taken_back),     TEST(resizing_grows_in_place_moves_and_shrinks),
        TEST(random_use_never_gives_a_page_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
