/* SPDX-License-Identifier: ISC */
/* What a name server does with other servers and with those who change its zones: signatures (TSIG), dynamic updates, transfers
 * out and in, NOTIFY both ways. It is the `extra` of a dns_service; a server without one carries none of it.
 *
 * Zones of which something is known here have a role at the `user` of their entry in the set of zones: a history of changes, and for
 * a secondary its primaries and its timers. */
#ifndef PROTO_DNS_PEERS_H
#define PROTO_DNS_PEERS_H

#include "proto/dns_access.h"
#include "proto/dns_service.h"
#include "proto/dns_update.h"
#include "proto/dns_xfr.h"

#include <jinn/fiber.h>
#include <jinn/stack.h>

#define DNS_REMOTES_MAX 8    /* primaries of a zone, servers that are told of changes */
#define DNS_NOTIFIES_MAX 256 /* that wait for an answer; more are dropped and counted: refresh timers do it then */
#define DNS_NOTIFY_TRIES 5   /* the first after no time, the next after 2, 4, 8, 16 s */
#define DNS_XFR_WORKERS 2    /* transfers in at once: fibers with 64 KB each */
#define DNS_XFR_IDLE_NS (30 * NS_PER_S)    /* a primary or a secondary that is silent so long is given up */
#define DNS_XFR_WHOLE_NS (3600 * NS_PER_S) /* and one that is slower than that */
#define DNS_RETRY_FIRST_NS (5 * NS_PER_S)  /* of a zone that never came; doubles up to an hour */
#define DNS_RETRY_MOST_NS (3600 * NS_PER_S)
#define DNS_HISTORY_BYTES (1u << 20) /* of a zone, unless said otherwise */

/* Another server. */
struct dns_remote {
    struct endpoint at;
    bool by_key;
    struct dns_name key;
};

struct dns_remotes {
    size_t n;
    struct dns_remote remote[DNS_REMOTES_MAX];
};

/* Adds words `ADDRESS`, `ADDRESS@PORT`, `ADDRESS@PORT+key:NAME`. NULL, or what is wrong. */
const char *dns_remotes_parse(struct dns_remotes *r, struct bytes text);

struct dns_signing;

struct dns_role {
    struct list link;
    struct dns_history history;
    bool is_secondary;
    size_t turn;         /* which of them is asked next */
    bool busy;           /* being transferred */
    uint64_t due_ns;     /* when it is to be asked */
    uint64_t expires_ns; /* TIME_NEVER: nothing that could */
    uint64_t retry_ns;   /* after the next failure without a zone */
    struct dns_name origin;
    struct dns_remotes primaries;
};

struct dns_notify {
    struct endpoint to;
    const struct dns_tsig_key *key;
    uint16_t id;
    uint8_t n_tries;
    uint64_t due_ns;
    struct dns_name origin;
};

struct dns_peers_counters {
    struct dns_tsig_counters tsig;
    struct dns_update_counters update;
    uint64_t n_updates_refused;
    uint64_t n_transfers, n_transfers_refused, n_transfers_broken;                     /* out */
    uint64_t n_notified, n_notified_refused;                                           /* in: that somebody has news */
    uint64_t n_notifies, n_notifies_answered, n_notifies_given_up, n_notifies_dropped; /* out */
    uint64_t n_fetched, n_fetched_whole, n_fetched_same, n_fetch_failed, n_expired;    /* transfers in */
};

/* Keeps changes by UPDATE where a power cut leaves them: a journal. */
struct dns_keeper {
    /* ERR_FULL, ERR_IO: the change must not be made. BORROWS. */
    enum err (*keep)(struct dns_keeper *k, struct dns_zone *z, const struct dns_entry *e);
};

struct dns_peers {
    struct dns_extra extra;
    struct dns_zones *zones;   /* BORROWS */
    struct dns_keeper *keeper; /* may be NULL */
    size_t history_bytes, zone_bytes;
    struct list roles;
    size_t n_notifies;
    struct fiber *notifier;
    struct fiber *worker[DNS_XFR_WORKERS];
    struct fiber *clock; /* that lets zones expire while all workers wait for primaries */
    struct stack *stack;
    struct dns_update_user user;
    struct dns_update_room *room;
    uint8_t *request;            /* a copy of one that is signed: reading the signature changes it */
    struct dns_signing *signing; /* of the server; NULL: it signs nothing */
    struct dns_peers_counters n;
    struct dns_remotes secondaries;             /* who is told of changes */
    struct dns_access transfer, update, notify; /* who may; `notify`: beside the zone's primaries */
    struct dns_tsig_keys keys;
    struct dns_notify notifies[DNS_NOTIFIES_MAX];
};

/* ERR_FULL. Set keys, lists and limits afterwards. */
MUST_USE enum err dns_peers_init(struct dns_peers *p, struct dns_zones *zones, size_t zone_bytes);
/* The zone's role, made when there is none. NULL: no such zone, or no memory. */
struct dns_role *dns_peers_role(struct dns_peers *p, struct bytes origin);
/* Makes us a secondary of the zone: it answers SERVFAIL until it has come. ERR_FULL. */
MUST_USE enum err dns_peers_secondary(struct dns_peers *p, struct bytes origin, const struct dns_remotes *primaries);
/* The zone has changed: tells the secondaries. */
void dns_peers_changed(struct dns_peers *p, struct bytes origin);
/* Transfers in and NOTIFY out, until cancelled. */
MUST_USE enum err dns_peers_run(struct dns_peers *p, struct stack *s) MAY_YIELD;

/* ---- For those that do it step by step: the timers of secondaries ---- */

/* Zones whose time is over expire; when the next one's will be. */
uint64_t dns_secondary_expire(struct dns_peers *p, uint64_t now_ns);
/* A role whose time has come and that nobody transfers; NULL: none, *next_ns is when to look again. */
struct dns_role *dns_secondary_due(struct dns_peers *p, uint64_t now_ns, uint64_t *next_ns);
/* Some role's time has changed: those that wait look again. */
void dns_secondary_wake(struct dns_peers *p);
/* How an attempt ended: OK, ERR_NOT_FOUND (nothing new) or a failure. */
void dns_secondary_done(struct dns_peers *p, struct dns_role *role, uint64_t now_ns, enum err e);
/* One attempt, with the one of its primaries whose turn it is; `buffer` of DNS_MESSAGE_BYTES. */
MUST_USE enum err dns_secondary_fetch(struct dns_peers *p, struct dns_role *role, uint8_t *buffer) MAY_YIELD;
/* Sends and receives NOTIFY until cancelled. */
MUST_USE enum err dns_notify_run(struct dns_peers *p) MAY_YIELD;

#endif
