/* SPDX-License-Identifier: ISC */
/* Names of a zone: made when they get records, with their ancestors, which exist then too (RFC 4592 2.2.2: empty
 * non-terminals); gone with the last of what lies at them or below. */
#include "proto/dns_store.h"

#include <jinn/must.h>

static size_t node_len(size_t name_len)
{
    return offsetof(struct dns_node, name) + name_len;
}

struct dns_node *dns_node_make(struct dns_zone *z, const struct dns_key *k, unsigned labels, unsigned space)
{
    struct bytes name = bytes_slice(k->given, k->at[labels], k->given.len);
    size_t len = node_len(name.len);
    struct dns_node *n = dns_table_reserve(z) ? dns_arena_take(z, &len) : NULL;
    if (!n)
        return NULL;
    *n = (struct dns_node){.space = (uint8_t)space, .len = (uint8_t)name.len};
    memcpy(n->name, name.data, name.len);
    if (!dns_order_add(z, &z->order[space], n)) {
        dns_arena_give(z, n, node_len(name.len));
        return NULL;
    }
    dns_table_add(z, n, k, labels);
    if (space == SPACE_NAMES && dns_name_is_wildcard(name))
        z->has_wildcards = true;
    return n;
}

void dns_node_free(struct dns_zone *z, struct dns_node *n)
{
    dns_table_remove(z, n);
    dns_order_remove(z, &z->order[n->space], n);
    dns_arena_give(z, n, node_len(n->len));
}

bool dns_node_make_ancestors(struct dns_zone *z, const struct dns_key *k, unsigned space)
{
    struct dns_node *n;
    uint64_t made[2] = {0, 0};
    if (space != SPACE_NAMES)
        return true;
    for (unsigned labels = k->n; labels-- > z->n_labels;) {
        n = dns_table_find(z, k, labels, space);
        if (n && dns_node_exists(n))
            return true;
        if (n)
            continue;
        if (!dns_node_make(z, k, labels, space)) {
            while (++labels < k->n) {
                if (dns_depth_has(made, labels))
                    dns_node_free(z, dns_table_find(z, k, labels, space));
            }
            return false;
        }
        made[labels / 64] |= UINT64_C(1) << labels % 64;
    }
    return true;
}

/* Children of the origin, as most are, need no key to find it. */
static struct dns_node *parent_of(const struct dns_zone *z, const struct dns_node *n, struct dns_key *k)
{
    if (dns_name_labels(dns_node_name(n)) == z->n_labels + 1)
        return z->apex;
    dns_key_make(k, dns_node_name(n), z->seed);
    return dns_table_find(z, k, k->n - 1u, SPACE_NAMES);
}

void dns_node_appeared(struct dns_zone *z, const struct dns_node *n)
{
    struct dns_key k __attribute__((uninitialized)); /* for each name that is loaded */
    bool existed = n->space != SPACE_NAMES || n == z->apex;
    for (; !existed; z->stats.n_names++) {
        struct dns_node *parent = parent_of(z, n, &k);
        must(parent);
        existed = dns_node_exists(parent);
        parent->n_below++;
        n = parent;
    }
}

void dns_node_vanished(struct dns_zone *z, const struct dns_node *n)
{
    struct dns_key k;
    bool exists = n->space != SPACE_NAMES || n == z->apex;
    for (; !exists; z->stats.n_names--) {
        struct dns_node *parent = parent_of(z, n, &k);
        must(parent && parent->n_below);
        parent->n_below--;
        exists = dns_node_exists(parent);
        n = parent;
    }
}

void dns_node_prune(struct dns_zone *z, struct dns_node *n)
{
    struct dns_key k;
    if (n == z->apex || dns_node_exists(n))
        return;
    dns_key_make(&k, dns_node_name(n), z->seed);
    unsigned labels = n->space == SPACE_NAMES ? k.n : z->n_labels + 1;
    if (!n->sets)
        dns_node_free(z, n);
    while (--labels > z->n_labels) {
        n = dns_table_find(z, &k, labels, SPACE_NAMES);
        if (!n || n->sets || n->touched || dns_node_exists(n))
            return;
        dns_node_free(z, n);
    }
}
