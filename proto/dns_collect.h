/* SPDX-License-Identifier: ISC */
/* Sets of records as they are read from messages, in the form in which the cache keeps them (proto/dns_cache.h). */
#ifndef PROTO_DNS_COLLECT_H
#define PROTO_DNS_COLLECT_H

#include "wire/dns.h"

#include <jinn/err.h>

/* For one answer: three NSEC3 and the SOA with signatures by three keys each are 15. */
#define DNS_COLLECT_PROOFS 24

/* Uncompressed rdata of a type: dns_rdata_expand. NULL: only A, AAAA, NS, CNAME, PTR and SOA are read, without the table of types. */
typedef bool dns_expand(struct bytes message, const struct dns_record *record, struct writer *w);

struct dns_set {
    struct writer w;
    unsigned n, n_signatures, n_proofs;
    uint32_t ttl_s; /* the least */
};

/* Adds a record. False: it is not what its type says, or does not fit (then the writer is bad). */
bool dns_set_add(struct dns_set *set, dns_expand *expand, struct bytes message, const struct dns_record *record);
/* All records of that owner and type, of class IN, of `n` records that `r` reads; then, with `signatures`, those that cover the
 * type. There is one alias at most, so of CNAME the first counts. ERR_MALFORMED, ERR_TOO_LARGE. */
MUST_USE enum err dns_set_collect(struct dns_set *set, dns_expand *expand, struct bytes message, struct reader r,
                                  unsigned n, struct bytes owner, uint16_t type, bool signatures);
/* The records of the authority section's `n`, that `r` reads, which prove something: NSEC, NSEC3, signatures of those and of the
 * SOA, in the cache's form of proofs, behind what the set has. The first DNS_COLLECT_PROOFS; false: there were more (those are
 * passed over), or the set's writer is full. */
bool dns_set_collect_proofs(struct dns_set *set, dns_expand *expand, struct bytes message, struct reader r, unsigned n);

#endif
