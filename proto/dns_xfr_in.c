/* SPDX-License-Identifier: ISC */
/* What comes is a stream of records, whatever messages they are cut into (RFC 5936 2.2, RFC 1995 4):
 *
 *   FIRST    SOA of the new version. Not newer than ours: that is all.
 *   SECOND   the SOA of ours: changes follow, REMOVED. Anything else: all of the zone, RECORDS.
 *   RECORDS  up to the first SOA again.
 *   REMOVED  up to a SOA, which begins ADDED.
 *   ADDED    up to a SOA: that of this step begins REMOVED again, or ends all when it is the new version's.
 *
 * Nothing touches the zone that there is before all has come and was found good. */
#include "proto/dns_xfr.h"

#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { CHANGES_FIRST_BYTES = 4096, ENDS_FIRST = 8, RECORD_BYTES = 2 + 4 + 2 };

void dns_xfr_in_begin(struct dns_xfr_in *x, struct bytes origin, const struct dns_zone *zone, uint16_t id,
                      const struct dns_xfr_in_options *o)
{
    *x = (struct dns_xfr_in){.id = id, .seed = o->seed, .limit_bytes = o->changes_limit_bytes};
    x->zone_limit_bytes = o->zone_limit_bytes;
    x->incremental = zone != NULL;
    x->serial = zone ? dns_zone_serial(zone) : 0;
    x->is_signed = o->key != NULL;
    x->why = "the connection ended before the transfer did";
    dns_name_copy(&x->origin, origin);
    if (o->key)
        dns_tsig_begin(&x->tsig, o->key);
}

/* IXFR says which version we have by a SOA of which only the serial number is looked at. */
static bool write_version(struct dns_writer *d, const struct dns_xfr_in *x)
{
    uint8_t rdata[22];
    struct writer w = writer_of(rdata, sizeof rdata);
    write_zeros(&w, 2); /* two root names */
    write_be32(&w, x->serial);
    write_zeros(&w, 16);
    return dns_write_record(d, DNS_AUTHORITY, dns_name_bytes(&x->origin), DNS_SOA, DNS_IN, 0, writer_bytes(&w));
}

enum err dns_xfr_in_request(struct dns_xfr_in *x, uint64_t now_s, uint8_t *buffer, size_t size, size_t *len)
{
    struct dns_writer d;
    uint16_t type = x->incremental ? DNS_IXFR : DNS_AXFR;
    dns_write_begin(&d, buffer, size);
    bool good =
        dns_write_question(&d, dns_name_bytes(&x->origin), type, DNS_IN) && (!x->incremental || write_version(&d, x));
    *len = dns_write_end(&d, x->id, 0).len;
    if (!good)
        return ERR_FULL;
    if (!x->is_signed)
        return OK;
    enum err e = dns_tsig_request(&x->tsig, now_s, buffer, len, size);
    return e ? ERR_FULL : dns_tsig_stream_begin(&x->stream, &x->tsig);
}

static enum err fail(struct dns_xfr_in *x, enum err e, const char *why)
{
    x->why = why;
    return e;
}

/* ---- Changes, as entries have them ---- */

static enum err grow(void **memory, size_t *have, size_t need, size_t first, size_t size)
{
    size_t n = *have ? *have : first;
    while (n < need)
        n *= 2;
    if (n == *have)
        return OK;
    void *more = malloc(n * size); /* not realloc: nothing else of an image needs that */
    if (!more)
        return ERR_FULL;
    if (*have)
        memcpy(more, *memory, *have * size);
    free(*memory);
    *memory = more;
    *have = n;
    return OK;
}

static enum err collect(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata)
{
    size_t need = x->len + record->name.len + RECORD_BYTES + rdata.len;
    if (need > x->limit_bytes)
        return fail(x, ERR_TOO_LARGE, "more changes than there is room for");
    void *memory = x->changes;
    if (grow(&memory, &x->size, need, CHANGES_FIRST_BYTES, 1))
        return fail(x, ERR_FULL, "not enough memory");
    x->changes = memory;
    struct writer w = writer_of(x->changes + x->len, x->size - x->len);
    write_bytes(&w, dns_name_bytes(&record->name));
    write_be16(&w, record->type);
    write_be32(&w, record->ttl);
    write_be16(&w, (uint16_t)rdata.len);
    write_bytes(&w, rdata);
    must(writer_good(&w));
    x->len = need;
    return OK;
}

static enum err end_change(struct dns_xfr_in *x)
{
    void *memory = x->end;
    if (grow(&memory, &x->max_ends, x->n_ends + 1, ENDS_FIRST, sizeof *x->end))
        return fail(x, ERR_FULL, "not enough memory");
    x->end = memory;
    x->end[x->n_ends++] = x->len;
    return OK;
}

