/* SPDX-License-Identifier: ISC */
/* What changed in a zone from one serial number to the next, as IXFR sends it (RFC 1995) and a journal keeps it: the old SOA,
 * the records removed, the new SOA, the records added. A history holds the last changes of one zone, without gaps.
 *
 * Nothing here yields. Entries are counted references, so that a transfer can go on with what the history has dropped. */
#ifndef PROTO_DNS_HISTORY_H
#define PROTO_DNS_HISTORY_H

#include "proto/dns_zone.h"

/* Serial numbers are compared by RFC 1982: half of them are behind. */
static inline bool dns_serial_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* One change. In `data` each record is: name, type 16, TTL 32, length 16, data; first `n_removed` that were removed, of which the
 * first is the old SOA, then those added, of which the first is the new one. */
struct dns_entry {
    struct list link; /* in a history, oldest first */
    unsigned n_held;
    uint32_t from, to;
    uint32_t n_removed, n_added;
    size_t len;
    uint8_t data[];
};

void dns_entry_hold(struct dns_entry *e);
void dns_entry_release(struct dns_entry *e);

/* Reads the record at the reader, false at the end. BORROWS. */
bool dns_entry_record(struct reader *r, struct dns_change *c);

/* What dns_zone_each_change tells, between begin and commit. GIVES *e, held once. ERR_NOT_FOUND: nothing has changed.
 * ERR_INVALID: the SOA has not. ERR_FULL: no memory. */
MUST_USE enum err dns_entry_of_changes(const struct dns_zone *z, struct dns_entry **e);
/* From a journal: checks that it has the form above. GIVES. ERR_MALFORMED, ERR_FULL. */
MUST_USE enum err dns_entry_parse(struct bytes data, struct dns_entry **e);
/* Does to the zone what it says; between begin and commit. ERR_INVALID: the zone isn't at `from`, or lacks what is to be removed. */
MUST_USE enum err dns_entry_apply(const struct dns_entry *e, struct dns_zone *z);

struct dns_history {
    struct list entries;
    size_t bytes, limit_bytes; /* of memory; the oldest go first */
    uint64_t n_dropped;
};

void dns_history_init(struct dns_history *h, size_t limit_bytes);
void dns_history_clear(struct dns_history *h);
/* TAKES the caller's hold. One that doesn't go on where the last ended makes the history begin anew. */
void dns_history_add(struct dns_history *h, struct dns_entry *e);
/* The entry that leads on from `serial`; NULL: it goes not so far back, or `serial` is what it leads to. */
struct dns_entry *dns_history_find(const struct dns_history *h, uint32_t serial);
/* The one after it; NULL: it was the last. */
struct dns_entry *dns_history_next(const struct dns_history *h, struct dns_entry *e);

#endif
