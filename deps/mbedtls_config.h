/* SPDX-License-Identifier: ISC */
/*
 * The whole configuration of Mbed TLS: what is not named here is not built, and of what is built an image carries only
 * what it calls. The build installs this file as <mbedtls/mbedtls_config.h>, so the library and its users see the same
 * one without a flag. (The generator of random numbers alone is built as mbedtls_random_config.h says, since all images
 * have it.)
 *
 * No entropy source, no file system, no clock: randomness comes from the
 * platform as the seed of the HMAC-DRBG, and nothing else is asked of it.
 */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_HMAC_DRBG_C

/* DNSSEC and TSIG: SHA-1 for NSEC3 and old HMACs, the others by RFC 8624; ECDSA and RSA. */
#define MBEDTLS_SHA1_C
#define MBEDTLS_SHA1_PROCESS_ALT
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA512_SMALLER
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECDSA_C
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
