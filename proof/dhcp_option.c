/* SPDX-License-Identifier: ISC */
/* A DHCP option of any kind: whatever the others before it left behind, it is read without a fault, and no more is kept than
 * there is room for.
 * Bound: 24 bytes, so six routers or name servers, and 24 bytes of routes before them.
 * sources: base/addr.c
 * unwind: 8
 * unwindset: memcmp.0:17 */
#include "proof/proof.h"
#include "wire/dhcp.c"

int main(void)
{
    struct bytes option = any_bytes(24), joined = any_bytes(24);
    struct reader r = reader_of(option);
    struct options o = {.routes = writer_of((uint8_t *)(uintptr_t)joined.data, joined.len)};
    size_t at = nondet_size();
    assume(at <= joined.len);
    o.routes.at += at;
    struct dhcp_message m;
    assume(m.config.n_dns <= DHCP_DNS_MAX && m.config.n_routes <= DHCP_ROUTES_MAX);
    read_option(&r, nondet_u8(), &m, &o);
    prove(is_reader_of(&r, option));
    prove(m.config.n_dns <= DHCP_DNS_MAX && m.config.n_routes <= DHCP_ROUTES_MAX);
    prove(o.routes.at <= o.routes.end);
    reached(m.config.n_dns == DHCP_DNS_MAX && m.config.n_routes == DHCP_ROUTES_MAX);
    reached(writer_len(&o.routes) == 24);
    return 0;
}
