/* SPDX-License-Identifier: ISC */
/* ICMP for IPv4 (RFC 792, RFC 1122 3.2.2): answers echoes, sends errors sparingly, and hands errors about what we sent to
 * the transports. Source quenches are ignored (RFC 6633). */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/ip.h"
#include "net/limits.h"
#include "wire/icmp4.h"

struct net;

struct icmp {
    uint64_t paid_ns; /* the errors' bucket */
};

/* `header` is the IP header of `in`, as received. */
void icmp_input(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header);
/* Sends an error about a received datagram, unless RFC 1122 3.2.2 or the rate limit forbids it (counted). */
void icmp_error(struct net *n, uint64_t now_ns, enum icmp4_type type, uint8_t code, const struct ip_in *in,
                struct bytes header);

#endif
