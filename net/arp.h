/* SPDX-License-Identifier: ISC */
/* The neighbour cache (RFC 826, RFC 1122 2.3.2) and the defence of our own address (RFC 5227).
 *
 *   nothing -packet to send-> ASKING -answer-> KNOWN -used, 45 s old-> PROBING -answer-> KNOWN
 *      ^                        | 3 requests     | unused, 60 s old        | 3 probes
 *      +----- 1 s --- SILENT <--+                +-----> nothing <---------+
 *
 * A host that asks for us becomes KNOWN at once; nothing else makes an unknown host known. */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "net/limits.h"
#include "net/waiting.h"

enum { ARP_NONE = 0xffff, ARP_BUCKETS = ARP_NEIGHBOURS };

enum arp_state { ARP_FREE, ARP_ASKING, ARP_KNOWN, ARP_PROBING, ARP_SILENT };

struct neighbour {
    struct ip ip;
    struct mac mac;
    uint8_t state; /* enum arp_state */
    uint8_t n_asked;
    uint16_t next; /* in its bucket; ARP_NONE */
    struct waiting waiting;
    uint64_t used_ns;      /* when we last sent to it; 0: never */
    uint64_t confirmed_ns; /* when it last told its address */
    uint64_t next_ns;      /* when something is to be done */
};

struct arp {
    struct neighbour *last; /* that was sent to: most packets go the same way */
    uint32_t salt;          /* so that nobody can aim at one bucket */
    uint64_t next_ns;       /* not later than the first neighbour's next_ns */
    uint64_t announce_ns;   /* the next announcement; TIME_NEVER */
    unsigned n_announce;    /* announcements left */
    bool defended;
    uint64_t defended_ns;
    struct waiting_room room;
    uint16_t bucket[ARP_BUCKETS];
    struct neighbour neighbour[ARP_NEIGHBOURS];
};

MUST_USE enum err arp_init(struct net *n);
void arp_free(struct net *n);
void arp_input(struct net *n, uint64_t now_ns, struct bytes packet);
/* Sends an IPv4 frame to neighbour `hop` (whose address f->head gets), or keeps a copy until it has answered. OK also
 * when it waits; ERR_UNREACHABLE: it did not answer a moment ago; ERR_AGAIN. */
enum err arp_send(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f);
/* What was sent by `hop` arrives (RFC 1122 2.3.2.1): as good as an answer. */
void arp_confirm(struct net *n, uint64_t now_ns, const struct ip *hop);
/* Asks for a host that nothing is to be sent to. */
void arp_ask(struct net *n, uint64_t now_ns, const struct ip *ip);
uint64_t arp_deadline(const struct net *n);
void arp_tick(struct net *n, uint64_t now_ns);

/* Our address is new: all neighbours are forgotten, and others are told. With `probe` others are asked first
 * whether it is theirs, and told a moment later. */
enum arp_start { ARP_ANNOUNCE_NOW, ARP_PROBE_FIRST };
void arp_start(struct net *n, uint64_t now_ns, enum arp_start how);
/* We have no address any more. */
void arp_stop(struct net *n);

#endif
