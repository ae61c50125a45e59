/* SPDX-License-Identifier: ISC */
/* Level l has slots of 64^l ticks. A timer that is due within 64^(l+1) ticks lies in level l, in the slot that its
 * tick's digits name. When the clock enters a slot of level l > 0, its timers are sorted in again, each at
 * least a level lower. `used` has a bit for each slot that may hold timers: cancelling leaves it set. */
#include <jinn/must.h>
#include <jinn/time.h>
#include <jinn/wheel.h>

enum { SLOT_BITS = 6 };

/* How far ahead a timer can be sorted in. One slot of the highest level less than the whole turn: that slot would be
 * the one that the clock is in, and look as if it were due. */
#define SPAN_TICKS ((UINT64_C(1) << (SLOT_BITS * WHEEL_LEVELS)) - (UINT64_C(1) << (SLOT_BITS * (WHEEL_LEVELS - 1))))

/* The first tick whose begin is not before `at_ns`, so that a timer never fires early. */
static uint64_t tick_of(uint64_t at_ns)
{
    return (at_ns >> WHEEL_TICK_SHIFT) + ((at_ns & ((UINT64_C(1) << WHEEL_TICK_SHIFT) - 1)) != 0);
}

COLD void wheel_init(struct wheel *w, uint64_t now_ns)
{
    w->tick = now_ns >> WHEEL_TICK_SHIFT;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        w->used[level] = 0;
        for (int slot = 0; slot < WHEEL_SLOTS; slot++)
            list_init(&w->slot[level][slot]);
    }
}

void timer_init(struct timer *t, void (*fire)(struct timer *t, uint64_t now_ns))
{
    list_init(&t->node);
    t->at_ns = TIME_NEVER;
    t->fire = fire;
}

static void place(struct wheel *w, struct timer *t)
{
    uint64_t tick = tick_of(t->at_ns);
    if (tick < w->tick)
        tick = w->tick;
    if (tick - w->tick > SPAN_TICKS)
        tick = w->tick + SPAN_TICKS;
    int level = 0;
    while (level < WHEEL_LEVELS - 1 && tick >> (SLOT_BITS * (level + 1)) != w->tick >> (SLOT_BITS * (level + 1)))
        level++;
    unsigned slot = (tick >> (SLOT_BITS * level)) % WHEEL_SLOTS;
    list_append(&w->slot[level][slot], &t->node);
    w->used[level] |= UINT64_C(1) << slot;
}

void wheel_set(struct wheel *w, struct timer *t, uint64_t at_ns)
{
    list_remove(&t->node);
    t->at_ns = at_ns;
    if (at_ns != TIME_NEVER)
        place(w, t);
}

void wheel_cancel(struct timer *t)
{
    list_remove(&t->node);
    t->at_ns = TIME_NEVER;
}

/* Slots of `level` from the clock's on, cyclically, until the first that holds a timer; WHEEL_SLOTS when none does. */
static unsigned distance(const struct wheel *w, int level)
{
    unsigned from = (w->tick >> (SLOT_BITS * level)) % WHEEL_SLOTS;
    uint64_t used = w->used[level];
    uint64_t turned = from ? used >> from | used << (WHEEL_SLOTS - from) : used;
    for (; turned; turned &= turned - 1) {
        unsigned d = (unsigned)__builtin_ctzll(turned);
        if (!list_empty(&w->slot[level][(from + d) % WHEEL_SLOTS]))
            return d;
    }
    return WHEEL_SLOTS;
}

/* The first tick at which there is something to fire or to sort in again; UINT64_MAX when there is nothing. What lies in
 * a level is due before the clock enters the next slot of the level above, so the lowest level that holds something
 * decides. */
static uint64_t next_tick(const struct wheel *w)
{
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        unsigned shift = (unsigned)(SLOT_BITS * level);
        unsigned d = w->used[level] ? distance(w, level) : WHEEL_SLOTS;
        if (d == WHEEL_SLOTS)
            continue;
        uint64_t tick = ((w->tick >> shift) + d) << shift;
        return tick > w->tick ? tick : w->tick;
    }
    return UINT64_MAX;
}

uint64_t wheel_next(const struct wheel *w)
{
    uint64_t tick = next_tick(w);
    return tick > TIME_NEVER >> WHEEL_TICK_SHIFT ? TIME_NEVER : tick << WHEEL_TICK_SHIFT;
}

/* Empties the slot that the clock is in. */
static void take_slot(struct wheel *w, int level, struct list *out)
{
    unsigned slot = (w->tick >> (SLOT_BITS * level)) % WHEEL_SLOTS;
    list_init(out);
    if (!(w->used[level] & UINT64_C(1) << slot))
        return;
    list_append_all(out, &w->slot[level][slot]);
    w->used[level] &= ~(UINT64_C(1) << slot);
}

static void enter_tick(struct wheel *w, uint64_t tick)
{
    w->tick = tick;
    for (int level = WHEEL_LEVELS - 1; level > 0; level--) {
        if (tick & ((UINT64_C(1) << (SLOT_BITS * level)) - 1))
            continue;
        struct list moving;
        take_slot(w, level, &moving);
        for (struct list *n; (n = list_pop(&moving));)
            place(w, CONTAINER_OF(n, struct timer, node));
    }
}

void wheel_run(struct wheel *w, uint64_t now_ns)
{
    uint64_t now = now_ns >> WHEEL_TICK_SHIFT;
    while (w->tick <= now) {
        struct list due;
        take_slot(w, 0, &due);
        /* The clock moves on before anything fires: what is set again for a time that has passed goes into a
         * slot still ahead, so that it is neither lost nor keeps this loop busy for ever. */
        uint64_t next = next_tick(w);
        if (next <= w->tick)
            next = w->tick + 1;
        enter_tick(w, next <= now ? next : now + 1);
        for (struct list *n; (n = list_pop(&due));) {
            struct timer *t = CONTAINER_OF(n, struct timer, node);
            t->at_ns = TIME_NEVER;
            t->fire(t, now_ns);
        }
    }
}
