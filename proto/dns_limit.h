/* SPDX-License-Identifier: ISC */
/* Response rate limiting: how many answers of a kind a network gets by UDP in a second, so that a server is no amplifier
 * against an address that queries were forged with. Networks are /24 and /56. Of what is beyond the limit most is dropped, and
 * each so many-th is answered empty and truncated: who really asked comes back by TCP.
 *
 * A table of fixed size under a secret hash; the entry that was used least recently of four goes. */
#ifndef PROTO_DNS_LIMIT_H
#define PROTO_DNS_LIMIT_H

#include <jinn/addr.h>
#include <jinn/attr.h>
#include <jinn/err.h>

/* Answers of different kinds don't use each other's allowance: so a flood of names that don't exist doesn't hide those
 * that do. */
enum dns_limit_kind { DNS_LIMIT_ANSWER, DNS_LIMIT_EMPTY, DNS_LIMIT_REFERRAL, DNS_LIMIT_NXDOMAIN, DNS_LIMIT_ERROR };

enum dns_limit_verdict { DNS_LIMIT_SEND, DNS_LIMIT_SLIP, DNS_LIMIT_DROP };

struct dns_limit_options {
    uint32_t per_second; /* answers; 1 at least */
    uint32_t slip;       /* each so many-th is truncated instead of dropped; 0: none, 1: all */
    uint32_t entries;    /* of the table; a power of two is taken that is not below */
    uint64_t secret;
};

struct dns_limit;

/* GIVES. ERR_FULL, ERR_INVALID. */
MUST_USE enum err dns_limit_new(const struct dns_limit_options *o, struct dns_limit **l);
void dns_limit_free(struct dns_limit *l);
/* Counts an answer to `client` about `zone` (any number that tells zones apart). */
enum dns_limit_verdict dns_limit_take(struct dns_limit *l, uint64_t now_ns, const struct ip *client,
                                      enum dns_limit_kind kind, uint64_t zone);
/* Entries that went for others while they still counted. */
uint64_t dns_limit_evicted(const struct dns_limit *l);

#endif
