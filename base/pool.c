/* SPDX-License-Identifier: ISC */
#include <jinn/pool.h>
#include <jinn/must.h>

#include <stdlib.h>
#include <string.h>

enum { POOL_ALIGN = 16 };

COLD enum err pool_init(struct pool *p, size_t size, size_t n)
{
    must(size > 0 && n > 0 && size < SIZE_MAX / 2 / n);
    size = (size + POOL_ALIGN - 1) / POOL_ALIGN * POOL_ALIGN;
    *p = (struct pool){.size = size, .n = n, .n_fresh = n, .memory = calloc(n, size)};
    return p->memory ? OK : ERR_FULL;
}

COLD void pool_free(struct pool *p)
{
    free(p->memory);
    *p = (struct pool){0};
}

/* What was given back goes out first: it is in the caches, and a page that is never needed is never touched. */
void *pool_take(struct pool *p)
{
    void *object = p->free;
    if (object) {
        memcpy(&p->free, object, sizeof p->free);
    } else if (p->n_fresh > 0) {
        object = p->memory + (p->n - p->n_fresh--) * p->size;
    } else {
        p->refused++;
        return NULL;
    }
    p->n_used++;
    if (p->n_used > p->n_most)
        p->n_most = p->n_used;
    return object;
}

void pool_give(struct pool *p, void *object)
{
    uint8_t *at = object;
    must(at >= p->memory && at < p->memory + p->n * p->size);
    must((size_t)(at - p->memory) % p->size == 0 && p->n_used > 0);
    memcpy(object, &p->free, sizeof p->free);
    p->free = object;
    p->n_used--;
}
