/* SPDX-License-Identifier: ISC */
/* What the generator of random numbers needs: its hash leads to no other that an image would carry for nothing. */
#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_HMAC_DRBG_C
