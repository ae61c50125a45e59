/* SPDX-License-Identifier: ISC */
/* Bytes, readers, writers, pools, assertions. */
#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/must.h>
#include <jinn/pool.h>

#include "plat/sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- Bytes ---- */

static void slices_stay_inside(void **state)
{
    struct bytes b = bytes_str("0123456789");
    assert_true(bytes_equal(bytes_slice(b, 2, 3), bytes_str("234")));
    assert_true(bytes_equal(bytes_slice(b, 8, 100), bytes_str("89")));
    assert_int_equal(bytes_slice(b, 10, 1).len, 0);
    assert_int_equal(bytes_slice(b, SIZE_MAX, SIZE_MAX).len, 0);
    assert_int_equal(bytes_slice(bytes_of(NULL, 0), 1, 1).len, 0);
}

static void compares(void **state)
{
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_str("")));
    assert_false(bytes_equal(bytes_str("ab"), bytes_str("abc")));
    assert_false(bytes_equal(bytes_str("abd"), bytes_str("abc")));
    assert_true(bytes_equal_nocase(bytes_str("Content-LENGTH@[`{"), bytes_str("content-length@[`{")));
    assert_false(bytes_equal_nocase(bytes_str("@"), bytes_str("`"))); /* only letters have cases */
    assert_false(bytes_equal_nocase(bytes_str("a"), bytes_str("ab")));
    assert_true(bytes_starts(bytes_str("abc"), bytes_str("ab")));
    assert_true(bytes_starts(bytes_str("abc"), bytes_str("")));
    assert_false(bytes_starts(bytes_str("ab"), bytes_str("abc")));
    assert_true(bytes_ends(bytes_str("abc"), bytes_str("bc")));
    assert_false(bytes_ends(bytes_str("bc"), bytes_str("abc")));
}

static void finds_and_trims(void **state)
{
    assert_int_equal(bytes_find(bytes_str("a:b:c"), ':'), 1);
    assert_int_equal(bytes_find(bytes_str("abc"), ':'), 3);
    assert_int_equal(bytes_find(bytes_of(NULL, 0), ':'), 0);
    assert_true(bytes_equal(bytes_trim(bytes_str(" \t a b\t ")), bytes_str("a b")));
    assert_int_equal(bytes_trim(bytes_str(" \t ")).len, 0);
    assert_true(bytes_equal(bytes_trim(bytes_str("\na")), bytes_str("\na"))); /* line ends are no blanks */
}

