/* SPDX-License-Identifier: ISC */
/* Multicast groups that UDP sockets joined, of both families in one table. What routers
 * are told is each family's: IGMP (igmp.c) looks through this table for what changed; MLD (mld.c), whose groups are those of
 * addresses, too, has one of its own and is called. IGMP is reached through `igmp`, set by the first join, so that an image
 * which never joins has none of it. The states of an IPv4 group:
 *
 *   free -first socket-> joined, changed -last socket leaves-> left (no sockets), changed -all reports sent-> free */
#ifndef NET_GROUP_H
#define NET_GROUP_H

#include "net/ip.h"
#include "net/limits.h"

struct net;

struct group {
    struct ip ip;       /* IP_NONE: free */
    uint32_t sockets;   /* a bit for each UDP socket that is in it; 0: it was left */
    bool changed;       /* joined or left, and no report has said so: the first is due at once */
    uint8_t n_reports;  /* of the change that are left to send */
    uint64_t report_ns; /* when the next; 0 with `changed`; TIME_NEVER */
    uint64_t answer_ns; /* when a query for this group is answered; TIME_NEVER */
};

/* What an IGMP implementation does. */
struct group_ops {
    void (*input)(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header);
    /* We have another address: all is told anew. */
    void (*restart)(struct net *n);
    uint64_t (*deadline)(const struct net *n);
    void (*tick)(struct net *n, uint64_t now_ns);
};

struct igmp_state {
    uint64_t general_ns;      /* when a query for all groups is answered; TIME_NEVER */
    uint64_t old_until_ns[2]; /* until when a querier of version 1, of version 2 is present */
    uint8_t robustness;       /* how often a change is told */
};

/* What there is once a group was joined. */
struct group_table_ops {
    const struct group *(*find)(const struct net *n, const struct ip *ip);
    bool (*listens_to)(const struct net *n, const struct mac *mac);
    void (*leave_all)(struct net *n, uint64_t now_ns, size_t socket); /* for a socket that is closed */
};

struct groups {
    const struct group_table_ops *ops; /* NULL: no group was ever joined */
    const struct group_ops *igmp;      /* NULL: no group of IPv4 was ever joined */
    struct igmp_state state;
    struct group group[NET_GROUPS];
};

extern const struct group_ops igmp_ops;

/* The socket of this index (in struct udp) joins; harmless when it is in already. ERR_INVALID: no group that one can
 * join. ERR_UNSUPPORTED: of a family that we do not have. ERR_FULL (counted). */
MUST_USE enum err group_join(struct net *n, uint64_t now_ns, const struct ip *ip, size_t socket);
/* ERR_NOT_FOUND: the socket is not in it. */
MUST_USE enum err group_leave(struct net *n, uint64_t now_ns, const struct ip *ip, size_t socket);

/* A group that a socket is in, or NULL. */
const struct group *group_find(const struct net *n, const struct ip *ip);
/* Whether a joined group's frames go to `mac`. */
bool group_listens_to(const struct net *n, const struct mac *mac);
/* The earliest of the entries' times. */
uint64_t group_deadline(const struct net *n);

#endif
