/* SPDX-License-Identifier: ISC */
/* DHCP messages: any bytes are parsed without a fault, with options in the fields for names, too.
 * Bound: 248 bytes: the fixed part, the cookie and 8 bytes of options. The lists of options are proved in dhcp_options.c,
 * routes in dhcp_routes.c.
 * sources: wire/dhcp.c base/addr.c
 * unwind: 17
 * stubs: read_options read_routes */
#include "proof/proof.h"
#include "wire/dhcp.h"

int main(void)
{
    struct bytes b = any_bytes(248);
    struct dhcp_message m;
    bool good = dhcp_parse(b, &m);
    prove(!good || b.len >= 240);
    reached(good);
    reached(!good);
    return 0;
}
