/* SPDX-License-Identifier: ISC */
/* Temporary addresses (RFC 8981): beside the stable address of a prefix one with a random identifier that lives two days and
 * is preferred for less than one. Its successor is made 5 s before that ends, so that there is always one to connect with. */
#include "net/net.h"

void ip6_temporary_init(struct net *n, bool wanted)
{
    n->ip6->temporary = (struct ip6_temporary){.wanted = wanted, .next_ns = TIME_NEVER};
}

static bool is_of(const struct ip6_address *a, enum ip6_kind kind, const struct ip *prefix)
{
    return ip6_is_used(a) && a->kind == kind && ip_in_net(&a->ip, &(struct ip_net){*prefix, 64});
}

/* ---- Making ---- */

/* RFC 8981 3.3.1: random; not an identifier that RFC 5453 reserves, which the flipped bit keeps it from being, nor that of
 * another address of ours. */
static struct ip identify(struct net *n, const struct ip *prefix)
{
    struct ip ip = *prefix;
    struct writer w = writer_of(ip.b + 8, 8);
    write_be32(&w, n->random());
    write_be32(&w, n->random());
    bool reserved = (ip.b[8] == 0xfd && ip.b[9] == 0xff) || (ip.b[8] == 2 && ip.b[9] == 0) || ip.b[8] == 0;
    ip.b[8] ^= reserved ? 0x40 : 0;
    while (ip6_find(n, &ip))
        ip.b[15]++;
    return ip;
}

/* All places of temporary addresses are taken: the one that ends first goes. */
static void make_room(struct net *n, uint64_t now_ns)
{
    struct ip6_address *first = NULL;
    unsigned n_temporaries = 0;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (a->state == IP6_FREE || a->kind != IP6_TEMPORARY)
            continue;
        n_temporaries++;
        if (!first || a->valid_ns < first->valid_ns)
            first = a;
    }
    if (n_temporaries < IP6_TEMPORARIES)
        return;
    n->counters.ip6.temporaries_evicted++;
    ip6_remove(n, now_ns, first);
}

/* 3.4: never for longer than the prefix, and not if it would have to be replaced at once. */
static void make(struct net *n, uint64_t now_ns, const struct ip6_address *stable)
{
    uint64_t early_ns = IP6_TEMPORARY_DESYNC_NS / 1024 * (n->random() % 1024);
    uint64_t preferred_most_ns = time_after(now_ns, IP6_TEMPORARY_PREFERRED_NS - early_ns);
    uint64_t valid_most_ns = time_after(now_ns, IP6_TEMPORARY_VALID_NS);
    uint64_t preferred_ns = time_min(stable->preferred_ns, preferred_most_ns);
    uint64_t valid_ns = time_min(stable->valid_ns, valid_most_ns);
    if (preferred_ns <= time_after(now_ns, IP6_TEMPORARY_ADVANCE_NS))
        return;
    make_room(n, now_ns);
    struct ip_net net = {identify(n, &stable->ip), 64};
    struct ip6_address *a = ip6_add(n, now_ns, &net);
    if (!a)
        return;
    n->counters.ip6.temporaries++;
    a->kind = IP6_TEMPORARY;
    a->preferred_ns = preferred_ns;
    a->valid_ns = valid_ns;
    a->preferred_most_ns = preferred_most_ns;
    a->valid_most_ns = valid_most_ns;
}

/* When the last temporary address of the prefix must have a successor; 0: there is none. */
static uint64_t due(const struct net *n, const struct ip *prefix)
{
    uint64_t last_ns = 0;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (is_of(a, IP6_TEMPORARY, prefix) && a->preferred_ns > last_ns)
            last_ns = a->preferred_ns;
    }
    return last_ns > IP6_TEMPORARY_ADVANCE_NS ? last_ns - IP6_TEMPORARY_ADVANCE_NS : 0;
}

/* What can't be made now is tried again with the next advertisement. */
static void review(struct net *n, uint64_t now_ns)
{
    struct ip6_temporary *t = &n->ip6->temporary;
    t->next_ns = TIME_NEVER;
    for (size_t i = 0; i < IP6_ADDRESSES && t->wanted; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (!is_of(a, IP6_STABLE, &a->ip) || ip_is_link_local(&a->ip))
            continue;
        if (due(n, &a->ip) <= now_ns)
            make(n, now_ns, a);
        uint64_t due_ns = due(n, &a->ip);
        if (due_ns > now_ns)
            t->next_ns = time_min(t->next_ns, due_ns);
    }
}

/* ---- Events ---- */

void ip6_temporary_renew(struct net *n, uint64_t now_ns, const struct ip_net *prefix, uint64_t preferred_ns,
                         uint64_t valid_ns)
{
    for (size_t i = 0; i < IP6_ADDRESSES && prefix->prefix_len == 64; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (!is_of(a, IP6_TEMPORARY, &prefix->ip))
            continue;
        a->preferred_ns = time_min(preferred_ns, a->preferred_most_ns);
        if (a->preferred_ns <= now_ns)
            a->preferred_ns = 0;
        if (valid_ns > a->valid_ns) /* a shorter life is believed of the stable address alone, and with care */
            a->valid_ns = time_min(valid_ns, a->valid_most_ns);
    }
    review(n, now_ns);
}

/* 3.4 (7): three other identifiers; then something is wrong with the link, or with us. */
void ip6_temporary_conflict(struct net *n, uint64_t now_ns, struct ip6_address *a)
{
    if (a->retries < IP6_IDENTIFIERS) {
        a->retries++;
        a->ip = identify(n, &a->ip);
        ip6_detect(n, now_ns, a);
        return;
    }
    n->ip6->temporary.wanted = false;
    a->state = IP6_DUPLICATE;
    net_tell(n);
}

void ip6_temporary_tick(struct net *n, uint64_t now_ns)
{
    if (n->ip6->temporary.next_ns <= now_ns)
        review(n, now_ns);
}
