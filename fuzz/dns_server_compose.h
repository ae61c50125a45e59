/* SPDX-License-Identifier: ISC */
/* Messages of fuzz/dns_server.c: made of what the input says, such that most get past the first checks. */
#ifndef FUZZ_DNS_SERVER_COMPOSE_H
#define FUZZ_DNS_SERVER_COMPOSE_H

#include "fuzz/dns_server_world.h"

#include <jinn/plat.h>

#include <string.h>

static const char *const zones[] = {OWN, FROM_PRIMARY, ("\1x" OWN), "\4test", "", OWN, OWN, FROM_PRIMARY};
static const char *const labels[] = {"", "\1a", "\1b", "\3ns1", "\1*", "\1c", "\1d\1a", "\3sub"};
static const uint16_t types[] = {DNS_A,    DNS_NS,   DNS_CNAME, DNS_SOA,   DNS_TXT,   DNS_DNAME,  DNS_MX,  DNS_ANY,
                                 DNS_AXFR, DNS_IXFR, DNS_AAAA,  DNS_RRSIG, DNS_NSEC3, DNS_DNSKEY, DNS_OPT, 65280};
static const uint16_t classes[] = {DNS_IN, DNS_IN, DNS_IN, DNS_NONE, DNS_ANY_CLASS, DNS_CH, DNS_IN, DNS_ANY_CLASS};

static void write_name(struct writer *w, uint8_t which)
{
    const char *label = labels[which % 8], *zone = zones[which >> 3 & 7];
    write_copy(w, label, strlen(label));
    write_copy(w, zone, strlen(zone) + 1);
}

/* Options of EDNS whose lengths are right. */
static void write_options(struct writer *w, struct reader *r)
{
    static const uint8_t codes[] = {DNS_COOKIE, DNS_COOKIE, DNS_COOKIE, DNS_NSID, DNS_KEEPALIVE, DNS_PADDING, 8, 9};
    static const uint8_t sizes[] = {8, 24, 16, 0, 2, 40, 1, 24};
    for (uint8_t what = read_u8(r), n = what >> 6; n; n--, what = read_u8(r)) {
        write_be16(w, codes[what & 7]);
        write_be16(w, sizes[what >> 3 & 7]);
        for (uint8_t i = 0; i < sizes[what >> 3 & 7]; i++)
            write_u8(w, i == 8 ? 1 : i); /* 1: the version of a server's cookie */
    }
}

/* Data that the type may have, mostly. */
static void write_data(struct writer *w, uint16_t type, uint8_t how, struct reader *r)
{
    if (type == DNS_SOA) {
        write_name(w, 3);
        write_name(w, 3);
        write_be32(w, how & 128 ? read_be32(r) : how); /* serial number */
        for (int i = 0; i < 4; i++)
            write_be32(w, read_u8(r));
        return;
    }
    if (type == DNS_MX)
        write_be16(w, how);
    if (type == DNS_OPT)
        write_options(w, r);
    else if (type == DNS_NS || type == DNS_CNAME || type == DNS_DNAME || type == DNS_MX)
        write_name(w, read_u8(r));
    else if (type == DNS_TXT)
        for (unsigned i = 0; i <= how % 200u; i++)
            write_u8(w, (uint8_t)(i ? 'x' : how % 200u));
    else
        write_bytes(w, read_bytes(r, how % 32u < reader_left(r) ? how % 32u : reader_left(r)));
}

static void write_record(struct writer *w, struct reader *r)
{
    uint8_t data[1024], what = read_u8(r), name = read_u8(r), how = read_u8(r);
    uint16_t type = types[what & 15];
    struct writer d = writer_of(data, sizeof data);
    if (how % 8)
        write_data(&d, type, how, r);
    write_name(w, type == DNS_OPT ? ROOT : name);
    write_be16(w, type);
    write_be16(w, type == DNS_OPT ? 1232 : classes[what >> 5]);
    write_be32(w, what & 16 ? 0 : type == DNS_OPT ? (uint32_t)how << 8 & 0x8000 : how);
    write_be16(w, (uint16_t)writer_bytes(&d).len);
    write_bytes(w, writer_bytes(&d));
}

static size_t sign(struct writer *w, uint8_t how, size_t size)
{
    struct dns_tsig t;
    uint8_t *message = w->start;
    size_t len = writer_bytes(w).len;
    const struct dns_tsig_key *key = how & 2 ? &the.keys.key[0] : &the.other_keys.key[how >> 2 & 1];
    dns_tsig_begin(&t, key);
    uint64_t wall_s = plat_wall_ns() / NS_PER_S + (how & 8 ? 1000 : 0);
    (void)!dns_tsig_request(&t, wall_s, message, &len, size);
    return len;
}

/* A message as the input says: its id and flags, a question, records of each section, bytes as they are, a signature. */
static size_t compose(struct reader *r, uint16_t id, uint16_t flags, uint8_t *out, size_t size)
{
    struct writer w = writer_of(out, size);
    uint8_t how = read_u8(r), name = read_u8(r), type = read_u8(r), n = read_u8(r), more = read_u8(r);
    const uint16_t count[4] = {how & 1 ? 0 : 1, n & 3, n >> 2 & 15, n >> 6};
    write_be16(&w, id);
    write_be16(&w, flags);
    for (int i = 0; i < 4; i++)
        write_be16(&w, count[i]);
    if (count[0]) {
        write_name(&w, name);
        write_be16(&w, types[type & 15]);
        write_be16(&w, classes[type >> 5]);
    }
    for (unsigned i = 0; i < (unsigned)count[1] + count[2] + count[3] && reader_left(r); i++)
        write_record(&w, r);
    if (how & 2)
        write_bytes(&w, read_bytes(r, more < reader_left(r) ? more : reader_left(r)));
    if (!writer_good(&w))
        return 0;
    return how & 4 ? sign(&w, how >> 3, size) : writer_bytes(&w).len;
}

#endif
