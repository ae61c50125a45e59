/* SPDX-License-Identifier: ISC */
/* An answer that is being made; for dns_answer.c and dns_proof.c. */
#ifndef PROTO_DNS_REPLY_H
#define PROTO_DNS_REPLY_H

#include "proto/dns_answer.h"
#include "proto/dns_store.h"

/* A proof for each wildcard of a chain, and at its end: SOA or NS, DS, three NSEC3, and one to spare. */
#define REPLY_AUTHORITY_MAX (DNS_CHAIN_MAX + 6)
/* Names in one set that addresses are added of: as many as fit into a message as a rule, and the root has 13. */
#define REPLY_TARGETS_MAX 32

struct reply_authority {
    const struct dns_node *node;
    const struct dns_set *set;
    uint32_t ttl;
};

struct reply {
    const struct dns_zones *zones;
    const struct dns_query *query;
    struct dns_writer *d;
    struct dns_result *result;
    const struct dns_zone *z; /* that the name is looked for in */
    struct dns_key *key;      /* of the name that is looked for now */
    bool is_first;            /* it is the question's */
    unsigned n_chain;
    unsigned n_authority;
    const struct dns_set *more; /* whose targets' addresses are to be added; NULL: none */
    const struct dns_node *more_node;
    bool is_referral;       /* and `more` are the servers of the delegation */
    struct dns_name target; /* the name itself, unless it's the question's */
    struct dns_key own_key; /* where its key is, unless the query brought one */
    struct reply_authority authority[REPLY_AUTHORITY_MAX];
    const struct dns_set *chain[DNS_CHAIN_MAX]; /* CNAMEs and DNAMEs that were gone through */
    uint64_t chain_hash[DNS_CHAIN_MAX];         /* of the names where they were found */
};

/* That the set goes into the authority section, once. */
void reply_authority(struct reply *a, const struct dns_node *n, const struct dns_set *s, uint32_t ttl);

/* ---- What DNSSEC wants beside the answer: dns_proof.c, in servers of signed zones; nothing unless asked for and there ---- */

enum proof {
    PROOF_NO_DATA,          /* the name, of so many labels, has no such type; the node is its own */
    PROOF_NO_NAME,          /* the name doesn't exist, nor a wildcard for it; what exists of it are its last labels */
    PROOF_WILDCARD,         /* the name doesn't exist, so the wildcard below these labels was right */
    PROOF_WILDCARD_NO_DATA, /* the same, and the wildcard, whose node this is, has no such type */
};

static inline void prove(struct reply *a, enum proof what, const struct dns_node *n, unsigned labels)
{
    if (a->query->dnssec_ok && a->zones->prove)
        a->zones->prove(a, what, n, labels);
}

#endif
