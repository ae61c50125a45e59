/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    *(volatile char *)opaque((const void *)8) = 0;
    return 0;
}
