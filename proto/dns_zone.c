/* SPDX-License-Identifier: ISC */
#include "proto/dns_store.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

/* ---- The whole ---- */

static void free_all(struct dns_zone *z)
{
    for (int i = 0; i < N_SPACES; i++)
        free(z->order[i].branch);
    dns_arena_free(z);
    free(z->table);
    free(z->log);
    free(z);
}

COLD enum err dns_zone_new(struct bytes origin, uint64_t seed, size_t limit_bytes, struct dns_zone **zone)
{
    struct dns_key k;
    struct dns_zone *z = limit_bytes >= sizeof *z ? calloc(1, sizeof *z) : NULL;
    if (!z)
        return ERR_FULL;
    z->stats = (struct dns_zone_stats){.bytes = sizeof *z, .limit_bytes = limit_bytes, .n_names = 1};
    z->seed = seed;
    z->n_holds = 1;
    list_init(&z->readers);
    dns_key_make(&k, origin, seed);
    z->n_labels = k.n;
    z->order[SPACE_NAMES].common = z->order[SPACE_NSEC3].common = k.n;
    z->apex = dns_node_make(z, &k, k.n, SPACE_NAMES);
    if (!z->apex) {
        free_all(z);
        return ERR_FULL;
    }
    z->apex->n_below = 1; /* it always exists */
    *zone = z;
    return OK;
}

struct dns_zone *dns_zone_hold(struct dns_zone *z)
{
    z->n_holds++;
    return z;
}

COLD void dns_zone_release(struct dns_zone *z)
{
    if (!z || --z->n_holds)
        return;
    must(!z->in_change && list_empty(&z->readers));
    free_all(z);
}

struct bytes dns_zone_origin(const struct dns_zone *z)
{
    return dns_node_name(z->apex);
}

void dns_zone_stats(const struct dns_zone *z, struct dns_zone_stats *stats)
{
    *stats = z->stats;
    stats->n_readers = 0;
    LIST_EACH(&z->readers, at)
    stats->n_readers++;
}

void dns_zone_set_expired(struct dns_zone *z, bool expired)
{
    z->expired = expired;
}

bool dns_zone_is_expired(const struct dns_zone *z)
{
    return z->expired;
}

void dns_zone_set_mark(struct dns_zone *z, uint64_t mark)
{
    z->mark = mark;
}

uint64_t dns_zone_mark(const struct dns_zone *z)
{
    return z->mark;
}

/* ---- Adding ---- */

/* Where what is to be changed lies. */
struct spot {
    struct dns_key key;
    uint16_t type, covered;
    unsigned space;
    struct dns_node *node; /* NULL: none */
    struct dns_set *set;   /* NULL: none */
};

static unsigned space_of(uint16_t type, uint16_t covered)
{
    return type == DNS_NSEC3 || covered == DNS_NSEC3 ? SPACE_NSEC3 : SPACE_NAMES;
}

static uint16_t covered_of(uint16_t type, struct bytes rdata)
{
    struct reader r = reader_of(rdata);
    return type == DNS_RRSIG ? read_be16(&r) : 0;
}

static void find_spot(const struct dns_zone *z, struct spot *s, struct bytes name, uint16_t type, uint16_t covered)
{
    s->type = type;
    s->covered = covered;
    s->space = space_of(type, covered);
    dns_key_make(&s->key, name, z->seed);
    s->node = dns_table_find(z, &s->key, s->key.n, s->space);
    /* What is found by const functions here is the zone's own, which the caller may change. */
    s->set = s->node ? (struct dns_set *)(uintptr_t)dns_node_set(s->node, type, covered) : NULL;
}

static enum err full(struct dns_zone *z)
{
    z->stats.n_refused++;
    return ERR_FULL;
}

/* The places where lookups stop that go further down. */
static void note_cut(struct dns_zone *z, const struct spot *s)
{
    unsigned depth = s->key.n;
    if (s->type == DNS_DNAME || (s->type == DNS_NS && depth > z->n_labels))
        z->cuts[depth / 64] |= UINT64_C(1) << depth % 64;
}

/* The first record of a set. */
static enum err plant(struct dns_zone *z, struct spot *s, uint32_t ttl, struct bytes rdata)
{
    struct dns_set *set = NULL;
    struct dns_node *n = s->node;
    if (!dns_log_reserve(z, 1))
        return full(z);
    if (!n)
        n = dns_node_make(z, &s->key, s->key.n, s->space);
    if (n)
        set = dns_set_make(z, s->type, s->covered, ttl, DNS_SET_HEAD + rdata.len);
    if (!set || !dns_node_make_ancestors(z, &s->key, s->space)) {
        if (set)
            dns_set_free(z, set);
        if (n && !s->node)
            dns_node_free(z, n);
        return full(z);
    }
    dns_set_append(set, rdata);
    dns_node_replace(z, n, NULL, set);
    note_cut(z, s);
    return OK;
}

