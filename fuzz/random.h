/* SPDX-License-Identifier: ISC */
/* In the place of sys/random.c: the same numbers each time. Set random_state before each input. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <jinn/random.h>

static uint32_t random_state;

uint32_t random_u32(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8 | random_state << 24;
}

void random_bytes(void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)random_u32();
}

uint32_t random_below(uint32_t limit)
{
    return random_u32() % limit;
}

#endif
