/* SPDX-License-Identifier: ISC */
/* What the files of sched/ share. There is one scheduler in an image; its state is file-scope because every wait in
 * the image goes through it and nothing could hand it down. On sim each machine has its own copy of this library. */
#ifndef SCHED_SCHED_H
#define SCHED_SCHED_H

#include "arch/context.h"

#include <jinn/fiber.h>
#include <jinn/list.h>
#include <jinn/must.h>
#include <jinn/plat.h>
#include <jinn/wheel.h>

/*               spawn
 *                 |            fiber_park            -> FIBER_PARKED     wake, deadline, cancel --+
 *                 v            fiber_sleep           -> FIBER_SLEEPING   deadline, cancel --------+
 *     +---> FIBER_RUNNABLE --- scope_join            -> FIBER_JOINING    last child's end --------+
 *     |           |            return of its function -> FIBER_ENDED                              |
 *     +-----------+---------------------------------------------------------------------------<---+
 */
enum fiber_state { FIBER_RUNNABLE, FIBER_PARKED, FIBER_SLEEPING, FIBER_JOINING, FIBER_ENDED };

/* Lies at the top of the fiber's own stack, whose highest page is in use anyway. */
struct fiber {
    struct context context;
    struct list queue;   /* in the queue of runnable fibers; once it ended, in that of free stacks */
    struct list sibling; /* in its scope's fibers */
    struct list marked;  /* in scope_cancel's list of work */
    struct list scopes;  /* those it has opened and not yet joined */
    struct scope *scope; /* that it was born in; NULL for the first fiber */
    struct timer timer;  /* the deadline of its wait */
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    enum fiber_state state;
    enum err result; /* of its wait */
    bool woken;      /* a wake came since it last parked */
};

struct scheduler {
    bool running;
    bool done;             /* the first fiber returned, or nobody looks for the stop that was asked for */
    struct context idle;   /* where sched_run's loop waits while fibers run */
    struct fiber *current; /* NULL in the loop */
    struct list runnable;  /* will run in the next round */
    struct list round;     /* still to run in this one */
    uint64_t now_ns;
    struct wheel wheel;
    struct waiter *watch[PLAT_DEVICES_MAX];
    bool stopping;
    bool looks_for_stop; /* somebody in the image does */
    struct list stop_waiters;
    struct list late; /* waiters of sched_late */
    struct plat_stacks stacks;
    size_t n_stacks_used; /* stacks from the first on that were ever taken; those above were never touched */
    struct list free_stacks;
    struct sched_counters counters;
};

extern struct scheduler sched;

/* A fiber on a free stack, not yet runnable; NULL (counted) when every stack is taken. */
struct fiber *stack_take(void);
/* The fiber has ended; it may still run on this stack until it leaves it for good. */
void stack_give(struct fiber *f);
void stacks_init(void);
/* Ends the image when the fiber has used all of its stack. */
void stack_check(const struct fiber *f);
uint32_t stacks_most_bytes(void);

/* Creates a fiber that will run in the next round; NULL when every stack is taken. */
struct fiber *fiber_new(struct scope *s, const char *name, void (*fn)(void *arg), void *arg);
/* The current fiber gives the processor away in `state` and comes back with the result of its wait. */
enum err fiber_wait(enum fiber_state state, uint64_t deadline_ns);
/* Ends the wait of a fiber that is not runnable. */
void fiber_resume(struct fiber *f, enum err result);
bool fiber_cancelled(const struct fiber *f);
/* The child has ended: takes it out of its scope and tells a parent who waits for that. */
void scope_child_ended(struct fiber *child);

#endif
