/* SPDX-License-Identifier: ISC */
#include "proto/dns_peers.h"

#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/plat.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

static enum err keep(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e)
{
    struct dns_peers *p = CONTAINER_OF(u, struct dns_peers, user);
    return p->keeper ? p->keeper->keep(p->keeper, z, e) : OK;
}

static void done(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e)
{
    struct dns_peers *p = CONTAINER_OF(u, struct dns_peers, user);
    struct dns_role *role = dns_peers_role(p, dns_zone_origin(z));
    if (role)
        dns_history_add(&role->history, e);
    else
        dns_entry_release(e);
    dns_peers_changed(p, dns_zone_origin(z));
}

static struct dns_zone *zone_of(const struct dns_peers *p, struct bytes origin)
{
    struct dns_zone_entry *entry = dns_zones_get(p->zones, origin);
    return entry ? entry->zone : NULL;
}

static const struct dns_role *known_role(const struct dns_peers *p, struct bytes origin)
{
    struct dns_zone_entry *entry = dns_zones_get(p->zones, origin);
    return entry ? entry->user : NULL;
}

struct dns_role *dns_peers_role(struct dns_peers *p, struct bytes origin)
{
    struct dns_zone_entry *entry = dns_zones_get(p->zones, origin);
    if (!entry || entry->user)
        return entry ? entry->user : NULL;
    struct dns_role *role = calloc(1, sizeof *role);
    if (!role)
        return NULL;
    dns_name_copy(&role->origin, origin);
    dns_history_init(&role->history, p->history_bytes);
    role->due_ns = role->expires_ns = TIME_NEVER;
    list_append(&p->roles, &role->link);
    entry->user = role;
    return role;
}

/* ---- Answers ---- */

/* The header and the question, with this code. */
static size_t answer_code(const struct dns_request *r, unsigned rcode, uint8_t *out, size_t size)
{
    struct dns_writer d;
    dns_write_begin(&d, out, size);
    if (r->header.n[DNS_QUESTION] == 1)
        dns_write_question(&d, dns_name_bytes(&r->question.name), r->question.type, r->question.class_);
    uint16_t keep_flags = r->header.flags & (DNS_OPCODE | DNS_RD);
    return dns_write_end(&d, r->header.id, (uint16_t)(DNS_QR | keep_flags | rcode)).len;
}

static unsigned opcode_of(const struct dns_request *r)
{
    return (r->header.flags & DNS_OPCODE) >> DNS_OPCODE_SHIFT;
}

/* What was done is told; what was not, to who asks for it: anybody can have that said as often as they like. */
static COLD unsigned told(const struct dns_request *r, const char *what, unsigned rcode)
{
    enum log_level level = rcode == DNS_NOERROR ? LOG_INFO : LOG_DEBUG;
    char name[DNS_NAME_TEXT_BYTES], from[IP_TEXT_BYTES];
    if (log_enabled(&source, level))
        log_print(&source, level, "zone %s: %s %s: %s", dns_name_text(dns_name_bytes(&r->question.name), name), what,
                  ip_text(&r->from->peer.ip, from), dns_rcode_text(rcode));
    return rcode;
}

/* ---- UPDATE ---- */

static unsigned update(struct dns_peers *p, const struct dns_request *r, struct bytes message,
                       const struct dns_tsig_key *key)
{
    struct dns_question q;
    if (!dns_update_zone(message, &q))
        return DNS_FORMERR;
    struct bytes origin = dns_name_bytes(&q.name);
    struct dns_zone *z = zone_of(p, origin);
    const struct dns_role *role = known_role(p, origin);
    if (!z)
        return DNS_NOTAUTH;
    if ((role && role->is_secondary) || !dns_access_allows(&p->update, &r->from->peer.ip, key)) {
        p->n.n_updates_refused++;
        return DNS_REFUSED;
    }
    return dns_update(z, message, p->room, &p->user, &p->n.update);
}

/* ---- NOTIFY in (RFC 1996) ---- */

/* Its place among the zone's primaries; as many as there are: it is none. */
static size_t find_primary(const struct dns_role *role, const struct ip *peer)
{
    size_t i = 0;
    while (i < role->primaries.n && !ip_equal(&role->primaries.remote[i].at.ip, peer))
        i++;
    return i;
}

