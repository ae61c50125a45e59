/* SPDX-License-Identifier: ISC */
/* Boot arguments: what is accepted, and the one line that each mistake costs. */
#include <jinn/boot.h>
#include <jinn/log.h>

#include "plat/sim/sim.h"
#include "sys/nearest.h"
#include "base/values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct {
    const char *text;
    bool loud;
    int64_t count, bytes;
    uint16_t port;
    struct ip gateway;
    struct ip_net net;
    uint64_t wait_ns, size_bytes;
    struct bytes secret;
    struct ip_routes routes;
    struct ip_list servers;
} got;

static struct key_range bytes_range = {&got.bytes, 512, 4096}, most_range = {&got.bytes, 0, UINT32_MAX};

static const struct key keys[] = {
    {"greeting", KEY_STRING, false, &got.text, "hello", "what to say"},
    {"loud", KEY_BOOL, false, &got.loud, "false", NULL},
    {"count", KEY_INT, false, &got.count, "3", "how often"},
    {"port", KEY_PORT, false, &got.port, "80", "TCP port to listen on"},
    {"ipv4-gateway", KEY_IP, true, &got.gateway, NULL, "router"},
    {"ipv4", KEY_NET, true, &got.net, NULL, "address"},
    {"wait", KEY_DURATION, false, &got.wait_ns, "250ms", "pause"},
    {"cache", KEY_SIZE, false, &got.size_bytes, "64K", "memory"},
    {"tls-key", KEY_SECRET, true, &got.secret, NULL, "private key"},
    {"ipv4-route", KEY_ROUTES, true, &got.routes, NULL, "another way"},
    {"dns-servers", KEY_IPS, true, &got.servers, NULL, "name servers"},
    {"bytes", KEY_RANGE, false, &bytes_range, "1232", "of an answer"},
    {"most", KEY_RANGE, true, &most_range, NULL, "of all"},
};

static const char *console_from;

/* Parses, and leaves `said` at what was printed. */
static bool parse_keys(const struct key *k, size_t n, const char *const *arguments, int *status)
{
    static char storage[12][64] = {"test"}; /* a text key's value is the argument itself */
    char *argv[12] = {storage[0]};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = strcpy(storage[argc], arguments[argc - 1]);
    memset(&got, 0, sizeof got);
    size_t before = strlen(sim_console(sim_host()));
    bool good = boot_arguments(argc, argv, k, n, status);
    console_from = sim_console(sim_host()) + before;
    return good;
}

#define PARSE(status, ...) parse_keys(keys, ARRAY_LEN(keys), (const char *const[]){__VA_ARGS__, NULL}, status)

static void defaults(void **state)
{
    int status = 99;
    const char *const none[] = {NULL};
    assert_true(parse_keys(keys, ARRAY_LEN(keys), none, &status));
    assert_int_equal(status, 0);
    assert_string_equal(got.text, "hello");
    assert_false(got.loud);
    assert_int_equal(got.count, 3);
    assert_int_equal(got.port, 80);
    assert_int_equal(got.wait_ns, 250000000);
    assert_int_equal(got.size_bytes, 65536);
    assert_true(ip_equal(&got.gateway, &IP_NONE));
    assert_int_equal(got.net.prefix_len, 0);
    assert_string_equal(console_from, "");
}

static void addresses_are_given_in_lists(void **state)
{
    int status;
    assert_true(PARSE(&status, "--dns-servers=10.0.0.1,fd00::1", "--dns-servers", "10.0.0.3"));
    assert_int_equal(got.servers.n, 3);
    assert_int_equal(ip4_u32(&got.servers.ip[0]), 0x0a000001);
    assert_int_equal(got.servers.ip[1].b[0], 0xfd);
    assert_int_equal(ip4_u32(&got.servers.ip[2]), 0x0a000003);
    assert_false(value_ips(bytes_str("10.0.0.4"), &got.servers)); /* there is room for three */
    static const char *const bad[] = {"", ",", "10.0.0.1,", ",10.0.0.1", "10.0.0.1,,10.0.0.2", "a", "10.0.0.1 "};
    got.servers.n = 0;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(value_ips(bytes_str(bad[i]), &got.servers));
        assert_int_equal(got.servers.n, 0);
    }
    assert_false(PARSE(&status, "--dns-servers=10.0.0.1,x"));
    assert_int_equal(status, EXIT_ARGUMENTS);
}

