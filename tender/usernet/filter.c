/* SPDX-License-Identifier: ISC */
/* Ethernet header 14 bytes, then IPv4 (RFC 791):
 *   0 version and header length in words   6 flags and fragment offset   9 protocol   12 source   16 destination
 * UDP and TCP begin with the source and destination ports; TCP's flags are at 13.
 *
 *   destination                   goes to libslirp
 *   this host, loopback, link-local   nothing
 *   everybody, on this network    UDP to port 67 (DHCP)
 *   the router                    ICMP; UDP to port 67, or answers; TCP that opens no connection
 *   the name server               UDP and TCP to port 53
 *   others on this network        nothing
 *   everywhere else               everything */
#include "tender/usernet/usernet.h"

#define ETHERTYPE_IP4 0x0800
#define ETHERTYPE_ARP 0x0806
#define PROTOCOL_ICMP 1
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PORT_DNS 53
#define PORT_DHCP 67
#define TCP_SYN 2
#define TCP_ACK 16
#define MORE_FRAGMENTS 0x2000
#define FRAGMENT_OFFSET 0x1fff

struct packet {
    uint16_t fragment; /* flags and offset */
    uint8_t protocol;
    uint32_t from, to;
    struct reader payload;
    uint16_t from_port, to_port; /* 0 if there are none, or not the whole of a UDP header */
};

static bool parse(struct bytes frame, struct packet *p)
{
    struct reader r = reader_of(frame);
    read_skip(&r, 12);
    uint16_t type = read_be16(&r);
    uint8_t version = read_u8(&r);
    read_skip(&r, 5);
    p->fragment = read_be16(&r);
    read_skip(&r, 1);
    p->protocol = read_u8(&r);
    read_skip(&r, 2);
    p->from = read_be32(&r);
    p->to = read_be32(&r);
    unsigned header_bytes = (version & 15u) * 4;
    if (!reader_good(&r) || type != ETHERTYPE_IP4 || version >> 4 != 4 || header_bytes < 20)
        return false;
    read_skip(&r, header_bytes - 20);
    p->payload = r;
    uint16_t from_port = read_be16(&r), to_port = read_be16(&r);
    read_skip(&r, 4);
    bool ports = reader_good(&r) && (p->fragment & FRAGMENT_OFFSET) == 0;
    p->from_port = ports ? from_port : 0;
    p->to_port = ports ? to_port : 0;
    return true;
}

static bool is_whole(const struct packet *p)
{
    return (p->fragment & (FRAGMENT_OFFSET | MORE_FRAGMENTS)) == 0;
}

static bool in_net(uint32_t address, uint32_t net, unsigned bits)
{
    return (address ^ net) >> (32 - bits) == 0;
}

static bool elsewhere_allowed(uint32_t to)
{
    return !in_net(to, 0x00000000, 8)      /* this host: Linux connects to itself */
           && !in_net(to, 0x7f000000, 8)   /* loopback */
           && !in_net(to, 0xa9fe0000, 16); /* link-local */
}

/* libslirp sends what goes to its name server to the host's one, on any port, and that may be on the loopback. */
static bool resolver_allowed(const struct packet *p)
{
    return is_whole(p) && p->to_port == PORT_DNS && (p->protocol == PROTOCOL_TCP || p->protocol == PROTOCOL_UDP);
}

static bool is_dhcp(const struct packet *p)
{
    return is_whole(p) && p->protocol == PROTOCOL_UDP && p->to_port == PORT_DHCP;
}

static bool opens_connection(const struct packet *p)
{
    struct reader r = p->payload;
    read_skip(&r, 13);
    uint8_t flags = read_u8(&r);
    return !reader_good(&r) || (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static bool is_answer(const struct packet *p, const struct usernet_peers *peers)
{
    for (size_t i = 0; i < USERNET_PEERS_MAX; i++)
        if (p->to_port != 0 && peers->list[i].host == p->to_port && peers->list[i].guest == p->from_port)
            return true;
    return false;
}

/* The router's address is the host's loopback to libslirp, and stands for the clients of published ports that are
 * there. The later fragments of a datagram are nothing without its first, whose header they can't reach into. */
static bool router_allowed(const struct packet *p, const struct usernet_peers *peers)
{
    if (p->protocol == PROTOCOL_UDP)
        return is_dhcp(p) || (p->fragment & FRAGMENT_OFFSET) != 0 || is_answer(p, peers);
    if (p->protocol == PROTOCOL_TCP)
        return is_whole(p) && !opens_connection(p);
    return p->protocol == PROTOCOL_ICMP;
}

bool usernet_frame_allowed(struct bytes frame, const struct usernet_peers *peers)
{
    struct packet p;
    struct reader r = reader_of(frame);
    read_skip(&r, 12);
    if (read_be16(&r) == ETHERTYPE_ARP)
        return reader_good(&r);
    if (!parse(frame, &p))
        return false;
    if (p.to == USERNET_RESOLVER)
        return resolver_allowed(&p);
    if (p.to == USERNET_ROUTER)
        return router_allowed(&p, peers);
    if (p.to == UINT32_MAX || (p.to & USERNET_MASK) == USERNET_NETWORK)
        return is_dhcp(&p) && (p.to | USERNET_MASK) == UINT32_MAX;
    return elsewhere_allowed(p.to);
}

void usernet_note_peer(struct bytes frame, struct usernet_peers *peers)
{
    struct packet p;
    if (!parse(frame, &p) || p.from != USERNET_ROUTER || p.protocol != PROTOCOL_UDP || p.from_port == 0 ||
        is_answer(&(struct packet){.to_port = p.from_port, .from_port = p.to_port}, peers))
        return;
    peers->list[peers->next] = (struct usernet_peer){.host = p.from_port, .guest = p.to_port};
    peers->next = (peers->next + 1) % USERNET_PEERS_MAX;
}
