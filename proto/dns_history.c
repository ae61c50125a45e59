/* SPDX-License-Identifier: ISC */
#include "proto/dns_history.h"

#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { RECORD_BYTES = 2 + 4 + 2 };

void dns_entry_hold(struct dns_entry *e)
{
    e->n_held++;
}

void dns_entry_release(struct dns_entry *e)
{
    if (e && --e->n_held == 0)
        free(e);
}

static enum err entry_new(size_t len, struct dns_entry **e)
{
    *e = calloc(1, sizeof **e + len);
    if (!*e)
        return ERR_FULL;
    list_init(&(*e)->link);
    (*e)->n_held = 1;
    (*e)->len = len;
    return OK;
}

/* ---- From a zone's changes ---- */

struct gathering {
    size_t len;
    unsigned n[2]; /* SOAs, removed and added */
    struct writer w;
    bool first; /* the pass over the records that stand first: the SOAs */
    bool added; /* the pass over what was added */
    uint32_t count;
    uint32_t serial;
};

static enum err measure(void *user, const struct dns_change *c)
{
    struct gathering *g = user;
    g->len += c->name.len + RECORD_BYTES + c->rdata.len;
    g->n[c->added] += c->type == DNS_SOA;
    return OK;
}

static enum err gather(void *user, const struct dns_change *c)
{
    struct gathering *g = user;
    struct dns_soa soa;
    if (c->added != g->added || (c->type == DNS_SOA) != g->first)
        return OK;
    write_bytes(&g->w, c->name);
    write_be16(&g->w, c->type);
    write_be32(&g->w, c->ttl);
    write_be16(&g->w, (uint16_t)c->rdata.len);
    write_bytes(&g->w, c->rdata);
    g->count++;
    if (g->first && dns_soa_read(c->rdata, &soa))
        g->serial = soa.serial;
    return OK;
}

static enum err gather_all(const struct dns_zone *z, struct gathering *g, bool added, uint32_t *n, uint32_t *serial)
{
    g->added = added;
    g->count = 0;
    g->first = true;
    enum err e = dns_zone_each_change(z, gather, g);
    *serial = g->serial;
    g->first = false;
    if (!e)
        e = dns_zone_each_change(z, gather, g);
    *n = g->count;
    return e;
}

enum err dns_entry_of_changes(const struct dns_zone *z, struct dns_entry **e)
{
    struct gathering g = {0};
    struct dns_entry *entry;
    enum err problem = dns_zone_each_change(z, measure, &g);
    if (!problem && g.len == 0)
        return ERR_NOT_FOUND;
    if (!problem && (g.n[0] != 1 || g.n[1] != 1))
        return ERR_INVALID;
    if (problem || (problem = entry_new(g.len, &entry)))
        return problem;
    g.w = writer_of(entry->data, entry->len);
    problem = gather_all(z, &g, false, &entry->n_removed, &entry->from);
    if (!problem)
        problem = gather_all(z, &g, true, &entry->n_added, &entry->to);
    must(problem || (writer_good(&g.w) && writer_left(&g.w) == 0));
    *e = entry;
    if (problem)
        dns_entry_release(entry);
    return problem;
}

/* ---- Reading ---- */

bool dns_entry_record(struct reader *r, struct dns_change *c)
{
    if (reader_left(r) == 0)
        return false;
    c->name = dns_name_take(r);
    c->type = read_be16(r);
    c->ttl = read_be32(r);
    c->rdata = read_bytes(r, read_be16(r));
    return reader_good(r);
}

static bool read_soa(const struct dns_change *c, uint32_t *serial)
{
    struct dns_soa soa;
    bool good = c->type == DNS_SOA && dns_soa_read(c->rdata, &soa);
    if (good)
        *serial = soa.serial;
    return good;
}

/* The second SOA is where what was added begins. */
static bool check(struct dns_entry *e)
{
    struct reader r = reader_of(bytes_of(e->data, e->len));
    struct dns_change c;
    uint32_t n_soa = 0, n[2] = {0};
    while (dns_entry_record(&r, &c)) {
        if (c.type == DNS_SOA && (++n_soa > 2 || !read_soa(&c, n_soa == 1 ? &e->from : &e->to)))
            return false;
        if (n_soa == 0 || dns_type_is_meta(c.type) || !dns_rdata_is_good(c.type, c.rdata))
            return false;
        n[n_soa - 1]++;
    }
    e->n_removed = n[0];
    e->n_added = n[1];
    return reader_good(&r) && n_soa == 2;
}

enum err dns_entry_parse(struct bytes data, struct dns_entry **e)
{
    enum err problem = entry_new(data.len, e);
    if (problem)
        return problem;
    memcpy((*e)->data, data.data, data.len);
    if (check(*e))
        return OK;
    dns_entry_release(*e);
    *e = NULL;
    return ERR_MALFORMED;
}

enum err dns_entry_apply(const struct dns_entry *e, struct dns_zone *z)
{
    struct reader r = reader_of(bytes_of(e->data, e->len));
    struct dns_change c;
    if (dns_zone_serial(z) != e->from)
        return ERR_INVALID;
    for (uint32_t i = 0; dns_entry_record(&r, &c); i++) {
        enum err problem = i < e->n_removed ? dns_zone_remove(z, c.name, c.type, c.rdata)
                                            : dns_zone_add(z, c.name, c.type, c.ttl, c.rdata);
        if (problem == ERR_FULL || problem == ERR_TOO_LARGE)
            return problem;
        if (problem && !(i >= e->n_removed && problem == ERR_IN_USE))
            return ERR_INVALID;
    }
    return OK;
}

/* ---- A history ---- */

static struct dns_entry *entry_at(struct list *node)
{
    return CONTAINER_OF(node, struct dns_entry, link);
}

void dns_history_init(struct dns_history *h, size_t limit_bytes)
{
    *h = (struct dns_history){.limit_bytes = limit_bytes};
    list_init(&h->entries);
}

static void drop(struct dns_history *h, struct dns_entry *e)
{
    list_remove(&e->link);
    h->bytes -= sizeof *e + e->len;
    dns_entry_release(e);
}

void dns_history_clear(struct dns_history *h)
{
    LIST_EACH(&h->entries, node)
    drop(h, entry_at(node));
}

void dns_history_add(struct dns_history *h, struct dns_entry *e)
{
    if (!list_empty(&h->entries) && entry_at(h->entries.prev)->to != e->from)
        dns_history_clear(h);
    list_append(&h->entries, &e->link);
    h->bytes += sizeof *e + e->len;
    while (h->bytes > h->limit_bytes) {
        h->n_dropped++;
        drop(h, entry_at(h->entries.next));
    }
}

struct dns_entry *dns_history_find(const struct dns_history *h, uint32_t serial)
{
    LIST_EACH(&h->entries, node)
    {
        if (entry_at(node)->from == serial)
            return entry_at(node);
    }
    return NULL;
}

struct dns_entry *dns_history_next(const struct dns_history *h, struct dns_entry *e)
{
    return e->link.next == &h->entries ? NULL : entry_at(e->link.next);
}
