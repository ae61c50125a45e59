/* SPDX-License-Identifier: ISC */
/* A stack below TCP as a sans-I/O core: frames, the time and calls go in; frames go out through the device's ops, and a
 * deadline. It never blocks, reads no clock and allocates only in net_new. The edge is stack.c. */
#ifndef NET_NET_H
#define NET_NET_H

#include "net/arp.h"
#include "net/counters.h"
#include "net/dhcp.h"
#include "net/frag.h"
#include "net/group.h"
#include "net/icmp.h"
#include "net/ip4.h"
#include "net/ip6.h"
#include "net/loop.h"
#include "net/route.h"
#include "net/udp.h"

#include <jinn/must.h>
#include <jinn/netdev.h>
#include <jinn/waiter.h>

/* What IP tells a transport beside UDP. */
struct net_transport {
    void (*input)(struct net_transport *t, uint64_t now_ns, const struct ip_in *in);
    void (*problem)(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p);
};

struct net_options {
    struct netdev *dev;        /* BORROWS for the net's life */
    uint32_t (*random)(void);  /* for identifiers, ports and jitter */
    struct net_transport *tcp; /* NULL: TCP is a protocol that we don't know */
    struct waiter *on_address; /* woken when the address came, changed or went; may be NULL */
    const struct ip6_ops *ip6; /* NULL: IPv4 alone */
};

struct net {
    /* What is large comes last, here and in what it is made of: shorter instructions reach the first 128 bytes. */
    struct ip_below below; /* how transports send */
    struct netdev *dev;
    uint32_t (*random)(void);
    struct net_transport *tcp;
    struct waiter *on_address;
    uint16_t mtu_bytes;            /* of IPv4: the link's, or less if a DHCP server said so */
    uint16_t link_mtu_bytes;       /* of the device */
    const struct ip6_ops *ip6_ops; /* NULL, as ip6: no IPv6 */
    struct ip6 *ip6;
    struct ip4 ip4;
    struct routes routes;
    struct loop loop;
    struct icmp icmp;
    struct net_counters counters;
    struct groups groups;
    struct dhcp_below dhcp_below;
    struct dhcp dhcp;
    struct udp udp;
    struct arp arp;
    struct frag frag;
};

/* ERR_INVALID: the device's MTU is below IPv4's least (68). ERR_FULL: no memory. */
MUST_USE enum err net_new(const struct net_options *o, struct net **n);
void net_free(struct net *n);

/* Takes a fixed address and tells the link about it. Without a gateway IP_NONE. ERR_INVALID: no address for a host. */
MUST_USE enum err net_set_static(struct net *n, uint64_t now_ns, const struct ip_net *net, const struct ip *gateway);
/* Asks DHCP from now on. `hostname` lives as long as the net; may be empty. */
void net_start_dhcp(struct net *n, uint64_t now_ns, struct bytes hostname);

/* Wakes whoever waits for a change of addresses. */
void net_tell(struct net *n);

/* One received frame. BORROWS. */
void net_input(struct net *n, uint64_t now_ns, struct bytes frame);
void net_input_offload(struct net *n, uint64_t now_ns, struct bytes frame, const struct net_offload *o);
/* When net_tick must be called next; TIME_NEVER. */
uint64_t net_deadline(const struct net *n);
void net_tick(struct net *n, uint64_t now_ns);

#endif
