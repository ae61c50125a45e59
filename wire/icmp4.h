/* SPDX-License-Identifier: ISC */
/* ICMP for IPv4 (RFC 792; RFC 1191 for the next hop's MTU). */
#ifndef WIRE_ICMP4_H
#define WIRE_ICMP4_H

#include <jinn/bytes.h>

#define ICMP4_HEADER_BYTES 8

enum icmp4_type {
    ICMP4_ECHO_REPLY = 0,
    ICMP4_UNREACHABLE = 3,
    ICMP4_SOURCE_QUENCH = 4,
    ICMP4_REDIRECT = 5,
    ICMP4_ECHO = 8,
    ICMP4_TIME_EXCEEDED = 11,
    ICMP4_PARAMETER = 12
};

enum icmp4_unreachable {
    ICMP4_NET = 0,
    ICMP4_HOST = 1,
    ICMP4_PROTOCOL = 2,
    ICMP4_PORT = 3,
    ICMP4_TOO_BIG = 4,
    ICMP4_NET_PROHIBITED = 9,
    ICMP4_HOST_PROHIBITED = 10,
    ICMP4_PROHIBITED = 13
};

enum icmp4_exceeded { ICMP4_TTL = 0, ICMP4_REASSEMBLY = 1 };

struct icmp4 {
    uint8_t type;
    uint8_t code;
    uint32_t rest;     /* the four bytes behind the checksum, as a number */
    struct bytes data; /* echo data, or the quoted packet */
};

/* False: cut short, or the checksum is wrong. Data stays in place. */
bool icmp4_parse(struct bytes message, struct icmp4 *m);
/* Writes the 8 bytes of the header, with the checksum over it and `data` (m->data is not looked at), which
 * follows in n parts. */
void icmp4_emit(struct writer *w, const struct icmp4 *m, const struct bytes *data, size_t n);

/* An error as opposed to a query: no error may be sent about it (RFC 1122 3.2.2). Unknown types count as errors. */
bool icmp4_is_error(uint8_t type);

#endif
