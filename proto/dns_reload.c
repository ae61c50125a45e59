/* SPDX-License-Identifier: ISC */
/* Following a store: its zones are looked at again and again, and what is new in it is served. */
#include "proto/dns_reload.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

static void say(struct bytes key, const char *what)
{
    log_info(&source, "%.*s: %s", (int)key.len, (const char *)key.data, what);
}

/* ---- What zones may include ---- */

struct sum {
    struct dns_loading *loading;
    uint64_t value;
};

static bool add_other(void *arg, struct bytes key)
{
    struct sum *s = arg;
    uint64_t mark;
    if (!dns_load_is_zone(key) && dns_load_mark(s->loading, key, &mark) == OK)
        s->value += mark * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return true;
}

/* Another number when a file that isn't a zone's has changed, come or gone. */
static uint64_t sum_of_others(struct dns_loading *l)
{
    struct sum s = {l, 0};
    return l->kv->ops->each(l->kv, add_other, &s) == OK ? s.value : 0;
}

/* ---- Zones ---- */

static uint64_t in_round(const struct dns_reload *r, uint64_t mark)
{
    return (mark & ~(uint64_t)DNS_MARK_ROUND) | (r->odd ? DNS_MARK_ROUND : 0);
}

static bool is_same(const struct dns_reload *r, uint64_t before, uint64_t now)
{
    uint64_t flags = DNS_MARK_ROUND | DNS_MARK_INCLUDES;
    return ((before ^ now) & ~flags) == 0 && !(before & DNS_MARK_INCLUDES && r->others_changed);
}

/* One that can't be read now is tried again when it has changed once more; where there is none yet, in each round: there may be room
 * for it now. */
static void took(struct dns_reload *r, struct bytes key, struct bytes origin, enum err e, uint64_t mark)
{
    struct dns_server *d = r->loading.server;
    struct dns_zone_entry *entry = dns_zones_get(&d->zones, origin);
    r->n_taken += e == OK;
    r->n_failed += e != OK;
    if (e)
        dns_load_tell(&r->loading, key, e, entry ? "is not taken, what was served before still is" : "is not taken");
    if (!entry)
        return;
    uint64_t had = dns_zone_mark(entry->zone);
    dns_zone_set_mark(entry->zone, in_round(r, e ? mark | (had & DNS_MARK_INCLUDES) : had));
    if (e == OK && d->replaced)
        d->replaced(d, origin);
    if (e == OK && d->loaded)
        d->loaded(d);
}

static bool look_at(void *arg, struct bytes key)
{
    struct dns_reload *r = arg;
    struct dns_server *d = r->loading.server;
    struct dns_name origin;
    uint64_t mark;
    if (!dns_load_is_zone(key) || dns_load_mark(&r->loading, key, &mark) != OK)
        return true;
    if (dns_load_origin(key, &origin)) {
        dns_load_tell(&r->loading, key, dns_load_key(&r->loading, key), "is not taken");
        return true;
    }
    const struct dns_zone_entry *entry = dns_zones_get(&d->zones, dns_name_bytes(&origin));
    uint64_t had = entry ? dns_zone_mark(entry->zone) : 0;
    if (entry && !(had & DNS_MARK_STORE))
        return true; /* it comes from elsewhere */
    if (entry && is_same(r, had, mark)) {
        dns_zone_set_mark(entry->zone, in_round(r, had));
        return true;
    }
    enum err e = dns_load_key(&r->loading, key);
    if (e != ERR_CANCELLED)
        took(r, key, dns_name_bytes(&origin), e, mark);
    return e != ERR_CANCELLED;
}

/* A zone whose file is gone; NULL: none. One that other servers know about stays until the image ends. */
static const struct dns_zone *find_gone(const struct dns_reload *r)
{
    const struct dns_zones *zs = &r->loading.server->zones;
    struct dns_zone_entry *entry;
    for (uint32_t at = 0; (entry = dns_zones_next(zs, &at)) != NULL;) {
        uint64_t mark = dns_zone_mark(entry->zone);
        if (mark & DNS_MARK_STORE && mark != in_round(r, mark) && !entry->user)
            return entry->zone;
    }
    return NULL;
}

static void remove_gone(struct dns_reload *r)
{
    const struct dns_zone *z;
    while ((z = find_gone(r)) != NULL) {
        struct dns_name origin;
        char text[DNS_NAME_TEXT_BYTES];
        dns_name_copy(&origin, dns_zone_origin(z));
        dns_name_text(dns_name_bytes(&origin), text);
        say(bytes_str(text), "its file is gone, and so is the zone");
        must(dns_zones_remove(&r->loading.server->zones, dns_name_bytes(&origin)) == OK);
        r->n_gone++;
    }
}

/* ---- The whole ---- */

enum err dns_reload(struct dns_reload *r)
{
    struct dns_loading *l = &r->loading;
    bool changed;
    enum err e = kv_refresh(l->kv, &changed);
    if (e || !changed)
        return e;
    uint64_t others = sum_of_others(l);
    r->others_changed = others != r->others;
    r->others = others;
    r->odd = !r->odd;
    uint64_t n_before = r->n_taken;
    e = l->kv->ops->each(l->kv, look_at, r);
    if (e == OK) {
        remove_gone(r);
        dns_load_told_all(l->server);
    }
    if (r->n_taken != n_before)
        log_info(&source, "%llu zones are new", (unsigned long long)(r->n_taken - n_before));
    return e;
}

static void run(void *server)
{
    struct dns_server *d = server;
    struct dns_reload *r = d->reload;
    enum err before = OK;
    while (fiber_sleep(time_after(sched_now(), r->every_ns)) == OK) {
        enum err e = dns_reload(r);
        if (e && e != before && e != ERR_CANCELLED)
            log_error(&source, "zones can't be looked at again: %s; those of before are served", err_text(e));
        before = e;
    }
}

enum err dns_server_follow(struct dns_server *d, struct kv *zones, uint64_t every_ns)
{
    if (!zones->ops->refresh)
        return OK; /* nothing there ever changes */
    struct dns_reload *r = calloc(1, sizeof *r);
    struct dns_zonefile *z = malloc(sizeof *z);
    if (!r || !z || every_ns == 0) {
        free(r);
        free(z);
        return every_ns ? ERR_FULL : ERR_INVALID;
    }
    r->loading = (struct dns_loading){.server = d, .kv = zones, .brief = true, .zonefile = z};
    r->every_ns = every_ns;
    r->others = sum_of_others(&r->loading);
    d->reload = r;
    dns_server_job(d, "dns-reload", run);
    return OK;
}
