/* SPDX-License-Identifier: ISC */
/* Nodes in canonical order: an array of leaves, each a sorted array. Names that come in order, as from a canonical zone file or
 * a transfer, cost one comparison and fill leaves up; others about twenty, or their part of a sort (dns_fill.c). */
#include "proto/dns_store.h"

#include <jinn/must.h>

enum {
    LEAF_FIRST = 7, /* with these, a leaf is 64 and 512 bytes */
    LEAF_MAX = 63,
    LEAVES_FIRST = 8,
};

uint64_t dns_order_prefix(const struct dns_order *o, struct bytes name, unsigned skip)
{
    uint8_t at[DNS_LABELS_MAX] __attribute__((uninitialized)); /* for each name that is loaded; the first n are set */
    unsigned n = 0, left = 8;
    uint64_t v = 0;
    for (size_t i = 0; name.data[i]; i += 1u + name.data[i])
        at[n++] = (uint8_t)i;
    for (n = n > o->common ? n - o->common : 0; n && left;) {
        const uint8_t *label = name.data + at[--n];
        for (unsigned i = 1; i <= label[0] && left; i++) {
            uint8_t c = label[i] >= 'A' && label[i] <= 'Z' ? (uint8_t)(label[i] + 32) : label[i];
            if (c <= 1)
                return skip ? 0 : (v << 8 | 1) << 8 * (left - 1);
            if (skip) {
                skip--;
                continue;
            }
            v = v << 8 | c;
            left--;
        }
        if (skip) {
            skip--;
        } else if (left) {
            v <<= 8;
            left--;
        }
    }
    return left < 8 ? v << 8 * left : 0;
}

static const struct dns_leaf *leaf_at(const struct dns_order *o, uint32_t i)
{
    return o->branch[i].leaf;
}

/* The leaf begins with another name now. */
static void note_first(struct dns_order *o, uint32_t i)
{
    o->branch[i].first = dns_order_prefix(o, dns_node_name(o->branch[i].leaf->node[0]), 0);
}

static bool begins_before(const struct dns_branch *b, uint64_t first, struct bytes name)
{
    if (b->first != first)
        return b->first < first;
    return dns_name_compare(dns_node_name(b->leaf->node[0]), name) < 0;
}

