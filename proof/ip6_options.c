/* SPDX-License-Identifier: ISC */
/* Options in one of IPv6's extension headers: one step, from any place in them, is without a fault.
 * Bound: none on the number of options, since each begins where another step may have begun; 40 bytes of them.
 * step
 * sources: base/addr.c
 * unwind: 3 */
#include "proof/proof.h"
#include "wire/ip6.c"

int main(void)
{
    struct bytes options = any_bytes(40);
    struct ip6_walk w = {.n_headers = nondet_u8()};
    enum ip6_found found = walk_options(&w, options, nondet_u16());
    reached(found == IP6_FOUND_UPPER);
    reached(found == IP6_FOUND_PROBLEM);
    reached(found == IP6_FOUND_MALFORMED);
    return 0;
}
