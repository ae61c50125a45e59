/* SPDX-License-Identifier: ISC */
/* What else there is on the link of fuzz/stack.c: neighbours, routers, servers of DHCP, queriers of groups, and errors that
 * quote what was sent. */
#ifndef FUZZ_STACK_LINK_H
#define FUZZ_STACK_LINK_H

#include "fuzz/stack_world.h"

static const struct ip all_nodes = {{0xff, 2, [15] = 1}};

static void send_icmp6(struct world *w, const struct ip *src, const struct ip *dst, const struct icmp6 *m,
                       struct bytes b, uint8_t hop_limit, uint8_t bits)
{
    uint8_t message[FRAME_BYTES / 2];
    struct writer out = writer_of(message, sizeof message);
    icmp6_emit(&out, m, src, dst, &b, 1);
    write_bytes(&out, b);
    come(w, src, dst, IP_ICMP6, writer_bytes(&out), &(struct coming){bits, 0, hop_limit});
}

/* ---- Neighbours ---- */

/* a: bits; which host; our address or another one; MAC; the asked one, which may be told as silent hosts' addresses are. */
static void answer_arp(struct world *w, const uint8_t *a)
{
    uint8_t frame[ETHER_BYTES + ARP_BYTES];
    struct writer out = writer_of(frame, sizeof frame);
    bool wants = a[0] & 4;
    struct ip own = w->net->ip4.up ? w->net->ip4.net.ip : ip4(10, 0, 0, 2);
    struct arp_packet p = {.operation = wants ? ARP_REQUEST : ARP_REPLY,
                           .sender_mac = a[0] & 8 ? router_mac : other_mac,
                           .sender_ip = a[0] & 16 ? own
                                        : wants   ? ip4(10, 0, 0, a[1])
                                                  : w->asked4,
                           .target_mac = w->dev.mac,
                           .target_ip = a[0] & 32 ? ip4(10, 0, 0, a[1]) : own};
    if (wants && a[0] & 64)
        p.sender_ip = IP_ANY4;
    ether_emit(&out, &(struct ether){w->dev.mac, p.sender_mac, ETHER_ARP});
    arp_emit(&out, &p);
    input(w, writer_bytes(&out), 0);
}

/* Hosts that ask for us, so that the table fills. */
static void crowd(struct world *w, const uint8_t *a)
{
    for (int i = 0; i < a[1]; i++) {
        uint8_t one[] = {4 | (a[2] & 8), (uint8_t)(a[3] + i), 0};
        answer_arp(w, one);
    }
}

/* a: bits; which peer; which sources and MACs; flags. */
static void answer_nd(struct world *w, const uint8_t *a)
{
    uint8_t message[ND_NEIGHBOUR_BYTES];
    struct writer out = writer_of(message, sizeof message);
    const struct peer *p = &w->peer[FIRST6 + a[1] % (PEERS - FIRST6)];
    struct ip dst = local_of(w, p), target = a[0] & 4 ? dst : w->asked6;
    bool asks = a[0] & 8, probe = asks && a[2] & 2;
    nd_emit_neighbour(&out, &target, asks ? ND_SOURCE_MAC : ND_TARGET_MAC,
                      probe && a[2] & 16 ? NULL
                      : a[2] & 1         ? &router_mac
                                         : &other_mac);
    struct icmp6 m = {.type = asks ? ICMP6_NEIGHBOUR_SOLICITATION : ICMP6_NEIGHBOUR_ADVERTISEMENT,
                      .rest = asks ? 0 : (uint32_t)a[3] << 24};
    struct ip src = probe ? IP_NONE : a[2] & 4 ? target : p->ip;
    if (a[0] & 16)
        src.b[15] = a[4];
    if (a[0] & 32)
        dst = a[2] & 32 ? all_nodes : ip6_solicited_group(&target);
    send_icmp6(w, &src, &dst, &m, writer_bytes(&out), a[2] & 8 ? 64 : 255, 0);
}

/* ---- Routers ---- */

/* The address of one of five; the first is also that of a fixed gateway. */
static struct ip router_of(uint8_t number)
{
    return (struct ip){{0xfe, 0x80, [15] = (uint8_t)(1 + number % 6)}};
}

