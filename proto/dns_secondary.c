/* SPDX-License-Identifier: ISC */
/* A secondary asks by IXFR over TCP: an answer of one SOA says that there is nothing new, so it needs no other question. What a primary
 * can't do by IXFR is asked by AXFR at once. Timers are those of the zone's SOA (RFC 1034 4.3.5, RFC 1996). */
#include "proto/dns_peers.h"

#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

enum { LEAST_TIMER_S = 1, REQUEST_BYTES = 1024 };

static uint64_t span_ns(uint32_t s)
{
    return (s < LEAST_TIMER_S ? LEAST_TIMER_S : s) * NS_PER_S;
}

static struct dns_role *role_at(struct list *node)
{
    return CONTAINER_OF(node, struct dns_role, link);
}

static struct dns_zone *zone_of(const struct dns_peers *p, const struct dns_role *role)
{
    struct dns_zone_entry *entry = dns_zones_get(p->zones, dns_name_bytes(&role->origin));
    return entry ? entry->zone : NULL;
}

static const char *text_of(const struct dns_role *role, char text[DNS_NAME_TEXT_BYTES])
{
    return dns_name_text(dns_name_bytes(&role->origin), text);
}

/* ---- Timers ---- */

static void expire(struct dns_peers *p, struct dns_role *role)
{
    char text[DNS_NAME_TEXT_BYTES];
    struct dns_zone *z = zone_of(p, role);
    role->expires_ns = TIME_NEVER;
    if (!z)
        return;
    dns_zone_set_expired(z, true);
    p->n.n_expired++;
    log_warning(&source, "zone %s expired: no primary could be asked", text_of(role, text));
}

void dns_secondary_wake(struct dns_peers *p)
{
    for (size_t i = 0; i < DNS_XFR_WORKERS; i++) {
        if (p->worker[i])
            fiber_wake(p->worker[i]);
    }
    if (p->clock)
        fiber_wake(p->clock);
}

uint64_t dns_secondary_expire(struct dns_peers *p, uint64_t now_ns)
{
    uint64_t next_ns = TIME_NEVER;
    LIST_EACH(&p->roles, node)
    {
        struct dns_role *role = role_at(node);
        if (role->expires_ns <= now_ns)
            expire(p, role);
        next_ns = time_min(next_ns, role->expires_ns);
    }
    return next_ns;
}

struct dns_role *dns_secondary_due(struct dns_peers *p, uint64_t now_ns, uint64_t *next_ns)
{
    *next_ns = TIME_NEVER;
    LIST_EACH(&p->roles, node)
    {
        struct dns_role *role = role_at(node);
        if (!role->is_secondary || role->busy)
            continue;
        if (role->due_ns <= now_ns)
            return role;
        *next_ns = time_min(*next_ns, role->due_ns);
    }
    return NULL;
}

void dns_secondary_done(struct dns_peers *p, struct dns_role *role, uint64_t now_ns, enum err e)
{
    struct dns_soa soa;
    struct dns_zone *z = zone_of(p, role);
    bool has = z && dns_zone_soa(z, &soa);
    bool good = has && (e == OK || e == ERR_NOT_FOUND);
    bool again = role->due_ns <= now_ns && role->due_ns != 0; /* told of news while it was busy: only then is it set */
    if (good) {
        dns_zone_set_expired(z, false);
        role->expires_ns = time_after(now_ns, span_ns(soa.expire_s));
        role->retry_ns = DNS_RETRY_FIRST_NS;
        role->due_ns = again ? now_ns : time_after(now_ns, span_ns(soa.refresh_s));
        return;
    }
    role->turn = (role->turn + 1) % role->primaries.n;
    if (role->turn != 0) {
        role->due_ns = now_ns; /* the next of them, at once */
        return;
    }
    if (has && role->expires_ns == TIME_NEVER && !dns_zone_is_expired(z)) /* a copy from the start, of unknown age */
        role->expires_ns = time_after(now_ns, span_ns(soa.expire_s));
    role->due_ns = time_after(now_ns, has ? span_ns(soa.retry_s) : role->retry_ns);
    role->retry_ns = time_min(2 * role->retry_ns, DNS_RETRY_MOST_NS);
}

