/* SPDX-License-Identifier: ISC */
/* What the files of this platform share. */
#ifndef PLAT_HVT_H
#define PLAT_HVT_H

#include "plat/solo5/given.h"

#include "arch/hypercall.h"
#include "arch/machine.h"
#include "wire/hvt.h"

/* The image's one state of this layer: set at start, but for the wall clock and `stopping`. */
struct hvt {
    struct hvt_boot_info boot;
    uint64_t ns_per_tick;               /* times 2^32 */
    uint64_t wall_ns, wall_asked_at_ns; /* what the host's clock said, and when by ours; 0: not asked yet */
    bool stopping;
    struct ring *ring; /* NULL: the tender has none, or there is no net device */
};
extern struct hvt hvt;

/* The end, because there is no network any more: the other end of a socket pair is gone, or a tap. */
NO_RETURN void device_closed(void);
/* ring.c: plat_wait, plat_net_send and plat_net_recv where there is a ring. */
uint64_t ring_wait(uint64_t now_ns, uint64_t deadline_ns);
enum err ring_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o);
enum err ring_recv(unsigned index, struct bytes *frame, struct net_offload *o);
const uint64_t *ring_lost(unsigned index);
/* What was sent leaves, if it has not yet. */
void ring_flush(void);

#endif
