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
    /* Packets that wait for all unresolved neighbours together: 32 frames of 1.5 KB are 48 KB. */
    ARP_WAITING_FRAMES = 32,
    /* And for one neighbour: the first window of a connection, or as many SYNs or answers to them at once through a
     * gateway that has just been asked for. RFC 1122 2.3.2.2 asks for one, the latest. */
    ARP_WAITING_PER_NEIGHBOUR = 16,
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

    /* Groups that sockets joined, of both families: one for each service discovery protocol there is. */
    NET_GROUPS = 8,

    /* IPv4 destinations behind a path that is narrower than our link: some tunnels. The one that would be forgotten
     * first goes. Whoever is told "too big" again tells it again. */
    IP4_PATHS = 16,
    /* What every network carries that is met in practice (RFC 5927 7.2); a smaller one is a lie or a mistake. */
    IP4_PATH_LEAST_BYTES = 552,
    /* Routes of IPv4: the link's, the gateway, 8 of the operator (STACK_ROUTES), 8 of a lease, and two redirects at
     * least. Who has more is a router. */
    ROUTES = 20,

    /* The least MTU that DHCP may set: what every host can take whole (RFC 791 3.2). Less would only make us slow. */
    DHCP_MTU_LEAST_BYTES = 576,

    /* Packets from us to ourselves: a datagram of the largest size in fragments. Memory is taken when the first is sent. */
    LOOP_PACKETS = 48,

    /* IPv6 addresses: a link-local one, a fixed one, one of DHCPv6, those of the prefixes that routers advertise. */
    IP6_ADDRESSES = 8,
    /* Of these, temporary ones: they live two days and are renewed after 0.6 to one day (RFC 8981 3.8), so of one prefix
     * four are alive at most. Of several prefixes the oldest goes. */
    IP6_TEMPORARIES = 4,
    /* IPv6 groups: those of sockets and those of our addresses, so there is room for all. */
    MLD_GROUPS = NET_GROUPS + IP6_ADDRESSES,
    /* How often the wait after a refusal of a DHCPv6 server doubles: 1 s to 64 s. */
    DHCP6_REFUSALS_DOUBLING = 6,
    /* Destinations of which more is known than their route: a smaller MTU or a redirect. The one that was used
     * least recently goes. Whoever is told "too big" again tells it again. */
    IP6_PATHS = 32,
    /* RFC 4443 2.4 (c): an error's whole packet fits the least MTU. */
    ICMP6_ERROR_PACKET_BYTES = 1280,

    /* IPv6 neighbours. Most peers are behind a router: fewer than of IPv4, and searched one after the other. When all
     * are taken those that we never sent to go first, then the one that was used least recently. */
    ND_NEIGHBOURS = 64,
    /* Routers tell their MAC in each advertisement, so that packets wait for hosts of the link alone, and for one of them
     * few are enough: the oldest goes (RFC 4861 7.2.2 asks for one at least). A fifth SYN to it is sent again by TCP. */
    ND_WAITING_FRAMES = 16,
    ND_WAITING_PER_NEIGHBOUR = 4,
    /* RFC 4861 10: MAX_MULTICAST_SOLICIT, MAX_UNICAST_SOLICIT. */
    ND_REQUESTS = 3,

    /* What routers may make us remember. A link has one or two; more is a mistake or an attack, and ignored. */
    SLAAC_ROUTERS = 4,
    SLAAC_PREFIXES = 8,
    SLAAC_SERVERS = 3,
    SLAAC_SEARCH_BYTES = 255, /* a few domains, as of DHCP; what is beyond is left out */
    /* RFC 4861 10: MAX_RTR_SOLICITATIONS. */
    SLAAC_REQUESTS = 3,
    /* RFC 7217 7: IDGEN_RETRIES. */
    IP6_IDENTIFIERS = 3,

    /* UDP sockets: an appliance has a handful; ports are searched one after the other. */
    UDP_SOCKETS = 32,
    /* Received bytes that wait to be read, all sockets together: 96 chunks of 2 KB, 192 KB. */
    UDP_CHUNK_BYTES = 2048,
    UDP_CHUNKS = 96,
    /* Of these one socket may hold what a wake brings, so that a burst costs nothing who reads between wakes. Others still
     * have room for a datagram of the largest size. */
    UDP_CHUNKS_PER_SOCKET = NET_BATCH_FRAMES
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

/* A gateway that is passed over since it did not answer is asked for so often (RFC 1122 3.3.1.4: not too often). */
#define ROUTE_PROBE_NS (30 * NS_PER_S)

/* RFC 3376 8: the robustness variable until a querier says another, the Unsolicited Report Interval (of version 2: RFC 2236
 * 8.10), and the Older Version Querier Present Timeout with the defaults of what it is made of. */
#define IGMP_ROBUSTNESS 2
#define IGMP_UNSOLICITED_NS (1 * NS_PER_S)
#define IGMP_UNSOLICITED2_NS (10 * NS_PER_S)
#define IGMP_OLD_QUERIER_NS (260 * NS_PER_S)

/* RFC 4861 10: REACHABLE_TIME, RETRANS_TIMER, DELAY_FIRST_PROBE_TIME, RTR_SOLICITATION_INTERVAL. */
#define ND_REACHABLE_NS (30 * NS_PER_S)
#define ND_RETRY_NS (1 * NS_PER_S)
#define ND_DELAY_NS (5 * NS_PER_S)
#define SLAAC_ASK_NS (4 * NS_PER_S)
/* RFC 3810 9.11, and 9.12 with 9.1, 9.2 and 9.3: a querier of version 1 counts as long as it may still come back. */
#define MLD_CHANGE_NS (1 * NS_PER_S)
#define MLD_VERSION1_NS (260 * NS_PER_S)
/* RFC 8981 3.8: TEMP_VALID_LIFETIME, TEMP_PREFERRED_LIFETIME, MAX_DESYNC_FACTOR, REGEN_ADVANCE. */
#define IP6_TEMPORARY_VALID_NS (172800 * NS_PER_S)
#define IP6_TEMPORARY_PREFERRED_NS (86400 * NS_PER_S)
#define IP6_TEMPORARY_DESYNC_NS (34560 * NS_PER_S)
#define IP6_TEMPORARY_ADVANCE_NS (5 * NS_PER_S)
/* RFC 1191 6.3, RFC 8201 4: a larger MTU is tried again after ten minutes. */
#define IP_PATH_MTU_NS (600 * NS_PER_S)

/* RFC 1122 3.3.2 says 60 to 120 s; today's networks deliver within a second, and memory held longer serves attackers. */
#define FRAG_TIMEOUT_NS (30 * NS_PER_S)

#endif
