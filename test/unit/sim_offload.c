/* SPDX-License-Identifier: ISC */
/* The simulator's network card: what it cuts is what the sender meant, frame by frame, and joined again it is the same. */
#include <jinn/fiber.h>
#include <jinn/netdev.h>

#include "plat/sim/sim.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAYLOAD = 3000, SEGMENT = 1400 };

static struct sim_link *wire;
static struct netdev *card, *plain, *joiner;
static struct ip src, dst;
static uint8_t payload[PAYLOAD];

static int attach(void **state)
{
    wire = sim_link_add(sim_default());
    sim_attach_offload(wire, sim_host(), "card", NET_FEATURES);
    sim_attach(wire, sim_host(), "plain");
    sim_attach_offload(wire, sim_host(), "joiner", NET_CHECKSUM_IN | NET_LARGE_IN);
    return 0;
}

static size_t emit_headers(struct writer *w, const struct mac *to, bool six, const struct tcp_segment *s)
{
    ether_emit(w, &(struct ether){*to, card->mac, six ? ETHER_IP6 : ETHER_IP4});
    if (six)
        ip6_emit(w, &(struct ip6_header){
                        .payload_len = TCP_HEADER_BYTES + PAYLOAD, .next = 6, .hop_limit = 64, .src = src, .dst = dst});
    else
        ip4_emit(w, &(struct ip4_header){.total_len = IP4_HEADER_BYTES + TCP_HEADER_BYTES + PAYLOAD,
                                         .dont_fragment = true,
                                         .ttl = 64,
                                         .protocol = 6,
                                         .src = src,
                                         .dst = dst});
    size_t start = writer_len(w);
    tcp_emit(w, s);
    uint64_t sum = checksum_pseudo(&src, &dst, 6, TCP_HEADER_BYTES + PAYLOAD);
    tcp_emit_checksum(w->start + start, (uint16_t)~checksum_finish(sum));
    return start;
}

/* 3000 bytes with FIN, PSH and CWR, to be cut at 1400. */
static void send_large(const struct mac *to, bool six, uint8_t flags)
{
    uint8_t head[100];
    struct tcp_segment s = {.src_port = 1, .dst_port = 2, .seq = seq_of(0xfffffff0), .flags = flags, .window = 5};
    struct writer w = writer_of(head, sizeof head);
    src = six ? (struct ip){{0xfd, [15] = 1}} : ip4(10, 0, 0, 1);
    dst = six ? (struct ip){{0xfd, [15] = 2}} : ip4(10, 0, 0, 2);
    size_t start = emit_headers(&w, to, six, &s);
    struct net_offload o = {.flags = NET_PARTIAL,
                            .segments = six ? NET_TCP6 : NET_TCP4,
                            .header_bytes = (uint16_t)writer_len(&w),
                            .segment_bytes = SEGMENT,
                            .checksum_start = (uint16_t)start,
                            .checksum_offset = TCP_CHECKSUM_OFFSET};
    struct bytes v[] = {writer_bytes(&w), bytes_of(payload, 1000), bytes_of(payload + 1000, PAYLOAD - 1000)};
    assert_int_equal(card->ops->send(card, v, 3, &o), OK);
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
}

static bool take(struct netdev *d, struct tcp_segment *s, struct net_offload *o, bool *sum_good)
{
    static uint8_t buffer[NET_LARGE_BYTES + NET_HEAD_BYTES];
    struct bytes frame, body;
    struct ip4_header h4;
    struct ip6_header h6;
    if (d->ops->recv(d, buffer, sizeof buffer, &frame, o) != OK)
        return false;
    struct bytes packet = bytes_slice(frame, ETHER_BYTES, frame.len);
    if (ip_is4(&src)) {
        assert_int_equal(ip4_parse(packet, &h4, &body), IP4_GOOD);
    } else {
        assert_true(ip6_parse(packet, &h6, &body));
        body = bytes_slice(body, IP6_HEADER_BYTES, body.len);
    }
    uint64_t sum = checksum_pseudo(&src, &dst, 6, (uint32_t)body.len);
    *sum_good = checksum_finish(checksum_add(sum, body, false)) == 0;
    assert_true(tcp_parse(body, s));
    return true;
}

