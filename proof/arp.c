/* SPDX-License-Identifier: ISC */
/* ARP packets: any bytes are parsed without a fault.
 * Bound: 32 bytes, where a packet has 28.
 * sources: wire/arp.c base/addr.c
 * unwind: 20 */
#include "proof/proof.h"
#include "wire/arp.h"

int main(void)
{
    struct bytes packet = any_bytes(32);
    struct reader r = reader_of(packet);
    struct arp_packet p;
    bool good = arp_parse(&r, &p);
    prove(is_reader_of(&r, packet));
    prove(!good || packet.len >= ARP_BYTES);
    reached(good);
    reached(!good);
    return 0;
}
