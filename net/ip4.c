/* SPDX-License-Identifier: ISC */
#include "net/ip4.h"
#include "net/net.h"

enum { MULTICAST_TTL = 1 }; /* RFC 1112 6.1 */

#define ALL_HOSTS UINT32_C(0xe0000001) /* 224.0.0.1 */

COLD void ip4_init(struct net *n)
{
    n->ip4.salt = n->random();
    for (size_t i = 0; i < IP4_ID_COUNTERS; i++)
        n->ip4.id[i] = (uint16_t)n->random();
}

COLD void ip4_set(struct net *n, const struct ip_net *net)
{
    ip4_unset(n);
    n->ip4.up = true;
    n->ip4.net = *net;
    (void)route_add(n, ip4_u32(&net->ip), net->prefix_len, 0, 0, ROUTE_LEASE); /* ROUTES has room for it */
    /* RFC 3021: a prefix of 31 bits has two hosts and no broadcast address. */
    n->ip4.broadcast = net->prefix_len < 31 ? ip4_net_broadcast(net) : IP_BROADCAST4;
    if (n->groups.igmp)
        n->groups.igmp->restart(n);
}

COLD void ip4_unset(struct net *n)
{
    n->ip4.up = false;
    n->ip4.net = (struct ip_net){IP_ANY4, 0};
    n->ip4.broadcast = IP_BROADCAST4;
    route_drop(n);
}

static bool is_broadcast(const struct net *n, const struct ip *ip)
{
    return ip4_u32(ip) == UINT32_MAX || (n->ip4.up && ip_equal(ip, &n->ip4.broadcast));
}

bool ip4_is_neighbour(const struct net *n, const struct ip *ip)
{
    if (!n->ip4.up || is_broadcast(n, ip) || ip_equal(ip, &n->ip4.net.ip))
        return false;
    return route_is_near(n, ip);
}

/* ---- Receiving ---- */

/* Sources that no host may use (RFC 1122 3.2.1.3), broadcast, and our own address, which nobody else has. */
static bool is_martian(const struct net *n, const struct ip *src)
{
    return !ip4_is_host(src) || is_broadcast(n, src) || (n->ip4.up && ip_equal(src, &n->ip4.net.ip));
}

/* Switches that snoop ask for groups without an address of their own (RFC 4541 2.1.1). */
static bool is_switch(const struct net *n, const struct ip4_header *h)
{
    return n->groups.igmp && h->protocol == IP_IGMP && ip4_u32(&h->src) == 0;
}

enum whose { NOT_OURS, OURS, OURS_AND_OTHERS };

/* While we have no address, all that the device let through is looked at: a DHCP server may send to the address
 * that it is about to give. Only the DHCP client is told then (deliver). */
static enum whose whose(const struct net *n, const struct ip *dst, bool link_group)
{
    if (!n->ip4.up)
        return dst->b[12] == 127 ? NOT_OURS : OURS_AND_OTHERS;
    if (ip_equal(dst, &n->ip4.net.ip))
        return link_group ? NOT_OURS : OURS; /* RFC 1122 3.3.6 */
    if (n->loop.delivering)
        return OURS;
    if (is_broadcast(n, dst) || (n->groups.ops && n->groups.ops->find(n, dst)))
        return OURS_AND_OTHERS;
    return n->groups.igmp && ip4_u32(dst) == ALL_HOSTS ? OURS_AND_OTHERS : NOT_OURS;
}

static void deliver(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header)
{
    n->counters.ip4.delivered++;
    if (in->protocol == IP_UDP) {
        udp_input(n, now_ns, in, header);
    } else if (!n->ip4.up) {
        n->counters.ip4.in_other_host++;
    } else if (in->protocol == IP_TCP && n->tcp) {
        n->tcp->input(n->tcp, now_ns, in);
    } else if (in->protocol == IP_ICMP) {
        icmp_input(n, now_ns, in, header);
    } else if (in->protocol == IP_IGMP && n->groups.igmp) {
        n->groups.igmp->input(n, now_ns, in, header);
    } else {
        n->counters.ip4.in_unknown_protocol++;
        icmp_error(n, now_ns, ICMP4_UNREACHABLE, ICMP4_PROTOCOL, in, header);
    }
}

static COLD void count_fault(struct counters_ip4 *c, enum ip4_fault fault)
{
    switch (fault) {
    case IP4_GOOD:
        break;
    case IP4_BAD_HEADER:
        c->in_bad_header++;
        break;
    case IP4_BAD_CHECKSUM:
        c->in_bad_checksum++;
        break;
    case IP4_BAD_OPTIONS:
        c->in_bad_options++;
        break;
    case IP4_SOURCE_ROUTE:
        c->in_source_route++;
        break;
    }
}

