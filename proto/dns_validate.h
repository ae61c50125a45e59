/* SPDX-License-Identifier: ISC */
/* DNSSEC validation, sans I/O: RFC 4035 5, RFC 5155 8, RFC 6840, RFC 8624, RFC 9276.
 *
 * A validator judges what is in the cache: a set with its signatures, or a no with its proofs. It walks from the trust anchor down,
 * one label at a time: a DS that the zone above signed leads to the keys below; a proof that there is none at a cut ends the
 * chain, and all below is insecure; a proof that there is no cut leads one label on. What it has not got it asks for, one set a
 * call, always the uppermost first; so whoever fetches sets for it never has to fetch more than one for another.
 *
 * Verifying is expensive, and strangers choose what is to be verified. So everything that a zone can multiply is bounded
 * (KeyTrap: CVE-2023-50387; CVE-2023-50868), and an answer that would cost more is bogus and counted. */
#ifndef PROTO_DNS_VALIDATE_H
#define PROTO_DNS_VALIDATE_H

#include "proto/dns_anchors.h"

enum {
    DNS_VALIDATE_CHECKS = 48, /* signatures a call: proofs have four, each by two keys while a zone changes its keys */
    DNS_VALIDATE_SET_CHECKS = 8, /* for one set */
    DNS_VALIDATE_SAME_TAG = 4,   /* keys for one signature that have its tag; more than one is an accident already */
    DNS_VALIDATE_DIGESTS = 24,   /* of keys, for one set of keys: one for each DS of six keys, thrice */
    DNS_VALIDATE_RECORDS = 5461, /* of a set: more do not fit into a message */
    DNS_VALIDATE_BOGUS_S = 60    /* what is bogus is not asked for again for a while (RFC 4035 4.7), nor for long */
};

/* Extended errors (RFC 8914), `reason` of what is bogus. */
enum dns_validate_reason {
    DNS_EDE_BOGUS = 6,
    DNS_EDE_EXPIRED = 7,
    DNS_EDE_TOO_EARLY = 8,
    DNS_EDE_NO_DNSKEY = 9,
    DNS_EDE_NO_RRSIG = 10,
    DNS_EDE_NO_ZONE_KEY = 11,
    DNS_EDE_NO_NSEC = 12,
    DNS_EDE_CUT = 255 /* none of those: of a secure no to DS, that the name is a delegation */
};

struct dns_nsec_cache;

struct dns_validate_options {
    struct dns_cache *cache;           /* BORROWS */
    const struct dns_anchors *anchors; /* BORROWS; may change between calls */
    struct dns_nsec_cache *nsec;       /* BORROWS; NULL: proofs are not used again */
};

struct dns_validate_counters {
    uint64_t secure, insecure, bogus, needs;                    /* calls, by verdict */
    uint64_t checks;                                            /* signatures that were verified, or not */
    uint64_t many_checks, many_tags, many_digests, many_hashes; /* limits that were hit */
    uint64_t many_iterations;                                   /* insecure for that */
    uint64_t
        many_bytes; /* signatures by Ed25519 that were not verified: what was signed is too long, or memory was short */
};

struct dns_validator;

/* GIVES *v. ERR_FULL. */
MUST_USE enum err dns_validator_new(const struct dns_validate_options *o, struct dns_validator **v);
void dns_validator_free(struct dns_validator *v);
/* Seconds since 1970 at that time; until it is called, nothing that is signed is valid. */
void dns_validator_set_clock(struct dns_validator *v, uint64_t now_ns, uint64_t wall_s);
uint64_t dns_validator_clock(const struct dns_validator *v, uint64_t now_ns);

/* What to make of this, which dns_cache_find gave: judged in the cache, too. DNS_VERDICT_NEEDS: of *name and *type first;
 * nothing was judged. Else what dns_cache_find gave before is no longer to be used. Fits `validate` of dns_iterate_options
 * with the validator as argument. */
enum dns_verdict dns_validate(void *validator, uint64_t now_ns, const struct dns_cached *what, struct dns_name *name,
                              uint16_t *type);

/* Fits `deny` of dns_iterate_options with the validator as argument: dns_nsec_cache_deny, if it was given one. */
bool dns_validate_deny(void *validator, uint64_t now_ns, struct bytes name, uint16_t type);

struct dns_validate_counters dns_validate_counters(const struct dns_validator *v);

/* ---- What a client is told (RFC 4035 3.2, RFC 6840 5.7 to 5.9) ---- */

/* Of an answer's parts, the one that counts: bogus, not judged, insecure, secure. */
enum dns_verdict dns_verdict_worse(enum dns_verdict a, enum dns_verdict b);
/* Whether the data may be told at all; otherwise it is SERVFAIL with the reason. `flags`: the query's. */
bool dns_verdict_may_tell(enum dns_verdict worst, uint16_t flags);
/* Whether AD is set: all of it is secure, and the client asked for that by DO or AD. */
bool dns_verdict_is_authentic(enum dns_verdict worst, uint16_t flags, bool dnssec_ok);
/* The text of an extended error: "the signature has expired"; never NULL. */
const char *dns_validate_reason_text(uint8_t reason);

#endif
