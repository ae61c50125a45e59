/* SPDX-License-Identifier: ISC */
#include "tender/confine.h"

#include "tender/fail.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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
    (void)sigprocmask(SIG_SETMASK, &blocked, NULL);
}
