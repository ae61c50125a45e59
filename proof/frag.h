/* SPDX-License-Identifier: ISC */
/* What the proofs of reassembly share: net/frag.c with smaller tables, and any state that it may be in.
 *
 * A pool is a place from which chunks come, or not. Each chunk is an object of its own, given back by free: to touch one
 * that was given back, or give it back twice, is a fault. The real pool is proved in pool.c. */
#ifndef PROOF_FRAG_H
#define PROOF_FRAG_H

#include "proof/proof.h"

#define NET_LIMITS_H
#include <jinn/time.h>
#include "wire/ip4.h"
#undef IP4_PACKET_MAX_BYTES
#define IP4_PACKET_MAX_BYTES 511

/* net/limits.h, smaller: datagrams of 64 units, in four chunks each. */
enum { FRAG_DATAGRAMS = 1, FRAG_CHUNK_BYTES = 128, FRAG_CHUNKS = 8, FRAG_FRAGMENTS = 3 };
#define FRAG_TIMEOUT_NS (30 * NS_PER_S)

#include "net/frag.c"

void *pool_take(struct pool *p)
{
    return nondet_bool() ? malloc(FRAG_CHUNK_BYTES) : NULL;
}

void pool_give(struct pool *p, void *object)
{
    prove(object != NULL);
    free(object);
}

static inline bool has_memory(const struct frag_datagram *d)
{
    bool good = true;
    for (size_t unit = 0; unit < FRAG_UNITS; unit++)
        good = good && (!has_unit(d, unit) || d->chunk[unit * FRAG_UNIT_BYTES / FRAG_CHUNK_BYTES] != NULL);
    return good;
}

/* Nothing came from behind the end that the fragments told. */
static inline bool is_below_end(const struct frag_datagram *d)
{
    bool good = true;
    for (size_t unit = 0; unit < FRAG_UNITS; unit++)
        good = good && (!has_unit(d, unit) || unit * FRAG_UNIT_BYTES < d->at_least);
    return good;
}

static inline size_t units_of(const struct frag_datagram *d)
{
    size_t n = 0;
    for (size_t unit = 0; unit < FRAG_UNITS; unit++)
        n += has_unit(d, unit);
    return n;
}

/* What holds for each datagram between calls. */
static inline bool is_sound(const struct frag_datagram *d)
{
    if (!d->used || d->dead)
        return !d->chunk[0] && !d->chunk[1] && !d->chunk[2] && !d->chunk[3];
    return has_memory(d) && d->n_units == units_of(d) && d->total <= IP4_PACKET_MAX_BYTES &&
           d->at_least <= IP4_PACKET_MAX_BYTES + 1 && d->header_len <= sizeof d->header &&
           (d->header_len == 0 || has_unit(d, 0)) && d->n_fragments <= FRAG_FRAGMENTS &&
           (d->total == 0 || d->at_least <= d->total) && is_below_end(d);
}

static inline void any_datagram(struct frag_datagram *d)
{
    for (size_t i = 0; i < FRAG_CHUNKS_PER_DATAGRAM; i++)
        d->chunk[i] = nondet_bool() ? malloc(FRAG_CHUNK_BYTES) : NULL;
    d->used = nondet_bool();
    d->dead = nondet_bool();
    d->congested = nondet_bool();
    assume(is_sound(d));
}

#endif
