/* SPDX-License-Identifier: ISC */
/* A DHCP server (RFC 2131) that gives every hardware address the same lease each time: 10.0.0.100 and on. */
#include "peer.h"

#include "wire/dhcp.h"

#include <jinn/fiber.h>
#include <jinn/random.h>

#define LEASE_S 120 /* so that a run sees renewals */

static void write_ip_option(struct writer *w, uint8_t code, const struct ip *ip)
{
    write_u8(w, code);
    write_u8(w, 4);
    write_be32(w, ip4_u32(ip));
}

static void write_answer(struct writer *w, const struct dhcp_message *m, uint8_t type, const struct ip *me)
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
    write_ip_option(w, 54, me);
    write_ip_option(w, 1, &mask);
    write_u8(w, 51);
    write_u8(w, 4);
    write_be32(w, LEASE_S);
    write_u8(w, 255);
}

int peer_dhcp(const struct peer *p)
{
    struct udp_socket *u;
    struct endpoint from;
    uint8_t in[1500], out[400];
    size_t len;
    struct ip me = stack_ipv4(p->stack).ip;
    if (stack_udp(p->stack, DHCP_SERVER_PORT, &u) != OK)
        return 1;
    while (!sched_stopping()) {
        struct dhcp_message m;
        if (udp_recv(u, in, sizeof in, &len, &from, time_after(sched_now(), NS_PER_S)) != OK || len > sizeof in ||
            !dhcp_parse(bytes_of(in, len), &m) || (m.type != DHCP_DISCOVER && m.type != DHCP_REQUEST))
            continue;
        struct writer w = writer_of(out, sizeof out);
        write_answer(&w, &m, m.type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK, &me);
        struct piece answer = piece_copy(writer_bytes(&w));
        bool bound = !ip_is_unspecified(&m.ciaddr);
        struct endpoint to = {bound ? m.ciaddr : IP_BROADCAST4, DHCP_CLIENT_PORT};
        (void)!udp_send(u, to, &answer, 1); /* what is lost is asked for again */
    }
    return 0;
}
