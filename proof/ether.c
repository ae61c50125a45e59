/* SPDX-License-Identifier: ISC */
/* Ethernet headers: any bytes are parsed without a fault.
 * Bound: none that matters; 18 bytes, where the header has 14.
 * sources: wire/ether.c
 * unwind: 2 */
#include "proof/proof.h"
#include "wire/ether.h"

int main(void)
{
    struct bytes frame = any_bytes(18);
    struct reader r = reader_of(frame);
    struct ether e;
    bool good = ether_parse(&r, &e);
    prove(is_reader_of(&r, frame));
    prove(good == (frame.len >= ETHER_BYTES));
    prove(!good || reader_left(&r) == frame.len - ETHER_BYTES);
    reached(good);
    reached(!good);
    return 0;
}
