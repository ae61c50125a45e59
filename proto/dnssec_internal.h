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

/* Of those that sign a hash. */
struct dnssec_method {
    uint8_t algorithm;
    mbedtls_md_type_t hash;
    mbedtls_ecp_group_id curve; /* none: RSA */
    uint8_t curve_bytes;        /* of a number of it; 0: RSA */
};

/* NULL: not known, or Ed25519. */
const struct dnssec_method *dnssec_method(uint8_t algorithm);

struct dnssec_hash {
    uint8_t bytes[MBEDTLS_MD_MAX_SIZE];
    size_t len;
};

/* Takes what is signed, part by part. */
struct dnssec_sink {
    void (*put)(void *to, struct bytes part); /* BORROWS */
    void *to;
};

#define DNSSEC_RRSIG_FIXED_BYTES 18 /* of an RRSIG's rdata, before the signer's name */

/* The bytes that are signed: what stands before the signature in an RRSIG's rdata, and the set in canonical form, in canonical order
 * and without duplicates. False: the set has too few labels. */
bool dnssec_put_signed(const struct dnssec_set *set, const struct dnssec_rrsig *sig, struct bytes rrsig,
                       const struct dnssec_sink *sink);

/* Over those. False: no memory, or as above. */
bool dnssec_hash(const struct dnssec_method *m, const struct dnssec_set *set, struct bytes rrsig,
                 struct dnssec_hash *hash);

/* RFC 8080: by Ed25519, which signs the bytes themselves. ERR_INVALID; ERR_FULL: more than DNSSEC_SIGNED_BYTES, or no memory. */
MUST_USE enum err dnssec_verify_ed25519(const struct dnssec_set *set, const struct dnssec_rrsig *sig,
                                        struct bytes rrsig, struct bytes key);

#endif
