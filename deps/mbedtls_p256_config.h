/* SPDX-License-Identifier: ISC */
/* As mbedtls_config.h, with P-256 as the only curve: for who signs, and never needs another one. */
#include <mbedtls/mbedtls_config.h>
#undef MBEDTLS_ECP_DP_SECP384R1_ENABLED
