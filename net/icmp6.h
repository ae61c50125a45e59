/* SPDX-License-Identifier: ISC */
/* ICMP for IPv6 (RFC 4443): answers echoes, sends errors sparingly, hands errors about what we sent to the transports,
 * and neighbour discovery and MLD to their files. */
#ifndef NET_ICMP6_H
#define NET_ICMP6_H

#include "net/ip.h"
#include "wire/icmp6.h"

struct net;

/* `router_alert`: the packet had that option, without which MLD is not believed. */
void icmp6_input(struct net *n, uint64_t now_ns, const struct ip_in *in, bool router_alert);
/* An error about a received packet, unless RFC 4443 2.4 (e) or the rate limit forbids it (counted). `rest`: the pointer of
 * a parameter problem. `header`: what came before in->payload. */
void icmp6_error(struct net *n, uint64_t now_ns, enum icmp6_type type, uint8_t code, uint32_t rest,
                 const struct ip_in *in, struct bytes header);
/* Sends a message; o->src is given, and the checksum is taken here. To `hop` and `mac` as ip6_transmit. */
enum err icmp6_transmit(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct ip *hop,
                        const struct mac *mac, const struct icmp6 *m, const struct bytes *data, size_t count);

#endif
