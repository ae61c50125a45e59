/* SPDX-License-Identifier: ISC */
/* Block lists in the forms that they come in. */
#include "proto/dns_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct dns_block list;

static int begin(void **state)
{
    dns_block_init(&list, 0x1234567);
    return 0;
}

static int end(void **state)
{
    dns_block_free(&list);
    return 0;
}

static bool has(const char *text)
{
    struct dns_name name;
    assert_null(dns_name_parse(bytes_str(text), dns_root(), &name));
    return dns_block_has(&list, dns_name_bytes(&name));
}

static void read(const char *text)
{
    assert_int_equal(dns_block_read(&list, bytes_str(text)), OK);
}

static void nothing_is_blocked_at_first(void **state)
{
    assert_false(has("www.example."));
    assert_false(has("."));
}

static void hosts_files(void **state)
{
    read("# a list\r\n127.0.0.1 localhost\n::1 localhost ip6-localhost\n0.0.0.0 ads.example\ttracker.example # both\n"
         "0.0.0.0 0.0.0.0\n::  six.example");
    assert_int_equal(list.n, 3);
    assert_int_equal(list.n_bad, 0);
    assert_true(has("ads.example."));
    assert_true(has("tracker.example."));
    assert_true(has("six.example."));
    assert_false(has("localhost."));
    assert_false(has("both."));
    assert_false(has("example."));
}

static void plain_names_and_all_below(void **state)
{
    read("Bad.Example\n*.worse.example.\n; nothing\n\n  spaces.example  \n");
    assert_int_equal(list.n, 3);
    assert_true(has("BAD.example."));
    assert_true(has("a.b.bad.example."));
    assert_true(has("worse.example."));
    assert_true(has("x.worse.example."));
    assert_true(has("spaces.example."));
    assert_false(has("notbad.example."));
}

static void zone_files(void **state)
{
    read("$TTL 60\n$ORIGIN rpz.\n@ SOA a b 1 2 3 4 5\n@ NS a\nads.example 60 IN CNAME .\n*.ads.example cname .\n"
         "passed.example CNAME rpz-passthru.\nhost.example IN A 192.0.2.1\n");
    assert_int_equal(list.n, 1);
    assert_int_equal(list.n_bad, 0);
    assert_true(has("ads.example."));
    assert_false(has("passed.example."));
    assert_false(has("host.example."));
}

static void bad_lines_are_counted(void **state)
{
    read("good.example\nbad..example\n0.0.0.0 also..bad\n.\n*.\nlast.example\n");
    assert_int_equal(list.n_bad, 4);
    assert_int_equal(list.first_bad, 2);
    assert_true(has("last.example."));
}

static void many_names(void **state)
{
    char text[64];
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "n%d.example\nn%d.example\n", i, i);
        read(text);
    }
    assert_int_equal(list.n, 5000);
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "n%d.example.", i);
        assert_true(has(text));
        snprintf(text, sizeof text, "m%d.example.", i);
        assert_false(has(text));
    }
}

static void as_many_as_there_may_be(void **state)
{
    struct dns_name name;
    assert_null(dns_name_parse(bytes_str("one.more."), dns_root(), &name));
    assert_int_equal(dns_block_add(&list, dns_name_bytes(&name)), OK);
    list.n = DNS_BLOCK_MAX;
    assert_null(dns_name_parse(bytes_str("two.more."), dns_root(), &name));
    assert_int_equal(dns_block_add(&list, dns_name_bytes(&name)), ERR_FULL);
    assert_int_equal(dns_block_read(&list, bytes_str("three.more")), ERR_FULL);
    assert_false(has("two.more."));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(nothing_is_blocked_at_first), T(hosts_files), T(plain_names_and_all_below), T(zone_files),
        T(bad_lines_are_counted),       T(many_names),  T(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
