/* SPDX-License-Identifier: ISC */
#include "net/ip6.h"
#include "net/icmp6.h"
#include "net/net.h"

#include <jinn/stack.h>

#include <stdlib.h>

/* ---- Whose it is ---- */

static bool is_group(const struct net *n, const struct ip *ip)
{
    return ip6_is_all_nodes(ip) || mld_is_member(n, ip);
}

static bool listens_to(const struct net *n, const struct mac *mac)
{
    struct mac all = {{0x33, 0x33, 0, 0, 0, 1}};
    if (mac_equal(mac, &all))
        return true;
    for (size_t i = 0; i < MLD_GROUPS; i++) {
        const struct mld_group *g = &n->ip6->mld.group[i];
        struct mac group = mac_of_multicast6(&g->group);
        if (g->n_members && mac_equal(mac, &group))
            return true;
    }
    return false;
}

/* Groups, loopback, and our own addresses, which nobody else has. "::" asks about addresses. */
static bool is_martian(const struct net *n, const struct ip *src)
{
    bool loopback = ip_equal(src, &(struct ip){{[15] = 1}});
    return ip_is_multicast(src) || loopback || ip6_find(n, src);
}

/* Who has one of our addresses says so from it, to whoever asks whether somebody has it (RFC 4862 5.4.4). */
static bool is_claim(const struct ip6_header *h, struct bytes datagram)
{
    return h->next == IP6_ICMP && h->hop_limit == ND_HOP_LIMIT && datagram.len > IP6_HEADER_BYTES &&
           datagram.data[IP6_HEADER_BYTES] == ICMP6_NEIGHBOUR_ADVERTISEMENT;
}

/* ---- Delivery ---- */

/* All up to the transport's header is `header`; w tells what the transport is. */
static void deliver(struct net *n, uint64_t now_ns, struct ip_in *in, struct bytes header, const struct ip6_walk *w)
{
    n->counters.ip6.delivered++;
    in->protocol = w->next;
    if (w->next == IP_TCP && n->tcp) {
        n->tcp->input(n->tcp, now_ns, in);
    } else if (w->next == IP_UDP) {
        udp_input(n, now_ns, in, header);
    } else if (w->next == IP6_ICMP) {
        icmp6_input(n, now_ns, in, w->router_alert);
    } else if (w->next != IP6_NOTHING) {
        n->counters.ip6.in_unknown_protocol++;
        icmp6_error(n, now_ns, ICMP6_PARAMETER, ICMP6_NEXT_HEADER, (uint32_t)w->next_at, in, header);
    }
}

/* A datagram whose headers can't be gone through. `header` and in->payload together are what is quoted. */
static void refuse(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header,
                   const struct ip6_walk *w, enum ip6_found found)
{
    struct counters_ip6 *c = &n->counters.ip6;
    if (found == IP6_FOUND_MALFORMED) {
        c->in_bad_header++;
    } else if (found == IP6_FOUND_TOO_MANY) {
        c->in_too_many++;
    } else if (found == IP6_FOUND_PROBLEM && in->broadcast) {
        c->in_problem++;
        n->counters.icmp6.out_suppressed++;
    } else {
        c->in_problem++;
        icmp6_error(n, now_ns, ICMP6_PARAMETER, w->code, w->pointer, in, header);
    }
}

/* ---- Fragments ---- */

/* Fragmentation headers inside what was fragmented are sent by nobody who means well. Positions of what is at
 * fault are those in the fragments' headers and the whole payload, as they are quoted. */
static void deliver_whole(struct net *n, uint64_t now_ns, struct ip_in *in, const struct frag_part *part)
{
    struct ip6_walk w = {.next = part->next, .n_headers = 1};
    enum ip6_found found = ip6_walk(&w, part->payload);
    in->tos = part->tos;
    in->payload = part->payload;
    in->protocol = w.next;
    w.pointer += (uint32_t)part->header.len;
    w.next_at += part->header.len;
    if (found == IP6_FOUND_UPPER) {
        in->payload = bytes_slice(part->payload, w.at, part->payload.len);
        deliver(n, now_ns, in, part->header, &w);
    } else {
        refuse(n, now_ns, in, part->header, &w, found == IP6_FOUND_FRAGMENT ? IP6_FOUND_MALFORMED : found);
    }
}

/* RFC 7112: all headers are in the first fragment. Here: the transport's begins there, 8 bytes of it at least. */
static bool has_all_headers(const struct ip6_walk *w, struct bytes payload)
{
    struct ip6_walk inner = {.next = w->next, .n_headers = 1};
    enum ip6_found found = ip6_walk(&inner, payload);
    return found != IP6_FOUND_MALFORMED && (found != IP6_FOUND_UPPER || inner.at <= payload.len);
}

static void input_fragment(struct net *n, uint64_t now_ns, struct ip_in *in, struct bytes datagram,
                           const struct ip6_walk *w)
{
    struct frag_part part = {.src = in->src,
                             .dst = in->dst,
                             .id = w->fragment.id,
                             .next = w->next,
                             .offset = w->fragment.offset,
                             .more = w->fragment.more,
                             .tos = in->tos,
                             .most_bytes = UINT16_MAX,
                             .header = bytes_slice(datagram, 0, w->at),
                             .payload = bytes_slice(datagram, w->at, datagram.len)};
    in->payload = part.payload;
    if (part.more && part.payload.len % FRAG_UNIT_BYTES) { /* RFC 8200 4.5 */
        n->counters.ip6.in_problem++;
        icmp6_error(n, now_ns, ICMP6_PARAMETER, ICMP6_FIELD, 4, in, part.header);
        return;
    }
    if (part.offset == 0 && part.more && !has_all_headers(w, part.payload)) {
        n->counters.ip6.in_split_headers++;
        icmp6_error(n, now_ns, ICMP6_PARAMETER, ICMP6_FIRST_FRAGMENT, 0, in, part.header);
        return;
    }
    bool whole = part.offset == 0 && !part.more; /* RFC 6946: it has nothing to do with others of its number */
    n->counters.ip6.in_atomic += whole;
    if (whole || frag_input(&n->frag, now_ns, &part))
        deliver_whole(n, now_ns, in, &part);
}

