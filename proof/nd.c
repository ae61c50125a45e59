/* SPDX-License-Identifier: ISC */
/* Neighbour discovery's messages (neighbour, router, redirect): any bytes are parsed without a fault up to their options,
 * which are proved in nd_options.c and nd_option.c.
 * Bound: 40 bytes, where the longest of them has 32 before its options.
 * sources: wire/nd.c
 * stubs: nd_parse_options
 * unwind: 2 */
#include "proof/proof.h"
#include "wire/nd.h"

int main(void)
{
    struct bytes data = any_bytes(40);
    struct nd_neighbour_message n;
    struct nd_router_message r;
    struct nd_redirect d;
    (void)nd_parse_neighbour(data, &n);
    (void)nd_parse_redirect(data, &d);
    reached(nd_parse_router(data, &r));
    return 0;
}
