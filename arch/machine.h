/* SPDX-License-Identifier: ISC */
/* For platforms that have a processor to themselves: its clock, and what must be set up where nobody else has done it. */
#ifndef ARCH_MACHINE_H
#define ARCH_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/* Counts at a rate that never changes. */
uint64_t arch_ticks(void);

/* True where the image may use instructions that set up the processor: under a tender that left that to it. */
bool arch_privileged(void);
/* The thread pointer. */
void arch_set_thread(void *block);
/* Only if privileged: segments, and a handler for exceptions. From then on each calls machine_exception. */
void arch_machine_init(void);
/* The platform's: must not return. `address` is what a page fault (14) was about. */
_Noreturn void machine_exception(unsigned number, uint64_t error, uint64_t address, uint64_t instruction);

#endif