static unsigned notified(struct dns_peers *p, const struct dns_request *r, const struct dns_tsig_key *key)
{
    struct dns_zone_entry *entry = dns_zones_get(p->zones, dns_name_bytes(&r->question.name));
    struct dns_role *role = entry ? entry->user : NULL;
    const struct ip *peer = &r->from->peer.ip;
    if (r->question.type != DNS_SOA)
        return DNS_NOTIMP;
    if (!role || !role->is_secondary)
        return entry ? DNS_REFUSED : DNS_NOTAUTH;
    size_t primary = find_primary(role, peer);
    if (primary == role->primaries.n && !dns_access_allows(&p->notify, peer, key)) {
        p->n.n_notified_refused++;
        return DNS_REFUSED;
    }
    p->n.n_notified++;
    if (primary < role->primaries.n)
        role->turn = primary; /* who has the news is asked for them */
    role->due_ns = r->from->now_ns;
    dns_secondary_wake(p);
    return DNS_NOERROR;
}

/* ---- Transfers out ---- */

static bool may_transfer(struct dns_peers *p, const struct dns_request *r, const struct dns_tsig_key *key)
{
    bool may = r->question.class_ == DNS_IN && dns_access_allows(&p->transfer, &r->from->peer.ip, key);
    p->n.n_transfers_refused += !may;
    return may;
}

/* What there is to be sent for this request: NOERROR, or why not. */
static unsigned begin_transfer(struct dns_peers *p, const struct dns_request *r, struct bytes message,
                               const struct dns_tsig_key *key, struct dns_xfr_out *x)
{
    struct bytes origin = dns_name_bytes(&r->question.name);
    struct dns_zone *z = zone_of(p, origin);
    const struct dns_role *role = known_role(p, origin);
    uint32_t serial;
    bool changes = r->question.type == DNS_IXFR;
    if (!may_transfer(p, r, key))
        return DNS_REFUSED;
    if (!z)
        return DNS_NOTAUTH;
    if (changes && !dns_xfr_serial(message, &serial))
        return DNS_FORMERR;
    if (dns_zone_is_expired(z))
        return DNS_SERVFAIL;
    enum err e =
        dns_xfr_out_begin(x, z, role ? &role->history : NULL, &r->question, r->header.id, changes ? &serial : NULL);
    return e ? DNS_SERVFAIL : DNS_NOERROR;
}

static uint64_t wall_s(void)
{
    return plat_wall_ns() / NS_PER_S;
}

/* The signature was good, and there is something to send. */
static bool send_all(struct dns_peers *p, struct dns_xfr_out *x, struct dns_tsig *t, uint8_t *buffer,
                     struct dns_stream *to)
{
    size_t len;
    bool alive = true;
    while (alive && (len = dns_xfr_out_next(x, wall_s(), buffer, t)) > 0)
        alive = to->send(to, bytes_of(buffer, len));
    alive &= !x->failed;
    dns_xfr_out_end(x);
    p->n.n_transfers += alive;
    p->n.n_transfers_broken += !alive;
    return alive;
}

static bool transfer(struct dns_extra *extra, struct dns_service *s, const struct dns_request *r, struct dns_stream *to)
{
    struct dns_peers *p = CONTAINER_OF(extra, struct dns_peers, extra);
    struct dns_tsig t;
    struct dns_xfr_out x;
    size_t len = r->message.len;
    uint8_t *buffer = malloc(DNS_MESSAGE_BYTES);
    if (!buffer)
        return false;
    memcpy(buffer, r->message.data, len);
    unsigned rcode = dns_tsig_check(&p->keys, r->from->wall_s, buffer, &len, &t, &p->n.tsig);
    if (rcode == DNS_NOERROR)
        rcode = begin_transfer(p, r, bytes_of(buffer, len), t.key, &x);
    bool alive;
    if (rcode == DNS_NOERROR) {
        alive = send_all(p, &x, &t, buffer, to);
        told(r, "transfer to", alive ? DNS_NOERROR : DNS_SERVFAIL);
    } else {
        told(r, "transfer to", rcode);
        len = answer_code(r, rcode, buffer, DNS_MESSAGE_BYTES);
        alive =
            dns_tsig_answer(&t, wall_s(), buffer, &len, DNS_MESSAGE_BYTES) == OK && to->send(to, bytes_of(buffer, len));
    }
    free(buffer);
    return alive;
}

