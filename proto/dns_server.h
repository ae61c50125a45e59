/* SPDX-License-Identifier: ISC */
/* What the files of the name server share. */
#ifndef PROTO_DNS_SERVER_H
#define PROTO_DNS_SERVER_H

#include "proto/dns_serve.h"

#include <jinn/dns_server.h>

#define DNS_SERVER_PORTS 4 /* a port on each of as many stacks */
#define DNS_SERVER_JOBS 8  /* more than there are parts that have one */

struct dns_peers;
struct dns_signing;
struct dns_reload;
struct dns_told;

/* A fiber of dns_server_run. */
struct dns_job {
    const char *name;
    void (*run)(void *server) MAY_YIELD;
};

struct dns_server {
    struct dns_zones zones;
    size_t zone_bytes;
    size_t n_udp;
    size_t n_jobs;
    /* The parts that the appliance asked for; what it didn't ask for is not linked. */
    struct dns_tcp *tcp;
    struct dns_peers *peers;
    size_t (*answer_tcp)(struct dns_service *service, const struct dns_from *from, struct bytes message, uint8_t *out,
                         size_t size) MAY_YIELD;
    struct dns_resolver *resolver;
    struct stack *stack;
    struct dns_signing *signing;
    void (*loaded)(struct dns_server *d); /* zones were loaded; may be NULL */
    struct dns_reload *reload;
    struct dns_told *told; /* what was logged of files that are no zones; NULL: nothing yet */
    void (*replaced)(struct dns_server *d, struct bytes origin); /* a zone came in the place of another; may be NULL */
    struct dns_job job[DNS_SERVER_JOBS];
    struct dns_udp udp[DNS_SERVER_PORTS];
    struct dns_service service;
    struct dns_cookie_secrets cookies;
};

/* Signed zones are for servers that have proofs. */
static inline bool dns_server_takes(const struct dns_server *d, const struct dns_zone *z)
{
    return d->zones.prove || !dns_zone_find(z, dns_zone_origin(z), DNS_DNSKEY);
}

/* Each part brings its own, so that who doesn't call it has none of it. */
void dns_server_job(struct dns_server *d, const char *name, void (*run)(void *server) MAY_YIELD);

/* A whole value. What it takes of memory is GIVEN in *memory; NULL: it lies in the image. As kv_find and kv_read; ERR_FULL. */
MUST_USE enum err dns_load_value(struct kv *kv, struct bytes key, struct bytes *value, void **memory) MAY_YIELD;

#endif
