/* SPDX-License-Identifier: ISC */
/* Proofs that came with one no answer the next one (RFC 8198): which names lie between those that NSEC and NSEC3 records name.
 *
 * The records themselves are sets in the cache, with their signatures, as is the zone's SOA; here is their order, so that
 * the one before a name is found. What the cache has thrown away is forgotten here when it is missed. Records of NSEC3 with
 * opt-out are not learnt, because they prove little. No wildcards are made up: what one makes is asked for. */
#ifndef PROTO_DNS_NSEC_CACHE_H
#define PROTO_DNS_NSEC_CACHE_H

#include "proto/dns_cache.h"
#include "proto/dns_denial.h"

struct dns_nsec_cache;

enum {
    DNS_NSEC_RECORDS = 1024,    /* 280 bytes each */
    DNS_NSEC_ITERATIONS = 16,   /* of NSEC3: asking is cheaper than hashing more */
    DNS_NSEC_PROOF_BYTES = 8192 /* the longest no that is learnt or made */
};

struct dns_nsec_cache_options {
    struct dns_cache *cache; /* BORROWS */
    uint32_t records;        /* 0: as above. When they are all taken, the one that was put there first goes. */
};

struct dns_nsec_cache_counters {
    uint64_t learnt, evicted, missed; /* missed: the cache had thrown it away */
    uint64_t names, types;            /* that were denied without asking anybody */
    uint64_t too_large;               /* the proof did not fit: it is asked for */
};

/* GIVES *n. ERR_FULL. */
MUST_USE enum err dns_nsec_cache_new(const struct dns_nsec_cache_options *o, struct dns_nsec_cache **n);
void dns_nsec_cache_free(struct dns_nsec_cache *n);

/* The proofs of a no that was found to be secure just now: the records that were verified, of that entry of the cache, which is
 * not to be used any more afterwards. */
void dns_nsec_cache_learn(struct dns_nsec_cache *n, uint64_t now_ns, const struct dns_denial *verified,
                          const struct dns_cached *no);
/* True: there is no such name, or no such type, and the cache knows it now, secure, with proofs. */
bool dns_nsec_cache_deny(struct dns_nsec_cache *n, uint64_t now_ns, struct bytes name, uint16_t type);

struct dns_nsec_cache_counters dns_nsec_cache_counters(const struct dns_nsec_cache *n);
size_t dns_nsec_cache_records(const struct dns_nsec_cache *n);

#endif
