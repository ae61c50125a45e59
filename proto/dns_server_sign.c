/* SPDX-License-Identifier: ISC */
/* Signing of the name server's zones: apart, since not every server does it. One fiber signs, a few signatures a turn, so that
 * queries wait for these at most. A zone is signed as a copy, which takes its place when it's whole; until then it is served as it
 * is, and not changed by UPDATE. */
#include "proto/dns_peers.h"
#include "proto/dns_server.h"
#include "proto/dns_sign.h"

#include "base/radix.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/plat.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

#define TURN_SIGNATURES 2         /* about 1 ms */
#define LOOK_NS (3600 * NS_PER_S) /* the wall clock may have been set meanwhile */
#define FAILED_NS (60 * NS_PER_S) /* after which what failed is tried again */
#define READ_BYTES (64u << 10)    /* of a block device at once */

struct signed_zone {
    struct dns_signer signer;
    struct dns_name origin;
    struct dns_zone *zone; /* as we signed it, held; NULL: not signed */
    bool busy;             /* a copy is being signed */
    bool has_serial;
    uint32_t serial; /* the last that it had */
    uint64_t due_ns; /* when signatures are to be looked at */
};

struct dns_signing {
    struct dns_server *server;
    struct dns_sign_room room;
    struct dns_sign_walk walk;
    struct fiber *fiber;
    enum err (*keep)(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e); /* for plain changes */
    size_t n;
    struct signed_zone zone[];
};

static uint64_t now_s(void)
{
    return plat_wall_ns() / NS_PER_S;
}

static struct signed_zone *find(struct dns_signing *s, struct bytes origin)
{
    for (size_t i = 0; i < s->n; i++) {
        if (dns_name_equal(dns_name_bytes(&s->zone[i].origin), origin))
            return &s->zone[i];
    }
    return NULL;
}

static void say(const struct signed_zone *z, const char *why)
{
    char text[DNS_NAME_TEXT_BYTES];
    log_error(&source, "signing %s: %s", dns_name_text(dns_name_bytes(&z->origin), text), why);
}

/* ---- Changes by UPDATE ---- */

static struct dns_signing *signing_of(struct dns_update_user *u)
{
    return CONTAINER_OF(u, struct dns_peers, user)->signing;
}

static enum err sign_update(struct dns_update_user *u, struct dns_zone *zone)
{
    struct dns_signing *s = signing_of(u);
    struct signed_zone *z = find(s, dns_zone_origin(zone));
    if (!z)
        return OK;
    if (z->busy || z->zone != zone)
        return ERR_AGAIN; /* it is being signed; what changes now would be lost */
    enum err e = dns_sign_change(&z->signer, zone, now_s());
    if (e)
        say(z, e == ERR_INVALID ? "an update is refused: the wall clock is not set" : err_text(e));
    else if (z->signer.stale && s->fiber)
        fiber_wake(s->fiber);
    return e;
}

static enum err keep_plain(struct dns_update_user *u, struct dns_zone *zone, const struct dns_entry *e)
{
    struct dns_signing *s = signing_of(u);
    struct dns_entry *plain;
    if (!find(s, dns_zone_origin(zone)))
        return s->keep(u, zone, e);
    enum err problem = dns_sign_plain(e, &plain);
    if (problem)
        return problem;
    problem = s->keep(u, zone, plain);
    dns_entry_release(plain);
    return problem;
}

/* ---- A zone as a whole ---- */

static enum err keep_turn(struct dns_signing *s, struct dns_zone *before, const struct dns_zone *after)
{
    struct dns_peers *p = s->server->peers;
    struct dns_entry *turn;
    enum err e = p ? dns_sign_turn(before, after, &turn) : ERR_NOT_FOUND;
    if (e)
        return p ? e : OK;
    e = s->keep(&p->user, before, turn);
    dns_entry_release(turn);
    return e;
}

static void tell_others(struct dns_signing *s, struct bytes origin)
{
    struct dns_peers *p = s->server->peers;
    struct dns_role *role = p ? dns_peers_role(p, origin) : NULL;
    if (role)
        dns_history_clear(&role->history); /* there is no change that leads to it */
    if (p)
        dns_peers_changed(p, origin);
}

/* The signed copy takes the zone's place. */
static enum err put(struct dns_signing *s, struct signed_zone *z, struct dns_zone *before, struct dns_zone *copy)
{
    struct dns_zones *zones = &s->server->zones;
    struct dns_zone_entry *entry = dns_zones_get(zones, dns_name_bytes(&z->origin));
    if (!entry || entry->zone != before)
        return ERR_AGAIN; /* it was loaded anew meanwhile */
    enum err e = keep_turn(s, before, copy);
    if (e)
        return e;
    must(dns_zones_put(zones, dns_zone_hold(copy)) == OK); /* it has a place */
    dns_zone_release(z->zone);
    z->zone = dns_zone_hold(copy);
    z->has_serial = true;
    z->serial = dns_zone_serial(copy);
    z->due_ns = 0;
    tell_others(s, dns_name_bytes(&z->origin));
    return OK;
}

