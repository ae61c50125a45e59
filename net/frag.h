/* SPDX-License-Identifier: ISC */
/* Reassembly of datagrams of both families (RFC 791 3.2, RFC 815; RFC 8200 4.5). Bounded in datagrams, bytes, fragments and time. Fragments that
 * overlap end their datagram, those that come later included (RFC 5722, also for IPv4); exact duplicates are harmless. */
#ifndef NET_FRAG_H
#define NET_FRAG_H

#include "net/counters.h"
#include "net/limits.h"
#include "wire/ip4.h"

#include <jinn/err.h>
#include <jinn/pool.h>

enum {
    FRAG_UNIT_BYTES = 8, /* offsets count these */
    FRAG_UNITS = (IP4_PACKET_MAX_BYTES + 1) / FRAG_UNIT_BYTES,
    FRAG_CHUNKS_PER_DATAGRAM = (IP4_PACKET_MAX_BYTES + 1) / FRAG_CHUNK_BYTES
};

struct frag_datagram {
    bool used;
    bool dead;      /* its fragments are dropped until the time is over */
    bool congested; /* a fragment had the mark CE (RFC 3168 5.3) */
    struct ip src;
    struct ip dst;
    uint32_t id;
    uint8_t protocol;
    uint8_t next; /* of the first fragment; also tos */
    uint8_t tos;
    uint64_t expires_ns;
    uint32_t total;    /* payload bytes; 0 until the last fragment came */
    uint32_t at_least; /* payload bytes that there must be by the fragments seen */
    uint32_t n_units;  /* of 8 bytes, that came */
    uint32_t n_fragments;
    uint8_t header_len; /* of the first fragment; 0 until it came */
    uint8_t header[IP4_HEADER_MAX_BYTES];
    uint64_t came[FRAG_UNITS / 64]; /* a bit a unit */
    uint8_t *chunk[FRAG_CHUNKS_PER_DATAGRAM];
};

/* A fragment, and then the datagram that it completes. */
struct frag_part {
    struct ip src;
    struct ip dst;
    uint32_t id;
    uint8_t protocol; /* tells datagrams apart; 0 in IPv6, where it does not */
    uint8_t next;     /* the header that the payload begins with; the first fragment's counts */
    uint16_t offset;  /* bytes, a multiple of 8 */
    bool more;
    uint8_t tos;
    size_t most_bytes;   /* of payload in a whole datagram */
    struct bytes header; /* all before the payload, at most IP4_HEADER_MAX_BYTES of it are kept */
    struct bytes payload;
};

struct frag {
    struct counters_frag *counters;
    struct pool chunks;
    unsigned n_used;
    struct frag_datagram datagram[FRAG_DATAGRAMS];
    uint8_t whole[IP4_PACKET_MAX_BYTES + 1]; /* the datagram that was given last */
};

MUST_USE enum err frag_init(struct frag *f, struct counters_frag *counters);
void frag_free(struct frag *f);

/* Takes a fragment (copying). True: it completes a datagram, and *p is that: header (of the first fragment), next, tos
 * and payload; they are good until the next call. */
bool frag_input(struct frag *f, uint64_t now_ns, struct frag_part *p);

/* The next moment at which a datagram times out; TIME_NEVER. */
uint64_t frag_deadline(const struct frag *f);
/* Drops one datagram that timed out. True: there was one whose first fragment had come, and *header and *payload are
 * its beginning, for an ICMP error; good until the next call. Call until false. */
bool frag_expire(struct frag *f, uint64_t now_ns, struct bytes *header, struct bytes *payload);

#endif
