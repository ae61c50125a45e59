/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

#include <jinn/must.h>

int unikernel_main(int argc, char **argv)
{
    must(argc == 77);
    return 0;
}
