/* SPDX-License-Identifier: ISC */
/* Zones of the name server from zone files. */
#include "proto/dns_load.h"

#include <jinn/fiber.h>
#include <jinn/format.h>
#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

enum {
    PROBLEMS_MAX = 10, /* of one zone that are logged */
    TURN_RECORDS = 64, /* after as many others may run: some 50 us */
    NEAR_BYTES = 60    /* of a word that is shown */
};

#define SUFFIX ".zone"

/* ---- One zone ---- */

static void keep_or_log(struct dns_loading *l, const char text[static DNS_WHY_BYTES])
{
    if (l->brief)
        memcpy(l->why, text, DNS_WHY_BYTES);
    else
        log_error(&source, "%s", text);
}

static void say(struct dns_loading *l, const char *reason)
{
    const struct dns_zonefile *z = l->zonefile;
    char near[NEAR_BYTES + 3] = "", text[DNS_WHY_BYTES];
    if (z->near.len && z->near.len < NEAR_BYTES) {
        struct writer w = writer_of(near, sizeof near - 1);
        write_str(&w, ": ");
        write_bytes(&w, z->near);
        near[writer_len(&w)] = 0;
    }
    format(text, sizeof text, "%.*s:%u: %s%s", (int)z->file.len, (const char *)z->file.data, z->line, reason, near);
    keep_or_log(l, text);
}

static const char *take(struct dns_zone *zone, const struct dns_zonefile_record *r)
{
    switch (dns_zone_add(zone, r->name, r->type, r->ttl, r->rdata)) {
    case OK:
    case ERR_IN_USE: /* said twice */
        return NULL;
    case ERR_INVALID:
        return "not a name of this zone, or not a type that a zone has";
    case ERR_TOO_LARGE:
        return "more records of this name and type than an answer can hold";
    default:
        return "no memory for more records";
    }
}

/* ERR_MALFORMED: there were problems. ERR_CANCELLED. */
static enum err read_all(struct dns_loading *l, struct dns_zone *zone)
{
    struct dns_zonefile *z = l->zonefile;
    unsigned n = 0, turn = 0, most = l->brief ? 1 : PROBLEMS_MAX;
    for (enum dns_zonefile_event e; (e = dns_zonefile_next(z)) != DNS_ZONEFILE_END && n < most;) {
        const char *reason = e == DNS_ZONEFILE_ERROR ? z->reason : take(zone, &z->record);
        if (reason) {
            say(l, reason);
            n++;
        }
        if (++turn % TURN_RECORDS == 0) {
            enum err stopped = fiber_yield();
            if (stopped)
                return stopped;
        }
    }
    return n ? ERR_MALFORMED : OK;
}

/* Of a whole file. */
static void say_of(struct dns_loading *l, struct bytes file, const char *reason, const char *more)
{
    char text[DNS_WHY_BYTES];
    format(text, sizeof text, "%.*s: %s%s", (int)file.len, (const char *)file.data, reason, more);
    keep_or_log(l, text);
}

/* A zone with a SOA can be served, whatever else is wrong with it; the operator is told. */
static enum err check(struct dns_loading *l, const struct dns_zone *zone, struct bytes file)
{
    struct dns_soa soa;
    struct dns_name where = {.len = 0};
    char text[DNS_NAME_TEXT_BYTES] = "";
    const char *reason = dns_zone_check(zone, &where);
    if (!reason)
        return OK;
    if (where.len)
        dns_name_text(dns_name_bytes(&where), text);
    bool served = dns_zone_soa(zone, &soa);
    const char *between = where.len ? ": " : "";
    if (!served && l->brief)
        format(l->why, sizeof l->why, "%.*s: %s%s%s", (int)file.len, (const char *)file.data, reason, between, text);
    else
        log_warning(&source, "%.*s: %s%s%s", (int)file.len, (const char *)file.data, reason, between, text);
    return served ? OK : ERR_MALFORMED;
}

static enum err load(struct dns_loading *l, const struct dns_zonefile_options *o, struct dns_zone **loaded)
{
    struct dns_server *d = l->server;
    struct dns_zone *zone;
    enum err e = dns_zone_new(o->origin, d->zones.seed, d->zone_bytes, &zone);
    if (e != OK)
        return e;
    dns_zonefile_begin(l->zonefile, o);
    dns_zone_fill_begin(zone);
    e = read_all(l, zone);
    if (e == OK)
        e = dns_zone_fill_end(zone);
    if (e == OK)
        e = check(l, zone, o->file);
    if (e == OK && !dns_server_takes(d, zone))
        e = ERR_UNSUPPORTED;
    if (e == OK)
        e = dns_zones_put(&d->zones, zone);
    if (e != OK)
        dns_zone_release(zone);
    else
        *loaded = zone;
    return e;
}

enum err dns_server_load_text(struct dns_server *d, struct bytes origin, struct bytes text, const char *file)
{
    struct dns_loading l = {.server = d, .zonefile = malloc(sizeof *l.zonefile)};
    if (!l.zonefile)
        return ERR_FULL;
    struct dns_zonefile_options o = {.origin = origin, .text = text, .file = bytes_str(file)};
    struct dns_zone *zone;
    enum err e = load(&l, &o, &zone);
    free(l.zonefile);
    if (d->loaded)
        d->loaded(d);
    return e;
}