/* True: a datagram is whole, and the rest is its. */
static COLD bool reassemble(struct net *n, uint64_t now_ns, struct ip4_header *h, struct bytes *header,
                            struct bytes *payload)
{
    struct frag_part p = {.src = h->src,
                          .dst = h->dst,
                          .id = h->id,
                          .protocol = h->protocol,
                          .next = h->protocol,
                          .offset = h->offset,
                          .more = h->more_fragments,
                          .tos = h->tos,
                          .most_bytes = IP4_PACKET_MAX_BYTES - (size_t)h->header_len,
                          .header = *header,
                          .payload = *payload};
    if (!frag_input(&n->frag, now_ns, &p))
        return false;
    *header = p.header;
    *payload = p.payload;
    h->tos = p.tos;
    return true;
}

void ip4_input(struct net *n, uint64_t now_ns, struct bytes packet, unsigned link)
{
    bool link_group = link & LINK_GROUP;
    struct counters_ip4 *c = &n->counters.ip4;
    struct ip4_header h;
    struct bytes payload;
    c->in++;
    enum ip4_fault fault = ip4_parse(packet, &h, &payload);
    if (__builtin_expect(fault != IP4_GOOD, 0)) {
        count_fault(c, fault);
        return;
    }
    if (is_martian(n, &h.src) && !n->loop.delivering && !is_switch(n, &h)) {
        c->in_martian++;
        return;
    }
    enum whose to = whose(n, &h.dst, link_group);
    if (to == NOT_OURS) {
        c->in_other_host++;
        return;
    }
    struct bytes header = bytes_slice(packet, 0, h.header_len);
    bool whole = !h.more_fragments && h.offset == 0;
    if (!whole && !reassemble(n, now_ns, &h, &header, &payload))
        return;
    struct ip_in in = {.src = h.src,
                       .dst = h.dst,
                       .payload = payload,
                       .protocol = h.protocol,
                       .ttl = h.ttl,
                       .tos = h.tos,
                       .several = link & LINK_SEVERAL,
                       .checksum_verified = whole && link & LINK_VERIFIED,
                       .broadcast = to == OURS_AND_OTHERS || link_group};
    deliver(n, now_ns, &in, header);
}

COLD bool ip4_problem(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem,
                      uint16_t mtu_bytes)
{
    struct ip4_header h;
    struct bytes payload;
    if (!ip4_parse_quoted(quoted, &h, &payload) || !n->ip4.up ||
        (!ip_equal(&h.src, &n->ip4.net.ip) && !n->loop.delivering))
        return false;
    if (h.offset != 0 || payload.len < 8)
        return false;
    struct ip_problem p = {.problem = problem,
                           .src = h.src,
                           .dst = h.dst,
                           .protocol = h.protocol,
                           .mtu_bytes = mtu_bytes,
                           .payload = payload};
    if (h.protocol == IP_TCP && n->tcp)
        n->tcp->problem(n->tcp, now_ns, &p);
    else if (h.protocol == IP_UDP)
        udp_problem_input(n, &p);
    return true;
}

/* ---- Sending ---- */

/* The next hop to `dst`, IP_NONE for none; the same as `dst` when it is on the link, a group or broadcast, or our own. */
static struct ip next_hop(const struct net *n, const struct ip *dst)
{
    if (is_broadcast(n, dst) || ip_is_multicast(dst))
        return *dst;
    if (!n->ip4.up || dst->b[12] == 0)
        return IP_NONE;
    if (ip_equal(dst, &n->ip4.net.ip) || dst->b[12] == 127)
        return n->loop.ops ? *dst : IP_NONE;
    return route_hop(n, dst);
}

/* What the way to `dst` carries. */
static size_t path_mtu(const struct net *n, const struct ip *dst)
{
    return __builtin_expect(n->ip4.n_paths > 0, 0) ? ip4_path_find(n, dst) : n->mtu_bytes;
}

void ip4_reached(struct net *n, uint64_t now_ns, const struct ip *dst)
{
    struct ip hop = next_hop(n, dst);
    arp_confirm(n, now_ns, &hop);
}

enum err ip4_route(struct net *n, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    struct ip hop = ip_is4(dst) ? next_hop(n, dst) : IP_NONE;
    if (!n->ip4.up || ip_equal(&hop, &IP_NONE))
        return ERR_UNREACHABLE;
    *src = dst->b[12] == 127 ? *dst : n->ip4.net.ip;
    *payload_bytes = (uint16_t)(path_mtu(n, dst) - IP4_HEADER_BYTES);
    return OK;
}

