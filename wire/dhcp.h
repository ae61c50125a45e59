/* SPDX-License-Identifier: ISC */
/* DHCP messages (RFC 2131, options of RFC 2132), as a client sees them. */
#ifndef WIRE_DHCP_H
#define WIRE_DHCP_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_HOSTNAME_MAX_BYTES 63 /* a DNS label; longer names are cut */
#define DHCP_DNS_MAX 3             /* name servers that are kept; more are left out */
#define DHCP_ROUTES_MAX 8          /* as well */
#define DHCP_SEARCH_MAX_BYTES 255  /* of options 15 and 119: a list of a few domains; what is beyond is left out */
#define DHCP_ROUTES_MAX_BYTES 512  /* of option 121 in parts (RFC 3396): at least 56 routes */
/* Room for what dhcp_emit writes: 240 bytes up to the options, and each option at its longest. Never below 300,
 * which old relays demand (RFC 1542 2.1). */
#define DHCP_EMIT_MAX_BYTES 400
#define DHCP_FOREVER UINT32_MAX /* a lease that never ends */

enum dhcp_op { DHCP_BOOTREQUEST = 1, DHCP_BOOTREPLY = 2 };

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM
};

struct dhcp_route {
    uint32_t to, gateway; /* host order; gateway 0: on the link */
    uint8_t prefix_len;
};

/* What a host is told beside its address. */
struct dhcp_config {
    /* Option 121, or if that is absent a way to everywhere for each router of option 3. Option 33 is not read: it belongs to
     * networks with classes (RFC 3442). */
    struct dhcp_route route[DHCP_ROUTES_MAX];
    struct ip dns[DHCP_DNS_MAX]; /* 6 */
    uint8_t n_routes, n_dns;
    uint16_t mtu_bytes; /* 26 */
    /* 119: names that may be compressed, as in DNS messages (RFC 3397), or if that is absent 15: one as text. Unchecked. */
    bool search_is_text;
    uint8_t search_len;
    uint8_t search[DHCP_SEARCH_MAX_BYTES];
};

/* An address that is absent is IP_NONE, a time that is absent 0. */
struct dhcp_message {
    uint8_t op;   /* enum dhcp_op */
    uint8_t type; /* enum dhcp_type; 0: plain BOOTP */
    uint32_t xid;
    uint16_t secs;
    struct ip ciaddr;
    struct ip yiaddr;
    struct mac chaddr;
    struct ip server_id; /* option 54 */
    struct ip requested; /* 50; emitted only */
    struct ip mask;      /* 1 */
    struct dhcp_config config;
    uint16_t n_routes_left_out, n_dns_left_out, n_search_left_out; /* for which config had no room; the last in bytes */
    uint32_t lease_s;                                              /* 51 */
    uint32_t t1_s;                                                 /* 58 */
    uint32_t t2_s;                                                 /* 59 */
    struct bytes hostname;                                         /* 12; emitted only */
};

/* Reads a message of Ethernet hardware, options spread over `file` and `sname` included (option 52). Options 119 and
 * 121 may come in parts (RFC 3396); of others that come twice the first counts. False: cut short, not
 * Ethernet, no magic cookie, or an option of a wrong length. */
bool dhcp_parse(struct bytes b, struct dhcp_message *m);
/* Writes a client's message: what is absent is left out; client identifier (the MAC) and parameter list are added. */
void dhcp_emit(struct writer *w, const struct dhcp_message *m);

#endif