static void put_prefix(struct writer *out, const uint8_t *a, uint8_t number)
{
    write_be32(out, 0x03044000u | (a[2] & 0xc0u));
    write_be32(out, a[4] == 255 ? UINT32_MAX : a[4] * (a[3] & 1 ? 1000u : 10u));
    write_be32(out, a[5] * (a[3] & 1 ? 1000u : 10u));
    write_be32(out, 0);
    write_be64(out, UINT64_C(0x20010db800000000) + number);
    write_be64(out, 0);
}

static void advertise_router(struct world *w, const uint8_t *a)
{
    const struct ip router = router_of(a[1]);
    uint8_t message[256];
    struct writer out = writer_of(message, sizeof message);
    write_be32(&out, a[2] & 1 ? a[3] * 100u : 0);
    write_be32(&out, a[2] & 2 ? a[3] * 10u : 0);
    nd_emit_mac(&out, ND_SOURCE_MAC, &router_mac);
    put_prefix(&out, a, a[6] % 10);
    if (a[6] & 16)
        put_prefix(&out, a, 10 + a[6] % 10);
    write_be32(&out, 0x05010000); /* an MTU */
    write_be32(&out, a[7] * 8u);
    write_be32(&out, 0x19030000); /* a name server */
    write_be32(&out, a[8]);
    write_copy(&out, router.b, sizeof router.b);
    struct icmp6 m = {.type = ICMP6_ROUTER_ADVERTISEMENT, .rest = (uint32_t)a[9] << 24 | (a[2] & 8u) << 16 | a[4] * 4u};
    if (a[3] & 2) /* stateful, stateless */
        m.rest |= UINT32_C(0x800000) >> (a[3] >> 2 & 1);
    send_icmp6(w, &router, &all_nodes, &m, writer_bytes(&out), 255, 0);
}

static void redirect(struct world *w, const uint8_t *a)
{
    uint8_t message[32 + ND_MAC_OPTION_BYTES];
    struct writer out = writer_of(message, sizeof message);
    const struct peer *p = &w->peer[FIRST6 + a[1] % (PEERS - FIRST6)];
    const struct ip router = router_of(a[2]), other = {{0xfe, 0x80, [15] = a[3]}};
    struct ip dst = local_of(w, p);
    write_copy(&out, a[4] & 1 ? p->ip.b : other.b, 16);
    write_copy(&out, p->ip.b, 16);
    if (a[4] & 2)
        nd_emit_mac(&out, ND_TARGET_MAC, &other_mac);
    send_icmp6(w, &router, &dst, &(struct icmp6){.type = ICMP6_REDIRECT}, writer_bytes(&out), 255, 0);
}

/* ---- Groups ---- */

/* MLD. a: response time; bits; which group. */
static void speak_of_groups6(struct world *w, const uint8_t *a)
{
    const struct ip router = router_of(0);
    uint8_t rest[20] = {0};
    struct ip group = {{0xff, (uint8_t)((a[2] >> 2 & 7) + 1), [15] = a[3] & 15}};
    if (a[2] & 2)
        memcpy(rest, group.b, sizeof group.b);
    if (a[2] & 32 && has6(w)) {
        group = ip6_solicited_group(&w->net->ip6->address[0].ip);
        memcpy(rest, group.b, sizeof group.b);
    }
    rest[16] = a[3] >> 4;
    struct icmp6 m = {.type = a[2] & 64 ? ICMP6_MLD_REPORT : ICMP6_MLD_QUERY, .rest = (uint32_t)a[1] << 16};
    if (a[2] & 128)
        m.rest = (uint32_t)(0x8000 | a[1]) << 16;
    send_icmp6(w, &router, a[2] & 2 ? &group : &all_nodes, &m, bytes_of(rest, a[2] & 1 ? 16 : 20), 1,
               a[3] & 16 ? 0 : 16);
}

