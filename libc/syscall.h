/* SPDX-License-Identifier: ISC */
/* The C library's system calls, answered by the library OS. Those that are not known get -ENOSYS and are counted. */
#ifndef LIBC_SYSCALL_H
#define LIBC_SYSCALL_H

#include <stdint.h>

#define SYSCALL_NUMBERS 512 /* Linux has 462 */

/* How often a call was refused, by its number; the last one counts all numbers that are larger. A debugger and
 * `jinn attach` find it by its name. */
extern uint32_t guest_syscalls_refused[SYSCALL_NUMBERS];

long guest_syscall(long n, long a, long b, long c, long d, long e, long f);

struct pages;
/* The pages behind malloc; for counters. */
const struct pages *guest_pages(void);

#endif
