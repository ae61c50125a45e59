/* SPDX-License-Identifier: ISC */
/* Planted: a header is read past the end of its bytes, by a check that is off by one.
 * refutes: pointer outside
 * unwind: 2 */
#include "proof/proof.h"

int main(void)
{
    struct bytes packet = any_bytes(8);
    uint8_t last = packet.len >= 3 ? packet.data[3] : 0;
    reached(last == 7);
    return 0;
}
