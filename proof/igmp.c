/* SPDX-License-Identifier: ISC */
/* IGMP: any bytes are parsed without a fault.
 * Bound: 24 bytes: a query with three sources. The sum is proved in checksum.c.
 * sources: wire/igmp.c base/addr.c
 * unwind: 3
 * stubs: checksum_add checksum_finish */
#include "proof/proof.h"
#include "wire/igmp.h"

int main(void)
{
    struct bytes message = any_bytes(24);
    struct igmp m;
    bool good = igmp_parse(message, &m);
    prove(!good || message.len >= IGMP_BYTES);
    reached(good && m.version == 3);
    reached(good && m.version == 2);
    reached(!good);
    return 0;
}