/* ---- One attempt ---- */

struct fetching {
    struct dns_peers *p;
    struct dns_role *role;
};

static void changed(void *user, struct dns_entry *e)
{
    struct fetching *f = user;
    if (e)
        dns_history_add(&f->role->history, e);
    else
        dns_history_clear(&f->role->history);
    f->p->n.n_fetched_whole += !e;
}

static enum err install(struct dns_peers *p, struct dns_role *role, struct dns_xfr_in *x)
{
    struct fetching f = {p, role};
    struct dns_zone *have = dns_zone_hold(zone_of(p, role)), *now = have;
    enum err e = dns_xfr_in_finish(x, &now, changed, &f);
    if (e == OK && now != have) {
        e = dns_zones_put(p->zones, now); /* takes it; `have` was released for it */
        must(e == OK);                    /* it has its place already */
        return OK;
    }
    dns_zone_release(now);
    return e;
}

static enum err send_request(struct dns_xfr_in *x, struct flow *f, uint8_t *buffer, uint64_t deadline_ns)
{
    size_t len;
    enum err e = dns_xfr_in_request(x, plat_wall_ns() / NS_PER_S, buffer + 2, REQUEST_BYTES, &len);
    if (e)
        return e;
    buffer[0] = (uint8_t)(len >> 8);
    buffer[1] = (uint8_t)len;
    struct piece piece = piece_copy(bytes_of(buffer, len + 2));
    return flow_write(f, &piece, 1, deadline_ns);
}

static enum err receive(struct dns_xfr_in *x, struct flow *f, uint8_t *buffer)
{
    uint64_t end_ns = time_after(sched_now(), DNS_XFR_WHOLE_NS);
    enum err e;
    do {
        uint8_t head[2];
        uint64_t deadline_ns = time_min(end_ns, time_after(sched_now(), DNS_XFR_IDLE_NS));
        e = flow_read_exact(f, head, sizeof head, deadline_ns);
        size_t len = (size_t)(head[0] << 8 | head[1]);
        if (!e)
            e = flow_read_exact(f, buffer, len, deadline_ns);
        if (e)
            return e == ERR_END ? ERR_RESET : e; /* before the last SOA */
        e = dns_xfr_in_message(x, plat_wall_ns() / NS_PER_S, buffer, len);
    } while (e == OK);
    return e;
}

static enum err exchange(struct dns_peers *p, struct dns_xfr_in *x, const struct dns_remote *from, uint8_t *buffer)
{
    struct flow *f;
    uint64_t deadline_ns = time_after(sched_now(), DNS_XFR_IDLE_NS);
    enum err e = stack_connect(p->stack, from->at, deadline_ns, &f);
    if (e) {
        x->why = err_text(e);
        return e;
    }
    e = send_request(x, f, buffer, deadline_ns);
    if (!e)
        e = receive(x, f, buffer);
    if (e == ERR_END)
        flow_close(f);
    else
        flow_abort(f);
    return e;
}

static void log_failure(const struct dns_role *role, const struct dns_remote *from, const struct dns_xfr_in *x,
                        enum err e)
{
    char text[DNS_NAME_TEXT_BYTES], ip[IP_TEXT_BYTES];
    ip_text(&from->at.ip, ip);
    log_warning(&source, "%s of %s from %s: %s (%s)", x->incremental ? "IXFR" : "AXFR", text_of(role, text), ip,
                x->why ? x->why : "", err_text(e));
}

static enum err try_once(struct dns_peers *p, struct dns_role *role, const struct dns_remote *from,
                         const struct dns_zone *have, uint8_t *buffer)
{
    struct dns_xfr_in x;
    struct dns_xfr_in_options o = {
        .seed = p->zones->seed, .zone_limit_bytes = p->zone_bytes, .changes_limit_bytes = p->history_bytes};
    if (from->by_key && !(o.key = dns_tsig_keys_find(&p->keys, dns_name_bytes(&from->key))))
        return ERR_INVALID;
    dns_xfr_in_begin(&x, dns_name_bytes(&role->origin), have, (uint16_t)random_u32(), &o);
    enum err e = exchange(p, &x, from, buffer);
    if (e == ERR_END)
        e = install(p, role, &x);
    if (e != OK && e != ERR_NOT_FOUND && e != ERR_CANCELLED)
        log_failure(role, from, &x, e);
    dns_xfr_in_end(&x);
    return e;
}

