/* SPDX-License-Identifier: ISC */
/*
 * The whole configuration of Mbed TLS: what is not named here is not built.
 * The build installs this file as <mbedtls/mbedtls_config.h>, so the library
 * and its users see the same one without a flag.
 *
 * No entropy source, no file system, no clock: randomness comes from the
 * platform as the seed of the HMAC-DRBG, and nothing else is asked of it.
 */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_HMAC_DRBG_C
/* TSIG's algorithms beside HMAC-SHA-256 (proto/dns_tsig.c). */
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
