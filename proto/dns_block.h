/* SPDX-License-Identifier: ISC */
/* Names that are not to be resolved, from lists, and all below them.
 *
 * Of a name only a hash of 64 bits under a secret seed is kept, 8 bytes: of a million names one in 10^13 others is taken for
 * one of them by mistake. */
#ifndef PROTO_DNS_BLOCK_H
#define PROTO_DNS_BLOCK_H

#include "wire/dns_name.h"

#include <jinn/err.h>

#define DNS_BLOCK_MAX (1u << 22) /* names: four million, 64 MB; the longest lists have one */

struct dns_block {
    uint64_t *slot; /* 0: free; at most half of them are taken */
    size_t n_slots, n;
    uint64_t seed;
    uint64_t depths[2]; /* numbers of labels that names have: only these are tried */
    uint64_t n_bad;     /* lines that could not be read */
    unsigned first_bad; /* the line, of the list that was read last; 0: none */
};

void dns_block_init(struct dns_block *b, uint64_t seed);
void dns_block_free(struct dns_block *b);
/* ERR_FULL: no memory, or DNS_BLOCK_MAX. */
MUST_USE enum err dns_block_add(struct dns_block *b, struct bytes name);
/* Adds the names of a list; as dns_server_block says. */
MUST_USE enum err dns_block_read(struct dns_block *b, struct bytes text);
/* Is it, or a name above it, in a list. */
bool dns_block_has(const struct dns_block *b, struct bytes name);

#endif
