/* SPDX-License-Identifier: ISC */
/* Zones by the hash of their origins, which is that of a suffix of the names below: a name's key has it at hand. Tried are
 * only numbers of labels that some zone has, as a rule one or two. */
#include "proto/dns_store.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { SLOTS_MIN = 8 };

COLD void dns_zones_init_unsigned(struct dns_zones *zs, uint64_t seed, uint32_t max)
{
    *zs = (struct dns_zones){.seed = seed, .max = max};
}

COLD void dns_zones_free(struct dns_zones *zs)
{
    for (uint32_t i = 0; i < zs->n_slots; i++)
        dns_zone_release(zs->table[i].zone);
    free(zs->table);
    *zs = (struct dns_zones){.seed = zs->seed, .max = zs->max, .prove = zs->prove};
}

/* The slot with this origin, or the free one where it belongs. */
static struct dns_zone_entry *find_slot(const struct dns_zones *zs, uint64_t hash, struct bytes origin)
{
    for (uint64_t i = hash;; i++) {
        struct dns_zone_entry *e = &zs->table[i & (zs->n_slots - 1)];
        if (!e->zone || (e->hash == hash && dns_name_equal(dns_zone_origin(e->zone), origin)))
            return e;
    }
}

static bool reserve(struct dns_zones *zs)
{
    struct dns_zones larger = *zs;
    if (((uint64_t)zs->n + 1) * 4 <= (uint64_t)zs->n_slots * 3)
        return true;
    larger.n_slots = zs->n_slots ? zs->n_slots * 2 : SLOTS_MIN;
    larger.table = larger.n_slots ? calloc(larger.n_slots, sizeof *larger.table) : NULL;
    if (!larger.table)
        return false;
    for (uint32_t i = 0; i < zs->n_slots; i++) {
        struct dns_zone_entry *e = &zs->table[i];
        if (e->zone)
            *find_slot(&larger, e->hash, dns_zone_origin(e->zone)) = *e;
    }
    free(zs->table);
    *zs = larger;
    return true;
}

static enum err full(struct dns_zones *zs)
{
    zs->n_refused++;
    return ERR_FULL;
}

COLD enum err dns_zones_put(struct dns_zones *zs, struct dns_zone *z)
{
    struct dns_key k;
    must(z->seed == zs->seed);
    dns_key_make(&k, dns_zone_origin(z), zs->seed);
    if (!reserve(zs))
        return full(zs);
    struct dns_zone_entry *e = find_slot(zs, k.hash[k.n], dns_zone_origin(z));
    if (e->zone) {
        dns_zone_release(e->zone);
        e->zone = z;
        return OK;
    }
    if (zs->n == zs->max)
        return full(zs);
    *e = (struct dns_zone_entry){z, k.hash[k.n], NULL};
    zs->depths[k.n / 64] |= UINT64_C(1) << k.n % 64;
    zs->n++;
    return OK;
}

COLD enum err dns_zones_remove(struct dns_zones *zs, struct bytes origin)
{
    struct dns_zone_entry *e = dns_zones_get(zs, origin);
    uint64_t mask = zs->n_slots - 1;
    if (!e)
        return ERR_NOT_FOUND;
    dns_zone_release(e->zone);
    uint64_t hole = (uint64_t)(e - zs->table);
    for (uint64_t i = (hole + 1) & mask; zs->table[i].zone; i = (i + 1) & mask) {
        if (((i - zs->table[i].hash) & mask) >= ((i - hole) & mask)) {
            zs->table[hole] = zs->table[i];
            hole = i;
        }
    }
    zs->table[hole] = (struct dns_zone_entry){.zone = NULL};
    zs->n--;
    return OK;
}

static struct dns_zone_entry *find_labels(const struct dns_zones *zs, const struct dns_key *k, unsigned labels)
{
    struct dns_zone_entry *e = find_slot(zs, k->hash[labels], dns_key_suffix(k, labels));
    return e->zone ? e : NULL;
}

struct dns_zone_entry *dns_zones_find_key(const struct dns_zones *zs, const struct dns_key *k, unsigned labels)
{
    if (zs->n == 0)
        return NULL;
    for (labels++; labels-- > 0;) {
        struct dns_zone_entry *e = dns_depth_has(zs->depths, labels) ? find_labels(zs, k, labels) : NULL;
        if (e)
            return e;
    }
    return NULL;
}

const struct dns_zone_entry *dns_zones_fetch_slot(const struct dns_zones *zs, const struct dns_key *k)
{
    const struct dns_zone_entry *e = dns_zones_find_key(zs, k, k->n);
    if (e)
        __builtin_prefetch(dns_table_slot(e->zone, k));
    return e;
}

void dns_zones_fetch_node(const struct dns_zone_entry *e, const struct dns_key *k)
{
    dns_table_fetch_node(e->zone, k);
}

struct dns_zone_entry *dns_zones_get(const struct dns_zones *zs, struct bytes origin)
{
    struct dns_key k;
    dns_key_make(&k, origin, zs->seed);
    return zs->n ? find_labels(zs, &k, k.n) : NULL;
}

struct dns_zone_entry *dns_zones_find(const struct dns_zones *zs, struct bytes name)
{
    struct dns_key k __attribute__((uninitialized));
    dns_key_make(&k, name, zs->seed);
    return dns_zones_find_key(zs, &k, k.n);
}

struct dns_zone_entry *dns_zones_next(const struct dns_zones *zs, uint32_t *at)
{
    while (*at < zs->n_slots) {
        struct dns_zone_entry *e = &zs->table[(*at)++];
        if (e->zone)
            return e;
    }
    return NULL;
}
