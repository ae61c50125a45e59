/* SPDX-License-Identifier: ISC */
/* Frames that wait until a neighbour's MAC address is known, of ARP and of ND: copies, in memory that all neighbours of a
 * family share. Of too many for one neighbour the oldest goes, for the newest are what somebody still waits for; when the
 * memory is full the new one does. Either is counted. */
#ifndef NET_WAITING_H
#define NET_WAITING_H

#include "net/ether.h"

#include <jinn/pool.h>

struct waiting_frame {
    struct waiting_frame *next;
    size_t len;
    uint8_t b[ETHER_FRAME_BYTES];
};

/* For one neighbour, oldest first. */
struct waiting {
    struct waiting_frame *first;
    uint8_t n;
};

struct waiting_room {
    struct pool frames;
    uint8_t n_each; /* for one neighbour at most */
    uint64_t *n_waited, *n_dropped;
};

/* ERR_FULL. The counters live as long as the room. */
MUST_USE enum err waiting_init(struct waiting_room *r, size_t n_frames, uint8_t n_each, uint64_t *n_waited,
                               uint64_t *n_dropped);
void waiting_free(struct waiting_room *r);

/* Keeps a copy, which is finished where the device would have done so. Not for several segments. */
void waiting_keep(struct waiting_room *r, struct waiting *w, const struct frame *f);
/* Sends all of them: the neighbour has answered. */
void waiting_send(struct net *n, struct waiting_room *r, struct waiting *w, const struct mac *dst,
                  enum ether_type type);
void waiting_drop(struct waiting_room *r, struct waiting *w);
/* Drops all of them, and tells whoever sent them, as a router would by ICMP. `problem`: ip4_problem or ip6_problem. */
void waiting_refuse(struct net *n, uint64_t now_ns, struct waiting_room *r, struct waiting *w,
                    bool (*problem)(struct net *n, uint64_t now_ns, struct bytes quoted, enum icmp_problem problem,
                                    uint16_t mtu_bytes));

#endif
