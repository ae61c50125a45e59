/* SPDX-License-Identifier: ISC */
/* IPv4 headers with their options, as received and as quoted by ICMP: any bytes are parsed without a fault, and what is
 * found lies inside them.
 * Bound: 36 bytes, with up to 16 of options. The sum is proved in checksum.c.
 * sources: wire/ip4.c base/addr.c
 * unwind: 18
 * stubs: checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/ip4.h"

int main(void)
{
    struct bytes packet = any_bytes(36), payload;
    struct ip4_header h;
    if (ip4_parse(packet, &h, &payload) == IP4_GOOD) {
        prove(is_inside(payload, packet));
        prove(h.header_len + payload.len == h.total_len && h.total_len <= packet.len);
        reached(h.header_len == 36);
        reached(payload.len == 4);
    }
    if (ip4_parse_quoted(packet, &h, &payload)) {
        prove(is_inside(payload, packet));
        prove(h.header_len >= IP4_HEADER_BYTES && h.header_len + payload.len <= packet.len);
        reached(payload.len == 16);
    }
    return 0;
}
