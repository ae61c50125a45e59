/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

int unikernel_main(int argc, char **argv)
{
    void *p = malloc(100);
    void *other = opaque(malloc(100)); /* so that what holds both stays */
    void *again = opaque(p);
    free(p);
    free(again);
    return other == again;
}
