/* SPDX-License-Identifier: ISC */
/* The order of a zone that was filled in another one: nodes are sorted by the first bytes of their names, which lie beside them,
 * those that have the same by the next, and only then by the names themselves, each of which is elsewhere in memory. */
#include "proto/dns_store.h"

#include <jinn/must.h>

enum { FEW = 12, RANGES_MAX = 64 };

struct item {
    uint64_t key;
    struct dns_node *node;
};

struct range {
    size_t from, to;
};

struct sorting {
    struct item *item;
    bool by_name; /* where keys are the same; else these stay in any order */
    uint64_t random;
};

static bool is_before(const struct sorting *s, const struct item *a, const struct item *b)
{
    if (a->key != b->key || !s->by_name)
        return a->key < b->key;
    return dns_name_compare(dns_node_name(a->node), dns_node_name(b->node)) < 0;
}

static void swap(struct item *a, struct item *b)
{
    struct item was = *a;
    *a = *b;
    *b = was;
}

static void sort_few(const struct sorting *s, struct range r)
{
    for (size_t i = r.from + 1; i < r.to; i++) {
        struct item moving = s->item[i];
        size_t at = i;
        for (; at > r.from && is_before(s, &moving, &s->item[at - 1]); at--)
            s->item[at] = s->item[at - 1];
        s->item[at] = moving;
    }
}

/* Where the second part begins, none of which is before any of the first. Both have at least one. The pivot is chosen by a
 * secret number, so that no zone can be made for which this takes long. */
static size_t split(struct sorting *s, struct range r)
{
    struct item pivot;
    size_t i = r.from, k = r.to - 1;
    s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    swap(&s->item[r.from], &s->item[r.from + (size_t)(s->random >> 32) % (r.to - r.from)]);
    pivot = s->item[r.from];
    for (;; i++, k--) {
        while (is_before(s, &s->item[i], &pivot))
            i++;
        while (is_before(s, &pivot, &s->item[k]))
            k--;
        if (i >= k)
            return k + 1;
        swap(&s->item[i], &s->item[k]);
    }
}

/* The larger part waits, so that no more of them wait than the number has bits. */
static void sort(struct sorting *s, struct range r)
{
    struct range waiting[RANGES_MAX];
    unsigned n = 0;
    for (;;) {
        while (r.to - r.from > FEW) {
            size_t middle = split(s, r);
            struct range low = {r.from, middle}, high = {middle, r.to};
            bool low_is_less = middle - r.from < r.to - middle;
            must(n < RANGES_MAX);
            waiting[n++] = low_is_less ? high : low;
            r = low_is_less ? low : high;
        }
        sort_few(s, r);
        if (n == 0)
            return;
        r = waiting[--n];
    }
}

static void sort_all(const struct dns_order *o, struct sorting *s, size_t n)
{
    struct range same = {0, 0};
    s->by_name = false;
    sort(s, (struct range){0, n});
    s->by_name = true;
    for (; same.from < n; same.from = same.to) {
        uint64_t key = s->item[same.from].key;
        for (same.to = same.from; same.to < n && s->item[same.to].key == key; same.to++)
            ;
        for (size_t i = same.from; i < same.to && same.to - same.from > 1; i++)
            s->item[i].key = dns_order_prefix(o, dns_node_name(s->item[i].node), sizeof key);
        sort(s, same);
    }
}

static size_t count(const struct dns_order *o)
{
    size_t n = 0;
    for (uint32_t i = 0; i < o->n; i++)
        n += o->branch[i].leaf->n;
    return n;
}

static bool make_order(struct dns_zone *z, struct dns_order *o)
{
    size_t n = count(o), at = 0;
    struct sorting s = {.item = dns_zone_malloc(z, n * sizeof *s.item), .random = z->seed};
    if (!s.item)
        return false;
    for (struct dns_place p = {0, 0}; p.leaf < o->n; p.leaf++) {
        for (p.at = 0; p.at < o->branch[p.leaf].leaf->n; p.at++) {
            struct dns_node *node = o->branch[p.leaf].leaf->node[p.at];
            s.item[at++] = (struct item){dns_order_prefix(o, dns_node_name(node), 0), node};
        }
    }
    sort_all(o, &s, n);
    at = 0;
    for (struct dns_place p = {0, 0}; p.leaf < o->n; p.leaf++) {
        for (p.at = 0; p.at < o->branch[p.leaf].leaf->n; p.at++)
            o->branch[p.leaf].leaf->node[p.at] = s.item[at++].node;
        o->branch[p.leaf].first = dns_order_prefix(o, dns_node_name(o->branch[p.leaf].leaf->node[0]), 0);
    }
    dns_zone_free(z, s.item, n * sizeof *s.item);
    o->shape++;
    return true;
}

void dns_zone_fill_begin(struct dns_zone *z)
{
    must(!z->in_change && list_empty(&z->readers));
    for (unsigned i = 0; i < N_SPACES; i++)
        z->order[i].is_filling = z->order[i].is_sorted = true;
}

enum err dns_zone_fill_end(struct dns_zone *z)
{
    for (unsigned i = 0; i < N_SPACES; i++) {
        struct dns_order *o = &z->order[i];
        must(o->is_filling);
        if (!o->is_sorted && !make_order(z, o)) {
            z->stats.n_refused++;
            return ERR_FULL;
        }
        o->is_filling = false;
    }
    return OK;
}
