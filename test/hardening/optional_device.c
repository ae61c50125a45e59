/* SPDX-License-Identifier: ISC */
/* Two block devices, of which it can do without the second, "disk": says how many there are. With an argument it reads that one
 * though it isn't there. */
#include "test/hardening/image.h"

#define DISK_INDEX 2 /* in its manifest */

int unikernel_main(int argc, char **argv)
{
    static uint8_t data[512];
    struct plat_block_info info;
    struct block *first = boot_block("first"), *disk = boot_block_optional("disk");
    if (block_read(first, 0, data, sizeof data) != OK)
        return 1;
    if (disk && (block_write(disk, 512, data, sizeof data) != OK || block_read(disk, 512, data, sizeof data) != OK))
        return 2;
    if (!disk && plat_block_open("disk", &info) != ERR_NOT_FOUND)
        return 3;
    if (argc > 1)
        return plat_block_read(DISK_INDEX, 0, data, sizeof data) == OK ? 4 : 5;
    printf("%d\n", disk ? 2 : 1);
    return 0;
}
