/* SPDX-License-Identifier: ISC */
#include "tender/confine.h"

#include "tender/debug/channel.h"
#include "tender/fail.h"
#include "tender/kind.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void limit(int what, rlim_t value)
{
    struct rlimit r = {value, value};
    (void)setrlimit(what, &r); /* lowering is always allowed; the filter stands behind it */
}

void confine_limits(void)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 0);
    limit(RLIMIT_NPROC, 0);
    limit(RLIMIT_MEMLOCK, 0);
    limit(RLIMIT_MSGQUEUE, 0);
    limit(RLIMIT_SIGPENDING, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(FAIL_HOST, "the host refused no-new-privileges: %s", strerror(errno));
}

void confine_signals(const struct tender *t)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    if (t->jinn) {
        sigaddset(&blocked, SIGTERM);
        sigaddset(&blocked, SIGINT);
        (void)signal(SIGPIPE, SIG_IGN);
    }
    if (t->held[TENDER_FD_INTERRUPT])
        sigaddset(&blocked, CHANNEL_SIGNAL);
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* Neither is a reason to stop: the filter on system calls stands behind them, and there is no host without it. */
static void say_missing(const char *what)
{
    (void)dprintf(STDERR_FILENO, "%s: note: the host has no %s (%s); the filter on system calls confines the tender\n",
                  tender_kind.program, what, strerror(errno));
}

/* No network namespace: it takes a third of a millisecond, and the filter has no call that makes a socket. */
void confine_namespaces(void)
{
    int wanted = CLONE_NEWNS | CLONE_NEWIPC;
    if (unshare(wanted) != 0 && unshare(CLONE_NEWUSER | wanted) != 0)
        say_missing("namespaces for this user");
}

void confine_files(void)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0 || syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        say_missing("Landlock");
    if (rules >= 0)
        (void)close(rules);
}

void confine_calls(const struct seccomp_policy *policy, const char *image)
{
    static struct seccomp_program program;
    seccomp_emit(policy, &program);
    if (program.full)
        fail(FAIL_DEVICE, "%s: it has more devices than the host's filter on system calls can hold", image);
    struct sock_fprog filter = {(unsigned short)program.n, program.code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
        fail(FAIL_HOST, "the host refused the filter on system calls: %s", strerror(errno));
}
