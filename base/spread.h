/* SPDX-License-Identifier: ISC */
/* Numbers that one seed of 64 bits is spread over: SplitMix64. The same seed gives the same numbers everywhere and always, so
 * what is drawn with them can be had again. Whoever knows one number knows the others: for secrets there is
 * <jinn/random.h>. */
#ifndef BASE_SPREAD_H
#define BASE_SPREAD_H

#include <stdint.h>

static inline uint64_t spread_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* From 0 to n - 1; even, but for one part in 2^64 / n. */
static inline uint64_t spread_below(uint64_t *state, uint64_t n)
{
    return (uint64_t)((unsigned __int128)spread_next(state) * n >> 64);
}

#endif
