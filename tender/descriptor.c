/* SPDX-License-Identifier: ISC */
/* Every descriptor that the image will have is first gathered at high numbers, where none can be in another's way, and
 * then put in its place. Whatever else is open is closed. */
#include "tender/fail.h"
#include "tender/tender.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define CLOSE_FALLBACK 65536 /* a kernel before 5.9 is asked one by one */

void tender_stage(struct tender *t, int place, int fd)
{
    int staged = fcntl(fd, F_DUPFD_CLOEXEC, TENDER_FD_STAGE);
    if (staged < 0)
        fail(FAIL_HOST, "the host refused descriptor %d: %s; raise `ulimit -n`", TENDER_FD_STAGE, strerror(errno));
    t->staged[place] = staged;
    t->held[place] = true;
}

static void close_range_of(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
        return;
    for (unsigned fd = first; fd <= last && fd < CLOSE_FALLBACK; fd++)
        (void)close((int)fd);
}

static void close_all_else(const struct tender *t)
{
    unsigned first = 3;
    (void)close(STDIN_FILENO);
    for (unsigned fd = 3; fd < TENDER_FDS; fd++) {
        if (!t->held[fd])
            continue;
        close_range_of(first, fd - 1);
        first = fd + 1;
    }
    close_range_of(first, ~0u);
}

static void stage_new(struct tender *t, int place, int fd, const char *what)
{
    if (fd < 0)
        fail(FAIL_HOST, "the host refused %s: %s", what, strerror(errno));
    tender_stage(t, place, fd);
}

/* The image knows how to stop: then it is told by an event instead of being ended. */
static void stage_stop(struct tender *t)
{
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    stage_new(t, TENDER_FD_STOP, signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC), "a descriptor for signals");
}

static void stage_control(struct tender *t)
{
    int fd = t->options.control_fd;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0)
        fail(FAIL_DEVICE, "--control=@%d: no such descriptor is open", fd);
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    tender_stage(t, TENDER_FD_CONTROL, fd);
}

static void watch(int fd, uint64_t data, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = data};
    if (epoll_ctl(TENDER_FD_EPOLL, EPOLL_CTL_ADD, fd, &e) != 0)
        fail(FAIL_HOST, "the host refused to wait for a device: %s", strerror(errno));
}

static void watch_all(const struct tender *t)
{
    watch(TENDER_FD_TIMER, SOLO5_TIMER_EVENT, EPOLLIN);
    if (t->held[TENDER_FD_STOP])
        watch(TENDER_FD_STOP, EXTENSION_STOP_EVENT, EPOLLIN | EPOLLET);
    if (t->held[TENDER_FD_INTERRUPT])
        watch(TENDER_FD_INTERRUPT, TENDER_INTERRUPT_EVENT, EPOLLIN);
    for (int i = 0; i < XDP_LINKS_MAX; i++) {
        int end = TENDER_FD_XDP + TENDER_XDP_FDS * i + TENDER_XDP_END;
        if (t->held[end])
            watch(end, t->xdp_index[i], EPOLLIN);
    }
    for (size_t i = 0; i < t->manifest.n; i++) {
        if (t->manifest.entries[i].type == SOLO5_NET)
            watch(TENDER_FD_DEVICE + (int)i, i, EPOLLIN);
    }
}

void tender_settle_descriptors(struct tender *t)
{
    stage_new(t, TENDER_FD_EPOLL, epoll_create1(EPOLL_CLOEXEC), "an epoll set");
    stage_new(t, TENDER_FD_TIMER, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "a timer");
    if (t->jinn)
        stage_stop(t);
    if (t->jinn && t->options.control_fd >= 0)
        stage_control(t);
    for (int fd = 0; fd < TENDER_FDS; fd++) {
        if (t->held[fd] && dup2(t->staged[fd], fd) != fd)
            fail(FAIL_HOST, "the host refused descriptor %d: %s", fd, strerror(errno));
    }
    close_all_else(t);
    watch_all(t);
}
