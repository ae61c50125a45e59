/* SPDX-License-Identifier: ISC */
/* Who a segment is for: a table of chains, twice as many buckets as there can be entries.
 *
 * The hash is keyed so that a peer can't know which of its ports share a bucket. It is a plain multiply and mix:
 * good for spreading load, no cryptography, and nothing that is secret rests on it. */
#include "net/tcp_internal.h"

#include <stdlib.h>

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(const struct tcp *t, const struct ip *local, uint16_t local_port, const struct ip *peer,
                        uint16_t peer_port)
{
    uint64_t peers = mix(load64(peer->b) ^ t->hash_key[0], load64(peer->b + 8) ^ t->hash_key[1]);
    uint64_t ports = (uint64_t)local_port << 16 | peer_port;
    uint64_t locals = load64(local->b) ^ load64(local->b + 8) * 3;
    uint64_t h = mix(peers ^ ports, locals ^ t->hash_key[1] ^ ports << 32);
    return (uint32_t)(h ^ h >> 32);
}

COLD enum err tcp_table_init(struct tcp *t, uint32_t n)
{
    uint32_t size = 16;
    while (size < n * 2 && size < UINT32_C(1) << 30)
        size *= 2;
    t->bucket = calloc(size, sizeof *t->bucket);
    t->bucket_mask = size - 1;
    return t->bucket ? OK : ERR_FULL;
}

struct tcp_entry *tcp_table_find(const struct tcp *t, const struct ip *local, uint16_t local_port,
                                 const struct ip *peer, uint16_t peer_port)
{
    uint32_t hash = hash_of(t, local, local_port, peer, peer_port);
    struct tcp_entry *e = t->bucket[hash & t->bucket_mask];
    for (; e; e = e->next) {
        if (e->hash == hash && e->peer.port == peer_port && e->local.port == local_port &&
            ip_equal(&e->peer.ip, peer) && ip_equal(&e->local.ip, local))
            return e;
    }
    return NULL;
}

void tcp_table_add(struct tcp *t, struct tcp_entry *e)
{
    e->hash = hash_of(t, &e->local.ip, e->local.port, &e->peer.ip, e->peer.port);
    struct tcp_entry **bucket = &t->bucket[e->hash & t->bucket_mask];
    e->next = *bucket;
    *bucket = e;
}

void tcp_table_remove(struct tcp *t, struct tcp_entry *e)
{
    struct tcp_entry **link = &t->bucket[e->hash & t->bucket_mask];
    while (*link != e)
        link = &(*link)->next;
    *link = e->next;
}

struct tcp_listener *tcp_find_listener(const struct tcp *t, uint16_t port)
{
    for (uint32_t i = 0; i < t->n_listeners; i++) {
        if (t->listener[i].port == port && port != 0)
            return &t->listener[i];
    }
    return NULL;
}
