/* SPDX-License-Identifier: ISC */
/* A block of SHA-1, for Mbed TLS (MBEDTLS_SHA1_PROCESS_ALT): BearSSL's, which has loops where that of Mbed TLS is written out. */
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include <mbedtls/sha1.h>

void br_sha1_round(const unsigned char *block, uint32_t *state);

int mbedtls_internal_sha1_process(mbedtls_sha1_context *ctx, const unsigned char data[64])
{
    br_sha1_round(data, ctx->state);
    return 0;
}
