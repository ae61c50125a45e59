/* SPDX-License-Identifier: ISC */
/* Checksums: no byte outside of what is summed is read, whatever its length and place.
 * Bound: 75 bytes, so that each of the steps of 32, 8, 4, 2 and 1 bytes is taken, some of them twice.
 * sources: wire/checksum.c base/addr.c
 * unwind: 17 */
#include "proof/proof.h"
#include "wire/checksum.h"

int main(void)
{
    struct bytes b = any_bytes(75);
    uint64_t sum = checksum_add(nondet_u64(), b, nondet_bool());
    struct ip src = nondet_ip(), dst = nondet_ip();
    sum = checksum_pseudo(&src, &dst, nondet_u8(), nondet_u32());
    (void)checksum_finish(sum);
    reached(b.len == 75);
    return 0;
}
