/* SPDX-License-Identifier: ISC */
/* A server that can't be as it was asked for says why in one line. */
#include "plat/sim/sim.h"
#include "proto/dns_server.h"
#include "proto/dns_peers.h"

#include <jinn/attr.h>
#include <jinn/random.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SIXTEEN "0123456789abcdef"
#define SECRET SIXTEEN SIXTEEN

static size_t said_before;

static void listen_now(void)
{
    said_before = strlen(sim_console(sim_host()));
}

/* The line without what is before it: time and level. */
static void assert_said(const char *line)
{
    const char *said = sim_console(sim_host()) + said_before;
    const char *found = strstr(said, line);
    if (!found || strchr(found, '\n') != found + strlen(line))
        fail_msg("'%s' is not the end of a line of '%s'", line, said);
}

static void options_that_can_not_be(void **state)
{
    static const char id[] = SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x";
    static const struct {
        struct dns_server_options o;
        const char *says;
    } row[] = {
        {{.id = {(const uint8_t *)id, 65}}, "dns: id: more than 64 bytes"},
        {{.cookie_secret = {(const uint8_t *)"0123", 4}}, "dns: cookie secret: neither 32 nor 64 hex digits"},
        {{.cookie_secret = {(const uint8_t *)SECRET "0", 33}}, "dns: cookie secret: neither 32 nor 64 hex digits"},
        {{.cookie_secret = {(const uint8_t *)SECRET SECRET "0", 65}},
         "dns: cookie secret: neither 32 nor 64 hex digits"},
        {{.cookie_secret = {(const uint8_t *)SIXTEEN "0123456789abcdeg", 32}},
         "dns: cookie secret: neither 32 nor 64 hex digits"},
    };
    struct dns_server *d;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        listen_now();
        assert_int_equal(dns_server_new(&row[i].o, &d), ERR_INVALID);
        assert_said(row[i].says);
    }
    assert_int_equal(
        dns_server_new(
            &(struct dns_server_options){.id = bytes_of(id, 64), .cookie_secret = bytes_str(SECRET SECRET "\n")}, &d),
        OK);
    free(d);
}

#define KEYS "ns hmac-sha256 c2VjcmV0\nadmin hmac-sha256 c2VjcmV0\n"

static struct dns_server *kept[16]; /* what an image that ends never gives back */
static size_t n_kept;

static enum err peers_of(const struct dns_server_peers_options *o)
{
    struct dns_server *d;
    assert_int_equal(dns_server_new(&(struct dns_server_options){0}, &d), OK);
    kept[n_kept++] = d;
    struct dns_server_peers_options with = *o;
    with.keys = bytes_str(KEYS);
    listen_now();
    return dns_server_peers(d, NULL, &with); /* the image would end: nothing is given back */
}

static void keys_that_are_not_there(void **state)
{
    static const struct dns_server_peers_options row[] = {{.transfer = "key:nsa"},
                                                          {.update = "any, 10.0.0.0/8+key:nsa"},
                                                          {.notify_from = "key:ns key:nsa"},
                                                          {.secondaries = "10.0.0.1+key:ns,10.0.0.2+key:nsa"},
                                                          {.primaries = "10.0.0.1+key:nsa"}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        assert_int_equal(peers_of(&row[i]), ERR_INVALID);
        assert_said("dns: there is no key nsa. of TSIG");
    }
    assert_int_equal(peers_of(&(struct dns_server_peers_options){.transfer = "key:NS,key:admin",
                                                                 .secondaries = "10.0.0.1+key:Admin"}),
                     OK);
}

static int ready(void **state)
{
    return random_init() != OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_can_not_be),
        cmocka_unit_test(keys_that_are_not_there),
    };
    return cmocka_run_group_tests(tests, ready, NULL);
}
