/* SPDX-License-Identifier: ISC */
/* What verifying and signing share. */
#ifndef PROTO_DNSSEC_INTERNAL_H
#define PROTO_DNSSEC_INTERNAL_H

#include "proto/dnssec.h"
#include "wire/dns_rdata.h"

#include <jinn/must.h>

#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <stdlib.h>

struct dnssec_method {
    uint8_t algorithm;
    mbedtls_md_type_t hash;
    mbedtls_ecp_group_id curve; /* none: RSA */
    uint8_t curve_bytes;        /* of a number of it; 0: RSA */
};

/* NULL: not known. */
const struct dnssec_method *dnssec_method(uint8_t algorithm);

struct dnssec_hash {
    uint8_t bytes[MBEDTLS_MD_MAX_SIZE];
    size_t len;
};

/* Over the set and what stands before the signature in an RRSIG's rdata. False: no memory, or the set has too few labels. */
bool dnssec_hash(const struct dnssec_method *m, const struct dnssec_set *set, struct bytes rrsig,
                 struct dnssec_hash *hash);

#endif
