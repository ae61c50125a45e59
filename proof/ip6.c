/* SPDX-License-Identifier: ISC */
/* IPv6's fixed header, as received and as quoted by ICMP: any bytes are parsed without a fault, and what is found lies
 * inside them.
 * Bound: 48 bytes, where the header has 40.
 * sources: wire/ip6.c base/addr.c
 * unwind: 17 */
#include "proof/proof.h"
#include "wire/ip6.h"

int main(void)
{
    struct bytes packet = any_bytes(48), found;
    struct ip6_header h;
    if (ip6_parse(packet, &h, &found)) {
        prove(is_inside(found, packet) && found.data == packet.data);
        prove(found.len == IP6_HEADER_BYTES + (size_t)h.payload_len);
        reached(found.len == 48);
    }
    if (ip6_parse_quoted(packet, &h, &found)) {
        prove(is_inside(found, packet));
        reached(found.len == 8);
    }
    return 0;
}
