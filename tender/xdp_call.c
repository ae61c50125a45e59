/* SPDX-License-Identifier: ISC */
#include "tender/xdp.h"

long xdp_system_call(long number, long a, long b, long c)
{
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}
