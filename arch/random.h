/* SPDX-License-Identifier: ISC */
/* The processor's own generator of random bits. */
#ifndef ARCH_RANDOM_H
#define ARCH_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills `len` bytes (a multiple of 8) of full entropy for seeding. Several draws are folded into each word, a generator that
 * repeats itself or keeps failing is refused. False when the processor has none or it fails; the bytes are then useless. */
bool arch_random(uint8_t *out, size_t len);

#endif
