/* SPDX-License-Identifier: ISC */
/* DHCPv6 messages (RFC 8415), as a client with one address sees them. */
#ifndef WIRE_DHCP6_H
#define WIRE_DHCP6_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define DHCP6_CLIENT_PORT 546
#define DHCP6_SERVER_PORT 547
#define DHCP6_DNS_MAX 3            /* name servers that are kept; more are left out */
#define DHCP6_SEARCH_MAX_BYTES 255 /* of a search list: a few domains; what is beyond is left out */
#define DHCP6_DUID_MAX_BYTES 130   /* RFC 8415 11.1: a type and at most 128 bytes; longer ones are refused */
#define DHCP6_CLIENT_DUID_BYTES 10 /* DUID-LL, 11.4 */
#define DHCP6_IAID 1               /* the name of our one association; the DUID tells clients apart */
#define DHCP6_FOREVER UINT32_MAX   /* a lifetime that never ends */
#define DHCP6_EMIT_MAX_BYTES 256   /* room for what dhcp6_emit writes, each option at its longest */
#define DHCP6_ALL_SERVERS ((struct ip){{0xff, 2, [13] = 1, [15] = 2}}) /* ff02::1:2 */

enum dhcp6_type {
    DHCP6_SOLICIT = 1,
    DHCP6_ADVERTISE,
    DHCP6_REQUEST,
    DHCP6_CONFIRM,
    DHCP6_RENEW,
    DHCP6_REBIND,
    DHCP6_REPLY,
    DHCP6_RELEASE,
    DHCP6_DECLINE,
    DHCP6_RECONFIGURE,
    DHCP6_INFORMATION
};

/* RFC 8415 21.13. */
enum dhcp6_status {
    DHCP6_SUCCESS,
    DHCP6_UNSPECIFIED,
    DHCP6_NO_ADDRESSES,
    DHCP6_NO_BINDING,
    DHCP6_NOT_ON_LINK,
    DHCP6_USE_MULTICAST
};

/* An address that is absent is IP_NONE, a number that is absent 0, bytes that are absent have length 0. */
struct dhcp6_message {
    uint8_t type;                      /* enum dhcp6_type */
    uint32_t xid;                      /* 24 bits */
    struct bytes client_id, server_id; /* DUIDs; BORROWS the message */
    bool has_ia;                       /* option 3 with our IAID */
    uint32_t t1_s, t2_s;
    struct ip address; /* in it: the first that may be used, or else the first */
    uint32_t preferred_s, valid_s;
    uint16_t status; /* 13, of the message; enum dhcp6_status */
    uint16_t ia_status;
    uint8_t preference;           /* 7 */
    bool rapid_commit;            /* 14 */
    struct ip dns[DHCP6_DNS_MAX]; /* 23 */
    size_t n_dns, n_dns_left_out;
    struct bytes search;     /* 24: names, uncompressed, unchecked; BORROWS the message */
    uint32_t refresh_s;      /* 32 */
    uint32_t solicit_most_s; /* 82: SOL_MAX_RT */
    uint32_t inform_most_s;  /* 83: INF_MAX_RT */
    uint16_t elapsed_10ms;   /* 8; emitted only */
};

/* Reads a server's or client's message; relays' are refused. Of an option that comes twice the first counts, but name
 * servers and addresses add up. An association that contradicts itself (T1 > T2) counts as absent, and an address that
 * is preferred longer than valid does, too (21.4, 21.6). False: cut short, or an option of a wrong length. */
bool dhcp6_parse(struct bytes b, struct dhcp6_message *m);
/* Writes a client's message: identifiers, the elapsed time, and, unless it declines or releases, what is asked for. With has_ia the
 * association, with the address if there is one. */
void dhcp6_emit(struct writer *w, const struct dhcp6_message *m);
/* 00 03 00 01 and the MAC. */
void dhcp6_duid(uint8_t duid[static DHCP6_CLIENT_DUID_BYTES], const struct mac *mac);

#endif
