/* SPDX-License-Identifier: ISC */
#include "net/route.h"
#include "net/net.h"

/* ---- Finding ---- */

const struct route *route_find(const struct net *n, uint32_t dst)
{
    const struct route *best = NULL;
    uint32_t rank = 0;
    for (const struct route *r = n->routes.route, *end = r + n->routes.n; r < end; r++) {
        if (((dst ^ r->to) & r->mask) == 0 && r->rank > rank) {
            best = r;
            rank = r->rank;
        }
    }
    return best;
}

struct ip route_hop(const struct net *n, const struct ip *dst)
{
    const struct route *r = route_find(n, ip4_u32(dst));
    if (!r)
        return IP_NONE;
    return r->gateway ? ip4_of_u32(r->gateway) : *dst;
}

bool route_is_near(const struct net *n, const struct ip *ip)
{
    uint32_t v = ip4_u32(ip);
    const struct route *way = route_find(n, v);
    bool near = way && !way->gateway;
    for (size_t i = 0; i < n->routes.n; i++)
        near |= n->routes.route[i].rank && n->routes.route[i].gateway == v;
    return near;
}

/* ---- Changing ---- */

COLD void route_drop(struct net *n)
{
    for (size_t i = 0; i < n->routes.n; i++) {
        if (n->routes.route[i].origin != ROUTE_FIXED)
            n->routes.route[i].rank = 0;
    }
}

/* A free place, or that of a redirect: these are hints, and the first to go. */
static struct route *take_place(struct routes *t)
{
    struct route *place = NULL;
    for (size_t i = 0; i < t->n; i++) {
        struct route *r = &t->route[i];
        if (r->rank == 0)
            return r;
        if (r->origin == ROUTE_REDIRECT)
            place = r;
    }
    return t->n < ROUTES ? &t->route[t->n++] : place;
}

static bool is_host(uint32_t ip)
{
    return ip >> 24 != 127 && ip >> 28 < 14;
}

COLD bool route_add(struct net *n, uint32_t to, uint8_t prefix_len, uint32_t gateway, uint16_t metric,
                    enum route_origin origin)
{
    if (!is_host(gateway))
        return false;
    struct route *r = take_place(&n->routes);
    if (!r) {
        n->counters.ip4.routes_full++;
        return false;
    }
    r->mask = prefix_len ? UINT32_MAX << (32 - prefix_len) : 0;
    r->to = to & r->mask;
    r->gateway = gateway;
    r->rank = (prefix_len + 1u) << 17 | ROUTE_ALIVE | (UINT16_MAX - metric);
    r->origin = (uint8_t)origin;
    return true;
}

/* Only the router that we would send to may say it, of a neighbour of ours. A redirect of a redirect replaces it. */
COLD bool route_redirect(struct net *n, uint32_t from, uint32_t dst, uint32_t gateway)
{
    const struct route *r = route_find(n, dst), *to = route_find(n, gateway);
    if (!r || r->gateway != from || from == gateway || !to || to->gateway || gateway == ip4_u32(&n->ip4.net.ip) ||
        gateway == ip4_u32(&n->ip4.broadcast))
        return false;
    if (r->origin == ROUTE_REDIRECT)
        n->routes.route[r - n->routes.route].rank = 0;
    return route_add(n, dst, 32, gateway, 0, ROUTE_REDIRECT);
}

/* ---- Dead gateways ---- */

COLD void route_heard(struct net *n, uint64_t now_ns, const struct ip *ip, bool alive)
{
    struct routes *t = &n->routes;
    uint32_t gateway = ip4_u32(ip);
    for (struct route *r = t->route, *end = r + t->n; r < end; r++) {
        if (r->gateway != gateway || !r->rank || !(r->rank & ROUTE_ALIVE) == !alive)
            continue;
        r->rank ^= ROUTE_ALIVE;
        if (alive)
            continue;
        n->counters.ip4.gateways_dead++;
        if (r->origin == ROUTE_REDIRECT)
            r->rank = 0;
        if (t->probe_ns == TIME_NEVER)
            t->probe_ns = now_ns + ROUTE_PROBE_NS;
    }
}

/* Who is dead and still the best is asked for by what is sent to it. */
COLD void route_tick(struct net *n, uint64_t now_ns)
{
    struct routes *t = &n->routes;
    if (now_ns < t->probe_ns)
        return;
    t->probe_ns = TIME_NEVER;
    for (size_t i = 0; i < t->n; i++) {
        const struct route *r = &t->route[i];
        struct ip gateway = ip4_of_u32(r->gateway);
        if (!r->rank || r->rank & ROUTE_ALIVE || route_find(n, r->to) == r || !n->ip4.up)
            continue;
        t->probe_ns = time_after(now_ns, ROUTE_PROBE_NS);
        arp_ask(n, now_ns, &gateway);
    }
}
