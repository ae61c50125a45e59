/* SPDX-License-Identifier: ISC */
/* A cursor stands at nodes that have a set of its version. Such a set is not freed while the cursor is open, and a node with
 * sets neither, so what it points to stays; only places in the order move. */
#include "proto/dns_store.h"

#include <jinn/must.h>

static bool is_visible(const struct dns_set *s, uint32_t version)
{
    return s->born <= version && s->died > version;
}

/* The first of this version, by type, from `from` on. */
static const struct dns_set *next_set(const struct dns_node *n, uint32_t version, uint64_t from)
{
    const struct dns_set *best = NULL;
    for (const struct dns_set *s = n->sets; s; s = s->next) {
        if (is_visible(s, version) && dns_set_key(s) >= from && (!best || dns_set_key(s) < dns_set_key(best)))
            best = s;
    }
    return best;
}

/* Goes on from its place to a node with something to see. */
static void settle(struct dns_cursor *c, unsigned space)
{
    const struct dns_order *o = &c->zone->order[space];
    struct dns_node *n;
    while ((n = dns_order_at(o, &c->place[space])) && !next_set(n, c->version, 0))
        c->place[space].at++;
    c->node[space] = n;
    c->shape[space] = o->shape;
}

static void step(struct dns_cursor *c, unsigned space)
{
    const struct dns_order *o = &c->zone->order[space];
    if (c->shape[space] != o->shape)
        c->place[space] = dns_order_find(o, dns_node_name(c->node[space]));
    must(dns_order_at(o, &c->place[space]) == c->node[space]);
    c->place[space].at++;
    settle(c, space);
}

static void choose(struct dns_cursor *c)
{
    const struct dns_node *name = c->node[SPACE_NAMES], *nsec3 = c->node[SPACE_NSEC3];
    c->from = 0;
    c->space = nsec3 && (!name || dns_name_compare(dns_node_name(nsec3), dns_node_name(name)) < 0);
}

void dns_cursor_open(struct dns_cursor *c, struct dns_zone *z, struct bytes from)
{
    must(!z->in_change);
    *c = (struct dns_cursor){.zone = dns_zone_hold(z), .version = z->version};
    list_append(&z->readers, &c->link);
    for (unsigned space = 0; space < N_SPACES; space++) {
        c->place[space] = dns_order_find(&z->order[space], from);
        settle(c, space);
    }
    choose(c);
}

bool dns_cursor_next(struct dns_cursor *c, struct bytes *name, const struct dns_set **set)
{
    struct dns_node *n;
    while ((n = c->node[c->space])) {
        *set = next_set(n, c->version, c->from);
        if (*set) {
            *name = dns_node_name(n);
            c->from = dns_set_key(*set) + UINT64_C(1);
            return true;
        }
        step(c, c->space);
        choose(c);
    }
    return false;
}

void dns_cursor_close(struct dns_cursor *c)
{
    struct dns_zone *z = c->zone;
    list_remove(&c->link);
    dns_log_sweep(z);
    c->zone = NULL;
    dns_zone_release(z);
}
