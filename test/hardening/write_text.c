/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    *(volatile char *)opaque((const void *)(uintptr_t)unikernel_main) = 0;
    return 0;
}
