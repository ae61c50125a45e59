/* SPDX-License-Identifier: ISC */
/* The header of a device that takes offloads: any bytes are parsed without a fault, and a checksum is filled in inside the
 * frame or not at all.
 * Bound: 40 bytes. The sum is proved in checksum.c.
 * sources: wire/vnet.c
 * unwind: 2
 * stubs: checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/vnet.h"

int main(void)
{
    struct bytes header = any_bytes(12), frame = any_bytes(40);
    struct reader r = reader_of(header);
    struct net_offload o;
    bool good = vnet_parse(&r, frame.len, &o);
    prove(is_reader_of(&r, header));
    bool filled = vnet_fill_checksum((uint8_t *)(uintptr_t)frame.data, frame.len, &o);
    prove(!good || !(o.flags & NET_PARTIAL) || filled);
    reached(good && o.segments == NET_TCP6);
    reached(filled && o.checksum_start == 30);
    return 0;
}
