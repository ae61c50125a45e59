/* SPDX-License-Identifier: ISC */
#include "net/net.h"

#include <stdlib.h>

enum { MTU_LEAST_BYTES = 68, MTU_MOST_BYTES = ETHER_FRAME_BYTES - ETHER_BYTES };

static struct net *net_of(struct ip_below *b)
{
    return CONTAINER_OF(b, struct net, below);
}

static enum err below_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct net *net = net_of(b);
    if (__builtin_expect(net->ip6_ops && !ip_is4(&o->dst), 0))
        return net->ip6_ops->send(net, now_ns, o, v, n);
    return ip4_send(net, now_ns, o, v, n);
}

static enum err below_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    struct net *n = net_of(b);
    if (n->ip6_ops && !ip_is4(dst))
        return n->ip6_ops->route(n, dst, src, payload_bytes);
    return ip4_route(n, dst, src, payload_bytes);
}

static void below_reached(struct ip_below *b, uint64_t now_ns, const struct ip *dst)
{
    struct net *n = net_of(b);
    if (ip_is4(dst))
        ip4_reached(n, now_ns, dst);
    else if (n->ip6_ops)
        n->ip6_ops->reached(n, now_ns, dst);
}

/* IPv6 has taken it already (icmp6.c). */
static void below_narrow(struct ip_below *b, uint64_t now_ns, const struct ip *dst, uint16_t mtu_bytes)
{
    if (ip_is4(dst))
        ip4_path_narrow(net_of(b), now_ns, dst, mtu_bytes);
}

/* ---- DHCP ---- */

static void dhcp_send(struct dhcp_below *b, uint64_t now_ns, const struct ip *src, const struct ip *dst,
                      struct bytes message)
{
    struct net *n = CONTAINER_OF(b, struct net, dhcp_below);
    struct endpoint from = {*src, DHCP_CLIENT_PORT};
    struct endpoint to = {*dst, DHCP_SERVER_PORT};
    (void)udp_output(n, now_ns, &from, &to, &message, 1);
}

void net_tell(struct net *n)
{
    if (n->on_address)
        n->on_address->wake(n->on_address);
}

/* The address is used at once, while a probe asks whether somebody else has it. RFC 5227 2.1.1 would have us wait up to 7
 * seconds first; an image that boots in a millisecond to answer a request can't. Most servers have probed the
 * address themselves (RFC 2131 3.1), and a conflict that shows declines the lease as if we had waited. */
static void dhcp_bound(struct dhcp_below *b, uint64_t now_ns, const struct dhcp_lease *lease)
{
    struct net *n = CONTAINER_OF(b, struct net, dhcp_below);
    const struct dhcp_config *c = &lease->config;
    bool same = n->ip4.up && ip_equal(&n->ip4.net.ip, &lease->net.ip);
    ip4_set(n, &lease->net);
    for (const struct dhcp_route *r = c->route, *end = r + c->n_routes; r < end; r++)
        (void)route_add(n, r->to, r->prefix_len, r->gateway, 0, ROUTE_LEASE);
    n->mtu_bytes =
        c->mtu_bytes >= DHCP_MTU_LEAST_BYTES && c->mtu_bytes < n->link_mtu_bytes ? c->mtu_bytes : n->link_mtu_bytes;
    if (!same)
        arp_start(n, now_ns, ARP_PROBE_FIRST);
    net_tell(n);
}

static void dhcp_lost(struct dhcp_below *b, uint64_t now_ns)
{
    struct net *n = CONTAINER_OF(b, struct net, dhcp_below);
    ip4_unset(n);
    n->mtu_bytes = n->link_mtu_bytes;
    arp_stop(n);
    net_tell(n);
}

void net_start_dhcp(struct net *n, uint64_t now_ns, struct bytes hostname)
{
    dhcp_init(&n->dhcp, &n->dhcp_below, &n->counters.dhcp, n->random, &n->dev->mac, hostname);
    dhcp_start(&n->dhcp, now_ns);
}

enum err net_set_static(struct net *n, uint64_t now_ns, const struct ip_net *net, const struct ip *gateway)
{
    if (!ip_is4(&net->ip) || !ip4_is_host(&net->ip) || net->prefix_len > 32)
        return ERR_INVALID;
    ip4_set(n, net);
    if (!ip_equal(gateway, &IP_NONE) && !route_add(n, 0, 0, ip4_u32(gateway), 0, ROUTE_FIXED))
        return ERR_INVALID;
    arp_start(n, now_ns, ARP_ANNOUNCE_NOW);
    net_tell(n);
    return OK;
}

