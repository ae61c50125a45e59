/* SPDX-License-Identifier: ISC */
/* CUBIC (RFC 9438) with HyStart++ (RFC 9406), in integers: bytes, milliseconds, microseconds.
 *
 *   slow start           cwnd grows by what is acknowledged. When the round trip grows by an eighth, a quarter as fast; five
 *                        rounds later it ends, unless the round trip was found shorter again
 *   congestion avoidance W(t) = 0.4 (t - K)^3 + W_max in segments and seconds since the loss: fast back to where the loss
 *                        was, slowly past it, then faster. Never slower than Reno would be
 *   loss                 ssthresh = 0.7 of the flight; a flow that lost sooner than before leaves room for others */
#include "net/tcp_congestion.h"
#include "net/tcp_limits.h"

enum {
    SPAN_MAX_MS = 100 * 1000, /* from K: its cube stays far below 2^63 */
    SAMPLES_MIN = 8,          /* RFC 9406 4.3 from here on */
    THRESHOLD_LEAST_US = 4 * 1000,
    THRESHOLD_MOST_US = 16 * 1000,
    CSS_GROWTH = 4,
    CSS_ROUNDS = 5,
    SLOW_START_SEGMENTS = 2 /* L: RFC 9406 allows 8, which after a lost ACK would be a burst of 8 */
};

/* The largest number whose cube is not above `x`, a bit at a time. */
static uint32_t cube_root(uint64_t x)
{
    uint64_t root = 0;
    for (int bit = 20; bit >= 0; bit--) {
        uint64_t next = root | UINT64_C(1) << bit;
        if (next * next * next <= x)
            root = next;
    }
    return (uint32_t)root;
}

static void cubic_start(struct tcp_window *w, uint32_t mss)
{
    tcp_newreno.start(w, mss);
}

/* ---- Slow start ---- */

static void new_round(struct tcp_window *w)
{
    struct tcp_cubic *k = &w->cubic;
    k->last_min_us = k->n_samples > 0 ? k->round_min_us : 0;
    k->round_min_us = UINT32_MAX;
    k->n_samples = 0;
    if (k->careful && ++k->n_rounds >= CSS_ROUNDS)
        w->ssthresh_bytes = w->cwnd_bytes;
}

static void cubic_measured(struct tcp_window *w, uint32_t rtt_us, bool round_over)
{
    struct tcp_cubic *k = &w->cubic;
    if (round_over)
        new_round(w);
    if (k->round_min_us > rtt_us || k->n_samples == 0)
        k->round_min_us = rtt_us;
    if (k->n_samples < UINT8_MAX)
        k->n_samples++;
    if (k->n_samples < SAMPLES_MIN || k->last_min_us == 0)
        return;
    uint32_t threshold_us = tcp_least(tcp_most(k->last_min_us / 8, THRESHOLD_LEAST_US), THRESHOLD_MOST_US);
    if (k->careful) {
        k->careful = k->round_min_us >= k->base_us;
    } else if (k->round_min_us >= k->last_min_us + threshold_us) {
        k->careful = true;
        k->base_us = k->round_min_us;
        k->n_rounds = 0;
    }
}

static void grow_slowly(struct tcp_window *w, uint32_t mss, uint32_t bytes)
{
    uint32_t more = tcp_least(bytes, SLOW_START_SEGMENTS * mss);
    if (w->cubic.careful)
        more /= CSS_GROWTH;
    w->cwnd_bytes = tcp_least(w->cwnd_bytes + more, TCP_CWND_MAX_BYTES);
}

/* ---- Congestion avoidance: RFC 9438 4.2 to 4.5 ---- */

static void begin(struct tcp_window *w, uint32_t now_ms, uint32_t mss)
{
    struct tcp_cubic *k = &w->cubic;
    k->started = true;
    k->epoch_ms = now_ms;
    k->reno_bytes = w->cwnd_bytes;
    if (k->max_bytes > w->cwnd_bytes) {
        k->k_ms = cube_root((uint64_t)(k->max_bytes - w->cwnd_bytes) * UINT64_C(2500000000) / mss);
    } else {
        k->k_ms = 0;
        k->max_bytes = w->cwnd_bytes;
    }
}

