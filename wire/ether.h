/* SPDX-License-Identifier: ISC */
/* Ethernet II frames (RFC 894). No VLAN tags, no 802.3 lengths: such frames have an unknown type here. */
#ifndef WIRE_ETHER_H
#define WIRE_ETHER_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define ETHER_BYTES 14

enum ether_type { ETHER_IP4 = 0x0800, ETHER_ARP = 0x0806, ETHER_IP6 = 0x86dd };

struct ether {
    struct mac dst;
    struct mac src;
    uint16_t type; /* enum ether_type, or any other */
};

/* Reads the header; the payload is what is left in `r`. False: shorter than a header. */
bool ether_parse(struct reader *r, struct ether *e);
void ether_emit(struct writer *w, const struct ether *e);

static inline bool mac_equal(const struct mac *a, const struct mac *b)
{
    uint32_t a4, b4;
    uint16_t a2, b2;
    memcpy(&a4, a->b, sizeof a4);
    memcpy(&b4, b->b, sizeof b4);
    memcpy(&a2, a->b + 4, sizeof a2);
    memcpy(&b2, b->b + 4, sizeof b2);
    return a4 == b4 && a2 == b2;
}

/* Group addresses: multicast, and broadcast among them. */
static inline bool mac_is_group(const struct mac *m)
{
    return m->b[0] & 1;
}

/* The group address that carries an IPv4 multicast group (RFC 1112 6.4). */
struct mac mac_of_multicast4(const struct ip *group);
/* Likewise for IPv6 (RFC 2464 7). */
struct mac mac_of_multicast6(const struct ip *group);

#endif
