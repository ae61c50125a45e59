/* SPDX-License-Identifier: ISC */
/* Golden packets read to text and written again; and the checksum beside the plainest
 * way to take it. */
#include "test/support/net_script.h"

static struct bytes hex(const char *text)
{
    static uint8_t b[2000];
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        unsigned v;
        if (*p == ' ')
            continue;
        assert_int_equal(sscanf(p++, "%2x", &v), 1);
        b[n++] = (uint8_t)v;
    }
    return bytes_of(b, n);
}

static void golden_frames(void **state)
{
    const struct {
        const char *hex, *text;
    } cases[] = {
        {"ffffffffffff 02000000000a 0806 0001 0800 06 04 0001 02000000000a c0a80101 000000000000 c0a80102",
         "*ff arp request 192.168.1.1->192.168.1.2"},
        {"02000000000a 02000000000b 0806 0001 0800 06 04 0002 02000000000b c0a80102 02000000000a c0a80101 "
         "000000000000000000000000000000000000",
         "0a arp reply 192.168.1.2->192.168.1.1"},
        /* ping -c 1 -s 8, Linux */
        {"02000000000b 02000000000a 0800 4500 0024 1c46 4000 4001 9b3f c0a80101 c0a80102 0800 f7f6 0001 0001 "
         "0000000000000007",
         "0b 192.168.1.1>192.168.1.2 ttl=64 DF icmp 8/0 rest=00010001 data=8"},
        /* UDP without a checksum */
        {"02000000000b 02000000000a 0800 4500 0020 0000 4000 4011 b8b4 c0a80001 c0a800c7 1234 0035 000c 0000 61626364",
         "0b 192.168.0.1>192.168.0.199 ttl=64 DF udp 4660>53 data=4"},
        {"02000000000b 02000000000a 0800 4500 001c 0001 20b9 4099 d63b c0a80101 c0a80102 0011223344556677",
         "0b 192.168.1.1>192.168.1.2 ttl=64 part 1480+8..."},
        {"02000000000b 02000000000a 86dd 60", "0b ip6 BAD"},
        {"02000000000b 02000000000a 88cc 60", "0b type 88cc"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char out[TEXT_BYTES];
        assert_string_equal(frame_text(hex(cases[i].hex), out), cases[i].text);
    }
}

static void headers_go_round(void **state)
{
    const char *golden = "4512 0024 1c46 4000 4001 9b2d c0a80101 c0a80102";
    struct bytes b = hex(golden), none;
    struct ip4_header h;
    uint8_t out[IP4_HEADER_BYTES];
    struct writer w = writer_of(out, sizeof out);
    assert_true(ip4_parse_quoted(b, &h, &none));
    ip4_emit(&w, &h);
    assert_memory_equal(out, b.data, sizeof out);
}

/* Queries of a Linux bridge, and what it hears of us. */
static void igmp_of_all_versions(void **state)
{
    const struct {
        const char *hex;
        int type, version, robustness;
        uint32_t response_ms, group;
    } cases[] = {
        {"1164 ec1e 00000000 02 7d 0000", 0x11, 3, 2, 10000, 0},
        {"1164 ee9b 00000000", 0x11, 2, 0, 10000, 0},
        {"1100 eeff 00000000", 0x11, 1, 0, 10000, 0},
        {"1180 7efa efffffc8 00 7d 0000 beef", 0x11, 3, 0, 12800, 0xefffffc8},
        {"11c8 e06d e0010203 0a c8 0002 0a000009 0a000008", 0x11, 3, 2, 307200, 0xe0010203},
        {"1600 06fb e2020202", 0x16, 0, 0, 0, 0xe2020202},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct igmp m;
        uint8_t b[40];
        struct bytes given = hex(cases[i].hex);
        memcpy(b, given.data, given.len);
        b[2] = b[3] = 0;
        uint16_t sum = checksum_finish(checksum_add(0, bytes_of(b, given.len), false));
        b[2] = (uint8_t)(sum >> 8);
        b[3] = (uint8_t)sum;
        assert_true(igmp_parse(bytes_of(b, given.len), &m));
        assert_int_equal(m.type, cases[i].type);
        assert_int_equal(m.version, cases[i].version);
        assert_int_equal(m.robustness, cases[i].robustness);
        assert_int_equal(m.response_ms, cases[i].response_ms);
        assert_int_equal(ip4_u32(&m.group), cases[i].group);
        b[4] ^= 1;
        assert_false(igmp_parse(bytes_of(b, given.len), &m));
    }
}

static void golden_igmp_reports(void **state)
{
    uint8_t out[40];
    struct ip groups[] = {ip4(239, 1, 2, 3), ip4(224, 0, 0, 251)};
    struct writer w = writer_of(out, sizeof out);
    igmp_emit_report3(&w, IGMP_TO_EXCLUDE, groups, 2);
    assert_true(bytes_equal(writer_bytes(&w), hex("2200 03fd 0000 0002 04000000 ef010203 04000000 e00000fb")));
    w = writer_of(out, sizeof out);
    igmp_emit(&w, IGMP_LEAVE2, &groups[0]);
    assert_true(bytes_equal(writer_bytes(&w), hex("1700 f7fa ef010203")));
}

static void arp_goes_round(void **state)
{
    struct bytes b = hex("0001080006040002 02000000000b c0a80102 02000000000a c0a80101");
    struct reader r = reader_of(b);
    struct arp_packet p;
    uint8_t out[ARP_BYTES];
    struct writer w = writer_of(out, sizeof out);
    assert_true(arp_parse(&r, &p));
    arp_emit(&w, &p);
    assert_memory_equal(out, b.data, sizeof out);
}

/* A client's DISCOVER, octet by octet (RFC 2131 figure 1, RFC 2132). */
static void golden_discover(void **state)
{
    struct dhcp_message m = {.type = DHCP_DISCOVER,
                             .xid = 0x3903f326,
                             .secs = 2,
                             .chaddr = {{2, 0, 0, 0, 0, 10}},
                             .hostname = bytes_str("box")};
    uint8_t out[DHCP_EMIT_MAX_BYTES];
    struct writer w = writer_of(out, sizeof out);
    dhcp_emit(&w, &m);
    assert_int_equal(writer_len(&w), 300);
    struct bytes head = hex("01010600 3903f326 00020000 00000000 00000000 00000000 00000000 02000000000a 0000");
    assert_memory_equal(out, head.data, head.len);
    struct bytes options = hex("63825363 350101 3d070102000000000a 390205dc 0c03626f78 370b0179 03060f1a33363a3b77 ff");
    assert_memory_equal(out + 236, options.data, options.len);
}

static void the_longest_dhcp_message_fits(void **state)
{
    char name[200];
    memset(name, 'x', sizeof name);
    struct dhcp_message m = {.type = DHCP_REQUEST,
                             .ciaddr = OUR_IP,
                             .requested = OUR_IP,
                             .server_id = PEER_IP,
                             .hostname = bytes_of(name, sizeof name)};
    uint8_t out[DHCP_EMIT_MAX_BYTES];
    struct writer w = writer_of(out, sizeof out);
    struct dhcp_message back;
    dhcp_emit(&w, &m);
    assert_true(dhcp_parse(writer_bytes(&w), &back));
    assert_int_equal(back.hostname.len, DHCP_HOSTNAME_MAX_BYTES);
    assert_true(ip_equal(&back.requested, &m.requested));
    assert_true(ip_equal(&back.server_id, &m.server_id));
    assert_true(ip_equal(&back.ciaddr, &m.ciaddr));
}

/* Options that lie in `file` and `sname` (RFC 2132 9.3), and options that are cut. */
static void dhcp_options_elsewhere(void **state)
{
    uint8_t b[300] = {2, 1, 6, 0};
    struct dhcp_message m;
    memcpy(b + 236, "\x63\x82\x53\x63\x34\x01\x03\xff", 8);
    memcpy(b + 108, "\x35\x01\x02\xff", 4);
    memcpy(b + 44, "\x01\x04\xff\xff\xff\x00\xff", 7);
    assert_true(dhcp_parse(bytes_of(b, sizeof b), &m));
    assert_int_equal(m.type, DHCP_OFFER);
    assert_int_equal(ip4_u32(&m.mask), 0xffffff00);
    b[108 + 1] = 127; /* past the end of file */
    assert_false(dhcp_parse(bytes_of(b, sizeof b), &m));
    b[236 + 6] = 2; /* only sname then */
    assert_true(dhcp_parse(bytes_of(b, sizeof b), &m));
    assert_int_equal(m.type, 0);
    b[44 + 1] = 3; /* a mask of three bytes */
    assert_false(dhcp_parse(bytes_of(b, sizeof b), &m));
    b[236] = 0;
    assert_false(dhcp_parse(bytes_of(b, sizeof b), &m));
    assert_false(dhcp_parse(bytes_of(b, 239), &m));
}

static uint16_t plain_sum(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i++)
        sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void checksums_of_all_lengths_and_alignments(void **state)
{
    uint8_t b[200];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(255 - i * i);
    for (size_t from = 0; from < 9; from++)
        for (size_t len = 0; len + from <= sizeof b; len++)
            assert_int_equal(checksum_finish(checksum_add(0, bytes_of(b + from, len), false)),
                             plain_sum(b + from, len));
}

static void checksums_of_odd_parts(void **state)
{
    uint8_t b[120];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 37 + 200);
    for (size_t i = 0; i <= 60; i++) {
        struct bytes v[4] = {bytes_of(b, i), bytes_of(b + i, 7), bytes_of(b + i + 7, 0),
                             bytes_of(b + i + 7, sizeof b - i - 7)};
        assert_int_equal(checksum_finish(checksum_add_parts(0, v, 4)), plain_sum(b, sizeof b));
    }
}

