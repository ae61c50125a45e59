/* SPDX-License-Identifier: ISC */
/* A net device as the stack sees it. The platform's device is one; faults, traces and packet captures stack on top of
 * another one by the same ops. None of these yields or keeps what it is given. */
#ifndef JINN_NETDEV_H
#define JINN_NETDEV_H

#include <jinn/addr.h>
#include <jinn/err.h>
#include <jinn/net_offload.h>
#include <jinn/waiter.h>

#define NETDEV_PARTS_MAX NET_PARTS_MAX

struct netdev {
    const struct netdev_ops *ops;
    struct mac mac;
    uint16_t mtu_bytes; /* of the IP packet: without the Ethernet header */
    uint32_t features;  /* enum net_feature; 0: plain frames only */
    const uint64_t *
        n_lost; /* counts frames that send took and that were lost later: the device failed or was full; NULL: none are */
};

struct netdev_ops {
    /* Sends one frame gathered from n parts. `o` says what the device's features leave to it; NULL: nothing. With
     * segments the frame may be longer than the MTU, each segment with its headers not. ERR_AGAIN: the queue below is
     * full; the frame is lost and the caller counts it. */
    enum err (*send)(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o);
    /* Receives one frame, which then lies somewhere in the buffer, or in the device's own memory until the next call. The
     * buffer has room for the MTU, or for
     * NET_LARGE_BYTES where the device has NET_LARGE_IN, and NET_HEAD_BYTES. What is longer is cut. Without
     * NET_CHECKSUM_IN *o is all zero. ERR_AGAIN: none waits. ERR_MALFORMED: one is lost, what the device said of it
     * can't be; more may wait. */
    enum err (*recv)(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o);
    /* w->wake is called while frames wait, until recv has said ERR_AGAIN. */
    void (*watch)(struct netdev *d, struct waiter *w);
};

/* The device `name` of the manifest. GIVES a device that lives as long as the image. ERR_NOT_FOUND. */
MUST_USE enum err netdev_open(const char *name, struct netdev **d);

#endif