/* A copy of the set with so much more room. NULL: the limit. */
static struct dns_set *copy_set(struct dns_zone *z, const struct dns_set *s, size_t more)
{
    struct dns_set *copy = dns_log_reserve(z, 1) ? dns_set_make(z, s->type, s->covered, s->ttl, s->len + more) : NULL;
    if (!copy)
        return NULL;
    memcpy(copy->records, s->records, s->len);
    copy->len = s->len;
    copy->n = s->n;
    return copy;
}

static enum err grow(struct dns_zone *z, struct spot *s, uint32_t ttl, struct bytes rdata)
{
    struct dns_set *set = s->set;
    if (set->len + DNS_SET_HEAD + rdata.len > DNS_SET_BYTES)
        return ERR_TOO_LARGE;
    if (!dns_set_is_frozen(z, set) && dns_set_has_room(z, set, DNS_SET_HEAD + rdata.len)) {
        z->stats.n_records++;
    } else {
        set = copy_set(z, set, DNS_SET_HEAD + rdata.len);
        if (!set)
            return full(z);
    }
    if (set->ttl != ttl)
        dns_set_retime(set, ttl);
    dns_set_append(set, rdata);
    if (set != s->set)
        dns_node_replace(z, s->node, s->set, set);
    return OK;
}

static enum err retime(struct dns_zone *z, struct spot *s, uint32_t ttl)
{
    struct dns_set *set = s->set;
    if (set->ttl == ttl)
        return ERR_IN_USE;
    if (dns_set_is_frozen(z, set)) {
        set = copy_set(z, set, 0);
        if (!set)
            return full(z);
    }
    dns_set_retime(set, ttl);
    if (set != s->set)
        dns_node_replace(z, s->node, s->set, set);
    return ERR_IN_USE;
}

enum err dns_zone_add(struct dns_zone *z, struct bytes name, uint16_t type, uint32_t ttl, struct bytes rdata)
{
    struct spot s __attribute__((uninitialized)); /* for each record that is loaded */
    if (dns_type_is_meta(type) || !dns_name_is_under(name, dns_zone_origin(z)))
        return ERR_INVALID;
    if (rdata.len > DNS_SET_BYTES - DNS_SET_HEAD)
        return ERR_TOO_LARGE;
    find_spot(z, &s, name, type, covered_of(type, rdata));
    if (!s.set)
        return plant(z, &s, ttl, rdata);
    return dns_set_where(s.set, rdata) >= 0 ? retime(z, &s, ttl) : grow(z, &s, ttl, rdata);
}

/* ---- Removing ---- */

enum err dns_zone_remove(struct dns_zone *z, struct bytes name, uint16_t type, struct bytes rdata)
{
    struct spot s;
    find_spot(z, &s, name, type, covered_of(type, rdata));
    long at = s.set ? dns_set_where(s.set, rdata) : -1;
    struct dns_set *less = s.set;
    if (at < 0)
        return ERR_NOT_FOUND;
    if (s.set->n == 1) {
        if (!dns_log_reserve(z, 1))
            return full(z);
        dns_node_replace(z, s.node, s.set, NULL);
        return OK;
    }
    if (dns_set_is_frozen(z, s.set)) {
        less = copy_set(z, s.set, 0);
        if (!less)
            return full(z);
    } else {
        z->stats.n_records--;
    }
    dns_set_cut(less, (size_t)at);
    if (less != s.set)
        dns_node_replace(z, s.node, s.set, less);
    return OK;
}

/* Of type 0: all. */
static struct dns_set *find_any(const struct dns_node *n, uint16_t type)
{
    struct dns_set *s = n->sets;
    while (dns_set_alive(s) && type && s->type != type)
        s = s->next;
    return dns_set_alive(s) ? s : NULL;
}

/* All sets of a type at a node, or of all types; the node may be gone then. */
static enum err remove_sets(struct dns_zone *z, struct dns_node *n, uint16_t type)
{
    struct dns_set *s = n ? find_any(n, type) : NULL;
    size_t count = 0;
    if (!s)
        return ERR_NOT_FOUND;
    for (const struct dns_set *each = s; each; each = dns_set_next(each))
        count += !type || each->type == type;
    if (!dns_log_reserve(z, count))
        return full(z);
    for (; count; count--)
        dns_node_replace(z, n, find_any(n, type), NULL);
    return OK;
}

enum err dns_zone_remove_set(struct dns_zone *z, struct bytes name, uint16_t type)
{
    struct spot s;
    find_spot(z, &s, name, type, 0);
    return type ? remove_sets(z, s.node, type) : ERR_NOT_FOUND;
}

enum err dns_zone_remove_signatures(struct dns_zone *z, struct bytes name, uint16_t covered)
{
    struct spot s;
    find_spot(z, &s, name, DNS_RRSIG, covered);
    if (!s.set)
        return ERR_NOT_FOUND;
    if (!dns_log_reserve(z, 1))
        return full(z);
    dns_node_replace(z, s.node, s.set, NULL);
    return OK;
}

enum err dns_zone_remove_name(struct dns_zone *z, struct bytes name)
{
    struct spot s;
    find_spot(z, &s, name, 0, 0);
    return remove_sets(z, s.node, 0);
}
