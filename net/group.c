/* SPDX-License-Identifier: ISC */
#include "net/group.h"
#include "net/net.h"
#include "wire/ether.h"

const struct group *group_find(const struct net *n, const struct ip *ip)
{
    for (size_t i = 0; i < NET_GROUPS; i++) {
        const struct group *g = &n->groups.group[i];
        if (g->sockets && ip_equal(&g->ip, ip))
            return g;
    }
    return NULL;
}

bool group_listens_to(const struct net *n, const struct mac *mac)
{
    for (size_t i = 0; i < NET_GROUPS; i++) {
        const struct group *g = &n->groups.group[i];
        struct mac group = ip_is4(&g->ip) ? mac_of_multicast4(&g->ip) : mac_of_multicast6(&g->ip);
        if (g->sockets && mac_equal(&group, mac))
            return true;
    }
    static const struct mac all_hosts = {{1, 0, 0x5e, 0, 0, 1}}; /* 224.0.0.1 asks */
    return n->groups.igmp && mac_equal(mac, &all_hosts);
}

/* A free place, or that of a group that was left: then its last reports are not sent. */
static struct group *take_place(struct net *n)
{
    struct group *left = NULL;
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (ip_equal(&g->ip, &IP_NONE))
            return g;
        if (!g->sockets)
            left = g;
    }
    return left;
}

static struct group *find_any(struct net *n, const struct ip *ip)
{
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        if (ip_equal(&g->ip, ip))
            return g;
    }
    return NULL;
}

/* The first socket joined, or the last one left. IPv6 has a table of its own of what is to be told. */
static void change(struct net *n, uint64_t now_ns, struct group *g)
{
    if (ip_is4(&g->ip)) {
        g->changed = true;
        g->report_ns = 0;
        g->answer_ns = TIME_NEVER;
    } else if (g->sockets) {
        n->ip6_ops->join(n, now_ns, &g->ip);
    } else {
        n->ip6_ops->leave(n, now_ns, &g->ip);
        g->ip = IP_NONE;
    }
}

/* All hosts are in 224.0.0.1 and ff02::1 anyway; ff00:: to ff0f:: are reserved by their scope 0. */
static bool can_join(const struct ip *ip)
{
    if (!ip_is_multicast(ip))
        return false;
    return ip_is4(ip) ? ip4_u32(ip) != 0xe0000001 && ip4_u32(ip) != 0xe0000000
                      : (ip->b[1] & 15) != 0 && !ip6_is_all_nodes(ip);
}

static void leave_all(struct net *n, uint64_t now_ns, size_t socket)
{
    uint32_t bit = UINT32_C(1) << socket;
    for (size_t i = 0; i < NET_GROUPS; i++) {
        struct group *g = &n->groups.group[i];
        bool last = g->sockets == bit;
        g->sockets &= ~bit;
        if (last)
            change(n, now_ns, g);
    }
}

static const struct group_table_ops table_ops = {group_find, group_listens_to, leave_all};

enum err group_join(struct net *n, uint64_t now_ns, const struct ip *ip, size_t socket)
{
    if (!can_join(ip))
        return ERR_INVALID;
    if (!ip_is4(ip) && !n->ip6_ops)
        return ERR_UNSUPPORTED;
    struct group *g = find_any(n, ip);
    if (!g)
        g = take_place(n);
    if (!g) {
        n->counters.udp.groups_full++;
        return ERR_FULL;
    }
    n->groups.ops = &table_ops;
    if (ip_is4(ip) && !n->groups.igmp) {
        n->groups.igmp = &igmp_ops;
        n->groups.igmp->restart(n);
    }
    uint32_t bit = UINT32_C(1) << socket;
    if (g->sockets) {
        g->sockets |= bit;
        return OK;
    }
    *g = (struct group){.ip = *ip, .sockets = bit, .report_ns = TIME_NEVER, .answer_ns = TIME_NEVER};
    change(n, now_ns, g);
    return OK;
}

enum err group_leave(struct net *n, uint64_t now_ns, const struct ip *ip, size_t socket)
{
    struct group *g = find_any(n, ip);
    uint32_t bit = UINT32_C(1) << socket;
    if (!g || !(g->sockets & bit))
        return ERR_NOT_FOUND;
    g->sockets &= ~bit;
    if (!g->sockets)
        change(n, now_ns, g);
    return OK;
}

uint64_t group_deadline(const struct net *n)
{
    uint64_t at_ns = TIME_NEVER;
    for (size_t i = 0; i < NET_GROUPS; i++) {
        const struct group *g = &n->groups.group[i];
        if (!ip_is4(&g->ip))
            continue;
        at_ns = time_min(at_ns, time_min(g->report_ns, g->answer_ns));
    }
    return at_ns;
}
