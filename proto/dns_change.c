/* SPDX-License-Identifier: ISC */
/* Sets are replaced as a whole. Where a cursor or an open change may need the old one, it dies: it goes behind the living of
 * its name, with the version from which on it is no more, and into the log; when nobody needs it, it's freed. Else it is
 * freed at once, and the log is not used at all.
 *
 * While a change is open no node is freed, so that taking it back needs no memory and can't fail. */
#include "proto/dns_store.h"

#include <jinn/must.h>

enum { LOG_FIRST = 16 };

static bool is_needed(const struct dns_zone *z)
{
    return z->in_change || !list_empty(&z->readers);
}

/* The open change made it. */
static bool is_new(const struct dns_set *s)
{
    return s->died > SET_ALIVE;
}

bool dns_set_is_frozen(const struct dns_zone *z, const struct dns_set *s)
{
    return is_needed(z) && !is_new(s);
}

bool dns_log_reserve(struct dns_zone *z, size_t n)
{
    if (!is_needed(z) || z->log_max - z->n_log >= n)
        return true;
    size_t used = z->n_log - z->log_from, max = z->log_max ? z->log_max : LOG_FIRST;
    while (max < 2 * used || max < used + n)
        max *= 2;
    struct dns_log *log = dns_zone_malloc(z, max * sizeof *log);
    if (!log)
        return false;
    if (used)
        memcpy(log, z->log + z->log_from, used * sizeof *log);
    dns_zone_free(z, z->log, z->log_max * sizeof *log);
    z->log = log;
    z->log_max = max;
    z->change_from -= z->in_change ? z->log_from : 0;
    z->n_log = used;
    z->log_from = 0;
    return true;
}

/* What changes now is not seen by the cursors that there are. */
static void next_version(struct dns_zone *z)
{
    if (list_empty(&z->readers))
        return;
    const struct dns_cursor *newest = CONTAINER_OF(z->readers.prev, struct dns_cursor, link);
    if (newest->version == z->version && z->version < VERSION_MAX - 1)
        z->version++;
}

static void push(struct dns_zone *z, struct dns_node *n, struct dns_set *before, struct dns_set *after)
{
    must(z->n_log < z->log_max);
    z->log[z->n_log++] = (struct dns_log){n, before, after, z->in_change && !n->touched};
    if (!z->in_change)
        return;
    n->touched = true;
    if (after)
        after->died = SET_ALIVE | (uint32_t)(z->n_log - z->change_from);
}

static void count(struct dns_zone *z, const struct dns_set *s, int sign)
{
    z->stats.n_sets += (size_t)sign;
    z->stats.n_records += (size_t)(sign * s->n);
}

static void link_alive(struct dns_zone *z, struct dns_node *n, struct dns_set *s)
{
    dns_set_link(n, s);
    count(z, s, 1);
}

static void unlink_alive(struct dns_zone *z, struct dns_node *n, struct dns_set *s)
{
    dns_set_unlink(n, s);
    count(z, s, -1);
}

/* The old one goes, to the dead if it's needed, with an entry in the log where that is. */
static void put_away(struct dns_zone *z, struct dns_node *n, struct dns_set *before, struct dns_set *after)
{
    unlink_alive(z, n, before);
    if (is_new(before)) {
        struct dns_log *entry = &z->log[z->change_from + (before->died - SET_ALIVE) - 1];
        entry->after = after;
        if (after)
            after->died = before->died;
        dns_set_free(z, before);
    } else if (is_needed(z)) {
        before->died = z->version;
        dns_set_link(n, before);
        push(z, n, before, after);
    } else {
        dns_set_free(z, before);
    }
}

void dns_node_replace(struct dns_zone *z, struct dns_node *n, struct dns_set *before, struct dns_set *after)
{
    bool existed = dns_node_exists(n);
    if (!z->in_change)
        next_version(z);
    if (before)
        put_away(z, n, before, after);
    else if (z->in_change)
        push(z, n, NULL, after);
    if (after) {
        after->born = z->version;
        link_alive(z, n, after);
    }
    if (!existed && dns_node_exists(n))
        dns_node_appeared(z, n);
    if (existed && !dns_node_exists(n))
        dns_node_vanished(z, n);
    if (!z->in_change)
        dns_node_prune(z, n);
}

