/* SPDX-License-Identifier: ISC */
/* Reassembly: a datagram of which as many bytes came as it has is put together without a fault: each of its chunks is there.
 * Bound: datagrams of at most 511 bytes in chunks of 128 (the real ones: 65535, 2048).
 * sources: base/addr.c
 * unwind: 66
 * unwindset: gather.0:5,any_datagram.0:5 */
#include "proof/frag.h"

static struct frag f;
static struct frag_datagram d;

int main(void)
{
    struct frag_datagram any;
    d = any;
    any_datagram(&d);
    assume(d.used && !d.dead && d.total && d.n_units * FRAG_UNIT_BYTES >= d.total);
    struct bytes whole = gather(&f, &d);
    prove(whole.data == f.whole && whole.len == d.total && whole.len <= sizeof f.whole);
    reached(whole.len == 511);
    reached(whole.len == 1);
    return 0;
}
