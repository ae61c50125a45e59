/* SPDX-License-Identifier: ISC */
/* Trust anchors on a block device, so that a power cut at any moment leaves those of before or those of after: two copies, written
 * in turn, the newer one counts. A copy begins with a line and is padded with zeros:
 *
 *     jinn anchors SERIAL LENGTH SHA256-OF-SERIAL-AND-TEXT
 *     . DNSKEY 257 3 8 ... */
#ifndef PROTO_DNS_ANCHORS_KEEP_H
#define PROTO_DNS_ANCHORS_KEEP_H

#include "proto/dns_anchors.h"

#include <jinn/block.h>

struct dns_anchors_store {
    struct block *block; /* BORROWS */
    uint64_t serial;     /* of the newer copy; 0: there is none */
    uint64_t copy_bytes; /* each */
};

/* ERR_INVALID: the device is too small. ERR_IO. */
MUST_USE enum err dns_anchors_open(struct dns_anchors_store *s, struct block *b);
/* Puts what is kept in the place of `a`. ERR_NOT_FOUND: nothing (whole) is kept, `a` is as it was. ERR_MALFORMED: the device holds
 * something else. ERR_IO, ERR_FULL. */
MUST_USE enum err dns_anchors_load(struct dns_anchors_store *s, struct dns_anchors *a) MAY_YIELD;
/* ERR_IO, ERR_FULL; what was kept before stays then. */
MUST_USE enum err dns_anchors_save(struct dns_anchors_store *s, const struct dns_anchors *a) MAY_YIELD;

#endif
