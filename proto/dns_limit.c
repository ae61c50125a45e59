/* SPDX-License-Identifier: ISC */
#include "proto/dns_limit.h"

#include <jinn/time.h>

#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, ENTRIES_MAX = 1 << 20, PREFIX4 = 24, PREFIX6 = 56, MS_PER_S = 1000 };

/* 16 bytes: a set of them is a line of the cache. */
struct entry {
    uint32_t tag;    /* of the hash; with the set it tells who it is of, but for one in 2^32 */
    uint32_t at_ms;  /* when the allowance was last brought up to date */
    uint32_t left;   /* answers, in thousandths */
    uint32_t n_over; /* answers beyond the limit */
};

struct dns_limit {
    struct dns_limit_options o;
    uint64_t n_evicted;
    uint32_t mask; /* of sets */
    struct entry entry[];
};

enum err dns_limit_new(const struct dns_limit_options *o, struct dns_limit **l)
{
    uint32_t n = WAYS;
    if (o->per_second == 0 || o->per_second > UINT32_MAX / (2 * MS_PER_S) || o->entries > ENTRIES_MAX)
        return ERR_INVALID;
    while (n < o->entries)
        n *= 2;
    struct dns_limit *made = calloc(1, sizeof *made + n * sizeof(struct entry));
    if (!made)
        return ERR_FULL;
    made->o = *o;
    made->mask = n / WAYS - 1;
    *l = made;
    return OK;
}

void dns_limit_free(struct dns_limit *l)
{
    free(l);
}

/* Each multiplication spreads all bits; nobody outside sees a result, so it takes no stronger one to hide the secret. */
static uint64_t mix(uint64_t h, uint64_t v)
{
    unsigned __int128 m = (unsigned __int128)(h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t network(const struct ip *client)
{
    struct reader r = reader_of(bytes_of(client->b, sizeof client->b));
    if (ip_is4(client))
        return ip4_u32(client) >> (32 - PREFIX4);
    return read_be64(&r) >> (64 - PREFIX6) | UINT64_C(1) << 63;
}

/* Its own entry, or else the one of the set that was used least recently. */
static struct entry *find(struct dns_limit *l, uint64_t hash, uint32_t now_ms)
{
    struct entry *set = &l->entry[(hash & l->mask) * WAYS], *oldest = set;
    uint32_t tag = (uint32_t)(hash >> 32) | 1; /* never that of a free one */
    for (struct entry *e = set; e < set + WAYS; e++) {
        if (e->tag == tag)
            return e;
        if (e->tag == 0 || (oldest->tag && now_ms - e->at_ms > now_ms - oldest->at_ms))
            oldest = e;
    }
    l->n_evicted += oldest->tag && now_ms - oldest->at_ms < MS_PER_S;
    *oldest = (struct entry){.tag = tag, .at_ms = now_ms, .left = l->o.per_second * MS_PER_S};
    return oldest;
}

static void refill(const struct dns_limit *l, struct entry *e, uint32_t now_ms)
{
    uint32_t most = l->o.per_second * MS_PER_S, passed = now_ms - e->at_ms;
    e->at_ms = now_ms;
    if (passed >= MS_PER_S || passed * l->o.per_second > most - e->left)
        e->left = most;
    else
        e->left += passed * l->o.per_second;
}

enum dns_limit_verdict dns_limit_take(struct dns_limit *l, uint64_t now_ns, const struct ip *client,
                                      enum dns_limit_kind kind, uint64_t zone)
{
    uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS);
    uint64_t hash = mix(mix(mix(l->o.secret, network(client)), kind), zone);
    struct entry *e = find(l, hash, now_ms);
    refill(l, e, now_ms);
    if (e->left >= MS_PER_S) {
        e->left -= MS_PER_S;
        return DNS_LIMIT_SEND;
    }
    e->n_over++;
    return l->o.slip && e->n_over % l->o.slip == 0 ? DNS_LIMIT_SLIP : DNS_LIMIT_DROP;
}

uint64_t dns_limit_evicted(const struct dns_limit *l)
{
    return l->n_evicted;
}
