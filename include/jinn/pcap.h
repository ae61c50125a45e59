/* SPDX-License-Identifier: ISC */
/* A net device that captures what goes through another one, in the pcap format that tcpdump and Wireshark read. */
#ifndef JINN_PCAP_H
#define JINN_PCAP_H

#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/netdev.h>

/* Where the capture goes. `write` gets its bytes in order and in pieces; it BORROWS them. What it can't keep is its
 * to count. */
struct pcap_sink {
    void (*write)(struct pcap_sink *s, struct bytes b);
};

/* GIVES a device that works like `below` (which it needs for its whole life) and writes each frame sent or received
 * to the sink, stamped by wall_ns (nanoseconds since 1970). A frame that `below` refused is not captured. What `below`
 * does to frames shows as on any host: several segments in one frame, checksums that it fills in. ERR_FULL. */
MUST_USE enum err netdev_pcap(struct netdev *below, struct pcap_sink *sink, uint64_t (*wall_ns)(void),
                              struct netdev **d);
void netdev_pcap_free(struct netdev *d);

#endif
