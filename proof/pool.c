/* SPDX-License-Identifier: ISC */
/* Pools: taking and giving back, in any order, is without a fault; a pool never gives an object twice or from elsewhere, and
 * refuses when all are taken.
 * Bound: 2 objects of 16 bytes, 4 steps.
 * sources: base/pool.c
 * unwind: 5 */
#include "proof/proof.h"

#include <jinn/must.h>
#include <jinn/pool.h>

void must_fail(const char *file, int line, const char *text)
{
    prove(file == NULL);
    assume(false);
}

int main(void)
{
    struct pool p;
    void *taken[2] = {NULL, NULL};
    if (pool_init(&p, 16, 2) != OK)
        return 0;
    for (int step = 0; step < 4; step++) {
        bool second = nondet_bool();
        void **slot = &taken[second], *other = taken[!second];
        if (*slot) {
            pool_give(&p, *slot);
            *slot = NULL;
        } else {
            *slot = pool_take(&p);
            prove(*slot != NULL && *slot != other);
            prove(*slot == p.memory || *slot == p.memory + 16);
        }
        prove(p.n_used == (size_t)(taken[0] != NULL) + (taken[1] != NULL));
        if (p.n_used == 2)
            prove(pool_take(&p) == NULL);
    }
    reached(p.n_used == 2 && p.refused == 2);
    pool_free(&p);
    return 0;
}
