/* SPDX-License-Identifier: ISC */
/* The lists of DHCP options: one step, from any place in a list, is without a fault. What is in an option is proved in
 * dhcp_option.c.
 * Bound: none on the number of options, since each begins where another step may have begun; 40 bytes.
 * sources: base/addr.c
 * unwind: 3
 * step
 * stubs: read_option */
#include "proof/proof.h"
#include "wire/dhcp.c"

int main(void)
{
    struct dhcp_message m;
    struct options o;
    bool good = read_options(any_reader(any_bytes(40)), &m, &o);
    reached(good);
    reached(!good);
    return 0;
}
