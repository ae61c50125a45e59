/* SPDX-License-Identifier: ISC */
/* Time and waiting. */
#include "plat/hvt/hvt.h"

#include <jinn/time.h>

#define WALL_GOOD_NS NS_PER_S /* how long the host's answer is gone by: it may be set at any time */

uint64_t given_entered_ns(uint64_t ticks)
{
    return (uint64_t)((unsigned __int128)ticks * hvt.ns_per_tick >> 32);
}

uint64_t plat_clock_ns(void)
{
    return given_entered_ns(arch_ticks());
}

uint64_t plat_wall_ns(void)
{
    uint64_t now_ns = plat_clock_ns();
    if (!hvt.wall_asked_at_ns || now_ns - hvt.wall_asked_at_ns > WALL_GOOD_NS) {
        struct hvt_walltime t = {0};
        arch_hypercall(HVT_WALLTIME, &t);
        hvt.wall_ns = t.ns;
        hvt.wall_asked_at_ns = now_ns;
    }
    return hvt.wall_ns + (now_ns - hvt.wall_asked_at_ns);
}

uint64_t plat_wait(uint64_t deadline_ns)
{
    uint64_t now_ns = plat_clock_ns();
    if (hvt.ring)
        return ring_wait(now_ns, deadline_ns);
    struct hvt_poll p = {.timeout_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0};
    arch_hypercall(HVT_POLL, &p);
    if (given.extended && p.ready & PLAT_READY_STOP)
        hvt.stopping = true;
    return (p.ready & ~PLAT_READY_STOP) | (hvt.stopping ? PLAT_READY_STOP : 0);
}
