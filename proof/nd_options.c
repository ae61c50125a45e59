/* SPDX-License-Identifier: ISC */
/* The list of neighbour discovery's options: one step, from any place in it, is without a fault. What is in an option is
 * proved in nd_option.c.
 * Bound: none on the number of options, since each begins where another step may have begun; 40 bytes.
 * stubs: read_option
 * step
 * unwind: 2 */
#include "proof/proof.h"
#include "wire/nd.c"

int main(void)
{
    struct bytes options = any_bytes(40);
    struct reader r = any_reader(options);
    struct nd_options o;
    bool good = nd_parse_options(&r, &o);
    prove(is_reader_of(&r, options));
    reached(good && options.len == 40);
    reached(!good);
    return 0;
}
