/* SPDX-License-Identifier: ISC */
/* Sending: the route, the header, fragments. */
#include "net/net.h"

struct ip ip6_next_hop(const struct net *n, const struct ip *dst)
{
    if (ip_is_multicast(dst))
        return *dst;
    if (ip_is4(dst) || ip_is_unspecified(dst))
        return IP_NONE;
    if (ip6_find(n, dst))
        return n->loop.ops ? *dst : IP_NONE;
    struct ip hop = ip6_path_hop(n, dst);
    if (!ip_equal(&hop, &IP_NONE))
        return hop;
    return slaac_is_on_link(n, dst) ? *dst : slaac_router(n);
}

enum err ip6_route(struct net *n, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    struct ip hop = ip6_next_hop(n, dst);
    const struct ip6_address *a = ip6_source(n, dst);
    if (!a || ip_equal(&hop, &IP_NONE))
        return ERR_UNREACHABLE;
    *src = a->ip;
    *payload_bytes = (uint16_t)(ip6_path_mtu(n, dst) - IP6_HEADER_BYTES);
    return OK;
}

void ip6_reached(struct net *n, uint64_t now_ns, const struct ip *dst)
{
    struct ip hop = ip6_next_hop(n, dst);
    nd_confirm(n, now_ns, &hop);
}

static struct ip6_header header_of(const struct net *n, const struct ip_out *o, size_t payload_len)
{
    return (struct ip6_header){.tos = o->tos,
                               .payload_len = (uint16_t)payload_len,
                               .next = o->protocol,
                               .hop_limit = o->ttl ? o->ttl : n->ip6->hop_limit,
                               .src = o->src,
                               .dst = o->dst};
}

/* The frame's first part is its head, of which so many bytes were written behind the Ethernet header. */
static enum err send_frame(struct net *n, uint64_t now_ns, const struct ip *hop, const struct mac *mac, struct frame *f,
                           size_t head_len)
{
    n->counters.ip6.out++;
    f->v[0] = bytes_of(f->head, ETHER_BYTES + head_len);
    if (mac)
        return ether_output(n, f, mac, ETHER_IP6);
    if (!ip_is_multicast(hop))
        return nd_send(n, now_ns, hop, f);
    struct mac group = mac_of_multicast6(hop);
    return ether_output(n, f, &group, ETHER_IP6);
}

enum err ip6_transmit(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct ip *hop,
                      const struct mac *mac, const struct bytes *v, size_t count)
{
    struct frame f;
    must(count <= IP_PIECES_MAX);
    struct ip6_header h = header_of(n, o, bytes_total(v, count));
    struct writer w = writer_of(f.head + ETHER_BYTES, IP6_HEADER_BYTES);
    ip6_emit(&w, &h);
    f.n = count + 1;
    ether_offload(&f, o, IP6_HEADER_BYTES);
    for (size_t i = 0; i < count; i++)
        f.v[i + 1] = v[i];
    return send_frame(n, now_ns, hop, mac, &f, IP6_HEADER_BYTES);
}

/* The identification is random, so that nobody can guess the next one (RFC 7739). */
static enum err send_fragments(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct ip *hop,
                               const struct bytes *v, size_t count, size_t mtu_bytes)
{
    size_t total = bytes_total(v, count);
    size_t most = (mtu_bytes - IP6_HEADER_BYTES - IP6_FRAGMENT_BYTES) / 8 * 8;
    struct ip6_fragment part = {.next = o->protocol, .id = n->random()};
    enum err e = OK;
    n->counters.ip6.out_fragmented++;
    for (size_t at = 0; at < total && e == OK; at += most) {
        struct frame f;
        size_t len = total - at < most ? total - at : most;
        struct writer w = writer_of(f.head + ETHER_BYTES, IP6_HEADER_BYTES + IP6_FRAGMENT_BYTES);
        struct ip6_header h = header_of(n, o, IP6_FRAGMENT_BYTES + len);
        h.next = IP6_FRAGMENT;
        part.offset = (uint16_t)at;
        part.more = at + len < total;
        ip6_emit(&w, &h);
        ip6_emit_fragment(&w, &part);
        f.offload = (struct net_offload){0};
        ether_slice(&f, v, count, at, len);
        n->counters.ip6.out_fragments++;
        e = send_frame(n, now_ns, hop, NULL, &f, IP6_HEADER_BYTES + IP6_FRAGMENT_BYTES);
    }
    return e;
}

enum err ip6_send(struct net *n, uint64_t now_ns, const struct ip_out *out, const struct bytes *v, size_t count)
{
    struct ip_out o = *out;
    struct ip hop = ip6_next_hop(n, &o.dst);
    const struct ip6_address *a = ip_equal(&o.src, &IP_NONE) ? ip6_source(n, &o.dst) : ip6_find(n, &o.src);
    if (ip_equal(&hop, &IP_NONE) || !a) {
        n->counters.ip6.out_unreachable++;
        return ERR_UNREACHABLE;
    }
    o.src = a->ip;
    size_t payload = bytes_total(v, count), mtu_bytes = ip6_path_mtu(n, &o.dst);
    size_t packet = o.segment_bytes ? (size_t)o.header_bytes + o.segment_bytes : payload;
    if (packet + IP6_HEADER_BYTES <= mtu_bytes && payload <= UINT16_MAX)
        return ip6_transmit(n, now_ns, &o, &hop, NULL, v, count);
    if (payload > UINT16_MAX || o.dont_fragment) {
        n->counters.ip6.out_too_large++;
        return ERR_TOO_LARGE;
    }
    must(!o.checksum_offset); /* no device finishes a sum over fragments */
    return send_fragments(n, now_ns, &o, &hop, v, count, mtu_bytes);
}

bool ip6_problem(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem, uint16_t mtu_bytes)
{
    struct ip6_header h;
    struct bytes payload;
    if (!ip6_parse_quoted(quoted, &h, &payload) || !ip6_find(n, &h.src))
        return false;
    if (h.next == IP6_FRAGMENT) { /* ours have no other extension headers but MLD's */
        struct ip6_walk w = ip6_walk_start(&h);
        if (ip6_walk(&w, quoted) != IP6_FOUND_FRAGMENT || w.fragment.offset)
            return problem == PROBLEM_TOO_BIG;
        h.next = w.next;
        payload = bytes_slice(quoted, w.at, quoted.len);
    }
    if (payload.len < 8)
        return false;
    struct ip_problem p = {
        .problem = problem, .src = h.src, .dst = h.dst, .protocol = h.next, .mtu_bytes = mtu_bytes, .payload = payload};
    if (h.next == IP_TCP && n->tcp)
        n->tcp->problem(n->tcp, now_ns, &p);
    else if (h.next == IP_UDP && problem != PROBLEM_TOO_BIG)
        udp_problem_input(n, &p);
    return true;
}
