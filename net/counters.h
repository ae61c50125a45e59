/* SPDX-License-Identifier: ISC */
/* What a stack below TCP has seen, and everything that it dropped, by reason. Only ever goes up. The tender finds
 * this struct from outside, so it is plain numbers without pointers. */
#ifndef NET_COUNTERS_H
#define NET_COUNTERS_H

#include <stdint.h>

struct counters_ether {
    uint64_t in, in_bytes, out, out_bytes;
    uint64_t in_malformed;    /* what the device said of it beside can't be */
    uint64_t in_short;        /* no whole header */
    uint64_t in_bad_source;   /* a group address, or our own */
    uint64_t in_other_host;   /* unicast to somebody else */
    uint64_t in_group;        /* a multicast group that nobody joined */
    uint64_t in_unknown_type; /* neither ARP nor IPv4, nor IPv6 if we have it */
    uint64_t out_full;        /* lost: the device below was full */
    uint64_t out_failed;      /* lost: the device below failed */
    uint64_t out_lost;        /* of `out`, lost later: the device below took them before it failed or was full */
};

struct counters_arp {
    uint64_t in_requests, in_replies;
    uint64_t in_malformed;
    uint64_t in_unsolicited; /* from unknown hosts, not asking for us: nothing learnt */
    uint64_t in_conflicts;   /* somebody else uses our address */
    uint64_t out_requests, out_probes, out_replies, out_announcements;
    uint64_t resolved;
    uint64_t evicted;         /* neighbours that went for want of room */
    uint64_t expired;         /* neighbours that nobody used for a minute */
    uint64_t silent;          /* neighbours that did not answer */
    uint64_t waited;          /* packets that waited for an answer */
    uint64_t waiting_dropped; /* of these, lost: too many, evicted or no answer */
    uint64_t refused_silent;  /* packets refused at once: the host did not answer just now */
};

struct counters_ip4 {
    uint64_t in, delivered, out;
    uint64_t in_bad_header, in_bad_checksum, in_bad_options, in_source_route;
    uint64_t in_martian;    /* a source that can't be */
    uint64_t in_other_host; /* not to an address of ours */
    uint64_t in_unknown_protocol;
    uint64_t out_unreachable; /* no address, no route */
    uint64_t out_too_large;
    uint64_t out_fragmented, out_fragments;
    uint64_t path_mtu;      /* paths that became narrower */
    uint64_t paths_evicted; /* destinations forgotten for want of room */
    uint64_t routes_full;   /* routes not taken: no room */
    uint64_t gateways_dead; /* routes whose gateway stopped to answer */
    uint64_t redirects, redirects_refused;
};

struct counters_ip6 {
    uint64_t in, delivered, out;
    uint64_t in_bad_header; /* the fixed one, or an extension header that is cut or contradicts itself */
    uint64_t in_too_many;   /* extension headers or options beyond the limits */
    uint64_t in_problem;    /* answered with a parameter problem: options, routing headers, order */
    uint64_t in_martian;    /* a source that can't be */
    uint64_t in_other_host; /* not to an address of ours */
    uint64_t in_unknown_protocol;
    uint64_t in_atomic;        /* fragments that are whole (RFC 6946) */
    uint64_t in_split_headers; /* first fragments without all headers (RFC 7112) */
    uint64_t in_conflicts;     /* somebody else has our address */
    uint64_t out_unreachable;  /* no address, no route */
    uint64_t out_too_large;
    uint64_t out_fragmented, out_fragments;
    uint64_t addresses_full; /* addresses not taken: no room */
    uint64_t temporaries;    /* temporary addresses that were made */
    uint64_t temporaries_evicted;
    uint64_t paths_evicted; /* destinations forgotten for want of room */
    uint64_t path_mtu;      /* paths that became narrower */
};

