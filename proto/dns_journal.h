/* SPDX-License-Identifier: ISC */
/* Changes of zones on a block device, so that they survive a power cut: each is written and flushed before it is answered, and done
 * again when the image starts.
 *
 * The device has two halves, of which one is in use. In it lie a block that names its epoch, and records one after the other, each
 * from a block's start on, so that no write touches a record that was there before. A record is good when its number is the
 * next and its sum is right; the sum begins with random bytes of the epoch, so that nobody who may choose a zone's data
 * can make what looks like a record. The first that isn't good is the end: a write that a power cut tore. But a good one
 * behind it means that the device has lost something, which is not passed over.
 *
 * When a half is full what is in it is summed up, a record a zone, in the other one, which is in use from then on: its first block is
 * written when all else of it is safe, and then that of the old half is wiped. */
#ifndef PROTO_DNS_JOURNAL_H
#define PROTO_DNS_JOURNAL_H

#include "proto/dns_history.h"
#include "proto/dns_peers.h"

#include <jinn/block.h>

#define DNS_JOURNAL_LEAST_BYTES (64u << 10) /* of a device: two halves with some use */
#define DNS_JOURNAL_NONCE_BYTES 16

struct dns_journal {
    struct dns_keeper keeper;
    struct block *block;
    uint64_t half_bytes;
    unsigned half; /* in use */
    uint64_t epoch;
    uint8_t nonce[DNS_JOURNAL_NONCE_BYTES];
    uint64_t at;   /* in the half: where the next record goes */
    uint64_t next; /* its number */
    bool failed;   /* a write or flush did: what is on the device isn't known until it is opened again */
    struct {
        uint64_t n_kept, n_compacted, n_full, n_failed;
        uint64_t n_replayed, n_old, n_without_zone, n_gaps; /* when it was opened */
        uint64_t n_not_flushed;                             /* the host can't say when something is safe */
    } n;
    struct {
        uint32_t have, from; /* serial numbers: the zone's, and that which the change begins at */
        struct dns_name origin;
    } gap; /* the first of n_gaps */
};

/* Opens the journal; a device of zeros becomes an empty one. ERR_MALFORMED: it holds something else, or a journal that has
 * lost records; ERR_INVALID: too small; ERR_IO, ERR_FULL. BORROWS the block device. */
MUST_USE enum err dns_journal_open(struct dns_journal *j, struct block *b) MAY_YIELD;
/* Does what it holds to these zones: changes that lead on from a zone's serial number. Those that lead to what it is already are left out,
 * those of no zone too; where one is missing, it stops for that zone (n_gaps). `each` is told of what was done, TAKES a hold; may be
 * NULL. ERR_IO, ERR_FULL. */
MUST_USE enum err dns_journal_replay(struct dns_journal *j, struct dns_zones *zones,
                                     void (*each)(void *user, struct dns_zone *z, struct dns_entry *e),
                                     void *user) MAY_YIELD;
/* Writes a change and waits until it is safe; other fibers don't run meanwhile, since no platform's block device lets them. ERR_FULL (counted): no room, even summed up; ERR_IO: now and from then on. */
MUST_USE enum err dns_journal_keep(struct dns_journal *j, struct bytes origin, const struct dns_entry *e);

#endif
