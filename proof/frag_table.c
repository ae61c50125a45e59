/* SPDX-License-Identifier: ISC */
/* Reassembly: the datagram that a fragment belongs to is found or begun, in place of another one if need be, without a fault.
 * What it is added to is never somebody else's, and no chunk is lost.
 * Bound: a table of 1 datagram (the real one: 16), which is full or not.
 * sources: base/addr.c
 * unwind: 66
 * unwindset: memcmp.0:17,find_or_begin.0:2,begin.0:2,oldest.0:2,give_chunks.0:5,any_datagram.0:5 */
#include "proof/frag.h"

static struct frag f;
static struct counters_frag counters;

int main(void)
{
    struct frag_datagram any;
    f.datagram[0] = any;
    f.counters = &counters;
    any_datagram(&f.datagram[0]);
    f.n_used = f.datagram[0].used;
    struct frag_part p = {.src = nondet_ip(), .dst = nondet_ip(), .id = nondet_u32(), .protocol = nondet_u8()};
    const struct frag_datagram *d = find_or_begin(&f, nondet_u64(), &p);
    prove(d == &f.datagram[0] && d->used && f.n_used == 1);
    prove(is_of(d, &p));
    prove(is_sound(d));
    reached(counters.evicted_full);
    reached(d->n_units);
    return 0;
}