/* W(t) in bytes; never below one segment. */
static uint64_t curve(const struct tcp_cubic *k, uint64_t t_ms, uint32_t mss)
{
    int64_t d = (int64_t)t_ms - k->k_ms;
    d = d > SPAN_MAX_MS ? SPAN_MAX_MS : d < -SPAN_MAX_MS ? -SPAN_MAX_MS : d;
    int64_t bytes = (int64_t)k->max_bytes + d * d * d / 1000 * mss * 4 / 10 / 1000000;
    return bytes > (int64_t)mss ? (uint64_t)bytes : mss;
}

/* Reno's window, with a growth of 9/17 so that its mean with 0.7 is Reno's; one after the place of the loss. */
static void grow_reno(struct tcp_window *w, uint32_t mss, uint32_t bytes)
{
    struct tcp_cubic *k = &w->cubic;
    uint64_t more = (uint64_t)mss * bytes;
    if (k->reno_bytes < k->prior_bytes)
        more = more * 9 / 17;
    k->reno_bytes = tcp_least(k->reno_bytes + (uint32_t)(more / w->cwnd_bytes), TCP_CWND_MAX_BYTES);
}

static void cubic_acked(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t bytes)
{
    struct tcp_cubic *k = &w->cubic;
    uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS), cwnd = w->cwnd_bytes;
    if (cwnd < w->ssthresh_bytes) {
        grow_slowly(w, mss, bytes);
        return;
    }
    if (!k->started)
        begin(w, now_ms, mss);
    bytes = tcp_least(bytes, cwnd);
    grow_reno(w, mss, bytes);
    uint32_t t_ms = now_ms - k->epoch_ms;
    if (curve(k, t_ms, mss) < k->reno_bytes) {
        w->cwnd_bytes = tcp_most(cwnd, k->reno_bytes);
        return;
    }
    uint64_t target = curve(k, (uint64_t)t_ms + w->rtt_us / 1000, mss);
    uint64_t limit = (uint64_t)cwnd + cwnd / 2;
    target = target < cwnd ? cwnd : target > limit ? limit : target;
    w->cwnd_bytes = tcp_least(cwnd + (uint32_t)((target - cwnd) * bytes / cwnd), TCP_CWND_MAX_BYTES);
}

/* ---- Loss: RFC 9438 4.6 to 4.8 ---- */

static uint32_t reduced(uint32_t flight, uint32_t mss)
{
    return tcp_most((uint32_t)((uint64_t)flight * 7 / 10), 2 * mss);
}

static void cubic_lost(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t flight)
{
    struct tcp_cubic *k = &w->cubic;
    bool sooner = w->cwnd_bytes < k->max_bytes;
    k->max_bytes = sooner ? (uint32_t)((uint64_t)w->cwnd_bytes * 17 / 20) : w->cwnd_bytes;
    k->prior_bytes = w->cwnd_bytes;
    k->started = k->careful = false;
    w->ssthresh_bytes = reduced(flight, mss);
    w->cwnd_bytes = w->ssthresh_bytes + TCP_DUPLICATE_ACKS * mss;
}

static void cubic_timeout(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t flight, unsigned again)
{
    struct tcp_cubic *k = &w->cubic;
    k->started = k->careful = false;
    k->max_bytes = 0; /* the curve begins where slow start will end */
    k->prior_bytes = w->cwnd_bytes;
    if (again == 0)
        w->ssthresh_bytes = reduced(flight, mss);
    w->cwnd_bytes = mss;
}

static void cubic_duplicate(struct tcp_window *w, uint32_t mss)
{
    tcp_newreno.duplicate(w, mss);
}

static void cubic_partial(struct tcp_window *w, uint32_t mss, uint32_t bytes)
{
    tcp_newreno.partial(w, mss, bytes);
}

static void cubic_recovered(struct tcp_window *w, uint32_t mss, uint32_t flight)
{
    tcp_newreno.recovered(w, mss, flight);
}

static void cubic_idle(struct tcp_window *w, uint32_t mss)
{
    w->cubic.started = false;
    tcp_newreno.idle(w, mss);
}

const struct tcp_congestion tcp_cubic = {
    .name = "cubic",
    .start = cubic_start,
    .measured = cubic_measured,
    .acked = cubic_acked,
    .lost = cubic_lost,
    .duplicate = cubic_duplicate,
    .partial = cubic_partial,
    .recovered = cubic_recovered,
    .timeout = cubic_timeout,
    .idle = cubic_idle,
};
