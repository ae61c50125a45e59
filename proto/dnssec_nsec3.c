/* SPDX-License-Identifier: ISC */
/* Hashed names, for who makes, serves and checks them: apart from signatures, which an image that only serves has none of. */
#include "proto/dnssec.h"

#include <jinn/must.h>

#include <mbedtls/sha1.h>

void dnssec_nsec3_hash(struct bytes name, struct bytes salt, unsigned iterations,
                       uint8_t hash[static DNSSEC_NSEC3_BYTES])
{
    struct dns_name small;
    mbedtls_sha1_context sha1;
    dns_name_lower(&small, name);
    struct bytes in = dns_name_bytes(&small);
    mbedtls_sha1_init(&sha1);
    for (unsigned i = 0; i <= iterations; i++) {
        must(mbedtls_sha1_starts(&sha1) == 0);
        must(mbedtls_sha1_update(&sha1, in.data, in.len) == 0);
        must(mbedtls_sha1_update(&sha1, salt.data, salt.len) == 0);
        must(mbedtls_sha1_finish(&sha1, hash) == 0);
        in = bytes_of(hash, DNSSEC_NSEC3_BYTES);
    }
    mbedtls_sha1_free(&sha1);
}
