/* SPDX-License-Identifier: ISC */
/* Reassembly beside a model that keeps every byte in the plainest way, in random orders. */
#include "net/frag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t seed = 88172645463325252u;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static struct counters_frag counters;
static struct frag *frag;
static uint8_t whole[65535];
static struct bytes got;

static int begin(void **state)
{
    counters = (struct counters_frag){0};
    frag = calloc(1, sizeof *frag);
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = (uint8_t)(i * 13 ^ i >> 8);
    return frag_init(frag, &counters) != OK;
}

static int end(void **state)
{
    frag_free(frag);
    free(frag);
    return 0;
}

static bool give_bytes(uint64_t now_ns, uint16_t id, size_t offset, struct bytes b, bool more)
{
    static const uint8_t head[IP4_HEADER_BYTES] = {0x45};
    struct frag_part p = {.id = id,
                          .offset = (uint16_t)offset,
                          .more = more,
                          .protocol = 17,
                          .next = 17,
                          .src = ip4(10, 0, 0, 9),
                          .dst = ip4(10, 0, 0, 2),
                          .most_bytes = IP4_PACKET_MAX_BYTES - sizeof head,
                          .header = bytes_of(head, sizeof head)};
    uint8_t *copy = malloc(b.len ? b.len : 1); /* exactly as long, for the sanitizer */
    if (b.len)
        memcpy(copy, b.data, b.len);
    p.payload = bytes_of(copy, b.len);
    bool done = frag_input(frag, now_ns, &p);
    got = p.payload;
    free(copy);
    return done;
}

static bool give(uint16_t id, size_t offset, size_t len, bool more)
{
    return give_bytes(NS_PER_S, id, offset, bytes_of(whole + offset, len), more);
}

static void all_orders_with_duplicates(void **state)
{
    for (uint16_t round = 0; round < 300; round++) {
        struct {
            size_t at, len;
        } piece[64];
        size_t n = 0, total = 9 + rnd(20000);
        for (size_t at = 0; at < total && n < 64; n++) {
            size_t len = n == 63 ? total - at : 8 * (1 + rnd(100));
            len = len < total - at ? len : total - at;
            piece[n].at = at;
            piece[n].len = len;
            at += len;
        }
        bool came[64] = {false}, done = false;
        size_t n_came = 0;
        while (!done) {
            size_t i = rnd((uint32_t)n);
            done = give(round, piece[i].at, piece[i].len, piece[i].at + piece[i].len < total);
            n_came += !came[i];
            came[i] = true;
            assert_int_equal(done, n_came == n);
        }
        assert_int_equal(got.len, total);
        assert_memory_equal(got.data, whole, total);
        assert_int_equal(frag->chunks.n_used, 0);
    }
    assert_true(counters.duplicates > 300);
    assert_int_equal(counters.reassembled, 300);
    assert_int_equal(counters.overlaps + counters.malformed, 0);
}

/* Any fragments at all: what the table says must be what the plain model says. */
static void random_fragments_agree_with_the_model(void **state)
{
    for (uint16_t round = 0; round < 2000; round++) {
        bool came[32] = {false}, dead = false;
        uint8_t value[32];
        size_t total = 0, least = 0;
        uint64_t now_ns = (round + 1) * FRAG_TIMEOUT_NS;
        struct bytes h, p;
        while (frag_expire(frag, now_ns, &h, &p))
            ;
        for (int step = 0; step < 30; step++) {
            size_t first = rnd(12), n = 1 + rnd(4), end_unit = first + n;
            bool more = rnd(4) != 0;
            uint8_t fill = (uint8_t)(rnd(10) == 0), b[32];
            bool any = false, equal = true, complete = true;
            memset(b, fill, sizeof b);
            for (size_t i = first; i < end_unit; i++) {
                any |= came[i];
                equal &= came[i] && value[i] == fill;
            }
            least = more && least < end_unit + 1 ? end_unit + 1 : least < end_unit ? end_unit : least;
            bool clash = !more && total && total != end_unit;
            if (!more && !clash)
                total = end_unit;
            if (!dead)
                dead = clash || (total && least > total) || (any && !equal);
            if (!dead)
                for (size_t i = first; i < end_unit; i++)
                    came[i] = true, value[i] = fill;
            for (size_t i = 0; i < total; i++)
                complete &= came[i];
            bool done = give_bytes(now_ns, 7, first * 8, bytes_of(b, n * 8), more);
            assert_int_equal(done, !dead && total && complete && !equal);
            if (!done)
                continue;
            assert_int_equal(got.len, total * 8);
            for (size_t i = 0; i < got.len; i++)
                assert_int_equal(got.data[i], value[i / 8]);
            break;
        }
    }
    assert_true(counters.reassembled > 20);
    assert_true(counters.overlaps > 20);
}

