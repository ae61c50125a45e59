/* SPDX-License-Identifier: ISC */
/* A message of opcode UPDATE (RFC 2136 2): one question that names the zone, prerequisites where answers are, updates where authority is. What
 * a record there means is said by its class:
 *
 *   class  type  data   as a prerequisite                       as an update
 *   zone's  T    some   the set is exactly these, no TTL        add
 *   ANY     T    none   the set exists                          delete the set
 *   ANY    ANY   none   the name has records                    delete all of the name
 *   NONE    T    none   the set does not exist (delete: some)   delete this record
 *   NONE   ANY   none   the name has no records                 -                                                     */
#include "proto/dns_update.h"

#include "wire/dns_rdata.h"

#include <jinn/must.h>

enum { SOA_NUMBERS_BYTES = 20 };

struct update {
    struct dns_zone *zone;
    struct bytes message;
    struct bytes origin;
    struct dns_header header;
    struct dns_update_room *room;
    struct reader prerequisites, updates;
    bool refused;
};

bool dns_update_zone(struct bytes message, struct dns_question *zone)
{
    struct reader r = reader_of(message);
    struct dns_header h;
    return dns_header_read(&r, &h) && h.n[DNS_QUESTION] == 1 && dns_question_read(&r, message, zone) &&
           zone->type == DNS_SOA;
}

static bool of_signer(uint16_t type)
{
    return type == DNS_RRSIG || type == DNS_NSEC || type == DNS_NSEC3 || type == DNS_NSEC3PARAM || type == DNS_DNSKEY ||
           type == DNS_CDS || type == DNS_CDNSKEY;
}

/* ---- Prerequisites (3.2) ---- */

static bool has_data(const struct update *u, const struct dns_record *record)
{
    return dns_zone_find(u->zone, dns_name_bytes(&record->name), record->type) != NULL;
}

static bool has_records(const struct update *u, const struct dns_record *record)
{
    return dns_zone_first(u->zone, dns_name_bytes(&record->name)) != NULL;
}

static bool same_set(const struct dns_record *a, const struct dns_record *b)
{
    return a->type == b->type && a->class_ == b->class_ &&
           dns_name_equal(dns_name_bytes(&a->name), dns_name_bytes(&b->name));
}

static bool expand(struct update *u, const struct dns_record *record, unsigned room, struct bytes *rdata)
{
    struct writer w = writer_of(u->room->rdata[room], sizeof u->room->rdata[room]);
    bool good = dns_rdata_expand(u->message, record, &w);
    *rdata = writer_bytes(&w);
    return good;
}

static bool set_has(const struct dns_set *set, struct bytes rdata)
{
    struct bytes have;
    for (size_t at = 0; dns_set_record(set, &at, &have);) {
        if (dns_rdata_compare(set->type, have, rdata) == 0)
            return true;
    }
    return false;
}

/* A prerequisite of the same set has this data. */
static bool is_named(struct update *u, const struct dns_record *of, struct bytes rdata)
{
    struct reader r = u->prerequisites;
    struct dns_record record;
    struct bytes named;
    for (unsigned i = 0; i < u->header.n[DNS_ANSWER]; i++) {
        dns_record_read(&r, u->message, &record);
        if (same_set(&record, of) && expand(u, &record, 1, &named) && dns_rdata_compare(of->type, named, rdata) == 0)
            return true;
    }
    return false;
}

/* No prerequisite before this one, the i-th, is of its set. */
static bool is_first_of_set(const struct update *u, const struct dns_record *of, unsigned i)
{
    struct reader r = u->prerequisites;
    struct dns_record record;
    while (i-- > 0) {
        dns_record_read(&r, u->message, &record);
        if (same_set(&record, of))
            return false;
    }
    return true;
}

/* All that the message names is there: then all that is there must be named, too. Looked at once a set, so that it takes no
 * more steps than the named ones times all. */
static bool all_are_named(struct update *u, const struct dns_record *record, unsigned i, const struct dns_set *set)
{
    struct bytes have;
    if (!is_first_of_set(u, record, i))
        return true;
    for (size_t at = 0; dns_set_record(set, &at, &have);) {
        if (!is_named(u, record, have))
            return false;
    }
    return true;
}

