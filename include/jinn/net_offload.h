/* SPDX-License-Identifier: ISC */
/* What a network device can do beside moving plain frames, and what is then said of a frame beside its bytes: the words of
 * virtio-net (VIRTIO 1.2, 5.1.6) in host order. What was received can be sent on by another device as it is. */
#ifndef JINN_NET_OFFLOAD_H
#define JINN_NET_OFFLOAD_H

#include <stddef.h>
#include <stdint.h>

/* A device's features; none of them: plain frames only. Between tender and image the same numbers are a byte
 * (wire/extension.h), so they never change. */
enum net_feature {
    NET_CHECKSUM_OUT = 1 << 0, /* fills in checksums of TCP and UDP: NET_PARTIAL may be sent */
    NET_SEGMENT_TCP4 = 1 << 1, /* cuts TCP segments over IPv4, or IPv6; comes with NET_CHECKSUM_OUT */
    NET_SEGMENT_TCP6 = 1 << 2,
    NET_CHECKSUM_IN = 1 << 3, /* says which received checksums need no look */
    NET_LARGE_IN = 1 << 4,    /* may join received TCP segments, up to NET_LARGE_BYTES a frame; with NET_CHECKSUM_IN */
    NET_FEATURES = (1 << 5) - 1
};

#define NET_PARTS_MAX 8   /* that a sent frame is gathered from */
#define NET_HEAD_BYTES 16 /* that a buffer needs beside the frame: a device may put a header of its own in front */

#define NET_LARGE_BYTES (14 + 65535) /* an Ethernet header and the longest IPv4 packet */

enum net_offload_flag {
    /* Sent: the device sums all from checksum_start on and puts the result at checksum_offset behind it, where the sum
     * of the pseudo-header is. Received: nobody has damaged the packet, since it was on no wire yet. */
    NET_PARTIAL = 1 << 0,
    NET_GOOD = 1 << 1, /* received: the device has checked it */
    NET_CWR = 1 << 2   /* of several segments only the first has TCP's CWR (RFC 3168), if the frame has it */
};

enum net_segments { NET_ONE, NET_TCP4, NET_TCP6 };

/* All zero: a plain frame. */
struct net_offload {
    uint8_t flags;    /* enum net_offload_flag */
    uint8_t segments; /* enum net_segments: the frame stands for several, all headers alike. Sent: also NET_PARTIAL */
    uint16_t header_bytes;    /* of the frame, up to TCP's payload, when it stands for several; received: a hint */
    uint16_t segment_bytes;   /* of payload in each but the last, which may have less */
    uint16_t checksum_start;  /* counted from the frame's beginning */
    uint16_t checksum_offset; /* counted from checksum_start */
};

#endif
