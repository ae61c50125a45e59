/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    volatile int zero = 0;
    return argc / zero;
}
