/* SPDX-License-Identifier: ISC */
/* The server of iperf 2: a client says in its first bytes what it wants, if it wants more than to send.
 *
 *     flags 4, threads 4, port 4, block 4, unused 4, amount 4      before them, over UDP, a datagram's head
 *     type 4, length 4, more flags 2, 2, version 8, 2, TOS 2, rate 8, 4
 */
#ifndef IPERF_IPERF2_H
#define IPERF_IPERF2_H

#include "traffic.h"

#include <jinn/stack.h>

struct scope;

struct iperf2 {
    struct stack *stack;
    struct bytes payload;
    uint16_t port;
    struct listener *listener;
    struct udp_socket *socket;
    struct scope *fibers;
};

/* What a client asks for. */
enum iperf2_mode {
    IPERF2_NORMAL,   /* it sends */
    IPERF2_REVERSE,  /* -R: we send on its connection */
    IPERF2_FULL,     /* --full-duplex: both at once on one connection */
    IPERF2_DUAL,     /* -d: we connect to its port at once */
    IPERF2_TRADEOFF, /* -r: we do so when it has ended */
};

struct iperf2_request {
    enum iperf2_mode mode;
    bool wants_ack;     /* of this head, before anything else */
    bool wide_sequence; /* datagrams are counted in 64 bits */
    uint16_t port;      /* where the client listens */
    size_t block_bytes; /* of our writes; 0: it does not care */
    uint64_t max_bytes; /* that we send; 0: until the time is over */
    uint64_t span_ns;   /* for which we send; 0: until the bytes are sent */
    uint64_t rate_bps;  /* 0: as fast as possible */
};

#define IPERF2_FLAGS_BYTES 4
#define IPERF2_HEAD_MAX 255 /* what nine bits of length can say, two to a byte */

/* How long the head is in all, from its first four bytes; IPERF2_FLAGS_BYTES when no more of it follows. */
size_t iperf2_head_len(uint32_t flags);
/* Reads a head, of which the end may be missing. */
void iperf2_head_parse(struct bytes head, struct iperf2_request *q);

/* Opens the port and spawns its fibers. ERR_IN_USE, ERR_FULL. */
MUST_USE enum err iperf2_open_tcp(struct iperf2 *s);
MUST_USE enum err iperf2_open_udp(struct iperf2 *s);
/* Connects to the client's port and sends. */
void iperf2_connect_back(struct iperf2 *s, struct ip client, const struct iperf2_request *q) MAY_YIELD;
/* What is to be sent from now on. */
struct traffic_plan iperf2_plan(const struct iperf2_request *q);

#endif
