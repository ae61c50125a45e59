/* SPDX-License-Identifier: ISC */
/* A net device as the stack sees it. The platform's device is one; faults, traces and packet captures stack on top of
 * another one by the same ops. None of these yields or keeps what it is given. */
#ifndef JINN_NETDEV_H
#define JINN_NETDEV_H

#include <jinn/addr.h>
#include <jinn/err.h>
#include <jinn/waiter.h>

#define NETDEV_PARTS_MAX 8

struct netdev {
    const struct netdev_ops *ops;
    struct mac mac;
    uint16_t mtu_bytes; /* of the IP packet: without the Ethernet header */
    uint32_t features;  /* room for offloads; 0: plain frames only */
};

struct netdev_ops {
    /* Sends one frame gathered from n parts. ERR_AGAIN: the queue below is full; the frame is lost and the
     * caller counts it. */
    enum err (*send)(struct netdev *d, const struct bytes *v, size_t n);
    /* Receives one frame. ERR_AGAIN: none waits. */
    enum err (*recv)(struct netdev *d, uint8_t *buffer, size_t size, size_t *len);
    /* w->wake is called while frames wait, until recv has said ERR_AGAIN. */
    void (*watch)(struct netdev *d, struct waiter *w);
};

/* The device `name` of the manifest. GIVES a device that lives as long as the image. ERR_NOT_FOUND. */
MUST_USE enum err netdev_open(const char *name, struct netdev **d);

#endif
