/* SPDX-License-Identifier: ISC */
/* Changes without what a signer made of them. */
#include "proto/dns_sign.h"

#include <stdlib.h>

static void write_record(struct writer *w, const struct dns_change *c)
{
    write_bytes(w, c->name);
    write_be16(w, c->type);
    write_be32(w, c->ttl);
    write_be16(w, (uint16_t)c->rdata.len);
    write_bytes(w, c->rdata);
}

enum err dns_sign_plain(const struct dns_entry *e, struct dns_entry **plain)
{
    struct reader r = reader_of(bytes_of(e->data, e->len));
    struct dns_change c;
    uint8_t *data = malloc(e->len);
    struct writer w = writer_of(data, e->len);
    if (!data)
        return ERR_FULL;
    while (dns_entry_record(&r, &c)) {
        if (!dns_sign_is_made(c.type))
            write_record(&w, &c);
    }
    enum err problem = dns_entry_parse(writer_bytes(&w), plain);
    free(data);
    return problem;
}

enum err dns_sign_turn(const struct dns_zone *before, const struct dns_zone *after, struct dns_entry **plain)
{
    uint8_t data[2 * (3 * DNS_NAME_BYTES + 8 + 20)];
    struct writer w = writer_of(data, sizeof data);
    const struct dns_zone *zone[2] = {before, after};
    for (int i = 0; i < 2; i++) {
        const struct dns_set *soa = dns_zone_find(zone[i], dns_zone_origin(zone[i]), DNS_SOA);
        if (!soa)
            return ERR_NOT_FOUND;
        struct dns_change c = {dns_zone_origin(zone[i]), DNS_SOA, soa->ttl, dns_set_first(soa), i};
        write_record(&w, &c);
    }
    return writer_good(&w) ? dns_entry_parse(writer_bytes(&w), plain) : ERR_TOO_LARGE;
}
