/* SPDX-License-Identifier: ISC */
/* Level l has slots of 64^l ticks. A timer that is due within 64^(l+1) ticks lies in level l, in the slot that its
 * tick's digits name. When the clock enters a slot of level l > 0, its timers are sorted in again, each at
 * least a level lower. `used` has a bit for each slot that may hold timers. */
#include <jinn/must.h>
#include <jinn/time.h>
#include <jinn/wheel.h>

enum { SLOT_BITS = 6 };

/* The first tick whose begin is not before `at_ns`, so that a timer never fires early. */
static uint64_t tick_of(uint64_t at_ns)
{
    return (at_ns >> WHEEL_TICK_SHIFT) + ((at_ns & ((UINT64_C(1) << WHEEL_TICK_SHIFT) - 1)) != 0);
}

void wheel_init(struct wheel *w, uint64_t now_ns)
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
    const uint64_t span = UINT64_C(1) << (SLOT_BITS * WHEEL_LEVELS);
    uint64_t tick = tick_of(t->at_ns);
    if (tick < w->tick)
        tick = w->tick;
    if (tick - w->tick >= span)
        tick = w->tick + span - 1;
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

/* Slots from `from` on, cyclically, until the first used one; WHEEL_SLOTS when there is none. */
static unsigned distance(uint64_t used, unsigned from)
{
    uint64_t turned = from ? used >> from | used << (WHEEL_SLOTS - from) : used;
    return turned ? (unsigned)__builtin_ctzll(turned) : WHEEL_SLOTS;
}

uint64_t wheel_next(const struct wheel *w)
{
    uint64_t best = TIME_NEVER >> WHEEL_TICK_SHIFT;
    bool any = false;
    for (int level = 0; level < WHEEL_LEVELS; level++) {
        unsigned shift = (unsigned)(SLOT_BITS * level);
        unsigned d = distance(w->used[level], (w->tick >> shift) % WHEEL_SLOTS);
        if (d == WHEEL_SLOTS)
            continue;
        uint64_t tick = ((w->tick >> shift) + d) << shift;
        if (tick < w->tick)
            tick = w->tick;
        if (!any || tick < best)
            best = tick;
        any = true;
    }
    return any ? best << WHEEL_TICK_SHIFT : TIME_NEVER;
}

/* Sorts the timers of the slot of `level` that the clock just entered into lower levels. */
static void cascade(struct wheel *w, int level)
{
    unsigned slot = (w->tick >> (SLOT_BITS * level)) % WHEEL_SLOTS;
    if (!(w->used[level] & UINT64_C(1) << slot))
        return;
    struct list moving;
    list_init(&moving);
    for (struct list *n; (n = list_pop(&w->slot[level][slot]));)
        list_append(&moving, n);
    w->used[level] &= ~(UINT64_C(1) << slot);
    for (struct list *n; (n = list_pop(&moving));)
        place(w, CONTAINER_OF(n, struct timer, node));
}

static void enter_tick(struct wheel *w)
{
    for (int level = WHEEL_LEVELS - 1; level > 0; level--) {
        if ((w->tick & ((UINT64_C(1) << (SLOT_BITS * level)) - 1)) == 0)
            cascade(w, level);
    }
}

static void fire_slot(struct wheel *w, uint64_t now_ns)
{
    unsigned slot = w->tick % WHEEL_SLOTS;
    struct list due;
    list_init(&due);
    for (struct list *n; (n = list_pop(&w->slot[0][slot]));)
        list_append(&due, n);
    w->used[0] &= ~(UINT64_C(1) << slot);
    for (struct list *n; (n = list_pop(&due));) {
        struct timer *t = CONTAINER_OF(n, struct timer, node);
        t->at_ns = TIME_NEVER;
        t->fire(t, now_ns);
    }
}

void wheel_run(struct wheel *w, uint64_t now_ns)
{
    uint64_t now = now_ns >> WHEEL_TICK_SHIFT;
    while (w->tick <= now) {
        fire_slot(w, now_ns);
        if (w->used[0] & UINT64_C(1) << (w->tick % WHEEL_SLOTS) && w->tick == now)
            break; /* set again for now while firing: next call, so that this one ends */
        uint64_t next = wheel_next(w) >> WHEEL_TICK_SHIFT;
        uint64_t from = w->tick + 1;
        w->tick = next > from ? (next < now + 1 ? next : now + 1) : from;
        enter_tick(w);
    }
}