static unsigned value_holds(struct update *u, const struct dns_record *record, unsigned i)
{
    struct bytes rdata;
    const struct dns_set *set = dns_zone_find(u->zone, dns_name_bytes(&record->name), record->type);
    if (record->ttl != 0 || dns_type_is_meta(record->type) || !expand(u, record, 0, &rdata))
        return DNS_FORMERR;
    if (!set || set->n > DNS_UPDATE_VALUES_MAX || !set_has(set, rdata))
        return DNS_NXRRSET;
    return all_are_named(u, record, i, set) ? DNS_NOERROR : DNS_NXRRSET;
}

static unsigned existence_holds(const struct update *u, const struct dns_record *record)
{
    bool any = record->type == DNS_ANY, wanted = record->class_ == DNS_ANY_CLASS;
    if (record->ttl != 0 || record->rdata.len != 0 || (!any && dns_type_is_meta(record->type)))
        return DNS_FORMERR;
    if ((any ? has_records(u, record) : has_data(u, record)) == wanted)
        return DNS_NOERROR;
    if (any)
        return wanted ? DNS_NXDOMAIN : DNS_YXDOMAIN;
    return wanted ? DNS_NXRRSET : DNS_YXRRSET;
}

static unsigned prerequisite_holds(struct update *u, const struct dns_record *record, unsigned i, unsigned *n_values)
{
    if (!dns_name_is_under(dns_name_bytes(&record->name), u->origin))
        return DNS_NOTZONE;
    if (record->class_ == DNS_ANY_CLASS || record->class_ == DNS_NONE)
        return existence_holds(u, record);
    if (record->class_ != DNS_IN)
        return DNS_FORMERR;
    u->refused |= ++*n_values > DNS_UPDATE_VALUES_MAX;
    return u->refused ? DNS_REFUSED : value_holds(u, record, i);
}

static unsigned check_prerequisites(struct update *u)
{
    struct reader r = u->prerequisites;
    struct dns_record record;
    unsigned n_values = 0;
    for (unsigned i = 0; i < u->header.n[DNS_ANSWER]; i++) {
        if (!dns_record_read(&r, u->message, &record))
            return DNS_FORMERR;
        unsigned rcode = prerequisite_holds(u, &record, i, &n_values);
        if (rcode != DNS_NOERROR)
            return rcode;
    }
    u->updates = r;
    return DNS_NOERROR;
}

/* ---- Updates: looked at before the first is done (3.4.1) ---- */

static unsigned prescan_one(struct update *u, const struct dns_record *record)
{
    struct bytes rdata;
    bool meta = dns_type_is_meta(record->type);
    if (!dns_name_is_under(dns_name_bytes(&record->name), u->origin))
        return DNS_NOTZONE;
    u->refused |= of_signer(record->type);
    if (record->class_ == DNS_IN)
        return !meta && expand(u, record, 0, &rdata) ? DNS_NOERROR : DNS_FORMERR;
    if (record->ttl != 0)
        return DNS_FORMERR;
    if (record->class_ == DNS_ANY_CLASS)
        return record->rdata.len == 0 && (!meta || record->type == DNS_ANY) ? DNS_NOERROR : DNS_FORMERR;
    if (record->class_ == DNS_NONE)
        return !meta && expand(u, record, 0, &rdata) ? DNS_NOERROR : DNS_FORMERR;
    return DNS_FORMERR;
}

static unsigned prescan(struct update *u)
{
    struct reader r = u->updates;
    struct dns_record record;
    for (unsigned i = 0; i < u->header.n[DNS_AUTHORITY]; i++) {
        if (!dns_record_read(&r, u->message, &record))
            return DNS_FORMERR;
        unsigned rcode = prescan_one(u, &record);
        if (rcode != DNS_NOERROR)
            return rcode;
    }
    return u->refused ? DNS_REFUSED : DNS_NOERROR;
}

/* ---- Updates: done (3.4.2) ---- */

/* What is so already is no error. */
static enum err unless(enum err e, enum err fine)
{
    return e == fine ? OK : e;
}

