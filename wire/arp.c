/* SPDX-License-Identifier: ISC */
/*   0  2 hardware: 1 Ethernet      8  6 sender's hardware address
 *   2  2 protocol: 0x0800 IPv4    14  4 sender's protocol address
 *   4  1 hardware length: 6       18  6 target's hardware address
 *   5  1 protocol length: 4       24  4 target's protocol address
 *   6  2 operation */
#include "wire/arp.h"
#include "wire/ether.h"

enum { HARDWARE_ETHERNET = 1 };

bool arp_parse(struct reader *r, struct arp_packet *p)
{
    bool ethernet = read_be16(r) == HARDWARE_ETHERNET;
    bool ip = read_be16(r) == ETHER_IP4;
    bool lengths = read_be16(r) == 0x0604;
    p->operation = read_be16(r);
    read_copy(r, p->sender_mac.b, sizeof p->sender_mac.b);
    p->sender_ip = ip4_of_u32(read_be32(r));
    read_copy(r, p->target_mac.b, sizeof p->target_mac.b);
    p->target_ip = ip4_of_u32(read_be32(r));
    return reader_good(r) && ethernet && ip && lengths;
}

void arp_emit(struct writer *w, const struct arp_packet *p)
{
    write_be16(w, HARDWARE_ETHERNET);
    write_be16(w, ETHER_IP4);
    write_be16(w, 0x0604);
    write_be16(w, p->operation);
    write_copy(w, p->sender_mac.b, sizeof p->sender_mac.b);
    write_copy(w, p->sender_ip.b + 12, 4);
    write_copy(w, p->target_mac.b, sizeof p->target_mac.b);
    write_copy(w, p->target_ip.b + 12, 4);
}