enum err dns_secondary_fetch(struct dns_peers *p, struct dns_role *role, uint8_t *buffer)
{
    char text[DNS_NAME_TEXT_BYTES];
    const struct dns_remote *from = &role->primaries.remote[role->turn];
    struct dns_zone *z = zone_of(p, role);
    bool has = z && dns_zone_find(z, dns_zone_origin(z), DNS_SOA);
    enum err e = try_once(p, role, from, has ? z : NULL, buffer);
    bool other_way = e == ERR_REFUSED || e == ERR_INVALID || e == ERR_TOO_LARGE || e == ERR_MALFORMED || e == ERR_RESET;
    if (has && other_way)
        e = try_once(p, role, from, NULL, buffer);
    p->n.n_fetched += e == OK;
    p->n.n_fetched_same += e == ERR_NOT_FOUND;
    p->n.n_fetch_failed += e != OK && e != ERR_NOT_FOUND;
    if (e == OK) {
        log_info(&source, "zone %s: version %u came", text_of(role, text), dns_zone_serial(zone_of(p, role)));
        dns_peers_changed(p, dns_name_bytes(&role->origin));
    }
    return e;
}

/* ---- The fibers ---- */

static void work(struct dns_peers *p, uint8_t *buffer)
{
    enum err e = OK;
    while (e != ERR_CANCELLED) {
        uint64_t next_ns;
        struct dns_role *role = dns_secondary_due(p, sched_now(), &next_ns);
        if (!role) {
            e = fiber_park(next_ns);
            continue;
        }
        role->busy = true;
        role->due_ns = TIME_NEVER;
        e = dns_secondary_fetch(p, role, buffer);
        role->busy = false;
        dns_secondary_done(p, role, sched_now(), e);
        dns_secondary_wake(p);
    }
}

static void worker(void *peers)
{
    struct dns_peers *p = peers;
    uint8_t *buffer = malloc(DNS_MESSAGE_BYTES);
    size_t i = 0;
    while (i < DNS_XFR_WORKERS && p->worker[i])
        i++;
    must(i < DNS_XFR_WORKERS && buffer);
    p->worker[i] = fiber_self();
    work(p, buffer);
    p->worker[i] = NULL;
    free(buffer);
}

static void keep_time(void *peers)
{
    struct dns_peers *p = peers;
    p->clock = fiber_self();
    while (fiber_park(dns_secondary_expire(p, sched_now())) != ERR_CANCELLED)
        ;
    p->clock = NULL;
}

static void notifier(void *peers)
{
    enum err e = dns_notify_run(peers);
    if (e != ERR_CANCELLED)
        log_error(&source, "NOTIFY: %s", err_text(e));
}

static bool has_secondary(const struct dns_peers *p)
{
    LIST_EACH(&p->roles, node)
    {
        if (role_at(node)->is_secondary)
            return true;
    }
    return false;
}

enum err dns_peers_run(struct dns_peers *p, struct stack *s)
{
    struct scope fibers;
    enum err e = OK;
    bool secondary = has_secondary(p);
    p->stack = s;
    scope_open(&fibers);
    if (p->secondaries.n > 0)
        e = scope_spawn(&fibers, "dns-notify", notifier, p);
    if (!e && secondary)
        e = scope_spawn(&fibers, "dns-clock", keep_time, p);
    for (size_t i = 0; !e && secondary && i < DNS_XFR_WORKERS; i++)
        e = scope_spawn(&fibers, "dns-xfr", worker, p);
    if (e)
        scope_cancel(&fibers);
    scope_join(&fibers);
    return e ? e : ERR_CANCELLED;
}
