/* SPDX-License-Identifier: ISC */
/* A write past the end would make the file on the host longer. */
#include "test/hardening/image.h"

#include "arch/syscall.h"

#include <sys/syscall.h>

int unikernel_main(int argc, char **argv)
{
    static const uint8_t block[512];
    struct plat_block_info info;
    if (plat_block_open("disk", &info) != OK ||
        plat_block_write(info.index, info.capacity_bytes, block, sizeof block) != ERR_INVALID)
        return 1;
    return (int)arch_syscall(SYS_pwrite64, 4, (long)block, sizeof block, (long)info.capacity_bytes, 0, 0);
}
