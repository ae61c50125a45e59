/* SPDX-License-Identifier: ISC */
/* Network addresses: byte structs in network order. An IP address is 16 bytes for both families; IPv4 is
 * kept as ::ffff:a.b.c.d, so one type, one compare and one table serve both. */
#ifndef JINN_ADDR_H
#define JINN_ADDR_H

#include <jinn/bytes.h>

#include <stdbool.h>
#include <stdint.h>

struct mac {
    uint8_t b[6];
};

struct ip {
    uint8_t b[16];
};

struct endpoint {
    struct ip ip;
    uint16_t port;
};

/* A network: its address and the number of leading bits that count. For IPv4, 0 to 32. */
struct ip_net {
    struct ip ip;
    uint8_t prefix_len;
};

#define MAC_BROADCAST ((struct mac){{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}})

static inline struct ip ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct ip){{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}};
}

static inline struct ip ip4_of_bytes(const uint8_t b[4])
{
    struct ip ip = ip4(0, 0, 0, 0);
    memcpy(ip.b + 12, b, 4);
    return ip;
}

static inline struct ip ip4_of_u32(uint32_t v)
{
    return ip4((uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v);
}

/* The IPv4 address as a number in host order. */
static inline uint32_t ip4_u32(const struct ip *ip)
{
    return (uint32_t)ip->b[12] << 24 | (uint32_t)ip->b[13] << 16 | (uint32_t)ip->b[14] << 8 | ip->b[15];
}

static inline bool ip_is4(const struct ip *ip)
{
    static const uint8_t mapped[4] = {0, 0, 0xff, 0xff};
    uint64_t high;
    uint32_t middle, wanted;
    memcpy(&high, ip->b,
           sizeof high); /* words, not memcmp: a call for each compare costs more than the rest of a packet */
    memcpy(&middle, ip->b + 8, sizeof middle);
    memcpy(&wanted, mapped, sizeof wanted);
    return (high | (middle ^ wanted)) == 0;
}

#define IP_ANY4 ip4(0, 0, 0, 0)
#define IP_BROADCAST4 ip4(255, 255, 255, 255)
#define IP_NONE ((struct ip){{0}}) /* "::", no address at all */

static inline bool ip_equal(const struct ip *a, const struct ip *b)
{
    uint64_t x[2], y[2];
    memcpy(x, a->b, sizeof x);
    memcpy(y, b->b, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

/* IPv6's fe80::/10. */
static inline bool ip_is_link_local(const struct ip *ip)
{
    return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80;
}

/* An IPv4 address that one host can have: not of this network, loopback, a group or the reserved rest (RFC 1122 3.2.1.3). */
static inline bool ip4_is_host(const struct ip *ip)
{
    return ip->b[12] != 0 && ip->b[12] != 127 && ip->b[12] < 224;
}

bool ip_is_unspecified(const struct ip *ip); /* 0.0.0.0 or :: */
bool ip_is_multicast(const struct ip *ip);
bool ip_in_net(const struct ip *ip, const struct ip_net *net);
struct ip ip4_net_broadcast(const struct ip_net *net);

/* Text. Parsing takes the whole of the text or says false; for IPv4 four decimal numbers without leading
 * zeros, for IPv6 RFC 4291's forms. Printing follows RFC 5952 and needs a buffer of the size named. */
#define IP_TEXT_BYTES 46
#define ENDPOINT_TEXT_BYTES 54
#define MAC_TEXT_BYTES 18
bool ip_parse(struct bytes text, struct ip *ip);
bool ip_net_parse(struct bytes text, struct ip_net *net); /* "10.0.0.2/24": keeps the host's bits */
const char *ip_text(const struct ip *ip, char out[static IP_TEXT_BYTES]);
const char *endpoint_text(const struct endpoint *e, char out[static ENDPOINT_TEXT_BYTES]);
const char *mac_text(const struct mac *m, char out[static MAC_TEXT_BYTES]);
bool mac_parse(struct bytes text, struct mac *m);

#endif
