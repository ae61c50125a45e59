/* SPDX-License-Identifier: ISC */
/* ARP packets for IPv4 on Ethernet (RFC 826). */
#ifndef WIRE_ARP_H
#define WIRE_ARP_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define ARP_BYTES 28

enum arp_operation { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
    uint16_t operation; /* enum arp_operation; others are handed through */
    struct mac sender_mac;
    struct ip sender_ip;
    struct mac target_mac;
    struct ip target_ip;
};

/* False: cut short, or not IPv4 on Ethernet. Padding behind the packet is left unread. */
bool arp_parse(struct reader *r, struct arp_packet *p);
void arp_emit(struct writer *w, const struct arp_packet *p);

#endif
