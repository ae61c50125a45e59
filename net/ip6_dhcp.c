/* SPDX-License-Identifier: ISC */
/* How the client of DHCPv6 reaches the net, and the net it. */
#include "net/net.h"

static struct net *net_of(struct dhcp6_below *b)
{
    return CONTAINER_OF(b, struct ip6_dhcp, below)->net;
}

/* From the link-local address (RFC 8415 17.1), which an optimistic one may be. */
static void send(struct dhcp6_below *b, uint64_t now_ns, struct bytes message)
{
    struct net *n = net_of(b);
    struct endpoint to = {DHCP6_ALL_SERVERS, DHCP6_SERVER_PORT};
    const struct ip6_address *a = ip6_source(n, &to.ip);
    if (!a || !ip_is_link_local(&a->ip))
        return;
    struct endpoint from = {a->ip, DHCP6_CLIENT_PORT};
    (void)udp_output(n, now_ns, &from, &to, &message, 1);
}

static struct ip6_address *leased(const struct net *n)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (a->state != IP6_FREE && a->kind == IP6_LEASED)
            return a;
    }
    return NULL;
}

static void lost(struct dhcp6_below *b, uint64_t now_ns)
{
    struct net *n = net_of(b);
    struct ip6_address *a = leased(n);
    if (a)
        ip6_remove(n, now_ns, a);
}

/* A prefix of 128 bits: what is on the link routers alone say (RFC 5942 4). An address that we have otherwise stays so. */
static void bound(struct dhcp6_below *b, uint64_t now_ns, const struct dhcp6_lease *lease)
{
    struct net *n = net_of(b);
    struct ip6_address *a = leased(n);
    if (a && !ip_equal(&a->ip, &lease->address)) {
        ip6_remove(n, now_ns, a);
        a = NULL;
    }
    struct ip_net net = {lease->address, 128};
    if (!a && !ip6_find(n, &lease->address))
        a = ip6_add(n, now_ns, &net);
    if (!a)
        return;
    a->kind = IP6_LEASED;
    a->preferred_ns = lease->preferred_ns;
    a->valid_ns = lease->valid_ns;
}

static void told(struct dhcp6_below *b)
{
    net_tell(net_of(b));
}

void ip6_dhcp_init(struct net *n, bool accept)
{
    struct ip6_dhcp *d = &n->ip6->dhcp;
    *d = (struct ip6_dhcp){
        .below = {.send = send, .bound = bound, .lost = lost, .told = told}, .net = n, .accept = accept};
    dhcp6_init(&d->client, &d->below, &n->counters.dhcp6, n->random, &n->dev->mac);
}

void ip6_dhcp_told(struct net *n, uint64_t now_ns, bool addresses, bool others)
{
    struct ip6_dhcp *d = &n->ip6->dhcp;
    if (d->accept && (addresses || others))
        dhcp6_start(&d->client, now_ns, addresses);
}

bool ip6_dhcp_take_udp(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct udp_header *h,
                       struct bytes payload)
{
    struct dhcp6 *d = &n->ip6->dhcp.client;
    if (d->state == DHCP6_OFF || h->dst_port != DHCP6_CLIENT_PORT)
        return false;
    if (in->broadcast) /* RFC 8415 16: answers are never sent to a group */
        n->counters.dhcp6.in_ignored++;
    else
        dhcp6_input(d, now_ns, payload);
    return true;
}
