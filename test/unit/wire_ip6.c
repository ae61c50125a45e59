/* SPDX-License-Identifier: ISC */
/* Golden packets of IPv6, as Linux and radvd sent them (RFC 8200, RFC 4443, RFC 4861, RFC 8106). */
#include "test/support/net_script.h"

#include "wire/nd.h"

static struct bytes hex(const char *text)
{
    static uint8_t out[4][400];
    static unsigned turn;
    uint8_t *b = out[turn++ % 4];
    size_t n = 0;
    for (; *text; text += 2) {
        unsigned v;
        while (*text == ' ')
            text++;
        assert_int_equal(sscanf(text, "%2x", &v), 1);
        assert_true(n < sizeof out[0]);
        b[n++] = (uint8_t)v;
    }
    return bytes_of(b, n);
}

#define NS                                                                             \
    "3333ff7b52d4 7acc3d7b52d4 86dd 6000000000203aff 00000000000000000000000000000000" \
    "ff0200000000000000000001ff7b52d4 8700c6ee00000000 fe8000000000000078cc3dfffe7b52d4 0e01e326b297b605"
#define NA                                                                             \
    "7acc3d7b52d4 ba8ba9d68979 86dd 6000000000203aff fd000009000000000000000000000002" \
    "fd000009000000000000000000000001 880050a540000000 fd000009000000000000000000000002 0201ba8ba9d68979"
#define RA                                                                                                   \
    "333300000001 7acc3d7b52d4 86dd 60075a8b00583aff fe8000000000000078cc3dfffe7b52d4"                       \
    "ff020000000000000000000000000001 86003af44000000c 0000000000000000 030440c0 00015180 00003840 00000000" \
    "fd0000aa000000000000000000000000 1903000000000004 fd0000aa000000000000000000000053 0501000000000578"    \
    "01017acc3d7b52d4"
#define ECHO                                                                           \
    "ba8ba9d68979 7acc3d7b52d4 86dd 600b98e900093a40 fd000009000000000000000000000001" \
    "fd000009000000000000000000000002 80006e25177f0001 00"
#define REPORT                                                                         \
    "333300000016 7acc3d7b52d4 86dd 6000000000380001 00000000000000000000000000000000" \
    "ff020000000000000000000000000016 3a00050200000100 8f001a2000000002"               \
    "04000000ff0200000000000000000001ff7b52d4 04000000ff0200000000000000000001ff000001"
#define PART                                                                           \
    "ba8ba9d68979 7acc3d7b52d4 86dd 600b98e900152c40 fd000009000000000000000000000001" \
    "fd000009000000000000000000000002 3a0005a87cefbe0d a0a1a2a3a4a5a6a7a8a9aaabac"

