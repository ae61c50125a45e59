/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

#include <string.h>

static __attribute__((noinline)) void fill(size_t len)
{
    char small[16];
    memset(opaque(small), 'x', len);
}

int unikernel_main(int argc, char **argv)
{
    fill(64);
    return 0;
}
