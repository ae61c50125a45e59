/* SPDX-License-Identifier: ISC */
/* IPv6's parsers alone: the chain of headers, ICMPv6, every message of neighbour discovery. */
#include "wire/icmp6.h"
#include "wire/ip6.h"
#include "wire/nd.h"

#include <jinn/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void chain(struct bytes packet)
{
    struct ip6_header h;
    struct bytes datagram, rest;
    if (ip6_parse_quoted(packet, &h, &rest))
        must(rest.len <= h.payload_len);
    if (!ip6_parse(packet, &h, &datagram))
        return;
    struct ip6_walk w = ip6_walk_start(&h);
    enum ip6_found found;
    do {
        size_t before = w.at;
        found = ip6_walk(&w, datagram);
        must(w.at >= before && w.n_headers <= IP6_EXTENSIONS_MAX + 1);
        must((found != IP6_FOUND_UPPER && found != IP6_FOUND_FRAGMENT) || w.at <= datagram.len);
    } while (found == IP6_FOUND_FRAGMENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = bytes_of(data, size);
    struct nd_neighbour_message neighbour;
    struct nd_router_message router;
    struct nd_redirect redirect;
    struct icmp6 m;
    struct ip none = IP_NONE;
    chain(b);
    (void)icmp6_parse(b, &none, &none, &m);
    (void)nd_parse_neighbour(b, &neighbour);
    (void)nd_parse_redirect(b, &redirect);
    if (nd_parse_router(b, &router))
        must(router.options.n_prefixes <= ND_PREFIXES_MAX && router.options.n_servers <= ND_SERVERS_MAX);
    return 0;
}