/* ---- Records ---- */

static enum err add_record(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata)
{
    enum err e = dns_zone_add(x->whole, dns_name_bytes(&record->name), record->type, record->ttl, rdata);
    if (e == ERR_FULL)
        return fail(x, ERR_FULL, "the zone takes more memory than it may");
    return e == OK || e == ERR_IN_USE ? OK : fail(x, ERR_MALFORMED, "a record that can't be in the zone");
}

static enum err first(struct dns_xfr_in *x, bool is_soa, uint32_t serial)
{
    if (!is_soa)
        return fail(x, ERR_MALFORMED, "the first record is not the zone's SOA");
    x->target = serial;
    x->state = DNS_XFR_SECOND;
    if (!x->incremental || dns_serial_after(serial, x->serial))
        return OK;
    x->state = DNS_XFR_DONE;
    return ERR_END;
}

/* All of the zone: what is added twice is one record, so the SOAs need no memory of their own. */
static enum err next_of_whole(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata, bool is_soa,
                              uint32_t serial)
{
    if (is_soa && serial != x->target)
        return fail(x, ERR_MALFORMED, "the last SOA is of another version");
    enum err e = add_record(x, record, rdata);
    if (e || !is_soa)
        return e;
    x->state = DNS_XFR_DONE;
    return ERR_END;
}

static enum err second(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata, bool is_soa,
                       uint32_t serial)
{
    if (x->incremental && is_soa && serial == x->serial && serial != x->target) {
        x->state = DNS_XFR_REMOVED;
        return collect(x, record, rdata);
    }
    if (dns_zone_new(dns_name_bytes(&x->origin), x->seed, x->zone_limit_bytes, &x->whole))
        return fail(x, ERR_FULL, "not enough memory");
    x->state = DNS_XFR_RECORDS;
    return next_of_whole(x, record, rdata, is_soa, serial);
}

static enum err soa_after_added(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata,
                                uint32_t serial)
{
    if (serial != x->step)
        return fail(x, ERR_MALFORMED, "changes that don't go on where the last ended");
    enum err e = end_change(x);
    if (e)
        return e;
    if (serial == x->target) {
        x->state = DNS_XFR_DONE;
        return ERR_END;
    }
    x->state = DNS_XFR_REMOVED;
    return collect(x, record, rdata);
}

static enum err next_record(struct dns_xfr_in *x, const struct dns_record *record, struct bytes rdata)
{
    struct dns_soa soa = {0};
    bool is_soa = record->type == DNS_SOA;
    if (is_soa &&
        (!dns_soa_read(rdata, &soa) || !dns_name_equal(dns_name_bytes(&record->name), dns_name_bytes(&x->origin))))
        return fail(x, ERR_MALFORMED, "a SOA that is not the zone's");
    switch (x->state) {
    case DNS_XFR_FIRST:
        return first(x, is_soa, soa.serial);
    case DNS_XFR_SECOND:
        return second(x, record, rdata, is_soa, soa.serial);
    case DNS_XFR_RECORDS:
        return next_of_whole(x, record, rdata, is_soa, soa.serial);
    case DNS_XFR_REMOVED:
        if (is_soa) {
            x->state = DNS_XFR_ADDED;
            x->step = soa.serial;
        }
        return collect(x, record, rdata);
    case DNS_XFR_ADDED:
        return is_soa ? soa_after_added(x, record, rdata, soa.serial) : collect(x, record, rdata);
    case DNS_XFR_DONE:
        break;
    }
    return fail(x, ERR_MALFORMED, "records behind the last SOA");
}

/* ---- Messages ---- */

static enum err check_header(struct dns_xfr_in *x, struct reader *r, struct bytes message, struct dns_header *h)
{
    struct dns_question q;
    if (!dns_header_read(r, h))
        return fail(x, ERR_MALFORMED, "a message that is not whole");
    if (h->id != x->id || (h->flags & (DNS_QR | DNS_OPCODE | DNS_TC)) != DNS_QR || h->n[DNS_QUESTION] > 1)
        return fail(x, ERR_MALFORMED, "a message that doesn't answer the request");
    x->rcode = h->flags & DNS_RCODE;
    if (x->rcode != DNS_NOERROR)
        return fail(x, ERR_REFUSED, dns_rcode_text(x->rcode));
    if (h->n[DNS_QUESTION] == 1 && !dns_question_read(r, message, &q))
        return fail(x, ERR_MALFORMED, "a message that is not whole");
    return OK;
}

