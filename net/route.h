/* SPDX-License-Identifier: ISC */
/* The routing table of IPv4 (RFC 1122 3.3.1). Of the routes that fit, the one of the longest prefix is the way; of equal ones
 * one whose gateway answers, then that of the least metric, then the first.
 *
 * A gateway is dead when ARP gave up on it (RFC 1122 3.3.1.4): what it was for goes another way, if there is one, and the
 * dead one is asked for every ROUTE_PROBE_NS until it answers. */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "net/limits.h"

#include <jinn/addr.h>
#include <jinn/err.h>

struct net;

enum route_origin {
    ROUTE_FIXED,   /* given at boot */
    ROUTE_LEASE,   /* of our address: its prefix, and what DHCP says */
    ROUTE_REDIRECT /* of one host, as a router said */
};

struct route {
    uint32_t to, mask; /* host order */
    uint32_t gateway;  /* 0: its hosts are on the link */
    uint32_t rank;     /* 0: free. Prefix length, liveness and metric in one number: the highest that fits is the way */
    uint8_t origin;    /* enum route_origin */
};

#define ROUTE_ALIVE (1u << 16)

struct routes {
    size_t n;          /* all that are not free lie before this index */
    uint64_t probe_ns; /* when dead gateways are asked for; TIME_NEVER: nobody waits for one */
    struct route route[ROUTES];
};

/* One more route; addresses are numbers in host order. Without a gateway (0) its hosts are on the link. Redirects give
 * way to it. False: there is no room (counted), or the gateway is no host. */
bool route_add(struct net *n, uint32_t to, uint8_t prefix_len, uint32_t gateway, uint16_t metric,
               enum route_origin origin);
/* All that is not fixed goes. */
void route_drop(struct net *n);
/* The way to a host; NULL: there is none. */
const struct route *route_find(const struct net *n, uint32_t dst);
/* The next hop to a host; the same as `dst` when it is on the link; IP_NONE: no way. */
struct ip route_hop(const struct net *n, const struct ip *dst);
/* Whether we'd send to `ip` directly: a host on the link, or a gateway. */
bool route_is_near(const struct net *n, const struct ip *ip);
/* Router `from` says that `gateway` is the better way to `dst` (RFC 1122 3.2.2.2). False: it must not be believed. */
bool route_redirect(struct net *n, uint32_t from, uint32_t dst, uint32_t gateway);

/* What ARP found out about a host, which may be a gateway: whether it is alive. */
void route_heard(struct net *n, uint64_t now_ns, const struct ip *ip, bool alive);
void route_tick(struct net *n, uint64_t now_ns);

#endif
