/* SPDX-License-Identifier: ISC */
/* What the parts of the validator know of each other: dns_validate.c (the way down), dns_validate_set.c (one set by one zone's
 * keys). */
#ifndef PROTO_DNS_VALIDATE_INTERNAL_H
#define PROTO_DNS_VALIDATE_INTERNAL_H

#include "proto/dns_denial.h"
#include "proto/dns_validate.h"

struct dns_validator {
    struct dns_validate_options o;
    struct dns_validate_counters counters;
    uint64_t wall_s, wall_at_ns;
    struct bytes rdata[DNS_VALIDATE_RECORDS];
};

/* One call. The views BORROW from the cache. */
struct dns_walk {
    struct dns_validator *v;
    uint64_t now_ns;
    uint32_t now_s;
    struct bytes zone;      /* whose keys are known, */
    struct dns_cached keys; /* its DNSKEY */
    unsigned n_checks, n_digests;
    uint32_t least_s;         /* what was verified just now lives for so long */
    struct dns_denial denial; /* what was verified of the last no */
    uint8_t reason;           /* why the last thing was bogus */
    bool cut;                 /* a no to DS: it is a cut */
};

/* Verified by the zone's keys. SECURE, INSECURE or BOGUS. */
enum dns_verdict dns_walk_prove(struct dns_walk *w, const struct dns_cached *what);
/* The DNAME above an alias that came along as its proof is signed by the zone. */
bool dns_walk_prove_dname(struct dns_walk *w, const struct dns_cached *cname, struct dns_cached_proof *dname);
/* A signature of it, or of its proofs, claims to be of the zone. */
bool dns_walk_is_signed(const struct dns_walk *w, const struct dns_cached *what);
/* A set of keys: by a DS set that is secure, or by the anchors (ds NULL). The walk's zone is theirs then. */
enum dns_verdict dns_walk_prove_keys(struct dns_walk *w, const struct dns_cached *keys, const struct dns_cached *ds);
/* Some of it leads to a key that can be verified. */
bool dns_walk_can_check(const struct dns_cached *ds);

#endif
