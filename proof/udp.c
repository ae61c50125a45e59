/* SPDX-License-Identifier: ISC */
/* UDP headers: any bytes are parsed without a fault, and what is found lies inside them.
 * Bound: 16 bytes, where the header has 8. The sum is proved in checksum.c.
 * sources: wire/udp.c base/addr.c
 * unwind: 17
 * stubs: checksum_pseudo checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/udp.h"

int main(void)
{
    struct bytes segment = any_bytes(16), payload;
    struct ip src = nondet_ip(), dst = nondet_ip();
    struct udp_header h;
    if (udp_parse(segment, &src, &dst, nondet_bool(), &h, &payload) == UDP_GOOD) {
        prove(is_inside(payload, segment));
        reached(payload.len == 8);
        reached(payload.len == 0 && segment.len == 16);
    }
    return 0;
}
