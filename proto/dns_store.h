/* SPDX-License-Identifier: ISC */
/* What a zone is made of; for the files of dns_zone and dns_answer only.
 *
 *   table   hash -> node, open addressing; the pointer's free 16 bits hold some of the hash, so that a slot of another name
 *           is passed over without a look at its node
 *   node    a name: its sets, those of this version first, by type; it exists while it has such or a child that exists, so
 *           that of a name's ancestors those nearer to the origin exist if any does
 *   order   all nodes in canonical order, in leaves of some 60 pointers
 *   log     what was replaced and is still needed, by an open change or by cursors, the oldest first
 *
 * NSEC3 and its signatures lie in a space of names of their own (RFC 5155 7.2.8: their owners don't exist otherwise). All
 * nodes, sets and leaves come from an arena. */
#ifndef PROTO_DNS_STORE_H
#define PROTO_DNS_STORE_H

#include "proto/dns_key.h"
#include "proto/dns_zone.h"

enum { SPACE_NAMES, SPACE_NSEC3, N_SPACES };

/* What `died` of a set is while it lives: above any version. The low bits then are its place in the log, plus one, if the
 * change that is open made it. */
#define SET_ALIVE 0x80000000u
#define VERSION_MAX (SET_ALIVE - 1)

struct dns_node {
    struct dns_set *sets;
    uint32_t n_below; /* children that exist */
    uint32_t hash;    /* its low half */
    uint8_t space;
    bool touched; /* the open change's log has it */
    uint8_t len;
    uint8_t name[];
};

struct dns_leaf {
    uint32_t n, max;
    struct dns_node *node[];
};

/* With the beginning of its first name, so that most comparisons need no look at the name itself. */
struct dns_branch {
    uint64_t first;
    struct dns_leaf *leaf;
};

struct dns_order {
    struct dns_branch *branch;
    uint32_t n, max;
    uint32_t shape;  /* changes whenever places do */
    uint32_t common; /* labels that all names have: those of the origin */
    bool is_filling; /* in the order of coming, until dns_zone_fill_end */
    bool is_sorted;  /* and that is canonical so far */
};

struct dns_log {
    struct dns_node *node;
    struct dns_set *before; /* NULL: there was none */
    struct dns_set *after;  /* NULL: gone; only looked at while the change is open */
    bool first;             /* of its node in this change */
};

#define ARENA_CLASSES 96

struct dns_chunk {
    struct dns_chunk *next;
};

struct dns_arena {
    uint8_t *at, *end; /* what is left of the newest chunk */
    struct dns_chunk *chunks;
    void **free; /* by class; made when first something is given back */
    size_t next_bytes;
};

struct dns_zone {
    uint64_t *table;
    uint32_t n_slots; /* a power of two */
    uint32_t n_nodes;
    uint64_t cuts[2]; /* numbers of labels at which there are, or were, delegations or DNAMEs */
    struct dns_node *apex;
    uint64_t seed;
    unsigned n_labels; /* of the origin */
    bool has_wildcards, expired, in_change;
    uint64_t mark; /* dns_zone_set_mark */

    unsigned n_holds;
    uint32_t version;
    struct dns_order order[N_SPACES];
    struct list readers; /* dns_cursor, the oldest first */
    struct dns_log *log;
    size_t log_from, n_log, log_max; /* from log_from to n_log is in use */
    size_t change_from;              /* where the open change's begins */
    struct dns_arena arena;
    struct dns_zone_stats stats;
};

/* ---- Names as they are looked for ---- */

static inline struct bytes dns_key_suffix(const struct dns_key *k, unsigned labels)
{
    return bytes_of(k->name.wire + k->at[labels], (size_t)k->name.len - k->at[labels]);
}

static inline struct bytes dns_node_name(const struct dns_node *n)
{
    return bytes_of(n->name, n->len);
}

static inline bool dns_set_alive(const struct dns_set *s)
{
    return s && s->died >= SET_ALIVE;
}

static inline bool dns_node_exists(const struct dns_node *n)
{
    return n->n_below || dns_set_alive(n->sets);
}

static inline uint32_t dns_set_key(const struct dns_set *s)
{
    return (uint32_t)s->type << 16 | s->covered;
}

static inline bool dns_depth_has(const uint64_t mask[2], unsigned depth)
{
    return mask[depth / 64] >> depth % 64 & 1;
}

/* ---- dns_table.c ---- */

/* The node, whether it exists or not, of the name's last so many labels; NULL: none. */
struct dns_node *dns_table_find(const struct dns_zone *z, const struct dns_key *k, unsigned labels, unsigned space);
/* Where the whole name begins to be looked for. */
const uint64_t *dns_table_slot(const struct dns_zone *z, const struct dns_key *k);
void dns_table_fetch_node(const struct dns_zone *z, const struct dns_key *k);
/* That of "*" below these; NULL: none. */
struct dns_node *dns_table_find_wildcard(const struct dns_zone *z, const struct dns_key *k, unsigned labels);
/* Makes room for one more. False: the limit. */
bool dns_table_reserve(struct dns_zone *z);
void dns_table_add(struct dns_zone *z, struct dns_node *n, const struct dns_key *k, unsigned labels);
void dns_table_remove(struct dns_zone *z, const struct dns_node *n);

