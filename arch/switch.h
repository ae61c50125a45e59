/* SPDX-License-Identifier: ISC */
/* The context switch that each processor brings in arch/CPU/switch.S. A context that does not run is its stack
 * pointer alone; all else lies on its stack. The callee-saved registers and the floating-point control
 * words are kept. Use it through arch/context.h, which keeps errno and tells sanitizers. */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

/* Saves the caller's context in *save and goes on with `to`. Returns when somebody switches back. */
void context_switch(void **save, void *to);

/* Lays a new context below `top`, whose first switch calls entry(arg) on that stack. entry never returns. It starts
 * with the floating-point modes of the caller. Needs 128 bytes. */
void *context_new(void *top, void (*entry)(void *arg), void *arg);

#endif
