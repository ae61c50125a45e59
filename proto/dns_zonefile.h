/* SPDX-License-Identifier: ISC */
/* Zone files: RFC 1035 5, with $TTL (RFC 2308 4), $GENERATE and TTLs like 1h30m as BIND has them, and data of any type as
 * RFC 3597 5 writes it. A core without input and output: the whole file is in memory, records come out one by one.
 *
 *     struct dns_zonefile *z = ...; (about 100 KB: not on a stack)
 *     dns_zonefile_begin(z, &(struct dns_zonefile_options){.origin = ..., .text = ...});
 *     for (;;)
 *         switch (dns_zonefile_next(z)) {
 *         case DNS_ZONEFILE_RECORD: z->record ...
 *         case DNS_ZONEFILE_ERROR:  z->file, z->line, z->reason; the reader goes on behind the bad entry
 *         case DNS_ZONEFILE_END:    done
 *         }
 *
 * It looks at one record at a time: whether there is a SOA, or other data beside a CNAME, is for who takes them in. */
#ifndef PROTO_DNS_ZONEFILE_H
#define PROTO_DNS_ZONEFILE_H

#include "wire/dns_rdata.h"

#define DNS_ZONEFILE_DEPTH 8    /* files in files: one that includes itself ends here */
#define DNS_ZONEFILE_WORDS 1024 /* of one record: a TXT of so many strings, or a key cut into as many pieces */
#define DNS_ZONEFILE_GENERATED \
    (1u << 20)                           /* records of one $GENERATE: a network of 20 bits. More is a slip of the pen */
#define DNS_ZONEFILE_GENERATED_TEXT 2048 /* of one generated record's name or data, twice what any name needs */
#define DNS_ZONEFILE_TTL_MAX INT32_MAX   /* RFC 2181 8 */

struct dns_zonefile_options {
    struct bytes origin; /* of the zone; empty: relative names are errors until a $ORIGIN. BORROWS */
    uint16_t class_;     /* the only one that records may have; 0: IN */
    struct bytes text;   /* of the file; records and errors BORROW from it while the reader is used */
    struct bytes file;   /* its name, for errors. BORROWS */
    /* Gives the text of a file that $INCLUDE names; what it gave is borrowed until the reader has ended. NULL, or the
     * reason why not. Without this function, $INCLUDE is an error. */
    const char *(*open)(void *context, struct bytes file, struct bytes *text);
    void *context;
};

/* BORROWS, until the next call. */
struct dns_zonefile_record {
    struct bytes name;
    uint16_t type;
    uint16_t class_;
    uint32_t ttl;
    struct bytes rdata;
};

enum dns_zonefile_event { DNS_ZONEFILE_END, DNS_ZONEFILE_RECORD, DNS_ZONEFILE_ERROR };

/* A file that is being read. */
struct dns_zonefile_frame {
    const uint8_t *at, *end;
    unsigned line;   /* of `at`, from 1 */
    unsigned n_open; /* parentheses */
    unsigned opened; /* the line of the outermost */
    bool ended;      /* `at` is behind the entry */
    struct bytes file;
    struct dns_name origin; /* len 0: none */
    struct dns_name owner;  /* of the last record; len 0: none */
};

/* A $GENERATE under way; `next` above `stop`: none. */
struct dns_zonefile_generate {
    uint64_t next, stop, step;
    struct bytes owner, data;
    struct dns_zonefile_record record; /* its TTL and type */
    unsigned line;
};

struct dns_zonefile {
    /* The event. */
    struct dns_zonefile_record record;
    struct bytes file; /* where it is; of a record that takes several lines, the first of them */
    unsigned line;
    const char *reason; /* of an error: "not an IPv4 address"; static */
    struct bytes near;  /* the word that the reason is about, or empty */

    /* Progress. */
    struct dns_zonefile_options options;
    unsigned n_frames;
    struct dns_zonefile_frame frame[DNS_ZONEFILE_DEPTH];
    struct dns_zonefile_generate generate;
    bool has_default_ttl, has_last_ttl, has_minimum;
    uint32_t default_ttl, last_ttl, minimum; /* of $TTL; of the last record that named one; the SOA's */
    struct dns_word word[DNS_ZONEFILE_WORDS];
    uint8_t generated[2][DNS_ZONEFILE_GENERATED_TEXT];
    uint8_t rdata[DNS_RDATA_BYTES];
};

void dns_zonefile_begin(struct dns_zonefile *z, const struct dns_zonefile_options *options);
enum dns_zonefile_event dns_zonefile_next(struct dns_zonefile *z);

/* The record as a line that reads back as the same record from any file: absolute names, TTL and class written out. */
void dns_zonefile_write(struct writer *w, const struct dns_zonefile_record *record);

#endif