static void cut_for(bool six)
{
    static const size_t lens[] = {SEGMENT, SEGMENT, 200};
    static const uint8_t flags[] = {TCP_ACK | TCP_CWR, TCP_ACK, TCP_ACK | TCP_PSH | TCP_FIN};
    struct tcp_segment s;
    struct net_offload o;
    bool good;
    size_t at = 0;
    send_large(&plain->mac, six, TCP_ACK | TCP_CWR | TCP_PSH | TCP_FIN);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        assert_true(take(plain, &s, &o, &good));
        assert_true(good);
        assert_int_equal(o.flags, 0);
        assert_int_equal(s.seq.v, (uint32_t)(0xfffffff0 + at));
        assert_int_equal(s.flags, flags[i]);
        assert_true(bytes_equal(s.data, bytes_of(payload + at, lens[i])));
        at += lens[i];
    }
    assert_false(take(plain, &s, &o, &good));
}

static void joined_for(bool six)
{
    struct tcp_segment s;
    struct net_offload o;
    bool good;
    send_large(&joiner->mac, six, TCP_ACK | TCP_PSH);
    assert_true(take(joiner, &s, &o, &good));
    assert_false(good); /* nobody may look */
    assert_int_equal(o.flags, NET_GOOD);
    assert_int_equal(o.segments, six ? NET_TCP6 : NET_TCP4);
    assert_int_equal(o.segment_bytes, SEGMENT);
    assert_int_equal(s.flags, TCP_ACK | TCP_PSH);
    assert_true(bytes_equal(s.data, bytes_of(payload, PAYLOAD)));
    assert_false(take(joiner, &s, &o, &good));
}

/* What a bit was flipped in is neither vouched for nor joined. */
static void damaged(void)
{
    const struct sim_faults all = {.corrupt_ppm = 1000000};
    uint8_t buffer[2048];
    struct bytes frame;
    struct net_offload o;
    size_t n = 0;
    sim_link_faults(wire, &all);
    send_large(&joiner->mac, false, TCP_ACK);
    while (joiner->ops->recv(joiner, buffer, sizeof buffer, &frame, &o) == OK) {
        /* It vouches for what is in the packet: the bit may be in the Ethernet header. */
        if (o.flags)
            assert_memory_equal(frame.data + 54, payload + n * SEGMENT, frame.len - 54);
        assert_int_equal(o.segments, NET_ONE);
        n++;
    }
    assert_true(n >= 2);
}

static int run_all(void *arg)
{
    void (*const *fn)(void) = arg;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)(i * 7 + i / 251);
    assert_int_equal(netdev_open("card", &card), OK);
    assert_int_equal(netdev_open("plain", &plain), OK);
    assert_int_equal(netdev_open("joiner", &joiner), OK);
    (*fn)();
    free(card);
    free(plain);
    free(joiner);
    return 0;
}

static void both_families(void (*fn)(bool six))
{
    fn(false);
    fn(true);
}

static void cut(void)
{
    both_families(cut_for);
}

static void joined(void)
{
    both_families(joined_for);
}

static void run(void (*fn)(void))
{
    const struct sim_faults none = {0};
    sim_link_faults(wire, &none);
    assert_int_equal(sched_run(run_all, &fn), 0);
}

static void a_card_cuts_what_a_wire_carries(void **state)
{
    run(cut);
}

static void a_card_joins_what_follows_on_one_another(void **state)
{
    run(joined);
}

static void a_card_vouches_for_nothing_damaged(void **state)
{
    run(damaged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_card_cuts_what_a_wire_carries),
        cmocka_unit_test(a_card_joins_what_follows_on_one_another),
        cmocka_unit_test(a_card_vouches_for_nothing_damaged),
    };
    return cmocka_run_group_tests(tests, attach, NULL);
}
