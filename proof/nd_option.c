/* SPDX-License-Identifier: ISC */
/* An option of neighbour discovery: whatever the others before it left behind, it is read without a fault and no more is
 * kept than there is room for.
 * Bound: 56 bytes, so three name servers.
 * unwind: 5 */
#include "proof/proof.h"
#include "wire/nd.c"

int main(void)
{
    struct bytes option = any_bytes(56);
    struct reader r = any_reader(option);
    struct nd_options o;
    o.n_prefixes = nondet_size();
    o.n_servers = nondet_size();
    assume(o.n_prefixes <= ND_PREFIXES_MAX && o.n_servers <= ND_SERVERS_MAX);
    bool good = read_option(&r, nondet_u8(), &o);
    prove(is_reader_of(&r, option));
    prove(o.n_prefixes <= ND_PREFIXES_MAX && o.n_servers <= ND_SERVERS_MAX);
    reached(good && o.n_prefixes == ND_PREFIXES_MAX);
    reached(good && o.n_servers == ND_SERVERS_MAX);
    return 0;
}
