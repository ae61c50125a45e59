/* SPDX-License-Identifier: ISC */
#include "arch/random.h"

#include <string.h>

#define RETRIES 10 /* as many as Intel's guide advises before calling it broken */
#define DRAWS 4    /* folded into each word, against a single weak draw */
#define CPUID_1_ECX_RDRAND (1u << 30)

static bool have_rdrand(void)
{
    uint32_t a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return c & CPUID_1_ECX_RDRAND;
}

static bool draw(uint64_t *word)
{
    for (int i = 0; i < RETRIES; i++) {
        uint8_t good;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(good) : : "cc");
        if (good)
            return true;
    }
    return false;
}

/* Some processors answered all ones, or the same word for ever, after they had slept. */
static bool draw_word(uint64_t *word)
{
    uint64_t last = 0;
    *word = 0;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t next;
        if (!draw(&next) || next == last || next == UINT64_MAX)
            return false;
        *word = (*word << 17 | *word >> 47) ^ next;
        last = next;
    }
    return true;
}

bool arch_random(uint8_t *out, size_t len)
{
    if (!have_rdrand())
        return false;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        uint64_t word;
        if (!draw_word(&word))
            return false;
        memcpy(out + i, &word, sizeof word);
    }
    return true;
}
