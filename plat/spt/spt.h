/* SPDX-License-Identifier: ISC */
/* What the files of this platform share: the calls that a tender's filter allows. */
#ifndef PLAT_SPT_H
#define PLAT_SPT_H

#include "plat/solo5/given.h"

#include "arch/syscall.h"

#include <sys/syscall.h>

/* Set at start, but for `stopping`. */
struct spt {
    struct solo5_boot_info boot;
    bool stopping;
};
extern struct spt spt;

#define SPT_CALL(n, a, b, c, d) arch_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)

/* Linux's error numbers, negative as the kernel gives them. */
enum {
    SPT_EINTR = -4,
    SPT_EAGAIN = -11,
    SPT_EINVAL = -22,
    SPT_EBADFD = -77,
    SPT_ENOSYS = -38,
    SPT_EOPNOTSUPP = -95,
    SPT_ENOBUFS = -105
};

/* ---- net.c ---- */

/* The device that frames were read of which nobody has looked at yet, as plat_wait gives it; 0: none. */
uint64_t spt_ahead(void);
/* Sends what waits behind such frames, or with the tender; what the host doesn't take is lost and counted. `idle`: there is
 * nothing to do now, so it may take a moment. */
void spt_settle(bool idle);

#endif
