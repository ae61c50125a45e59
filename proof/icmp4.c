/* SPDX-License-Identifier: ISC */
/* ICMP for IPv4: any bytes are parsed without a fault, and what is found lies inside them.
 * Bound: 16 bytes, where the header has 8. The sum is proved in checksum.c.
 * sources: wire/icmp4.c
 * unwind: 2
 * stubs: checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/icmp4.h"

int main(void)
{
    struct bytes message = any_bytes(16);
    struct icmp4 m;
    if (icmp4_parse(message, &m)) {
        prove(is_inside(m.data, message) && m.data.len == message.len - ICMP4_HEADER_BYTES);
        reached(m.data.len == 8);
    }
    return 0;
}
