/* SPDX-License-Identifier: ISC */
/* Zone transfers: AXFR (RFC 5936) and IXFR (RFC 1995), both ways, without I/O: what is sent comes out message by message, what is
 * received goes in so. Signed by TSIG when the request is. */
#ifndef PROTO_DNS_XFR_H
#define PROTO_DNS_XFR_H

#include "proto/dns_history.h"
#include "proto/dns_tsig.h"

/* A message is about this long, so that each name in it can be pointed to; a record that is longer has one of its own. */
#define DNS_XFR_MESSAGE_BYTES 16000
#define DNS_SOA_BYTES (2 * DNS_NAME_BYTES + 20)

/* ---- Out ---- */

enum dns_xfr_kind { DNS_XFR_SOA, DNS_XFR_WHOLE, DNS_XFR_CHANGES };

/* One that is under way. The zone may change meanwhile; what is sent is the version that it began with. */
struct dns_xfr_out {
    enum dns_xfr_kind kind;
    struct dns_question question;
    uint16_t id, flags;
    struct dns_cursor cursor; /* DNS_XFR_WHOLE */
    bool is_open;
    struct dns_entry **entry; /* DNS_XFR_CHANGES: held, all of them */
    size_t n_entries, at_entry;
    struct reader reader; /* in the entry */
    struct bytes name;    /* the set or the record whose turn it is */
    const struct dns_set *set;
    size_t at;
    struct dns_change change;
    bool have;
    uint8_t step; /* SOA, what is between, SOA, done */
    bool first;   /* message */
    bool failed;  /* there is a record that can't be sent: the connection must be broken off */
    uint32_t soa_ttl;
    uint16_t soa_len;
    uint8_t soa[DNS_SOA_BYTES];
    uint64_t n_records;
};

/* Begins the answer to a request for AXFR or IXFR; `serial` is what an IXFR says that it has, NULL: AXFR. `history` may be NULL. IXFR from
 * a serial number that is ours or later gets the SOA alone, one that the history doesn't reach all of the zone.
 * ERR_NOT_FOUND: no SOA. ERR_FULL. */
MUST_USE enum err dns_xfr_out_begin(struct dns_xfr_out *x, struct dns_zone *z, const struct dns_history *history,
                                    const struct dns_question *question, uint16_t id, const uint32_t *serial);
/* The next message, in a buffer of DNS_MESSAGE_BYTES, signed if `t` is present. 0: that was all, or x->failed. */
size_t dns_xfr_out_next(struct dns_xfr_out *x, uint64_t now_s, uint8_t *buffer, struct dns_tsig *t);
void dns_xfr_out_end(struct dns_xfr_out *x);

/* The serial number that a request for IXFR has in its authority section. False: none, or not of this zone. */
bool dns_xfr_serial(struct bytes message, uint32_t *serial);

/* ---- In ---- */

enum dns_xfr_state {
    DNS_XFR_FIRST,   /* the first SOA */
    DNS_XFR_SECOND,  /* what tells AXFR from IXFR */
    DNS_XFR_RECORDS, /* of a whole zone */
    DNS_XFR_REMOVED, /* of a change */
    DNS_XFR_ADDED,
    DNS_XFR_DONE
};

struct dns_xfr_in {
    uint16_t id;
    bool incremental; /* asked for */
    uint32_t serial;  /* ours */
    enum dns_xfr_state state;
    uint32_t target, step;  /* serial numbers: of the new zone, of the change that is read */
    struct dns_zone *whole; /* being filled */
    uint8_t *changes;       /* being collected: entries' data, one after the other */
    size_t len, size, limit_bytes;
    size_t *end; /* of each in `changes` */
    size_t n_ends, max_ends;
    uint64_t seed;
    size_t zone_limit_bytes;
    uint8_t *rdata; /* room for one record's data */
    struct dns_tsig_stream stream;
    bool is_signed;
    unsigned rcode;  /* of an answer that refused */
    const char *why; /* in words, when something failed; never NULL then */
    uint64_t n_records;
    struct dns_tsig tsig;
    struct dns_name origin;
};

struct dns_xfr_in_options {
    const struct dns_tsig_key *key; /* NULL: not signed */
    uint64_t seed;                  /* for a new zone: that of the set of zones */
    size_t zone_limit_bytes;        /* likewise */
    size_t changes_limit_bytes;     /* memory that an IXFR may take on its way */
};

/* `zone` is what we have: asks for what changed since; NULL: for all of it. BORROWS nothing. */
void dns_xfr_in_begin(struct dns_xfr_in *x, struct bytes origin, const struct dns_zone *zone, uint16_t id,
                      const struct dns_xfr_in_options *o);
/* The request, in a buffer of DNS_UDP_BYTES + 512; its length. ERR_FULL. */
MUST_USE enum err dns_xfr_in_request(struct dns_xfr_in *x, uint64_t now_s, uint8_t *buffer, size_t size, size_t *len);
/* Takes the next message, which it may change. OK: there is more to come. ERR_END: that was all. ERR_REFUSED: an rcode, or a bad TSIG;
 * ERR_MALFORMED; ERR_TOO_LARGE: more changes than there is room for (ask for all of it); ERR_FULL. */
MUST_USE enum err dns_xfr_in_message(struct dns_xfr_in *x, uint64_t now_s, uint8_t *message, size_t len);
/* After ERR_END. What came is put in the place of *zone (held by the caller, NULL: none), or done to it. ERR_NOT_FOUND: nothing is newer.
 * ERR_INVALID: it can't be served, or the changes don't fit; *zone is as it was. `each` is called for each change that was made, TAKES a
 * hold; a whole zone calls it with NULL once. */
MUST_USE enum err dns_xfr_in_finish(struct dns_xfr_in *x, struct dns_zone **zone,
                                    void (*each)(void *user, struct dns_entry *e), void *user);
/* Frees all that is left. */
void dns_xfr_in_end(struct dns_xfr_in *x);

#endif
