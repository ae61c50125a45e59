/* SPDX-License-Identifier: ISC */
/* IPv6 of one device (RFC 8200, RFC 4291): addresses and their detection (RFC 4862 5.4), routes, source addresses (RFC
 * 6724), fragments, path MTU (RFC 8201). The rest of the stack reaches it only through struct ip6_ops, so that an image
 * which names no ip6_ops holds no IPv6. There is no forwarding. */
#ifndef NET_IP6_H
#define NET_IP6_H

#include "net/dhcp6.h"
#include "net/ip.h"
#include "net/limits.h"
#include "net/mld.h"
#include "net/nd.h"
#include "net/slaac.h"
#include "wire/ip6.h"

struct net;
struct udp_header;

enum { IP6_HOP_LIMIT = 64, IP6_SECRET_BYTES = 32 };

/* Optimistic addresses (RFC 4429) are used while the link is asked whether somebody else has them, but neighbours are
 * neither asked for nor told with them: an image that boots in a millisecond to answer a request can't wait a second. */
enum ip6_state { IP6_FREE, IP6_OPTIMISTIC, IP6_VALID, IP6_DUPLICATE };

/* Where an address is from. Another one can be made of what we made ourselves. */
enum ip6_kind { IP6_GIVEN, IP6_STABLE, IP6_TEMPORARY, IP6_LEASED };

struct ip6_address {
    struct ip ip;
    uint8_t prefix_len;
    uint8_t state;         /* enum ip6_state */
    uint8_t retries;       /* identifiers that were somebody else's */
    uint8_t kind;          /* enum ip6_kind */
    uint64_t detected_ns;  /* IP6_OPTIMISTIC: when it becomes valid */
    uint64_t preferred_ns; /* until when; TIME_NEVER */
    uint64_t valid_ns;
    uint64_t preferred_most_ns; /* IP6_TEMPORARY: whatever routers say */
    uint64_t valid_most_ns;
};

/* Known not to be somebody else's, or not yet known to be. */
static inline bool ip6_is_used(const struct ip6_address *a)
{
    return a->state == IP6_VALID || a->state == IP6_OPTIMISTIC;
}

/* Temporary addresses (RFC 8981): for each prefix a new one, told by nothing, before the last one's preferred time ends. */
struct ip6_temporary {
    bool wanted;
    uint64_t next_ns; /* when one is to be made; TIME_NEVER */
};

/* The client of DHCPv6 and how it reaches the net. */
struct ip6_dhcp {
    struct dhcp6_below below;
    struct net *net;
    bool accept; /* if routers say so */
    struct dhcp6 client;
};

/* What we know of the way to one destination. */
struct ip6_path {
    struct ip dst; /* IP_NONE: free */
    struct ip hop; /* a router's redirect; IP_NONE */
    uint16_t mtu_bytes;
    uint64_t mtu_until_ns;
    uint64_t used_ns;
};

struct ip6 {
    uint16_t mtu_bytes; /* of the link, or less if a router said so */
    uint8_t hop_limit;
    uint64_t path_next_ns;            /* no path's MTU ends earlier */
    struct ip gateway;                /* a fixed one; IP_NONE */
    struct ip_net on_link;            /* of the fixed address; all zero: none */
    uint64_t errors_paid_ns;          /* their bucket */
    uint8_t secret[IP6_SECRET_BYTES]; /* for RFC 7217 */
    struct ip6_temporary temporary;
    struct slaac slaac;
    struct mld mld;
    struct ip6_address loopback; /* ::1, for packets to ourselves */
    struct ip6_address address[IP6_ADDRESSES];
    struct ip6_path path[IP6_PATHS];
    struct ip6_dhcp dhcp;
    struct nd nd;
};

struct ip6_options {
    struct ip_net address; /* a fixed one beside the link-local one; all zero: none */
    struct ip gateway;     /* IP_NONE: those that advertise themselves */
    bool accept_ra;        /* router advertisements: routes and addresses */
    bool accept_dhcp;      /* DHCPv6, if routers advertise that there is a server */
    bool temporary;        /* temporary addresses of advertised prefixes, too */
    struct bytes secret;   /* RFC 7217's; BORROWS. Empty: a new one, so addresses change with each start */
};

/* IPv6 as the rest of the stack sees it. */
struct ip6_ops {
    /* ERR_FULL. ERR_UNSUPPORTED: the device's MTU is below 1280. */
    enum err (*make)(struct net *n);
    void (*free)(struct net *n);
    /* Takes a link-local address, a fixed one if given, and asks for routers. ERR_INVALID: no address for a host. */
    enum err (*start)(struct net *n, uint64_t now_ns, const struct ip6_options *o);
    /* The image ends: gives back what servers gave. */
    void (*stop)(struct net *n, uint64_t now_ns);
    bool (*listens_to)(const struct net *n, const struct mac *group);
    void (*input)(struct net *n, uint64_t now_ns, struct bytes packet, unsigned link); /* bits of enum link_in */
    /* As ip_below.send and ip_below.route say. */
    enum err (*send)(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t count);
    enum err (*route)(struct net *n, const struct ip *dst, struct ip *src, uint16_t *payload_bytes);
    void (*reached)(struct net *n, uint64_t now_ns, const struct ip *dst);
    /* Nobody listens on the port that `in` is to. `header` is all that came before in->payload. */
    void (*refuse_port)(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header);
    /* A datagram that did not become whole: what frag_expire says. */
    void (*tell_timeout)(struct net *n, uint64_t now_ns, struct bytes header, struct bytes payload);
    /* A good datagram; false: it is not for the stack itself. */
    bool (*take_udp)(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct udp_header *h,
                     struct bytes payload);
    /* Receives from a group that a socket joined, and says so to the link. Each call counts; NET_GROUPS of them at most. */
    void (*join)(struct net *n, uint64_t now_ns, const struct ip *group);
    /* Takes one such call back. */
    void (*leave)(struct net *n, uint64_t now_ns, const struct ip *group);
    uint64_t (*deadline)(const struct net *n);
    void (*tick)(struct net *n, uint64_t now_ns);
    /* Whether it can be worked with: an address of more than link-local scope, or no hope of one. */
    bool (*is_ready)(const struct net *n);
};

