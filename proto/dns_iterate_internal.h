/* SPDX-License-Identifier: ISC */
/* What the parts of the iterative resolver know of each other: dns_iterate.c (questions, tasks), dns_iterate_zone.c (whom to
 * ask), dns_iterate_input.c (messages). */
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
    struct ip tried[DNS_ITERATE_TRIED];
    uint16_t type, id;
    uint8_t state, n_tried, depth, n_left, n_referrals, n_ns, n_labels, n_single, n_forgeries;
    uint8_t socket;
    bool by_stream, stream_next, whole_next,
        silent;   /* stream_next: ask the same server again so; whole_next: no more single labels */
    bool no_zone; /* the zone's servers are to be looked for */
};

struct dns_iterate {
    struct dns_iterate_options o;
    struct dns_iterate_counters counters;
    struct ip hints[DNS_ITERATE_HINTS];
    size_t n_hints, n_tasks, n_busy;
    struct dns_task *task;
    struct list ready, free;
    struct list answered; /* questions that go on */
    bool pumping;
    struct dns_servers servers;
    struct {
        uint64_t hash, until_ns;
    } failure[DNS_ITERATE_FAILURES];
    uint8_t message[DNS_UDP_BYTES + 64];
    uint8_t set[DNS_ITERATE_SET_BYTES];
};

/* dns_iterate.c */
void dns_task_ready(struct dns_iterate *it, struct dns_task *t);
void dns_iterate_pump(struct dns_iterate *it, uint64_t now_ns);
/* The task for this set, which may be under way; NULL (counted): no room. */
struct dns_task *dns_task_for(struct dns_iterate *it, struct bytes name, uint16_t type, struct dns_task *parent);
bool dns_iterate_has_failed(const struct dns_iterate *it, uint64_t now_ns, struct bytes name, uint16_t type);

/* dns_iterate_zone.c: what a task does next. False: it fails. */
bool dns_task_go_on(struct dns_iterate *it, uint64_t now_ns, struct dns_task *t);
/* The name that is asked for just now, small letters. */
struct bytes dns_task_asked(const struct dns_task *t);
uint16_t dns_task_asked_type(const struct dns_task *t);
void dns_task_spell(const struct dns_task *t, struct dns_name *out);
bool dns_task_wait(struct dns_iterate *it, struct dns_task *t, struct bytes name, uint16_t type);

#endif
