/* SPDX-License-Identifier: ISC */
/*   0  6 destination
 *   6  6 source
 *  12  2 type
 *  14    payload, padded to 46 bytes; the check sum is the device's */
#include "wire/ether.h"

bool ether_parse(struct reader *r, struct ether *e)
{
    const uint8_t *p = read_take(r, ETHER_BYTES);
    if (!p)
        return false;
    memcpy(e->dst.b, p, sizeof e->dst.b);
    memcpy(e->src.b, p + 6, sizeof e->src.b);
    e->type = load_be16(p + 12);
    return true;
}

void ether_emit(struct writer *w, const struct ether *e)
{
    uint8_t *p = write_room(w, ETHER_BYTES);
    if (!p)
        return;
    memcpy(p, e->dst.b, sizeof e->dst.b);
    memcpy(p + 6, e->src.b, sizeof e->src.b);
    store_be16(p + 12, e->type);
}

COLD struct mac mac_of_multicast4(const struct ip *group)
{
    return (struct mac){{0x01, 0x00, 0x5e, group->b[13] & 0x7f, group->b[14], group->b[15]}};
}

COLD struct mac mac_of_multicast6(const struct ip *group)
{
    return (struct mac){{0x33, 0x33, group->b[12], group->b[13], group->b[14], group->b[15]}};
}
