/* SPDX-License-Identifier: ISC */
/* A pool: objects of one size, their number fixed at the start. Taking and giving back is a few
 * instructions; an empty pool refuses and counts. Not a general allocator and not meant to be. */
#ifndef JINN_POOL_H
#define JINN_POOL_H

#include <jinn/err.h>

#include <stddef.h>
#include <stdint.h>

struct pool {
    void *free;       /* first object given back; each one's first word points to the next */
    uint8_t *memory;  /* all objects */
    size_t size;      /* bytes an object, rounded up to 16 */
    size_t n;         /* objects in all */
    size_t n_fresh;   /* never taken yet, at the end: their memory has not been touched */
    size_t n_used;    /* taken now */
    size_t n_most;    /* most that were taken at once */
    uint64_t refused; /* times that pool_take found it empty */
};

/* Allocates n objects of `size` bytes. At start only. ERR_FULL when memory does not suffice. */
MUST_USE enum err pool_init(struct pool *p, size_t size, size_t n);
void pool_free(struct pool *p);

/* An object with undefined content, or NULL (counted) when all are taken. */
void *pool_take(struct pool *p);
/* TAKES an object that came from this pool. */
void pool_give(struct pool *p, void *object);

#endif
