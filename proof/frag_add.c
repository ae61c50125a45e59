/* SPDX-License-Identifier: ISC */
/* Reassembly: any fragment is added to any datagram, while another one holds memory, too, without a fault; both are as sound
 * as before, and no chunk is freed twice. So any number of fragments is.
 * Bound: datagrams of at most 511 bytes in chunks of 128 (the real ones: 65535, 2048); a fragment of at most 9 bytes,
 * which may lie across two chunks, with 4 of header.
 * sources: base/addr.c
 * unwind: 66
 * unwindset: memcmp.0:10,count_units.0:3,is_equal.0:3,need_chunk.0:3,store.0:3,store.1:3,give_chunks.0:5,any_datagram.0:5 */
#include "proof/frag.h"

static struct frag f;
static struct counters_frag counters;
static struct frag_datagram d;

int main(void)
{
    struct frag_datagram any, other;
    d = any;
    f.datagram[0] = other;
    f.counters = &counters;
    any_datagram(&d);
    any_datagram(&f.datagram[0]);
    assume(d.used && !d.dead);
    f.n_used = 2;
    struct frag_part p = {.tos = nondet_u8(), .offset = nondet_u16() & 0xfff8, .more = nondet_bool()};
    p.most_bytes = nondet_size();
    assume(p.most_bytes <= IP4_PACKET_MAX_BYTES);
    p.header = any_bytes(4);
    p.payload = any_bytes(9);
    if (!is_possible(&p))
        return 0;
    bool added = add(&f, &d, &p);
    prove(is_sound(&d));
    prove(is_sound(&f.datagram[0]));
    prove(!added || !d.dead);
    reached(added && p.payload.len == 9);
    reached(counters.evicted_memory && added);
    return 0;
}