static enum err take_record(struct dns_xfr_in *x, struct reader *r, struct bytes message)
{
    static const size_t room = DNS_RDATA_BYTES;
    struct dns_record record;
    if (!dns_record_read(r, message, &record))
        return fail(x, ERR_MALFORMED, "a message that is not whole");
    if (record.class_ != DNS_IN || dns_type_is_meta(record.type) ||
        !dns_name_is_under(dns_name_bytes(&record.name), dns_name_bytes(&x->origin)))
        return fail(x, ERR_MALFORMED, "a record that can't be in the zone");
    if (!x->rdata && !(x->rdata = malloc(room)))
        return fail(x, ERR_FULL, "not enough memory");
    struct writer w = writer_of(x->rdata, room);
    if (!dns_rdata_expand(message, &record, &w))
        return fail(x, ERR_MALFORMED, "a record whose data are not what its type says");
    x->n_records++;
    return next_record(x, &record, writer_bytes(&w));
}

static enum err check_signature(struct dns_xfr_in *x, uint64_t now_s, uint8_t *message, size_t *len)
{
    enum err e = dns_tsig_stream_next(&x->stream, now_s, message, len);
    if (e == ERR_REFUSED)
        x->rcode = x->tsig.error;
    if (e == ERR_REFUSED)
        return fail(x, e, "our signature was refused");
    return e ? fail(x, ERR_MALFORMED, "a signature that is missing or no good") : OK;
}

/* Behind the end the messages must not only be whole but signed, too. */
static enum err at_end(struct dns_xfr_in *x)
{
    if (!x->is_signed)
        return ERR_END;
    return dns_tsig_stream_end(&x->stream) == OK ? ERR_END : fail(x, ERR_MALFORMED, "the last message is not signed");
}

enum err dns_xfr_in_message(struct dns_xfr_in *x, uint64_t now_s, uint8_t *message, size_t len)
{
    struct dns_header h;
    enum err e = x->is_signed ? check_signature(x, now_s, message, &len) : OK;
    struct bytes m = bytes_of(message, len);
    struct reader r = reader_of(m);
    if (!e)
        e = check_header(x, &r, m, &h);
    if (e)
        return e;
    for (unsigned i = 0; i < h.n[DNS_ANSWER] && !e; i++)
        e = take_record(x, &r, m);
    return e == ERR_END ? at_end(x) : e;
}

/* ---- The end ---- */

static enum err finish_whole(struct dns_xfr_in *x, struct dns_zone **zone, void (*each)(void *, struct dns_entry *),
                             void *user)
{
    struct dns_name where;
    const char *why = dns_zone_check(x->whole, &where);
    if (why)
        return fail(x, ERR_INVALID, why);
    dns_zone_release(*zone);
    *zone = x->whole;
    x->whole = NULL;
    each(user, NULL);
    return OK;
}

static enum err apply_one(struct dns_xfr_in *x, struct dns_zone *z, size_t i, struct dns_entry **entry)
{
    size_t from = i ? x->end[i - 1] : 0;
    enum err e = dns_entry_parse(bytes_of(x->changes + from, x->end[i] - from), entry);
    if (e)
        return e;
    return dns_entry_apply(*entry, z);
}

static enum err finish_changes(struct dns_xfr_in *x, struct dns_zone *z, void (*each)(void *, struct dns_entry *),
                               void *user)
{
    struct dns_entry **entry = calloc(x->n_ends, sizeof(struct dns_entry *));
    enum err e = entry ? OK : ERR_FULL;
    dns_zone_begin(z);
    for (size_t i = 0; !e && i < x->n_ends; i++)
        e = apply_one(x, z, i, &entry[i]);
    if (e)
        dns_zone_abort(z);
    else
        dns_zone_commit(z);
    for (size_t i = 0; entry && i < x->n_ends; i++) {
        if (e)
            dns_entry_release(entry[i]);
        else
            each(user, entry[i]);
    }
    free(entry);
    return e ? fail(x, e == ERR_FULL ? ERR_FULL : ERR_INVALID, "changes that don't fit the zone that we have") : OK;
}

enum err dns_xfr_in_finish(struct dns_xfr_in *x, struct dns_zone **zone, void (*each)(void *, struct dns_entry *),
                           void *user)
{
    must(x->state == DNS_XFR_DONE);
    if (x->whole)
        return finish_whole(x, zone, each, user);
    return x->n_ends ? finish_changes(x, *zone, each, user) : ERR_NOT_FOUND;
}

void dns_xfr_in_end(struct dns_xfr_in *x)
{
    if (x->is_signed && x->stream.hmac)
        (void)!dns_tsig_stream_end(&x->stream);
    dns_zone_release(x->whole);
    free(x->changes);
    free(x->end);
    free(x->rdata);
    x->whole = NULL;
    x->changes = NULL;
    x->end = NULL;
    x->rdata = NULL;
}
