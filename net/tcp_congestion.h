/* SPDX-License-Identifier: ISC */
/* Congestion control: how large the congestion window is. One const struct of functions an algorithm, each in one file.
 * What was lost and what is sent again is decided elsewhere (tcp_ack.c, tcp_timer.c). */
#ifndef NET_TCP_CONGESTION_H
#define NET_TCP_CONGESTION_H

#include <stdint.h>

struct tcp_window {
    uint32_t cwnd_bytes;
    uint32_t ssthresh_bytes;
    uint32_t acked_bytes; /* in congestion avoidance, since cwnd last grew */
    uint32_t room[5];     /* for algorithms that remember more */
};

/* `mss_bytes` is what one segment carries now, `flight_bytes` what is sent and not acknowledged. */
struct tcp_congestion {
    const char *name;
    void (*start)(struct tcp_window *w, uint32_t mss_bytes);
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

#endif
