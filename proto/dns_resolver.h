/* SPDX-License-Identifier: ISC */
/* What the files of the resolver share: dns_resolver.c (clients), dns_resolver_net.c (sockets towards servers),
 * dns_resolver_zones.c (the empty zones). */
#ifndef PROTO_DNS_RESOLVER_H
#define PROTO_DNS_RESOLVER_H

#include "proto/dns_access.h"
#include "proto/dns_block.h"
#include "proto/dns_iterate.h"
#include "proto/dns_server.h"

#include <jinn/dns_resolver.h>
#include <jinn/fiber.h>
#include <jinn/pool.h>
#include <jinn/wheel.h>

enum {
    /* Towards servers, of the stack's 32. Each gets a new port for each query, as long as there are as many as queries under way. */
    DNS_RESOLVER_SOCKETS = 20,
    DNS_RESOLVER_PORT_LEAST = 1024,
    DNS_RESOLVER_STREAMS = 8,         /* TCP at once: a fiber each */
    DNS_RESOLVER_STREAMS_WAIT = 32,   /* and those that wait for one */
    DNS_RESOLVER_QUERY_BYTES = 640,   /* ours: a name, EDNS and a cookie take 350 */
    DNS_RESOLVER_REQUEST_BYTES = 512, /* a client's: what is longer is no question */
    /* Clients are counted in so many places under a secret hash; one may have a quarter of the questions that wait. */
    DNS_RESOLVER_CLIENTS = 1024,
    DNS_RESOLVER_SHARE = 4
};

/* A client that waits for an answer. */
struct dns_waiting {
    struct dns_client_query query;
    struct dns_resolver *resolver;
    struct dns_from from;
    struct ip to;        /* what by UDP is answered from */
    struct fiber *fiber; /* of a TCP connection; NULL: by UDP */
    bool done;
    uint16_t client;
    size_t len;
    uint8_t message[DNS_RESOLVER_REQUEST_BYTES];
};

/* A socket towards servers; several queries share one only when all are in use. */
struct dns_toward {
    struct udp_server server;
    struct dns_resolver *resolver;
    struct udp_socket *udp;
    uint16_t n_waited; /* queries whose answers are waited for */
    bool inside;       /* its input is being handled: it can't be closed */
};

struct dns_stream_query {
    struct list node;
    unsigned task;
    struct endpoint to;
    size_t len;
    uint8_t message[DNS_RESOLVER_QUERY_BYTES];
};

struct dns_resolver_counters {
    uint64_t hits, misses;
    uint64_t prohibited, blocked, local, no_recursion;
    uint64_t waiting_full, waiting_share, streams_full, sockets_shared, not_sent;
    uint64_t too_long; /* requests that could not wait for that */
};

struct dns_resolver {
    struct dns_beyond beyond;
    struct dns_iterate_below below;
    struct dns_server *server;
    struct stack *stack;
    struct dns_cache *cache;
    struct dns_iterate *iterate;
    struct timer timer;
    struct dns_resolver_counters n;
    struct dns_access clients;
    struct dns_block block;
    enum dns_block_answer block_answer;
    bool no_empty_zones;
    struct dns_keeper *keeper; /* of trust anchors; NULL: nothing is validated */
    void (*run_keeper)(void *keeper) MAY_YIELD;
    struct pool waiting;
    uint64_t client_secret;
    uint16_t clients_waiting[DNS_RESOLVER_CLIENTS];
    /* While a message is given to the service: who waits for it already; who does from now on. */
    struct dns_waiting *asked, *begun;
    struct dns_toward toward[DNS_RESOLVER_SOCKETS];
    unsigned next_socket;
    struct dns_stream_query stream[DNS_RESOLVER_STREAMS_WAIT];
    struct list streams_free, streams_ready;
    struct list sleeping; /* workers of streams */
    uint8_t out[4096];
};

/* dns_resolver.c: the deadline may have changed. */
void dns_resolver_rearm(struct dns_resolver *r);

/* dns_resolver_net.c */
enum err dns_resolver_open(struct dns_resolver *r);
unsigned dns_resolver_send(struct dns_iterate_below *b, uint64_t now_ns, unsigned task, const struct endpoint *to,
                           struct bytes message, bool by_stream);
void dns_resolver_over(struct dns_iterate_below *b, unsigned socket);
/* Serves the streams until the fiber is cancelled. */
void dns_resolver_run(struct dns_resolver *r) MAY_YIELD;

/* dns_resolver_zones.c: the built-in zone that the name is in; an empty view: none. */
struct bytes dns_empty_zone(struct bytes name);
/* Writes what it says. The response code. */
unsigned dns_empty_answer(struct bytes zone, const struct dns_question *q, struct dns_writer *w, bool *whole);

#endif