/* IGMP. a: response time; bits; which group. */
static void speak_of_groups4(struct world *w, const uint8_t *a)
{
    static const uint8_t types[] = {IGMP_QUERY, IGMP_QUERY, IGMP_REPORT1, IGMP_REPORT2, IGMP_LEAVE2};
    const struct ip router = ip4(10, 0, 0, 1), group = ip4(224, 1, 2, a[3] & 15);
    const struct ip dst = a[2] & 1 ? group : ip4(224, 0, 0, 1);
    uint8_t message[12] = {types[a[2] / 16 % 5], a[2] & 4 ? 0 : a[1]};
    size_t len = a[2] & 8 ? 12 : 8;
    if (a[2] & 1)
        memcpy(message + 4, group.b + 12, 4);
    message[8] = a[3] >> 4;
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(message, len), false));
    message[2] = (uint8_t)(sum >> 8);
    message[3] = (uint8_t)sum;
    come(w, &router, &dst, IP_IGMP, bytes_of(message, len), &(struct coming){a[2] & 2 ? 16 : 0, 0, 1});
}

/* ---- DHCP ---- */

/* What a server says: what is expected of it, or another type. */
static uint8_t type4(const struct world *w, uint8_t how)
{
    if (how & 16)
        return how & 15;
    return w->dhcp.type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK;
}

static void put_options4(struct writer *out, const uint8_t *a)
{
    if (a[9] & 1) { /* a router, name servers */
        write_be16(out, 0x0304);
        write_be32(out, 0x0a000001u);
        write_be16(out, 0x0608);
        write_be32(out, 0x0a000001u);
        write_be32(out, 0x0a000000u | a[6]);
    } else { /* two routes */
        write_be16(out, 0x790b);
        write_be16(out, 0x080b);
        write_be32(out, 0x0a000000u | a[5]);
        write_u8(out, 0);
        write_be16(out, 0x0a00);
        write_u8(out, 0);
        write_u8(out, a[6]);
    }
    if (a[9] & 2) {
        write_be16(out, 0x3a04); /* T1, T2 */
        write_be32(out, a[8]);
        write_be16(out, 0x3b04);
        write_be32(out, a[8] * 2u);
    }
    write_be16(out, 0x1a02); /* MTU */
    write_be16(out, (uint16_t)(a[7] * 8));
    write_u8(out, 255);
}

static void send_datagram_to(struct world *w, const struct ip *src, uint16_t from, const struct ip *dst, uint16_t to,
                             uint8_t *message, size_t payload_len)
{
    struct bytes payload = bytes_of(message + UDP_HEADER_BYTES, payload_len);
    struct writer head = writer_of(message, UDP_HEADER_BYTES);
    udp_emit(&head, &(struct udp_header){from, to}, src, dst, &payload, 1, payload_len);
    come(w, src, dst, IP_UDP, bytes_of(message, UDP_HEADER_BYTES + payload_len), &(struct coming){0, 0, 64});
}

static void speak_dhcp4(struct world *w, const uint8_t *a)
{
    uint8_t message[UDP_HEADER_BYTES + 320] = {0};
    struct writer out = writer_of(message + UDP_HEADER_BYTES, 320);
    const struct ip server = ip4(10, 0, 0, a[9] & 4 ? 3 : 1), dst = IP_BROADCAST4;
    write_be32(&out, 0x02010600);
    write_be32(&out, w->dhcp.xid);
    write_zeros(&out, 8);
    write_be32(&out, 0x0a000002u ^ a[2]);
    write_zeros(&out, 8);
    write_copy(&out, w->dev.mac.b, 6);
    write_zeros(&out, 10 + 192);
    write_be32(&out, 0x63825363);
    write_be16(&out, 0x3501);
    write_u8(&out, type4(w, a[1]));
    write_be16(&out, 0x3604); /* server */
    write_be32(&out, ip4_u32(&server));
    write_be16(&out, 0x3304); /* lease */
    write_be32(&out, a[3] == 255 ? DHCP_FOREVER : a[3] * 40u);
    write_be16(&out, 0x0104); /* mask */
    write_be32(&out, 0xffffff00u << (a[4] & 7) | (a[4] & 8));
    put_options4(&out, a);
    must(writer_good(&out));
    send_datagram_to(w, &server, DHCP_SERVER_PORT, &dst, DHCP_CLIENT_PORT, message, writer_len(&out));
}

static uint8_t type6(const struct world *w, uint8_t how)
{
    if (how & 16)
        return how & 15;
    return w->dhcp6.type == DHCP6_SOLICIT ? DHCP6_ADVERTISE : DHCP6_REPLY;
}

static void put_number(struct writer *out, uint16_t option, uint32_t value)
{
    write_be16(out, option);
    write_be16(out, 4);
    write_be32(out, value);
}

