/* SPDX-License-Identifier: ISC */
#include "wire/checksum.h"
#include "wire/vnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static bool parse(const char *header, size_t frame_len, struct net_offload *o)
{
    struct reader r = reader_of(bytes_of(header, VNET_HEADER_BYTES));
    return vnet_parse(&r, frame_len, o);
}

static void headers_and_their_meaning(void **state)
{
    static const struct {
        const char *header;
        struct net_offload o;
    } cases[] = {
        {"\0\0\0\0\0\0\0\0\0\0", {0}},
        {"\1\0\x36\0\0\0\x22\0\x10\0",
         {.flags = NET_PARTIAL, .header_bytes = 54, .checksum_start = 34, .checksum_offset = 16}},
        {"\2\0\0\0\0\0\0\0\0\0", {.flags = NET_GOOD}},
        {"\1\1\x42\0\xa8\x05\x22\0\x10\0",
         {NET_PARTIAL, NET_TCP4, .header_bytes = 66, .segment_bytes = 1448, .checksum_start = 34,
          .checksum_offset = 16}},
        {"\1\x84\x4a\0\xa0\x05\x36\0\x10\0",
         {NET_PARTIAL | NET_CWR, NET_TCP6, .header_bytes = 74, .segment_bytes = 1440, .checksum_start = 54,
          .checksum_offset = 16}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_offload o;
        uint8_t out[VNET_HEADER_BYTES];
        struct writer w = writer_of(out, sizeof out);
        assert_true(parse(cases[i].header, 2000, &o));
        assert_memory_equal(&o, &cases[i].o, sizeof o);
        vnet_emit(&w, &cases[i].o);
        assert_true(writer_good(&w));
        assert_memory_equal(out, cases[i].header, sizeof out);
    }
}

static void what_can_not_be_is_refused(void **state)
{
    struct net_offload o;
    assert_false(parse("\1\3\x2a\0\x78\x05\x22\0\6\0", 2000, &o)); /* UDP fragments: not agreed on */
    assert_false(parse("\0\5\x2a\0\x78\x05\0\0\0\0", 2000, &o));   /* nor UDP segments */
    assert_false(parse("\1\1\x36\0\0\0\x22\0\x10\0", 2000, &o));   /* segments of nothing */
    assert_true(parse("\1\0\0\0\0\0\x22\0\x10\0", 52, &o));        /* the field is the frame's last */
    assert_false(parse("\1\0\0\0\0\0\x22\0\x10\0", 51, &o));       /* half of it */
    assert_false(parse("\1\0\0\0\0\0\xff\xff\xff\xff", 2000, &o));
    for (size_t cut = 0; cut < VNET_HEADER_BYTES; cut++) {
        uint8_t *copy = calloc(1, cut ? cut : 1);
        struct reader r = reader_of(bytes_of(copy, cut));
        assert_false(vnet_parse(&r, 2000, &o));
        free(copy);
    }
}

static void a_frame_is_what_lies_behind_its_header(void **state)
{
    static const uint8_t whole[] = {1, 0, 0, 0, 0, 0, 1, 0, 2, 0, 'f', 'r', 'a', 'm', 'e'};
    struct net_offload o;
    struct bytes frame;
    assert_true(vnet_split(bytes_of(whole, sizeof whole), &frame, &o));
    assert_ptr_equal(frame.data, whole + VNET_HEADER_BYTES);
    assert_int_equal(frame.len, 5);
    assert_int_equal(o.checksum_offset, 2);
    assert_false(vnet_split(bytes_of(whole, sizeof whole - 1), &frame, &o)); /* half of the sum's field */
    assert_false(vnet_split(bytes_of(whole, VNET_HEADER_BYTES - 1), &frame, &o));
    assert_int_equal(frame.len, 0);
}

static void the_sum_is_finished_where_the_device_would(void **state)
{
    uint8_t frame[61];
    const struct ip src = ip4(10, 0, 0, 1), dst = ip4(10, 0, 0, 2);
    const struct net_offload o = {.flags = NET_PARTIAL, .checksum_start = 34, .checksum_offset = 16};
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 37);
    uint16_t pseudo = (uint16_t)~checksum_finish(checksum_pseudo(&src, &dst, 6, sizeof frame - 34));
    frame[50] = (uint8_t)(pseudo >> 8);
    frame[51] = (uint8_t)pseudo;
    assert_true(vnet_fill_checksum(frame, sizeof frame, &o));
    uint64_t sum = checksum_pseudo(&src, &dst, 6, sizeof frame - 34);
    assert_int_equal(checksum_finish(checksum_add(sum, bytes_of(frame + 34, sizeof frame - 34), false)), 0);
    frame[52] ^= 1;
    assert_int_not_equal(checksum_finish(checksum_add(sum, bytes_of(frame + 34, sizeof frame - 34), false)), 0);
    assert_false(vnet_fill_checksum(frame, 51, &o));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_their_meaning),
        cmocka_unit_test(a_frame_is_what_lies_behind_its_header),
        cmocka_unit_test(what_can_not_be_is_refused),
        cmocka_unit_test(the_sum_is_finished_where_the_device_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
