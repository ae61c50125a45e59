/* SPDX-License-Identifier: ISC */
#include "test/hardening/image.h"

#include "arch/syscall.h"

#include <sys/mman.h>
#include <sys/syscall.h>

int unikernel_main(int argc, char **argv)
{
    return (int)arch_syscall(SYS_mprotect, (long)plat_heap().base, 4096, PROT_READ | PROT_EXEC, 0, 0, 0);
}
