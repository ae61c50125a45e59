/* SPDX-License-Identifier: ISC */
/* Reads the tables of both families as data. It calls nothing of IPv6, so it brings none of it into an image. */
#include <jinn/stack_tables.h>

#include "net/net.h"
#include "net/stack_internal.h"

static const struct net *net_of(const struct stack *s)
{
    return stack_net((struct stack *)(uintptr_t)s);
}

/* ---- Addresses ---- */

static bool address4(const struct net *n, struct stack_address *a)
{
    uint64_t end_ns = dhcp_is_bound(&n->dhcp) ? n->dhcp.end_ns : TIME_NEVER;
    *a = (struct stack_address){
        .net = n->ip4.net, .detecting = n->arp.n_announce != 0, .preferred_ns = end_ns, .valid_ns = end_ns};
    return true;
}

static bool address6(const struct ip6_address *from, struct stack_address *a)
{
    if (!ip6_is_used(from))
        return false;
    *a = (struct stack_address){.net = {from->ip, from->prefix_len},
                                .detecting = from->state == IP6_OPTIMISTIC,
                                .preferred_ns = from->preferred_ns,
                                .valid_ns = from->valid_ns};
    return true;
}

bool stack_next_address(const struct stack *s, size_t *at, struct stack_address *a)
{
    const struct net *n = net_of(s);
    if (*at == 0) {
        ++*at;
        if (n->ip4.up)
            return address4(n, a);
    }
    while (n->ip6 && *at <= IP6_ADDRESSES) {
        if (address6(&n->ip6->address[(*at)++ - 1], a))
            return true;
    }
    return false;
}

/* ---- Routes ---- */

static bool route4(const struct route *from, struct stack_route *r)
{
    if (!from->rank)
        return false;
    *r = (struct stack_route){.to = {ip4_of_u32(from->to), (uint8_t)__builtin_popcount(from->mask)},
                              .gateway = from->gateway ? ip4_of_u32(from->gateway) : IP_NONE,
                              .metric = (uint16_t)(UINT16_MAX - (from->rank & UINT16_MAX)),
                              .origin = from->origin == ROUTE_FIXED      ? STACK_ROUTE_GIVEN
                                        : from->origin == ROUTE_REDIRECT ? STACK_ROUTE_REDIRECT
                                                                         : STACK_ROUTE_LEARNT,
                              .dead = !(from->rank & ROUTE_ALIVE)};
    return true;
}

static bool is_silent6(const struct ip6 *six, const struct ip *ip)
{
    for (size_t i = 0; i < ND_NEIGHBOURS; i++) {
        const struct nd_neighbour *h = &six->nd.neighbour[i];
        if (h->state == ND_INCOMPLETE && ip_equal(&h->ip, ip))
            return true;
    }
    return false;
}

/* Row after row: the link, the fixed prefix, advertised prefixes, the fixed gateway, routers, redirects. */
static bool route6(const struct ip6 *six, size_t row, struct stack_route *r)
{
    const struct slaac *slaac = &six->slaac;
    const struct ip_net link_local = {{{0xfe, 0x80}}, 10};
    *r = (struct stack_route){.origin = STACK_ROUTE_LEARNT};
    if (row == 0) {
        r->to = link_local;
        return true;
    }
    row -= 1;
    if (row == 0) {
        r->to = six->on_link;
        r->origin = STACK_ROUTE_GIVEN;
        return !ip_equal(&r->to.ip, &IP_NONE);
    }
    row -= 1;
    if (row < SLAAC_PREFIXES) {
        r->to = slaac->prefix[row].net;
        return slaac->prefix[row].until_ns;
    }
    row -= SLAAC_PREFIXES;
    if (row == 0) {
        r->gateway = six->gateway;
        r->origin = STACK_ROUTE_GIVEN;
        return !ip_equal(&r->gateway, &IP_NONE);
    }
    row -= 1;
    if (row < SLAAC_ROUTERS) {
        r->gateway = slaac->router[row].ip;
        r->dead = is_silent6(six, &r->gateway);
        return slaac->router[row].until_ns;
    }
    row -= SLAAC_ROUTERS;
    r->to = (struct ip_net){six->path[row].dst, 128};
    r->gateway = six->path[row].hop;
    r->origin = STACK_ROUTE_REDIRECT;
    return !ip_equal(&r->to.ip, &IP_NONE) && !ip_equal(&r->gateway, &IP_NONE);
}

enum { ROUTES6 = 1 + 1 + SLAAC_PREFIXES + 1 + SLAAC_ROUTERS + IP6_PATHS };

bool stack_next_route(const struct stack *s, size_t *at, struct stack_route *r)
{
    const struct net *n = net_of(s);
    struct stack_route next;
    while (*at < n->routes.n) {
        if (route4(&n->routes.route[(*at)++], r))
            return true;
    }
    if (*at < ROUTES)
        *at = ROUTES;
    while (n->ip6 && *at < ROUTES + ROUTES6) {
        if (!route6(n->ip6, (*at)++ - ROUTES, &next))
            continue;
        *r = next;
        return true;
    }
    return false;
}

/* ---- Neighbours ---- */

static bool neighbour4(const struct neighbour *from, struct stack_neighbour *to)
{
    static const uint8_t state[] = {[ARP_ASKING] = STACK_NEIGHBOUR_ASKED,
                                    [ARP_KNOWN] = STACK_NEIGHBOUR_KNOWN,
                                    [ARP_PROBING] = STACK_NEIGHBOUR_DOUBTED,
                                    [ARP_SILENT] = STACK_NEIGHBOUR_SILENT};
    if (from->state == ARP_FREE)
        return false;
    *to = (struct stack_neighbour){from->ip, from->mac, state[from->state]};
    return true;
}

static bool neighbour6(const struct nd_neighbour *from, struct stack_neighbour *to)
{
    if (from->state == ND_FREE)
        return false;
    enum stack_neighbour_state state = from->state == ND_INCOMPLETE  ? STACK_NEIGHBOUR_ASKED
                                       : from->state == ND_REACHABLE ? STACK_NEIGHBOUR_KNOWN
                                                                     : STACK_NEIGHBOUR_DOUBTED;
    *to = (struct stack_neighbour){from->ip, from->mac, state};
    return true;
}

bool stack_next_neighbour(const struct stack *s, size_t *at, struct stack_neighbour *to)
{
    const struct net *n = net_of(s);
    while (*at < ARP_NEIGHBOURS) {
        if (neighbour4(&n->arp.neighbour[(*at)++], to))
            return true;
    }
    while (n->ip6 && *at < ARP_NEIGHBOURS + ND_NEIGHBOURS) {
        if (neighbour6(&n->ip6->nd.neighbour[(*at)++ - ARP_NEIGHBOURS], to))
            return true;
    }
    return false;
}

const struct net_counters *stack_counters(const struct stack *s)
{
    struct net *n = stack_net((struct stack *)(uintptr_t)s);
    if (n->dev->n_lost)
        n->counters.ether.out_lost = *n->dev->n_lost;
    return &n->counters;
}
