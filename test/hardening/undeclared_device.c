/* SPDX-License-Identifier: ISC */
/* A descriptor that no device of the manifest has. */
#include "test/hardening/image.h"

#include "arch/syscall.h"

#include <sys/syscall.h>

int unikernel_main(int argc, char **argv)
{
    char frame[64];
    struct plat_net_info info;
    if (plat_net_open("other", &info) != ERR_NOT_FOUND)
        return 1;
    return (int)arch_syscall(SYS_read, 10, (long)frame, sizeof frame, 0, 0, 0);
}