static void routes_are_given_again_and_again(void **state)
{
    int status;
    assert_true(PARSE(&status, "--ipv4-route=10.0.0.0/8,10.77.0.3", "--ipv4-route", "0.0.0.0/0,10.77.0.4"));
    assert_int_equal(got.routes.n, 2);
    assert_int_equal(ip4_u32(&got.routes.route[0].to.ip), 0x0a000000);
    assert_int_equal(got.routes.route[0].to.prefix_len, 8);
    assert_int_equal(ip4_u32(&got.routes.route[0].gateway), 0x0a4d0003);
    assert_int_equal(got.routes.route[0].metric, 0);
    assert_int_equal(got.routes.route[1].to.prefix_len, 0);
    static const char *const bad[] = {"",
                                      ",",
                                      "10.0.0.0/8",
                                      "10.0.0.0/8,",
                                      "10.0.0.0,10.0.0.1",
                                      "10.0.0.0/8,10.0.0.1,",
                                      "10.0.0.0/8,10.0.0.1,1",
                                      "10.0.0.0/8,10.0.0.1,1,1",
                                      "fd00::/8,fd00::1",
                                      "10.0.0.0/8,fd00::1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(value_route(bytes_str(bad[i]), &got.routes));
    assert_int_equal(got.routes.n, 2);
    while (got.routes.n < IP_ROUTES_MAX)
        assert_true(value_route(bytes_str("10.0.0.0/8,10.0.0.1"), &got.routes));
    assert_false(value_route(bytes_str("10.0.0.0/8,10.0.0.1"), &got.routes));
}

static void all_forms(void **state)
{
    int status;
    assert_true(PARSE(&status, "--greeting=a b=c", "--loud", "--count", "-7", "--port=443", "--ipv4-gateway=10.0.0.1",
                      "--ipv4", "10.0.0.2/24", "--wait=2h", "--cache=1G"));
    assert_string_equal(got.text, "a b=c");
    assert_true(got.loud);
    assert_int_equal(got.count, -7);
    assert_int_equal(got.port, 443);
    struct ip gateway = ip4(10, 0, 0, 1), net = ip4(10, 0, 0, 2);
    assert_true(ip_equal(&got.gateway, &gateway));
    assert_true(ip_equal(&got.net.ip, &net));
    assert_int_equal(got.net.prefix_len, 24);
    assert_true(got.wait_ns == UINT64_C(7200000000000));
    assert_int_equal(got.size_bytes, 1073741824);
}

static void empty_text_is_a_text(void **state)
{
    int status;
    assert_true(PARSE(&status, "--greeting=", "--loud=no"));
    assert_string_equal(got.text, "");
}

static void mistakes(void **state)
{
    static const struct {
        const char *argument[3];
        const char *says;
    } cases[] = {
        {{"--prot=80"}, "test: there is no key --prot; did you mean --port?\n"},
        {{"--log=x"}, "test: there is no key --log; did you mean --logs?\n"},
        {{"--zzzzzzzz=1"}, "test: there is no key --zzzzzzzz; --help lists them\n"},
        {{"--port=0"}, "test: --port=0: not a port from 1 to 65535\n"},
        {{"--port=65536"}, "test: --port=65536: not a port from 1 to 65535\n"},
        {{"--port", "http"}, "test: --port=http: not a port from 1 to 65535\n"},
        {{"--port"}, "test: --port needs a value: a port from 1 to 65535\n"},
        {{"--port=1", "--port=2"}, "test: --port is given twice\n"},
        {{"--loud=maybe"}, "test: --loud=maybe: not true or false\n"},
        {{"--count=1.5"}, "test: --count=1.5: not a whole number\n"},
        {{"--bytes=511"}, "test: --bytes=511: not a whole number from 512 to 4096\n"},
        {{"--bytes=4097"}, "test: --bytes=4097: not a whole number from 512 to 4096\n"},
        {{"--bytes=66768"}, "test: --bytes=66768: not a whole number from 512 to 4096\n"}, /* 1232 in 16 bits */
        {{"--bytes=x"}, "test: --bytes=x: not a whole number from 512 to 4096\n"},
        {{"--most=-1"}, "test: --most=-1: not a whole number from 0 to 4294967295\n"},
        {{"--ipv4=10.0.0.2"}, "test: --ipv4=10.0.0.2: not an address and prefix such as 10.0.0.2/24\n"},
        {{"--ipv4=10.0.0.2/33"}, "test: --ipv4=10.0.0.2/33: not an address and prefix such as 10.0.0.2/24\n"},
        {{"--ipv4-route=10.0.0.0/8"},
         "test: --ipv4-route=10.0.0.0/8: not a route such as 10.0.0.0/8,10.0.0.1 (at most 8)\n"},
        {{"--ipv4-gateway=10.0.0"}, "test: --ipv4-gateway=10.0.0: not an address such as 10.0.0.1\n"},
        {{"--wait=5"}, "test: --wait=5: not a time such as 250ms, 30s, 5m or 2h\n"},
        {{"--cache=-1"}, "test: --cache=-1: not a size such as 512, 64K or 4M\n"},
        {{"--tls-key=x"}, "test: --tls-key is secret and no argument: use --key-file tls-key=FILE\n"},
        {{"serve"}, "test: 'serve' is no key; keys are --NAME=VALUE, --help lists them\n"},
        {{"-p"}, "test: '-p' is no key; keys are --NAME=VALUE, --help lists them\n"},
        {{"--"}, "test: '--' is no key; keys are --NAME=VALUE, --help lists them\n"},
        {{"--=1"}, "test: '--=1' is no key; keys are --NAME=VALUE, --help lists them\n"},
        {{"bad\nname\x1b"}, "test: 'bad?name?' is no key; keys are --NAME=VALUE, --help lists them\n"},
        {{"-l", "tcp:loud"},
         "test: --logs=tcp:loud: not rules such as '*:info,tcp:debug' (levels: quiet, error, warning, info, debug)\n"},
        {{"--logs"},
         "test: --logs=: not rules such as '*:info,tcp:debug' (levels: quiet, error, warning, info, debug)\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int status = 0;
        assert_false(parse_keys(keys, ARRAY_LEN(keys), cases[i].argument, &status));
        assert_int_equal(status, EXIT_ARGUMENTS);
        assert_string_equal(console_from, cases[i].says);
    }
}

static void limits_themselves_are_good(void **state)
{
    int status = 0;
    assert_true(parse_keys(keys, ARRAY_LEN(keys), (const char *const[]){"--bytes=512", NULL}, &status));
    assert_int_equal(got.bytes, 512);
    assert_true(parse_keys(keys, ARRAY_LEN(keys), (const char *const[]){"--bytes=4096", NULL}, &status));
    assert_int_equal(got.bytes, 4096);
}

static void required_keys(void **state)
{
    uint16_t port;
    struct bytes secret;
    const struct key port_key[] = {{"port", KEY_PORT, false, &port, NULL, NULL}};
    const struct key secret_key[] = {{"tls-key", KEY_SECRET, false, &secret, NULL, NULL}};
    const struct key bad_default[] = {{"port", KEY_PORT, false, &port, "none", NULL}};
    const char *const none[] = {NULL};
    int status = 0;
    assert_false(parse_keys(port_key, 1, none, &status));
    assert_int_equal(status, EXIT_ARGUMENTS);
    assert_string_equal(console_from, "test: a key is missing: --port=PORT (a port from 1 to 65535)\n");
    assert_false(parse_keys(secret_key, 1, none, &status));
    assert_string_equal(console_from, "test: a secret is missing: --key-file tls-key=FILE\n");
    assert_false(parse_keys(bad_default, 1, none, &status));
    assert_string_equal(console_from, "test: the default of --port, 'none', is not a port from 1 to 65535\n");
    sim_secret_add(sim_host(), "tls-key", bytes_str("s3cret"));
    assert_true(parse_keys(secret_key, 1, none, &status));
    assert_true(bytes_equal(secret, bytes_str("s3cret")));
}

static void help(void **state)
{
    int status = 99;
    assert_false(PARSE(&status, "--port=nonsense", "--help"));
    assert_int_equal(status, 0);
    assert_non_null(strstr(console_from, "  --port=PORT                      TCP port to listen on (default: 80)\n"));
    assert_non_null(strstr(console_from, "  --key-file tls-key=FILE          private key\n"));
    assert_non_null(strstr(console_from, "  -l, --logs=RULES"));
}

static void log_rules_from_arguments(void **state)
{
    struct log_source tcp = LOG_SOURCE("tcp");
    int status;
    assert_true(PARSE(&status, "-l", "*:error,tcp:debug"));
    assert_true(log_enabled(&tcp, LOG_DEBUG));
    assert_true(PARSE(&status, "-l*:quiet"));
    assert_false(log_enabled(&tcp, LOG_ERROR));
    assert_true(PARSE(&status, "--logs=*:info"));
    assert_true(log_enabled(&tcp, LOG_INFO));
    assert_false(log_enabled(&tcp, LOG_DEBUG));
}

static void values(void **state)
{
    uint64_t v = 1;
    int64_t i = 1;
    assert_true(value_int(bytes_str("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(value_int(bytes_str("9223372036854775807"), &i) && i == INT64_MAX);
    assert_false(value_int(bytes_str("9223372036854775808"), &i));
    assert_false(value_int(bytes_str("-"), &i));
    assert_false(value_int(bytes_str("--1"), &i));
    assert_true(value_duration(bytes_str("0s"), &v) && v == 0);
    assert_true(value_duration(bytes_str("17us"), &v) && v == 17000);
    assert_true(value_duration(bytes_str("1d"), &v) && v == UINT64_C(86400000000000));
    assert_false(value_duration(bytes_str("213504d"), &v)); /* does not fit */
    assert_false(value_duration(bytes_str("s"), &v));
    assert_false(value_duration(bytes_str("5 s"), &v));
    assert_true(value_size(bytes_str("512"), &v) && v == 512);
    assert_true(value_size(bytes_str("4MB"), &v) && v == 4194304);
    assert_false(value_size(bytes_str("17179869184G"), &v));
    assert_false(value_size(bytes_str("K"), &v));
    assert_false(value_size(bytes_str("1T"), &v));
}

static void nearest(void **state)
{
    struct nearest n = nearest_to(bytes_str("prt"));
    assert_false(nearest_offer(&n, "path"));
    assert_true(nearest_offer(&n, "port"));
    assert_false(nearest_offer(&n, "part")); /* no nearer than the first */
    assert_true(nearest_offer(&n, "prt"));
    n = nearest_to(bytes_str("ip"));
    assert_false(nearest_offer(&n, "ipv4"));
    char endless[100];
    memset(endless, 'x', sizeof endless);
    n = nearest_to(bytes_of(endless, sizeof endless));
    assert_false(nearest_offer(&n, "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(addresses_are_given_in_lists),
        cmocka_unit_test(empty_text_is_a_text),
        cmocka_unit_test(routes_are_given_again_and_again),
        cmocka_unit_test(all_forms),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(limits_themselves_are_good),
        cmocka_unit_test(required_keys),
        cmocka_unit_test(help),
        cmocka_unit_test(log_rules_from_arguments),
        cmocka_unit_test(values),
        cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