struct counters_nd {
    uint64_t in_solicitations, in_advertisements, in_routers, in_redirects;
    uint64_t in_malformed; /* or not from the link: the hop limit is not 255 */
    uint64_t in_ignored;   /* advertisements by neighbours that we did not ask for, redirects by no router of ours, and
                              what routers say to who does not listen to them */
    uint64_t out_probes;   /* duplicate address detection */
    uint64_t out_solicitations, out_advertisements, out_routers;
    uint64_t resolved, evicted;
    uint64_t silent;                                    /* neighbours that did not answer, or do no more */
    uint64_t waited;                                    /* packets that waited for an answer */
    uint64_t waiting_dropped;                           /* of these, lost: too many, evicted or no answer */
    uint64_t routers_full, prefixes_full, servers_full; /* of what routers advertise: not taken, no room */
    uint64_t mld_queries, mld_reports;
};

struct counters_loop {
    uint64_t packets; /* from us to ourselves */
    uint64_t dropped; /* lost: the queue was full, or there was no memory for one */
};

struct counters_frag {
    uint64_t in, reassembled;
    uint64_t duplicates;     /* exact ones: harmless */
    uint64_t overlaps;       /* datagrams dropped */
    uint64_t malformed;      /* impossible offsets, lengths or contradictions */
    uint64_t too_many;       /* datagrams dropped: more fragments than the limit */
    uint64_t timeouts;       /* datagrams dropped */
    uint64_t evicted_full;   /* datagrams dropped: the table was full */
    uint64_t evicted_memory; /* datagrams dropped: the memory was full */
    uint64_t poisoned;       /* fragments of datagrams dropped before */
};

struct counters_icmp {
    uint64_t in, in_malformed, in_echo, in_echo_broadcast, in_ignored;
    uint64_t in_errors, in_errors_not_ours;
    uint64_t out_echo, out_unreachable, out_time_exceeded;
    uint64_t out_limited;    /* errors, and answers to pings of groups, not sent: too many */
    uint64_t out_suppressed; /* errors not sent: RFC 1122 3.2.2 forbids them */
};

struct counters_udp {
    uint64_t in, delivered, out;
    uint64_t in_bad_length, in_bad_checksum, in_no_port;
    uint64_t in_queue_full;  /* lost: the socket's share was full */
    uint64_t in_memory_full; /* lost: the memory of all was full */
    uint64_t problems;       /* ICMP errors about what was sent */
    uint64_t sockets_full;   /* sockets refused */
    uint64_t in_not_joined;  /* to a group that the port's socket is not in */
    uint64_t groups_full;    /* groups that could not be joined: too many */
    uint64_t served;         /* answered at once, by a server of the port */
    uint64_t unanswered;     /* to such a server, which gave no answer; or from port 0, where none could go */
    uint64_t answers_lost;   /* of such a server: could not be sent */
};

struct counters_igmp {
    uint64_t in, in_malformed;
    uint64_t in_queries, in_reports;
    uint64_t in_ignored; /* other types, queries without a router alert, queries for all groups that were sent to one */
    uint64_t out_reports, out_leaves;
    uint64_t suppressed; /* answers not sent: another host gave them (versions 1 and 2) */
};

struct counters_dhcp {
    uint64_t in, in_malformed, in_ignored;
    uint64_t out, acks, naks, declines, releases, expired, renewed;
    uint64_t left_out; /* routes and name servers of leases: more than are kept */
};

struct counters_connect {
    uint64_t left_out; /* of the addresses that stack_connect_any was given: too many */
};

struct net_counters {
    struct counters_ether ether;
    struct counters_arp arp;
    struct counters_ip4 ip4;
    struct counters_frag frag;
    struct counters_icmp icmp;
    struct counters_udp udp;
    struct counters_dhcp dhcp;
    struct counters_ip6 ip6;
    struct counters_icmp icmp6; /* out_unreachable: parameter problems, too */
    struct counters_nd nd;
    struct counters_igmp igmp;
    struct counters_loop loop;
    struct counters_dhcp dhcp6;
    struct counters_connect connect;
};

#endif
