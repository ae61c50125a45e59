/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    volatile unsigned char code[16] = {0xc3}; /* ret */
    ((void (*)(void))(uintptr_t)opaque((const void *)(uintptr_t)code))();
    return code[1];
}
