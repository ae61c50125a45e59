/* SPDX-License-Identifier: ISC */
#include "tender/usernet/usernet.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
#define RESOLV_CONF "/etc/resolv.conf"
#define STATUS_BUG 70

/* Each of 4096 connections has 256 KB of buffers, which count though they are mostly untouched. */
#define DATA_BYTES_MAX (UINT64_C(2) << 30)

/* libslirp reads resolv.conf again when it changes, and everything else in the file system is none of its business. */
static void confine_files(void)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    struct landlock_path_beneath_attr beneath = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE};
    char path[PATH_MAX];
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        return;
    /* The folder, because the file is replaced rather than rewritten. */
    if (realpath(RESOLV_CONF, path)) {
        *strrchr(path, '/') = 0;
        beneath.parent_fd = open(path[0] ? path : "/", O_PATH | O_CLOEXEC);
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
        close(beneath.parent_fd);
    }
    syscall(SYS_landlock_restrict_self, rules, 0);
    close(rules);
}

/* In a container root may have no one else to become. */
static void give_up_root(void)
{
    if (geteuid() != 0)
        return;
    if (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
        return;
}

static bool allow_calls(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(read),       SCMP_SYS(write),         SCMP_SYS(writev),       SCMP_SYS(recvfrom),
        SCMP_SYS(recvmsg),    SCMP_SYS(sendto),        SCMP_SYS(sendmsg),      SCMP_SYS(poll),
        SCMP_SYS(ppoll),      SCMP_SYS(connect),       SCMP_SYS(bind),         SCMP_SYS(listen),
        SCMP_SYS(accept),     SCMP_SYS(accept4),       SCMP_SYS(getsockname),  SCMP_SYS(getpeername),
        SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),    SCMP_SYS(shutdown),     SCMP_SYS(close),
        SCMP_SYS(fcntl),      SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
        SCMP_SYS(brk),        SCMP_SYS(munmap),        SCMP_SYS(mremap),       SCMP_SYS(madvise),
        SCMP_SYS(futex),      SCMP_SYS(getrandom),     SCMP_SYS(exit_group),   SCMP_SYS(lseek),
        SCMP_SYS(newfstatat), SCMP_SYS(fstat),         SCMP_SYS(stat),         SCMP_SYS(restart_syscall),
        SCMP_SYS(ioctl),
    };
    for (size_t i = 0; i < ARRAY_LEN(calls); i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

/* Files only for reading, memory never executable, sockets only of the internet. */
static bool allow_with_limits(scmp_filter_ctx filter)
{
    const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, 0)) ==
               0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET)) == 0 &&
           /* What libslirp asks for beyond these it can do without. */
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_INET)) == 0;
}

/* An abort comes here too, by the first call that it makes; what it is about has been written by then. The handler can't
 * be exchanged any more, since the filter has no sigaction, and does not return. */
static void forbidden_call(int signal, siginfo_t *info, void *context)
{
    char line[128];
    int len =
        snprintf(line, sizeof line, "jinn-net: ended itself or made a forbidden call (system call %d); this is a bug\n",
                 info->si_syscall);
    (void)!write(STDERR_FILENO, line, (size_t)len);
    _exit(STATUS_BUG);
}

const char *usernet_confine(void)
{
    struct rlimit data = {DATA_BYTES_MAX, DATA_BYTES_MAX}, none = {0, 0};
    give_up_root();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* after that, because another user means another start */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return "no_new_privs";
    setrlimit(RLIMIT_DATA, &data);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_NPROC, &none);
    confine_files();
    struct sigaction trap = {.sa_sigaction = forbidden_call, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &trap, NULL);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    if (!filter || !allow_calls(filter) || !allow_with_limits(filter) || seccomp_load(filter) != 0)
        return "seccomp";
    seccomp_release(filter);
    return NULL;
}
