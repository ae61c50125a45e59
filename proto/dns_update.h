/* SPDX-License-Identifier: ISC */
/* Dynamic updates: RFC 2136 3. A message whose signature has been looked at, and a zone, make an answer's response code; all of
 * the message's changes become one version of the zone, or none do. The serial number goes up by one (RFC 1982, not to 0) unless the
 * update brought a higher one.
 *
 * Records that a signer makes are refused: RRSIG, NSEC, NSEC3, NSEC3PARAM, DNSKEY, CDS, CDNSKEY. */
#ifndef PROTO_DNS_UPDATE_H
#define PROTO_DNS_UPDATE_H

#include "proto/dns_history.h"

/* Prerequisites that name a record's data: each is looked for among all the others. */
#define DNS_UPDATE_VALUES_MAX 256

struct dns_update_counters {
    uint64_t n_done;      /* that changed something */
    uint64_t n_same;      /* that asked for what was so already */
    uint64_t n_unmet;     /* a prerequisite was not so */
    uint64_t n_malformed; /* or of a zone that isn't ours */
    uint64_t n_refused;   /* records for the signer alone, or too many prerequisites */
    uint64_t n_failed;    /* no memory, or the keeper said no */
};

/* What becomes of a change before it is one. */
struct dns_update_user {
    /* Before the serial number is looked at; may add signatures. May be NULL. Not OK: the update is taken back. */
    enum err (*sign)(struct dns_update_user *u, struct dns_zone *z);
    /* Makes it survive (a journal). BORROWS. Not OK: the update is taken back. Must not yield: the zone is within a change. May be
     * NULL. */
    enum err (*keep)(struct dns_update_user *u, struct dns_zone *z, const struct dns_entry *e);
    /* It was committed. TAKES a hold of the entry. May be NULL. */
    void (*done)(struct dns_update_user *u, struct dns_zone *z, struct dns_entry *e);
};

/* Memory of one update at a time. */
struct dns_update_room {
    uint8_t rdata[2][DNS_MESSAGE_BYTES];
};

/* The zone that the message is for. False: not one zone, of type SOA: DNS_FORMERR. */
bool dns_update_zone(struct bytes message, struct dns_question *zone);
/* Does it. `message` is whole, of opcode UPDATE, without TSIG, and for this zone; who sent it may do so. */
unsigned dns_update(struct dns_zone *z, struct bytes message, struct dns_update_room *room, struct dns_update_user *u,
                    struct dns_update_counters *c);

/* Within a change: replaces the SOA by one whose serial number is the next, or is `*serial`. ERR_NOT_FOUND: there is none. */
MUST_USE enum err dns_soa_raise(struct dns_zone *z, const uint32_t *serial);

#endif
