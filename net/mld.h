/* SPDX-License-Identifier: ISC */
/* Multicast listener discovery, the listener's part (RFC 3810; RFC 2710 while a router of version 1 asks): switches that
 * snoop, and routers, learn which groups we are in: the solicited-node ones of our addresses, and those of sockets. All
 * senders of a group are welcome. */
#ifndef NET_MLD_H
#define NET_MLD_H

#include "net/ip.h"
#include "net/limits.h"
#include "wire/icmp6.h"

#include <jinn/must.h>

struct net;

struct mld_group {
    struct ip group;    /* IP_NONE: free */
    uint16_t n_members; /* addresses and sockets; 0: left, which is still to be told */
    bool last;          /* version 1: nobody else has reported it since we have */
    uint8_t n_changes;  /* reports of joining or leaving that are left to send */
    uint64_t answer_ns; /* when a query for it is answered; TIME_NEVER */
};

struct mld {
    uint8_t robustness;         /* how often changes are told */
    uint64_t change_ns;         /* when changes are told again; TIME_NEVER */
    uint64_t answer_ns;         /* when a query for all is answered; TIME_NEVER */
    uint64_t group_answer_ns;   /* no group's query is answered earlier */
    uint64_t version1_until_ns; /* an old router was heard */
    struct mld_group group[MLD_GROUPS];
};

void mld_init(struct net *n);
/* An address or a socket is in the group from now on. Each call counts; there is room for all that there can be. */
void mld_join(struct net *n, uint64_t now_ns, const struct ip *group);
void mld_leave(struct net *n, uint64_t now_ns, const struct ip *group);
bool mld_is_member(const struct net *n, const struct ip *group);
/* Our link-local address is sure: what was told from "::" is told from it (RFC 3590 2). */
void mld_again(struct net *n, uint64_t now_ns);
/* A query or somebody else's report of version 1, with the router alert. */
void mld_input(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
uint64_t mld_deadline(const struct net *n);
void mld_tick(struct net *n, uint64_t now_ns);

#endif
