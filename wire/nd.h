/* SPDX-License-Identifier: ISC */
/* Neighbour discovery's messages (RFC 4861 4, RFC 8106 5 for RDNSS and DNSSL). Each is what follows the 8 bytes of an ICMPv6
 * header, whose last four (struct icmp6.rest) hold flags or lifetimes. */
#ifndef WIRE_ND_H
#define WIRE_ND_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

enum nd_option { ND_SOURCE_MAC = 1, ND_TARGET_MAC = 2, ND_PREFIX = 3, ND_MTU = 5, ND_RDNSS = 25, ND_DNSSL = 31 };

/* Of an advertisement of a neighbour, in icmp6.rest. */
#define ND_ROUTER UINT32_C(0x80000000)
#define ND_SOLICITED UINT32_C(0x40000000)
#define ND_OVERRIDE UINT32_C(0x20000000)

/* More in one message than anybody sends who means well: the rest is left out, and counted. */
enum { ND_PREFIXES_MAX = 8, ND_SERVERS_MAX = 3 };

struct nd_prefix {
    struct ip_net net;
    bool on_link;
    bool autonomous;
    uint32_t valid_s; /* UINT32_MAX: for ever; also for the others */
    uint32_t preferred_s;
};

struct nd_options {
    bool has_source, has_target;
    struct mac source, target;
    uint32_t mtu_bytes; /* 0: not there */
    struct nd_prefix prefix[ND_PREFIXES_MAX];
    size_t n_prefixes, n_prefixes_left_out;
    struct ip server[ND_SERVERS_MAX];
    size_t n_servers, n_servers_left_out;
    uint32_t servers_s;  /* how long they may be used */
    struct bytes search; /* names, uncompressed, zeros behind them, unchecked; of the first such option; BORROWS */
    uint32_t search_s;
};

/* A solicitation or advertisement of a neighbour. */
struct nd_neighbour_message {
    struct ip target;
    struct nd_options options;
};

struct nd_router_message {
    uint32_t reachable_ms; /* 0: not said; also retry_ms */
    uint32_t retry_ms;
    struct nd_options options;
};

struct nd_redirect {
    struct ip target; /* where to send instead */
    struct ip dst;    /* what is meant */
    struct nd_options options;
};

/* False: cut short, or an option of no length. Unknown options are skipped. */
bool nd_parse_options(struct reader *r, struct nd_options *o);
bool nd_parse_neighbour(struct bytes data, struct nd_neighbour_message *m);
bool nd_parse_router(struct bytes data, struct nd_router_message *m);
bool nd_parse_redirect(struct bytes data, struct nd_redirect *m);

/* The target and, unless mac is NULL, an option with it. */
#define ND_NEIGHBOUR_BYTES 24
void nd_emit_neighbour(struct writer *w, const struct ip *target, enum nd_option option, const struct mac *mac);
#define ND_MAC_OPTION_BYTES 8
void nd_emit_mac(struct writer *w, enum nd_option option, const struct mac *mac);

#endif
