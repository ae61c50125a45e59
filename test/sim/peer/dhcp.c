/* SPDX-License-Identifier: ISC */
/* A DHCP server (RFC 2131) that gives every hardware address the same lease each time: 10.0.0.100 and on. On bare frames,
 * since the stack takes nothing from 0.0.0.0. */
#include "frames.h"
#include "peer.h"

#include "wire/dhcp.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/udp.h"

#define LEASE_S 120 /* so that a run sees renewals */

static void write_ip_option(struct writer *w, uint8_t code, const struct ip *ip)
{
    write_u8(w, code);
    write_u8(w, 4);
    write_be32(w, ip4_u32(ip));
}

static const struct ip me = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 9}};

static void write_answer(struct writer *w, const struct dhcp_message *m, uint8_t type)
{
    static const uint8_t start[4] = {DHCP_BOOTREPLY, 1, 6, 0};
    struct ip mask = ip4(255, 255, 255, 0), yours = ip4(10, 0, 0, (uint8_t)(100 + m->chaddr.b[4]));
    write_copy(w, start, sizeof start);
    write_be32(w, m->xid);
    write_be32(w, 0);
    write_be32(w, ip4_u32(&m->ciaddr));
    write_be32(w, ip4_u32(&yours));
    write_zeros(w, 8);
    write_copy(w, m->chaddr.b, sizeof m->chaddr.b);
    write_zeros(w, 10 + 64 + 128);
    write_be32(w, 0x63825363);
    write_u8(w, 53);
    write_u8(w, 1);
    write_u8(w, type);
    write_ip_option(w, 54, &me);
    write_ip_option(w, 1, &mask);
    write_u8(w, 51);
    write_u8(w, 4);
    write_be32(w, LEASE_S);
    write_u8(w, 255);
}

static void answer(struct netdev *d, const struct dhcp_message *m)
{
    uint8_t message[400], datagram[sizeof message + UDP_HEADER_BYTES];
    struct writer w = writer_of(message, sizeof message), out = writer_of(datagram, sizeof datagram);
    bool bound = !ip_is_unspecified(&m->ciaddr);
    struct ip to = bound ? m->ciaddr : IP_BROADCAST4;
    write_answer(&w, m, m->type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK);
    struct bytes body = writer_bytes(&w);
    udp_emit(&out, &(struct udp_header){DHCP_SERVER_PORT, DHCP_CLIENT_PORT}, &me, &to, &body, 1, body.len);
    write_bytes(&out, body);
    frames_send(d, bound ? &m->chaddr : &MAC_BROADCAST, &me, &to, PROTOCOL_UDP, writer_bytes(&out));
}

static void take(struct netdev *d, struct bytes frame)
{
    struct reader r = reader_of(frame);
    struct ether e;
    struct ip4_header ip;
    struct udp_header udp;
    struct bytes payload;
    struct dhcp_message m;
    if (!ether_parse(&r, &e) || e.type != ETHER_IP4 || ip4_parse(read_rest(&r), &ip, &payload) != IP4_GOOD ||
        ip.protocol != PROTOCOL_UDP)
        return;
    if (udp_parse(payload, &ip.src, &ip.dst, false, &udp, &payload) != UDP_GOOD || udp.dst_port != DHCP_SERVER_PORT ||
        !dhcp_parse(payload, &m))
        return;
    if (m.type == DHCP_DISCOVER || m.type == DHCP_REQUEST)
        answer(d, &m);
}

int peer_dhcp(const struct peer *p)
{
    frames_serve(p->dev, &me, take);
    return 0;
}
