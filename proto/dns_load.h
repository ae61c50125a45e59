/* SPDX-License-Identifier: ISC */
/* Zones from a store: what loading them once (dns_load.c) and following the store (dns_reload.c) share. */
#ifndef PROTO_DNS_LOAD_H
#define PROTO_DNS_LOAD_H

#include "proto/dns_server.h"
#include "proto/dns_zonefile.h"

enum {
    DNS_INCLUDES_MAX = 64, /* files of one zone that are in memory at once */
    DNS_WHY_BYTES = 256,   /* of what is said of a zone; what is longer is cut */
    DNS_TOLD_MAX = 1024    /* files that can't be taken: of more than these it is said again in each round */
};

/* Hashes of what was said of files, in this round or the one before, so that it is said once. */
struct dns_told {
    size_t n;
    struct {
        uint64_t hash;
        bool now;
    } of[DNS_TOLD_MAX];
};

struct dns_loading {
    struct dns_server *server;
    struct kv *kv;
    struct dns_zonefile *zonefile;
    enum err result;
    size_t n_zones;
    /* In a store that can change others are served while a zone is wrong: then one line tells of it, its first problem. */
    bool brief;
    char why[DNS_WHY_BYTES]; /* that, with file and line; empty: none yet */
    uint64_t mark;           /* of the zone that is read */
    size_t n_included;       /* of it */
    size_t n_read;
    void *read[DNS_INCLUDES_MAX]; /* what didn't lie in the image */
};

/* What a zone that came from a store is marked with: the value's number in it, but for the lowest bits. */
enum {
    DNS_MARK_ROUND = 1,    /* whether it was there in rounds with an odd number */
    DNS_MARK_INCLUDES = 2, /* it holds other files' text */
    DNS_MARK_STORE = 4     /* always */
};

/* The key is that of a zone's file. */
bool dns_load_is_zone(struct bytes key);
/* The name of the zone whose file this is. NULL, or why there is none. */
MUST_USE const char *dns_load_origin(struct bytes key, struct dns_name *origin);
/* The mark of the value under this key. ERR_NOT_FOUND, ERR_IO. */
MUST_USE enum err dns_load_mark(struct dns_loading *l, struct bytes key, uint64_t *mark) MAY_YIELD;
/* Reads the zone and puts it in the place of what there was, which stays when something is wrong. What is wrong is logged, or with
 * `brief` left to dns_load_tell. */
MUST_USE enum err dns_load_key(struct dns_loading *l, struct bytes key) MAY_YIELD;
/* Logs what the error of dns_load_key means for the zone: `what`, "is not served". With `brief` once, until the file or what is wrong
 * with it is another. */
void dns_load_tell(struct dns_loading *l, struct bytes key, enum err e, const char *what);
/* The round is over: what was not said in it is forgotten. */
void dns_load_told_all(struct dns_server *d);

#endif
