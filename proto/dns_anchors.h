/* SPDX-License-Identifier: ISC */
/* Trust anchors and their upkeep: RFC 5011. Where chains of signatures begin: keys of zones (DNSKEY), or digests of keys (DS)
 * until the first keys have been seen. Sans I/O: sets of keys and the time go in; what is to be kept is text, a line each:
 *
 *     . DNSKEY 257 3 8 AwEAAa... ; valid 1700000000          state, and seconds since 1970 when it got into it
 *     . DS 20326 8 2 E06D44B8...
 *
 * States of a key, by what a set of keys shows that a trusted one has signed:
 *
 *            new           30 days later          absent          present
 *     (none) ---> PENDING ------------> VALID ------------> MISSING -----> VALID
 *                    | absent             | revoked, signed by itself  |
 *                    v                    v                            v
 *                  (none)              REVOKED ------ 30 days ---> REMOVED       never again
 *
 * A zone whose keys are all revoked has no anchor any more, whatever digests it began with (RFC 5011 5). */
#ifndef PROTO_DNS_ANCHORS_H
#define PROTO_DNS_ANCHORS_H

#include "proto/dns_cache.h"

enum {
    DNS_ANCHORS_MAX = 24,               /* the root has had three keys at once at most */
    DNS_ANCHOR_BYTES = 4 + 3 + 4 + 512, /* the longest key of RSA that is verified */
    DNS_ANCHORS_KEYS = 32,              /* of a set that is looked at: more are no set of keys but an attack */
    DNS_ANCHORS_HOLD_S = 30 * 86400,    /* RFC 5011 2.4.1 and 2.4.2 */
    DNS_ANCHORS_LEAST_S = 3600,         /* between looks (2.3), */
    DNS_ANCHORS_MOST_S = 15 * 86400,    /* at most, */
    DNS_ANCHORS_RETRY_MOST_S = 86400,   /* and after a failure */
    DNS_ANCHORS_TEXT_BYTES = DNS_ANCHORS_MAX * 1100
};

enum dns_anchor_state {
    DNS_ANCHOR_PENDING,
    DNS_ANCHOR_VALID,
    DNS_ANCHOR_MISSING,
    DNS_ANCHOR_REVOKED,
    DNS_ANCHOR_REMOVED
};

struct dns_anchor {
    struct dns_name zone;
    uint64_t since_s;
    uint16_t type; /* DNS_DS or DNS_DNSKEY */
    uint16_t len;
    uint8_t state; /* enum dns_anchor_state; of DS: VALID */
    uint8_t rdata[DNS_ANCHOR_BYTES];
};

struct dns_anchors {
    struct dns_anchor anchor[DNS_ANCHORS_MAX];
    size_t n;
    uint64_t refused;              /* no room for a new key */
    uint64_t updates, not_trusted; /* sets of keys that a trusted key had signed, or not */
    bool changed;                  /* since it was last cleared: keep it */
};

void dns_anchors_init(struct dns_anchors *a);
/* The root's keys of 2017 and 2024, as IANA publishes their digests. */
void dns_anchors_add_root(struct dns_anchors *a);
/* Adds what text has, lines as above; also "ZONE [TTL] [IN] DS|DNSKEY ..." without a state, comments and empty lines. NULL, or
 * the reason why not, and its line. */
const char *dns_anchors_read(struct dns_anchors *a, struct bytes text, unsigned *line);
void dns_anchors_write(const struct dns_anchors *a, struct writer *w);

/* The deepest zone at or above the name that has an anchor: a part of `name`. False: none. */
bool dns_anchors_zone(const struct dns_anchors *a, struct bytes name, struct bytes *zone);
/* This key of that zone is one. A revoked one never is. */
bool dns_anchors_trust(const struct dns_anchors *a, struct bytes zone, struct bytes dnskey);
/* Some anchor of the zone has an algorithm and a digest that are known. */
bool dns_anchors_can_check(const struct dns_anchors *a, struct bytes zone);

/* A zone's set of keys that was just fetched; verifies it itself. When to fetch it again. */
uint64_t dns_anchors_update(struct dns_anchors *a, const struct dns_cached *keys, uint64_t now_s);
/* When to try again after it could not be fetched. */
uint64_t dns_anchors_retry(uint64_t now_s, uint32_t ttl_s);

#endif