static void put_status(struct writer *out, uint16_t status)
{
    write_be16(out, 13);
    write_be16(out, 2);
    write_be16(out, status);
}

/* The association with its address. */
static void put_ia(struct writer *out, const uint8_t *a)
{
    bool refused = a[6] & 2;
    write_be16(out, 3);
    write_be16(out, refused ? 18 : 40);
    write_be32(out, DHCP6_IAID);
    write_be32(out, a[8] * 10u);
    write_be32(out, a[8] * 20u);
    if (refused) {
        put_status(out, a[7] & 7);
        return;
    }
    write_be16(out, 5);
    write_be16(out, 24);
    write_be64(out, UINT64_C(0x20010db800000000));
    write_be64(out, 0x100u + a[2]);
    write_be32(out, a[3] == 255 ? UINT32_MAX : a[3] * 20u);
    write_be32(out, a[3] == 255 ? UINT32_MAX : a[3] * 40u);
}

/* a: type; which address; lifetimes; preference; which server; bits; status; T1. */
static void speak_dhcp6(struct world *w, const uint8_t *a)
{
    uint8_t message[UDP_HEADER_BYTES + 320] = {0}, duid[DHCP6_CLIENT_DUID_BYTES];
    struct writer out = writer_of(message + UDP_HEADER_BYTES, 320);
    const struct ip server = {{0xfe, 0x80, [15] = 9}};
    const struct ip dst = has6(w) ? w->net->ip6->address[0].ip : IP_NONE;
    const struct mac server_mac = {{2, 0, 0, 0, 1, a[5] & 3}};
    write_be32(&out, (uint32_t)type6(w, a[1]) << 24 | (w->dhcp6.xid & 0xffffff));
    write_be16(&out, 1);
    write_be16(&out, sizeof duid);
    dhcp6_duid(duid, &w->dev.mac);
    write_copy(&out, duid, sizeof duid);
    write_be16(&out, 2);
    write_be16(&out, sizeof duid);
    dhcp6_duid(duid, &server_mac);
    write_copy(&out, duid, sizeof duid);
    if (!(a[6] & 1))
        put_ia(&out, a);
    if (a[6] & 4)
        put_status(&out, a[7] & 7);
    if (a[6] & 8) {
        write_be16(&out, 7);
        write_be16(&out, 1);
        write_u8(&out, a[4]);
    }
    if (a[6] & 16)
        write_be32(&out, 0x000e0000); /* rapid commit */
    if (a[6] & 32) {
        put_number(&out, 32, a[4] * 20u);
        put_number(&out, 82, a[4] * 30u);
        put_number(&out, 83, a[4] * 30u);
    }
    if (a[6] & 64) {
        write_be32(&out, 0x00170010); /* a name server */
        write_copy(&out, server.b, 16);
    }
    must(writer_good(&out));
    send_datagram_to(w, &server, DHCP6_SERVER_PORT, &dst, DHCP6_CLIENT_PORT, message, writer_len(&out));
}

/* ---- Errors, and the rest ---- */

/* A header of ours to `p`, and the first bytes of what was in it. */
static struct bytes quote(const struct peer *p, const struct ip *local, const uint8_t *a, uint8_t *memory, size_t size)
{
    const uint8_t protocol = a[6] & 1 ? IP_UDP : a[6] & 4 ? IP_ICMP : IP_TCP;
    const uint16_t total = (uint16_t)(a[6] & 2 ? 40 : 1500);
    struct writer q = writer_of(memory, size);
    if (ip_is4(&p->ip))
        ip4_emit(&q, &(struct ip4_header){.total_len = total, .protocol = protocol, .src = *local, .dst = p->ip});
    else
        ip6_emit(&q, &(struct ip6_header){.payload_len = total, .next = protocol, .src = *local, .dst = p->ip});
    write_be16(&q, a[6] & 1 ? 53 : p->here);
    write_be16(&q, p->port);
    write_be32(&q, (a[6] & 8 ? p->receiver.got.v : p->nxt.v - 1) - a[1]);
    return bytes_slice(writer_bytes(&q), 0, a[4] & 128 ? a[4] & 63 : size);
}

