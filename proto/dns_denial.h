/* SPDX-License-Identifier: ISC */
/* What NSEC and NSEC3 records prove not to be there: RFC 4035 5.4, RFC 5155 8, RFC 6840 4, RFC 9276. Pure: the records have been
 * verified by whoever adds them, and are of one zone.
 *
 * NSEC3 proofs cost hashes, and a zone chooses how many rounds each takes (CVE-2023-50868): records with more than
 * DNS_DENIAL_ITERATIONS are not used, and say so; the names that are hashed for one answer are counted. */
#ifndef PROTO_DNS_DENIAL_H
#define PROTO_DNS_DENIAL_H

#include "proto/dnssec.h"

enum {
    DNS_DENIAL_RECORDS = 8,      /* a proof needs three */
    DNS_DENIAL_ITERATIONS = 100, /* RFC 9276 3.2: more is as if the zone was not signed */
    DNS_DENIAL_HASHES = 48       /* an address's reverse name has 34 labels */
};

struct dns_denial_record {
    struct bytes owner, rdata;
    struct bytes next, types; /* parts of it; `next`: a name, or a hash */
    uint8_t hash[DNSSEC_NSEC3_BYTES];
    bool opt_out;
};

/* All views BORROW from what was added. */
struct dns_denial {
    struct bytes zone, salt;
    struct dns_denial_record nsec[DNS_DENIAL_RECORDS], nsec3[DNS_DENIAL_RECORDS];
    unsigned n_nsec, n_nsec3, iterations;
    unsigned n_hashed;
    bool many_iterations, many_hashes; /* limits that were hit: the zone counts as not signed; nothing is proven */
};

enum dns_denied {
    DNS_DENIED_NOT,    /* it may be there */
    DNS_DENIED,        /* it is not */
    DNS_DENIED_OPT_OUT /* it is not, or is an unsigned delegation */
};

/* `zone` BORROWS. */
void dns_denial_begin(struct dns_denial *d, struct bytes zone);
/* A record of type NSEC or NSEC3. Those that are malformed, of another chain of NSEC3 than the first, or beyond the limit are
 * passed over. BORROWS. */
void dns_denial_add(struct dns_denial *d, struct bytes owner, uint16_t type, struct bytes rdata);

/* There is no such name, and no wildcard makes it. */
enum dns_denied dns_denial_name(struct dns_denial *d, struct bytes name);
/* The name, or a wildcard that makes it, has no such type and no CNAME. */
enum dns_denied dns_denial_type(struct dns_denial *d, struct bytes name, uint16_t type);
/* What a wildcard below the last `labels` labels of the name made: the name is not there itself, nor a closer wildcard. */
enum dns_denied dns_denial_closer(struct dns_denial *d, struct bytes name, unsigned labels);
/* The record of that very name says that it is a delegation. */
bool dns_denial_delegates(struct dns_denial *d, struct bytes name);

/* The wildcard that would make the name, if an NSEC has denied the name itself. */
bool dns_denial_wildcard(const struct dns_denial *d, struct bytes name, struct dns_name *wildcard);

/* In a bit map of types (RFC 4034 4.1.2). */
bool dns_types_have(struct bytes map, uint16_t type);

#endif
