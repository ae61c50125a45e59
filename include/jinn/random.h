/* SPDX-License-Identifier: ISC */
/* Random bytes from a DRBG of the cryptographic library (HMAC-DRBG, SP 800-90A) that boot seeded from the platform. On
 * sim and fuzz, and only there, the seed is given and a run repeats. */
#ifndef JINN_RANDOM_H
#define JINN_RANDOM_H

#include <jinn/err.h>

#include <stddef.h>
#include <stdint.h>

/* Takes the seed, once. ERR_UNSUPPORTED: the platform has no entropy, and boot refuses to go on. */
MUST_USE enum err random_init(void);
/* Fills the buffer. Needs random_init to have succeeded; can't fail after that, but that the first call takes some hundred bytes
 * of memory for good. */
void random_bytes(void *out, size_t len);
uint32_t random_u32(void);
/* Evenly in 0 .. limit-1; limit > 0. */
uint32_t random_below(uint32_t limit);

#endif
