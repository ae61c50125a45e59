/* SPDX-License-Identifier: ISC */
/* AXFR: SOA, all other records, SOA. IXFR: SOA, then for each change the old SOA, what was removed, the new SOA, what was added, then
 * SOA: an entry of the history has its records in just that order. The question stands in the first message only. */
#include "proto/dns_xfr.h"

#include <jinn/must.h>

#include <stdlib.h>

enum { STEP_FIRST, STEP_BODY, STEP_LAST, STEP_DONE };

/* How many lead from `first` to this serial number; 0: they don't, since the zone was exchanged as a whole. */
static size_t count_entries(const struct dns_history *h, struct dns_entry *first, uint32_t to)
{
    size_t n = 0;
    uint32_t at = to + 1;
    for (struct dns_entry *e = first; e; e = dns_history_next(h, e), n++)
        at = e->to;
    return at == to ? n : 0;
}

static enum err hold_entries(struct dns_xfr_out *x, const struct dns_history *h, struct dns_entry *first, size_t n)
{
    x->entry = malloc(n * sizeof(struct dns_entry *));
    if (!x->entry)
        return ERR_FULL;
    for (struct dns_entry *e = first; e; e = dns_history_next(h, e)) {
        dns_entry_hold(e);
        x->entry[x->n_entries++] = e;
    }
    x->reader = reader_of(bytes_of(first->data, first->len));
    x->kind = DNS_XFR_CHANGES;
    return OK;
}

static enum err copy_soa(struct dns_xfr_out *x, const struct dns_zone *z)
{
    const struct dns_set *soa = dns_zone_find(z, dns_zone_origin(z), DNS_SOA);
    if (!soa || dns_set_first(soa).len > sizeof x->soa)
        return ERR_NOT_FOUND;
    struct bytes rdata = dns_set_first(soa);
    memcpy(x->soa, rdata.data, rdata.len);
    x->soa_len = (uint16_t)rdata.len;
    x->soa_ttl = soa->ttl;
    return OK;
}

enum err dns_xfr_out_begin(struct dns_xfr_out *x, struct dns_zone *z, const struct dns_history *history,
                           const struct dns_question *question, uint16_t id, const uint32_t *serial)
{
    *x = (struct dns_xfr_out){.question = *question, .id = id, .flags = DNS_QR | DNS_AA, .first = true};
    enum err e = copy_soa(x, z);
    uint32_t ours = dns_zone_serial(z);
    if (e)
        return e;
    if (serial && !dns_serial_after(ours, *serial)) {
        x->kind = DNS_XFR_SOA;
        return OK;
    }
    struct dns_entry *entry = serial && history ? dns_history_find(history, *serial) : NULL;
    size_t n = count_entries(history, entry, ours);
    if (n)
        return hold_entries(x, history, entry, n);
    x->kind = DNS_XFR_WHOLE;
    dns_cursor_open(&x->cursor, z, dns_zone_origin(z));
    x->is_open = true;
    return OK;
}

/* The next record of the zone that isn't its SOA. */
static bool next_of_zone(struct dns_xfr_out *x)
{
    for (;;) {
        while (!x->set) {
            if (!dns_cursor_next(&x->cursor, &x->name, &x->set))
                return false;
            x->at = 0;
            if (x->set->type == DNS_SOA)
                x->set = NULL;
        }
        if (dns_set_record(x->set, &x->at, &x->change.rdata)) {
            x->change.name = x->name;
            x->change.type = x->set->type;
            x->change.ttl = x->set->ttl;
            return true;
        }
        x->set = NULL;
    }
}

static bool next_of_changes(struct dns_xfr_out *x)
{
    while (!dns_entry_record(&x->reader, &x->change)) {
        if (++x->at_entry >= x->n_entries)
            return false;
        const struct dns_entry *e = x->entry[x->at_entry];
        x->reader = reader_of(bytes_of(e->data, e->len));
    }
    return true;
}

static void be_soa(struct dns_xfr_out *x)
{
    x->change.name = dns_name_bytes(&x->question.name);
    x->change.type = DNS_SOA;
    x->change.ttl = x->soa_ttl;
    x->change.rdata = bytes_of(x->soa, x->soa_len);
}

/* Into x->change, unless one waits there. False: no more. */
static bool next_record(struct dns_xfr_out *x)
{
    if (x->have)
        return true;
    if (x->step == STEP_BODY && !(x->kind == DNS_XFR_WHOLE ? next_of_zone(x) : next_of_changes(x)))
        x->step = STEP_LAST;
    if (x->step == STEP_DONE)
        return false;
    if (x->step != STEP_BODY) {
        be_soa(x);
        x->step = x->step == STEP_FIRST && x->kind != DNS_XFR_SOA ? STEP_BODY : STEP_DONE;
    }
    x->have = true;
    return true;
}

/* As many as there is room for. */
static unsigned write_records(struct dns_xfr_out *x, struct dns_writer *d)
{
    unsigned n = 0;
    while (next_record(x)) {
        const struct dns_change *c = &x->change;
        if (!dns_write_record(d, DNS_ANSWER, c->name, c->type, DNS_IN, c->ttl, c->rdata))
            break;
        x->have = false;
        n++;
    }
    x->n_records += n;
    return n;
}

size_t dns_xfr_out_next(struct dns_xfr_out *x, uint64_t now_s, uint8_t *buffer, struct dns_tsig *t)
{
    struct dns_writer d;
    size_t room = DNS_MESSAGE_BYTES - dns_tsig_room(t), limit = DNS_XFR_MESSAGE_BYTES;
    if (!next_record(x))
        return 0;
    for (;; limit = room) {
        dns_write_begin(&d, buffer, limit);
        if (x->first)
            must(dns_write_question(&d, dns_name_bytes(&x->question.name), x->question.type, x->question.class_));
        if (write_records(x, &d) > 0)
            break;
        x->failed = limit == room; /* one so long that with a signature it can't be sent at all */
        if (x->failed)
            return 0;
    }
    size_t len = dns_write_end(&d, x->id, x->flags).len;
    x->first = false;
    must(dns_tsig_answer(t, now_s, buffer, &len, DNS_MESSAGE_BYTES) == OK); /* its room was left */
    return len;
}

void dns_xfr_out_end(struct dns_xfr_out *x)
{
    if (x->is_open)
        dns_cursor_close(&x->cursor);
    for (size_t i = 0; i < x->n_entries; i++)
        dns_entry_release(x->entry[i]);
    free(x->entry);
    x->is_open = false;
    x->entry = NULL;
    x->n_entries = 0;
}

bool dns_xfr_serial(struct bytes message, uint32_t *serial)
{
    struct reader r = reader_of(message);
    struct dns_header h;
    struct dns_question q;
    struct dns_record record;
    if (!dns_header_read(&r, &h) || h.n[DNS_QUESTION] != 1 || h.n[DNS_ANSWER] != 0 || h.n[DNS_AUTHORITY] < 1)
        return false;
    if (!dns_question_read(&r, message, &q) || !dns_record_read(&r, message, &record) || record.type != DNS_SOA ||
        !dns_name_equal(dns_name_bytes(&record.name), dns_name_bytes(&q.name)))
        return false;
    /* its names may be compressed; the numbers are the last 20 bytes */
    if (record.rdata.len < 20)
        return false;
    struct reader numbers = reader_of(bytes_slice(record.rdata, record.rdata.len - 20, 20));
    *serial = read_be32(&numbers);
    return true;
}
