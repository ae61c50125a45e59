/* SPDX-License-Identifier: ISC */
#include "wire/checksum.h"
#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t golden_syn[] = {0xc0, 0x00, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00,
                                     0x00, 0xb0, 0x02, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04,
                                     0x05, 0xb4, 0x01, 0x03, 0x03, 0x07, 0x01, 0x01, 0x04, 0x02, 0x01,
                                     0x01, 0x08, 0x0a, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x20, 0x00};

static void parses_a_golden_syn(void **state)
{
    struct tcp_segment s;
    assert_int_equal(golden_syn[12] >> 4, sizeof golden_syn / 4);
    assert_true(tcp_parse(bytes_of(golden_syn, sizeof golden_syn), &s));
    assert_int_equal(s.src_port, 49152);
    assert_int_equal(s.dst_port, 80);
    assert_int_equal(s.seq.v, 0x01020304);
    assert_int_equal(s.flags, TCP_SYN);
    assert_int_equal(s.window, 65535);
    assert_true(s.has_mss && s.has_shift && s.sack_permitted && s.has_timestamp);
    assert_int_equal(s.mss, 1460);
    assert_int_equal(s.shift, 7);
    assert_int_equal(s.ts_value, 0x1000);
    assert_int_equal(s.ts_echo, 0x2000);
    assert_int_equal(s.data.len, 0);
    assert_int_equal(tcp_segment_len(&s), 1);
}

static void emits_the_golden_syn(void **state)
{
    struct tcp_segment s;
    uint8_t out[TCP_HEADER_MAX_BYTES];
    struct writer w = writer_of(out, sizeof out);
    assert_true(tcp_parse(bytes_of(golden_syn, sizeof golden_syn), &s));
    tcp_emit(&w, &s);
    assert_true(bytes_equal(writer_bytes(&w), bytes_of(golden_syn, sizeof golden_syn)));
}

/* Over the pseudo-header of 10.0.0.9 and 10.0.0.1. */
static void checksum_goes_where_it_belongs(void **state)
{
    uint8_t packet[sizeof golden_syn];
    struct ip a = ip4(10, 0, 0, 9), b = ip4(10, 0, 0, 1);
    memcpy(packet, golden_syn, sizeof packet);
    uint64_t pseudo = checksum_pseudo(&a, &b, 6, sizeof packet);
    tcp_emit_checksum(packet, checksum_finish(checksum_add(pseudo, bytes_of(packet, sizeof packet), false)));
    assert_int_equal(checksum_finish(checksum_add(pseudo, bytes_of(packet, sizeof packet), false)), 0);
    packet[0] ^= 1;
    assert_int_not_equal(checksum_finish(checksum_add(pseudo, bytes_of(packet, sizeof packet), false)), 0);
}

static void refuses_what_is_cut(void **state)
{
    struct tcp_segment s;
    for (size_t len = 0; len < sizeof golden_syn; len++)
        assert_false(tcp_parse(bytes_of(golden_syn, len), &s));
    uint8_t packet[sizeof golden_syn];
    memcpy(packet, golden_syn, sizeof packet);
    packet[12] = 0x40; /* a header of 16 bytes */
    assert_false(tcp_parse(bytes_of(packet, sizeof packet), &s));
}

/* Parses a header with these options, padded to a multiple of 4. */
static struct tcp_segment with_options(const uint8_t *options, size_t len)
{
    uint8_t packet[TCP_HEADER_MAX_BYTES + 4] = {0};
    struct tcp_segment s;
    size_t padded = (len + 3) / 4 * 4;
    memcpy(packet + TCP_HEADER_BYTES, options, len);
    packet[12] = (uint8_t)((TCP_HEADER_BYTES + padded) / 4 << 4);
    memset(packet + TCP_HEADER_BYTES + padded, 0xee, 4);
    assert_true(tcp_parse(bytes_of(packet, TCP_HEADER_BYTES + padded + 4), &s));
    assert_int_equal(s.data.len, 4);
    assert_int_equal(s.data.data[0], 0xee);
    return s;
}

#define WITH(...) with_options((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void options_that_break_their_format_end_the_list(void **state)
{
    assert_false(WITH(2, 0, 5, 180).has_mss);                       /* length 0 */
    assert_false(WITH(2, 1, 5, 180).has_mss);                       /* length 1 */
    assert_false(WITH(2, 5, 5, 180).has_mss);                       /* past the end */
    assert_false(WITH(9, 0, 0, 0, 2, 4, 5, 180).has_mss);           /* nothing after it counts */
    assert_true(WITH(2, 4, 5, 180, 3, 9, 7, 0).has_mss);            /* what came before does */
    assert_false(WITH(2, 4, 5, 180, 3, 9, 7, 0).has_shift);         /* past the end */
    assert_false(WITH(0, 0, 0, 0, 2, 4, 5, 180).has_mss);           /* behind the end of the list */
    assert_false(WITH(1, 1, 1, 8).has_timestamp);                   /* a kind and no length */
    assert_false(WITH(8, 9, 0, 0, 0, 0, 0, 0, 0, 1).has_timestamp); /* known kind, wrong length */
}

static void unknown_options_are_passed_over(void **state)
{
    struct tcp_segment s = WITH(200, 6, 1, 2, 3, 4, 1, 3, 3, 9, 254, 2);
    assert_true(s.has_shift);
    assert_int_equal(s.shift, 9);
    s = WITH(2, 3, 5, 3, 3, 4, 0, 0); /* an MSS of a wrong length does not hide what follows */
    assert_false(s.has_mss);
    assert_int_equal(s.shift, 4);
}

static void shift_is_cut_to_14(void **state)
{
    assert_int_equal(WITH(3, 3, 15, 0).shift, 14);
    assert_int_equal(WITH(3, 3, 255, 0).shift, 14);
}

static void blocks_are_as_many_as_their_length_says(void **state)
{
    struct tcp_segment s = WITH(1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 9, 255, 255, 255, 255, 0, 0, 0, 3);
    assert_int_equal(s.n_sack, 2);
    assert_int_equal(s.sack[0].from.v, 1);
    assert_int_equal(s.sack[0].to.v, 9);
    assert_int_equal(s.sack[1].from.v, UINT32_MAX);
    assert_int_equal(s.sack[1].to.v, 3);
    assert_int_equal(WITH(1, 1, 5, 9, 0, 0, 0, 1, 0, 0, 0).n_sack, 0); /* no number of blocks */
    assert_int_equal(WITH(1, 1, 5, 2).n_sack, 0);
    assert_int_equal(WITH(1, 1, 5, 10, 0, 0, 0, 1).n_sack, 0); /* past the end */
}

static void numbers_have_an_order_around_the_end(void **state)
{
    struct seq high = seq_of(0xfffffff0), low = seq_of(16);
    assert_true(seq_before(high, low));
    assert_true(seq_after(low, high));
    assert_int_equal(seq_diff(low, high), 32);
    assert_int_equal(seq_diff(high, low), -32);
    assert_true(seq_equal(seq_add(high, 32), low));
    assert_false(seq_before(high, high));
    assert_false(seq_after(high, high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_a_golden_syn),
        cmocka_unit_test(emits_the_golden_syn),
        cmocka_unit_test(checksum_goes_where_it_belongs),
        cmocka_unit_test(refuses_what_is_cut),
        cmocka_unit_test(options_that_break_their_format_end_the_list),
        cmocka_unit_test(unknown_options_are_passed_over),
        cmocka_unit_test(shift_is_cut_to_14),
        cmocka_unit_test(blocks_are_as_many_as_their_length_says),
        cmocka_unit_test(numbers_have_an_order_around_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