static void decimals(void **state)
{
    uint64_t v = 7;
    assert_true(bytes_decimal(bytes_str("0"), 0, &v));
    assert_int_equal(v, 0);
    assert_true(bytes_decimal(bytes_str("18446744073709551615"), UINT64_MAX, &v));
    assert_true(v == UINT64_MAX);
    assert_true(bytes_decimal(bytes_str("000255"), 255, &v));
    v = 7;
    static const char *const wrong[] = {
        "", "256", "-1", "+1", " 1", "1 ", "1a", "0x1", "18446744073709551616", "99999999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_false(bytes_decimal(bytes_str(wrong[i]), i == 1 ? 255 : UINT64_MAX, &v));
    assert_false(bytes_decimal(bytes_str("1"), 0, &v));
    assert_int_equal(v, 7);
}

/* ---- Readers and writers ---- */

static void numbers_go_round(void **state)
{
    uint8_t buffer[64];
    struct writer w = writer_of(buffer, sizeof buffer);
    write_u8(&w, 0x01);
    write_be16(&w, 0x0203);
    write_be32(&w, 0x04050607);
    write_be64(&w, 0x08090a0b0c0d0e0f);
    write_le16(&w, 0x1110);
    write_le32(&w, 0x15141312);
    write_le64(&w, 0x1d1c1b1a19181716);
    write_str(&w, "hi");
    write_zeros(&w, 2);
    assert_true(writer_good(&w));
    assert_int_equal(writer_len(&w), 33);
    for (uint8_t i = 1; i < 0x10; i++)
        assert_int_equal(buffer[i - 1], i);
    for (uint8_t i = 0x10; i < 0x1e; i++)
        assert_int_equal(buffer[i - 1], i);
    struct reader r = reader_of(writer_bytes(&w));
    assert_int_equal(read_u8(&r), 0x01);
    assert_int_equal(read_be16(&r), 0x0203);
    assert_int_equal(read_be32(&r), 0x04050607);
    assert_true(read_be64(&r) == 0x08090a0b0c0d0e0f);
    assert_int_equal(read_le16(&r), 0x1110);
    assert_int_equal(read_le32(&r), 0x15141312);
    assert_true(read_le64(&r) == 0x1d1c1b1a19181716);
    assert_true(bytes_equal(read_rest(&r), bytes_of("hi\0\0", 4)));
    assert_true(reader_good(&r));
}

static void readers_remember_their_failure(void **state)
{
    static const uint8_t data[] = {1, 2, 3, 4};
    struct reader r = reader_of(bytes_of(data, sizeof data));
    assert_int_equal(read_be16(&r), 0x0102);
    assert_int_equal(read_be32(&r), 0); /* two are left */
    assert_false(reader_good(&r));
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(read_u8(&r), 0); /* from then on nothing */
    assert_null(read_take(&r, 0));
    uint8_t out[2] = {9, 9};
    read_copy(&r, out, 2);
    assert_int_equal(out[0] | out[1], 0);
    assert_false(reader_good(&r));
}

static void sub_readers_see_no_further(void **state)
{
    static const uint8_t data[] = {1, 2, 3, 4};
    struct reader r = reader_of(bytes_of(data, sizeof data));
    struct reader sub = read_sub(&r, 2);
    assert_int_equal(read_be16(&sub), 0x0102);
    assert_int_equal(read_u8(&sub), 0);
    assert_false(reader_good(&sub));
    assert_true(reader_good(&r)); /* the outer one goes on behind it */
    assert_int_equal(read_u8(&r), 3);
    struct reader too_long = read_sub(&r, 2);
    assert_false(reader_good(&too_long));
    assert_false(reader_good(&r));
    assert_int_equal(read_sub(&r, SIZE_MAX).bad, true);
}

static void empty_readers(void **state)
{
    struct reader r = reader_of(bytes_of(NULL, 0));
    assert_int_equal(reader_left(&r), 0);
    assert_int_equal(read_bytes(&r, 0).len, 0);
    assert_true(reader_good(&r));
    read_skip(&r, 1);
    assert_false(reader_good(&r));
}

static void writers_write_nothing_past_the_end(void **state)
{
    uint8_t buffer[4] = {0, 0, 0, 0x77};
    struct writer w = writer_of(buffer, 3);
    write_be16(&w, 0x0102);
    write_be16(&w, 0x0304); /* one is left */
    assert_false(writer_good(&w));
    assert_int_equal(buffer[2], 0);
    write_u8(&w, 5);
    assert_int_equal(buffer[2], 0);
    assert_int_equal(writer_len(&w), 2);
    assert_int_equal(writer_left(&w), 0);
    assert_int_equal(buffer[3], 0x77);
}

static void formats_all_or_nothing(void **state)
{
    char buffer[8] = "";
    struct writer w = writer_of(buffer, sizeof buffer);
    write_format(&w, "%d-%s", 42, "ab");
    assert_true(bytes_equal(writer_bytes(&w), bytes_str("42-ab")));
    write_format(&w, "%s", "cd");
    assert_true(writer_good(&w));
    write_format(&w, "%s", "e");
    assert_false(writer_good(&w)); /* its NUL would not fit */
    assert_int_equal(writer_len(&w), 7);
}

/* ---- Pools ---- */

static void pools_refuse_and_count(void **state)
{
    struct pool p;
    void *object[5];
    assert_int_equal(pool_init(&p, 20, 5), OK);
    assert_int_equal(p.size, 32);
    for (int i = 0; i < 5; i++) {
        object[i] = pool_take(&p);
        assert_non_null(object[i]);
        assert_int_equal((uintptr_t)object[i] % 16, 0);
        memset(object[i], i, 20);
        for (int j = 0; j < i; j++)
            assert_true(labs((char *)object[i] - (char *)object[j]) >= 20);
    }
    assert_null(pool_take(&p));
    assert_null(pool_take(&p));
    assert_int_equal(p.refused, 2);
    assert_int_equal(p.n_used, 5);
    pool_give(&p, object[3]);
    assert_ptr_equal(pool_take(&p), object[3]);
    for (int i = 0; i < 5; i++)
        pool_give(&p, object[i]);
    assert_int_equal(p.n_used, 0);
    assert_int_equal(p.n_most, 5);
    pool_free(&p);
}

static struct pool bug_pool;

static void give_a_stranger(void *arg)
{
    static char stranger[64];
    pool_give(&bug_pool, stranger);
}

static void give_an_inside(void *arg)
{
    pool_give(&bug_pool, (char *)arg + 8);
}

static void pools_take_back_only_their_own(void **state)
{
    char text[200];
    assert_int_equal(pool_init(&bug_pool, 16, 4), OK);
    void *object = pool_take(&bug_pool);
    assert_true(sim_aborts(give_a_stranger, NULL, text, sizeof text));
    assert_non_null(strstr(text, "base/pool.c:"));
    assert_true(sim_aborts(give_an_inside, object, text, sizeof text));
    pool_give(&bug_pool, object);
    pool_free(&bug_pool);
}

/* ---- Assertions ---- */

static void fail_with(void *arg)
{
    must_fail("some/file.c", 1234567890, arg);
}

static void assertions_say_where(void **state)
{
    char text[400], what[] = "the text";
    char endless[1000];
    assert_true(sim_aborts(fail_with, what, text, sizeof text));
    assert_string_equal(text, "some/file.c:1234567890: the text\n");
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_true(sim_aborts(fail_with, endless, text, sizeof text)); /* cut, not overflown */
    assert_int_equal(strlen(text), 256);                            /* its newline included */
}

static void every_error_has_words(void **state)
{
    for (enum err e = OK; e <= ERR_IO; e++) {
        assert_string_not_equal(err_text(e), "unknown error");
        for (enum err other = OK; other < e; other++)
            assert_string_not_equal(err_text(e), err_text(other));
    }
    assert_string_equal(err_text((enum err)999), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_stay_inside),
        cmocka_unit_test(compares),
        cmocka_unit_test(finds_and_trims),
        cmocka_unit_test(decimals),
        cmocka_unit_test(numbers_go_round),
        cmocka_unit_test(readers_remember_their_failure),
        cmocka_unit_test(sub_readers_see_no_further),
        cmocka_unit_test(empty_readers),
        cmocka_unit_test(writers_write_nothing_past_the_end),
        cmocka_unit_test(formats_all_or_nothing),
        cmocka_unit_test(pools_refuse_and_count),
        cmocka_unit_test(pools_take_back_only_their_own),
        cmocka_unit_test(assertions_say_where),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
