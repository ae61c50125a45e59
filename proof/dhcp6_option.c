/* SPDX-License-Identifier: ISC */
/* An option of DHCPv6 of any kind but an association: whatever the others before it left behind, it is read without a fault,
 * and no more is kept than there is room for. What is in an association's options: an address, and a status.
 * Bound: 40 bytes: an address with two options, two name servers.
 * sources: base/addr.c
 * unwind: 6
 * stubs: read_ia
 * unwindset: memcmp.0:17 */
#include "proof/proof.h"
#include "wire/dhcp6.c"

int main(void)
{
    struct bytes option = any_bytes(40);
    struct reader r = reader_of(option);
    struct dhcp6_message m;
    uint16_t code = nondet_u16(), status = DHCP6_SUCCESS;
    assume(m.n_dns <= DHCP6_DNS_MAX && code != OPTION_IA);
    if (code == OPTION_ADDRESS)
        read_address(&r, &m, &status);
    else
        read_option(&r, code, &m);
    prove(is_reader_of(&r, option));
    prove(m.n_dns <= DHCP6_DNS_MAX);
    reached(m.n_dns == DHCP6_DNS_MAX);
    reached(code == OPTION_ADDRESS && status != DHCP6_SUCCESS);
    return 0;
}
