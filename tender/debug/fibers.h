/* SPDX-License-Identifier: ISC */
/* The image's fibers as a debugger's threads. Thread 1 is the scheduler (and what runs before there is one), on the boot
 * stack; thread i + 2 is the fiber on stack i. Everything is read from a guest that may be broken or hostile: numbers
 * are checked, names are cleaned, and nothing is trusted to be whole. */
#ifndef TENDER_DEBUG_FIBERS_H
#define TENDER_DEBUG_FIBERS_H

#include "tender/debug/target.h"

#define FIBERS_MAX 1024 /* stacks that an image can have: plat/spt/stacks.ld.sh */
#define THREAD_SCHEDULER 1
#define THREAD_NAME_MAX 31

/* What the table said at a stop. */
struct fibers {
    const struct debug_target *target;
    uint32_t current; /* the thread that has the processor */
    bool running;     /* there are fibers */
    uint64_t idle;    /* saved context of thread 1, unless it is the current one */
    uint64_t base, size, stride;
    uint32_t n; /* stacks that were ever used */
};

struct debug_thread {
    uint32_t id;
    char name[THREAD_NAME_MAX + 1];
    const char *state; /* "running", "parked" ... */
    uint64_t context;  /* where it is saved; unless it runs */
};

/* Looks at the table; `rsp` is the processor's. */
void fibers_look(struct fibers *f, const struct debug_target *target, uint64_t rsp);
/* False when there is no such thread now. */
bool fibers_get(const struct fibers *f, uint32_t id, struct debug_thread *thread);
/* The next thread after `id` (0: the first), by number; false at the end. */
bool fibers_next(const struct fibers *f, uint32_t id, struct debug_thread *thread);
/* The registers of a thread: the processor's, or those that are left of one that waits. */
bool fibers_registers(const struct fibers *f, const struct debug_thread *thread, struct debug_registers *r);
/* False when the thread is gone or something was changed that it has lost. */
bool fibers_write_registers(const struct fibers *f, const struct debug_thread *thread, const struct debug_registers *r);

#endif
