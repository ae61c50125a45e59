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
};
extern struct hvt hvt;

#endif
