/* SPDX-License-Identifier: ISC */
/* Datagrams as both protocols have them: numbered, with the time at which they were sent. */
#ifndef IPERF_DATAGRAMS_H
#define IPERF_DATAGRAMS_H

#include "traffic.h"

#include <jinn/stack.h>

/* What was received. */
struct datagram_meter {
    uint64_t n_highest; /* number seen, from 1 */
    uint64_t n_lost, n_out_of_order;
    uint64_t jitter_ns; /* RFC 1889 6.3.1 */
    uint64_t transit_ns;
    bool any;
};

void datagram_meter_take(struct datagram_meter *m, uint64_t now_ns, uint64_t sent_ns, uint64_t number);

/* How a datagram begins. */
enum datagram_format {
    DATAGRAM_IPERF2,      /* number 4, seconds 4, microseconds 4, number's upper half 4 */
    DATAGRAM_IPERF3,      /* seconds 4, microseconds 4, number 4 */
    DATAGRAM_IPERF3_WIDE, /* seconds 4, microseconds 4, number 8 */
};

#define DATAGRAM_HEAD_BYTES 16
/* Of the head of a datagram; a number of iperf 2 that is negative ends a test. False: too short. */
MUST_USE bool datagram_parse(struct bytes head, enum datagram_format format, uint64_t *sent_ns, int64_t *number);

struct datagram_sender {
    struct udp_socket *socket;
    struct ip from; /* the address that was asked; IP_NONE: whichever fits */
    struct endpoint to;
    struct bytes payload;
    enum datagram_format format;
    uint64_t n_sent;
};

/* Sends one with this number. ERR_AGAIN: the device is full. */
MUST_USE enum err datagram_send(struct datagram_sender *d, int64_t number, size_t len);
/* Sends until the plan is done (OK) or cancelled; *bytes grows by what was sent. */
MUST_USE enum err datagrams_send(struct datagram_sender *d, const struct traffic_plan *plan, uint64_t *bytes) MAY_YIELD;

#endif
