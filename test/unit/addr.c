/* SPDX-License-Identifier: ISC */
#include <jinn/addr.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void texts_go_round(void **state)
{
    const char *same[] = {
        "0.0.0.0",       "10.0.0.2",        "255.255.255.255",      "::",           "::1", "1::", "2001:db8::1",
        "fe80::1:2:3:4", "1:2:3:4:5:6:7:8", "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1"};
    const char *other[][2] = {{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, {"0:0:0:0:0:0:0:0", "::"},
                              {"::ffff:10.0.0.2", "10.0.0.2"},         {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
                              {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},       {"1:0:0:2:0:0:3:4", "1::2:0:0:3:4"}};
    char out[IP_TEXT_BYTES];
    struct ip ip;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        assert_true(ip_parse(bytes_str(same[i]), &ip));
        assert_string_equal(ip_text(&ip, out), same[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        assert_true(ip_parse(bytes_str(other[i][0]), &ip));
        assert_string_equal(ip_text(&ip, out), other[i][1]);
    }
}

static void wrong_texts_are_refused(void **state)
{
    const char *bad[] = {"",
                         "1",
                         "1.2.3",
                         "1.2.3.4.5",
                         "1.2.3.256",
                         "01.2.3.4",
                         "1.2.3.4 ",
                         " 1.2.3.4",
                         "1..2.3",
                         "1.2.3.",
                         ":",
                         ":::",
                         "1:2:3:4:5:6:7",
                         "1:2:3:4:5:6:7:8:9",
                         "1::2::3",
                         "12345::",
                         "g::",
                         "1:2:3:4:5:6:7::8",
                         "::1.2.3",
                         "1.2.3.4::",
                         "1:",
                         ":1",
                         "::1:",
                         "1:2:3:4:5:6:7:1.2.3.4",
                         "fe80::1%eth0"};
    struct ip ip;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (ip_parse(bytes_str(bad[i]), &ip))
            fail_msg("'%s' was taken", bad[i]);
    }
}

static void networks(void **state)
{
    struct ip_net n;
    struct ip in = ip4(10, 0, 15, 1), out = ip4(10, 0, 16, 1), broadcast;
    assert_true(ip_net_parse(bytes_str("10.0.2.3/20"), &n));
    assert_int_equal(n.ip.b[15], 3);
    assert_true(ip_in_net(&in, &n));
    assert_false(ip_in_net(&out, &n));
    broadcast = ip4_net_broadcast(&n);
    assert_int_equal(ip4_u32(&broadcast), 0x0a000fff);
    assert_true(ip_net_parse(bytes_str("10.0.0.0/0"), &n));
    assert_true(ip_in_net(&out, &n));
    assert_true(ip_net_parse(bytes_str("10.0.15.1/32"), &n));
    assert_true(ip_in_net(&in, &n));
    assert_false(ip_in_net(&out, &n));
    assert_true(ip_net_parse(bytes_str("2001:db8::/129"), &n) == false);
    const char *bad[] = {"10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/08", "/8", "10.0.0.1/8 "};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(ip_net_parse(bytes_str(bad[i]), &n));
    assert_true(ip_net_parse(bytes_str("2001:db8::/32"), &n));
    assert_false(ip_in_net(&in, &n));
}

static void macs_and_endpoints(void **state)
{
    struct mac m;
    char text[MAC_TEXT_BYTES], e_text[ENDPOINT_TEXT_BYTES];
    struct endpoint e = {ip4(10, 0, 0, 1), 80};
    assert_true(mac_parse(bytes_str("02:00:aB:00:00:0f"), &m));
    assert_string_equal(mac_text(&m, text), "02:00:ab:00:00:0f");
    assert_false(mac_parse(bytes_str("02:00:ab:00:00:0"), &m));
    assert_false(mac_parse(bytes_str("02-00-ab-00-00-0f"), &m));
    assert_false(mac_parse(bytes_str("02:00:ag:00:00:0f"), &m));
    assert_string_equal(endpoint_text(&e, e_text), "10.0.0.1:80");
    assert_true(ip_parse(bytes_str("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), &e.ip));
    e.port = 65535;
    assert_string_equal(endpoint_text(&e, e_text), "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void kinds(void **state)
{
    struct ip any = IP_ANY4, none = IP_NONE, one = ip4(10, 0, 0, 1), group = ip4(239, 1, 1, 1), six;
    assert_true(ip_is_unspecified(&any) && ip_is_unspecified(&none) && !ip_is_unspecified(&one));
    assert_true(ip_is_multicast(&group) && !ip_is_multicast(&one));
    assert_true(ip_parse(bytes_str("ff02::1"), &six) && ip_is_multicast(&six) && !ip_is4(&six));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_go_round), cmocka_unit_test(wrong_texts_are_refused),
        cmocka_unit_test(networks),       cmocka_unit_test(macs_and_endpoints),
        cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
