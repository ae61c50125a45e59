/* SPDX-License-Identifier: ISC */
#include "proto/dns_collect.h"

enum { SOA_TIMES_BYTES = 20, IP4_BYTES = 4, IP6_BYTES = 16 };

/* Rdata may be compressed: its names are read in the message up to its end, and must end there. */
static bool expand_names(struct bytes message, const struct dns_record *record, unsigned n, size_t behind,
                         struct writer *w)
{
    struct reader r = reader_of(record->rdata);
    struct dns_name name;
    for (unsigned i = 0; i < n; i++) {
        if (!dns_name_read(&r, message, &name))
            return false;
        write_bytes(w, dns_name_bytes(&name));
    }
    if (reader_left(&r) != behind)
        return false;
    write_bytes(w, read_rest(&r));
    return true;
}

static bool expand_rdata(dns_expand *expand, struct bytes message, const struct dns_record *record, struct writer *w)
{
    size_t len = record->rdata.len;
    switch (record->type) {
    case DNS_A:
        write_bytes(w, record->rdata);
        return len == IP4_BYTES;
    case DNS_AAAA:
        write_bytes(w, record->rdata);
        return len == IP6_BYTES;
    case DNS_NS:
    case DNS_CNAME:
    case DNS_PTR:
        return expand_names(message, record, 1, 0, w);
    case DNS_SOA:
        return expand_names(message, record, 2, SOA_TIMES_BYTES, w);
    default:
        return expand && expand(message, record, w);
    }
}

bool dns_set_add(struct dns_set *set, dns_expand *expand, struct bytes message, const struct dns_record *record)
{
    struct writer *w = &set->w;
    uint8_t *len_at = write_room(w, 2);
    if (!len_at || !expand_rdata(expand, message, record, w) || !writer_good(w))
        return false;
    size_t len = (size_t)(w->at - len_at) - 2;
    len_at[0] = (uint8_t)(len >> 8);
    len_at[1] = (uint8_t)len;
    set->ttl_s = set->n && set->ttl_s < record->ttl ? set->ttl_s : record->ttl;
    set->n++;
    return true;
}

static bool covers(const struct dns_record *record, uint16_t type)
{
    struct reader r = reader_of(record->rdata);
    return record->type == DNS_RRSIG && read_be16(&r) == type && reader_good(&r);
}

enum err dns_set_collect(struct dns_set *set, dns_expand *expand, struct bytes message, struct reader r, unsigned n,
                         struct bytes owner, uint16_t type, bool signatures)
{
    for (int pass = 0; pass < 1 + (signatures && expand); pass++) {
        struct reader again = r;
        struct dns_record record;
        unsigned before = set->n;
        for (unsigned i = 0; i < n && dns_record_read(&again, message, &record); i++) {
            if (record.class_ != DNS_IN || !(pass ? covers(&record, type) : record.type == type) ||
                !dns_name_equal(dns_name_bytes(&record.name), owner))
                continue;
            if (!dns_set_add(set, expand, message, &record))
                return writer_good(&set->w) ? ERR_MALFORMED : ERR_TOO_LARGE;
            if (type == DNS_CNAME && !pass)
                break;
        }
        if (pass) {
            set->n_signatures = set->n - before;
            set->n = before;
        }
        if (set->n == 0)
            break;
    }
    return OK;
}

static bool is_proof(const struct dns_record *record)
{
    return record->type == DNS_NSEC || record->type == DNS_NSEC3 || covers(record, DNS_NSEC) ||
           covers(record, DNS_NSEC3) || covers(record, DNS_SOA);
}

/* What is not well formed proves nothing and is passed over. */
static void add_proof(struct dns_set *set, dns_expand *expand, struct bytes message, const struct dns_record *record)
{
    struct writer before = set->w;
    uint8_t *len_at = write_room(&set->w, 2);
    write_bytes(&set->w, dns_name_bytes(&record->name));
    write_be16(&set->w, record->type);
    bool good = len_at && expand(message, record, &set->w);
    size_t len = len_at ? (size_t)(set->w.at - len_at) - 2 : 0;
    if (!good || !writer_good(&set->w) || len > UINT16_MAX) {
        bool full = set->w.bad;
        set->w = before;
        set->w.bad = full;
        return;
    }
    len_at[0] = (uint8_t)(len >> 8);
    len_at[1] = (uint8_t)len;
    set->n_proofs++;
}

bool dns_set_collect_proofs(struct dns_set *set, dns_expand *expand, struct bytes message, struct reader r, unsigned n)
{
    struct dns_record record;
    for (unsigned i = 0; i < n && dns_record_read(&r, message, &record); i++) {
        if (record.class_ != DNS_IN || !is_proof(&record))
            continue;
        if (set->n_proofs == DNS_COLLECT_PROOFS)
            return false;
        add_proof(set, expand, message, &record);
    }
    return writer_good(&set->w);
}
