/* SPDX-License-Identifier: ISC */
/* Name servers and search lists: from messages of DHCP, DHCPv6 and routers to what a stack says of them. */
#include "net/net.h"
#include "net/stack_internal.h"
#include "wire/dns_name.h"
#include "wire/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct net the_net;
static struct ip6 six;
static struct stack_given_names given;

const struct net *stack_const_net(const struct stack *s)
{
    return &the_net;
}

const struct stack_given_names *stack_given_names(const struct stack *s)
{
    return &given;
}

static int begin(void **state)
{
    memset(&the_net, 0, sizeof the_net);
    memset(&six, 0, sizeof six);
    memset(&given, 0, sizeof given);
    return 0;
}

static struct dhcp_message lease(const char *options, size_t len)
{
    uint8_t b[1200] = {2, 1, 6};
    struct dhcp_message m;
    struct writer w = writer_of(b, sizeof b);
    w.at += 236;
    write_be32(&w, 0x63825363);
    write_copy(&w, options, len);
    write_u8(&w, 255);
    assert_true(writer_good(&w));
    assert_true(dhcp_parse(writer_bytes(&w), &m));
    the_net.dhcp.state = DHCP_BOUND;
    the_net.dhcp.lease.config = m.config;
    return m;
}
#define LEASE(options) lease(options, sizeof options - 1)

/* "10.0.0.1 fd00::1 | lab.test. test." */
static void expect(const char *want)
{
    static struct stack_names names;
    char text[2048], ip[IP_TEXT_BYTES];
    struct writer w = writer_of(text, sizeof text);
    stack_names(NULL, &names);
    for (size_t i = 0; i < names.n_servers; i++) {
        write_str(&w, ip_text(&names.server[i], ip));
        write_u8(&w, ' ');
    }
    write_u8(&w, '|');
    struct reader r = reader_of(bytes_of(names.search, names.search_len));
    while (reader_left(&r)) {
        struct bytes name = dns_name_take(&r);
        assert_true(name.len > 1);
        write_u8(&w, ' ');
        dns_name_write_text(&w, name);
    }
    write_u8(&w, 0);
    assert_true(writer_good(&w));
    assert_string_equal(text, want);
}

static void nothing_known(void **state)
{
    expect("|");
}

static void a_domain_of_dhcp(void **state)
{
    LEASE("\6\10\12\0\0\1\12\0\0\2\17\10lab.test");
    expect("10.0.0.1 10.0.0.2 | lab.test.");
}

/* RFC 3397: names that point back into the option, which may come in parts. */
static void a_list_of_dhcp(void **state)
{
    LEASE("\17\5other\167\12\3lab\4test\0\167\2\300\4");
    expect("| lab.test. test.");
    LEASE("\167\12\3lab\4test\0\17\5other");
    expect("| lab.test.");
}

static void a_list_that_breaks_off(void **state)
{
    LEASE("\167\14\3lab\4test\0\7a");
    expect("| lab.test.");
    LEASE("\167\4\300\2\0\0"); /* forward */
    expect("|");
    LEASE("\17\7a..test\17\1.");
    expect("|");
}

static void a_list_has_a_limit(void **state)
{
    char options[1000];
    struct writer w = writer_of(options, sizeof options);
    for (int i = 0; i < 4; i++) {
        write_copy(&w, "\167\144", 2);
        for (int k = 0; k < 20; k++) {
            write_copy(&w, "\3", 1);
            write_format(&w, "n%02d", i * 20 + k);
            write_u8(&w, 0);
        }
    }
    struct dhcp_message m = lease(options, writer_len(&w));
    assert_int_equal(m.config.search_len, DHCP_SEARCH_MAX_BYTES);
    assert_int_equal(m.n_search_left_out, 400 - DHCP_SEARCH_MAX_BYTES);
    struct stack_names names;
    stack_names(NULL, &names);
    assert_int_equal(names.search_len, 255);
}

static void a_lease_that_was_lost(void **state)
{
    LEASE("\6\4\12\0\0\1\17\10lab.test");
    the_net.dhcp.state = DHCP_SELECTING;
    expect("|");
}

/* As a router sends it: RFC 8106 5.2. */
static void options_of_routers(void **state)
{
    static const uint8_t message[] = {31, 3, 0, 0, 0,  0, 0, 60, 3, 'l', 'a', 'b', 4, 't', 'e', 's', 't', 0, 0, 0,
                                      0,  0, 0, 0, 31, 2, 0, 0,  0, 0,   0,   60,  1, 'x', 0,   0,   0,   0, 0, 0};
    struct nd_options o;
    struct reader r = reader_of(bytes_of(message, sizeof message));
    assert_true(nd_parse_options(&r, &o));
    assert_int_equal(o.search_s, 60);
    assert_int_equal(o.search.len, 16);
    the_net.ip6 = &six;
    memcpy(six.slaac.search, o.search.data, o.search.len);
    six.slaac.search_len = (uint8_t)o.search.len;
    six.slaac.server[0] = (struct ip){{0xfd, [15] = 1}};
    six.slaac.n_servers = 1;
    expect("fd00::1 | lab.test.");
}

static void options_of_dhcp6(void **state)
{
    static const uint8_t message[] = {7, 0, 0, 1, 0, 24, 0, 13, 3, 'l', 'a', 'b', 4, 't', 'e', 's', 't', 0, 1, 'x', 0};
    struct dhcp6_message m;
    assert_true(dhcp6_parse(bytes_of(message, sizeof message), &m));
    assert_int_equal(m.search.len, 13);
    the_net.ip6 = &six;
    memcpy(six.dhcp.client.search, m.search.data, m.search.len);
    six.dhcp.client.search_len = (uint8_t)m.search.len;
    expect("| lab.test. x.");
}

static void all_together_and_each_once(void **state)
{
    LEASE("\6\10\12\0\0\1\0\0\0\0\17\10lab.test");
    the_net.ip6 = &six;
    six.slaac.server[0] = (struct ip){{0xfd, [15] = 1}};
    six.slaac.n_servers = 1;
    six.dhcp.client.dns[0] = six.slaac.server[0];
    six.dhcp.client.dns[1] = (struct ip){{0xfd, [15] = 2}};
    six.dhcp.client.n_dns = 2;
    memcpy(six.slaac.search, "\3LAB\4test\0\1x\0", 13);
    six.slaac.search_len = 13;
    expect("10.0.0.1 fd00::1 fd00::2 | lab.test. x.");
}

static void what_the_operator_says_goes_before_all(void **state)
{
    LEASE("\6\4\12\0\0\1\17\10lab.test");
    given.servers = (struct ip_list){{ip4(192, 0, 2, 1), ip4(192, 0, 2, 2)}, 2};
    expect("192.0.2.1 192.0.2.2 | lab.test.");
    given.search = "a.test,b.test";
    expect("192.0.2.1 192.0.2.2 | a.test. b.test.");
    given.search = "";
    expect("192.0.2.1 192.0.2.2 |");
    given = (struct stack_given_names){.search = "a"};
    expect("10.0.0.1 | a.");
}

#define T(name) cmocka_unit_test_setup(name, begin)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_known),
        T(a_domain_of_dhcp),
        T(a_list_of_dhcp),
        T(a_list_that_breaks_off),
        T(a_list_has_a_limit),
        T(a_lease_that_was_lost),
        T(options_of_routers),
        T(options_of_dhcp6),
        T(all_together_and_each_once),
        T(what_the_operator_says_goes_before_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
