/* SPDX-License-Identifier: ISC */
/* What the iperf appliance reads of its clients and writes for them. */
#include "appliances/iperf/datagrams.c"
#include "appliances/iperf/iperf2_head.c"
#include "appliances/iperf/iperf3_settings.c"
#include "appliances/iperf/json.c"
#include "appliances/iperf/traffic.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum datagram_format iperf3_format(const struct iperf3 *s)
{
    return s->settings.wide_sequence ? DATAGRAM_IPERF3_WIDE : DATAGRAM_IPERF3;
}

static void members_come_one_by_one(void **state)
{
    (void)state;
    struct reader r =
        json_object(bytes_str(" { \"a\" : 12.5 , \"b\\\"\":\"x\\\\\",\"c\":[{\"d\":\"]\"},[]], \"e\":null} "));
    struct json_member m;
    uint64_t n;
    assert_true(json_next(&r, &m) && bytes_equal(m.name, bytes_str("a")) && m.kind == JSON_NUMBER);
    assert_true(json_unsigned(&m, 12, &n) && n == 12);
    assert_false(json_unsigned(&m, 11, &n));
    assert_true(json_next(&r, &m) && bytes_equal(m.name, bytes_str("b\\\"")) && m.kind == JSON_STRING);
    assert_true(bytes_equal(m.text, bytes_str("x\\\\")));
    assert_true(json_next(&r, &m) && bytes_equal(m.name, bytes_str("c")) && m.kind == JSON_NESTED);
    assert_true(bytes_equal(m.text, bytes_str("[{\"d\":\"]\"},[]]")));
    assert_true(json_next(&r, &m) && bytes_equal(m.name, bytes_str("e")) && m.kind == JSON_NULL);
    assert_false(json_next(&r, &m));
    assert_true(reader_good(&r));
}

static void what_is_not_json_is_bad(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "[]",          "{",           "{\"a\"}",   "{\"a\":}",          "{\"a\":1",
        "{a:1}",     "{\"a\":yes}", "{\"a\":\"\\", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":{",
        "{\"a\":\"", "{\"a\":1,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct reader r = json_object(bytes_str(texts[i]));
        struct json_member m;
        while (json_next(&r, &m))
            continue;
        assert_false(reader_good(&r));
    }
}

static void settings_of_iperf3(void **state)
{
    (void)state;
    struct iperf3_settings s;
    assert_true(
        iperf3_settings_parse(bytes_str("{\"tcp\":true,\"omit\":2,\"time\":1,\"parallel\":4,\"reverse\":true,"
                                        "\"len\":131072,\"bandwidth\":10000000000,\"client_version\":\"3.12\"}"),
                              &s));
    assert_true(!s.udp && s.reverse && !s.both && !s.wide_sequence && s.n_streams == 4 && s.omit_s == 2);
    assert_true(s.block_bytes == 131072 && s.rate_bps == 10000000000);
    assert_true(iperf3_settings_parse(bytes_str("{\"udp\":true,\"bidirectional\":true,\"udp_counters_64bit\":1}"), &s));
    assert_true(s.udp && !s.reverse && s.both && s.wide_sequence && s.n_streams == 1);
    assert_false(iperf3_settings_parse(bytes_str("{\"parallel\":0}"), &s));
    assert_false(iperf3_settings_parse(bytes_str("{\"parallel\":129}"), &s));
    assert_false(iperf3_settings_parse(bytes_str("{\"len\":-1}"), &s));
    assert_false(iperf3_settings_parse(bytes_str("{\"sctp\":true}"), &s));
    assert_false(iperf3_settings_parse(bytes_str("{\"tcp\":true"), &s));
}

