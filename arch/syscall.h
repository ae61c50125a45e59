/* SPDX-License-Identifier: ISC */
/* The instruction that enters a Linux kernel. Only for platforms that run as a Linux process without its C library. */
#ifndef ARCH_SYSCALL_H
#define ARCH_SYSCALL_H

/* Returns what the kernel does: a result, or minus an error number. */
long arch_syscall(long n, long a, long b, long c, long d, long e, long f);

#endif
