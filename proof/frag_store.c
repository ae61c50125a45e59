/* SPDX-License-Identifier: ISC */
/* Reassembly: the bytes of any fragment that fits are stored in any datagram, while another one loses its memory for it if
 * need be, without a fault. What came afterwards has memory, and no chunk is freed twice.
 * Bound: datagrams of at most 511 bytes in chunks of 128 (the real ones: 65535, 2048); a fragment of at most 9 bytes, which
 * may lie across two chunks.
 * sources: base/addr.c
 * unwind: 66
 * unwindset: need_chunk.0:3,store.0:3,store.1:3,give_chunks.0:5,any_datagram.0:5 */
#include "proof/frag.h"

static struct frag f;
static struct counters_frag counters;
static struct frag_datagram d;

int main(void)
{
    f.counters = &counters;
    for (size_t i = 0; i < FRAG_CHUNKS_PER_DATAGRAM; i++) {
        d.chunk[i] = nondet_bool() ? malloc(FRAG_CHUNK_BYTES) : NULL;
        f.datagram[0].chunk[i] = nondet_bool() ? malloc(FRAG_CHUNK_BYTES) : NULL;
    }
    d.came[0] = nondet_u64();
    d.used = f.datagram[0].used = true;
    f.datagram[0].dead = !nondet_bool();
    assume(has_memory(&d) && (!f.datagram[0].dead || is_sound(&f.datagram[0])));
    struct bytes payload = any_bytes(9);
    size_t offset = nondet_u16() & 0xfff8;
    assume(payload.len > 0 && offset + payload.len <= IP4_PACKET_MAX_BYTES);
    bool stored = store(&f, &d, offset, payload);
    prove(!stored || has_memory(&d));
    reached(stored && counters.evicted_memory && payload.len == 9);
    return 0;
}