static bool beside_cname(uint16_t type)
{
    return type == DNS_CNAME || type == DNS_RRSIG || type == DNS_NSEC || type == DNS_KEY;
}

/* An update that would put a CNAME beside other data, or the other way round, is ignored. */
static bool clashes(const struct update *u, struct bytes name, uint16_t type)
{
    if (type != DNS_CNAME)
        return !beside_cname(type) && dns_zone_find(u->zone, name, DNS_CNAME);
    for (const struct dns_set *s = dns_zone_first(u->zone, name); s; s = dns_set_next(s)) {
        if (!beside_cname(s->type))
            return true;
    }
    return false;
}

static bool soa_is_newer(const struct update *u, struct bytes name, struct bytes rdata)
{
    struct dns_soa soa;
    return dns_name_equal(name, u->origin) && dns_soa_read(rdata, &soa) &&
           dns_serial_after(soa.serial, dns_zone_serial(u->zone));
}

static enum err add(struct update *u, struct bytes name, const struct dns_record *record, struct bytes rdata)
{
    bool single = record->type == DNS_SOA || record->type == DNS_CNAME || record->type == DNS_DNAME;
    if (record->type == DNS_SOA && !soa_is_newer(u, name, rdata))
        return OK;
    if (clashes(u, name, record->type))
        return OK;
    enum err e = single ? unless(dns_zone_remove_set(u->zone, name, record->type), ERR_NOT_FOUND) : OK;
    return e ? e : unless(dns_zone_add(u->zone, name, record->type, record->ttl, rdata), ERR_IN_USE);
}

static enum err remove_set(struct update *u, struct bytes name, uint16_t type)
{
    bool kept = dns_name_equal(name, u->origin) && (type == DNS_SOA || type == DNS_NS);
    return kept ? OK : unless(dns_zone_remove_set(u->zone, name, type), ERR_NOT_FOUND);
}

/* What a signer made for the name is the signer's to take away. */
static uint16_t first_removable(const struct update *u, struct bytes name)
{
    bool apex = dns_name_equal(name, u->origin);
    for (const struct dns_set *s = dns_zone_first(u->zone, name); s; s = dns_set_next(s)) {
        if (!of_signer(s->type) && !(apex && (s->type == DNS_SOA || s->type == DNS_NS)))
            return s->type;
    }
    return 0;
}

static enum err remove_name(struct update *u, struct bytes name)
{
    uint16_t type;
    while ((type = first_removable(u, name)) != 0) {
        enum err e = dns_zone_remove_set(u->zone, name, type);
        if (e)
            return e;
    }
    return OK;
}

static enum err remove_record(struct update *u, struct bytes name, uint16_t type, struct bytes rdata)
{
    bool apex = dns_name_equal(name, u->origin);
    const struct dns_set *set = dns_zone_find(u->zone, name, type);
    if (apex && (type == DNS_SOA || (type == DNS_NS && set && set->n == 1)))
        return OK;
    return unless(dns_zone_remove(u->zone, name, type, rdata), ERR_NOT_FOUND);
}

static enum err do_one(struct update *u, const struct dns_record *record)
{
    struct bytes name = dns_name_bytes(&record->name), rdata;
    if (record->class_ == DNS_ANY_CLASS)
        return record->type == DNS_ANY ? remove_name(u, name) : remove_set(u, name, record->type);
    must(expand(u, record, 0, &rdata)); /* it could be before */
    return record->class_ == DNS_IN ? add(u, name, record, rdata) : remove_record(u, name, record->type, rdata);
}

static enum err do_all(struct update *u)
{
    struct reader r = u->updates;
    struct dns_record record;
    enum err e = OK;
    for (unsigned i = 0; !e && i < u->header.n[DNS_AUTHORITY]; i++) {
        dns_record_read(&r, u->message, &record);
        e = do_one(u, &record);
    }
    return e;
}

/* ---- The serial number, and the end ---- */

