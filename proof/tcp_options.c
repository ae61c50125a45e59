/* SPDX-License-Identifier: ISC */
/* The list of a TCP segment's options: one step, from any place in it, is without a fault.
 * Bound: none on the number of options, since each begins where another step may have begun; the 40 bytes that a header
 * has room for.
 * step
 * unwind: 2
 * stubs: take_sack */
#include "proof/proof.h"
#include "wire/tcp.c"

int main(void)
{
    struct tcp_segment s;
    parse_options(&s, any_reader(any_bytes(40)));
    reached(s.mss == 1460);
    return 0;
}
