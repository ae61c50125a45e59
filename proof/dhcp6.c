/* SPDX-License-Identifier: ISC */
/* DHCPv6's options, those inside others included: from any bytes each is found inside what it belongs to.
 * Bound: none on the number of options, since each begins where another step may have begun; 40 bytes.
 * sources: base/addr.c
 * unwind: 2 */
#include "proof/proof.h"
#include "wire/dhcp6.c"

int main(void)
{
    struct bytes b = any_bytes(40);
    struct reader r = any_reader(b), value = {NULL, NULL, true};
    size_t left = reader_left(&r);
    uint16_t code;
    bool found = next_option(&r, &code, &value);
    prove(is_reader_of(&r, b));
    prove(!found || (is_inside(bytes_of(value.at, reader_left(&value)), b) && value.end <= r.at));
    prove(!found || reader_left(&r) + 4 <= left);
    reached(found && code == OPTION_IA);
    reached(!found);
    return 0;
}