static void tell_timeout(struct net *n, uint64_t now_ns, struct bytes header, struct bytes payload)
{
    struct ip6_header h;
    struct bytes rest;
    if (!ip6_parse_quoted(header, &h, &rest))
        return;
    struct ip_in in = {.src = h.src, .dst = h.dst, .payload = payload, .broadcast = !ip6_find(n, &h.dst)};
    icmp6_error(n, now_ns, ICMP6_TIME_EXCEEDED, ICMP6_REASSEMBLY, 0, &in, header);
}

/* ---- Input ---- */

static void input(struct net *n, uint64_t now_ns, struct bytes packet, unsigned link)
{
    struct counters_ip6 *c = &n->counters.ip6;
    struct ip6_header h;
    struct bytes datagram;
    c->in++;
    if (!ip6_parse(packet, &h, &datagram)) {
        c->in_bad_header++;
        return;
    }
    if (is_martian(n, &h.src) && !n->loop.delivering && !is_claim(&h, datagram)) {
        c->in_martian++;
        return;
    }
    bool group = ip_is_multicast(&h.dst);
    if (group ? !is_group(n, &h.dst) : (link & LINK_GROUP || !ip6_find(n, &h.dst))) {
        c->in_other_host++;
        return;
    }
    struct ip6_walk w = ip6_walk_start(&h);
    enum ip6_found found = ip6_walk(&w, datagram);
    struct bytes header = bytes_slice(datagram, 0, w.at);
    struct ip_in in = {.src = h.src,
                       .dst = h.dst,
                       .payload = bytes_slice(datagram, w.at, datagram.len),
                       .protocol = w.next,
                       .ttl = h.hop_limit,
                       .tos = h.tos,
                       .several = link & LINK_SEVERAL,
                       .checksum_verified = link & LINK_VERIFIED && found == IP6_FOUND_UPPER,
                       .broadcast = group};
    if (found == IP6_FOUND_UPPER)
        deliver(n, now_ns, &in, header, &w);
    else if (found == IP6_FOUND_FRAGMENT)
        input_fragment(n, now_ns, &in, datagram, &w);
    else
        refuse(n, now_ns, &in, header, &w, found);
}

static void refuse_port(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header)
{
    icmp6_error(n, now_ns, ICMP6_UNREACHABLE, ICMP6_PORT, 0, in, header);
}

/* ---- Life ---- */

static enum err make(struct net *n)
{
    if (n->mtu_bytes < IP6_MTU_LEAST_BYTES)
        return ERR_UNSUPPORTED;
    n->ip6 = calloc(1, sizeof *n->ip6);
    if (!n->ip6)
        return ERR_FULL;
    n->ip6->mtu_bytes = n->mtu_bytes;
    n->ip6->hop_limit = IP6_HOP_LIMIT;
    n->ip6->loopback = (struct ip6_address){.ip = {{[15] = 1}}, .prefix_len = 128, .state = IP6_VALID};
    for (size_t i = 0; i < IP6_PATHS; i++)
        n->ip6->path[i].mtu_until_ns = TIME_NEVER;
    n->ip6->path_next_ns = TIME_NEVER;
    mld_init(n);
    ip6_temporary_init(n, false);
    ip6_dhcp_init(n, false);
    slaac_init(n);
    enum err e = nd_init(n);
    if (e != OK)
        free(n->ip6);
    return e;
}

static void free_ip6(struct net *n)
{
    nd_free(n);
    free(n->ip6);
}

static uint64_t deadline(const struct net *n)
{
    const struct ip6 *six = n->ip6;
    uint64_t at = time_min(ip6_address_deadline(n), nd_deadline(n));
    at = time_min(at, time_min(six->temporary.next_ns, dhcp6_deadline(&six->dhcp.client)));
    at = time_min(at, six->path_next_ns);
    return time_min(at, time_min(mld_deadline(n), slaac_deadline(n)));
}

static void tick(struct net *n, uint64_t now_ns)
{
    ip6_address_tick(n, now_ns);
    ip6_path_tick(n, now_ns);
    nd_tick(n, now_ns);
    mld_tick(n, now_ns);
    slaac_tick(n, now_ns);
    ip6_temporary_tick(n, now_ns);
    dhcp6_tick(&n->ip6->dhcp.client, now_ns);
}

static void stop(struct net *n, uint64_t now_ns)
{
    dhcp6_release(&n->ip6->dhcp.client, now_ns);
}

const struct ip6_ops stack_ip6 = {.make = make,
                                  .free = free_ip6,
                                  .start = ip6_start,
                                  .stop = stop,
                                  .listens_to = listens_to,
                                  .input = input,
                                  .send = ip6_send,
                                  .route = ip6_route,
                                  .reached = ip6_reached,
                                  .refuse_port = refuse_port,
                                  .tell_timeout = tell_timeout,
                                  .take_udp = ip6_dhcp_take_udp,
                                  .join = mld_join,
                                  .leave = mld_leave,
                                  .deadline = deadline,
                                  .tick = tick,
                                  .is_ready = ip6_is_ready};
