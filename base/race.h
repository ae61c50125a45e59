/* SPDX-License-Identifier: ISC */
/* Attempts of which the first that stands wins (happy eyeballs, RFC 8305 5): when each is begun, and what is said when all have
 * failed. Attempts have the numbers from 0 on, in the order in which they are begun. */
#ifndef BASE_RACE_H
#define BASE_RACE_H

#include <jinn/err.h>
#include <jinn/time.h>

#include <stdbool.h>
#include <stddef.h>

#define RACE_NEXT_NS (250 * NS_PER_MS) /* RFC 8305 8: Connection Attempt Delay */

struct race {
    size_t n, n_begun, n_failed;
    uint64_t next_ns; /* when the next one is begun */
    enum err error;   /* the one that says most of those so far */
};

struct race race_of(size_t n);
/* True: it is the turn of attempt n_begun - 1, which counts as begun. */
bool race_begins(struct race *r, uint64_t now_ns);
/* One that was begun has failed: the next one's turn is now. */
void race_failed(struct race *r, enum err e);
/* All have: `error` says why. ERR_UNREACHABLE if there was none. */
bool race_lost(const struct race *r);
/* When to look again whose turn it is, TIME_NEVER if all were begun. */
uint64_t race_turn_ns(const struct race *r);

#endif
