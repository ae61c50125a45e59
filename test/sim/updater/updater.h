/* SPDX-License-Identifier: ISC */
/* A machine that sends updates to a name server whose power is cut again and again, and knows at each time what the server's zones
 * may be: each update that was answered is in them, of the others each whole or not at all. It says "all sent" when it has no more,
 * and at the end a line "result" with name=number pairs, or one "fault" with what was wrong. */
#ifndef UPDATER_H
#define UPDATER_H

#include "proto/dns_update.h"
#include "proto/dns_xfr.h"

#include <jinn/stack.h>
#include <jinn/time.h>

#define STORIES 2 /* zones: a.test, b.test */
#define BURST_MAX 4

/* What is known of one zone. */
struct story {
    unsigned index;
    struct dns_name origin;
    uint32_t first_serial;
    unsigned n_known;       /* updates that are done: answered, or seen */
    unsigned n_sent;        /* that may be */
    struct dns_zone *model; /* after n_model of them, which are n_known or less */
    unsigned n_model;
    struct dns_zone *followed; /* what the secondary was seen to have: after n_followed of them */
    unsigned n_followed;
    bool was_followed;
    struct dns_zone *copy; /* came by AXFR once, and by IXFR from then on */
    struct dns_update_room room;
};

/* `first` is the zone before the first update; takes three copies of it. */
void story_begin(struct story *s, struct dns_zone *first);
/* The i-th update. It is always the same one, and does something only when those before it have been done and itself hasn't:
 * whatever is sent twice, comes late or overtakes another. */
struct bytes story_update(const struct story *s, unsigned i, uint16_t id, uint8_t *buffer, size_t size);
/* It is longer than a datagram may be. */
bool story_is_long(unsigned i);
/* The server has been seen with that zone. NULL, or what is wrong with it. */
const char *story_seen(struct story *s, struct dns_zone *z);
/* Likewise the secondary. */
const char *story_followed(struct story *s, struct dns_zone *z);

struct updater {
    struct stack *stack;
    struct udp_socket *udp;
    struct endpoint server, secondary; /* IP_NONE: there is none */
    struct dns_tsig_keys keys;
    unsigned n_updates; /* of each zone */
    uint16_t next_id;
    struct story story[STORIES];
    const char *fault;
    struct {
        unsigned answered, unmet, unanswered, failed; /* updates: NOERROR, NXRRSET, no answer, SERVFAIL */
        unsigned wholes, changes;                     /* transfers from the server */
        unsigned followed, gone;                      /* from the secondary; that it had nothing although it once had */
    } n;
};

/* Sends updates `from` to from + n - 1 of the zone and waits a while for answers; n_known of the story goes up by what was done for
 * sure. By TCP: one only. */
void talk_update(struct updater *u, struct story *s, unsigned from, unsigned n, bool tcp) MAY_YIELD;
/* A transfer into *zone, by IXFR if there is one. As dns_xfr_in_finish; ERR_REFUSED: it hasn't the zone; others: it couldn't be had
 * now. What no server may send is u->fault. */
MUST_USE enum err talk_fetch(struct updater *u, struct endpoint from, const struct story *s,
                             struct dns_zone **zone) MAY_YIELD;

#endif