/* An ICMP error about a segment of a real connection. */
static void complain(struct world *w, const struct peer *p, const uint8_t *a)
{
    static const uint8_t types4[] = {ICMP4_UNREACHABLE, ICMP4_TIME_EXCEEDED, ICMP4_PARAMETER, ICMP4_REDIRECT};
    uint8_t quoted[80], message[120];
    struct writer out = writer_of(message, sizeof message);
    struct ip local = local_of(w, p);
    const struct ip router = ip_is4(&p->ip) ? ip4(10, 0, 0, a[6] & 16 ? 3 : 1) : router_of(0);
    struct bytes data = quote(p, &local, a, quoted, sizeof quoted);
    if (!ip_is4(&p->ip)) {
        struct icmp6 m = {.type = (uint8_t)(1 + a[2] % 4), .code = a[5] & 7, .rest = a[3] * 8u};
        send_icmp6(w, &router, &local, &m, data, 64, a[6] & 32 ? 1 : 0);
        return;
    }
    struct icmp4 m = {.type = types4[a[2] % 4], .code = a[5] & 15, .rest = a[3] * 8u};
    if (m.type == ICMP4_REDIRECT)
        m.rest = 0x0a000000u | a[3];
    icmp4_emit(&out, &m, &data, 1);
    write_bytes(&out, data);
    come(w, &router, &local, IP_ICMP, writer_bytes(&out), &(struct coming){0, 0, 64});
}

/* A datagram or a ping, of any size, perhaps in fragments, from as many hosts as a[6] says. */
static void send_other(struct world *w, const struct peer *p, const uint8_t *a)
{
    static const uint8_t zeros[1400];
    uint8_t message[UDP_HEADER_BYTES + sizeof zeros] = {0};
    struct ip local = local_of(w, p), src = p->ip;
    struct ip dst = !(a[1] & 4)     ? local
                    : !ip_is4(&src) ? (struct ip){{0xff, (uint8_t)((a[7] >> 4 & 7) + 1), [15] = a[7] & 15}}
                    : a[7] & 16     ? IP_BROADCAST4
                                    : ip4(224, 1, 2, a[7] & 15);
    struct bytes payload = bytes_of(zeros, a[2] * 5u);
    struct coming c = {a[3] & 63, a[3] >> 6, a[4]};
    for (int i = 0; i <= a[6]; i++) {
        struct writer out = writer_of(message, sizeof message);
        if (a[1] & 1 && ip_is4(&src))
            icmp4_emit(&out, &(struct icmp4){.type = a[1] & 2 ? a[5] : ICMP4_ECHO}, &payload, 1);
        else if (a[1] & 1)
            icmp6_emit(&out, &(struct icmp6){.type = a[1] & 2 ? a[5] : ICMP6_ECHO}, &src, &dst, &payload, 1);
        else
            udp_emit(&out, &(struct udp_header){p->port, a[1] & 2 ? 53 : a[5]}, &src, &dst, &payload, 1, payload.len);
        write_bytes(&out, payload);
        uint8_t protocol = !(a[1] & 1) ? IP_UDP : ip_is4(&src) ? IP_ICMP : IP_ICMP6;
        come(w, &src, &dst, a[1] & 8 ? a[5] : protocol, writer_bytes(&out), &c);
        if (a[1] & 16)
            src.b[15]++;
    }
}

/* A fragment as it is: any place, any length, of any datagram. a: offset; length; which datagram; more follow; protocol. */
static void send_fragment(struct world *w, const struct peer *p, const uint8_t *a)
{
    static const uint8_t zeros[255 * 6];
    struct ip local = local_of(w, p);
    uint8_t protocol = a[4] & 3 ? IP_UDP : a[4];
    struct coming c = {a[5] & 48, a[5] >> 6, 64};
    for (int i = 0; i <= a[6]; i++) {
        size_t offset = (a[0] * (a[5] & 1 ? 32u : 1u) + (unsigned)i * (a[5] & 2 ? a[7] : 0u)) % 8192 * 8;
        w->id = (uint16_t)(a[2] + (a[5] & 4 ? i : 0));
        struct bytes b = bytes_of(zeros, a[1] * (a[5] & 8 ? 6u : 1u));
        (ip_is4(&p->ip) ? input4 : input6)(w, &p->ip, &local, protocol, b, offset, a[3] & 1, &c);
    }
}

#endif
