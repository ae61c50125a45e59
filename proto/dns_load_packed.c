/* SPDX-License-Identifier: ISC */
/* Zones of the name server that were read when its image was built. */
#include "proto/dns_packed.h"
#include "proto/dns_server.h"

#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

#define SUFFIX ".packed"

struct loading {
    struct dns_server *server;
    struct kv *kv;
    enum err result;
    size_t n_zones;
};

static enum err add_all(struct dns_packed *p, struct dns_zone *zone)
{
    struct dns_packed_record r;
    while (dns_packed_next(p, &r)) {
        enum err e = dns_zone_add(zone, r.name, r.type, r.ttl, r.rdata);
        if (e != OK && e != ERR_IN_USE)
            return e;
    }
    return dns_packed_ended(p) && dns_zone_find(zone, dns_zone_origin(zone), DNS_SOA) ? OK : ERR_MALFORMED;
}

static enum err load(struct dns_server *d, struct bytes file)
{
    struct dns_packed p, ahead;
    struct dns_packed_record first;
    struct dns_zone *zone;
    if (!dns_packed_begin(&p, file))
        return ERR_MALFORMED;
    ahead = p;
    if (!dns_packed_next(&ahead, &first))
        return ERR_MALFORMED;
    enum err e = dns_zone_new(first.name, d->zones.seed, d->zone_bytes, &zone);
    if (e != OK)
        return e;
    e = add_all(&p, zone);
    if (e == OK && !dns_server_takes(d, zone))
        e = ERR_UNSUPPORTED;
    if (e == OK)
        e = dns_zones_put(&d->zones, zone);
    if (e != OK)
        dns_zone_release(zone);
    return e;
}

static bool load_each(void *arg, struct bytes key)
{
    struct loading *l = arg;
    struct bytes file;
    void *memory;
    if (!bytes_ends(key, bytes_str(SUFFIX)))
        return true;
    enum err e = dns_load_value(l->kv, key, &file, &memory);
    if (e == OK)
        e = load(l->server, file);
    free(memory);
    l->n_zones += e == OK;
    if (e != OK) {
        log_error(&source, "%.*s is not served: %s", (int)key.len, (const char *)key.data, err_text(e));
        l->result = e;
    }
    return true;
}

enum err dns_server_load_packed(struct dns_server *d, struct kv *zones)
{
    struct loading l = {.server = d, .kv = zones};
    enum err e = zones->ops->each(zones, load_each, &l);
    log_info(&source, "%zu zones", l.n_zones);
    return e == OK ? l.result : e;
}
