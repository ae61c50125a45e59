/* SPDX-License-Identifier: ISC */
#include <jinn/boot.h>
#include <jinn/plat.h>

#include "sys/complain.h"

static struct block *open_it(const char *name, bool optional)
{
    struct block *b = NULL;
    enum err e = block_open(name, &b);
    if (e == OK || (e == ERR_NOT_FOUND && optional))
        return b;
    complain("block device '%s' did not come up: %s", name, err_text(e));
    plat_exit(EXIT_DEVICE);
}

struct block *boot_block(const char *name)
{
    return open_it(name, false);
}

struct block *boot_block_optional(const char *name)
{
    return open_it(name, true);
}
