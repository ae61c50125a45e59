/* SPDX-License-Identifier: ISC */
/*   0  6 destination
 *   6  6 source
 *  12  2 type
 *  14    payload, padded to 46 bytes; the check sum is the device's */
#include "wire/ether.h"

bool ether_parse(struct reader *r, struct ether *e)
{
    read_copy(r, e->dst.b, sizeof e->dst.b);
    read_copy(r, e->src.b, sizeof e->src.b);
    e->type = read_be16(r);
    return reader_good(r);
}

void ether_emit(struct writer *w, const struct ether *e)
{
    write_copy(w, e->dst.b, sizeof e->dst.b);
    write_copy(w, e->src.b, sizeof e->src.b);
    write_be16(w, e->type);
}

struct mac mac_of_multicast4(const struct ip *group)
{
    return (struct mac){{0x01, 0x00, 0x5e, group->b[13] & 0x7f, group->b[14], group->b[15]}};
}

struct mac mac_of_multicast6(const struct ip *group)
{
    return (struct mac){{0x33, 0x33, group->b[12], group->b[13], group->b[14], group->b[15]}};
}
