/* SPDX-License-Identifier: ISC */
/* Names as they are looked for in zones. */
#ifndef PROTO_DNS_KEY_H
#define PROTO_DNS_KEY_H

#include "wire/dns_name.h"

/* A name with small letters, and the hashes of all its suffixes, from one pass. */
struct dns_key {
    struct bytes given;
    struct dns_name name;
    uint8_t pad[8];                 /* so that eight bytes can be read at any place of the name */
    uint8_t n;                      /* labels */
    uint8_t at[DNS_LABELS_MAX + 1]; /* where the suffix of so many labels begins */
    uint64_t hash[DNS_LABELS_MAX + 1];
};

void dns_key_make(struct dns_key *k, struct bytes name, uint64_t seed);

#endif
