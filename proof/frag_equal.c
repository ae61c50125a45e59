/* SPDX-License-Identifier: ISC */
/* Reassembly: bytes that came before are compared with those that come again without a fault, and whether a fragment
 * agrees with the others about the end is told without one.
 * Bound: datagrams of at most 511 bytes in chunks of 128 (the real ones: 65535, 2048); a fragment of at most 9 bytes, which
 * may lie across two chunks.
 * sources: base/addr.c
 * unwind: 66
 * unwindset: memcmp.0:10,count_units.0:3,is_equal.0:3,any_datagram.0:5 */
#include "proof/frag.h"

static struct frag_datagram d;

int main(void)
{
    for (size_t i = 0; i < FRAG_CHUNKS_PER_DATAGRAM; i++)
        d.chunk[i] = nondet_bool() ? malloc(FRAG_CHUNK_BYTES) : NULL;
    d.came[0] = nondet_u64();
    d.at_least = nondet_u32();
    d.total = nondet_u32();
    assume(has_memory(&d) && is_below_end(&d) && d.at_least <= IP4_PACKET_MAX_BYTES + 1);
    assume(d.total == 0 || (d.total <= IP4_PACKET_MAX_BYTES && d.at_least <= d.total));
    struct frag_part p = {.offset = nondet_u16() & 0xfff8, .more = nondet_bool()};
    p.most_bytes = IP4_PACKET_MAX_BYTES;
    p.payload = any_bytes(9);
    if (!is_possible(&p))
        return 0;
    size_t end = p.offset + p.payload.len, first = p.offset / FRAG_UNIT_BYTES;
    size_t last = (end + FRAG_UNIT_BYTES - 1) / FRAG_UNIT_BYTES;
    if (agrees(&d, &p, (uint32_t)end)) {
        prove(is_below_end(&d) && end <= d.at_least && (d.total == 0 || d.at_least <= d.total));
        prove(d.total <= IP4_PACKET_MAX_BYTES);
    }
    if (count_units(&d, first, last) == last - first)
        reached(is_equal(&d, p.offset, p.payload));
    return 0;
}
