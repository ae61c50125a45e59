/* SPDX-License-Identifier: ISC */
/* The last steps: limits, wiping what the guest need not see, the filter, the jump. */
#ifndef TENDER_LAUNCH_H
#define TENDER_LAUNCH_H

#include "tender/tender.h"

/* Fails with a line while there is still somebody to print it, and does not return. */
NO_RETURN void launch(struct tender *t);

/* launch.S: calls `next` on the stack that ends at `top`; `next` must not return. */
NO_RETURN void launch_on_stack(void *top, void (*next)(void));
/* launch.S: clears all registers, sets the stack pointer and the first argument, and jumps. */
NO_RETURN void launch_jump(uint64_t stack, uint64_t entry, uint64_t argument);
/* The same with a SIGTRAP before the jump, which ends a process that nobody traces. */
NO_RETURN void launch_jump_traced(uint64_t stack, uint64_t entry, uint64_t argument);

#endif
