/* SPDX-License-Identifier: ISC */
/* Pages of the platform's heap, for the C library's mmap and its kin. First fit from the bottom, one bit a page, so that
 * what was never needed is never touched. Not for use before the platform knows its heap. Never yields. */
#ifndef LIBC_PAGES_H
#define LIBC_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGES_PAGE 4096

struct pages {
    uint8_t *base;
    size_t n;          /* pages, those of the bitmap itself included */
    uint64_t *bitmap;  /* a set bit is a page in use; at the bottom of the heap */
    size_t first_free; /* none is free below it */
    size_t touched;    /* pages from here on were never given out, so they are still zero */
    size_t in_use;
    size_t in_use_most;
    size_t refused; /* requests that found no room */
};

/* Over zeroed memory that is page aligned and at least two pages long. */
void pages_init(struct pages *p, uint8_t *base, size_t len);
/* Zeroed pages for at least `len` bytes, or NULL. */
void *pages_take(struct pages *p, size_t len);
/* False when the range is not pages in use. */
bool pages_give(struct pages *p, void *start, size_t len);
/* Like mremap: grows in place when the pages behind are free, otherwise moves when it may; shrinks in place. NULL: no room. */
void *pages_resize(struct pages *p, void *start, size_t old_len, size_t new_len, bool may_move);

#endif
