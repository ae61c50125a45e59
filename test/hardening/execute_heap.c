/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    unsigned char *code = malloc(16);
    *code = 0xc3; /* ret */
    ((void (*)(void))(uintptr_t)opaque(code))();
    return 0;
}
