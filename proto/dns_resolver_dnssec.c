/* SPDX-License-Identifier: ISC */
/* The resolver's validator, and whoever looks after its trust anchors (RFC 5011). */
#include "proto/dns_anchors_keep.h"
#include "proto/dns_nsec_cache.h"
#include "proto/dns_resolver.h"
#include "proto/dns_validate.h"

#include <jinn/log.h>
#include <jinn/plat.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

struct dns_keeper {
    struct dns_resolver *resolver;
    struct dns_validator *validator;
    struct dns_nsec_cache *nsec;
    struct dns_anchors anchors;
    struct dns_anchors_store store; /* block NULL: nowhere */
    struct dns_client_query query;
    struct fiber *fiber;
    bool done;
};

static uint64_t wall_s(void)
{
    return plat_wall_ns() / NS_PER_S;
}

/* The host's clock may jump, so it is asked each time. */
static enum dns_verdict validate(void *arg, uint64_t now_ns, const struct dns_cached *set, struct dns_name *name,
                                 uint16_t *type)
{
    struct dns_keeper *k = arg;
    dns_validator_set_clock(k->validator, now_ns, wall_s());
    return dns_validate(k->validator, now_ns, set, name, type);
}

static bool deny(void *arg, uint64_t now_ns, struct bytes name, uint16_t type)
{
    struct dns_keeper *k = arg;
    return dns_validate_deny(k->validator, now_ns, name, type);
}

/* ---- Upkeep ---- */

static void on_done(struct dns_client_query *q, uint64_t now_ns, enum dns_outcome outcome)
{
    struct dns_keeper *k = CONTAINER_OF(q, struct dns_keeper, query);
    k->done = true;
    if (k->fiber)
        fiber_wake(k->fiber);
}

/* Asks for the zone's keys, as they are: the anchors judge them. */
static enum err fetch(struct dns_keeper *k, struct bytes zone) MAY_YIELD
{
    enum err e = OK;
    k->done = false;
    k->query.done = on_done;
    dns_iterate_ask(k->resolver->iterate, sched_now(), &k->query, zone, DNS_DNSKEY, true);
    dns_resolver_rearm(k->resolver);
    k->fiber = fiber_self();
    while (!k->done && e == OK)
        e = fiber_park(TIME_NEVER);
    k->fiber = NULL;
    if (!k->done)
        dns_iterate_cancel(&k->query);
    return e;
}

static void save(struct dns_keeper *k) MAY_YIELD
{
    if (!k->anchors.changed)
        return;
    k->anchors.changed = false;
    enum err e = k->store.block ? dns_anchors_save(&k->store, &k->anchors) : OK;
    if (e)
        log_error(&source, "trust anchors can't be kept: %s", err_text(e));
}

/* When to look again. */
static uint64_t look_after(struct dns_keeper *k, struct bytes zone) MAY_YIELD
{
    struct dns_cached keys;
    if (fetch(k, zone) != OK)
        return 0;
    if (!dns_cache_find(k->resolver->cache, sched_now(), zone, DNS_DNSKEY, &keys) || !keys.ttl_s)
        return dns_anchors_retry(wall_s(), 0);
    return dns_anchors_update(&k->anchors, &keys, wall_s());
}

static uint64_t look_after_all(struct dns_keeper *k) MAY_YIELD
{
    uint64_t next_s = UINT64_MAX;
    for (size_t i = 0; i < k->anchors.n; i++) {
        struct dns_name zone = k->anchors.anchor[i].zone;
        size_t first = 0;
        while (!dns_name_equal(dns_name_bytes(&k->anchors.anchor[first].zone), dns_name_bytes(&zone)))
            first++;
        if (first < i)
            continue;
        uint64_t at_s = look_after(k, dns_name_bytes(&zone));
        next_s = at_s < next_s ? at_s : next_s;
    }
    save(k);
    return next_s;
}

static void run(void *keeper)
{
    struct dns_keeper *k = keeper;
    enum err e = OK;
    while (e == OK || e == ERR_TIMEOUT) {
        uint64_t next_s = look_after_all(k), now_s = wall_s();
        uint64_t wait_s = next_s > now_s ? next_s - now_s : DNS_ANCHORS_LEAST_S;
        e = fiber_sleep(time_after(sched_now(), wait_s * NS_PER_S));
    }
}

/* ---- The whole ---- */

static enum err read_anchors(struct dns_anchors *a, const char *text)
{
    uint8_t lines[2048];
    struct writer w = writer_of(lines, sizeof lines);
    unsigned line;
    if (!text || !*text) {
        dns_anchors_add_root(a);
        return OK;
    }
    for (const char *c = text; *c; c++)
        write_u8(&w, *c == ',' ? '\n' : (uint8_t)*c);
    const char *why = writer_good(&w) ? dns_anchors_read(a, writer_bytes(&w), &line) : "too long";
    if (why)
        log_error(&source, "anchors: %s", why);
    return why ? ERR_INVALID : OK;
}

static enum err take_store(struct dns_keeper *k, struct block *b) MAY_YIELD
{
    enum err e = dns_anchors_open(&k->store, b);
    if (e == ERR_INVALID)
        log_error(&source, "the device for trust anchors is too small: it needs %llu bytes",
                  (unsigned long long)(2 * k->store.copy_bytes));
    if (e == OK)
        e = dns_anchors_load(&k->store, &k->anchors);
    if (e == ERR_MALFORMED)
        log_error(&source, "the device for trust anchors holds something else");
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    log_info(&source, "trust anchors are kept on the block device, which has %zu", e == OK ? k->anchors.n : 0);
    return OK;
}

static enum err set_up(struct dns_keeper *k, const struct dns_server_validation *o) MAY_YIELD
{
    const struct dns_nsec_cache_options nsec = {.cache = k->resolver->cache, .records = o->proofs};
    struct dns_validate_options validator = {.cache = k->resolver->cache, .anchors = &k->anchors};
    enum err e = read_anchors(&k->anchors, o->anchors);
    if (e == OK && o->keep)
        e = take_store(k, o->keep);
    if (e == OK && !o->no_proofs)
        e = dns_nsec_cache_new(&nsec, &k->nsec);
    validator.nsec = k->nsec;
    return e == OK ? dns_validator_new(&validator, &k->validator) : e;
}

enum err dns_server_validate(struct dns_server *d, const struct dns_server_validation *o)
{
    if (!d->resolver || d->resolver->keeper)
        return ERR_INVALID;
    struct dns_keeper *k = calloc(1, sizeof *k);
    if (!k)
        return ERR_FULL;
    k->resolver = d->resolver;
    enum err e = set_up(k, o);
    if (e != OK)
        return e; /* the image ends: what was taken is not given back */
    k->resolver->keeper = k;
    k->resolver->run_keeper = run;
    dns_iterate_set_validator(k->resolver->iterate, validate, deny, k);
    return OK;
}
