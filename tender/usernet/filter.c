/* SPDX-License-Identifier: ISC */
/* Ethernet header 14 bytes, then IPv4 (RFC 791):
 *   0 version and header length in words   6 flags and fragment offset   9 protocol   16 destination
 * UDP and TCP begin with the source and destination ports. */
#include "tender/usernet/usernet.h"

#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_ARP 0x0806
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PORT_DNS 53

static bool in_net(uint32_t address, uint32_t net, unsigned bits)
{
    return (address ^ net) >> (32 - bits) == 0;
}

static bool destination_allowed(uint32_t to)
{
    return !in_net(to, 0x00000000, 8)      /* this host: Linux connects to itself */
           && !in_net(to, 0x7f000000, 8)   /* loopback */
           && !in_net(to, 0xa9fe0000, 16); /* link-local */
}

/* libslirp sends what goes to its name server to the host's one, on any port, and that may be on the loopback. */
static bool resolver_allowed(struct reader *packet, unsigned header_bytes, uint16_t fragment, uint8_t protocol)
{
    read_skip(packet, header_bytes - 20);
    read_be16(packet);
    uint16_t port = read_be16(packet);
    bool whole = (fragment & 0x3fff) == 0; /* neither more fragments nor an offset */
    return reader_good(packet) && whole && port == PORT_DNS && (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP);
}

bool usernet_frame_allowed(struct bytes frame)
{
    struct reader r = reader_of(frame);
    read_skip(&r, 12);
    uint16_t type = read_be16(&r);
    if (type == ETHERTYPE_ARP)
        return reader_good(&r);
    uint8_t version = read_u8(&r);
    read_skip(&r, 5);
    uint16_t fragment = read_be16(&r);
    read_skip(&r, 1);
    uint8_t protocol = read_u8(&r);
    read_skip(&r, 6);
    uint32_t to = read_be32(&r);
    unsigned header_bytes = (version & 15u) * 4;
    if (!reader_good(&r) || type != ETHERTYPE_IP4 || version >> 4 != 4 || header_bytes < 20)
        return false;
    if (to == USERNET_RESOLVER)
        return resolver_allowed(&r, header_bytes, fragment, protocol);
    return destination_allowed(to);
}
