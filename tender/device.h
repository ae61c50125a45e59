/* SPDX-License-Identifier: ISC */
/* Net devices of the host's: taps by name, or descriptors that somebody opened before. What is wrong ends the process. */
#ifndef TENDER_DEVICE_H
#define TENDER_DEVICE_H

#include <jinn/net_offload.h>

#include <stdbool.h>
#include <stdint.h>

struct net_device {
    int fd; /* does not block */
    uint16_t mtu_bytes;
    uint8_t features; /* enum net_feature; not 0: each frame has a header (wire/vnet.h), but for EXTENSION_NET_CALLED */
    uint8_t mac[6];   /* the link's own; all zero: any will do */
};

/* `offload`: the image understands headers, and may have them. */
void net_device_open(const char *name, const char *interface, bool offload, struct net_device *d);
/* A tap with headers is refused without `offload`. Whoever opened it chose that it has them. */
void net_device_take(const char *name, int fd, bool offload, struct net_device *d);

bool net_device_mac_parse(const char *text, uint8_t mac[static 6]);
/* Locally administered, never a group's. */
void net_device_mac_random(uint8_t mac[static 6]);

#endif
