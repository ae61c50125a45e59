/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    ((void (*)(void))(uintptr_t)opaque(NULL))();
    return 0;
}
