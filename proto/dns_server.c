/* SPDX-License-Identifier: ISC */
#include "proto/dns_server.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/random.h>

#include <stdlib.h>

enum { ZONES = 1 << 20, LIMIT_ENTRIES = 16384 }; /* of zones, memory is the limit: their table grows with them */

static struct log_source source = LOG_SOURCE("dns");

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct reader *r, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = digit(read_u8(r)), low = digit(read_u8(r));
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A file's text, perhaps with the end of its line. */
static enum err take_secret(struct dns_server *d, struct bytes secret)
{
    while (secret.len && secret.data[secret.len - 1] <= ' ')
        secret.len--;
    if (secret.len == 0) {
        random_bytes(d->cookies.now, sizeof d->cookies.now);
        return OK;
    }
    struct reader r = reader_of(secret);
    if (!read_hex(&r, d->cookies.now, sizeof d->cookies.now))
        return ERR_INVALID;
    d->cookies.has_before = reader_left(&r);
    if (d->cookies.has_before && !read_hex(&r, d->cookies.before, sizeof d->cookies.before))
        return ERR_INVALID;
    return reader_left(&r) ? ERR_INVALID : OK;
}

enum err dns_server_new_unsigned(const struct dns_server_options *o, struct dns_server **d)
{
    struct dns_server *made = calloc(1, sizeof *made);
    uint64_t seed;
    if (!made)
        return ERR_FULL;
    struct dns_service_options service = {.zones = &made->zones,
                                          .udp_bytes = o->udp_bytes,
                                          .id = o->id,
                                          .version = o->version,
                                          .cookies = o->no_cookies ? NULL : &made->cookies,
                                          .cookies_required = o->cookies_required};
    const char *why = "id: more than 64 bytes";
    enum err e = dns_service_init(&made->service, &service);
    if (e == OK) {
        why = "cookie secret: neither 32 nor 64 hex digits";
        e = take_secret(made, o->cookie_secret);
    }
    if (e != OK) {
        log_error(&source, "%s", why);
        free(made);
        return e;
    }
    random_bytes(&seed, sizeof seed);
    dns_zones_init_unsigned(&made->zones, seed, o->zones ? o->zones : ZONES);
    made->zone_bytes = o->zone_bytes ? o->zone_bytes : SIZE_MAX;
    *d = made;
    return OK;
}

enum err dns_server_limit(struct dns_server *d, const struct dns_server_limit *o)
{
    struct dns_limit_options limit = {
        .per_second = o->per_second, .slip = o->slip, .entries = o->entries ? o->entries : LIMIT_ENTRIES};
    random_bytes(&limit.secret, sizeof limit.secret);
    return dns_limit_new(&limit, &d->service.o.limit);
}

enum err dns_server_udp(struct dns_server *d, struct stack *s, uint16_t port)
{
    if (d->n_udp == DNS_SERVER_PORTS)
        return ERR_FULL;
    enum err e = dns_udp_serve(&d->udp[d->n_udp], s, port, &d->service);
    d->n_udp += e == OK;
    return e;
}

void dns_server_job(struct dns_server *d, const char *name, void (*run)(void *server))
{
    must(d->n_jobs < DNS_SERVER_JOBS);
    d->job[d->n_jobs++] = (struct dns_job){name, run};
}

enum err dns_server_run(struct dns_server *d)
{
    struct scope fibers;
    struct fiber_waiter stop;
    fiber_waiter_init(&stop);
    sched_on_stop(&stop.waiter);
    scope_open(&fibers);
    enum err e = OK;
    for (size_t i = 0; i < d->n_jobs && e == OK; i++)
        e = scope_spawn(&fibers, d->job[i].name, d->job[i].run, d);
    while (e == OK && !sched_stopping())
        e = fiber_park(TIME_NEVER);
    scope_cancel(&fibers);
    scope_join(&fibers);
    return e;
}