/* ---- Life ---- */

static enum err init(struct net *n, const struct net_options *o)
{
    n->below = (struct ip_below){.features = o->dev->features,
                                 .send = below_send,
                                 .route = below_route,
                                 .reached = below_reached,
                                 .narrow = below_narrow};
    n->dhcp_below = (struct dhcp_below){.send = dhcp_send, .bound = dhcp_bound, .lost = dhcp_lost};
    n->dev = o->dev;
    n->random = o->random;
    n->tcp = o->tcp;
    n->on_address = o->on_address;
    n->mtu_bytes = o->dev->mtu_bytes < MTU_MOST_BYTES ? o->dev->mtu_bytes : MTU_MOST_BYTES;
    n->link_mtu_bytes = n->mtu_bytes;
    n->routes.probe_ns = TIME_NEVER;
    ip4_init(n);
    ip4_unset(n);
    dhcp_init(&n->dhcp, &n->dhcp_below, &n->counters.dhcp, n->random, &n->dev->mac, bytes_of(NULL, 0));
    enum err e = arp_init(n);
    if (e == OK)
        e = udp_init(n);
    if (e == OK)
        e = frag_init(&n->frag, &n->counters.frag);
    if (e != OK || !o->ip6)
        return e;
    e = o->ip6->make(n);
    n->ip6_ops = e == OK ? o->ip6 : NULL;
    return e == ERR_UNSUPPORTED ? OK : e; /* a link too narrow for it still has IPv4 */
}

enum err net_new(const struct net_options *o, struct net **n)
{
    if (o->dev->mtu_bytes < MTU_LEAST_BYTES)
        return ERR_INVALID;
    struct net *made = calloc(1, sizeof *made);
    if (!made)
        return ERR_FULL;
    enum err e = init(made, o);
    if (e != OK) {
        net_free(made);
        return e;
    }
    *n = made;
    return OK;
}

void net_free(struct net *n)
{
    if (!n)
        return;
    arp_free(n);
    udp_free(n);
    frag_free(&n->frag);
    pool_free(&n->loop.packets);
    if (n->ip6_ops)
        n->ip6_ops->free(n);
    free(n);
}

/* ---- Packets and time ---- */

void net_input(struct net *n, uint64_t now_ns, struct bytes frame)
{
    ether_input(n, now_ns, frame, &(struct net_offload){0});
}

void net_input_offload(struct net *n, uint64_t now_ns, struct bytes frame, const struct net_offload *o)
{
    ether_input(n, now_ns, frame, o);
}

uint64_t net_deadline(const struct net *n)
{
    uint64_t at = time_min(arp_deadline(n), time_min(dhcp_deadline(&n->dhcp), frag_deadline(&n->frag)));
    at = time_min(at, ip4_path_deadline(n));
    at = time_min(at, n->routes.probe_ns);
    if (n->loop.first)
        at = 0;
    if (n->groups.igmp)
        at = time_min(at, n->groups.igmp->deadline(n));
    return n->ip6_ops ? time_min(at, n->ip6_ops->deadline(n)) : at;
}

/* A datagram that did not become whole: its sender is told (RFC 1122 3.3.2). */
static void tell_timeout(struct net *n, uint64_t now_ns, struct bytes header, struct bytes payload)
{
    struct ip4_header h;
    struct bytes none;
    if (n->ip6_ops && header.data[0] >> 4 == 6) {
        n->ip6_ops->tell_timeout(n, now_ns, header, payload);
        return;
    }
    if (!ip4_parse_quoted(header, &h, &none))
        return;
    bool ours = n->ip4.up && ip_equal(&h.dst, &n->ip4.net.ip);
    struct ip_in in = {.src = h.src, .dst = h.dst, .payload = payload, .protocol = h.protocol, .broadcast = !ours};
    icmp_error(n, now_ns, ICMP4_TIME_EXCEEDED, ICMP4_REASSEMBLY, &in, header);
}

void net_tick(struct net *n, uint64_t now_ns)
{
    struct bytes header, payload;
    while (frag_expire(&n->frag, now_ns, &header, &payload))
        tell_timeout(n, now_ns, header, payload);
    if (n->loop.ops)
        n->loop.ops->deliver(n, now_ns);
    dhcp_tick(&n->dhcp, now_ns);
    arp_tick(n, now_ns);
    ip4_path_tick(n, now_ns);
    route_tick(n, now_ns);
    if (n->groups.igmp)
        n->groups.igmp->tick(n, now_ns);
    if (n->ip6_ops)
        n->ip6_ops->tick(n, now_ns);
}
