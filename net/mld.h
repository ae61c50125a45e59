/* SPDX-License-Identifier: ISC */
/* Multicast listener discovery, the listener's least part (RFC 3810): switches that snoop learn which groups we
 * are in (the solicited-node ones of our addresses). Every report names all groups. */
#ifndef NET_MLD_H
#define NET_MLD_H

#include "net/ip.h"
#include "wire/icmp6.h"

struct net;

struct mld {
    unsigned n_changes; /* reports of a change that are left to send (the robustness variable, 2) */
    uint64_t change_ns; /* when the next; TIME_NEVER */
    uint64_t answer_ns; /* when a query is answered; TIME_NEVER */
};

void mld_init(struct net *n);
/* Our addresses changed. */
void mld_changed(struct net *n, uint64_t now_ns);
void mld_input(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m);
uint64_t mld_deadline(const struct net *n);
void mld_tick(struct net *n, uint64_t now_ns);

#endif
