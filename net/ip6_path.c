/* SPDX-License-Identifier: ISC */
/* The destination cache (RFC 4861 5.1, RFC 8201), for those destinations alone of which there is something to know. */
#include "net/net.h"

static const struct ip6_path *find(const struct net *n, const struct ip *dst)
{
    for (size_t i = 0; i < IP6_PATHS; i++) {
        if (ip_equal(&n->ip6->path[i].dst, dst))
            return &n->ip6->path[i];
    }
    return NULL;
}

/* Free places were never used: they go first. */
static struct ip6_path *find_or_add(struct net *n, uint64_t now_ns, const struct ip *dst)
{
    struct ip6_path *best = &n->ip6->path[0];
    for (size_t i = 0; i < IP6_PATHS; i++) {
        struct ip6_path *p = &n->ip6->path[i];
        if (ip_equal(&p->dst, dst)) {
            p->used_ns = now_ns;
            return p;
        }
        if (p->used_ns < best->used_ns)
            best = p;
    }
    n->counters.ip6.paths_evicted += !ip_equal(&best->dst, &IP_NONE);
    *best = (struct ip6_path){.dst = *dst, .mtu_bytes = UINT16_MAX, .mtu_until_ns = TIME_NEVER, .used_ns = now_ns};
    return best;
}

uint16_t ip6_path_mtu(const struct net *n, const struct ip *dst)
{
    const struct ip6_path *p = find(n, dst);
    return p && p->mtu_bytes < n->ip6->mtu_bytes ? p->mtu_bytes : n->ip6->mtu_bytes;
}

/* Less than 1280 no link has (RFC 8200 5): a liar, or a translator that wants atomic fragments (RFC 8021), gets that. */
void ip6_path_too_big(struct net *n, uint64_t now_ns, const struct ip *dst, uint32_t mtu_bytes)
{
    uint32_t mtu = mtu_bytes < IP6_MTU_LEAST_BYTES ? IP6_MTU_LEAST_BYTES : mtu_bytes;
    if (mtu >= ip6_path_mtu(n, dst))
        return;
    struct ip6_path *p = find_or_add(n, now_ns, dst);
    p->mtu_bytes = (uint16_t)mtu;
    p->mtu_until_ns = time_after(now_ns, IP_PATH_MTU_NS);
    n->ip6->path_next_ns = time_min(n->ip6->path_next_ns, p->mtu_until_ns);
    n->counters.ip6.path_mtu++;
}

void ip6_path_redirect(struct net *n, uint64_t now_ns, const struct ip *dst, const struct ip *hop)
{
    find_or_add(n, now_ns, dst)->hop = *hop;
}

void ip6_path_lost(struct net *n, const struct ip *hop)
{
    for (size_t i = 0; i < IP6_PATHS; i++) {
        if (ip_equal(&n->ip6->path[i].hop, hop))
            n->ip6->path[i].hop = IP_NONE;
    }
}

struct ip ip6_path_hop(const struct net *n, const struct ip *dst)
{
    const struct ip6_path *p = find(n, dst);
    return p ? p->hop : IP_NONE;
}

void ip6_path_tick(struct net *n, uint64_t now_ns)
{
    if (now_ns < n->ip6->path_next_ns)
        return;
    n->ip6->path_next_ns = TIME_NEVER;
    for (size_t i = 0; i < IP6_PATHS; i++) {
        struct ip6_path *p = &n->ip6->path[i];
        if (p->mtu_until_ns <= now_ns) {
            p->mtu_bytes = UINT16_MAX;
            p->mtu_until_ns = TIME_NEVER;
        }
        n->ip6->path_next_ns = time_min(n->ip6->path_next_ns, p->mtu_until_ns);
    }
}
