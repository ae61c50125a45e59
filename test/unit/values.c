/* SPDX-License-Identifier: ISC */
/* Values of keys: what `jinn build` takes as a default, an image takes as an argument, and no more; one list for both. */
#include <jinn/boot.h>

#include "base/values.h"
#include "tool/values.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    enum key_type type;
    const char *good, *bad; /* words between blanks */
} rows[] = {
    {KEY_STRING, "x -1 0", ""},
    {KEY_BOOL, "true false TRUE yes no on off 1 0", "maybe 2 tru"},
    {KEY_INT, "0 -1 17 9223372036854775807 -9223372036854775808",
     "9223372036854775808 -9223372036854775809 -- - +1 1.5 0x10 x"},
    {KEY_PORT, "1 53 65535", "0 65536 -1 http"},
    {KEY_IP, "10.0.0.2 fd00::2 ::", "10.0.0 10.0.0.256 fd00:::2 10.0.0.2/24 x"},
    {KEY_NET, "10.0.0.2/24 fd00::2/64 0.0.0.0/0 10.0.0.2/32", "10.0.0.2 10.0.0.2/33 fd00::2/129 /24 10.0.0/8"},
    {KEY_DURATION, "0s 1ns 17us 250ms 30s 5m 2h 14d 2w 213503d 30500w",
     "14 d w 1y 1.5s 5 1D 1W 213504d 30501w -1s 1hm 14days"},
    {KEY_SIZE, "0 512 512B 64K 64KB 4M 4MB 1G 1GB", "K 1T 1k -1 17179869184G 4m"},
};

static int64_t value[64]; /* of any type */

/* As `--key=TEXT` of an image with such a key. */
static bool image_takes(enum key_type type, const char *text)
{
    const struct key key = {"key", type, true, value, NULL, NULL};
    char name[] = "test", argument[80];
    char *argv[] = {name, argument, NULL};
    int status;
    snprintf(argument, sizeof argument, "--key=%s", text);
    return boot_arguments(2, argv, &key, 1, &status);
}

static void each_word(enum key_type type, const char *words, bool good)
{
    char word[40];
    for (int len; sscanf(words, "%39s%n", word, &len) == 1; words += len) {
        if (image_takes(type, word) != good)
            fail_msg("an image takes %s '%s': %d", value_type_word(type), word, !good);
        if (!value_problem(type, word) != good)
            fail_msg("the command takes %s '%s': %d", value_type_word(type), word, !good);
    }
}

static void the_command_and_images_agree(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        each_word(rows[i].type, rows[i].good, true);
        each_word(rows[i].type, rows[i].bad, false);
        if (rows[i].type == KEY_STRING)
            continue;
        assert_false(image_takes(rows[i].type, "")); /* nothing is no value */
        assert_non_null(value_problem(rows[i].type, ""));
    }
}

static void units(void **state)
{
    static const struct {
        const char *text;
        uint64_t s;
    } times[] = {{"30s", 30}, {"5m", 300}, {"2h", 7200}, {"14d", 1209600}, {"2w", 1209600}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        uint64_t ns;
        assert_true(value_duration(bytes_str(times[i].text), &ns));
        assert_int_equal(ns, times[i].s * UINT64_C(1000000000));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_and_images_agree),
        cmocka_unit_test(units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
