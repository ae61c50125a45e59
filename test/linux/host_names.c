/* SPDX-License-Identifier: ISC */
/* /etc/resolv.conf as it is met. */
#include "plat/linux/host.h"
#include "test/linux/host.h"
#include "wire/dns_name.h"

static void expect(const char *text, const char *want)
{
    static struct stack_names names;
    char out[2048], ip[IP_TEXT_BYTES];
    struct writer w = writer_of(out, sizeof out);
    host_names_of(bytes_str(text), &names);
    for (size_t i = 0; i < names.n_servers; i++)
        write_format(&w, "%s ", ip_text(&names.server[i], ip));
    struct reader r = reader_of(bytes_of(names.search, names.search_len));
    while (reader_left(&r)) {
        dns_name_write_text(&w, dns_name_take(&r));
        write_u8(&w, ' ');
    }
    write_format(&w, "%u", names.ndots);
    write_u8(&w, 0);
    assert_true(writer_good(&w));
    assert_string_equal(out, want);
}

static void what_it_says(void **state)
{
    expect("", "0");
    expect("nameserver 127.0.0.53\n", "127.0.0.53 0");
    expect("# nameserver 1.1.1.1\n;x\nnameserver\t10.0.0.1 # first\nnameserver fd00::1\r\nnameserver nonsense\n",
           "10.0.0.1 fd00::1 0");
    expect("nameserver fe80::1%eth0\nnameserver 10.0.0.1", "10.0.0.1 0");
    expect("domain old.test\nsearch lab.test test. .\noptions ndots:2 timeout:1", "lab.test. test. 2");
    expect("search a.test\ndomain b.test\noptions ndots:99\n", "b.test. 15");
    expect("options ndots:\noptions ndots:x\nnameservers 10.0.0.1", "0");
}

static void it_has_limits(void **state)
{
    char text[4096] = "search";
    struct stack_names names;
    size_t len = strlen(text);
    for (int i = 0; i < 100; i++)
        len += (size_t)sprintf(text + len, " domain%02d.test", i);
    for (int i = 0; i < 20; i++)
        len += (size_t)sprintf(text + len, "\nnameserver 10.0.0.%d", i + 1);
    host_names_of(bytes_of(text, len), &names);
    assert_int_equal(names.n_servers, STACK_SERVERS_MAX);
    assert_int_equal(names.search_len, STACK_SEARCH_BYTES / 15 * 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_it_says), cmocka_unit_test(it_has_limits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
