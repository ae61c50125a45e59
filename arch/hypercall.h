/* SPDX-License-Identifier: ISC */
/* The instruction by which a guest calls its tender, for platforms in a virtual machine. */
#ifndef ARCH_HYPERCALL_H
#define ARCH_HYPERCALL_H

/* `number` is Solo5's of the call (wire/hvt.h); the tender may read and write *arguments, which lie below 4 GB:
 * on a stack or in static data, not in the heap. */
void arch_hypercall(unsigned number, void *arguments);

#endif
