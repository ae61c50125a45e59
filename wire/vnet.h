/* SPDX-License-Identifier: ISC */
/* The header before each frame on a Linux tap with IFF_VNET_HDR (VIRTIO 1.2, 5.1.6; the form without buffer count). Also
 * what a device does that takes such frames, for those that have none: the sums. */
#ifndef WIRE_VNET_H
#define WIRE_VNET_H

#include <jinn/bytes.h>
#include <jinn/net_offload.h>

#define VNET_HEADER_BYTES 10

/* Reads the header in front of a frame of `frame_len` bytes. False: cut short, a kind of segments that was not agreed on,
 * or places that are not in the frame. */
MUST_USE bool vnet_parse(struct reader *r, size_t frame_len, struct net_offload *o);
/* A frame with its header in front. False: likewise; *frame is what lies behind a header's length. */
MUST_USE bool vnet_split(struct bytes whole, struct bytes *frame, struct net_offload *o);
void vnet_emit(struct writer *w, const struct net_offload *o);

/* Fills in the checksum that `o` leaves to the device, of a frame that is one segment. False: not in the frame. */
bool vnet_fill_checksum(uint8_t *frame, size_t len, const struct net_offload *o);

#endif
