/* SPDX-License-Identifier: ISC */
/* Which frames of a guest may reach libslirp. Addresses and ports are put into a whole frame; each case changes one thing. */
#include "tender/usernet/filter.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t whole[] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,  0,  0,  0, 1, 8,  0,        /* Ethernet, IPv4 */
    0x45, 0,    0,    28,   0,    1,    0, 0,  64, 17, 0, 0, 10, 0, 2, 15, /* header, UDP, source */
    1,    1,    1,    1,    0x12, 0x34, 0, 53, 0,  8,  0, 0,               /* destination, ports */
};

enum { AT_TYPE = 12, AT_VERSION = 14, AT_FRAGMENT = 20, AT_PROTOCOL = 23, AT_TO = 30, AT_PORT = 36 };

static struct usernet_peers peers; /* who has asked; emptied by the test that fills it */

/* A copy of exactly `len` bytes, so that reading past the end is seen. */
static bool allowed_cut(const uint8_t *frame, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    memcpy(copy, frame, len);
    bool result = usernet_frame_allowed(bytes_of(copy, len), &peers);
    free(copy);
    return result;
}

static bool allowed_to(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t protocol, uint16_t port)
{
    uint8_t frame[sizeof whole];
    memcpy(frame, whole, sizeof whole);
    memcpy(frame + AT_TO, (uint8_t[]){a, b, c, d}, 4);
    memcpy(frame + AT_PORT, (uint8_t[]){(uint8_t)(port >> 8), (uint8_t)port}, 2);
    frame[AT_PROTOCOL] = protocol;
    return allowed_cut(frame, sizeof frame);
}

static bool allowed_with(size_t at, uint8_t value, bool to_resolver)
{
    uint8_t frame[sizeof whole];
    memcpy(frame, whole, sizeof whole);
    if (to_resolver)
        memcpy(frame + AT_TO, (uint8_t[]){10, 0, 2, 3}, 4);
    frame[at] = value;
    return allowed_cut(frame, sizeof frame);
}

static void test_the_internet_is_reached(void **state)
{
    assert_true(allowed_to(1, 1, 1, 1, 17, 53));
    assert_true(allowed_to(192, 168, 1, 1, 6, 22));
    assert_true(allowed_to(255, 255, 255, 255, 17, 67));
}

static void test_loopback_is_not(void **state)
{
    assert_false(allowed_to(127, 0, 0, 1, 6, 80));
    assert_false(allowed_to(127, 255, 255, 255, 17, 53));
    assert_false(allowed_to(0, 0, 0, 0, 6, 80));
    assert_false(allowed_to(0, 1, 2, 3, 6, 80));
    assert_true(allowed_to(126, 0, 0, 1, 6, 80));
    assert_true(allowed_to(128, 0, 0, 1, 6, 80));
}

/* The router's address is the host's loopback to libslirp. */
static void test_router_is_pinged_and_asked_for_an_address(void **state)
{
    assert_true(allowed_to(10, 0, 2, 2, 1, 0));
    assert_true(allowed_to(10, 0, 2, 2, 17, 67));
    assert_false(allowed_to(10, 0, 2, 2, 17, 53));
    assert_false(allowed_to(10, 0, 2, 2, 6, 80)); /* too short to show that it opens nothing */
}