static void checksums_lose_no_carry(void **state)
{
    static uint8_t ones[65535];
    memset(ones, 0xff, sizeof ones);
    uint64_t sum = 0;
    for (int i = 0; i < 1000; i++)
        sum = checksum_add(sum, bytes_of(ones, 65534), false);
    assert_int_equal(checksum_finish(sum), 0);
    assert_int_equal(checksum_finish(checksum_add(0, bytes_of(ones, 65535), false)), plain_sum(ones, 65535));
}

static void pseudo_headers_of_both_families(void **state)
{
    struct ip a = ip4(10, 1, 2, 3), b = ip4(192, 168, 200, 250), c, d;
    uint8_t four[12] = {10, 1, 2, 3, 192, 168, 200, 250, 0, 17, 0x12, 0x34};
    uint8_t six[40] = {0};
    assert_int_equal(checksum_finish(checksum_pseudo(&a, &b, 17, 0x1234)), plain_sum(four, sizeof four));
    assert_true(ip_parse(bytes_str("2001:db8::1234:ff"), &c) && ip_parse(bytes_str("fe80::9"), &d));
    memcpy(six, c.b, 16);
    memcpy(six + 16, d.b, 16);
    six[33] = 1;
    six[34] = 0x12;
    six[35] = 0x34;
    six[39] = 6;
    assert_int_equal(checksum_finish(checksum_pseudo(&c, &d, 6, 0x11234)), plain_sum(six, sizeof six));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_frames),
        cmocka_unit_test(headers_go_round),
        cmocka_unit_test(igmp_of_all_versions),
        cmocka_unit_test(golden_igmp_reports),
        cmocka_unit_test(arp_goes_round),
        cmocka_unit_test(golden_discover),
        cmocka_unit_test(the_longest_dhcp_message_fits),
        cmocka_unit_test(dhcp_options_elsewhere),
        cmocka_unit_test(checksums_of_all_lengths_and_alignments),
        cmocka_unit_test(checksums_of_odd_parts),
        cmocka_unit_test(checksums_lose_no_carry),
        cmocka_unit_test(pseudo_headers_of_both_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
