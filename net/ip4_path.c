/* SPDX-License-Identifier: ISC */
/* Paths that carry less than the link (RFC 1191), for ten minutes each. What an ICMP error says is taken only from a
 * transport that has found its own packet in it (RFC 5927), so nobody fills the table by guessing. */
#include "net/net.h"

static const struct ip4_path *find(const struct net *n, const struct ip *dst)
{
    for (size_t i = 0; i < n->ip4.n_paths; i++) {
        if (n->ip4.path[i].dst == ip4_u32(dst))
            return &n->ip4.path[i];
    }
    return NULL;
}

uint16_t ip4_path_find(const struct net *n, const struct ip *dst)
{
    const struct ip4_path *p = find(n, dst);
    return p && p->mtu_bytes < n->mtu_bytes ? p->mtu_bytes : n->mtu_bytes;
}

/* A free place, or that of the path which would be forgotten first. */
static struct ip4_path *take_place(struct net *n)
{
    struct ip4 *ip = &n->ip4;
    if (ip->n_paths < IP4_PATHS)
        return &ip->path[ip->n_paths++];
    struct ip4_path *first = &ip->path[0];
    for (size_t i = 1; i < IP4_PATHS; i++) {
        if (ip->path[i].until_ns < first->until_ns)
            first = &ip->path[i];
    }
    n->counters.ip4.paths_evicted++;
    return first;
}

void ip4_path_narrow(struct net *n, uint64_t now_ns, const struct ip *dst, uint16_t mtu_bytes)
{
    uint16_t mtu = mtu_bytes < IP4_PATH_LEAST_BYTES ? IP4_PATH_LEAST_BYTES : mtu_bytes;
    if (mtu >= ip4_path_find(n, dst))
        return;
    const struct ip4_path *known = find(n, dst);
    struct ip4_path *p = known ? &n->ip4.path[known - n->ip4.path] : take_place(n);
    *p = (struct ip4_path){.dst = ip4_u32(dst), .mtu_bytes = mtu, .until_ns = time_after(now_ns, IP_PATH_MTU_NS)};
    n->counters.ip4.path_mtu++;
}

uint64_t ip4_path_deadline(const struct net *n)
{
    uint64_t at_ns = TIME_NEVER;
    for (size_t i = 0; i < n->ip4.n_paths; i++)
        at_ns = time_min(at_ns, n->ip4.path[i].until_ns);
    return at_ns;
}

void ip4_path_tick(struct net *n, uint64_t now_ns)
{
    struct ip4 *ip = &n->ip4;
    for (size_t i = ip->n_paths; i-- > 0;) {
        if (ip->path[i].until_ns <= now_ns)
            ip->path[i] = ip->path[--ip->n_paths];
    }
}
