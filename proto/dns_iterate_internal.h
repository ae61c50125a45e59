/* SPDX-License-Identifier: ISC */
/* What the parts of the iterative resolver know of each other: dns_iterate.c (questions, tasks), dns_iterate_zone.c (whom to
 * ask), dns_iterate_input.c (messages), dns_iterate_keep.c (what is kept of them). */
#ifndef PROTO_DNS_ITERATE_INTERNAL_H
#define PROTO_DNS_ITERATE_INTERNAL_H

#include "proto/dns_iterate.h"
#include "proto/dns_collect.h"

enum dns_task_state {
    DNS_TASK_FREE,
    DNS_TASK_READY,   /* in the list of those that go on */
    DNS_TASK_ASKING,  /* a query is out */
    DNS_TASK_WAITING, /* for another task */
};

struct dns_task {
    struct list node; /* ready, or a child's parents, or free */
    struct list questions, parents;
    struct dns_name name, zone;
    struct dns_task *payer, *child;
    uint64_t hash, deadline_ns, sent_ns, letters;
    struct ip server;
    struct {
        struct ip ip;
        uint8_t n; /* times; TRIED_BAD: it is no use */
    } tried[DNS_ITERATE_TRIED];
    uint16_t type, id;
    uint8_t state, n_tried, depth, n_left, n_referrals, n_ns, n_labels, n_single, n_forgeries;
    uint8_t round, n_bogus;
    uint8_t socket;
    uint32_t ticket; /* of its stream */
    bool by_stream;
    bool stream_next, same_next; /* the same server is asked again, by TCP or UDP */
    bool whole_next;             /* no more single labels */
    bool new_cookie;             /* it was asked again for that once */
    bool fetch;                  /* even if it is known */
    bool went_up;                /* the zone's servers had no addresses: asked above it once */
    bool primed;                 /* it has waited for the root's servers once */
};

enum { DNS_ITERATE_CANDIDATES = 32, DNS_ITERATE_NAMES = 16, DNS_TRIED_BAD = 255, DNS_TICKET_BITS = 12 };

/* Servers of a zone, as they are chosen from. */
struct dns_choice {
    size_t n, n_names, n_unknown;
    struct ip ip[DNS_ITERATE_CANDIDATES];
    struct dns_name name[DNS_ITERATE_NAMES];
    /* Those without an address, that one can be looked for of. */
    struct {
        uint8_t name;
        uint16_t type;
    } unknown[DNS_ITERATE_NAMES];
};

struct dns_iterate {
    struct dns_iterate_options o;
    struct dns_iterate_counters counters;
    struct ip hints[DNS_ITERATE_HINTS];
    size_t n_hints, n_tasks, n_busy;
    struct dns_task *task;
    struct list ready, free;
    struct list answered;   /* questions that go on */
    struct list young, old; /* questions by their time: that may yet be served stale answers; that will fail next */
    uint32_t n_tickets;
    bool pumping;
    uint64_t prime_ns; /* before then `. NS` is not asked for again: it could not be had */
    struct dns_servers servers;
    struct {
        uint64_t hash, until_ns;
    } failure[DNS_ITERATE_FAILURES];
    uint8_t message[DNS_UDP_BYTES + 64];
    uint8_t reply[DNS_MESSAGE_BYTES];
    uint8_t set[DNS_ITERATE_SET_BYTES];
    uint8_t glue[DNS_ITERATE_GLUE_BYTES];
    struct dns_choice choice;
};

/* dns_iterate.c */
void dns_task_ready(struct dns_iterate *it, struct dns_task *t);
void dns_iterate_pump(struct dns_iterate *it, uint64_t now_ns);
/* The task for this set, which may be under way; NULL (counted): no room. */
struct dns_task *dns_task_for(struct dns_iterate *it, struct bytes name, uint16_t type, struct dns_task *parent);
/* Its query is not waited for any more. */
void dns_task_over(struct dns_iterate *it, struct dns_task *t);
bool dns_iterate_has_failed(const struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type);
/* With a validator nothing is told that it hasn't judged, but to those who check for themselves. */
bool dns_iterate_may_tell(const struct dns_iterate *it, bool checking_disabled, const struct dns_cached *found);
/* Whoever asks for a set that dies soon has it fetched anew, for the next one who asks. */
bool dns_iterate_dies_soon(const struct dns_cached *found);
void dns_iterate_prefetch(struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type);

/* dns_iterate_zone.c: what a task does next. False: it fails. */
bool dns_task_go_on(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t);
/* It asks for the root's servers (RFC 9609). */
bool dns_task_is_priming(const struct dns_iterate *it, const struct dns_task *t);
/* Such a one has ended. */
void dns_iterate_primed(struct dns_iterate *it, uint64_t now_ns, bool answered);
/* The name that is asked for just now, small letters. */
struct bytes dns_task_asked(const struct dns_task *t);
uint16_t dns_task_asked_type(const struct dns_task *t);
void dns_task_spell(const struct dns_task *t, struct dns_name *out);
/* The server that was asked is no use for this. */
void dns_task_shun(struct dns_task *t);
bool dns_task_wait(struct dns_iterate *it, struct dns_task *t, struct bytes name, uint16_t type);

/* A message that was read whole once; its sections are read again from where they begin. */
struct dns_reply {
    struct bytes message;
    struct dns_header header;
    struct dns_question question;
    struct reader section[3]; /* answer, authority, additional */
    struct dns_edns edns;
    unsigned rcode; /* with the upper bits of EDNS */
    bool bare;      /* without a question */
};

/* dns_iterate_keep.c: what a good answer says. The task goes on from there. */
void dns_task_take(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t, const struct dns_reply *m);

#endif
