/* SPDX-License-Identifier: ISC */
/* A zone as a file that needs no parser of text: `jinn zone pack` makes it when an image is built.
 *
 *     "JZ1\n", then for each record, the SOA first:
 *     owner: uncompressed wire form, or 0xff: that of the record before | type 2 | TTL 4 | length 2 | uncompressed data
 *
 * What is read is checked as all input is; whether the zone makes sense was checked when it was packed. */
#ifndef PROTO_DNS_PACKED_H
#define PROTO_DNS_PACKED_H

#include <jinn/bytes.h>

struct dns_packed_record {
    struct bytes name; /* BORROWS from the file, as `rdata` does */
    uint16_t type;
    uint32_t ttl;
    struct bytes rdata;
};

struct dns_packed {
    struct reader r;
    struct bytes name; /* of the last record; empty: there was none */
};

/* False: it is no packed zone. */
bool dns_packed_begin(struct dns_packed *p, struct bytes file);
/* The next record. False: the end, or what is there is malformed. */
bool dns_packed_next(struct dns_packed *p, struct dns_packed_record *record);
/* All of it was read and good. */
bool dns_packed_ended(const struct dns_packed *p);

void dns_packed_write_begin(struct writer *w);
/* `before`: the name of the record that was written before; empty: none. */
void dns_packed_write(struct writer *w, struct bytes before, const struct dns_packed_record *record);
/* What a record takes at most, and what the beginning does. */
#define DNS_PACKED_RECORD_BYTES (255 + 8 + 65535)
#define DNS_PACKED_HEAD_BYTES 4

#endif
