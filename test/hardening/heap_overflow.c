/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

#include <string.h>

int unikernel_main(int argc, char **argv)
{
    char *p = malloc(100);
    memset(opaque(p), 'x', 112);
    free(p);
    return 0;
}