enum err dns_soa_raise(struct dns_zone *z, const uint32_t *serial)
{
    uint8_t buffer[2 * DNS_NAME_BYTES + SOA_NUMBERS_BYTES];
    struct dns_soa soa;
    struct writer w = writer_of(buffer, sizeof buffer);
    if (!dns_zone_soa(z, &soa))
        return ERR_NOT_FOUND;
    uint32_t next = soa.serial + 1 == 0 ? 1 : soa.serial + 1; /* 0 means none to some programs (RFC 2136 7.15) */
    write_bytes(&w, soa.mname);
    write_bytes(&w, soa.rname);
    write_be32(&w, serial ? *serial : next);
    write_be32(&w, soa.refresh_s);
    write_be32(&w, soa.retry_s);
    write_be32(&w, soa.expire_s);
    write_be32(&w, soa.minimum_s);
    must(writer_good(&w));
    uint32_t ttl = soa.ttl;
    enum err e = dns_zone_remove_set(z, dns_zone_origin(z), DNS_SOA);
    return e ? e : dns_zone_add(z, dns_zone_origin(z), DNS_SOA, ttl, writer_bytes(&w));
}

static enum err something(void *user, const struct dns_change *c)
{
    return ERR_IN_USE;
}

/* Between begin and commit: GIVES the entry; ERR_NOT_FOUND: nothing is different. */
static enum err finish(struct update *u, struct dns_update_user *user, uint32_t before, struct dns_entry **entry)
{
    enum err e = dns_zone_each_change(u->zone, something, NULL) == OK ? ERR_NOT_FOUND : OK;
    if (!e && dns_zone_serial(u->zone) == before)
        e = dns_soa_raise(u->zone, NULL);
    if (!e && user->sign)
        e = user->sign(user, u->zone);
    if (!e)
        e = dns_entry_of_changes(u->zone, entry);
    if (!e && user->keep && (e = user->keep(user, u->zone, *entry)) != OK) {
        dns_entry_release(*entry);
        e = ERR_IO;
    }
    return e;
}

static unsigned change(struct update *u, struct dns_update_user *user, struct dns_update_counters *c)
{
    struct dns_entry *entry = NULL;
    uint32_t before = dns_zone_serial(u->zone);
    dns_zone_begin(u->zone);
    enum err e = do_all(u);
    if (!e)
        e = finish(u, user, before, &entry);
    if (e) {
        dns_zone_abort(u->zone);
        c->n_same += e == ERR_NOT_FOUND;
        c->n_failed += e != ERR_NOT_FOUND;
        return e == ERR_NOT_FOUND ? DNS_NOERROR : DNS_SERVFAIL;
    }
    dns_zone_commit(u->zone);
    c->n_done++;
    if (user->done)
        user->done(user, u->zone, entry);
    else
        dns_entry_release(entry);
    return DNS_NOERROR;
}

static unsigned begin(struct update *u)
{
    struct dns_question q;
    u->prerequisites = reader_of(u->message);
    if (!dns_update_zone(u->message, &q) || !dns_header_read(&u->prerequisites, &u->header) ||
        !dns_question_read(&u->prerequisites, u->message, &q))
        return DNS_FORMERR;
    bool ours = q.class_ == DNS_IN && dns_name_equal(dns_name_bytes(&q.name), u->origin);
    return ours && dns_zone_find(u->zone, u->origin, DNS_SOA) ? DNS_NOERROR : DNS_NOTAUTH;
}

unsigned dns_update(struct dns_zone *z, struct bytes message, struct dns_update_room *room,
                    struct dns_update_user *user, struct dns_update_counters *c)
{
    struct update u = {.zone = z, .message = message, .origin = dns_zone_origin(z), .room = room};
    unsigned rcode = begin(&u);
    if (rcode == DNS_NOERROR)
        rcode = check_prerequisites(&u);
    bool unmet = rcode != DNS_NOERROR && rcode != DNS_FORMERR && rcode != DNS_NOTZONE && rcode != DNS_NOTAUTH;
    if (rcode == DNS_NOERROR)
        rcode = prescan(&u);
    if (rcode == DNS_NOERROR)
        return change(&u, user, c);
    c->n_refused += u.refused;
    c->n_unmet += unmet && !u.refused;
    c->n_malformed += !unmet && !u.refused;
    return rcode;
}
