/* SPDX-License-Identifier: ISC */
/* Reassembly: the end of a datagram's time, from any state, is without a fault; the state stays sound; what is told of the first
 * fragment lies inside what was kept.
 * Bound: a table of 1 datagram of at most 511 bytes (the real one: 16, 65535).
 * sources: base/addr.c
 * unwind: 66 */
#include "proof/frag.h"

int main(void)
{
    static struct frag f;
    static struct counters_frag counters;
    struct frag any;
    struct bytes header, payload;
    f.counters = &counters;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        f.datagram[i] = any.datagram[i];
        any_datagram(&f.datagram[i]);
        f.n_used += f.datagram[i].used;
    }
    const unsigned before = f.n_used;
    bool told = frag_expire(&f, nondet_u64(), &header, &payload);
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++)
        prove(is_sound(&f.datagram[i]));
    prove(f.n_used <= before && (!told || f.n_used < before));
    prove(!told || (payload.len == FRAG_UNIT_BYTES && header.len > 0 && header.len <= IP4_HEADER_MAX_BYTES));
    reached(told && f.n_used == 0);
    return 0;
}
