/* SPDX-License-Identifier: ISC */
/* Under our tender the processor is ready, and may not be changed: the image runs unprivileged. A stock tender leaves a
 * bare processor, where exceptions at least get a line. */
#include "plat/hvt/hvt.h"

#include <jinn/time.h>

#define LINE_BYTES 160

struct hvt hvt;

__attribute__((no_stack_protector)) void plat_set_thread(void *block)
{
    arch_set_thread(block);
}

void given_boot_info(uint64_t address, struct given_boot *b)
{
    if (arch_privileged())
        arch_machine_init();
    if (hvt_boot_info_parse(bytes_of((const void *)(uintptr_t)address, HVT_BOOT_INFO_BYTES), &hvt.boot) != OK)
        plat_abort("the tender's boot info is malformed");
    hvt.ns_per_tick = (NS_PER_S << 32) / hvt.boot.tsc_hz;
    *b = (struct given_boot){hvt.boot.memory_bytes, hvt.boot.image_end, hvt.boot.command_line, hvt.boot.manifest};
}

void machine_exception(unsigned number, uint64_t error, uint64_t address, uint64_t instruction)
{
    char line[LINE_BYTES];
    struct writer w = writer_of(line, sizeof line);
    write_format(&w, "exception %u, error %lx, address %lx, at instruction %lx", number, error, address, instruction);
    write_u8(&w, 0);
    plat_abort(writer_good(&w) ? line : "exception");
}
