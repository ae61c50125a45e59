/* SPDX-License-Identifier: ISC */
/* Planted: an option of no length, at which the loop stands still.
 * refutes: unwinding assertion
 * unwind: 12 */
#include "proof/proof.h"

int main(void)
{
    struct bytes options = any_bytes(8);
    size_t at = 0;
    while (at < options.len)
        at += options.data[at];
    reached(at == 8);
    return 0;
}
