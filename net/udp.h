/* SPDX-License-Identifier: ISC */
/* UDP: sockets with a bounded queue each, in memory that all share (RFC 768, RFC 1122 4.1). The functions of stack.h
 * that wait are a thin wrapper (udp_flow.c); nothing here does. */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/ip.h"
#include "net/limits.h"
#include "wire/udp.h"

#include <jinn/pool.h>
#include <jinn/waiter.h>

struct net;
struct stack;

/* A piece of a received datagram. The first one of a datagram says whose it is and how long all of it. */
struct udp_chunk {
    struct udp_chunk *next;          /* of the same datagram */
    struct udp_chunk *next_datagram; /* in the first chunk: of the same socket */
    struct endpoint from;
    struct ip to;      /* IP_NONE: a group, or all */
    uint32_t len;      /* of the datagram */
    uint16_t n_chunks; /* of the datagram */
    uint8_t data[UDP_CHUNK_BYTES];
};

struct udp_socket {
    struct net *net;
    struct stack *stack; /* for the wrapper; NULL without one */
    uint16_t port;       /* 0: free */
    unsigned n_chunks;   /* that its datagrams hold */
    struct udp_chunk *first;
    struct udp_chunk **end;
    struct waiter *reader;       /* woken when a datagram or a problem comes; may be NULL */
    struct udp_serving *serving; /* answers at once (udp_serve.c); NULL: datagrams are queued */
    bool has_problem;
    enum err problem;
    struct endpoint problem_peer;
    struct ip received_at; /* what udp_take gave last was sent to it */
};

struct udp_server;
struct udp_held;

/* Reached through the socket alone, so that an image whose sockets all queue holds nothing of it. */
struct udp_serving {
    void (*input)(struct net *n, uint64_t now_ns, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                  struct bytes payload);
    void (*finish)(struct net *n, uint64_t now_ns); /* answers what is held */
    struct udp_server *server;
    struct udp_held *held; /* UDP_ANNOUNCED of them, where questions are announced; NULL */
    unsigned next, n_held; /* where the next comes; how many wait before it */
    size_t size;
    uint8_t room[]; /* for one answer */
};

struct udp {
    size_t n_open;            /* all open ones lie before this index */
    bool in_batch;            /* more datagrams may follow at once: udp_end_batch comes behind them */
    struct udp_socket *holds; /* one with questions that were announced and not answered; NULL */
    struct pool chunks;
    struct udp_socket socket[UDP_SOCKETS];
};

MUST_USE enum err udp_init(struct net *n);
void udp_free(struct net *n);
void udp_input(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header);
/* What was announced is answered. */
void udp_begin_batch(struct net *n);
void udp_end_batch(struct net *n, uint64_t now_ns);
/* An ICMP error about a datagram of ours. */
void udp_problem_input(struct net *n, const struct ip_problem *p);

/* As stack_udp. */
MUST_USE enum err udp_open(struct net *n, uint16_t port, struct udp_socket **u);
void udp_shut(struct udp_socket *u, uint64_t now_ns);
/* As stack_udp_serve. */
MUST_USE enum err udp_serve(struct net *n, uint16_t port, struct udp_server *server, size_t answer_bytes,
                            struct udp_socket **u);
/* Its place among the sockets, below UDP_SOCKETS. */
size_t udp_index(const struct udp_socket *u);
/* As udp_send. */
MUST_USE enum err udp_transmit(struct udp_socket *u, uint64_t now_ns, const struct endpoint *to, const struct bytes *v,
                               size_t count);
/* As udp_send_from. */
MUST_USE enum err udp_transmit_from(struct udp_socket *u, uint64_t now_ns, const struct ip *from,
                                    const struct endpoint *to, const struct bytes *v, size_t count);
/* As udp_recv, but ERR_AGAIN when no datagram waits. */
MUST_USE enum err udp_take(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from);
/* Sends from any port and source, without a socket: for DHCP. */
enum err udp_output(struct net *n, uint64_t now_ns, const struct endpoint *from, const struct endpoint *to,
                    const struct bytes *v, size_t count);

#endif
