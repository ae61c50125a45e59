/* SPDX-License-Identifier: ISC */
/* ICMP for IPv6 (RFC 4443), which also carries neighbour discovery (wire/nd.h) and MLD (RFC 3810). */
#ifndef WIRE_ICMP6_H
#define WIRE_ICMP6_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define ICMP6_HEADER_BYTES 8

enum icmp6_type {
    ICMP6_UNREACHABLE = 1,
    ICMP6_TOO_BIG = 2,
    ICMP6_TIME_EXCEEDED = 3,
    ICMP6_PARAMETER = 4,
    ICMP6_ECHO = 128,
    ICMP6_ECHO_REPLY = 129,
    ICMP6_MLD_QUERY = 130,
    ICMP6_MLD_REPORT = 131,
    ICMP6_MLD_DONE = 132,
    ICMP6_ROUTER_SOLICITATION = 133,
    ICMP6_ROUTER_ADVERTISEMENT = 134,
    ICMP6_NEIGHBOUR_SOLICITATION = 135,
    ICMP6_NEIGHBOUR_ADVERTISEMENT = 136,
    ICMP6_REDIRECT = 137,
    ICMP6_MLD2_REPORT = 143
};

enum icmp6_unreachable {
    ICMP6_NO_ROUTE = 0,
    ICMP6_PROHIBITED = 1,
    ICMP6_ADDRESS = 3,
    ICMP6_PORT = 4,
    ICMP6_POLICY = 5
};
enum icmp6_exceeded { ICMP6_HOPS = 0, ICMP6_REASSEMBLY = 1 };
enum icmp6_parameter { ICMP6_FIELD = 0, ICMP6_NEXT_HEADER = 1, ICMP6_OPTION = 2, ICMP6_FIRST_FRAGMENT = 3 };

struct icmp6 {
    uint8_t type;
    uint8_t code;
    uint32_t rest;     /* the four bytes behind the checksum, as a number */
    struct bytes data; /* what follows */
};

/* False: cut short, or the checksum is wrong. Data stays in place. */
bool icmp6_parse(struct bytes message, const struct ip *src, const struct ip *dst, struct icmp6 *m);
/* Writes the 8 bytes of the header, with the checksum over it, the pseudo-header and `data` (m->data is not looked
 * at), which follows in n parts. */
void icmp6_emit(struct writer *w, const struct icmp6 *m, const struct ip *src, const struct ip *dst,
                const struct bytes *data, size_t n);

#endif