static void an_overlap_ends_the_datagram_and_what_follows(void **state)
{
    assert_false(give(1, 0, 16, true));
    assert_false(give(1, 8, 16, true));
    assert_int_equal(counters.overlaps, 1);
    assert_false(give(1, 16, 8, false));
    assert_false(give(1, 0, 16, true));
    assert_int_equal(counters.poisoned, 2);
    assert_int_equal(frag->chunks.n_used, 0);
}

static void the_ping_of_death_is_refused(void **state)
{
    assert_false(give_bytes(0, 1, 65528, bytes_of(whole, 8), false));
    assert_false(give_bytes(0, 1, 65512, bytes_of(whole, 4), false));
    assert_false(give_bytes(0, 1, 0, bytes_of(whole, 0), true));
    assert_false(give_bytes(0, 1, 0, bytes_of(whole, 9), true));
    assert_int_equal(counters.malformed, 4);
    assert_int_equal(frag->n_used, 0);
}

static void contradictions_end_the_datagram(void **state)
{
    assert_false(give(1, 16, 8, false));
    assert_false(give(1, 16, 16, true)); /* past the end */
    assert_false(give(2, 16, 8, false));
    assert_false(give(2, 24, 8, false)); /* another end */
    assert_false(give(3, 16, 8, true));
    assert_false(give(3, 8, 8, false)); /* an end before what came */
    assert_int_equal(counters.malformed, 3);
}

static void datagrams_are_bounded(void **state)
{
    for (uint16_t i = 0; i < FRAG_DATAGRAMS + 2; i++)
        assert_false(give_bytes(i, i, 0, bytes_of(whole, 8), true));
    assert_int_equal(counters.evicted_full, 2);
    assert_int_equal(frag->n_used, FRAG_DATAGRAMS);
    assert_true(give(17, 8, 8, false)); /* the newest are there */
    assert_false(give(0, 8, 8, false)); /* the oldest went */
}

static void memory_is_bounded(void **state)
{
    for (uint16_t id = 0; id < 3; id++)
        for (size_t at = 0; at < 60000; at += 1200)
            assert_false(give_bytes(id, id, at, bytes_of(whole + at, 1200), true));
    assert_int_equal(counters.evicted_memory, 1);
    assert_true(give(2, 60000, 5, false));
    assert_int_equal(got.len, 60005);
    assert_memory_equal(got.data, whole, got.len);
    assert_true(give(1, 60000, 5, false));
}

static void fragments_are_bounded(void **state)
{
    for (size_t i = 0; i < FRAG_FRAGMENTS; i++)
        assert_false(give(1, i * 8, 8, true));
    assert_int_equal(counters.too_many, 0);
    assert_false(give(1, FRAG_FRAGMENTS * 8, 8, true));
    assert_int_equal(counters.too_many, 1);
}

static void time_ends_a_datagram(void **state)
{
    struct bytes header, payload;
    assert_int_equal(frag_deadline(frag), TIME_NEVER);
    assert_false(give(1, 0, 8, true));
    assert_int_equal(frag_deadline(frag), NS_PER_S + FRAG_TIMEOUT_NS);
    assert_false(frag_expire(frag, NS_PER_S + FRAG_TIMEOUT_NS - 1, &header, &payload));
    assert_true(frag_expire(frag, NS_PER_S + FRAG_TIMEOUT_NS, &header, &payload));
    assert_int_equal(header.len, 20);
    assert_memory_equal(payload.data, whole, 8);
    assert_int_equal(counters.timeouts, 1);
    assert_int_equal(frag->chunks.n_used, 0);
    assert_int_equal(frag_deadline(frag), TIME_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_orders_with_duplicates, begin, end),
        cmocka_unit_test_setup_teardown(random_fragments_agree_with_the_model, begin, end),
        cmocka_unit_test_setup_teardown(an_overlap_ends_the_datagram_and_what_follows, begin, end),
        cmocka_unit_test_setup_teardown(the_ping_of_death_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(contradictions_end_the_datagram, begin, end),
        cmocka_unit_test_setup_teardown(datagrams_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(memory_is_bounded, begin, end),
        cmocka_unit_test_setup_teardown(fragments_are_bounded, begin, end),
        cmocka_unit_test_setup_teardown(time_ends_a_datagram, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
