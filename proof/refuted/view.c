/* SPDX-License-Identifier: ISC */
/* Planted: a view that ends one byte after what it was parsed from.
 * refutes: is_inside(part, packet)
 * unwind: 2 */
#include "proof/proof.h"

int main(void)
{
    struct bytes packet = any_bytes(8), part = packet;
    part.len += packet.len == 5;
    prove(is_inside(part, packet));
    reached(packet.len == 5);
    return 0;
}
