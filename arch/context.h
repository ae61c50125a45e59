/* SPDX-License-Identifier: ISC */
/* Contexts with what must travel with them: errno, which belongs to the thread in both C libraries, and the view that
 * sanitizers have of the stack. In builds without sanitizers their part is empty. */
#ifndef ARCH_CONTEXT_H
#define ARCH_CONTEXT_H

#include "arch/sanitizer.h"
#include "arch/switch.h"

#include <jinn/attr.h>

#include <errno.h>
#include <stddef.h>

struct context {
    void *sp; /* while it does not run */
    struct sanitizer_context sanitizer;
};

/* A context that will run entry(arg) on the stack of `size` bytes at `bottom`, from `top` downwards. entry begins
 * with context_arrived(own, from) and ends with context_leave_for_good. */
static inline void context_init(struct context *c, void *bottom, size_t size, void *top, void (*entry)(void *arg),
                                void *arg)
{
    sanitizer_new(&c->sanitizer, bottom, size);
    c->sp = context_new(top, entry, arg);
}

/* In a new context: `from` is where the very first switch came from, NULL when it is known already. */
static inline void context_arrived(struct context *from)
{
    sanitizer_first(from ? &from->sanitizer : NULL);
}

static inline void context_go(struct context *from, struct context *to)
{
    int saved_errno = errno;
    sanitizer_leave(&from->sanitizer, &to->sanitizer);
    context_switch(&from->sp, to->sp);
    sanitizer_arrive(&from->sanitizer);
    errno = saved_errno;
}

/* Nobody switches back to the caller's context any more; its stack may be used again. */
NO_RETURN static inline void context_leave_for_good(struct context *from, struct context *to)
{
    sanitizer_end(&from->sanitizer, &to->sanitizer);
    context_switch(&from->sp, to->sp);
    __builtin_trap();
}

#endif
