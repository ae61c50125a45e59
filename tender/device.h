/* SPDX-License-Identifier: ISC */
/* Net devices of the host's: taps by name, or descriptors that somebody opened before. What is wrong ends the process. */
#ifndef TENDER_DEVICE_H
#define TENDER_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

struct net_device {
    int fd; /* does not block */
    uint16_t mtu_bytes;
};

void net_device_open(const char *name, const char *interface, struct net_device *d);
void net_device_take(const char *name, int fd, struct net_device *d);

bool net_device_mac_parse(const char *text, uint8_t mac[static 6]);
/* Locally administered, never a group's. */
void net_device_mac_random(uint8_t mac[static 6]);

#endif
