/* SPDX-License-Identifier: ISC */
#include "tender/console.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char shown[4096];

/* What comes out when the input arrives in pieces of `step` bytes. */
static const char *show_stepwise(const char *in, size_t len, size_t step)
{
    struct console_filter f = {0};
    struct writer w = writer_of(shown, sizeof shown - 1);
    for (size_t i = 0; i < len; i += step)
        console_filter(&f, bytes_of(in + i, len - i < step ? len - i : step), &w);
    console_finish(&f, &w);
    assert_true(writer_good(&w));
    shown[writer_len(&w)] = 0;
    return shown;
}

#define SHOWS(in, expected)                                                           \
    do {                                                                              \
        assert_string_equal(show_stepwise(in, sizeof(in) - 1, sizeof(in)), expected); \
        assert_string_equal(show_stepwise(in, sizeof(in) - 1, 1), expected);          \
    } while (0)

static void text_passes(void **state)
{
    SHOWS("hello, world\n\tline ~\n", "hello, world\n\tline ~\n");
    SHOWS("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7\n", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xa7\n");
}

static void control_bytes_become_visible(void **state)
{
    SHOWS("\x1b[2J\x1b]0;title\a", "\\x1b[2J\\x1b]0;title\\x07");
    SHOWS("a\0b\x7f\b", "a\\x00b\\x7f\\x08");
    SHOWS("\x9b"
          "31m",
          "\\x9b"
          "31m");
    SHOWS("\xc2\x9b"
          "31m",
          "\\xc2\\x9b"
          "31m"); /* the same C1 control, as UTF-8 */
}

static void carriage_return_goes_only_before_a_newline(void **state)
{
    SHOWS("a\r\nb", "a\nb");
    SHOWS("safe\rforged\n", "safe\\x0dforged\n");
    SHOWS("\r\r\n\r", "\\x0d\n\\x0d");
}

static void malformed_utf8_becomes_visible(void **state)
{
    SHOWS("\xc0\xaf", "\\xc0\\xaf");                            /* too long */
    SHOWS("\xe0\x80\xaf", "\\xe0\\x80\\xaf");                   /* too long */
    SHOWS("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf");          /* too long */
    SHOWS("\xed\xa0\x80", "\\xed\\xa0\\x80");                   /* surrogate */
    SHOWS("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");          /* too large */
    SHOWS("\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"); /* no such length */
    SHOWS("\xc3(", "\\xc3(");
    SHOWS("\xe2\x82\n", "\\xe2\\x82\n");
    SHOWS("\xe2\x82", "\\xe2\\x82"); /* breaks off */
    SHOWS("\xc3\xc3\xa4", "\\xc3\xc3\xa4");
}

static void text_direction_can_not_be_turned(void **state)
{
    SHOWS("\xe2\x80\xae"
          "txt",
          "\\xe2\\x80\\xaetxt");
    SHOWS("\xe2\x81\xa6", "\\xe2\\x81\\xa6");
    SHOWS("\xef\xbb\xbf", "\\xef\\xbb\\xbf");
}

/* Whatever comes in, what goes out is newline, tab, printable ASCII and well-formed UTF-8 above U+009F. */
static void nothing_else_ever_comes_out(void **state)
{
    uint32_t x = 1;
    for (int round = 0; round < 2000; round++) {
        char in[64];
        for (size_t i = 0; i < sizeof in; i++) {
            x = x * 1664525 + 1013904223;
            in[i] = (char)(x >> 24);
        }
        const uint8_t *p = (const uint8_t *)show_stepwise(in, sizeof in, 1 + x % 7);
        assert_true(strlen(shown) <= CONSOLE_ROOM(sizeof in));
        for (; *p; p++) {
            if (*p == 0xc2)
                assert_true(p[1] >= 0xa0);
            assert_true(*p == '\n' || *p == '\t' || (*p >= 0x20 && *p != 0x7f));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_passes),
        cmocka_unit_test(control_bytes_become_visible),
        cmocka_unit_test(carriage_return_goes_only_before_a_newline),
        cmocka_unit_test(malformed_utf8_becomes_visible),
        cmocka_unit_test(text_direction_can_not_be_turned),
        cmocka_unit_test(nothing_else_ever_comes_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
