/* SPDX-License-Identifier: ISC */
/* For peers without a stack: whole packets, and an answer to who asks for their address. */
#ifndef FRAMES_H
#define FRAMES_H

#include <jinn/netdev.h>

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

/* Sends an IPv4 packet to a hardware address. The checksum of the payload is the caller's. BORROWS. */
void frames_send(struct netdev *d, const struct mac *to, const struct ip *src, const struct ip *dst, uint8_t protocol,
                 struct bytes payload);
/* Sends a fragment of a datagram of UDP, with more to come. BORROWS. */
void frames_send_fragment(struct netdev *d, const struct mac *to, const struct ip *src, const struct ip *dst,
                          uint16_t id, uint16_t offset, struct bytes payload);
/* Receives frames, answers ARP requests for `ip`, and calls take(d, frame) with all others (NULL: drops them), until the
 * fiber is cancelled or a stop is asked for. */
void frames_serve(struct netdev *d, const struct ip *ip, void (*take)(struct netdev *d, struct bytes frame)) MAY_YIELD;

#endif
