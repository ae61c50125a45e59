/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

/* An address that no processor of this kind can have. */
int unikernel_main(int argc, char **argv)
{
    ((void (*)(void))(uintptr_t)opaque((const void *)(uintptr_t)(UINT64_C(1) << 62)))();
    return 0;
}
