/* SPDX-License-Identifier: ISC */
/* The congestion window by itself: CUBIC (RFC 9438) and HyStart++ (RFC 9406), fed with round trips of 100 ms. */
#include "net/tcp_congestion.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MSS = 1000, RTT_MS = 100 };

/* Acknowledges a window segment by segment within one round trip; the time after it. */
static uint64_t round_trip(struct tcp_window *w, uint64_t now_ms)
{
    uint32_t n = w->cwnd_bytes / MSS;
    for (uint32_t i = 0; i < n; i++)
        tcp_cubic.acked(w, (now_ms + i * RTT_MS / n) * NS_PER_MS, MSS, MSS);
    return now_ms + RTT_MS;
}

static struct tcp_window after_loss(uint32_t segments)
{
    struct tcp_window w;
    tcp_cubic.start(&w, MSS);
    w.rtt_us = RTT_MS * 1000;
    w.cwnd_bytes = segments * MSS;
    tcp_cubic.lost(&w, 0, MSS, segments * MSS);
    w.cwnd_bytes = w.ssthresh_bytes; /* recovery is over */
    return w;
}

static void a_loss_takes_three_tenths(void **state)
{
    struct tcp_window w = after_loss(1000);
    assert_int_equal(w.ssthresh_bytes, 700 * MSS);
    tcp_cubic.lost(&w, 0, MSS, 2 * MSS);
    assert_int_equal(w.ssthresh_bytes, 2 * MSS); /* the least */
}

/* K = cbrt(300 / 0.4) = 9.09 s: there the window is what it was, flat around it, and steep far from it. */
static void the_curve_is_back_at_the_loss_after_k(void **state)
{
    struct tcp_window w = after_loss(1000);
    uint64_t now_ms = 0;
    uint32_t at[16];
    for (int second = 0; second < 16; second++) {
        at[second] = w.cwnd_bytes / MSS;
        for (int i = 0; i < 10; i++)
            now_ms = round_trip(&w, now_ms);
    }
    assert_int_equal(w.cubic.k_ms, 9085);
    assert_in_range(at[9], 995, 1002);
    assert_true(at[1] - at[0] > 50); /* 0.4 * (9.09^3 - 8.09^3) = 88 in the first second */
    assert_in_range(at[10] - at[8], 0, 4);
    assert_in_range(at[15], 1070, 1095); /* 0.4 * 5.9^3 = 82 more */
}

/* 20 segments, 100 ms: the curve alone would need 2.5 s for what Reno does in 1.1; W_est is the larger. */
static void small_windows_grow_as_fast_as_reno(void **state)
{
    struct tcp_window w = after_loss(20);
    uint64_t now_ms = 0;
    for (int i = 0; i < 20; i++)
        now_ms = round_trip(&w, now_ms);
    assert_true(w.cubic.reno_bytes <= w.cwnd_bytes);
    assert_in_range(w.cwnd_bytes / MSS, 23, 30);
}

static void a_second_loss_below_the_first_leaves_room(void **state)
{
    struct tcp_window w = after_loss(1000);
    tcp_cubic.lost(&w, 0, MSS, 700 * MSS);
    assert_int_equal(w.cubic.max_bytes, 595 * MSS); /* 700 * (1 + 0.7) / 2 */
}

static void a_timeout_starts_over(void **state)
{
    struct tcp_window w = after_loss(100);
    tcp_cubic.timeout(&w, 0, MSS, 70 * MSS, 0);
    assert_int_equal(w.cwnd_bytes, MSS);
    assert_int_equal(w.ssthresh_bytes, 49 * MSS);
    tcp_cubic.timeout(&w, 0, MSS, MSS, 1);
    assert_int_equal(w.ssthresh_bytes, 49 * MSS); /* once for the same loss */
}

static void one_round(struct tcp_window *w, uint32_t rtt_us)
{
    for (int i = 0; i < 10; i++)
        tcp_cubic.measured(w, rtt_us, i == 0);
}

/* RFC 9406 4.3: from 40 ms, five more are too many (an eighth). */
static void slow_start_ends_when_the_queue_grows(void **state)
{
    struct tcp_window w;
    tcp_cubic.start(&w, MSS);
    one_round(&w, 40000);
    one_round(&w, 44000);
    tcp_cubic.acked(&w, 0, MSS, 2 * MSS);
    assert_int_equal(w.cwnd_bytes, 12 * MSS); /* 4 are not */
    one_round(&w, 50000);
    tcp_cubic.acked(&w, 0, MSS, 2 * MSS);
    assert_int_equal(w.cwnd_bytes, 12 * MSS + MSS / 2); /* a quarter as fast */
    for (int i = 0; i < 4; i++)
        one_round(&w, 50000);
    assert_true(w.cwnd_bytes < w.ssthresh_bytes);
    one_round(&w, 50000);
    assert_int_equal(w.ssthresh_bytes, w.cwnd_bytes);
}

static void slow_start_goes_on_when_it_was_jitter(void **state)
{
    struct tcp_window w;
    tcp_cubic.start(&w, MSS);
    one_round(&w, 40000);
    one_round(&w, 50000);
    assert_true(w.cubic.careful);
    one_round(&w, 40000);
    assert_false(w.cubic.careful);
    tcp_cubic.acked(&w, 0, MSS, 2 * MSS);
    assert_int_equal(w.cwnd_bytes, 12 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_takes_three_tenths),
        cmocka_unit_test(the_curve_is_back_at_the_loss_after_k),
        cmocka_unit_test(small_windows_grow_as_fast_as_reno),
        cmocka_unit_test(a_second_loss_below_the_first_leaves_room),
        cmocka_unit_test(a_timeout_starts_over),
        cmocka_unit_test(slow_start_ends_when_the_queue_grows),
        cmocka_unit_test(slow_start_goes_on_when_it_was_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
