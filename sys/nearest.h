/* SPDX-License-Identifier: ISC */
/* "Did you mean": which of some names is nearest to what somebody typed, by the number of characters to insert, remove
 * or replace. Nothing that differs in more than a third of it (rounded up, at most 3) counts as near. */
#ifndef SYS_NEAREST_H
#define SYS_NEAREST_H

#include <jinn/bytes.h>

struct nearest {
    struct bytes typed;
    size_t best; /* differences of the best so far, plus 1: what a better one must stay below */
};

struct nearest nearest_to(struct bytes typed);
/* True when `name` is nearer than all that were offered before. */
bool nearest_offer(struct nearest *n, const char *name);

#endif
