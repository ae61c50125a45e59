/* SPDX-License-Identifier: ISC */
/* A store that is followed (dns_server_follow). */
#ifndef PROTO_DNS_RELOAD_H
#define PROTO_DNS_RELOAD_H

#include "proto/dns_load.h"

struct dns_reload {
    struct dns_loading loading;
    uint64_t every_ns;
    uint64_t others; /* of all files that aren't zones' */
    bool others_changed;
    bool odd;                           /* the round's number */
    uint64_t n_taken, n_failed, n_gone; /* zones, in all rounds */
};

/* One round. What can't be taken leaves what was there. ERR_CANCELLED; ERR_IO, ERR_MALFORMED, ERR_FULL: the store can't be read. */
MUST_USE enum err dns_reload(struct dns_reload *r) MAY_YIELD;

#endif
