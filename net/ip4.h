/* SPDX-License-Identifier: ISC */
/* IPv4 of one device with one address and a table of routes (RFC 791, RFC 1122 3). There is no forwarding. */
#ifndef NET_IP4_H
#define NET_IP4_H

#include "net/ip.h"
#include "net/limits.h"

struct net;

enum { IP4_ID_COUNTERS = 64, IP4_TTL = 64 };

/* A destination that a narrower path leads to (ip4_path.c). */
struct ip4_path {
    uint64_t until_ns;
    uint32_t dst;
    uint16_t mtu_bytes;
};

struct ip4 {
    bool up;           /* we have an address */
    struct ip_net net; /* our address, all of its bits, and the length of the on-link prefix */
    struct ip broadcast;
    uint8_t n_paths;
    uint32_t salt;
    uint16_t id[IP4_ID_COUNTERS]; /* for datagrams that may be fragmented, by destination (RFC 6864 4.3) */
    struct ip4_path path[IP4_PATHS];
};

void ip4_init(struct net *n);
/* Takes an address and the route to its prefix; the former one, if any, is gone, and redirects are. */
void ip4_set(struct net *n, const struct ip_net *net);
/* With the address the routes of its lease go. */
void ip4_unset(struct net *n);
/* Whether we'd send to `ip` directly: a host on the link other than us, or a gateway. */
bool ip4_is_neighbour(const struct net *n, const struct ip *ip);

/* `link`: bits of enum link_in. */
void ip4_input(struct net *n, uint64_t now_ns, struct bytes packet, unsigned link);
/* As ip_below.send and ip_below.route say. */
enum err ip4_send(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t count);
enum err ip4_route(struct net *n, const struct ip *dst, struct ip *src, uint16_t *payload_bytes);
/* Hands a problem about `quoted`, the beginning of a packet of ours, to the transport that sent it. False: it is not
 * ours, or too short to tell. */
bool ip4_problem(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem, uint16_t mtu_bytes);

/* The peer at `dst` gets what we send: whoever leads to it need not be asked. */
void ip4_reached(struct net *n, uint64_t now_ns, const struct ip *dst);

/* ---- ip4_path.c ---- */

uint16_t ip4_path_find(const struct net *n, const struct ip *dst);
void ip4_path_narrow(struct net *n, uint64_t now_ns, const struct ip *dst, uint16_t mtu_bytes);
uint64_t ip4_path_deadline(const struct net *n);
void ip4_path_tick(struct net *n, uint64_t now_ns);

#endif