/* By UDP an IXFR gets the SOA alone: whoever hasn't that version comes by TCP (RFC 1995 2). */
static size_t soa_alone(struct dns_peers *p, const struct dns_request *r, struct bytes message,
                        const struct dns_tsig_key *key, uint8_t *out, size_t size)
{
    struct dns_xfr_out x;
    struct dns_tsig none = {0};
    uint8_t *buffer = p->request; /* what was in it has been read */
    unsigned rcode = begin_transfer(p, r, message, key, &x);
    if (rcode != DNS_NOERROR)
        return answer_code(r, rcode, out, size);
    dns_xfr_out_end(&x);
    x.kind = DNS_XFR_SOA;
    size_t len = dns_xfr_out_next(&x, 0, buffer, &none);
    if (len > size)
        return answer_code(r, DNS_SERVFAIL, out, size);
    memcpy(out, buffer, len);
    return len;
}

/* ---- Messages ---- */

static size_t answer(struct dns_peers *p, struct dns_service *s, const struct dns_request *r, struct bytes message,
                     const struct dns_tsig *t, uint8_t *out, size_t size)
{
    size_t room = dns_tsig_room(t);
    switch (opcode_of(r)) {
    case DNS_UPDATE:
        return answer_code(r, told(r, "update by", update(p, r, message, t->key)), out, size - room);
    case DNS_NOTIFY:
        return answer_code(r, notified(p, r, t->key), out, size - room);
    default:
        if (r->question.type == DNS_IXFR && !r->from->tcp)
            return soa_alone(p, r, message, t->key, out, size - room);
        return dns_service_plain(s, r->from, message, out, size, room);
    }
}

static size_t message(struct dns_extra *extra, struct dns_service *s, const struct dns_request *r, uint8_t *out,
                      size_t size)
{
    struct dns_peers *p = CONTAINER_OF(extra, struct dns_peers, extra);
    struct dns_tsig t;
    size_t len = r->message.len;
    memcpy(p->request, r->message.data, len);
    unsigned rcode = dns_tsig_check(&p->keys, r->from->wall_s, p->request, &len, &t, &p->n.tsig);
    size_t room = dns_tsig_room(&t);
    if (room + DNS_HEADER_BYTES > size)
        return 0; /* can't be: names and a MAC take less than 650 bytes, and who is signed has room for more */
    size_t n = rcode == DNS_NOERROR ? answer(p, s, r, bytes_of(p->request, len), &t, out, size)
                                    : answer_code(r, rcode, out, size - room);
    return n && dns_tsig_answer(&t, r->from->wall_s, out, &n, size) == OK ? n : 0;
}

enum err dns_peers_init(struct dns_peers *p, struct dns_zones *zones, size_t zone_bytes)
{
    *p = (struct dns_peers){
        .extra = {message, transfer, dns_service_transfer}, .zones = zones, .history_bytes = DNS_HISTORY_BYTES};
    p->zone_bytes = zone_bytes;
    p->user = (struct dns_update_user){.keep = keep, .done = done};
    list_init(&p->roles);
    p->room = malloc(sizeof *p->room);
    p->request = malloc(DNS_MESSAGE_BYTES);
    return p->room && p->request ? OK : ERR_FULL;
}

enum err dns_peers_secondary(struct dns_peers *p, struct bytes origin, const struct dns_remotes *primaries)
{
    struct dns_zone *z;
    enum err e = OK;
    if (!zone_of(p, origin)) {
        e = dns_zone_new(origin, p->zones->seed, p->zone_bytes, &z);
        if (!e && (e = dns_zones_put(p->zones, z)) != OK)
            dns_zone_release(z);
    }
    struct dns_role *role = e ? NULL : dns_peers_role(p, origin);
    if (!role)
        return ERR_FULL;
    role->is_secondary = true;
    role->primaries = *primaries;
    role->due_ns = 0;
    role->retry_ns = DNS_RETRY_FIRST_NS;
    return OK;
}
