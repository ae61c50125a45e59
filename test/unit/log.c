/* SPDX-License-Identifier: ISC */
#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>

#include "plat/sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct log_source tcp = LOG_SOURCE("tcp");
static struct log_source dns = LOG_SOURCE("dns");

static size_t mark;

static const char *said(void)
{
    return sim_console(sim_host()) + mark;
}

static int begin(void **state)
{
    mark = strlen(sim_console(sim_host()));
    return log_rules("*:info");
}

static int wait_a_bit(void *arg)
{
    log_info(&tcp, "begin");
    plat_wait(plat_clock_ns() + 1234567);
    log_warning(&tcp, "port %d", 80);
    return 0;
}

static void lines_have_time_level_and_source(void **state)
{
    assert_int_equal(sched_run(wait_a_bit, NULL), 0);
    assert_string_equal(said(), "0.000000 info  tcp: begin\n0.001234 warn  tcp: port 80\n");
}

static void levels(void **state)
{
    log_error(&tcp, "e");
    log_debug(&tcp, "d");
    assert_non_null(strstr(said(), " error tcp: e\n"));
    assert_null(strstr(said(), "debug"));
    assert_int_equal(log_rules("debug"), OK); /* alone: for all */
    log_debug(&tcp, "d");
    assert_non_null(strstr(said(), " debug tcp: d\n"));
}

static void rules_by_source(void **state)
{
    assert_int_equal(log_rules("*:quiet, tcp:debug , dns:ERROR,dns:warning"), OK);
    assert_true(log_enabled(&tcp, LOG_DEBUG));
    assert_true(log_enabled(&dns, LOG_WARNING)); /* the last one counts */
    assert_false(log_enabled(&dns, LOG_INFO));
    struct log_source other = LOG_SOURCE("other");
    assert_false(log_enabled(&other, LOG_ERROR));
}

static void wrong_rules_change_nothing(void **state)
{
    static const char *const wrong[] = {"",        "tcp",         "tcp:",
                                        ":debug",  "tcp:loud",    "*:info,",
                                        ",*:info", "tcp:debug:x", "a-source-name-that-nobody-has:info"};
    assert_int_equal(log_rules("*:error"), OK);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(log_rules(wrong[i]), ERR_INVALID);
    assert_true(log_enabled(&tcp, LOG_ERROR));
    assert_false(log_enabled(&tcp, LOG_WARNING));
}

static void too_many_rules(void **state)
{
    char rules[256] = "";
    for (char c = 'a'; c < 'a' + 16; c++)
        strncat(strncat(rules, (char[]){c, 0}, 2), ":debug,", 8);
    strcat(rules, "*:quiet");
    assert_int_equal(log_rules(rules), OK);
    strcat(rules, ",q:debug");
    assert_int_equal(log_rules(rules), ERR_INVALID);
}

static void long_lines_are_cut(void **state)
{
    char text[2 * LOG_LINE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(&tcp, "%s", text);
    assert_int_equal(strlen(said()), LOG_LINE_BYTES);
    assert_string_equal(said() + LOG_LINE_BYTES - 3, "xx\n");
}

static void one_message_is_one_line(void **state)
{
    log_info(&tcp, "a\nb\x1b[31mc\r\x7f");
    assert_non_null(strstr(said(), "tcp: a?b?[31mc??\n"));
}

static void quoting(void **state)
{
    char out[32];
    assert_string_equal(log_quoted(bytes_str("plain text~"), out, sizeof out), "plain text~");
    assert_string_equal(log_quoted(bytes_of("\0\n\x1b\\\xff", 5), out, sizeof out), "\\x00\\x0a\\x1b\\x5c\\xff");
    assert_string_equal(log_quoted(bytes_str("0123456789"), out, 8), "0123...");
    assert_string_equal(log_quoted(bytes_str("0123456"), out, 8), "0123456");
    assert_string_equal(log_quoted(bytes_str("01234\n"), out, 8), "0123...");
    assert_string_equal(log_quoted(bytes_str("\n\n\n"), out, 8), "\\x0a...");
    assert_string_equal(log_quoted(bytes_of(NULL, 0), out, 1), "");
    assert_string_equal(log_quoted(bytes_str("abc"), out, 3), "..");
    assert_string_equal(log_quoted(bytes_str("abc"), out, 0), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_have_time_level_and_source, begin),
        cmocka_unit_test_setup(levels, begin),
        cmocka_unit_test_setup(rules_by_source, begin),
        cmocka_unit_test_setup(wrong_rules_change_nothing, begin),
        cmocka_unit_test_setup(too_many_rules, begin),
        cmocka_unit_test_setup(long_lines_are_cut, begin),
        cmocka_unit_test_setup(one_message_is_one_line, begin),
        cmocka_unit_test_setup(quoting, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
