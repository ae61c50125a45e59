/* SPDX-License-Identifier: ISC */
/* Two zones serve as sets of records: those removed of what there was, and those added to it. A record that is removed leaves the
 * added ones or else goes to the removed ones; one that is added, the other way round. Since what changes of TTL alone is
 * removed and added, all records of a set that are on one side have the same TTL, as a zone wants it. */
#include "proto/dns_merge.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { RECORD_BYTES = 2 + 4 + 2 };

struct merged {
    struct list link;
    struct dns_zone *removed, *added;
    uint32_t to;
};

static struct merged *merged_at(struct list *node)
{
    return CONTAINER_OF(node, struct merged, link);
}

static void forget(struct merged *m)
{
    list_remove(&m->link);
    dns_zone_release(m->removed);
    dns_zone_release(m->added);
    free(m);
}

void dns_merge_init(struct dns_merge *m)
{
    list_init(&m->zones);
}

void dns_merge_free(struct dns_merge *m)
{
    LIST_EACH(&m->zones, node)
    forget(merged_at(node));
}

static struct merged *find(struct dns_merge *m, struct bytes origin)
{
    LIST_EACH(&m->zones, node)
    {
        if (dns_name_equal(dns_zone_origin(merged_at(node)->removed), origin))
            return merged_at(node);
    }
    return NULL;
}

static struct merged *make(struct dns_merge *m, struct bytes origin)
{
    struct merged *made = calloc(1, sizeof *made);
    if (!made)
        return NULL;
    list_append(&m->zones, &made->link);
    if (dns_zone_new(origin, 0, SIZE_MAX, &made->removed) == OK &&
        dns_zone_new(origin, 0, SIZE_MAX, &made->added) == OK)
        return made;
    forget(made);
    return NULL;
}

/* Byte for byte: a name that changed its case has changed. */
static bool has_exactly(const struct dns_zone *z, const struct dns_change *c)
{
    struct bytes rdata;
    const struct dns_set *set = c->type == DNS_RRSIG ? NULL : dns_zone_find(z, c->name, c->type);
    for (size_t at = 0; set && set->ttl == c->ttl && dns_set_record(set, &at, &rdata);) {
        if (bytes_equal(rdata, c->rdata))
            return true;
    }
    return false;
}

static enum err put(struct dns_zone *z, const struct dns_change *c)
{
    enum err e = dns_zone_add(z, c->name, c->type, c->ttl, c->rdata);
    return e == ERR_IN_USE ? OK : e;
}

static enum err take_removed(struct merged *m, const struct dns_change *c)
{
    enum err e = dns_zone_remove(m->added, c->name, c->type, c->rdata);
    return e == ERR_NOT_FOUND ? put(m->removed, c) : e;
}

/* A change always has both its SOAs, also one that leads around to where it began. */
static enum err take_added(struct merged *m, const struct dns_change *c)
{
    if (c->type != DNS_SOA && has_exactly(m->removed, c))
        return dns_zone_remove(m->removed, c->name, c->type, c->rdata);
    return put(m->added, c);
}

static enum err take_all(struct merged *m, const struct dns_entry *e)
{
    struct reader r = reader_of(bytes_of(e->data, e->len));
    struct dns_change c;
    enum err problem = OK;
    for (uint32_t i = 0; !problem && dns_entry_record(&r, &c); i++)
        problem = i < e->n_removed ? take_removed(m, &c) : take_added(m, &c);
    m->to = e->to;
    return problem == OK || problem == ERR_FULL ? problem : ERR_MALFORMED;
}

enum err dns_merge_add(struct dns_merge *m, struct bytes origin, struct bytes data)
{
    struct dns_entry *entry;
    enum err e = dns_entry_parse(data, &entry);
    if (e)
        return e;
    struct merged *zone = find(m, origin);
    if (zone && zone->to != entry->from) {
        forget(zone);
        zone = NULL;
    }
    if (!zone)
        zone = make(m, origin);
    e = zone ? take_all(zone, entry) : ERR_FULL;
    dns_entry_release(entry);
    return e;
}

/* ---- Out ---- */

typedef void set_fn(void *user, struct bytes name, const struct dns_set *set);

/* The SOA first. */
static void each_set(struct dns_zone *z, set_fn *each, void *user)
{
    struct dns_cursor c;
    struct bytes name;
    const struct dns_set *set, *soa = dns_zone_find(z, dns_zone_origin(z), DNS_SOA);
    if (soa)
        each(user, dns_zone_origin(z), soa);
    dns_cursor_open(&c, z, dns_zone_origin(z));
    while (dns_cursor_next(&c, &name, &set)) {
        if (set->type != DNS_SOA)
            each(user, name, set);
    }
    dns_cursor_close(&c);
}

static void measure(void *user, struct bytes name, const struct dns_set *set)
{
    size_t *len = user;
    struct bytes rdata;
    for (size_t at = 0; dns_set_record(set, &at, &rdata);)
        *len += name.len + RECORD_BYTES + rdata.len;
}

static void write(void *user, struct bytes name, const struct dns_set *set)
{
    struct writer *w = user;
    struct bytes rdata;
    for (size_t at = 0; dns_set_record(set, &at, &rdata);) {
        write_bytes(w, name);
        write_be16(w, set->type);
        write_be32(w, set->ttl);
        write_be16(w, (uint16_t)rdata.len);
        write_bytes(w, rdata);
    }
}

enum err dns_merge_each(struct dns_merge *m, enum err (*each)(void *user, struct bytes origin, struct bytes data),
                        void *user)
{
    enum err e = OK;
    LIST_EACH(&m->zones, node)
    {
        struct merged *zone = merged_at(node);
        size_t len = 0;
        each_set(zone->removed, measure, &len);
        each_set(zone->added, measure, &len);
        uint8_t *data = malloc(len);
        if (!data)
            return ERR_FULL;
        struct writer w = writer_of(data, len);
        each_set(zone->removed, write, &w);
        each_set(zone->added, write, &w);
        must(writer_good(&w) && writer_left(&w) == 0);
        e = each(user, dns_zone_origin(zone->removed), writer_bytes(&w));
        free(data);
        if (e)
            return e;
    }
    return OK;
}
