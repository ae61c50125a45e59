/* SPDX-License-Identifier: ISC */
/* What the files of the name server share. */
#ifndef PROTO_DNS_SERVER_H
#define PROTO_DNS_SERVER_H

#include "proto/dns_serve.h"

#include <jinn/dns_server.h>

#define DNS_SERVER_PORTS 4 /* a port on each of as many stacks */

struct dns_peers;
struct dns_reload;

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
    /* Likewise by dns_server_follow. */
    void (*run_reload)(void *server) MAY_YIELD;
    struct dns_reload *reload;
    void (*replaced)(struct dns_server *d, struct bytes origin); /* a zone came in the place of another; may be NULL */
};

#endif
