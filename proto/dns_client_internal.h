/* SPDX-License-Identifier: ISC */
/* What dns_client.c (lookups) and dns_drive.c (sockets) know of each other. */
#ifndef PROTO_DNS_CLIENT_INTERNAL_H
#define PROTO_DNS_CLIENT_INTERNAL_H

#include "proto/dns_stub.h"
#include "wire/dns_rdata.h"

#include <jinn/fiber.h>
#include <jinn/stack.h>

/* What came by TCP: longer answers are of no use to a stub, whose sets end at DNS_STUB_SET_BYTES. */
enum { DNS_CLIENT_STREAM_BYTES = 16 << 10 };

/* What belongs to an ask outside of the core. */
struct dns_client_wire {
    struct udp_socket *socket;
    struct fiber *driver;
    struct list waiters; /* of struct fiber_waiter: who waits for the driver */
};

struct dns_client {
    struct stack *stack;
    struct dns_cache *cache;
    struct dns_stub stub;
    struct dns_client_wire wire[DNS_STUB_ASKS]; /* in the order of the stub's asks */
    struct stack_names names;
    bool own_servers, own_search;
    uint8_t ndots;
    uint64_t n_lookups, n_local, n_hits, n_misses; /* the last two: of types of names */
    bool stream_busy;                              /* somebody uses `stream` */
    struct list stream_waiters;
    uint8_t datagram[DNS_EDNS_BYTES];
    uint8_t stream[DNS_CLIENT_STREAM_BYTES];
};

/* Moves the ask on until one of its questions is done, or waits while another fiber does that. ERR_TIMEOUT: the deadline.
 * ERR_CANCELLED. */
MUST_USE enum err dns_client_drive(struct dns_client *c, struct dns_ask *a, uint64_t deadline_ns) MAY_YIELD;
/* One user less. */
void dns_client_leave(struct dns_client *c, struct dns_ask *a);

#endif
