/* SPDX-License-Identifier: ISC */
/* NewReno (RFC 5681, RFC 6582), with byte counting (RFC 3465, L = 2) and the initial window of RFC 6928.
 *
 *   slow start           cwnd < ssthresh: cwnd grows by what is acknowledged, two segments at most each time
 *   congestion avoidance one segment for each window acknowledged
 *   fast recovery        ssthresh = half of the flight; cwnd = ssthresh + what has left the network
 *   timeout              cwnd = one segment, slow start again up to ssthresh */
#include "net/tcp_congestion.h"
#include "net/tcp_limits.h"

/* RFC 6928 2. */
static uint32_t initial_window(uint32_t mss)
{
    return tcp_least(TCP_INITIAL_WINDOW * mss, tcp_most(2 * mss, 14600));
}

static void newreno_start(struct tcp_window *w, uint32_t mss)
{
    *w = (struct tcp_window){.cwnd_bytes = initial_window(mss), .ssthresh_bytes = TCP_CWND_MAX_BYTES};
}

/* Slow start ends by loss alone. */
static void newreno_measured(struct tcp_window *w, uint32_t rtt_us, bool round_over)
{
}

static void newreno_acked(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t bytes)
{
    if (w->cwnd_bytes < w->ssthresh_bytes) {
        w->cwnd_bytes = tcp_least(w->cwnd_bytes + tcp_least(bytes, 2 * mss), TCP_CWND_MAX_BYTES);
        return;
    }
    w->acked_bytes += tcp_least(bytes, w->cwnd_bytes);
    if (w->acked_bytes < w->cwnd_bytes)
        return;
    w->acked_bytes -= w->cwnd_bytes;
    w->cwnd_bytes = tcp_least(w->cwnd_bytes + mss, TCP_CWND_MAX_BYTES);
}

static void newreno_lost(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t flight)
{
    w->ssthresh_bytes = tcp_most(flight / 2, 2 * mss);
    w->cwnd_bytes = w->ssthresh_bytes + TCP_DUPLICATE_ACKS * mss;
    w->acked_bytes = 0;
}

static void newreno_duplicate(struct tcp_window *w, uint32_t mss)
{
    w->cwnd_bytes = tcp_least(w->cwnd_bytes + mss, TCP_CWND_MAX_BYTES);
}

/* RFC 6582 3.2 step 3: deflate by what left, add a segment back so that one goes out for each that arrived. */
static void newreno_partial(struct tcp_window *w, uint32_t mss, uint32_t bytes)
{
    w->cwnd_bytes = w->cwnd_bytes > bytes ? w->cwnd_bytes - bytes : 0;
    if (bytes >= mss)
        w->cwnd_bytes += mss;
    w->cwnd_bytes = tcp_most(w->cwnd_bytes, mss);
}

/* The form of RFC 6582 3.2 step 3 (1) that does not burst. */
static void newreno_recovered(struct tcp_window *w, uint32_t mss, uint32_t flight)
{
    w->cwnd_bytes = tcp_least(w->ssthresh_bytes, tcp_most(flight, mss) + mss);
}

/* RFC 5681 3.1 (4): ssthresh is lowered once for the same loss. */
static void newreno_timeout(struct tcp_window *w, uint64_t now_ns, uint32_t mss, uint32_t flight, unsigned again)
{
    if (again == 0)
        w->ssthresh_bytes = tcp_most(flight / 2, 2 * mss);
    w->cwnd_bytes = mss;
    w->acked_bytes = 0;
}

/* RFC 5681 4.1. */
static void newreno_idle(struct tcp_window *w, uint32_t mss)
{
    w->cwnd_bytes = tcp_least(w->cwnd_bytes, initial_window(mss));
}

const struct tcp_congestion tcp_newreno = {
    .name = "newreno",
    .start = newreno_start,
    .measured = newreno_measured,
    .acked = newreno_acked,
    .lost = newreno_lost,
    .duplicate = newreno_duplicate,
    .partial = newreno_partial,
    .recovered = newreno_recovered,
    .timeout = newreno_timeout,
    .idle = newreno_idle,
};
