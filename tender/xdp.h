/* SPDX-License-Identifier: ISC */
/* Net devices on AF_XDP sockets, of spt alone: all frames that come to a link of the host's are the image's, and lie in memory that
 * the kernel and this process share. One call sends a batch of frames, none is needed to receive them.
 *
 * An image calls these functions where it would make system calls for a tap (struct extension_net_calls): they run in its
 * process, behind its filter, with no power that it has not, and cost it nothing when it has no such device. */
#ifndef TENDER_XDP_H
#define TENDER_XDP_H

#include "tender/device.h"
#include "tender/tender.h"

enum {
    XDP_CHUNK_BYTES = 2048, /* a frame's room; the kernel takes 256 in front of what was received */
    XDP_RING = 1024,        /* frames each way: 2 MB of memory that is locked */
    XDP_MTU_MAX = 1500
};

/* Written to by one side, read by the other; both count frames without end. */
struct xdp_ring {
    uint32_t *producer, *consumer;
    void *entries;
};

struct xdp_link {
    unsigned index; /* in the manifest */
    long fd;
    uint8_t *memory;                  /* chunks to receive into, then those to send from */
    struct xdp_ring rx, tx;           /* of struct xdp_desc */
    struct xdp_ring to_fill, is_sent; /* of uint64_t: chunks that the kernel may fill, and is done with */
    uint32_t rx_end; /* of what is known to have come: the kernel writes to its producer all the time */
    uint64_t held;   /* the chunk that the image looks at */
    bool holds;
    unsigned n_heard; /* since the last wait */
    bool gone;
    uint32_t n_sent; /* producer of tx, once the kernel is told */
    size_t n_free;
    uint64_t free[XDP_RING]; /* chunks to send from */
};

/* What was opened; written to by the running image. */
struct xdp_state {
    size_t n;
    struct xdp_link links[XDP_LINKS_MAX];
    uint64_t n_lost[SOLO5_ENTRIES_MAX];
};
extern struct xdp_state xdp;

/* Attaches the link to the image, until this process ends. What is wrong ends it at once. */
void xdp_open(struct tender *t, const struct solo5_entry *e, const char *interface, struct net_device *d);

extern const struct extension_net_calls xdp_calls;

/* xdp_call.c, and a kernel of the unit test's own. The kernel's negative error number, or its result. */
long xdp_system_call(long number, long a, long b, long c);

#endif
