/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

/* A constant with an address in it: the tender writes it, and then nobody. */
static const char *const texts[] = {"one", "other"};

int unikernel_main(int argc, char **argv)
{
    const char **spoilt = opaque(texts);
    spoilt[argc] = "none";
    return 0;
}
