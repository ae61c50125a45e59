/* SPDX-License-Identifier: ISC */
/* TCP: a sans-I/O core for all connections of one stack (RFC 9293). Segments, the time and the user's calls go in;
 * segments come out through ip_below, and a deadline. It never blocks, reads no clock and allocates only in
 * tcp_new. The flows that appliances use are a thin wrapper on fibers (tcp_flow.h). */
#ifndef NET_TCP_H
#define NET_TCP_H

#include "net/ip.h"

#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/waiter.h>

struct tcp;
struct tcp_connection;
struct tcp_listener;

struct tcp_options {
    struct ip_below *below;
    uint8_t secret[32];    /* fresh random bytes: initial sequence numbers (RFC 6528), timestamps, ports */
    uint32_t connections;  /* limit of control blocks, time-wait included */
    uint32_t listeners;    /* limit */
    uint32_t buffer_bytes; /* for received and copied data of all connections together */
};

MUST_USE enum err tcp_new(const struct tcp_options *o, uint64_t now_ns, struct tcp **t);
void tcp_free(struct tcp *t);

void tcp_input(struct tcp *t, uint64_t now_ns, const struct ip_in *in);
void tcp_problem(struct tcp *t, uint64_t now_ns, const struct ip_problem *p);
/* When tcp_tick and tcp_flush must be called next; TIME_NEVER. */
uint64_t tcp_deadline(const struct tcp *t);
void tcp_tick(struct tcp *t, uint64_t now_ns);
/* Sends what was held back while a batch of segments came in and timers fired (acknowledgements); the stack calls it when
 * readers have had their turn. */
void tcp_flush(struct tcp *t, uint64_t now_ns);

#endif