static void results_of_all_streams_fit(void **state)
{
    (void)state;
    static struct iperf3 s;
    s.n_streams = IPERF3_STREAMS;
    s.end_ns = UINT64_C(1234567890123456789);
    for (size_t i = 0; i < IPERF3_STREAMS; i++) {
        s.stream[i].bytes = UINT64_MAX;
        s.stream[i].meter =
            (struct datagram_meter){.n_highest = UINT64_MAX, .n_lost = UINT64_MAX, .jitter_ns = UINT64_MAX};
    }
    struct bytes text = iperf3_results(&s);
    struct reader r = json_object(text);
    struct json_member m;
    bool streams = false;
    while (json_next(&r, &m))
        streams = streams || bytes_equal(m.name, bytes_str("streams"));
    assert_true(streams && reader_good(&r) && text.len > 4000);
}

static void heads_of_iperf2(void **state)
{
    (void)state;
    struct iperf2_request q;
    uint8_t head[60] = {0x44, 0x01, 0,    60 << 1, 0, 0, 0, 1, 0,    0,    0x13, 0x89,
                        0,    0,    0x20, 0,       0, 0, 0, 0, 0xff, 0xff, 0xff, 0x9c};
    head[32] = 0x04; /* reverse */
    head[48] = 1;    /* rate */
    struct reader r = reader_of(bytes_of(head, 4));
    assert_int_equal(iperf2_head_len(read_be32(&r)), 60);
    iperf2_head_parse(bytes_of(head, sizeof head), &q);
    assert_true(q.mode == IPERF2_REVERSE && q.port == 5001 && q.block_bytes == 8192 && !q.wants_ack);
    assert_true(q.span_ns == NS_PER_S && q.max_bytes == 0 && q.rate_bps == 1 << 24);
    head[0] = 0xc0; /* the older way to ask for more */
    iperf2_head_parse(bytes_of(head, sizeof head), &q);
    assert_true(q.mode == IPERF2_TRADEOFF && q.wants_ack);
    head[3] |= 1;
    iperf2_head_parse(bytes_of(head, sizeof head), &q);
    assert_int_equal(q.mode, IPERF2_DUAL);
    assert_int_equal(iperf2_head_len(0x30313233), IPERF2_FLAGS_BYTES); /* data from the first byte on */
    iperf2_head_parse(bytes_str("0123"), &q);
    assert_int_equal(q.mode, IPERF2_NORMAL);
}

static void datagrams_are_counted(void **state)
{
    (void)state;
    struct datagram_meter m = {0};
    static const uint64_t arrived[] = {1, 2, 5, 4, 6};
    for (size_t i = 0; i < 5; i++)
        datagram_meter_take(&m, 1000 * NS_PER_MS + i * NS_PER_MS, i * NS_PER_MS, arrived[i]);
    assert_true(m.n_highest == 6 && m.n_lost == 1 && m.n_out_of_order == 1 && m.jitter_ns == 0);
    datagram_meter_take(&m, 1021 * NS_PER_MS, 5 * NS_PER_MS, 7); /* 16 ms later than the others */
    assert_int_equal(m.jitter_ns, NS_PER_MS);
}

static void numbers_of_datagrams(void **state)
{
    (void)state;
    uint8_t head[16] = {0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff};
    uint64_t sent_ns;
    int64_t number;
    assert_true(datagram_parse(bytes_of(head, 16), DATAGRAM_IPERF2, &sent_ns, &number) && number == -2);
    assert_int_equal(sent_ns, NS_PER_S + 2 * NS_PER_US);
    assert_true(datagram_parse(bytes_of(head, 12), DATAGRAM_IPERF2, &sent_ns, &number) && number == -2);
    assert_true(datagram_parse(bytes_of(head, 12), DATAGRAM_IPERF3, &sent_ns, &number) && number == 2);
    assert_false(datagram_parse(bytes_of(head, 12), DATAGRAM_IPERF3_WIDE, &sent_ns, &number));
    assert_true(datagram_parse(bytes_of(head, 16), DATAGRAM_IPERF3_WIDE, &sent_ns, &number) && number == 0x2ffffffff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_one_by_one), cmocka_unit_test(what_is_not_json_is_bad),
        cmocka_unit_test(settings_of_iperf3),      cmocka_unit_test(results_of_all_streams_fit),
        cmocka_unit_test(heads_of_iperf2),         cmocka_unit_test(datagrams_are_counted),
        cmocka_unit_test(numbers_of_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