static void test_router_gets_no_new_connection(void **state)
{
    static const struct {
        uint8_t flags;
        bool allowed;
    } cases[] = {{0x02, false}, {0xc2, false}, {0x12, true}, {0x10, true}, {0x11, true}, {0x04, true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t frame[sizeof whole + 12] = {0};
        memcpy(frame, whole, sizeof whole);
        memcpy(frame + AT_TO, (uint8_t[]){10, 0, 2, 2}, 4);
        frame[AT_PROTOCOL] = 6;
        frame[34 + 13] = cases[i].flags;
        assert_int_equal(allowed_cut(frame, sizeof frame), cases[i].allowed);
    }
}

/* A datagram from the router's address, as libslirp shows a local client of a published port. */
static void note_client(uint16_t from_port, uint16_t to_port)
{
    uint8_t frame[sizeof whole];
    memcpy(frame, whole, sizeof whole);
    memcpy(frame + 26, (uint8_t[]){10, 0, 2, 2, 10, 0, 2, 15}, 8);
    memcpy(frame + 34,
           (uint8_t[]){(uint8_t)(from_port >> 8), (uint8_t)from_port, (uint8_t)(to_port >> 8), (uint8_t)to_port}, 4);
    usernet_note_peer(bytes_of(frame, sizeof frame), &peers);
}

static void test_only_who_asked_is_answered(void **state)
{
    assert_false(allowed_to(10, 0, 2, 2, 17, 4000));
    note_client(4000, 0x1234); /* the port that the frame comes from */
    assert_true(allowed_to(10, 0, 2, 2, 17, 4000));
    assert_false(allowed_to(10, 0, 2, 2, 17, 4001));
    assert_false(allowed_to(127, 0, 0, 1, 17, 4000));
    note_client(4001, 0x1235); /* asked another port of the guest */
    assert_false(allowed_to(10, 0, 2, 2, 17, 4001));
    for (uint16_t i = 0; i < USERNET_PEERS_MAX; i++)
        note_client((uint16_t)(5000 + i), 0x1234);
    assert_false(allowed_to(10, 0, 2, 2, 17, 4000)); /* the oldest went */
    assert_true(allowed_to(10, 0, 2, 2, 17, 5000 + USERNET_PEERS_MAX - 1));
    peers = (struct usernet_peers){0};
}

static void test_link_local_is_not(void **state)
{
    assert_false(allowed_to(169, 254, 169, 254, 6, 80));
    assert_true(allowed_to(169, 253, 169, 254, 6, 80));
}

static void test_name_server_answers_dns_only(void **state)
{
    assert_true(allowed_to(10, 0, 2, 3, 17, 53));
    assert_true(allowed_to(10, 0, 2, 3, 6, 53));
    assert_false(allowed_to(10, 0, 2, 3, 6, 22));
    assert_false(allowed_to(10, 0, 2, 3, 17, 54));
    assert_false(allowed_to(10, 0, 2, 3, 1, 53));
}

static void test_name_server_takes_no_fragments(void **state)
{
    assert_false(allowed_with(AT_FRAGMENT, 0x20, true));
    assert_false(allowed_with(AT_FRAGMENT + 1, 1, true));
    assert_true(allowed_with(AT_FRAGMENT, 0x40, true)); /* don't fragment */
    assert_true(allowed_with(AT_FRAGMENT, 0x20, false));
}

static void test_options_move_the_ports(void **state)
{
    uint8_t frame[sizeof whole + 4];
    memcpy(frame, whole, sizeof whole);
    memcpy(frame + AT_TO, (uint8_t[]){10, 0, 2, 3}, 4);
    frame[AT_VERSION] = 0x46;
    memcpy(frame + 34, (uint8_t[]){0, 0, 0, 53, 0x12, 0x34, 0, 22}, 8);
    assert_false(allowed_cut(frame, sizeof frame));
    memcpy(frame + 34, (uint8_t[]){0, 0, 0, 22, 0x12, 0x34, 0, 53}, 8);
    assert_true(allowed_cut(frame, sizeof frame));
}

static void test_only_arp_and_ip4(void **state)
{
    assert_true(allowed_with(AT_TYPE + 1, 6, false));
    assert_false(allowed_with(AT_TYPE, 0x81, false));
    assert_false(allowed_with(AT_VERSION, 0x65, false));
    assert_false(allowed_with(AT_VERSION, 0x44, false));
}

static void test_cut_frames_are_refused(void **state)
{
    for (size_t len = 0; len < 34; len++)
        assert_false(allowed_cut(whole, len));
    assert_true(allowed_cut(whole, 34));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_internet_is_reached),
        cmocka_unit_test(test_loopback_is_not),
        cmocka_unit_test(test_router_is_pinged_and_asked_for_an_address),
        cmocka_unit_test(test_router_gets_no_new_connection),
        cmocka_unit_test(test_only_who_asked_is_answered),
        cmocka_unit_test(test_link_local_is_not),
        cmocka_unit_test(test_name_server_answers_dns_only),
        cmocka_unit_test(test_name_server_takes_no_fragments),
        cmocka_unit_test(test_options_move_the_ports),
        cmocka_unit_test(test_only_arp_and_ip4),
        cmocka_unit_test(test_cut_frames_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
