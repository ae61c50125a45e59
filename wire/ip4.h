/* SPDX-License-Identifier: ISC */
/* IPv4 headers (RFC 791, RFC 1122 3.2.1). */
#ifndef WIRE_IP4_H
#define WIRE_IP4_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define IP4_HEADER_BYTES 20     /* without options; what ip4_emit writes */
#define IP4_HEADER_MAX_BYTES 60 /* with options */
#define IP4_PACKET_MAX_BYTES 65535

struct ip4_header {
    uint8_t header_len; /* bytes, options included */
    uint8_t tos;        /* DSCP and ECN */
    uint16_t total_len; /* header and payload */
    uint16_t id;
    bool dont_fragment;
    bool more_fragments;
    uint16_t offset; /* of this fragment's payload: bytes, a multiple of 8 */
    uint8_t ttl;
    uint8_t protocol;
    struct ip src;
    struct ip dst;
};

enum ip4_fault {
    IP4_GOOD,
    IP4_BAD_HEADER,   /* version, header length or total length is impossible */
    IP4_BAD_CHECKSUM, /* of the header */
    IP4_BAD_OPTIONS,  /* an option runs past its end */
    IP4_SOURCE_ROUTE  /* loose or strict source routing: refused (RFC 7126 4.3 and 4.4) */
};

/* Checks the whole header. `packet` may be longer than the datagram (padding). GIVES the payload, in place. */
enum ip4_fault ip4_parse(struct bytes packet, struct ip4_header *h, struct bytes *payload);
/* A header that an ICMP error quotes: it may be cut behind the header and its checksum is not looked at. */
bool ip4_parse_quoted(struct bytes packet, struct ip4_header *h, struct bytes *payload);
/* Writes 20 bytes, checksum included. header_len is not looked at. */
void ip4_emit(struct writer *w, const struct ip4_header *h);
/* Writes the header of what routers are to look at (RFC 2113): its option, TTL 1, precedence 6, never in fragments. */
#define IP4_ALERT_BYTES 24
void ip4_emit_alert(struct writer *w, uint8_t protocol, const struct ip *src, const struct ip *dst, size_t payload_len);

#endif
