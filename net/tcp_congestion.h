/* SPDX-License-Identifier: ISC */
/* Congestion control: how large the congestion window is. One const struct of functions an algorithm, each in one file.
 * What was lost and what is sent again is decided elsewhere (tcp_ack.c, tcp_timer.c). */
#ifndef NET_TCP_CONGESTION_H
#define NET_TCP_CONGESTION_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t tcp_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t tcp_most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* What CUBIC remembers (RFC 9438 4.1.2) and HyStart++ (RFC 9406 4.3). */
struct tcp_cubic {
    uint32_t max_bytes;   /* W_max: the window at the last loss */
    uint32_t prior_bytes; /* the window that the last reduction began from */
    uint32_t reno_bytes;  /* W_est */
    uint32_t epoch_ms, k_ms;
    uint32_t round_min_us, last_min_us, base_us;
    uint8_t n_samples, n_rounds;
    bool started; /* epoch_ms and k_ms hold */
    bool careful; /* conservative slow start */
};

struct tcp_window {
    uint32_t cwnd_bytes;
    uint32_t ssthresh_bytes;
    uint32_t acked_bytes; /* in congestion avoidance, since cwnd last grew */
    uint32_t rtt_us;      /* the last round trip of a segment that was sent once; 0: none */
    struct tcp_cubic cubic;
};

/* `mss_bytes` is what one segment carries now, `flight_bytes` what is sent and not acknowledged. */
struct tcp_congestion {
    const char *name;
    void (*start)(struct tcp_window *w, uint32_t mss_bytes);
    /* In slow start, before `acked`: a round trip was measured; with the first of a new round, `round_over`. */
    void (*measured)(struct tcp_window *w, uint32_t rtt_us, bool round_over);
    /* New data was acknowledged outside of a recovery, while the window was what held the sender back. */
    void (*acked)(struct tcp_window *w, uint64_t now_ns, uint32_t mss_bytes, uint32_t bytes);
    /* A loss was found by duplicate acknowledgements; recovery begins. */
    void (*lost)(struct tcp_window *w, uint64_t now_ns, uint32_t mss_bytes, uint32_t flight_bytes);
    /* In recovery: one more duplicate; an acknowledgement of `bytes` that leaves more losses; the end. */
    void (*duplicate)(struct tcp_window *w, uint32_t mss_bytes);
    void (*partial)(struct tcp_window *w, uint32_t mss_bytes, uint32_t bytes);
    void (*recovered)(struct tcp_window *w, uint32_t mss_bytes, uint32_t flight_bytes);
    /* The retransmission timer fired; for the `again`th time on the same data, from 0. */
    void (*timeout)(struct tcp_window *w, uint64_t now_ns, uint32_t mss_bytes, uint32_t flight_bytes, unsigned again);
    /* Nothing was sent for longer than a retransmission timeout. */
    void (*idle)(struct tcp_window *w, uint32_t mss_bytes);
};

extern const struct tcp_congestion tcp_newreno;
extern const struct tcp_congestion tcp_cubic;

#endif
