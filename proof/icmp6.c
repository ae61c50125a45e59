/* SPDX-License-Identifier: ISC */
/* ICMP for IPv6: any bytes are parsed without a fault, and what is found lies inside them.
 * Bound: 16 bytes, where the header has 8. The sum is proved in checksum.c.
 * sources: wire/icmp6.c
 * unwind: 2
 * stubs: checksum_pseudo checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/icmp6.h"

int main(void)
{
    struct bytes message = any_bytes(16);
    struct ip src = nondet_ip(), dst = nondet_ip();
    struct icmp6 m;
    if (icmp6_parse(message, &src, &dst, &m)) {
        prove(is_inside(m.data, message) && m.data.len == message.len - ICMP6_HEADER_BYTES);
        reached(m.data.len == 8);
    }
    return 0;
}
