/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

#include "arch/syscall.h"

#include <sys/syscall.h>

int unikernel_main(int argc, char **argv)
{
    return (int)arch_syscall(SYS_fork, 0, 0, 0, 0, 0, 0);
}
