/* SPDX-License-Identifier: ISC */
/* What is sent to an address of our own, to 127.0.0.0/8 or to ::1: it waits in a queue, in packets as they would be on
 * the link, until whoever sent is done, and then comes in as if from the link. Nothing is answered within the call that
 * asks, so the cores are never entered twice.
 *
 * Reached through `ops`, which those set who could send to themselves (UDP sockets, connecting): a server that only
 * answers has none of it. Without it our own address is unreachable for us. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "net/ether.h"
#include "net/limits.h"

#include <jinn/addr.h>
#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/pool.h>

struct loop_packet {
    struct loop_packet *next;
    size_t len;
    uint8_t frame[ETHER_FRAME_BYTES]; /* what the Ethernet header says does not matter */
};

struct loop_ops {
    /* Copies a packet of either family, behind its Ethernet header. ERR_AGAIN (counted): the queue is full.
     * ERR_UNSUPPORTED: several segments, which nobody here would cut. */
    enum err (*send)(struct net *n, const struct frame *f);
    /* Hands in what waits, at most LOOP_PACKETS; false: there was nothing. */
    bool (*deliver)(struct net *n, uint64_t now_ns);
};

struct loop {
    const struct loop_ops *ops; /* NULL: nobody sends to us from here */
    struct pool packets;        /* made by the first packet */
    struct loop_packet *first;
    struct loop_packet **end;
    bool delivering; /* what comes in now is our own: its source can't be forged */
};

extern const struct loop_ops loop_ops;

/* 127.0.0.0/8 or ::1. */
static inline bool loop_is_loopback(const struct ip *ip)
{
    return ip_is4(ip) ? ip->b[12] == 127 : ip_equal(ip, &(struct ip){{[15] = 1}});
}

#endif
