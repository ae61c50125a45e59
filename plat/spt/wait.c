/* SPDX-License-Identifier: ISC */
/* Time and waiting. */
#include "plat/spt/spt.h"

#include <jinn/time.h>

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

/* More than this far away a deadline may be missed by a part of a millisecond, which saves setting the timer. */
#define COARSE_NS (20 * NS_PER_MS)
#define EVENTS_MAX 16 /* what is more comes with the next call */

static uint64_t read_clock(clockid_t id)
{
    struct timespec t = {0, 0};
    if (given.features & EXTENSION_CLOCK) {
        int (*clock)(clockid_t, struct timespec *) =
            (int (*)(clockid_t, struct timespec *))given.extension.refresh.clock;
        (void)clock(id, &t);
    } else {
        (void)SPT_CALL(SYS_clock_gettime, id, &t, 0, 0);
    }
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t plat_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t plat_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* 0 disarms. A timer that went off stays ready until it is set again, and we may not read it. */
static void set_timer(uint64_t deadline_ns)
{
    struct itimerspec t = {{0, 0}, {(time_t)(deadline_ns / NS_PER_S), (long)(deadline_ns % NS_PER_S)}};
    (void)SPT_CALL(SYS_timerfd_settime, spt.boot.timer_fd, TFD_TIMER_ABSTIME, &t, 0);
}

/* epoll's timeout in milliseconds for the deadline, the timer set where that is too coarse. */
static int timeout_for(uint64_t deadline_ns)
{
    if (deadline_ns == TIME_NEVER)
        return -1;
    uint64_t now = plat_clock_ns();
    if (deadline_ns <= now)
        return 0;
    uint64_t left_ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    if (deadline_ns - now >= COARSE_NS)
        return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
    set_timer(deadline_ns);
    return -1;
}

static uint64_t collect(const struct epoll_event *events, long n)
{
    uint64_t ready = 0;
    for (long i = 0; i < n; i++) {
        if (events[i].data.u64 == SOLO5_TIMER_EVENT)
            set_timer(0);
        else if (events[i].data.u64 == EXTENSION_STOP_EVENT)
            spt.stopping = true;
        else if (events[i].data.u64 < SOLO5_ENTRIES_MAX)
            ready |= UINT64_C(1) << events[i].data.u64;
    }
    return ready;
}

uint64_t plat_wait(uint64_t deadline_ns)
{
    struct epoll_event events[EVENTS_MAX] __attribute__((uninitialized)); /* the first n are set */
    spt_settle(deadline_ns != 0);
    uint64_t ahead = spt_ahead();
    int timeout = ahead ? 0 : timeout_for(deadline_ns);
    long n = arch_syscall(SYS_epoll_pwait, spt.boot.epoll_fd, (long)events, EVENTS_MAX, timeout, 0, 0);
    uint64_t ready = ahead | collect(events, n);
    return ready | (spt.stopping ? PLAT_READY_STOP : 0);
}
