/* SPDX-License-Identifier: ISC */
/* What the files of the name server share. */
#ifndef PROTO_DNS_SERVER_H
#define PROTO_DNS_SERVER_H

#include "proto/dns_serve.h"

#include <jinn/dns_server.h>

#define DNS_SERVER_PORTS 4 /* a port on each of as many stacks */

struct dns_peers;
struct dns_signing;

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
    /* Likewise by dns_server_resolve. */
    void (*run_resolver)(void *server) MAY_YIELD;
    size_t (*answer_tcp)(struct dns_service *service, const struct dns_from *from, struct bytes message, uint8_t *out,
                         size_t size) MAY_YIELD;
    struct dns_resolver *resolver;
    struct stack *stack;
    /* Likewise by dns_server_sign. */
    void (*run_signing)(void *server) MAY_YIELD;
    struct dns_signing *signing;
    void (*loaded)(struct dns_server *d); /* zones were loaded; may be NULL */
};

/* A whole value. What it takes of memory is GIVEN in *memory; NULL: it lies in the image. As kv_find and kv_read; ERR_FULL. */
MUST_USE enum err dns_load_value(struct kv *kv, struct bytes key, struct bytes *value, void **memory) MAY_YIELD;

#endif
