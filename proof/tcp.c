/* SPDX-License-Identifier: ISC */
/* TCP segments: any bytes are parsed without a fault, and what is found lies inside them.
 * Bound: 28 bytes: a header with up to 8 bytes of options. A SACK option is proved in tcp_option.c.
 * sources: wire/tcp.c
 * unwind: 10
 * stubs: take_sack */
#include "proof/proof.h"
#include "wire/tcp.h"

int main(void)
{
    struct bytes packet = any_bytes(28);
    struct tcp_segment s;
    if (!tcp_parse(packet, &s))
        return 0;
    prove(is_inside(s.data, packet));
    prove(packet.len - s.data.len >= TCP_HEADER_BYTES && packet.len - s.data.len <= TCP_HEADER_MAX_BYTES);
    prove(s.shift <= TCP_WINDOW_SHIFT_MAX);
    reached(s.has_mss && s.has_shift);
    reached(s.data.len == 8);
    return 0;
}
