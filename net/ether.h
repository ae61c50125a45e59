/* SPDX-License-Identifier: ISC */
/* Frames in and out: which are for us, and the last step before the device. */
#ifndef NET_ETHER_H
#define NET_ETHER_H

#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#include <jinn/err.h>
#include <jinn/netdev.h>

struct net;

/* A frame to send. The first part is its `head`, Ethernet header first; the rest borrows from the sender. */
struct frame {
    uint8_t head[ETHER_BYTES + IP6_HEADER_BYTES + IP6_FRAGMENT_BYTES];
    struct bytes v[NETDEV_PARTS_MAX];
    size_t n;
};

/* Sorts a received frame by destination and type. */
void ether_input(struct net *n, uint64_t now_ns, struct bytes frame);
/* Fills in the Ethernet header at the beginning of `head` and sends. ERR_AGAIN, or what the device says (counted). */
enum err ether_output(struct net *n, struct frame *f, const struct mac *dst, enum ether_type type);

#endif
