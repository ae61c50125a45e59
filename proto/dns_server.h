/* SPDX-License-Identifier: ISC */
/* What the files of the name server share. */
#ifndef PROTO_DNS_SERVER_H
#define PROTO_DNS_SERVER_H

#include "proto/dns_serve.h"

#include <jinn/dns_server.h>

#define DNS_SERVER_PORTS 4 /* a port on each of as many stacks */

struct dns_peers;

struct dns_server {
    struct dns_zones zones;
    struct dns_service service;
    struct dns_cookie_secrets cookies;
    size_t zone_bytes;
    struct dns_udp udp[DNS_SERVER_PORTS];
    size_t n_udp;
    /* Set by dns_server_tcp, so that who doesn't call it has none. */
    enum err (*run_tcp)(struct dns_tcp *t) MAY_YIELD;
    struct dns_tcp *tcp;
    /* Likewise by dns_server_peers. */
    void (*run_peers)(void *server) MAY_YIELD;
    struct dns_peers *peers;
    struct stack *stack;
};

/* Signed zones are for servers that have proofs. */
static inline bool dns_server_takes(const struct dns_server *d, const struct dns_zone *z)
{
    return d->zones.prove || !dns_zone_find(z, dns_zone_origin(z), DNS_DNSKEY);
}

/* A whole value. What it takes of memory is GIVEN in *memory; NULL: it lies in the image. As kv_find and kv_read; ERR_FULL. */
MUST_USE enum err dns_load_value(struct kv *kv, struct bytes key, struct bytes *value, void **memory) MAY_YIELD;

#endif
