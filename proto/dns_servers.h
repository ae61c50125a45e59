/* SPDX-License-Identifier: ISC */
/* What a resolver knows of the servers that it asks: how long they take, what they don't understand, their cookies (RFC 7873). A
 * small table; of those that share a place the one used least recently goes. */
#ifndef PROTO_DNS_SERVERS_H
#define PROTO_DNS_SERVERS_H

#include "proto/dns_cookie.h"

#include <jinn/addr.h>
#include <jinn/time.h>

enum {
    DNS_SERVERS = 512, /* the busy ones; for a stranger the defaults do */
    DNS_SERVERS_WAYS = 4,
    DNS_COOKIE_SERVER_BYTES = DNS_COOKIE_MOST_BYTES - DNS_COOKIE_CLIENT_BYTES
};

#define DNS_SERVER_FIRST_NS (400 * NS_PER_MS) /* for a stranger's answer: far away, and on a slow line */
#define DNS_SERVER_LEAST_NS (200 * NS_PER_MS)
#define DNS_SERVER_MOST_NS (3 * NS_PER_S)
#define DNS_SERVER_BAD_NS (60 * NS_PER_S) /* one that was silent three times in a row is asked last for as long */

struct dns_known_server {
    struct ip ip; /* IP_NONE: free */
    uint64_t used_ns;
    uint64_t rtt_ns; /* smoothed; 0: not known */
    uint64_t bad_until_ns;
    uint8_t n_silent; /* times in a row */
    bool no_edns;
    bool small_letters; /* it does not keep capitals */
    uint8_t cookie_len; /* of the server's */
    uint8_t client[DNS_COOKIE_CLIENT_BYTES], cookie[DNS_COOKIE_SERVER_BYTES];
};

struct dns_servers {
    void (*random)(void *out, size_t len);
    uint64_t seed;
    uint64_t evicted;
    struct dns_known_server server[DNS_SERVERS];
};

void dns_servers_init(struct dns_servers *s, void (*random)(void *out, size_t len));
/* Its row, a new one if need be. */
struct dns_known_server *dns_servers_find(struct dns_servers *s, uint64_t now_ns, const struct ip *ip);
void dns_known_answered(struct dns_known_server *s, uint64_t rtt_ns);
void dns_known_silent(struct dns_known_server *s, uint64_t now_ns);
/* How long to wait for it. */
uint64_t dns_known_patience(const struct dns_known_server *s);
/* How good a choice it is: less is better. Strangers are worth a try, and nobody is sure of always being the best. */
uint64_t dns_known_cost(const struct dns_known_server *s, uint64_t now_ns, uint32_t dice);

#endif
