/* SPDX-License-Identifier: ISC */
/* Makes a frame's checksums right, so that what a fuzzer changed gets past them. */
#ifndef FUZZ_MEND_H
#define FUZZ_MEND_H

#include "net/ip.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/ip6.h"

static void put(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/* Fills in the checksum behind the headers of an IPv6 frame, if it is no fragment. */
static void fix6(uint8_t *f, size_t len)
{
    static const uint8_t place[256] = {[IP_ICMP6] = 2, [IP_TCP] = 16, [IP_UDP] = 6};
    struct bytes packet = bytes_of(f + ETHER_BYTES, len - ETHER_BYTES), datagram;
    struct ip6_header h;
    if (!ip6_parse(packet, &h, &datagram))
        return;
    struct ip6_walk w = ip6_walk_start(&h);
    if (ip6_walk(&w, datagram) != IP6_FOUND_UPPER)
        return;
    struct bytes payload = bytes_slice(datagram, w.at, datagram.len);
    size_t at = place[w.next];
    if (!at || payload.len < at + 2)
        return;
    uint8_t *field = f + ETHER_BYTES + w.at + at;
    uint64_t sum = checksum_pseudo(&h.src, &h.dst, w.next, (uint32_t)payload.len);
    put(field, 0);
    put(field, checksum_finish(checksum_add(sum, payload, false)));
}

/* Fills in the checksums of an IPv4 frame as far as its lengths make sense. */
static void mend_checksums(uint8_t *f, size_t len)
{
    static const uint8_t place[256] = {[IP_ICMP] = 2, [IP_IGMP] = 2, [IP_TCP] = 16, [IP_UDP] = 6};
    if (len > ETHER_BYTES && f[12] == 0x86 && f[13] == 0xdd)
        fix6(f, len);
    if (len < ETHER_BYTES + IP4_HEADER_BYTES || f[12] != 8 || f[13] != 0)
        return;
    uint8_t *ip = f + ETHER_BYTES;
    size_t header = (ip[0] & 15) * 4u, total = (size_t)ip[2] << 8 | ip[3];
    if (header < IP4_HEADER_BYTES || total < header || total > len - ETHER_BYTES)
        return;
    put(ip + 10, 0);
    put(ip + 10, checksum_finish(checksum_add(0, bytes_of(ip, header), false)));
    size_t at = place[ip[9]], rest = total - header;
    if (!at || rest < at + 2)
        return;
    struct ip src = ip4(ip[12], ip[13], ip[14], ip[15]), dst = ip4(ip[16], ip[17], ip[18], ip[19]);
    uint64_t sum = ip[9] == IP_ICMP || ip[9] == IP_IGMP ? 0 : checksum_pseudo(&src, &dst, ip[9], (uint32_t)rest);
    put(ip + header + at, 0);
    put(ip + header + at, checksum_finish(checksum_add(sum, bytes_of(ip + header, rest), false)));
}

#endif