static enum err sign_copy(struct dns_signing *s, struct signed_zone *z, struct dns_sign_job *j)
{
    enum err e;
    while ((e = dns_sign_step(j, now_s(), TURN_SIGNATURES)) == ERR_AGAIN) {
        if (fiber_yield() != OK)
            return ERR_CANCELLED;
    }
    return e;
}

static enum err sign_whole(struct dns_signing *s, struct signed_zone *z, struct dns_zone *zone)
{
    struct dns_sign_job j;
    char text[DNS_NAME_TEXT_BYTES];
    uint64_t before = z->signer.n_signatures;
    z->busy = true;
    enum err e = dns_sign_begin(&j, &z->signer, zone, s->server->zones.seed, s->server->zone_bytes);
    if (!e) {
        j.has_least = z->has_serial;
        j.least = z->serial;
        e = sign_copy(s, z, &j);
        if (!e)
            e = put(s, z, zone, j.zone);
    }
    if (!e)
        log_info(&source, "signed %s: %u signatures, version %u", dns_name_text(dns_name_bytes(&z->origin), text),
                 (unsigned)(z->signer.n_signatures - before), (unsigned)z->serial);
    else if (e != ERR_AGAIN && e != ERR_CANCELLED)
        say(z, e == ERR_INVALID ? "the wall clock is not set" : err_text(e));
    dns_sign_end(&j);
    z->busy = false;
    z->signer.stale |= e != OK;
    return e;
}

/* ---- Signatures that expire ---- */

static enum err put_renewed(struct dns_signing *s, struct signed_zone *z)
{
    struct dns_zone *zone = z->zone;
    struct dns_peers *p = s->server->peers;
    struct dns_entry *entry = NULL;
    dns_zone_begin(zone);
    enum err e = dns_sign_walk_apply(&s->walk, now_s());
    if (!e && p)
        e = dns_entry_of_changes(zone, &entry);
    if (!e && p && (e = keep_plain(&p->user, zone, entry)) != OK)
        dns_entry_release(entry);
    if (e) {
        dns_zone_abort(zone);
        return e == ERR_NOT_FOUND ? OK : e;
    }
    dns_zone_commit(zone);
    z->serial = dns_zone_serial(zone);
    if (p)
        p->user.done(&p->user, zone, entry);
    return OK;
}

/* When the earliest of them is to be made anew, on the monotonic clock. */
static uint64_t due_ns(const struct dns_sign_walk *w)
{
    uint64_t now = now_s(), left_s = w->next_s > now ? w->next_s - now : 1;
    return time_after(sched_now(), left_s < LOOK_NS / NS_PER_S ? left_s * NS_PER_S : LOOK_NS);
}

/* Still the one that we signed. */
static bool is_served(const struct dns_signing *s, const struct signed_zone *z)
{
    struct dns_zone_entry *entry = dns_zones_get(&s->server->zones, dns_name_bytes(&z->origin));
    return entry && entry->zone == z->zone;
}

static enum err renew(struct dns_signing *s, struct signed_zone *z)
{
    enum err e = OK;
    dns_sign_walk_begin(&s->walk, &z->signer, z->zone);
    while (!e && !s->walk.done) {
        while ((e = dns_sign_walk_step(&s->walk, now_s(), TURN_SIGNATURES)) == ERR_AGAIN) {
            if (fiber_yield() != OK)
                return ERR_CANCELLED;
            if (!is_served(s, z))
                return ERR_AGAIN;
        }
        if (!e && s->walk.n_pending)
            e = put_renewed(s, z);
    }
    if (!e)
        z->due_ns = due_ns(&s->walk);
    else
        say(z, e == ERR_INVALID ? "the wall clock is not set" : err_text(e));
    return e;
}

/* ---- The fiber ---- */

static enum err tend(struct dns_signing *s, struct signed_zone *z)
{
    struct dns_zone_entry *entry = dns_zones_get(&s->server->zones, dns_name_bytes(&z->origin));
    if (entry && z->zone == entry->zone && !z->signer.stale)
        return sched_now() < z->due_ns ? OK : renew(s, z);
    if (!entry || z->zone != entry->zone) {
        dns_zone_release(z->zone); /* others have been loaded, or it was taken away */
        z->zone = NULL;
    }
    if (!entry)
        return OK;
    struct dns_zone *zone = dns_zone_hold(entry->zone);
    enum err e = sign_whole(s, z, zone);
    dns_zone_release(zone);
    return e;
}

static void run(void *server)
{
    struct dns_server *d = server;
    struct dns_signing *s = d->signing;
    enum err e;
    s->fiber = fiber_self();
    do {
        uint64_t next_ns = time_after(sched_now(), LOOK_NS);
        for (size_t i = 0; i < s->n; i++) {
            struct signed_zone *z = &s->zone[i];
            e = tend(s, z);
            if (e)
                z->due_ns = time_after(sched_now(), e == ERR_AGAIN ? 0 : FAILED_NS);
            next_ns = z->due_ns < next_ns ? z->due_ns : next_ns;
        }
        e = fiber_park(next_ns);
    } while (e != ERR_CANCELLED);
    s->fiber = NULL;
}

