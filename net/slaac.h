/* SPDX-License-Identifier: ISC */
/* What routers advertise (RFC 4861 6.3, RFC 4862 5.5, RFC 8106): default routers, prefixes on the link, addresses of our
 * own, MTU, name servers; and their redirects (RFC 4861 8). All with lifetimes, all in small tables. */
#ifndef NET_SLAAC_H
#define NET_SLAAC_H

#include "net/ip.h"
#include "net/limits.h"
#include "wire/icmp6.h"

struct net;

struct slaac_router {
    struct ip ip;
    uint64_t until_ns; /* 0: free */
};

struct slaac_prefix {
    struct ip_net net;
    uint64_t until_ns; /* 0: free */
};

struct slaac {
    bool accept;
    bool answered;    /* by a router, if only to say that it is none */
    unsigned n_asked; /* solicitations so far */
    uint64_t ask_ns;  /* the next; TIME_NEVER */
    size_t n_servers;
    uint64_t servers_until_ns;
    uint8_t search_len;
    uint64_t search_until_ns;
    struct slaac_router router[SLAAC_ROUTERS];
    struct ip server[SLAAC_SERVERS];
    struct slaac_prefix prefix[SLAAC_PREFIXES]; /* on the link */
    uint8_t search[SLAAC_SEARCH_BYTES];         /* names, unchecked */
};

void slaac_init(struct net *n);
void slaac_start(struct net *n, uint64_t now_ns);
/* Whether `ip` is reached directly. */
bool slaac_is_on_link(const struct net *n, const struct ip *ip);
/* The router for what is not on the link: one that answers before one that does not; IP_NONE. */
struct ip slaac_router(const struct net *n);
/* A neighbour is a router no longer. */
void slaac_router_gone(struct net *n, const struct ip *ip);
/* Nothing more is to be hoped for from routers that have not spoken. */
bool slaac_is_done(const struct net *n);
/* Verified messages whose hop limit was 255. */
void slaac_input_router(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
void slaac_input_redirect(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
uint64_t slaac_deadline(const struct net *n);
void slaac_tick(struct net *n, uint64_t now_ns);

#endif
