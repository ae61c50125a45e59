/* SPDX-License-Identifier: ISC */
/* Reassembly: any fragment on top of any state is taken without a fault, leaves a state of which the same can be said, and
 * loses or frees no chunk twice. So any number of fragments is. A datagram that is complete has all its bytes.
 * Bound: a table of 2 datagrams of at most 511 bytes in chunks of 128 (the real one: 16, 65535, 2048); a fragment of at
 * most 16 bytes, which may lie across two chunks, with 4 of header.
 * sources: base/addr.c
 * unwind: 66
 * unwindset: memcmp.0:17,count_units.0:4,is_equal.0:3,need_chunk.0:3,store.0:4,store.1:3,gather.0:5,give_chunks.0:5 */
#include "proof/frag.h"

int main(void)
{
    static struct frag f;
    static struct counters_frag counters;
    struct frag any;
    f.counters = &counters;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        f.datagram[i] = any.datagram[i];
        any_datagram(&f.datagram[i]);
        f.n_used += f.datagram[i].used;
    }
    struct frag_part p = {.src = nondet_ip(), .dst = nondet_ip(), .id = nondet_u32(), .protocol = nondet_u8()};
    p.offset = nondet_u16() & 0xfff8;
    p.more = nondet_bool();
    p.tos = nondet_u8();
    p.most_bytes = nondet_size();
    assume(p.most_bytes <= IP4_PACKET_MAX_BYTES);
    p.header = any_bytes(4);
    p.payload = any_bytes(16);
    uint64_t now_ns = nondet_u64();
    bool complete = frag_input(&f, now_ns, &p);
    unsigned n_used = 0;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        prove(is_sound(&f.datagram[i]));
        n_used += f.datagram[i].used;
    }
    prove(f.n_used == n_used);
    prove(!complete || (p.payload.data == f.whole && p.payload.len <= IP4_PACKET_MAX_BYTES));
    reached(complete && p.payload.len == 300);
    reached(counters.overlaps);
    reached(counters.duplicates);
    reached(counters.evicted_memory);
    return 0;
}
