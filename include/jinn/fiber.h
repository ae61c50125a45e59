/* SPDX-License-Identifier: ISC */
/* Fibers: functions that may wait. Scheduling is cooperative and first in, first out; a fiber keeps the processor
 * until it calls something marked MAY_YIELD. Each runs on a stack of its own with a guard page below it, a canary
 * and a high-water mark. Their number is a build setting ([unikernel] stacks =).
 *
 * Fibers are born in a scope and a scope ends only when all of its fibers have: a parent can't forget or outlive a
 * child. Cancelling a scope makes every wait inside it (and inside the scopes that its fibers have opened)
 * return ERR_CANCELLED, at once and from then on. Deadlines are absolute (see time.h). */
#ifndef JINN_FIBER_H
#define JINN_FIBER_H

#include <jinn/err.h>
#include <jinn/time.h>
#include <jinn/waiter.h>

#include <stdbool.h>
#include <stdint.h>

struct fiber;

struct scope {
    struct list fibers;    /* of struct fiber, alive */
    struct list node;      /* in its owner's open scopes */
    struct fiber *owner;   /* who opened it and will join it */
    struct fiber *joining; /* the owner, while it waits in scope_join */
    bool cancelled;
};

/* Opens a scope in the current fiber. It must be joined before the function that holds it returns. */
void scope_open(struct scope *s);
/* Starts fn(arg) as a new fiber of the scope; it first runs when the current one waits. `name` is a static string for
 * traces and reports. ERR_FULL (counted): every stack is taken. ERR_CANCELLED: the scope was cancelled. */
MUST_USE enum err scope_spawn(struct scope *s, const char *name, void (*fn)(void *arg), void *arg);
void scope_cancel(struct scope *s);
/* Waits until all of its fibers have ended. A cancelled owner cancels the scope and still waits. */
void scope_join(struct scope *s) MAY_YIELD;

struct fiber *fiber_self(void);
const char *fiber_name(const struct fiber *f);

/* Lets the others run and comes back after them. ERR_CANCELLED. */
MUST_USE enum err fiber_yield(void) MAY_YIELD;
/* OK at the deadline, ERR_CANCELLED. */
MUST_USE enum err fiber_sleep(uint64_t deadline_ns) MAY_YIELD;
/* Waits until fiber_wake: OK, ERR_TIMEOUT at the deadline, ERR_CANCELLED. A wake that came since this fiber last
 * parked counts, so there is no lost wake-up; callers loop on the condition that they wait for. */
MUST_USE enum err fiber_park(uint64_t deadline_ns) MAY_YIELD;
/* Makes a parked fiber runnable. From anywhere, harmless when it is not parked. */
void fiber_wake(struct fiber *f);

/* A waiter that wakes the fiber. */
struct fiber_waiter {
    struct waiter waiter;
    struct fiber *fiber;
};
void fiber_waiter_init(struct fiber_waiter *w); /* for the current fiber */

/* ---- The scheduler ---- */

struct timer;

/* Runs main_fn(arg) as the first fiber, then all others, until it returns; its result. Platforms' boot calls it once. */
int sched_run(int (*main_fn)(void *arg), void *arg);
/* The time at which the current round began: one clock read for many packets. */
uint64_t sched_now(void);
/* A timer on the scheduler's wheel; fires between fibers, must not yield. TIME_NEVER cancels. */
void sched_timer(struct timer *t, uint64_t at_ns);
/* `w->wake` is called, between fibers, each round in which device `index` can be read. One a device. */
void sched_watch(unsigned index, struct waiter *w);
/* `w->wake` is called once, between fibers, when those have run that can run in this round: work for the whole round
 * at once. Harmless when it was asked for already. */
void sched_late(struct waiter *w);
/* True once a stop was asked for: SIGTERM or SIGINT reached the image. `w` (may be NULL) is woken when it comes. An image that has called
 * neither, and waits when it came, would never notice: it ends with EXIT_STOPPED. */
bool sched_stopping(void);
void sched_on_stop(struct waiter *w);
/* The same for what waits in the place of an image that can't look yet, and so doesn't count. With false, `w` is woken once unless
 * its node is taken out of its list before. */
bool sched_stop_asked(struct waiter *w);

struct sched_counters {
    uint64_t n_spawned, n_refused; /* fibers; for want of a stack */
    uint32_t n_alive, n_most;
    uint64_t n_switches, n_waits;
    uint32_t stack_most_bytes; /* deepest use of any stack, by the high-water mark */
};
struct sched_counters sched_counters(void);

#endif
