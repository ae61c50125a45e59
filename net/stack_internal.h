/* SPDX-License-Identifier: ISC */
/* What the parts of the stack's edge know of each other: stack.c (device, timer, addresses), tcp_flow.c (connections),
 * udp_flow.c (sockets). */
#ifndef NET_STACK_INTERNAL_H
#define NET_STACK_INTERNAL_H

#include <jinn/stack.h>

struct net;
struct tcp;
struct ip_below;
struct ip_in;
struct ip_problem;

struct net *stack_net(struct stack *s);
/* NULL: it has none. */
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

/* TCP, as the edge calls it: net/tcp.h says what each does. An image whose options name none holds none. */
struct tcp_part {
    enum err (*make)(const struct stack_options *o, struct ip_below *below, uint64_t now_ns, struct tcp **t);
    void (*free)(struct tcp *t);
    void (*input)(struct tcp *t, uint64_t now_ns, const struct ip_in *in);
    void (*problem)(struct tcp *t, uint64_t now_ns, const struct ip_problem *p);
    uint64_t (*deadline)(const struct tcp *t);
    void (*tick)(struct tcp *t, uint64_t now_ns);
    void (*flush)(struct tcp *t, uint64_t now_ns);
};

#endif