/* ---- Between the files of IPv6: ip6.c, ip6_out.c, ip6_address.c, ip6_path.c, ip6_temporary.c, ip6_dhcp.c ---- */

/* Our address `ip`, unless it is known to be somebody else's; NULL. */
struct ip6_address *ip6_find(const struct net *n, const struct ip *ip);
/* Takes an address and begins to ask for it; NULL (counted): all places are taken. */
struct ip6_address *ip6_add(struct net *n, uint64_t now_ns, const struct ip_net *net);
void ip6_remove(struct net *n, uint64_t now_ns, struct ip6_address *a);
/* Its own `ip` was just chosen: asks whether somebody else has it. */
void ip6_detect(struct net *n, uint64_t now_ns, struct ip6_address *a);
/* Somebody else has it. */
void ip6_conflict(struct net *n, uint64_t now_ns, struct ip6_address *a);
/* The first link-local address that may be told to others; NULL. */
const struct ip6_address *ip6_link_local(const struct net *n);
/* RFC 6724 5; NULL. */
const struct ip6_address *ip6_source(const struct net *n, const struct ip *dst);
/* Whether a source for a neighbour solicitation can be found, with which. */
const struct ip6_address *ip6_asker(const struct net *n, const struct ip *target);
uint64_t ip6_address_deadline(const struct net *n);
void ip6_address_tick(struct net *n, uint64_t now_ns);
enum err ip6_start(struct net *n, uint64_t now_ns, const struct ip6_options *o);
bool ip6_is_ready(const struct net *n);
/* The address of RFC 7217 5, by SHA-256, for a prefix of 64 bits. */
struct ip ip6_stable(const struct net *n, const struct ip *prefix, uint8_t retries);

/* Temporary addresses. `p` was just advertised, its stable address is made. */
void ip6_temporary_init(struct net *n, bool wanted);
void ip6_temporary_renew(struct net *n, uint64_t now_ns, const struct ip_net *prefix, uint64_t preferred_ns,
                         uint64_t valid_ns);
void ip6_temporary_conflict(struct net *n, uint64_t now_ns, struct ip6_address *a);
void ip6_temporary_tick(struct net *n, uint64_t now_ns);

/* DHCPv6. */
void ip6_dhcp_init(struct net *n, bool accept);
/* What a router says of servers: that they have addresses, or other information. */
void ip6_dhcp_told(struct net *n, uint64_t now_ns, bool addresses, bool others);
bool ip6_dhcp_take_udp(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct udp_header *h,
                       struct bytes payload);

#define IP6_ALL_NODES ((struct ip){{0xff, 2, [15] = 1}})

/* The group that every host is in, on the link or within itself. */
static inline bool ip6_is_all_nodes(const struct ip *ip)
{
    return ip_equal(ip, &IP6_ALL_NODES) || ip_equal(ip, &(struct ip){{0xff, 1, [15] = 1}});
}

struct ip ip6_solicited_group(const struct ip *ip);

/* Path MTU and redirects. */
uint16_t ip6_path_mtu(const struct net *n, const struct ip *dst);
void ip6_path_too_big(struct net *n, uint64_t now_ns, const struct ip *dst, uint32_t mtu_bytes);
void ip6_path_redirect(struct net *n, uint64_t now_ns, const struct ip *dst, const struct ip *hop);
/* A hop that does not answer any more is no way for anybody. */
void ip6_path_lost(struct net *n, const struct ip *hop);
/* IP_NONE: nothing known. */
struct ip ip6_path_hop(const struct net *n, const struct ip *dst);
void ip6_path_tick(struct net *n, uint64_t now_ns);

/* The next hop to `dst`; IP_NONE for none. */
struct ip ip6_next_hop(const struct net *n, const struct ip *dst);
/* Sends with the source that is given, which may be IP_NONE. `mac` NULL: found by the hop. No fragments. */
enum err ip6_transmit(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct ip *hop,
                      const struct mac *mac, const struct bytes *v, size_t count);
enum err ip6_send(struct net *n, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t count);
enum err ip6_route(struct net *n, const struct ip *dst, struct ip *src, uint16_t *payload_bytes);
void ip6_reached(struct net *n, uint64_t now_ns, const struct ip *dst);
/* As ip4_problem. */
bool ip6_problem(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem, uint16_t mtu_bytes);

#endif