static void golden_frames(void **state)
{
    const struct {
        const char *hex, *text;
    } cases[] = {
        {NS, "*d4 ::>ff02::1:ff7b:52d4 hops=255 icmp6 135/0 rest=00000000 data=24"},
        {NA, "d4 fd00:9::2>fd00:9::1 hops=255 icmp6 136/0 rest=40000000 data=24"},
        {RA, "*01 fe80::78cc:3dff:fe7b:52d4>ff02::1 hops=255 icmp6 134/0 rest=4000000c data=80"},
        {ECHO, "79 fd00:9::1>fd00:9::2 hops=64 icmp6 128/0 rest=177f0001 data=1"},
        {REPORT, "*16 ::>ff02::16 hops=1 icmp6 143/0 rest=00000002 data=40"},
        {PART, "79 fd00:9::1>fd00:9::2 hops=64 part 1448+13"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char out[TEXT_BYTES];
        assert_string_equal(frame_text(hex(cases[i].hex), out), cases[i].text);
    }
}

/* The message of a frame without extension headers. */
static struct icmp6 message_of(const char *text, struct ip6_header *h)
{
    struct bytes frame = hex(text), datagram;
    struct icmp6 m;
    assert_true(ip6_parse(bytes_slice(frame, ETHER_BYTES, frame.len), h, &datagram));
    assert_true(icmp6_parse(bytes_slice(datagram, IP6_HEADER_BYTES, datagram.len), &h->src, &h->dst, &m));
    return m;
}

static void an_advertisement_of_radvd(void **state)
{
    struct ip6_header h;
    struct nd_router_message r;
    char text[IP_TEXT_BYTES];
    assert_true(nd_parse_router(message_of(RA, &h).data, &r));
    assert_int_equal(h.flow, 0x75a8b);
    assert_int_equal(r.options.n_prefixes, 1);
    assert_string_equal(ip_text(&r.options.prefix[0].net.ip, text), "fd00:aa::");
    assert_int_equal(r.options.prefix[0].net.prefix_len, 64);
    assert_int_equal(r.options.prefix[0].valid_s, 86400);
    assert_int_equal(r.options.prefix[0].preferred_s, 14400);
    assert_true(r.options.prefix[0].on_link && r.options.prefix[0].autonomous);
    assert_int_equal(r.options.mtu_bytes, 1400);
    assert_int_equal(r.options.n_servers, 1);
    assert_int_equal(r.options.servers_s, 4);
    assert_string_equal(ip_text(&r.options.server[0], text), "fd00:aa::53");
    assert_true(r.options.has_source && !r.options.has_target);
}

/* What is emitted from the parsed is the same again. */
static void an_advertisement_goes_round(void **state)
{
    struct ip6_header h;
    struct nd_neighbour_message s;
    struct icmp6 m = message_of(NA, &h);
    struct bytes frame = hex(NA);
    uint8_t out[72], body[ND_NEIGHBOUR_BYTES];
    struct writer w = writer_of(out, sizeof out), bw = writer_of(body, sizeof body);
    assert_true(nd_parse_neighbour(m.data, &s));
    nd_emit_neighbour(&bw, &s.target, ND_TARGET_MAC, &s.options.target);
    struct bytes data = writer_bytes(&bw);
    ip6_emit(&w, &h);
    icmp6_emit(&w, &m, &h.src, &h.dst, &data, 1);
    write_bytes(&w, data);
    assert_true(writer_good(&w));
    assert_int_equal(writer_len(&w), frame.len - ETHER_BYTES);
    assert_memory_equal(out, frame.data + ETHER_BYTES, writer_len(&w));
}

/* Every cut of a golden message is refused, and every flipped bit of the checksummed part. */
static void damage_is_noticed(void **state)
{
    struct ip6_header h;
    struct bytes frame = hex(RA), datagram;
    for (size_t len = 0; len < frame.len - ETHER_BYTES; len++)
        assert_false(ip6_parse(bytes_of(frame.data + ETHER_BYTES, len), &h, &datagram));
    uint8_t message[88];
    struct icmp6 m = message_of(RA, &h);
    struct nd_router_message r;
    for (size_t len = 9; len < m.data.len; len += 8) /* never a whole option */
        assert_false(nd_parse_router(bytes_of(m.data.data, len), &r));
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        memcpy(message, frame.data + ETHER_BYTES + IP6_HEADER_BYTES, sizeof message);
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(icmp6_parse(bytes_of(message, sizeof message), &h.src, &h.dst, &m));
    }
}

static void options_of_no_length_are_refused(void **state)
{
    struct nd_options o;
    struct reader r = reader_of(hex("0101000000000000 0100000000000000"));
    assert_false(nd_parse_options(&r, &o));
    r = reader_of(hex("0501 0000 00000578 6301000000000000"));
    assert_true(nd_parse_options(&r, &o)); /* an unknown one is skipped */
    assert_int_equal(o.mtu_bytes, 1400);
}

/* IPv4 in disguise would be taken for IPv4 by all that is above. */
static void mapped_addresses_are_refused(void **state)
{
    struct ip6_header h = {.next = IP6_NOTHING, .src = ip4(10, 0, 0, 1), .dst = {{0xfe, 0x80}}};
    uint8_t out[IP6_HEADER_BYTES];
    struct bytes datagram;
    struct writer w = writer_of(out, sizeof out);
    ip6_emit(&w, &h);
    assert_false(ip6_parse(writer_bytes(&w), &h, &datagram));
}

/* RFC 2464 7, RFC 1112 6.4: the last 32 bits, of IPv4 the last 23. */
static void groups_have_mac_addresses(void **state)
{
    const struct {
        const char *group, *mac;
    } cases[] = {{"ff02::1", "33:33:00:00:00:01"},         {"ff02::1:ff28:9c5a", "33:33:ff:28:9c:5a"},
                 {"ff05::8123:4567", "33:33:81:23:45:67"}, {"224.0.0.1", "01:00:5e:00:00:01"},
                 {"239.255.1.2", "01:00:5e:7f:01:02"},     {"239.127.1.2", "01:00:5e:7f:01:02"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct ip ip;
        char text[MAC_TEXT_BYTES];
        assert_true(ip_parse(bytes_str(cases[i].group), &ip));
        struct mac mac = ip_is4(&ip) ? mac_of_multicast4(&ip) : mac_of_multicast6(&ip);
        assert_string_equal(mac_text(&mac, text), cases[i].mac);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_have_mac_addresses),
        cmocka_unit_test(golden_frames),
        cmocka_unit_test(an_advertisement_of_radvd),
        cmocka_unit_test(an_advertisement_goes_round),
        cmocka_unit_test(damage_is_noticed),
        cmocka_unit_test(options_of_no_length_are_refused),
        cmocka_unit_test(mapped_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
