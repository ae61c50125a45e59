/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

static const unsigned char code[] = {0xc3}; /* ret */

int unikernel_main(int argc, char **argv)
{
    ((void (*)(void))(uintptr_t)opaque(code))();
    return 0;
}
