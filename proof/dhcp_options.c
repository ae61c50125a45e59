/* SPDX-License-Identifier: ISC */
/* The lists of DHCP options: one step, from any place in a list and whatever the options before it left behind, is without
 * a fault, and no more is kept than there is room for.
 * Bound: none on the number of options, since each begins where another step may have begun; 24 bytes.
 * step
 * sources: base/addr.c
 * unwind: 3
 * unwindset: read_dns.0:7,memcmp.0:17 */
#include "proof/proof.h"
#include "wire/dhcp.c"

int main(void)
{
    struct bytes options = any_bytes(24);
    struct dhcp_message m;
    uint8_t overload = nondet_u8();
    assume(m.n_dns <= DHCP_DNS_MAX);
    bool good = read_options(any_reader(options), &m, &overload);
    prove(m.n_dns <= DHCP_DNS_MAX);
    reached(good && m.n_dns == DHCP_DNS_MAX);
    reached(good && m.type == DHCP_ACK);
    return 0;
}
