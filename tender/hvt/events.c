/* SPDX-License-Identifier: ISC */
#include "tender/hvt/call.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)
#define STOP (UINT64_C(1) << 63)
/* More than this far away a deadline may be missed by a part of a millisecond, which saves setting the timer. */
#define COARSE_NS (20 * NS_PER_MS)

/* 0 disarms. */
static void set_timer(uint64_t ns)
{
    struct itimerspec t = {{0, 0}, {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)}};
    (void)timerfd_settime(TENDER_FD_TIMER, 0, &t, NULL);
}

/* epoll's timeout in milliseconds, the timer set where that is too coarse. */
static int timeout_for(uint64_t ns)
{
    if (ns == 0)
        return 0;
    if (ns >= COARSE_NS)
        return ns / NS_PER_MS < INT32_MAX ? (int)((ns + NS_PER_MS - 1) / NS_PER_MS) : -1;
    set_timer(ns);
    return -1;
}

uint64_t events_wait(uint64_t timeout_ns)
{
    struct epoll_event events[SOLO5_ENTRIES_MAX];
    uint64_t ready = 0;
    int timeout = timeout_for(timeout_ns);
    int n = epoll_pwait(TENDER_FD_EPOLL, events, SOLO5_ENTRIES_MAX, timeout, NULL);
    for (int i = 0; i < n; i++) {
        uint64_t what = events[i].data.u64;
        if (what == SOLO5_TIMER_EVENT)
            set_timer(0);
        else if (what != TENDER_INTERRUPT_EVENT)
            ready |= what == EXTENSION_STOP_EVENT ? STOP : UINT64_C(1) << what;
    }
    return ready;
}
