/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

static __attribute__((noinline)) int deeper(int n)
{
    volatile char room[256];
    room[0] = (char)n;
    return n == -1 ? 0 : deeper(n + 1) + room[0];
}

/* Before there are fibers. That it is called at all takes a relocated word. */
__attribute__((constructor)) static void early(void)
{
    (void)deeper(0);
}

int unikernel_main(int argc, char **argv)
{
    return 0;
}
