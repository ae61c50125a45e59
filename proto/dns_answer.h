/* SPDX-License-Identifier: ISC */
/* The authoritative core: a question and our zones make the sections of a response. RFC 1034 4.3.2 with RFC 2308, 4592
 * (wildcards), 6672 (DNAME), 6604 (rcode of chains), 8482 (ANY), 9471 (glue), 4035 3.1 and 5155 7.2 (DNSSEC).
 *
 * Pure: it reads zones and writes into the writer, takes no memory, never yields, logs nothing. */
#ifndef PROTO_DNS_ANSWER_H
#define PROTO_DNS_ANSWER_H

#include "proto/dns_nsec3.h"

/* Names that one answer goes through by CNAME and DNAME, that of the question not counted. Longer chains are cut: whoever asks goes
 * on by itself. */
#define DNS_CHAIN_MAX 10

/* Extended errors (RFC 8914) that we give. */
enum dns_ede {
    DNS_EDE_NONE = 0xffff,
    DNS_EDE_STALE = 3,
    DNS_EDE_NOT_READY = 14,
    DNS_EDE_BLOCKED = 15,
    DNS_EDE_PROHIBITED = 18,
    DNS_EDE_STALE_NXDOMAIN = 19,
    DNS_EDE_NOT_AUTHORITATIVE = 20,
    DNS_EDE_NOT_SUPPORTED = 21,
    DNS_EDE_NO_REACHABLE_AUTHORITY = 22,
    DNS_EDE_INVALID_DATA = 24
};

struct dns_query {
    const struct dns_question *question;
    bool dnssec_ok;         /* DO */
    bool tcp;               /* ANY then gives all (RFC 8482 4.4) */
    uint16_t reserve_bytes; /* at the end of the writer, left free: for OPT and TSIG */
    /* The zone of the question's name, by dns_zones_find; NULL: it is looked for. */
    const struct dns_zone_entry *zone;
    /* Of the question's name, with the zones' seed; other names' come in its place. NULL: it is made. */
    struct dns_key *key;
};

struct dns_result {
    uint16_t flags;                    /* DNS_AA, DNS_TC, and an rcode of 4 bits; the caller adds QR, opcode, RD, CD */
    uint16_t ede;                      /* of enum dns_ede */
    const struct dns_zone_entry *zone; /* that was answered from, the first of a chain; NULL: none */
};

/* `d` has been begun, and the question has been written into it as the first thing after the header, with the name as it is in
 * `q->question`; nothing else has. Adds the other sections. The caller adds OPT and ends the message. When TC is set, what
 * is there are whole sets (for TCP there is nothing more to be had). */
void dns_answer(const struct dns_zones *zs, const struct dns_query *q, struct dns_writer *d, struct dns_result *result);

#endif