/* ---- dns_order.c ---- */

/* The place of the first node whose name is not before `name`, which is one of the zone. `at` may be the end of a leaf, then the next one's first is
 * meant: dns_order_at knows. */
struct dns_place dns_order_find(const struct dns_order *o, struct bytes name);
struct dns_node *dns_order_at(const struct dns_order *o, struct dns_place *p);
/* The one before a place, which goes there. NULL: it was the first. */
struct dns_node *dns_order_back(const struct dns_order *o, struct dns_place *p);
/* Eight bytes of a name, behind the first `skip`, as they are compared: labels behind the common ones, from the right, small
 * letters, each with a zero behind it. It must not say that one name is before another when it is not: so 0 and 1 are the same
 * here, and nothing behind them counts. Those behind the first mean something between names of which these are the same. */
uint64_t dns_order_prefix(const struct dns_order *o, struct bytes name, unsigned skip);
/* False: the limit, and nothing has changed. */
bool dns_order_add(struct dns_zone *z, struct dns_order *o, struct dns_node *n);
void dns_order_remove(struct dns_zone *z, struct dns_order *o, const struct dns_node *n);

/* ---- dns_arena.c ---- */

/* As by malloc and free, within the zone's limit; NULL: reached. */
void *dns_zone_malloc(struct dns_zone *z, size_t len);
void dns_zone_free(struct dns_zone *z, void *p, size_t len);
/* At least *len bytes, aligned to 8; *len becomes what there is, and is given back with it. NULL: the limit. */
void *dns_arena_take(struct dns_zone *z, size_t *len);
void dns_arena_give(struct dns_zone *z, void *p, size_t len);
/* The object's end is the arena's: it becomes `more` bytes longer, a multiple of 8. */
bool dns_arena_extend(struct dns_zone *z, void *p, size_t len, size_t more);
void dns_arena_free(struct dns_zone *z);

/* ---- dns_nodes.c ---- */

/* A new node of the name's last so many labels, which doesn't exist yet. NULL: the limit. */
struct dns_node *dns_node_make(struct dns_zone *z, const struct dns_key *k, unsigned labels, unsigned space);
/* Nothing lies at it. */
void dns_node_free(struct dns_zone *z, struct dns_node *n);
/* Frees the node and those of its ancestors that nothing needs. */
void dns_node_prune(struct dns_zone *z, struct dns_node *n);
/* Makes all ancestors that will be needed when the node exists. False: the limit, nothing has changed. */
bool dns_node_make_ancestors(struct dns_zone *z, const struct dns_key *k, unsigned space);
/* Tells the ancestors that it exists now, or no longer. */
void dns_node_appeared(struct dns_zone *z, const struct dns_node *n);
void dns_node_vanished(struct dns_zone *z, const struct dns_node *n);

/* ---- dns_sets.c ---- */

const struct dns_set *dns_node_set(const struct dns_node *n, uint16_t type, uint16_t covered);
/* A set with room for so many bytes of records, and none in it. NULL: the limit. */
struct dns_set *dns_set_make(struct dns_zone *z, uint16_t type, uint16_t covered, uint32_t ttl, size_t len);
void dns_set_free(struct dns_zone *z, struct dns_set *s);
void dns_set_link(struct dns_node *n, struct dns_set *s);
void dns_set_unlink(struct dns_node *n, struct dns_set *s);
void dns_set_append(struct dns_set *s, struct bytes rdata);
bool dns_set_has_room(struct dns_zone *z, struct dns_set *s, size_t more);
/* Where the record with this data is; -1: nowhere. */
long dns_set_where(const struct dns_set *s, struct bytes rdata);
void dns_set_cut(struct dns_set *s, size_t at);
void dns_set_retime(struct dns_set *s, uint32_t ttl);
static inline size_t dns_record_len(const uint8_t *record)
{
    return DNS_SET_HEAD + ((size_t)record[10] << 8 | record[11]);
}

/* ---- dns_change.c ---- */

/* Room in the log for so many replacements. False: the limit. */
bool dns_log_reserve(struct dns_zone *z, size_t n);
/* Somebody may see the set as it is: it can't be changed in place. */
bool dns_set_is_frozen(const struct dns_zone *z, const struct dns_set *s);
/* Puts `after` into the place of `before` (one may be NULL). Frees what nobody needs. Ancestors have been made. */
void dns_node_replace(struct dns_zone *z, struct dns_node *n, struct dns_set *before, struct dns_set *after);
/* Frees what no cursor needs any longer. */
void dns_log_sweep(struct dns_zone *z);

/* ---- dns_nsec3.c ---- */

struct dns_nsec3_params;
/* The node with the NSEC3 of this hash, or the last before it around the end; NULL: there is none. */
const struct dns_node *dns_nsec3_node(const struct dns_zone *z, const struct dns_nsec3_params *p,
                                      const uint8_t hash[static DNS_NSEC3_HASH_BYTES], bool *exact);

/* ---- dns_zones.c ---- */

/* That with the most labels, at most so many, that the name is under. */
struct dns_zone_entry *dns_zones_find_key(const struct dns_zones *zs, const struct dns_key *k, unsigned labels);

#endif
