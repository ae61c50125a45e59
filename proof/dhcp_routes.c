/* SPDX-License-Identifier: ISC */
/* Classless routes of DHCP: one step, from any number of them, is without a fault, and no more are kept than there is room
 * for.
 * Bound: none on the number of routes; 24 bytes.
 * sources: base/addr.c
 * unwind: 2
 * step
 * unwindset: read_routes.0:5 */
#include "proof/proof.h"
#include "wire/dhcp.c"

int main(void)
{
    struct bytes routes = any_bytes(24);
    struct dhcp_message m;
    assume(m.config.n_routes <= DHCP_ROUTES_MAX);
    bool good = read_routes(routes, &m);
    prove(m.config.n_routes <= DHCP_ROUTES_MAX);
    reached(good && m.config.n_routes == 1);
    reached(!good);
    return 0;
}
