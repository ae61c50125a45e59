/* SPDX-License-Identifier: ISC */
/* The thread pointer (%fs on x86-64). A process asks its kernel for it, a machine of its own has an instruction: so each
 * sealed platform brings this function. */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

void arch_set_thread(void *block);

#endif
