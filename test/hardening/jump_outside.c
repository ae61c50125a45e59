/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

/* Where the first function of every image is linked. Nothing is there when the image was moved. */
int unikernel_main(int argc, char **argv)
{
    ((void (*)(void))(uintptr_t)opaque((const void *)0x100400))();
    return 0;
}
