/* SPDX-License-Identifier: ISC */
/* What the parts of the stack's edge know of each other: stack.c (device, timer, addresses), tcp_flow.c (connections),
 * udp_flow.c (sockets). */
#ifndef NET_STACK_INTERNAL_H
#define NET_STACK_INTERNAL_H

#include <jinn/stack.h>

struct net;
struct tcp;

struct net *stack_net(struct stack *s);
struct tcp *stack_tcp(struct stack *s);
/* Of the options, what concerns names: net/stack_names.c. */
struct stack_given_names {
    struct ip_list servers;
    const char *search;
};
const struct net *stack_const_net(const struct stack *s);
const struct stack_given_names *stack_given_names(const struct stack *s);
/* Somebody may send to our own address from now on: without this call it is unreachable for us. */
void stack_may_loop(struct stack *s);
/* What was written is sent when the fibers of this round have run: the connections' segments leave one after the other, and
 * what several writes brought is joined. */
void stack_flush_late(struct stack *s);
/* To be called after calls into a core by a user: sets the timer to the earliest deadline again. */
void stack_kick(struct stack *s);

#endif