/* ---- All of a store ---- */

static void free_read(struct dns_loading *l)
{
    while (l->n_read)
        free(l->read[--l->n_read]);
}

static enum err read_value(struct dns_loading *l, struct bytes key, struct bytes *text)
{
    if (l->n_read == DNS_INCLUDES_MAX)
        return ERR_FULL;
    enum err e = dns_load_value(l->kv, key, text, &l->read[l->n_read]);
    l->n_read += e == OK;
    return e;
}

static const char *open_included(void *context, struct bytes file, struct bytes *text)
{
    struct dns_loading *l = context;
    enum err e = read_value(l, file, text);
    l->n_included++;
    return e == OK ? NULL : err_text(e);
}

bool dns_load_is_zone(struct bytes key)
{
    return bytes_ends(key, bytes_str(SUFFIX)) && key.len > strlen(SUFFIX);
}

const char *dns_load_origin(struct bytes key, struct dns_name *origin)
{
    struct bytes stem = bytes_slice(key, 0, key.len - strlen(SUFFIX));
    if (!bytes_equal(stem, bytes_str("root")))
        return dns_name_parse(stem, dns_root(), origin);
    dns_name_copy(origin, dns_root());
    return NULL;
}

enum err dns_load_mark(struct dns_loading *l, struct bytes key, uint64_t *mark)
{
    struct kv_item item;
    enum err e = kv_find(l->kv, key, KV_PLAIN, &item);
    /* The lowest bits of numbers say little in any store. */
    *mark = e == OK ? item.id << 3 | DNS_MARK_STORE : 0;
    return e;
}

enum err dns_load_key(struct dns_loading *l, struct bytes key)
{
    struct dns_name origin;
    struct dns_zone *zone;
    struct bytes text = {0};
    l->why[0] = 0;
    l->n_included = 0;
    enum err e = dns_load_mark(l, key, &l->mark);
    const char *reason = dns_load_origin(key, &origin);
    if (reason) {
        say_of(l, key, "no zone's name: ", reason);
        return ERR_MALFORMED;
    }
    if (e == OK)
        e = read_value(l, key, &text);
    struct dns_zonefile_options o = {
        .origin = dns_name_bytes(&origin), .text = text, .file = key, .open = open_included, .context = l};
    if (e == OK)
        e = load(l, &o, &zone);
    if (e == OK)
        dns_zone_set_mark(zone, l->mark | (l->n_included ? DNS_MARK_INCLUDES : 0));
    free_read(l);
    return e;
}

static uint64_t hash_on(uint64_t hash, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        hash = (hash ^ b.data[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
    return hash;
}

/* True: the same was said of the same file in this round or the one before. */
static bool was_told(struct dns_loading *l, struct bytes key, enum err e)
{
    uint64_t hash = hash_on(hash_on(l->mark ^ (uint64_t)e, key), bytes_str(l->why));
    struct dns_told *t = l->server->told;
    if (!t)
        t = l->server->told = calloc(1, sizeof *t);
    for (size_t i = 0; t && i < t->n; i++) {
        if (t->of[i].hash == hash)
            return t->of[i].now = true;
    }
    if (t && t->n < DNS_TOLD_MAX) {
        t->of[t->n].hash = hash;
        t->of[t->n++].now = true;
    }
    return false;
}

void dns_load_told_all(struct dns_server *d)
{
    struct dns_told *t = d->told;
    size_t n = 0;
    for (size_t i = 0; t && i < t->n; i++) {
        if (t->of[i].now)
            t->of[n++].hash = t->of[i].hash;
    }
    for (size_t i = 0; i < n; i++)
        t->of[i].now = false;
    if (t)
        t->n = n;
}

/* Of a malformed one either `why` tells, or it was logged already. */
void dns_load_tell(struct dns_loading *l, struct bytes key, enum err e, const char *what)
{
    if (l->brief && was_told(l, key, e))
        return;
    if (l->why[0])
        log_error(&source, "%s; %.*s %s", l->why, (int)key.len, (const char *)key.data, what);
    else if (!l->brief || e != ERR_MALFORMED)
        log_error(&source, "%.*s %s: %s", (int)key.len, (const char *)key.data, what, err_text(e));
}

static bool load_each(void *arg, struct bytes key)
{
    struct dns_loading *l = arg;
    if (!dns_load_is_zone(key))
        return true;
    enum err e = dns_load_key(l, key);
    l->n_zones += e == OK;
    if (e != OK) {
        dns_load_tell(l, key, e, "is not served");
        l->result = e;
    }
    return e != ERR_CANCELLED;
}

enum err dns_server_load(struct dns_server *d, struct kv *zones)
{
    struct dns_loading l = {
        .server = d, .kv = zones, .brief = zones->ops->refresh, .zonefile = malloc(sizeof *l.zonefile)};
    if (!l.zonefile)
        return ERR_FULL;
    enum err e = zones->ops->each(zones, load_each, &l);
    free(l.zonefile);
    if (d->loaded)
        d->loaded(d);
    log_info(&source, "%zu zones", l.n_zones);
    /* What is wrong in a store that can change may be mended there: the others are served meanwhile. */
    if (e == OK && (!l.brief || l.result == ERR_CANCELLED))
        e = l.result;
    return e;
}
