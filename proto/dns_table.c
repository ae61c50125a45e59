/* SPDX-License-Identifier: ISC */
/* Names by their hash. A name's hash is made label by label from the root, so that all its suffixes have theirs on the way;
 * the seed is secret, so nobody can choose names that meet. */
#include "proto/dns_store.h"

#include <jinn/must.h>

#define FACTOR UINT64_C(0x9e3779b97f4a7c15)
#define POINTER_BITS 48
#define POINTER_MASK ((UINT64_C(1) << POINTER_BITS) - 1)

enum { SLOTS_MIN = 8, LINE_BYTES = 64 };

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of the suffix that begins with this label, by that of what is behind it. Reads up to seven bytes behind the label. */
static uint64_t hash_label(uint64_t h, const uint8_t *label)
{
    unsigned n = 1u + label[0];
    uint64_t v;
    for (; n > 8; n -= 8, label += 8) {
        memcpy(&v, label, sizeof v);
        h = fold(h ^ v, FACTOR);
    }
    memcpy(&v, label, sizeof v);
    return fold(h ^ (v & UINT64_MAX >> (64 - 8 * n)), FACTOR);
}

void dns_key_make(struct dns_key *k, struct bytes name, uint64_t seed)
{
    const uint8_t *wire = (const uint8_t *)k + offsetof(struct dns_key, name.wire);
    uint8_t at[DNS_LABELS_MAX] __attribute__((uninitialized)); /* on each query's way; the first n are set */
    unsigned n = 0;
    k->given = name;
    dns_name_lower(&k->name, name);
    for (unsigned i = 0; wire[i]; i += 1u + wire[i])
        at[n++] = (uint8_t)i;
    k->n = (uint8_t)n;
    k->at[0] = (uint8_t)(k->name.len - 1);
    k->hash[0] = fold(seed, FACTOR);
    for (unsigned labels = 1; n; labels++) {
        k->at[labels] = at[--n];
        k->hash[labels] = hash_label(k->hash[labels - 1], wire + at[n]);
    }
}

static uint64_t space_hash(uint64_t hash, unsigned space)
{
    return space == SPACE_NAMES ? hash : ~hash;
}

static struct dns_node *slot_node(uint64_t slot)
{
    return (struct dns_node *)(uintptr_t)(slot & POINTER_MASK);
}

struct dns_node *dns_table_find(const struct dns_zone *z, const struct dns_key *k, unsigned labels, unsigned space)
{
    uint64_t hash = space_hash(k->hash[labels], space), slot;
    for (uint64_t i = hash;; i++) {
        slot = z->table[i & (z->n_slots - 1)];
        if (!slot)
            return NULL;
        if ((slot ^ hash) >> POINTER_BITS)
            continue;
        struct dns_node *n = slot_node(slot);
        if (n->space == space && dns_name_equal(dns_node_name(n), dns_key_suffix(k, labels)))
            return n;
    }
}

const uint64_t *dns_table_slot(const struct dns_zone *z, const struct dns_key *k)
{
    return &z->table[k->hash[k->n] & (z->n_slots - 1)];
}

/* The first that it may be, as a rule it is, with its first set, which lies behind it. */
void dns_table_fetch_node(const struct dns_zone *z, const struct dns_key *k)
{
    uint64_t hash = k->hash[k->n], slot;
    for (uint64_t i = hash; (slot = z->table[i & (z->n_slots - 1)]); i++) {
        if ((slot ^ hash) >> POINTER_BITS)
            continue;
        const uint8_t *n = (const uint8_t *)slot_node(slot);
        __builtin_prefetch(n);
        __builtin_prefetch(n + LINE_BYTES);
        __builtin_prefetch(n + LINE_BYTES + LINE_BYTES / 2);
        return;
    }
}

/* Is it "*" below `parent`? */
static bool is_wildcard_of(const struct dns_node *n, struct bytes parent)
{
    return n->space == SPACE_NAMES && n->len == parent.len + 2 && n->name[0] == 1 && n->name[1] == '*' &&
           dns_name_equal(bytes_of(n->name + 2, parent.len), parent);
}

struct dns_node *dns_table_find_wildcard(const struct dns_zone *z, const struct dns_key *k, unsigned labels)
{
    static const uint8_t star[8] = {1, '*'};
    uint64_t hash = hash_label(k->hash[labels], star), slot;
    if (!z->has_wildcards)
        return NULL;
    for (uint64_t i = hash;; i++) {
        slot = z->table[i & (z->n_slots - 1)];
        if (!slot)
            return NULL;
        if (!((slot ^ hash) >> POINTER_BITS) && is_wildcard_of(slot_node(slot), dns_key_suffix(k, labels)))
            return slot_node(slot);
    }
}

static void put(uint64_t *table, uint32_t n_slots, uint32_t hash, uint64_t slot)
{
    uint32_t i = hash & (n_slots - 1);
    while (table[i])
        i = (i + 1) & (n_slots - 1);
    table[i] = slot;
}

/* At most three quarters are taken: a name that isn't there is known after some eight slots, one line of the cache or two. */
COLD bool dns_table_reserve(struct dns_zone *z)
{
    if ((uint64_t)(z->n_nodes + 1) * 4 <= (uint64_t)z->n_slots * 3)
        return true;
    uint32_t n_slots = z->n_slots ? z->n_slots * 2 : SLOTS_MIN;
    uint64_t *table = n_slots ? dns_zone_malloc(z, n_slots * sizeof *table) : NULL;
    if (!table)
        return false;
    memset(table, 0, n_slots * sizeof *table);
    for (uint32_t i = 0; i < z->n_slots; i++) {
        if (z->table[i])
            put(table, n_slots, slot_node(z->table[i])->hash, z->table[i]);
    }
    dns_zone_free(z, z->table, z->n_slots * sizeof *table);
    z->table = table;
    z->n_slots = n_slots;
    return true;
}

void dns_table_add(struct dns_zone *z, struct dns_node *n, const struct dns_key *k, unsigned labels)
{
    uint64_t hash = space_hash(k->hash[labels], n->space), pointer = (uint64_t)(uintptr_t)n;
    must(pointer >> POINTER_BITS == 0);
    n->hash = (uint32_t)hash;
    put(z->table, z->n_slots, n->hash, pointer | hash >> POINTER_BITS << POINTER_BITS);
    z->n_nodes++;
}

/* What stands behind it moves up, where its own hash lets it: so no slot is ever marked as left. */
COLD void dns_table_remove(struct dns_zone *z, const struct dns_node *n)
{
    uint32_t mask = z->n_slots - 1, hole = n->hash & mask;
    while (slot_node(z->table[hole]) != n)
        hole = (hole + 1) & mask;
    for (uint32_t i = (hole + 1) & mask; z->table[i]; i = (i + 1) & mask) {
        uint32_t home = slot_node(z->table[i])->hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            z->table[hole] = z->table[i];
            hole = i;
        }
    }
    z->table[hole] = 0;
    z->n_nodes--;
}
