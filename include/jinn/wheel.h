/* SPDX-License-Identifier: ISC */
/* A timing wheel: any number of timers, set and cancelled in constant time, nothing allocated.
 *
 * Six levels of 64 slots, the finest slot 2^20 ns (about a millisecond) wide, so it spans about 2.2
 * years; what lies further waits in the last slot and is sorted in again. A timer fires at its time or up to
 * one finest slot after it, never before. */
#ifndef JINN_WHEEL_H
#define JINN_WHEEL_H

#include <jinn/list.h>

#include <stdint.h>

#define WHEEL_LEVELS 6
#define WHEEL_SLOTS 64
#define WHEEL_TICK_SHIFT 20

struct timer {
    struct list node; /* in a slot, or in no list when the timer is idle */
    uint64_t at_ns;
    void (*fire)(struct timer *t, uint64_t now_ns); /* may set or cancel any timer */
};

struct wheel {
    uint64_t tick; /* all slots before this one have been run */
    uint64_t used[WHEEL_LEVELS];
    struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ns);

/* Once, before the first use of a timer. */
void timer_init(struct timer *t, void (*fire)(struct timer *t, uint64_t now_ns));

static inline bool timer_is_set(const struct timer *t)
{
    return !list_empty(&t->node);
}

/* Sets or moves it. TIME_NEVER cancels. */
void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ns);
void wheel_cancel(struct timer *t);

/* When wheel_run should be called next: never later than the slot of the first timer, perhaps
 * earlier; TIME_NEVER when there is none. */
uint64_t wheel_next(const struct wheel *w);

/* Fires all that is due. `now_ns` never goes back. */
void wheel_run(struct wheel *w, uint64_t now_ns);

#endif
