/* SPDX-License-Identifier: ISC */
/* As many block devices as its manifest has, disk1 and so on; the first argument is how many. Each file begins with its own
 * number, and gets it back doubled. */
#include "test/hardening/image.h"

#include <jinn/format.h>

int unikernel_main(int argc, char **argv)
{
    static uint8_t block[512];
    struct plat_block_info info;
    char name[16];
    int n = argc == 2 ? atoi(argv[1]) : 0;
    for (int i = 1; i <= n; i++) {
        format(name, sizeof name, "disk%d", i);
        if (plat_block_open(name, &info) != OK || info.index != (unsigned)i)
            return 1;
        if (plat_block_read(info.index, 0, block, sizeof block) != OK || block[0] != i)
            return 2;
        block[0] = (uint8_t)(2 * i);
        if (plat_block_write(info.index, info.capacity_bytes - sizeof block, block, sizeof block) != OK)
            return 3;
    }
    format(name, sizeof name, "disk%d", n + 1);
    return n > 0 && plat_block_open(name, &info) == ERR_NOT_FOUND ? 0 : 4;
}