/* The last leaf that begins before `name`, or the first of all. */
static uint32_t find_leaf(const struct dns_order *o, struct bytes name)
{
    uint64_t first = dns_order_prefix(o, name, 0);
    uint32_t low = 0, high = o->n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (begins_before(&o->branch[middle], first, name))
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct dns_place dns_order_find(const struct dns_order *o, struct bytes name)
{
    struct dns_place p = {0, 0};
    must(!o->is_filling);
    if (o->n == 0)
        return p;
    const struct dns_leaf *last = leaf_at(o, o->n - 1);
    if (dns_name_compare(dns_node_name(last->node[last->n - 1]), name) < 0)
        return (struct dns_place){o->n - 1, last->n};
    p.leaf = find_leaf(o, name);
    const struct dns_leaf *l = leaf_at(o, p.leaf);
    uint32_t low = 0, high = l->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (dns_name_compare(dns_node_name(l->node[middle]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    p.at = low;
    return p;
}

struct dns_node *dns_order_at(const struct dns_order *o, struct dns_place *p)
{
    if (p->leaf < o->n && p->at >= leaf_at(o, p->leaf)->n) {
        p->leaf++;
        p->at = 0;
    }
    return p->leaf < o->n ? leaf_at(o, p->leaf)->node[p->at] : NULL;
}

struct dns_node *dns_order_back(const struct dns_order *o, struct dns_place *p)
{
    if (p->at == 0) {
        if (p->leaf == 0)
            return NULL;
        p->at = leaf_at(o, --p->leaf)->n;
    }
    p->at--;
    return p->leaf < o->n ? leaf_at(o, p->leaf)->node[p->at] : NULL;
}

static struct dns_leaf *make_leaf(struct dns_zone *z, uint32_t max)
{
    size_t len = sizeof(struct dns_leaf) + max * sizeof(struct dns_node *);
    struct dns_leaf *l = dns_arena_take(z, &len);
    if (!l)
        return NULL;
    l->n = 0;
    l->max = max;
    return l;
}

static void free_leaf(struct dns_zone *z, struct dns_leaf *l)
{
    dns_arena_give(z, l, sizeof *l + l->max * sizeof l->node[0]);
}

static bool reserve_leaf(struct dns_zone *z, struct dns_order *o)
{
    if (o->n < o->max)
        return true;
    uint32_t max = o->max ? o->max * 2 : LEAVES_FIRST;
    struct dns_branch *branch = dns_zone_malloc(z, max * sizeof *branch);
    if (!branch)
        return false;
    if (o->n)
        memcpy(branch, o->branch, o->n * sizeof *branch);
    dns_zone_free(z, o->branch, o->max * sizeof *branch);
    o->branch = branch;
    o->max = max;
    return true;
}

static void insert_leaf(struct dns_order *o, uint32_t at, struct dns_leaf *l)
{
    memmove(o->branch + at + 1, o->branch + at, (o->n - at) * sizeof *o->branch);
    o->branch[at].leaf = l;
    o->n++;
}

/* Makes room for one at the place, which may move. */
static bool make_room(struct dns_zone *z, struct dns_order *o, struct dns_place *p)
{
    struct dns_leaf *l = o->n ? o->branch[p->leaf].leaf : NULL;
    if (l && l->n < l->max)
        return true;
    if (l && l->max < LEAF_MAX) {
        struct dns_leaf *larger = make_leaf(z, l->max * 3 < LEAF_MAX ? l->max * 3 : LEAF_MAX);
        if (!larger)
            return false;
        memcpy(larger->node, l->node, l->n * sizeof l->node[0]);
        larger->n = l->n;
        o->branch[p->leaf].leaf = larger;
        free_leaf(z, l);
        return true;
    }
    struct dns_leaf *new_leaf = reserve_leaf(z, o) ? make_leaf(z, l ? LEAF_MAX : LEAF_FIRST) : NULL;
    if (!new_leaf)
        return false;
    insert_leaf(o, l ? p->leaf + 1 : 0, new_leaf);
    if (!l)
        return true;
    /* At the end of all the full leaf stays full, else it's halved. */
    uint32_t stay = p->at == l->n && p->leaf + 2 == o->n ? l->n : l->n / 2;
    new_leaf->n = l->n - stay;
    memcpy(new_leaf->node, l->node + stay, new_leaf->n * sizeof l->node[0]);
    l->n = stay;
    if (new_leaf->n)
        note_first(o, p->leaf + 1);
    if (p->at > stay || stay == l->max)
        *p = (struct dns_place){p->leaf + 1, p->at - stay};
    return true;
}

/* While a zone is filled, new nodes go to the end. */
static struct dns_place find_end(struct dns_order *o, const struct dns_node *n)
{
    struct dns_place p = {0, 0};
    if (o->n) {
        const struct dns_leaf *last = leaf_at(o, o->n - 1);
        p = (struct dns_place){o->n - 1, last->n};
        o->is_sorted = o->is_sorted && dns_name_compare(dns_node_name(last->node[last->n - 1]), dns_node_name(n)) < 0;
    }
    return p;
}

bool dns_order_add(struct dns_zone *z, struct dns_order *o, struct dns_node *n)
{
    struct dns_place p = o->is_filling ? find_end(o, n) : dns_order_find(o, dns_node_name(n));
    if (!make_room(z, o, &p))
        return false;
    struct dns_leaf *l = o->branch[p.leaf].leaf;
    memmove(l->node + p.at + 1, l->node + p.at, (l->n - p.at) * sizeof l->node[0]);
    l->node[p.at] = n;
    l->n++;
    if (p.at == 0)
        note_first(o, p.leaf);
    o->shape++;
    return true;
}

/* Two neighbours that fit well into one leaf become one. */
static void join_leaves(struct dns_zone *z, struct dns_order *o, uint32_t at)
{
    if (at + 1 >= o->n || leaf_at(o, at)->n + leaf_at(o, at + 1)->n > leaf_at(o, at)->max * 3 / 4)
        return;
    struct dns_leaf *l = o->branch[at].leaf, *next = o->branch[at + 1].leaf;
    memcpy(l->node + l->n, next->node, next->n * sizeof l->node[0]);
    l->n += next->n;
    o->n--;
    memmove(o->branch + at + 1, o->branch + at + 2, (o->n - at - 1) * sizeof *o->branch);
    free_leaf(z, next);
}

/* While a zone is filled, only what was added last is taken back. */
static struct dns_place find_back(const struct dns_order *o, const struct dns_node *n)
{
    struct dns_place p = {o->n, 0};
    const struct dns_node *back;
    do {
        back = dns_order_back(o, &p);
    } while (back && back != n);
    return p;
}

void dns_order_remove(struct dns_zone *z, struct dns_order *o, const struct dns_node *n)
{
    struct dns_place p = o->is_filling ? find_back(o, n) : dns_order_find(o, dns_node_name(n));
    must(dns_order_at(o, &p) == n);
    struct dns_leaf *l = o->branch[p.leaf].leaf;
    l->n--;
    memmove(l->node + p.at, l->node + p.at + 1, (l->n - p.at) * sizeof l->node[0]);
    o->shape++;
    if (l->n == 0) {
        o->n--;
        memmove(o->branch + p.leaf, o->branch + p.leaf + 1, (o->n - p.leaf) * sizeof *o->branch);
        free_leaf(z, l);
        return;
    }
    if (p.at == 0)
        note_first(o, p.leaf);
    join_leaves(z, o, p.leaf);
    if (p.leaf > 0)
        join_leaves(z, o, p.leaf - 1);
}
