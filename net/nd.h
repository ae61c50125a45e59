/* SPDX-License-Identifier: ISC */
/* Neighbours on the link by RFC 4861: finding them and seeing when they are gone (7.3).
 *
 *   nothing -packet to send-> INCOMPLETE -answer-> REACHABLE -30 s-> STALE -packet to send-> DELAY -5 s-> PROBE
 *      ^                          | 3 requests         ^                ^                                  |  |
 *      |                          |                    |     +-- answer-+--(unasked news of an address)   |  |
 *      +--------------------------+                    +------------------------- answer ------------------+  |
 *      +------------------------------------------------------------------------- 3 requests ----------------+ */
#ifndef NET_ND_H
#define NET_ND_H

#include "net/ip.h"
#include "net/limits.h"
#include "net/waiting.h"
#include "wire/icmp6.h"

struct net;

enum { ND_HOP_LIMIT = 255 };

enum nd_state { ND_FREE, ND_INCOMPLETE, ND_REACHABLE, ND_STALE, ND_DELAY, ND_PROBE };

struct nd_neighbour {
    struct ip ip;
    struct mac mac;
    uint8_t state; /* enum nd_state */
    uint8_t n_asked;
    bool router;
    struct waiting waiting;
    uint64_t used_ns; /* when we last sent to it; 0: never */
    uint64_t next_ns; /* when something is to be done; TIME_NEVER */
};

struct nd {
    struct nd_neighbour *last; /* that was sent to: most packets go the same way */
    uint64_t next_ns;
    uint64_t reachable_ns; /* how long an answer counts; a router may say (RFC 4861 6.3.4) */
    uint64_t retry_ns;
    struct waiting_room room;
    struct nd_neighbour neighbour[ND_NEIGHBOURS];
};

MUST_USE enum err nd_init(struct net *n);
void nd_free(struct net *n);
/* Sends an IPv6 frame to neighbour `hop`, or keeps a copy until it has answered. OK also when it waits; ERR_AGAIN. */
enum err nd_send(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f);
/* What was sent by `hop` arrives (RFC 4861 7.3.1): it is reachable. */
void nd_confirm(struct net *n, uint64_t now_ns, const struct ip *hop);
/* The question of duplicate address detection (RFC 4862 5.4.2). */
void nd_probe(struct net *n, uint64_t now_ns, const struct ip *ip);
/* What a message other than an advertisement of the neighbour itself says of its MAC (RFC 4861 7.2.3). */
void nd_learn(struct net *n, uint64_t now_ns, const struct ip *ip, const struct mac *mac, bool router);
/* False while a neighbour is asked for without an answer so far. */
bool nd_is_there(const struct net *n, const struct ip *ip);
/* Both are verified ICMPv6 messages whose hop limit was 255. */
void nd_input_solicitation(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
void nd_input_advertisement(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
uint64_t nd_deadline(const struct net *n);
void nd_tick(struct net *n, uint64_t now_ns);

#endif
