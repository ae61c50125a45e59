/* SPDX-License-Identifier: ISC */
/* A resolver for others: a name server (jinn/dns_server.h) that finds out what its own zones don't say.
 *
 *     dns_server_new(&(struct dns_server_options){0}, &server);
 *     dns_server_load(server, self->zones);
 *     dns_server_resolve(server, self->service, &(struct dns_resolver_options){0});
 *     dns_server_block(server, self->lists);
 *     dns_server_udp(server, self->service, 53);
 *     dns_server_tcp(server, self->service, 53, &(struct dns_server_tcp_options){0});
 *     dns_server_run(server);
 *
 * What is in the cache is answered as zones are: by the stack itself, without a fiber. Each query to a server has a random port, a
 * random id and random capitals. Zones of the server come before all else, and aliases that lead out of them are followed; then block lists; then the empty zones of
 * RFC 6303. */
#ifndef JINN_DNS_RESOLVER_H
#define JINN_DNS_RESOLVER_H

#include <jinn/block.h>
#include <jinn/dns_server.h>

/* Zero means the default in brackets. Lists are addresses or networks, with blanks or commas between them; views are BORROWED during the call. */
struct dns_resolver_options {
    const char *hints;      /* addresses of the root's servers [those of the internet] */
    const char *forward;    /* resolvers that are asked for everything [none: it asks servers from the root down] */
    const char *clients;    /* who may ask, our own zones, too; `any` [private networks and the link's] */
    size_t cache_bytes;     /* [4 MB] */
    uint32_t cache_entries; /* [one for 256 bytes] */
    uint32_t most_s;        /* of a lifetime [a day] */
    uint32_t stale_s;       /* how long expired answers serve when servers are silent [a day] */
    bool no_stale;
    bool no_ipv4, no_ipv6; /* servers are not asked so */
    bool no_empty_zones;   /* RFC 6303, 6761, 7686, 8375 */
    bool small_letters;    /* no random capitals */
    uint32_t questions;    /* that wait for an answer at once, a quarter of one client [512] */
    uint32_t tasks;        /* sets that are fetched at once [256] */
};

/* Once a server, after its zones were loaded and before dns_server_udp and dns_server_tcp. What is wrong is logged. ERR_INVALID,
 * ERR_FULL, ERR_IN_USE. */
MUST_USE enum err dns_server_resolve(struct dns_server *d, struct stack *s, const struct dns_resolver_options *o);

/* DNSSEC: RFC 4033 to 4035, doc/dnssec.md. What can't be proven is SERVFAIL with an extended error, but for those who check
 * for themselves (CD); what is proven has AD, for those who ask for it. */
struct dns_server_validation {
    const char *anchors; /* DS or DNSKEY records, a line or up to a comma each [the root's keys of 2017 and 2024] */
    struct block
        *keep; /* where anchors are kept while keys change by RFC 5011 [nowhere: they begin again at each start] */
    uint32_t proofs; /* that are used again (RFC 8198): records of NSEC and NSEC3 [1024] */
    bool no_proofs;  /* none */
};
/* After dns_server_resolve. What is wrong is logged. ERR_INVALID, ERR_FULL, ERR_IO. */
MUST_USE enum err dns_server_validate(struct dns_server *d, const struct dns_server_validation *o) MAY_YIELD;

/* What is answered about names of block lists, and all below them. With an extended error (Blocked) either way. */
enum dns_block_answer { DNS_BLOCK_NXDOMAIN, DNS_BLOCK_ZERO /* 0.0.0.0 and :: */ };

/* Takes each value as a list, a line an entry, by its form: `0.0.0.0 NAME ...` as in a hosts file, `NAME`, or a zone
 * file's `NAME [TTL] [IN] CNAME .`, whose other records are passed over. Lines that are neither are counted and the first is
 * logged. After dns_server_resolve. ERR_FULL, ERR_IO. */
MUST_USE enum err dns_server_block(struct dns_server *d, struct kv *lists, enum dns_block_answer answer) MAY_YIELD;

#endif
