/* SPDX-License-Identifier: ISC */
/* Time and waiting: one epoll set with the net devices and a descriptor for SIGTERM and SIGINT. */
#include "plat/linux/linux.h"

#include <jinn/must.h>
#include <jinn/time.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define STOP_INDEX UINT64_C(63) /* the bit of PLAT_READY_STOP */

static int stop_fd = -1;

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    must(clock_gettime(clock, &t) == 0);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t plat_clock_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t plat_wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

static void watch(uint64_t index, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = index};
    if (epoll_ctl(linux_state.epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        linux_fail(EXIT_DEVICE, "can't wait for a device: %s", strerror(errno));
}

void linux_wait_init(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    stop_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    linux_state.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (stop_fd < 0 || linux_state.epoll < 0)
        linux_fail(EXIT_DEVICE, "can't wait for devices: %s", strerror(errno));
    watch(STOP_INDEX, stop_fd);
}

void linux_wait_add(unsigned index, int fd)
{
    watch(index, fd);
}

bool linux_wait_watch(struct linux_watch *w, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = w};
    return epoll_ctl(linux_state.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Taken out of the set afterwards, or every wait would end at once. */
static void begin_stop(void)
{
    linux_state.stop = true;
    epoll_ctl(linux_state.epoll, EPOLL_CTL_DEL, stop_fd, NULL);
}

/* For epoll_pwait2: NULL waits for ever. */
static struct timespec *timeout_until(uint64_t deadline_ns, struct timespec *t)
{
    if (deadline_ns == TIME_NEVER)
        return NULL;
    uint64_t now = deadline_ns ? plat_clock_ns() : 0;
    uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
    *t = (struct timespec){.tv_sec = (time_t)(left / NS_PER_S), .tv_nsec = (long)(left % NS_PER_S)};
    return t;
}

/* What is no index is a pointer to a watch: no object lies at the lowest addresses. */
static uint64_t index_of(const struct epoll_event *event)
{
    if (event->data.u64 <= STOP_INDEX)
        return event->data.u64;
    struct linux_watch *w = event->data.ptr;
    w->ready(w, event->events);
    return w->index;
}

uint64_t plat_wait(uint64_t deadline_ns)
{
    struct epoll_event events[PLAT_DEVICES_MAX + 1];
    struct timespec t;
    uint64_t ready = linux_state.stop ? PLAT_READY_STOP : 0;
    int n = epoll_pwait2(linux_state.epoll, events, (int)ARRAY_LEN(events), timeout_until(deadline_ns, &t), NULL);
    must(n >= 0 || errno == EINTR);
    for (int i = 0; i < n; i++)
        ready |= UINT64_C(1) << index_of(&events[i]);
    if (ready & PLAT_READY_STOP && !linux_state.stop)
        begin_stop();
    return ready;
}

void linux_wait_remove(int fd)
{
    epoll_ctl(linux_state.epoll, EPOLL_CTL_DEL, fd, NULL);
}
