/* SPDX-License-Identifier: ISC */
/* A machine of the campaign: one object that is a server, a client, a DHCP server, an attacker and so on, as its key --role says.
 * Several of them are copies of the object (mk/sim.mk). What it found out is its last line on the console: "result", and
 * name=number pairs. */
#ifndef PEER_H
#define PEER_H

#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/flow.h>
#include <jinn/netdev.h>
#include <jinn/stack.h>
#include <jinn/time.h>

/* RFC 862, 863 and 864 name the ports; here the one who connects to the last two says first what content, and how much. */
enum { PORT_ECHO = 7, PORT_SINK = 9, PORT_SOURCE = 19, PORT_HTTP = 80 };

/* How long either side waits for the other one's next byte: longer than TCP needs to give a peer up. */
#define PEER_PATIENCE_NS (400 * NS_PER_S)
#define PEER_CONNECT_NS (200 * NS_PER_S)

struct peer {
    struct netdev *dev;
    struct stack *stack;   /* of those that are no mere frames */
    int64_t n_connections; /* limit of TCP */
    int64_t n_http;        /* server: limit of HTTP; 0: its default */
    struct ip server;
    int64_t n_workers;   /* client: fibers that do jobs at the same time */
    int64_t n_jobs;      /* of each */
    uint64_t most_bytes; /* of one transfer */
    int64_t n_held;      /* connections to hold instead of jobs */
    uint16_t held_port;
    bool held_slow;      /* ask for data and read a byte a second; otherwise say nothing */
    int64_t held_file;   /* crowd: what to ask for */
    bool probe;          /* client: ask for something again and again instead, and take the time */
    uint64_t for_ns;     /* how long to hold or to attack */
    int64_t rate;        /* attacker: SYNs a second */
    bool off_link;       /* attacker: the forged senders lie behind the gateway, that he is */
    bool fragments;      /* attacker: fragments instead of SYNs */
    uint64_t idle_ns;    /* server: how long HTTP lets a connection idle, or take nothing */
    uint64_t request_ns; /* and how long a request may take */
};

/* Each gives the exit status. */
int peer_server(const struct peer *p) MAY_YIELD;
int peer_client(const struct peer *p) MAY_YIELD;
int peer_dhcp(const struct peer *p) MAY_YIELD;
int peer_attacker(const struct peer *p) MAY_YIELD;
int peer_crowd(const struct peer *p) MAY_YIELD;
int peer_park(const struct peer *p) MAY_YIELD;

/* The most clients of one crowd. */
#define CROWD_MAX 100000

/* ---- Content: pseudo-random bytes that both sides know by an identity and an offset ---- */

void content_fill(uint32_t id, uint64_t offset, uint8_t *out, size_t len);
bool content_equal(uint32_t id, uint64_t offset, const uint8_t *data, size_t len);
MUST_USE enum err content_send(struct flow *f, uint32_t id, uint64_t from, uint64_t len) MAY_YIELD;

/* What the server has in its store: /0, /1, ... with content of the identity FILE_ID + number. */
#define FILE_ID 1000U
#define N_FILES 6
extern const uint32_t file_bytes[N_FILES];

/* ---- What must be given back ---- */

/* Blocks taken from the pools of TCP, UDP, reassembly and ARP: 0 once all connections have ended. */
size_t peer_used(struct stack *s);
/* The most half-open connections that there were; packets lost for want of a neighbour's answer. */
size_t peer_half_open_most(struct stack *s);
uint64_t peer_arp_dropped(struct stack *s);
/* Datagrams that were dropped before they were whole, for want of room. */
uint64_t peer_fragments_dropped(struct stack *s);
struct tcp *peer_tcp(struct stack *s);

#endif
