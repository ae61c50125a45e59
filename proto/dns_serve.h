/* SPDX-License-Identifier: ISC */
/* Where DNS queries come from and answers go: UDP answered in the stack's pump, TCP by RFC 7766 (pipelining, idle timeouts, as
 * many connections as are asked for; one that waits costs no fiber and no buffer). What an appliance doesn't call is not
 * in its image. */
#ifndef PROTO_DNS_SERVE_H
#define PROTO_DNS_SERVE_H

#include "proto/dns_service.h"

#include <jinn/stack.h>

struct dns_udp {
    struct udp_server server;
    struct dns_service *service;
    struct udp_socket *socket;
    uint64_t wall_ns; /* 1970 on the monotonic clock, as it was when last looked at */
    uint64_t looked_ns;
    struct dns_asked asked[UDP_ANNOUNCED]; /* the questions that were announced */
};

/* Answers what comes to the port from now on. BORROWS both. As stack_udp_serve. */
MUST_USE enum err dns_udp_serve(struct dns_udp *u, struct stack *s, uint16_t port, struct dns_service *service);

struct dns_tcp_options {
    uint32_t connections;   /* at once; beyond that the one that has been idle longest goes */
    uint32_t per_client;    /* of one address; 0: a quarter of all */
    uint32_t workers;       /* fibers that answer: one waits for each peer that doesn't read, and for each transfer */
    uint32_t message_bytes; /* of a request, at most: 512 to 65535 */
    uint32_t buffers;       /* requests of which a part has come, at most */
    uint64_t idle_ns;       /* without a request, and for a request to become whole */
    /* Who answers instead of dns_service_message, and may wait; NULL: nobody. */
    size_t (*answer)(struct dns_service *service, const struct dns_from *from, struct bytes message, uint8_t *out,
                     size_t size) MAY_YIELD;
};

struct dns_tcp_counters {
    uint64_t n_accepted, n_refused; /* refused: too many of one client */
    uint64_t n_evicted;             /* closed early: idle, and others wanted to come */
    uint64_t n_timeouts;            /* closed after the idle time */
    uint64_t n_slow;                /* reset: their answers were not taken */
    uint64_t n_partial;             /* reset: too many requests of which a part had come */
    uint64_t n_too_long;            /* reset: requests beyond message_bytes */
    uint64_t n_transfers;
};

struct dns_tcp;

/* GIVES. Listens on the port. ERR_FULL, ERR_IN_USE, ERR_INVALID. */
MUST_USE enum err dns_tcp_new(struct stack *s, uint16_t port, struct dns_service *service,
                              const struct dns_tcp_options *o, struct dns_tcp **t);
/* Serves until the fiber is cancelled (ERR_CANCELLED); then closes all. ERR_FULL: not stacks enough for the workers. */
MUST_USE enum err dns_tcp_run(struct dns_tcp *t) MAY_YIELD;
const struct dns_tcp_counters *dns_tcp_counters(const struct dns_tcp *t);

#endif
