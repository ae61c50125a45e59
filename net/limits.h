/* SPDX-License-Identifier: ISC */
/* The stack's limits below TCP. Each has its reason; what hits one is counted (counters.h). */
#ifndef NET_LIMITS_H
#define NET_LIMITS_H

#include <jinn/time.h>

enum {
    /* A wake takes at most so many frames, so that a flood leaves fibers and timers their turn. */
    NET_BATCH_FRAMES = 64,

    /* Neighbours: the hosts of a /24. When all are taken the one that was used least recently goes. */
    ARP_NEIGHBOURS = 256,
    /* Packets that wait for all unresolved neighbours together: 16 frames of 1.5 KB are 24 KB. */
    ARP_WAITING_FRAMES = 16,
    /* And for one neighbour: a small burst. RFC 1122 2.3.2.2 asks for one, the latest. */
    ARP_WAITING_PER_NEIGHBOUR = 4,
    /* Requests before a host counts as silent; so often, and no more than one a second (RFC 1122 2.3.2.1). */
    ARP_REQUESTS = 3,

    /* Datagrams in reassembly at once: those of a few busy peers. */
    FRAG_DATAGRAMS = 16,
    /* Their bytes: 64 chunks of 2 KB are 128 KB, two datagrams of the largest size. */
    FRAG_CHUNK_BYTES = 2048,
    FRAG_CHUNKS = 64,
    /* Fragments of one datagram: 64 KB over the least MTU of IPv4 that is met in practice (296, of SLIP) are 241.
     * More is an attack that makes us work for 8 bytes a fragment. */
    FRAG_FRAGMENTS = 256,

    /* ICMP errors: a burst for a port scan's start, then so many a second. Errors help nobody in greater numbers. */
    ICMP_ERROR_BURST = 20,
    ICMP_ERRORS_PER_S = 100,
    /* RFC 1122 3.2.2 and RFC 1812 4.3.2.3: an error's whole datagram stays below the least reassembly buffer. */
    ICMP_ERROR_PACKET_BYTES = 576,

    /* Groups that were joined: one for each service discovery protocol there is. */
    IP4_GROUPS = 8,

    /* UDP sockets: an appliance has a handful; ports are searched one after the other. */
    UDP_SOCKETS = 32,
    /* Received bytes that wait to be read, all sockets together: 96 chunks of 2 KB, 192 KB. */
    UDP_CHUNK_BYTES = 2048,
    UDP_CHUNKS = 96,
    /* Of these one socket may hold so many: a datagram of the largest size and some more. */
    UDP_CHUNKS_PER_SOCKET = 48
};

/* A neighbour is trusted for a minute (RFC 1122 2.3.2.1); if it was used in the last part of it, it is asked again by
 * unicast before the minute ends, so that a busy peer never waits. */
#define ARP_TRUST_NS (60 * NS_PER_S)
#define ARP_PROBE_NS (45 * NS_PER_S)
#define ARP_RETRY_NS (1 * NS_PER_S)
/* A host that did not answer is not asked again for as long. */
#define ARP_SILENT_NS (1 * NS_PER_S)
/* RFC 5227 1.1: ANNOUNCE_NUM, ANNOUNCE_INTERVAL, DEFEND_INTERVAL. */
#define ARP_ANNOUNCEMENTS 2
#define ARP_ANNOUNCE_NS (2 * NS_PER_S)
#define ARP_DEFEND_NS (10 * NS_PER_S)
/* How long a host on a LAN may take to answer a probe before the first announcement tells others our address. */
#define ARP_PROBE_WAIT_NS (200 * NS_PER_MS)

/* RFC 1122 3.3.2 says 60 to 120 s; today's networks deliver within a second, and memory held longer serves attackers. */
#define FRAG_TIMEOUT_NS (30 * NS_PER_S)

#endif
