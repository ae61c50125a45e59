/* SPDX-License-Identifier: ISC */
/* Changes of many zones, one after the other, summed up: for each zone one change that leads from where the first began to where the
 * last ended. What was added and removed again is in it no more.
 *
 * Nothing here yields. Memory is the C library's, about that of the records that are left. */
#ifndef PROTO_DNS_MERGE_H
#define PROTO_DNS_MERGE_H

#include "proto/dns_history.h"

struct dns_merge {
    struct list zones;
};

void dns_merge_init(struct dns_merge *m);
void dns_merge_free(struct dns_merge *m);
/* The next change of a zone. One that doesn't go on where the zone's last ended replaces what there was of it: the zone had become
 * another one meanwhile, of a later version. ERR_MALFORMED: it is none; ERR_FULL. BORROWS. */
MUST_USE enum err dns_merge_add(struct dns_merge *m, struct bytes origin, struct bytes data);
/* Each zone's sum, in the form of an entry's data, in the order in which the zones first came. Stops at the first that isn't OK, and
 * gives that; ERR_FULL. */
MUST_USE enum err dns_merge_each(struct dns_merge *m,
                                 enum err (*each)(void *user, struct bytes origin, struct bytes data), void *user);

#endif
