/* SPDX-License-Identifier: ISC */
/* Many peers, idle, slow, or out for harm: whoever behaves is served at once, and memory stays inside the budget. CROWD=N
 * sets how many idle ones there are; make sim-soak takes 100,000. */
#include "test/support/tcp_crowd.h"

#include "net/tcp_internal.h"

#include <stdio.h>

#define READERS 10000U
#define SEGMENTS_OF_AN_ANSWER 1U

static uint32_t n_idle(void)
{
    const char *text = getenv("CROWD");
    return text ? (uint32_t)strtoul(text, NULL, 10) : 8000;
}

/* How many entries a lookup of the busy one passes. */
static uint32_t steps_to(const struct crowd *w)
{
    uint32_t n = 1;
    const struct tcp_entry *mine = &crowd_busy((struct crowd *)(uintptr_t)w)->c->entry;
    for (const struct tcp_entry *e = w->t->bucket[mine->hash & w->t->bucket_mask]; e != mine; e = e->next)
        n++;
    return n;
}

static void an_idle_connection_costs_a_kilobyte_and_slows_nobody(void **state)
{
    enum { FEW = 64 };
    struct crowd *few = crowd_new(FEW, 1 << 20, 65535), *many = crowd_new(n_idle(), 1 << 20, 65535);
    double bytes = (double)(many->allocated_bytes - few->allocated_bytes) / (many->n - FEW);
    printf("%u idle connections: %.0f bytes each\n", (unsigned)many->n, bytes);
    assert_true(bytes <= 1024);
    size_t allocated = __sanitizer_get_current_allocated_bytes();
    assert_int_equal(tcp_counters(many->t).n_connections, many->n);
    assert_int_equal(tcp_counters(many->t).n_chunks + tcp_counters(many->t).n_pieces + tcp_counters(many->t).n_runs, 0);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(crowd_serve(few), crowd_serve(many));
        crowd_pass(few, NS_PER_S);
        crowd_pass(many, NS_PER_S);
    }
    assert_int_equal(few->n_ticks, many->n_ticks); /* no idle one has a timer */
    assert_in_range(steps_to(many), 1, 6);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(few);
    crowd_free(many);
}

/* Each would take all that is written and reads a byte a second. */
static void ten_thousand_slow_readers_leave_room(void **state)
{
    struct crowd *w = crowd_new(READERS + 1, 64 << 20, 1);
    size_t allocated = __sanitizer_get_current_allocated_bytes(), written = 0;
    for (uint32_t i = 0; i < READERS; i++)
        written += crowd_fill(w, i);
    assert_true(written > READERS * (size_t)1000);
    for (int second = 0; second < 20; second++) {
        for (uint32_t i = 0; i < READERS; i++)
            crowd_send(w, i, TCP_ACK, 1, 0, 0, 0);
        crowd_pass(w, NS_PER_S);
        assert_int_equal(crowd_serve(w), SEGMENTS_OF_AN_ANSWER);
        crowd_check_budget(w);
    }
    for (uint32_t i = 0; i < READERS; i++)
        assert_true(w->member[i].n_bytes >= 20); /* slow, but none starves */
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(w);
}

/* Bytes with a gap before each: all must wait, and none can be read. */
static void floods_out_of_order_leave_room(void **state)
{
    struct crowd *w = crowd_new(401, 1 << 20, 65535);
    size_t allocated = __sanitizer_get_current_allocated_bytes();
    for (uint32_t round = 0; round < 100; round++) {
        for (uint32_t i = 0; i < w->n - 1; i++)
            crowd_send(w, i, TCP_ACK, 65535, 1 + round * 2, 0, 1);
        assert_true(crowd_serve(w) <= SEGMENTS_OF_AN_ANSWER + 1);
        crowd_check_budget(w);
        crowd_pass(w, 100 * NS_PER_MS);
    }
    assert_true(tcp_counters(w->t).n_ooo_dropped > 1000);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(w);
}

/* Acknowledgements again and again, for nothing, for what was never sent, and out of the window: a few are answered. */
static void ack_storms_are_answered_sparingly(void **state)
{
    enum { SECONDS = 10, STORM = 2000 };
    struct crowd *w = crowd_new(11, 1 << 20, 65535);
    size_t allocated = __sanitizer_get_current_allocated_bytes();
    uint64_t before = tcp_counters(w->t).n_out;
    for (int i = 0; i < SECONDS * STORM; i++) {
        uint32_t who = (uint32_t)i % 10;
        crowd_send(w, who, TCP_ACK, 65535, 0, i % 3 ? 0 : (uint32_t)-100000, 0);
        crowd_send(w, who, TCP_ACK, 65535, i % 2 ? 0 : 1 << 30, 0, 0);
        crowd_pass(w, NS_PER_S / STORM);
        if (i % STORM == 0)
            assert_int_equal(crowd_serve(w), SEGMENTS_OF_AN_ANSWER);
    }
    uint64_t answers = tcp_counters(w->t).n_out - before;
    assert_true(answers <= 10 * TCP_CHALLENGES_PER_S * (SECONDS + 1) + 2 * SECONDS);
    assert_true(tcp_counters(w->t).n_challenges_held > 10000);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(w);
}

/* A window that gets smaller with each acknowledgement, down to nothing, and comes back. */
static void windows_that_shrink_leave_room(void **state)
{
    struct crowd *w = crowd_new(301, 4 << 20, 20000);
    size_t allocated = __sanitizer_get_current_allocated_bytes();
    for (uint32_t round = 0; round < 60; round++) {
        for (uint32_t i = 0; i < w->n - 1; i++) {
            (void)crowd_fill(w, i);
            crowd_send(w, i, TCP_ACK, (uint16_t)(20000 - round % 20 * 1052), 0, 700, 0);
        }
        crowd_pass(w, 500 * NS_PER_MS);
        assert_int_equal(crowd_serve(w), SEGMENTS_OF_AN_ANSWER);
        crowd_check_budget(w);
    }
    assert_true(tcp_counters(w->t).n_shrunk_window > 1000);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(w);
}

/* They take nothing, ever, but answer each probe: they may stay, and are asked less and less often. */
static void zero_windows_leave_room(void **state)
{
    struct crowd *w = crowd_new(1001, 4 << 20, 0);
    size_t allocated = __sanitizer_get_current_allocated_bytes();
    for (uint32_t i = 0; i < w->n - 1; i++)
        (void)crowd_fill(w, i);
    for (int second = 0; second < 600; second++) {
        crowd_pass(w, NS_PER_S);
        for (uint32_t i = 0; i < w->n - 1; i++) {
            if (w->member[i].n_received > 1)
                crowd_send(w, i, TCP_ACK, 0, 0, w->member[i].n_bytes - 1, 0);
            w->member[i].n_received = 1;
        }
        assert_int_equal(crowd_serve(w), SEGMENTS_OF_AN_ANSWER);
        crowd_check_budget(w);
    }
    struct tcp_counters n = tcp_counters(w->t);
    assert_in_range(n.n_window_probes, 5 * 1000, 40 * 1000);
    assert_int_equal(n.n_timed_out, 0);
    assert_int_equal(__sanitizer_get_current_allocated_bytes(), allocated);
    crowd_free(w);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_idle_connection_costs_a_kilobyte_and_slows_nobody),
        cmocka_unit_test(ten_thousand_slow_readers_leave_room),
        cmocka_unit_test(floods_out_of_order_leave_room),
        cmocka_unit_test(ack_storms_are_answered_sparingly),
        cmocka_unit_test(windows_that_shrink_leave_room),
        cmocka_unit_test(zero_windows_leave_room),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
