/* SPDX-License-Identifier: ISC */
/* A zone's memory: chunks that are cut from the front, and lists of what was given back, by size. Chunks begin small, so that
 * 100,000 zones of a few records are no waste, and double up to a size of which the last one's rest doesn't matter. */
#include "proto/dns_store.h"

#include <stdlib.h>

enum {
    CHUNK_MIN_BYTES = 1024,
    CHUNK_MAX_BYTES = 256 * 1024,
    SMALL_UNITS = 64, /* up to 512 bytes each multiple of 8 is a class; above, four to a doubling */
};

void *dns_zone_malloc(struct dns_zone *z, size_t len)
{
    void *p = len <= z->stats.limit_bytes && z->stats.bytes <= z->stats.limit_bytes - len ? malloc(len) : NULL;
    if (p)
        z->stats.bytes += len;
    return p;
}

void dns_zone_free(struct dns_zone *z, void *p, size_t len)
{
    free(p);
    if (p)
        z->stats.bytes -= len;
}

/* The class of so many bytes, and the size that all of it have. */
static unsigned class_of(size_t *len)
{
    size_t units = (*len + 7) / 8;
    unsigned log2, shift;
    if (units <= SMALL_UNITS) {
        *len = units * 8;
        return (unsigned)units - 1;
    }
    log2 = 63u - (unsigned)__builtin_clzll(units - 1);
    shift = log2 - 2;
    *len = (((units - 1) >> shift) + 1) << shift << 3;
    return SMALL_UNITS + (log2 - 6) * 4 + (unsigned)((units - 1) >> shift & 3);
}

static bool add_chunk(struct dns_zone *z, size_t len)
{
    struct dns_arena *a = &z->arena;
    size_t bytes = a->next_bytes ? a->next_bytes : CHUNK_MIN_BYTES, least = sizeof(struct dns_chunk) + len;
    struct dns_chunk *c = dns_zone_malloc(z, bytes = bytes < least ? least : bytes);
    if (!c && least < bytes)
        c = dns_zone_malloc(z, bytes = least);
    if (!c)
        return false;
    c->next = a->chunks;
    a->chunks = c;
    a->at = (uint8_t *)(c + 1);
    a->end = (uint8_t *)c + bytes;
    a->next_bytes = bytes * 2 < CHUNK_MAX_BYTES ? bytes * 2 : CHUNK_MAX_BYTES;
    return true;
}

void *dns_arena_take(struct dns_zone *z, size_t *len)
{
    struct dns_arena *a = &z->arena;
    unsigned class_ = class_of(len);
    void *p = a->free ? a->free[class_] : NULL;
    if (p) {
        memcpy(&a->free[class_], p, sizeof p);
        return p;
    }
    if ((size_t)(a->end - a->at) < *len && !add_chunk(z, *len))
        return NULL;
    p = a->at;
    a->at += *len;
    return p;
}

void dns_arena_give(struct dns_zone *z, void *p, size_t len)
{
    struct dns_arena *a = &z->arena;
    unsigned class_ = class_of(&len);
    if ((uint8_t *)p + len == a->at) {
        a->at = p;
        return;
    }
    if (!a->free) { /* not under the limit: what is given back must not be lost */
        a->free = calloc(ARENA_CLASSES, sizeof *a->free);
        if (!a->free)
            return;
        z->stats.bytes += ARENA_CLASSES * sizeof *a->free;
    }
    memcpy(p, &a->free[class_], sizeof p);
    a->free[class_] = p;
}

bool dns_arena_extend(struct dns_zone *z, void *p, size_t len, size_t more)
{
    struct dns_arena *a = &z->arena;
    size_t whole = len + more;
    class_of(&whole);
    if ((uint8_t *)p + len != a->at || whole != len + more || (size_t)(a->end - a->at) < more)
        return false;
    a->at += more;
    return true;
}

void dns_arena_free(struct dns_zone *z)
{
    struct dns_chunk *c = z->arena.chunks, *next;
    for (; c; c = next) {
        next = c->next;
        free(c);
    }
    free(z->arena.free);
}
