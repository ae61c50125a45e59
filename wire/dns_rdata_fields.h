/* SPDX-License-Identifier: ISC */
/* The rows of the table that wire/dns_rdata.h speaks of, for the files that walk along them. */
#ifndef WIRE_DNS_RDATA_FIELDS_H
#define WIRE_DNS_RDATA_FIELDS_H

#include "wire/dns_rdata.h"

/* What a letter of a row stands for. */
enum dns_field_code {
    /* Numbers. */
    DNS_F_BYTE = 'b',
    DNS_F_ALGORITHM = 'a', /* of DNSSEC, a byte; may be read as a word */
    DNS_F_SHORT = 'w',
    DNS_F_CERT = 'c',     /* CERT's type: likewise */
    DNS_F_TYPE = 'y',     /* of a record, as a word */
    DNS_F_LONG = 'l',     /* 32 bits */
    DNS_F_DURATION = 't', /* the same, may be read as 1h30m */
    DNS_F_DATE = 'd',     /* the same, seconds since 1970 written as YYYYMMDDHHMMSS */
    /* Addresses. */
    DNS_F_IP4 = '4',
    DNS_F_IP6 = '6',
    DNS_F_EUI48 = 'e',
    DNS_F_EUI64 = 'E',
    DNS_F_LOCATOR = 'o', /* 64 bits, as the first half of an IPv6 address is written */
    /* Names: RFC 3597 4 and RFC 4034 6.2 say which may be compressed and which are made small. */
    DNS_F_NAME_OLD = 'n',   /* can be compressed, is made small */
    DNS_F_NAME_SMALL = 'N', /* may come compressed but is never sent so, is made small */
    DNS_F_NAME = 'x',       /* neither */
    /* A byte says how long they are. */
    DNS_F_STRING = 's',
    DNS_F_TAG = 'g',  /* letters and digits, without quotes */
    DNS_F_SALT = 'h', /* hex, or "-" */
    DNS_F_HASH = 'H', /* base 32 */
    /* The last field of a type: all that is left. */
    DNS_F_STRINGS = 'S',         /* at least one */
    DNS_F_TEXT = 'U',            /* one string without a length before it */
    DNS_F_HEX = 'X',             /* at least one byte */
    DNS_F_DIGEST = 'D',          /* hex, as long as the byte before says */
    DNS_F_BASE64 = 'B',          /* at least one byte */
    DNS_F_BASE64_OPTIONAL = 'q', /* or none */
    DNS_F_BITMAP = 'm',          /* of types, at least one */
    DNS_F_BITMAP_OPTIONAL = 'M', /* or none */
    DNS_F_LOC = 'L',             /* RFC 1876; opaque but for version 0 */
    DNS_F_PREFIXES = 'P',        /* APL: RFC 3123, or none */
    DNS_F_GATEWAY = 'G',         /* IPSECKEY: RFC 4025; the second byte of the data says what it is. Not the last */
    DNS_F_SVCB = 'V',            /* parameters: RFC 9460 */
    DNS_F_OPAQUE = '*',          /* of types that are not in the table */
    DNS_F_NONE = 0               /* the end of the row */
};

#define DNS_FIELDS_MAX 9

struct dns_rdata_row {
    uint16_t type;
    char fields[DNS_FIELDS_MAX + 1];
};

/* That of unknown types for those that are not in it. */
const struct dns_rdata_row *dns_rdata_row(uint16_t type);

/* Takes the next field off. False: it is not what its code says, or the data ends before it. */
bool dns_field_take(struct reader *r, const struct dns_rdata_row *row, char code, struct bytes rdata,
                    struct bytes *field);

/* The code of the first field that is not as it should be; DNS_F_NONE when all are, DNS_F_EXTRA when bytes are left. */
#define DNS_F_EXTRA '+'
char dns_rdata_fault(uint16_t type, struct bytes rdata);

enum dns_gateway { DNS_GATEWAY_NONE, DNS_GATEWAY_IP4, DNS_GATEWAY_IP6, DNS_GATEWAY_NAME };

/* ---- Parameters of SVCB (wire/dns_svcb.c, dns_svcb_text.c) ---- */

enum dns_svcb_key {
    DNS_SVCB_MANDATORY = 0,
    DNS_SVCB_ALPN = 1,
    DNS_SVCB_NO_DEFAULT_ALPN = 2,
    DNS_SVCB_PORT = 3,
    DNS_SVCB_IPV4HINT = 4,
    DNS_SVCB_ECH = 5,
    DNS_SVCB_IPV6HINT = 6,
    DNS_SVCB_DOHPATH = 7, /* RFC 9461 */
    DNS_SVCB_OHTTP = 8    /* RFC 9540 */
};
#define DNS_SVCB_KEYS 9

bool dns_svcb_are_good(struct bytes parameters);
void dns_svcb_write_text(struct writer *w, struct bytes parameters);
/* The words behind the target. NULL, or the reason why not. */
const char *dns_svcb_parse(const struct dns_word *word, size_t n, struct writer *w);

/* The words of a LOC (wire/dns_loc_parse.c). NULL, or the reason why not. */
const char *dns_loc_parse(const struct dns_word *word, size_t n, struct writer *w);

/* ---- Pieces of text that several files need ---- */

/* Takes a character off, which may be escaped; false: a bad escape. */
bool dns_char_take(struct reader *r, uint8_t *c);
/* All of it without its escapes. NULL, or the reason why not. */
const char *dns_string_parse(struct bytes text, struct writer *w);
/* An address of one family, 4 or 16 bytes. NULL, or the reason why not. */
const char *dns_ip_parse(struct bytes text, bool six, struct writer *w);
void dns_ip_write(struct writer *w, struct bytes address);
/* Between quotes, with what has a meaning escaped. */
void dns_quoted_write(struct writer *w, struct bytes b);

#endif
