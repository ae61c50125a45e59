/* SPDX-License-Identifier: ISC */
#include "arch/machine.h"

#define MSR_FS_BASE 0xc0000100
#define EXCEPTIONS 32
#define ENTRY_BYTES 16 /* of machine.S */
#define STACK_BYTES 4096

#define SEGMENT_CODE UINT64_C(0x00af9b000000ffff) /* 64 bit, accessed already */
#define SEGMENT_DATA UINT64_C(0x00cf93000000ffff)
#define SELECTOR_CODE 8
#define GATE_INTERRUPT UINT64_C(0x8e00)
#define IST_EXCEPTION 1
#define TASK_PRESENT UINT64_C(0x890000000000)

extern const uint8_t arch_exceptions[];
void arch_load_tables(const void *gdt, const void *idt);

struct __attribute__((packed)) table {
    uint16_t limit;
    const void *base;
};

struct __attribute__((packed)) task {
    uint32_t unused;
    uint64_t stack[3], unused2, exception_stack[7];
    uint8_t unused3[10];
    uint16_t ports;
};

uint64_t arch_ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

__attribute__((no_stack_protector)) bool arch_privileged(void)
{
    uint16_t cs;
    __asm__("mov %%cs, %0" : "=r"(cs));
    return (cs & 3) == 0;
}

/* A sealed image's tender has allowed the instruction. A stock one has not, but there wrmsr may be used. */
__attribute__((no_stack_protector)) void arch_set_thread(void *block)
{
    uint64_t base = (uintptr_t)block;
    if (arch_privileged())
        __asm__ volatile("wrmsr" : : "c"(MSR_FS_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)) : "memory");
    else
        __asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

static void fill_gate(uint64_t gate[static 2], uint64_t entry)
{
    gate[0] =
        (entry & 0xffff) | SELECTOR_CODE << 16 | (GATE_INTERRUPT | IST_EXCEPTION) << 32 | (entry >> 16 & 0xffff) << 48;
    gate[1] = entry >> 32;
}

void arch_machine_init(void)
{
    static uint64_t gates[EXCEPTIONS][2], segments[5];
    static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
    static struct task task;
    uint64_t at = (uintptr_t)&task;
    task.exception_stack[IST_EXCEPTION - 1] = (uintptr_t)stack + sizeof stack;
    task.ports = sizeof task;
    segments[1] = SEGMENT_CODE;
    segments[2] = SEGMENT_DATA;
    segments[3] = (sizeof task - 1) | (at & 0xffffff) << 16 | TASK_PRESENT | (at >> 24 & 0xff) << 56;
    segments[4] = at >> 32;
    for (unsigned i = 0; i < EXCEPTIONS; i++)
        fill_gate(gates[i], (uintptr_t)arch_exceptions + i * ENTRY_BYTES);
    arch_load_tables(&(struct table){sizeof segments - 1, segments}, &(struct table){sizeof gates - 1, gates});
}
