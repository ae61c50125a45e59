/* SPDX-License-Identifier: ISC */
/* Frames in and out: which are for us, and the last step before the device. */
#ifndef NET_ETHER_H
#define NET_ETHER_H

#include "net/ip.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

#include <jinn/err.h>
#include <jinn/netdev.h>

struct net;

enum { ETHER_FRAME_BYTES = ETHER_BYTES + 1500 }; /* the longest frame that waits somewhere as it is */

/* How a frame came in. */
enum link_in {
    LINK_GROUP = 1 << 0,    /* to a broadcast or multicast address */
    LINK_VERIFIED = 1 << 1, /* the device vouches for the transport's checksum */
    LINK_SEVERAL = 1 << 2   /* TCP segments that the device joined */
};

/* A frame to send. The first part is its `head`, Ethernet header first; the rest borrows from the sender. */
struct frame {
    struct net_offload offload; /* all zero: plain */
    uint8_t head[ETHER_BYTES + IP6_HEADER_BYTES + IP6_FRAGMENT_BYTES];
    struct bytes v[NETDEV_PARTS_MAX];
    size_t n;
};

/* Sorts a received frame by destination and type. `o`: what the device says of it. */
void ether_input(struct net *n, uint64_t now_ns, struct bytes frame, const struct net_offload *o);
/* Fills in the Ethernet header at the beginning of `head` and sends. ERR_AGAIN, or what the device says (counted). */
enum err ether_output(struct net *n, struct frame *f, const struct mac *dst, enum ether_type type);
/* Lets the frame's parts behind its head be bytes `from` to `from + len` of v. */
void ether_slice(struct frame *f, const struct bytes *v, size_t count, size_t from, size_t len);
/* Says what of a datagram `o`, whose header takes `header_bytes` behind the Ethernet header, is left to the device. */
void ether_offload(struct frame *f, const struct ip_out *o, size_t header_bytes);
/* Copies a frame that has to wait, with all that was left to the device done; how long it is. 0: several segments, which
 * are never kept. */
size_t ether_keep(const struct frame *f, uint8_t *copy, size_t size);

#endif
