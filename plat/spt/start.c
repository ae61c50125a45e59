/* SPDX-License-Identifier: ISC */
#include "plat/spt/spt.h"

#define ARCH_SET_FS 0x1002 /* of arch_prctl */

struct spt spt;

__attribute__((no_stack_protector)) void plat_set_thread(void *block)
{
    (void)SPT_CALL(SYS_arch_prctl, ARCH_SET_FS, block, 0, 0);
}

void given_boot_info(uint64_t address, struct given_boot *b)
{
    if (solo5_boot_info_parse(bytes_of((const void *)(uintptr_t)address, SOLO5_BOOT_INFO_BYTES), &spt.boot) != OK)
        plat_abort("the tender's boot info is malformed");
    *b = (struct given_boot){spt.boot.memory_bytes, spt.boot.image_end, spt.boot.command_line, spt.boot.manifest};
}

/* The counter's rate is not known here. */
uint64_t given_entered_ns(uint64_t ticks)
{
    (void)ticks;
    return plat_clock_ns();
}

uint64_t given_keep(uint64_t start)
{
    (void)start;
    return 0;
}