static enum err send_frame(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f)
{
    n->counters.ip4.out++;
    if (ip_is_multicast(hop)) {
        struct mac group = mac_of_multicast4(hop);
        return ether_output(n, f, &group, ETHER_IP4);
    }
    if (is_broadcast(n, hop))
        return ether_output(n, f, &MAC_BROADCAST, ETHER_IP4);
    return arp_send(n, now_ns, hop, f);
}

static void emit_header(struct frame *f, const struct ip4_header *h)
{
    struct writer w = writer_of(f->head + ETHER_BYTES, IP4_HEADER_BYTES);
    ip4_emit(&w, h);
    f->v[0] = bytes_of(f->head, ETHER_BYTES + IP4_HEADER_BYTES);
}

static COLD enum err send_fragments(struct net *n, uint64_t now_ns, const struct ip *hop, struct ip4_header *h,
                                    const struct bytes *v, size_t count)
{
    size_t total = h->total_len - (size_t)IP4_HEADER_BYTES;
    size_t most = (path_mtu(n, &h->dst) - (size_t)IP4_HEADER_BYTES) / 8 * 8;
    enum err e = OK;
    n->counters.ip4.out_fragmented++;
    for (size_t at = 0; at < total && e == OK; at += most) {
        struct frame f;
        size_t len = total - at < most ? total - at : most;
        h->offset = (uint16_t)at;
        h->more_fragments = at + len < total;
        h->total_len = (uint16_t)(IP4_HEADER_BYTES + len);
        f.offload = (struct net_offload){0};
        ether_slice(&f, v, count, at, len);
        emit_header(&f, h);
        n->counters.ip4.out_fragments++;
        e = send_frame(n, now_ns, hop, &f);
    }
    return e;
}

/* An identification is needed only by what may be fragmented. One counter a destination and protocol, begun at random,
 * repeats as late as can be and tells nobody how much we send to others. */
static uint16_t next_id(struct net *n, const struct ip_out *o)
{
    if (o->dont_fragment)
        return 0;
    uint32_t hash = (ip4_u32(&o->dst) ^ n->ip4.salt ^ (uint32_t)o->protocol << 8) * UINT32_C(0x9e3779b1);
    return n->ip4.id[(hash >> 16) % IP4_ID_COUNTERS]++;
}

enum err ip4_send(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t count)
{
    must(count <= IP_PIECES_MAX);
    bool src_given = !ip_equal(&o->src, &IP_NONE);
    struct ip hop = ip_is4(&o->dst) ? next_hop(n, &o->dst) : IP_NONE;
    if (ip_equal(&hop, &IP_NONE) || (!src_given && !n->ip4.up)) {
        n->counters.ip4.out_unreachable++;
        return ERR_UNREACHABLE;
    }
    size_t total = IP4_HEADER_BYTES + bytes_total(v, count);
    size_t mtu = path_mtu(n, &o->dst);
    size_t packet = o->segment_bytes ? IP4_HEADER_BYTES + (size_t)o->header_bytes + o->segment_bytes : total;
    if (total > IP4_PACKET_MAX_BYTES || (o->dont_fragment && packet > mtu)) {
        n->counters.ip4.out_too_large++;
        return ERR_TOO_LARGE;
    }
    struct ip4_header h = {.tos = o->tos,
                           .total_len = (uint16_t)total,
                           .id = next_id(n, o),
                           .dont_fragment = o->dont_fragment,
                           .ttl = o->ttl                     ? o->ttl
                                  : ip_is_multicast(&o->dst) ? MULTICAST_TTL
                                                             : IP4_TTL,
                           .protocol = o->protocol,
                           .src = src_given ? o->src : n->ip4.net.ip,
                           .dst = o->dst};
    must(packet <= mtu || !o->checksum_offset); /* no device finishes a sum over fragments */
    if (packet > mtu)
        return send_fragments(n, now_ns, &hop, &h, v, count);
    struct frame f __attribute__((uninitialized)); /* 170 bytes on each packet's way; its first n parts are set here */
    f.n = count + 1;
    for (size_t i = 0; i < count; i++) {
        f.v[i + 1].data = v[i].data; /* member by member: as a whole it becomes a string instruction, slow for so few */
        f.v[i + 1].len = v[i].len;
    }
    ether_offload(&f, o, IP4_HEADER_BYTES);
    emit_header(&f, &h);
    return send_frame(n, now_ns, &hop, &f);
}