/* ---- The open change ---- */

void dns_zone_begin(struct dns_zone *z)
{
    must(!z->in_change);
    next_version(z);
    z->in_change = true;
    z->change_from = z->n_log;
}

/* Nodes that the change left empty. Each is in the log once as the first of its entries, so none is met after it's gone. */
static void prune_touched(struct dns_zone *z)
{
    for (size_t i = z->change_from; i < z->n_log; i++) {
        if (!z->log[i].first)
            continue;
        z->log[i].node->touched = false;
        dns_node_prune(z, z->log[i].node);
    }
}

static void free_dead(struct dns_zone *z, const struct dns_log *entry)
{
    dns_set_unlink(entry->node, entry->before);
    dns_set_free(z, entry->before);
}

void dns_zone_commit(struct dns_zone *z)
{
    bool is_read = !list_empty(&z->readers);
    size_t kept = z->change_from;
    must(z->in_change);
    z->in_change = false;
    for (size_t i = z->change_from; i < z->n_log; i++) {
        if (z->log[i].after)
            z->log[i].after->died = SET_ALIVE;
        if (z->log[i].before && !is_read)
            free_dead(z, &z->log[i]);
    }
    prune_touched(z);
    for (size_t i = z->change_from; i < z->n_log && is_read; i++) {
        if (z->log[i].before)
            z->log[kept++] = z->log[i];
    }
    z->n_log = kept;
    dns_log_sweep(z);
}

static void take_back(struct dns_zone *z, const struct dns_log *entry)
{
    struct dns_node *n = entry->node;
    bool existed = dns_node_exists(n);
    if (entry->after) {
        unlink_alive(z, n, entry->after);
        dns_set_free(z, entry->after);
    }
    if (entry->before) {
        dns_set_unlink(n, entry->before);
        entry->before->died = SET_ALIVE;
        link_alive(z, n, entry->before);
    }
    if (!existed && dns_node_exists(n))
        dns_node_appeared(z, n);
    if (existed && !dns_node_exists(n))
        dns_node_vanished(z, n);
}

void dns_zone_abort(struct dns_zone *z)
{
    must(z->in_change);
    for (size_t i = z->n_log; i-- > z->change_from;)
        take_back(z, &z->log[i]);
    z->in_change = false;
    prune_touched(z);
    z->n_log = z->change_from;
    dns_log_sweep(z);
}

/* The records of one version of a set that the other hasn't as they are. */
static enum err each_lost(const struct dns_node *n, const struct dns_set *s, const struct dns_set *other, bool added,
                          dns_change_fn *each, void *user)
{
    struct dns_change c = {.name = dns_node_name(n), .added = added};
    enum err e = OK;
    for (size_t at = 0; s && e == OK && dns_set_record(s, &at, &c.rdata);) {
        c.type = s->type;
        c.ttl = s->ttl;
        if (!other || other->ttl != s->ttl || dns_set_where(other, c.rdata) < 0)
            e = each(user, &c);
    }
    return e;
}

enum err dns_zone_each_change(const struct dns_zone *z, dns_change_fn *each, void *user)
{
    enum err e = OK;
    must(z->in_change);
    for (int added = 0; added < 2; added++) {
        for (size_t i = z->change_from; i < z->n_log && e == OK; i++) {
            const struct dns_log *l = &z->log[i];
            e = added ? each_lost(l->node, l->after, l->before, true, each, user)
                      : each_lost(l->node, l->before, l->after, false, each, user);
        }
    }
    return e;
}

void dns_log_sweep(struct dns_zone *z)
{
    if (z->in_change)
        return;
    for (; z->log_from < z->n_log; z->log_from++) {
        struct dns_log entry = z->log[z->log_from];
        if (!list_empty(&z->readers) &&
            entry.before->died > CONTAINER_OF(z->readers.next, struct dns_cursor, link)->version)
            return;
        free_dead(z, &entry);
        dns_node_prune(z, entry.node);
    }
    dns_zone_free(z, z->log, z->log_max * sizeof *z->log);
    z->log = NULL;
    z->log_from = z->n_log = z->log_max = 0;
}
