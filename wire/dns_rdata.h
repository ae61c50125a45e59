/* SPDX-License-Identifier: ISC */
/* What records hold, for every type in use, from one table: a type is a row of fields (a name, an address, a number, a bit
 * map, ...), and reading, checking, writing as text, parsing text and the canonical form walk along that row. Types that
 * are not in the table are opaque bytes (RFC 3597). Rdata is uncompressed unless it says otherwise. */
#ifndef WIRE_DNS_RDATA_H
#define WIRE_DNS_RDATA_H

#include "wire/dns.h"

#define DNS_RDATA_BYTES 65535 /* its length has 16 bits */

/* Compressed rdata of a message as uncompressed bytes, checked: false when it isn't what the type says. */
bool dns_rdata_expand(struct bytes message, const struct dns_record *record, struct writer *w);
/* Uncompressed rdata is what the type says. */
bool dns_rdata_is_good(uint16_t type, struct bytes rdata);
/* Names with small letters where RFC 4034 6.2 (as of RFC 6840 5.1) says so; all else as it is. */
void dns_rdata_canonical(uint16_t type, struct bytes rdata, struct writer *w);
/* The canonical order of two of a set (RFC 4034 6.3). */
int dns_rdata_compare(uint16_t type, struct bytes a, struct bytes b);
/* Where names are in it that a server adds addresses of (NS, MX, SRV, ...) or goes on to (CNAME, DNAME); empty: none. */
struct bytes dns_rdata_target(uint16_t type, struct bytes rdata);
/* The next place that can be compressed at or behind `from` (names of RFC 1035's types); rdata.len when there is none. */
size_t dns_rdata_compressible(uint16_t type, struct bytes rdata, size_t from);

/* ---- Text ---- */

/* The text of a record's data on one line, canonical: absolute names, no parentheses. */
void dns_rdata_write_text(struct writer *w, uint16_t type, struct bytes rdata);

/* A word of a zone file: its quotes are taken off, escapes are as they stand. */
struct dns_word {
    struct bytes text;
    bool quoted;
};

/* "3600", "1h30m", "1W": as many seconds; each unit in any order and case, as BIND takes them. False: none, or above 32 bits. */
bool dns_duration_parse(struct bytes text, uint32_t *seconds);

/* Parses the words of a record's data, "\# LEN HEX" for any type. NULL, or the reason why not, fit to be printed. */
const char *dns_rdata_parse(uint16_t type, const struct dns_word *word, size_t n, struct bytes origin,
                            struct writer *w);

#endif
