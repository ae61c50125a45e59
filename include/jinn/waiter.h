/* SPDX-License-Identifier: ISC */
/* A waiter: how whoever has news tells whoever wants it. `wake` runs in the teller's context, so it is
 * short, must not yield, and usually puts something on a list or makes a fiber runnable. */
#ifndef JINN_WAITER_H
#define JINN_WAITER_H

#include <jinn/list.h>

struct waiter {
    struct list node; /* for whoever keeps waiters; in no list when not armed */
    void (*wake)(struct waiter *w);
};

static inline void waiter_init(struct waiter *w, void (*wake)(struct waiter *w))
{
    list_init(&w->node);
    w->wake = wake;
}

#endif
