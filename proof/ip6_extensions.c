/* SPDX-License-Identifier: ISC */
/* IPv6's chain of extension headers: one step of the walk, from any place in any bytes, is without a fault, comes forward,
 * and what it finds lies inside them.
 * Bound: none on the number of headers, since each begins where another step may have begun, and each step counts against
 * the limit; 40 bytes behind the place. Options are proved in ip6_options.c.
 * sources: base/addr.c
 * stubs: walk_options
 * step
 * unwind: 2 */
#include "proof/proof.h"
#include "wire/ip6.c"

int main(void)
{
    struct bytes datagram = any_bytes(40);
    struct ip6_walk w = {.next = nondet_u8(), .next_at = nondet_size(), .at = nondet_size(), .n_headers = nondet_u8()};
    assume(w.at <= datagram.len && w.n_headers <= IP6_EXTENSIONS_MAX);
    const struct ip6_walk before = w;
    enum ip6_found found = ip6_walk(&w, datagram);
    prove(w.at >= before.at);
    prove(w.n_headers <= IP6_EXTENSIONS_MAX + 1);
    if (found == IP6_FOUND_UPPER || found == IP6_FOUND_FRAGMENT)
        prove(w.at <= datagram.len);
    reached(found == IP6_FOUND_UPPER && w.n_headers > before.n_headers);
    reached(found == IP6_FOUND_FRAGMENT);
    reached(found == IP6_FOUND_MALFORMED);
    reached(found == IP6_FOUND_TOO_MANY);
    return 0;
}
