/* SPDX-License-Identifier: ISC */
/* IPv6 headers and extension headers (RFC 8200 3 and 4). */
#ifndef WIRE_IP6_H
#define WIRE_IP6_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define IP6_HEADER_BYTES 40
#define IP6_FRAGMENT_BYTES 8
#define IP6_MTU_LEAST_BYTES 1280

enum ip6_next {
    IP6_HOP_BY_HOP = 0,
    IP6_ROUTING = 43,
    IP6_FRAGMENT = 44,
    IP6_ICMP = 58,
    IP6_NOTHING = 59,
    IP6_DESTINATION = 60
};

enum {
    /* RFC 8504 5.3 allows limits on what costs time and serves nobody: headers in a chain, options in a header. */
    IP6_EXTENSIONS_MAX = 8,
    IP6_OPTIONS_MAX = 8
};

struct ip6_header {
    uint8_t tos; /* traffic class: DSCP and ECN */
    uint32_t flow;
    uint16_t payload_len;
    uint8_t next;
    uint8_t hop_limit;
    struct ip src;
    struct ip dst;
};

/* False: no version 6, cut short, or an address that is IPv4 in disguise (::ffff:0:0/96 never is on a wire). `packet` may be
 * longer than the datagram (padding). GIVES the datagram, header included, in place. */
bool ip6_parse(struct bytes packet, struct ip6_header *h, struct bytes *datagram);
/* A header that an ICMP error quotes: what follows may be cut. GIVES what there is behind it. */
bool ip6_parse_quoted(struct bytes packet, struct ip6_header *h, struct bytes *payload);
void ip6_emit(struct writer *w, const struct ip6_header *h);

struct ip6_fragment {
    uint8_t next;
    uint16_t offset; /* bytes */
    bool more;
    uint32_t id;
};

void ip6_emit_fragment(struct writer *w, const struct ip6_fragment *f);

/* Where a walk along a chain of headers is, and what it found. */
struct ip6_walk {
    uint8_t next;       /* the header at `at` */
    size_t next_at;     /* the byte that says so */
    size_t at;          /* in the buffer */
    unsigned n_headers; /* so far */
    bool router_alert;  /* RFC 2711 */
    struct ip6_fragment fragment;
    uint8_t code;     /* of the parameter problem, RFC 4443 3.4 */
    uint32_t pointer; /* likewise: the byte that is at fault */
};

enum ip6_found {
    IP6_FOUND_UPPER,      /* a transport's header is at `at`, or nothing at all */
    IP6_FOUND_FRAGMENT,   /* behind a fragment header, read into `fragment` */
    IP6_FOUND_MALFORMED,  /* drop it silently */
    IP6_FOUND_TOO_MANY,   /* more headers or options than the limits: drop it silently */
    IP6_FOUND_PROBLEM,    /* a parameter problem, to be told unless it was sent to a group */
    IP6_FOUND_PROBLEM_ALL /* likewise, but also if it was */
};

/* At the header behind the fixed one. */
struct ip6_walk ip6_walk_start(const struct ip6_header *h);
/* Goes on from where `w` is. Hop-by-hop options count only as the very first header. */
enum ip6_found ip6_walk(struct ip6_walk *w, struct bytes datagram);

#endif
