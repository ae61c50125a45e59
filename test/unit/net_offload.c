/* SPDX-License-Identifier: ISC */
/* What IP does with what is left to a device: where checksums begin, which frames wait for a neighbour, what fits; and which
 * received checksums are believed. The transport here is a TCP that only listens. */
#include "test/support/net_script6.h"

#include "wire/vnet.h"

enum { TCP_SUM = 16, HEADER = 20 };

static const struct ip ours = {{[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 2}};
static const struct ip theirs = {{[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 9}};

static struct ip_in seen;
static uint32_t n_seen;

static void see(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    seen = *in;
    n_seen++;
}

static void ignore(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
}

static struct net_transport tcp = {see, ignore};

static struct script *script_offload(void)
{
    struct script *s = script_with_tcp(&tcp);
    s->n->below.features = NET_FEATURES;
    n_seen = 0;
    return s;
}

/* A TCP header with the pseudo-header's sum, and `len` bytes behind it. */
static enum err transmit(struct script *s, const struct ip *src, const struct ip *dst, size_t len,
                         uint16_t segment_bytes)
{
    static uint8_t packet[HEADER + 60000];
    struct ip_out o = {.src = *src,
                       .dst = *dst,
                       .protocol = IP_TCP,
                       .dont_fragment = true,
                       .checksum_offset = TCP_SUM,
                       .header_bytes = HEADER,
                       .segment_bytes = segment_bytes};
    uint16_t pseudo = (uint16_t)~checksum_finish(checksum_pseudo(&o.src, &o.dst, IP_TCP, (uint32_t)(HEADER + len)));
    for (size_t i = 0; i < HEADER + len; i++)
        packet[i] = (uint8_t)(i * 7);
    packet[TCP_SUM] = (uint8_t)(pseudo >> 8);
    packet[TCP_SUM + 1] = (uint8_t)pseudo;
    struct bytes v[] = {bytes_of(packet, HEADER), bytes_of(packet + HEADER, len)};
    return s->n->below.send(&s->n->below, s->now_ns, &o, v, 2);
}

static bool sum_good(const struct sent *f, const struct ip *src, const struct ip *dst)
{
    size_t at = ETHER_BYTES + (ip_is4(dst) ? IP4_HEADER_BYTES : IP6_HEADER_BYTES);
    struct bytes segment = bytes_of(f->b + at, f->len - at);
    uint64_t sum = checksum_pseudo(src, dst, IP_TCP, (uint32_t)segment.len);
    return checksum_finish(checksum_add(sum, segment, false)) == 0;
}

static void the_device_is_told_where_the_sum_is(void **state)
{
    struct script *s = script_offload();
    know_peer(s);
    assert_int_equal(transmit(s, &ours, &theirs, 100, 0), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 DF protocol=6 data=120");
    const struct sent *f = &s->sent[s->n_sent - 1];
    const struct net_offload want = {.flags = NET_PARTIAL, .checksum_start = 34, .checksum_offset = TCP_SUM};
    assert_memory_equal(&f->offload, &want, sizeof want);
    assert_false(sum_good(f, &ours, &theirs));
    script_end(s);
}

static void several_segments_are_longer_than_the_mtu_and_each_is_not(void **state)
{
    struct script *s = script_offload();
    know_peer(s);
    assert_int_equal(transmit(s, &ours, &theirs, 40000, 1460), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 DF protocol=6 data=40020");
    const struct net_offload want = {NET_PARTIAL, NET_TCP4, 54, 1460, 34, TCP_SUM};
    assert_memory_equal(&s->sent[s->n_sent - 1].offload, &want, sizeof want);
    assert_int_equal(transmit(s, &ours, &theirs, 40000, 1461), ERR_TOO_LARGE);
    assert_int_equal(s->n->counters.ip4.out_fragmented, 0);
    script_end(s);
}

static void one_segment_waits_for_a_neighbour_and_is_finished(void **state)
{
    struct script *s = script_offload();
    assert_int_equal(transmit(s, &ours, &theirs, 101, 0), OK);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 DF protocol=6 data=121");
    assert_int_equal(s->sent[s->n_sent - 1].offload.flags, 0);
    assert_true(sum_good(&s->sent[s->n_sent - 1], &ours, &theirs));
    script_end(s);
}

static void several_segments_never_wait(void **state)
{
    struct script *s = script_offload();
    assert_int_equal(transmit(s, &ours, &theirs, 40000, 1460), ERR_AGAIN);
    expect(s, "*ff arp request 10.0.0.2->10.0.0.9");
    assert_int_equal(transmit(s, &ours, &theirs, 40000, 1460), ERR_AGAIN); /* and ask once a second only */
    expect_nothing(s);
    assert_int_equal(s->n->counters.arp.waited, 0);
    input_arp(s, ARP_REPLY, PEER_MAC, PEER_IP, OUR_IP);
    expect_nothing(s);
    assert_int_equal(transmit(s, &ours, &theirs, 40000, 1460), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 DF protocol=6 data=40020");
    script_end(s);
}

/* ---- IPv6 ---- */

static struct script *script_offload6(void)
{
    struct script *s = script6(NULL, false);
    s->n->below.features = NET_FEATURES;
    pass(s, 5 * NS_PER_S);
    forget_sent(s);
    return s;
}

static void answer6(struct script *s)
{
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_SOLICITED, peer, our_link, peer, &peer_mac);
}

static void over_ipv6_one_segment_waits_and_is_finished(void **state)
{
    struct script *s = script_offload6();
    assert_int_equal(transmit(s, &our_link, &peer, 101, 0), OK);
    expect(s, "*09 " OUR_LINK_TEXT ">ff02::1:ff00:9 hops=255 icmp6 135/0 rest=00000000 data=24");
    answer6(s);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=6 data=121");
    assert_int_equal(s->sent[s->n_sent - 1].offload.flags, 0);
    assert_true(sum_good(&s->sent[s->n_sent - 1], &our_link, &peer));
    script_end(s);
}

static void over_ipv6_several_segments_never_wait(void **state)
{
    struct script *s = script_offload6();
    assert_int_equal(transmit(s, &our_link, &peer, 40000, 1440), ERR_AGAIN);
    expect(s, "*09 " OUR_LINK_TEXT ">ff02::1:ff00:9 hops=255 icmp6 135/0 rest=00000000 data=24");
    assert_int_equal(transmit(s, &our_link, &peer, 40000, 1440), ERR_AGAIN);
    expect_nothing(s);
    assert_int_equal(s->n->counters.nd.waited, 0);
    answer6(s);
    expect_nothing(s);
    assert_int_equal(transmit(s, &our_link, &peer, 40000, 1440), OK);
    expect(s, "09 " OUR_LINK_TEXT ">fe80::9 hops=64 next=6 data=40020");
    const struct net_offload want = {NET_PARTIAL, NET_TCP6, 74, 1440, 54, TCP_SUM};
    assert_memory_equal(&s->sent[s->n_sent - 1].offload, &want, sizeof want);
    assert_int_equal(transmit(s, &our_link, &peer, 40000, 1441), ERR_TOO_LARGE);
    assert_int_equal(s->n->counters.ip6.out_fragmented, 0);
    script_end(s);
}

/* ---- Received ---- */

static void receive(struct script *s, struct ip4_header h, size_t len, const struct net_offload *o)
{
    static uint8_t frame[ETHER_BYTES + 65535];
    struct writer w = writer_of(frame, sizeof frame);
    ether_emit(&w, &(struct ether){OUR_MAC, PEER_MAC, ETHER_IP4});
    h.total_len = (uint16_t)(IP4_HEADER_BYTES + len);
    h.ttl = 64;
    h.protocol = IP_TCP;
    h.src = PEER_IP;
    h.dst = OUR_IP;
    ip4_emit(&w, &h);
    write_zeros(&w, len);
    net_input_offload(s->n, s->now_ns, writer_bytes(&w), o);
}

static void what_the_device_vouches_for_is_believed(void **state)
{
    static const struct {
        struct net_offload o;
        bool verified, several;
    } cases[] = {
        {{0}, false, false},
        {{.flags = NET_GOOD}, true, false},
        {{.flags = NET_PARTIAL, .checksum_start = 34, .checksum_offset = TCP_SUM}, true, false},
        {{.flags = NET_GOOD, .segments = NET_TCP4, .segment_bytes = 1460}, true, true},
        {{.segments = NET_TCP4, .segment_bytes = 1460}, false, true},
    };
    struct script *s = script_offload();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        receive(s, (struct ip4_header){0}, 3000, &cases[i].o);
        assert_int_equal(n_seen, i + 1);
        assert_int_equal(seen.payload.len, 3000);
        assert_int_equal(seen.checksum_verified, cases[i].verified);
        assert_int_equal(seen.several, cases[i].several);
    }
    script_end(s);
}

static void the_longest_frame_is_taken(void **state)
{
    struct script *s = script_offload();
    receive(s, (struct ip4_header){0}, 65515, &(struct net_offload){NET_GOOD, NET_TCP4, 54, 1460, 0, 0});
    assert_int_equal(n_seen, 1);
    assert_int_equal(seen.payload.len, 65515);
    script_end(s);
}

/* What the device says of a part it can't know of the whole. */
static void nobody_vouches_for_fragments(void **state)
{
    struct script *s = script_offload();
    const struct net_offload good = {.flags = NET_GOOD};
    receive(s, (struct ip4_header){.id = 5, .more_fragments = true}, 800, &good);
    assert_int_equal(n_seen, 0);
    receive(s, (struct ip4_header){.id = 5, .offset = 800}, 100, &good);
    assert_int_equal(n_seen, 1);
    assert_int_equal(seen.payload.len, 900);
    assert_false(seen.checksum_verified);
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_is_told_where_the_sum_is),
        cmocka_unit_test(several_segments_are_longer_than_the_mtu_and_each_is_not),
        cmocka_unit_test(one_segment_waits_for_a_neighbour_and_is_finished),
        cmocka_unit_test(several_segments_never_wait),
        cmocka_unit_test(over_ipv6_one_segment_waits_and_is_finished),
        cmocka_unit_test(over_ipv6_several_segments_never_wait),
        cmocka_unit_test(what_the_device_vouches_for_is_believed),
        cmocka_unit_test(the_longest_frame_is_taken),
        cmocka_unit_test(nobody_vouches_for_fragments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