static void loaded(struct dns_server *d)
{
    if (d->signing->fiber)
        fiber_wake(d->signing->fiber);
}

/* ---- Setting up ---- */

static uint32_t seconds(uint64_t ns, uint64_t otherwise)
{
    uint64_t s = ns ? ns / NS_PER_S : otherwise;
    return s < UINT32_MAX ? (uint32_t)s : UINT32_MAX;
}

static const char *make_policy(const struct dns_server_sign_options *o, struct dns_sign_policy *p)
{
    uint32_t validity_s = seconds(o->validity_ns, DNS_SIGN_VALIDITY_S);
    *p = (struct dns_sign_policy){.nsec3 = o->nsec3,
                                  .iterations = o->nsec3_iterations,
                                  .validity_s = validity_s,
                                  .refresh_s = seconds(o->refresh_ns, validity_s / 2),
                                  .jitter_s = seconds(o->jitter_ns, validity_s / 14),
                                  .increment = o->increment,
                                  .no_cds = o->no_cds};
    struct writer w = writer_of(p->salt, sizeof p->salt);
    if (o->nsec3_salt && !radix_read_all(RADIX_HEX, bytes_str(o->nsec3_salt), &w))
        return "the salt of NSEC3 is not up to 255 bytes in hex";
    p->salt_len = (uint8_t)writer_len(&w);
    return dns_sign_policy_check(p);
}

static bool is_secondary(const struct dns_server *d, struct bytes origin)
{
    struct dns_zone_entry *entry = d->peers ? dns_zones_get(&d->zones, origin) : NULL;
    const struct dns_role *role = entry ? entry->user : NULL;
    return role && role->is_secondary;
}

static enum err take_zone(struct dns_signing *s, const struct dns_sign_policy *p, const struct dns_sign_keys *keys,
                          struct bytes origin)
{
    struct signed_zone *z = &s->zone[s->n];
    const char *why = NULL;
    if (find(s, origin))
        return OK;
    dns_name_copy(&z->origin, origin);
    if (!dns_zones_get(&s->server->zones, origin))
        why = "there is a key for this zone, but no such zone";
    else if (is_secondary(s->server, origin))
        why = "it comes from another server, which signs it";
    else
        why = dns_signer_init(&z->signer, p, keys, origin, &s->room, now_s());
    if (why) {
        say(z, why);
        return ERR_INVALID;
    }
    s->n++;
    return OK;
}

static void join_updates(struct dns_signing *s)
{
    struct dns_peers *p = s->server->peers;
    if (!p)
        return;
    p->signing = s;
    s->keep = p->user.keep;
    p->user.keep = keep_plain;
    p->user.sign = sign_update;
}

static enum err set_up(struct dns_server *d, const struct dns_sign_policy *p, const struct dns_sign_keys *keys)
{
    struct dns_signing *s = calloc(1, sizeof *s + keys->n * sizeof s->zone[0]);
    enum err e = s ? OK : ERR_FULL;
    if (e)
        return e;
    s->server = d;
    for (size_t i = 0; !e && i < keys->n; i++)
        e = take_zone(s, p, keys, dns_name_bytes(&keys->list[i].zone));
    if (e) {
        for (size_t i = 0; i <= s->n && i < keys->n; i++)
            dns_signer_wipe(&s->zone[i].signer);
        free(s);
        return e;
    }
    join_updates(s);
    d->signing = s;
    dns_server_job(d, "dns-sign", run);
    d->loaded = loaded;
    return OK;
}

enum err dns_server_sign(struct dns_server *d, const struct dns_server_sign_options *o)
{
    struct dns_sign_policy p;
    struct dns_sign_keys keys;
    unsigned line;
    must(!d->signing);
    const char *why = make_policy(o, &p);
    if (why) {
        log_error(&source, "signing: %s", why);
        return ERR_INVALID;
    }
    why = dns_sign_keys_parse(o->keys, &keys, &line);
    if (why) {
        log_error(&source, "keys of DNSSEC, line %u: %s", line, why);
        return ERR_INVALID;
    }
    enum err e = set_up(d, &p, &keys);
    dns_sign_keys_free(&keys);
    return e;
}

enum err dns_server_keys_read(struct block *b, struct bytes *keys)
{
    size_t most = b->capacity_bytes < DNS_SIGN_TEXT_BYTES ? (size_t)b->capacity_bytes : DNS_SIGN_TEXT_BYTES, at = 0;
    uint8_t *text = malloc(most);
    enum err e = text ? OK : ERR_FULL;
    bool ended = false;
    while (!e && !ended && at < most) {
        size_t len = most - at < READ_BYTES ? most - at : READ_BYTES;
        e = block_read(b, at, text + at, len);
        ended = !e && memchr(text + at, 0, len);
        at += len;
    }
    if (!e && !ended && at < b->capacity_bytes)
        e = ERR_TOO_LARGE;
    if (e) {
        free(text);
        return e;
    }
    *keys = bytes_of(text, at);
    return OK;
}
