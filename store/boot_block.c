/* SPDX-License-Identifier: ISC */
#include <jinn/boot.h>
#include <jinn/plat.h>

#include "sys/complain.h"

struct block *boot_block(const char *name)
{
    struct block *b = NULL;
    enum err e = block_open(name, &b);
    if (e == OK)
        return b;
    complain("block device '%s' did not come up: %s", name, err_text(e));
    plat_exit(EXIT_DEVICE);
}
