/* SPDX-License-Identifier: ISC */
/* memcpy and memmove in the place of the C library's, whose `rep movsq` takes dozens of cycles to start: nearly all that
 * a server copies is shorter than a cache line or two. A short copy loads all before it stores, the last load and the
 * first overlap in the middle. Both functions, since those of the C library share an object. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* From here on the processor's own loop pays. */
enum { REPEAT_BYTES = 768 };

typedef long long block __attribute__((vector_size(16), aligned(1), may_alias));
typedef uint64_t word __attribute__((aligned(1), may_alias));
typedef uint32_t half __attribute__((aligned(1), may_alias));

/* Neither is to be compiled into a call of itself. */
#define AS_IT_STANDS __attribute__((optimize("O2", "no-tree-loop-distribute-patterns")))

/* Below 16 bytes; they may overlap. */
static inline __attribute__((always_inline)) void copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len >= 8) {
        word first = *(const word *)from, last = *(const word *)(from + len - 8);
        *(word *)to = first;
        *(word *)(to + len - 8) = last;
    } else if (len >= 4) {
        half first = *(const half *)from, last = *(const half *)(from + len - 4);
        *(half *)to = first;
        *(half *)(to + len - 4) = last;
    } else if (len > 0) {
        uint8_t first = from[0], middle = from[len / 2], last = from[len - 1];
        to[0] = first;
        to[len / 2] = middle;
        to[len - 1] = last;
    }
}

/* From the beginning on; `to` may lie before `from` and overlap. */
static inline __attribute__((always_inline)) void copy_forward(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len < 16) {
        copy_short(to, from, len);
    } else if (len < REPEAT_BYTES) {
        block last = *(const block *)(from + len - 16);
        for (size_t i = 0; i < len - 16; i += 16)
            *(block *)(to + i) = *(const block *)(from + i);
        *(block *)(to + len - 16) = last;
    } else {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(len) : : "memory");
    }
}

AS_IT_STANDS void *memcpy(void *restrict out, const void *restrict in, size_t len)
{
    copy_forward(out, in, len);
    return out;
}

AS_IT_STANDS void *memmove(void *out, const void *in, size_t len)
{
    uint8_t *to = out;
    const uint8_t *from = in;
    if (len < 16 || (size_t)(to - from) >= len) { /* the second also when `to` lies before */
        copy_forward(to, from, len);
        return out;
    }
    block first = *(const block *)from;
    for (; len >= 16; len -= 16)
        *(block *)(to + len - 16) = *(const block *)(from + len - 16);
    *(block *)to = first;
    return out;
}
