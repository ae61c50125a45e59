/* SPDX-License-Identifier: ISC */
/* What stacks know: their addresses, routes, neighbours and counters, for whoever shows them; and which of several stacks
 * leads to an address. An image that calls nothing of this has nothing of it.
 *
 * Each stack_next_ gives one entry after the other: *at is the caller's, 0 before the first. False: there are no more, and
 * the entry is as it was. What changes between two calls may be missed or seen twice. */
#ifndef JINN_STACK_TABLES_H
#define JINN_STACK_TABLES_H

#include <jinn/addr.h>

#include <stddef.h>
#include <stdint.h>

struct stack;

struct stack_address {
    struct ip_net net;     /* all bits of the address, and its prefix */
    bool detecting;        /* others are being asked whether it is theirs */
    uint64_t preferred_ns; /* until when connections begin from it; TIME_NEVER */
    uint64_t valid_ns;     /* until when it is there; TIME_NEVER */
};

enum stack_route_origin { STACK_ROUTE_GIVEN, STACK_ROUTE_LEARNT, STACK_ROUTE_REDIRECT };

struct stack_route {
    struct ip_net to;
    struct ip gateway; /* IP_NONE: its hosts are on the link */
    uint16_t metric;
    enum stack_route_origin origin;
    bool dead; /* its gateway does not answer */
};

enum stack_neighbour_state {
    STACK_NEIGHBOUR_ASKED, /* and has not answered yet */
    STACK_NEIGHBOUR_KNOWN,
    STACK_NEIGHBOUR_DOUBTED, /* known, but not of late; or it is asked again */
    STACK_NEIGHBOUR_SILENT   /* it did not answer */
};

struct stack_neighbour {
    struct ip ip;
    struct mac mac; /* all zero when it is not known */
    enum stack_neighbour_state state;
};

bool stack_next_address(const struct stack *s, size_t *at, struct stack_address *a);
bool stack_next_route(const struct stack *s, size_t *at, struct stack_route *r);
bool stack_next_neighbour(const struct stack *s, size_t *at, struct stack_neighbour *n);

/* Counters below TCP, as net/counters.h says; they live as long as the stack. NULL: the host's sockets do the work. */
struct net_counters;
const struct net_counters *stack_counters(const struct stack *s);

/* The stack that `to` is to be reached by: one whose own address it is, or the one with the longest prefix that it is
 * in; of equal ones one whose gateway answers, then the least metric, then the first of the list. NULL: none leads there.
 * Each stack is a host of its own (RFC 1122 3.3.4.2, the strong model): what comes in at one is answered there. Link-local
 * addresses are on every link: the first stack that speaks IPv6 is taken. */
struct stack *stack_toward(struct stack *const *list, size_t n, const struct ip *to);

#endif
