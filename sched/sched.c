/* SPDX-License-Identifier: ISC */
/* The scheduler's loop. A round: ask the platform (waiting only when no fiber can run), read the clock once, tell
 * the watchers of devices, fire timers, then run every fiber that could run at that moment. Who becomes runnable
 * meanwhile runs in the next round, so devices and timers can't be starved. Devices come first: after a pause in which the
 * host ran others, an acknowledgement that has waited is seen before the timer that waited for it. */
#include "sched/sched.h"

#include <jinn/boot.h>

struct scheduler sched;

static void sched_reset(void)
{
    sched = (struct scheduler){.running = true};
    list_init(&sched.runnable);
    list_init(&sched.round);
    list_init(&sched.stop_waiters);
    list_init(&sched.late);
    sched.now_ns = plat_clock_ns();
    wheel_init(&sched.wheel, sched.now_ns);
    stacks_init();
}

static void begin_stop(void)
{
    if (sched.stopping)
        return;
    sched.stopping = true;
    for (struct list *n; (n = list_pop(&sched.stop_waiters));) {
        struct waiter *w = CONTAINER_OF(n, struct waiter, node);
        w->wake(w);
    }
}

static void tell_watchers(uint64_t ready)
{
    if (ready & PLAT_READY_STOP)
        begin_stop();
    for (ready &= ~PLAT_READY_STOP; ready; ready &= ready - 1) {
        struct waiter *w = sched.watch[__builtin_ctzll(ready)];
        if (w)
            w->wake(w);
    }
}

/* May make fibers runnable, and ask for the next round's end. */
static void tell_late(void)
{
    struct list late;
    list_init(&late);
    list_append_all(&late, &sched.late);
    for (struct list *n; (n = list_pop(&late));) {
        struct waiter *w = CONTAINER_OF(n, struct waiter, node);
        w->wake(w);
    }
}

static void look_outside(void)
{
    tell_late();
    uint64_t deadline_ns = 0;
    if (list_empty(&sched.runnable)) {
        sched.done = sched.stopping && !sched.looks_for_stop;
        if (sched.done)
            return;
        deadline_ns = wheel_next(&sched.wheel);
        sched.counters.n_waits++;
    }
    uint64_t ready = plat_wait(deadline_ns);
    sched.now_ns = plat_clock_ns();
    tell_watchers(ready);
    wheel_run(&sched.wheel, sched.now_ns);
}

static void run_round(void)
{
    list_append_all(&sched.round, &sched.runnable);
    struct list *first = list_pop(&sched.round);
    if (!first)
        return;
    sched.current = CONTAINER_OF(first, struct fiber, queue);
    sched.counters.n_switches++;
    context_go(&sched.idle, &sched.current->context);
}

struct first {
    int (*fn)(void *arg);
    void *arg;
    int result;
};

static void run_first(void *arg)
{
    struct first *first = arg;
    first->result = first->fn(first->arg);
    sched.done = true;
}

int sched_run(int (*main_fn)(void *arg), void *arg)
{
    must(!sched.running);
    sched_reset();
    struct first first = {main_fn, arg, EXIT_STOPPED};
    must(fiber_new(NULL, "main", run_first, &first));
    while (!sched.done) {
        run_round();
        if (!sched.done)
            look_outside();
    }
    tell_late(); /* what was written last still leaves */
    sched.running = false;
    return first.result;
}

uint64_t sched_now(void)
{
    return sched.running ? sched.now_ns : plat_clock_ns();
}

void sched_timer(struct timer *t, uint64_t at_ns)
{
    must(sched.running);
    wheel_set(&sched.wheel, t, at_ns);
}

void sched_watch(unsigned index, struct waiter *w)
{
    must(index < PLAT_DEVICES_MAX);
    sched.watch[index] = w;
}

void sched_late(struct waiter *w)
{
    must(sched.running);
    if (list_empty(&w->node))
        list_append(&sched.late, &w->node);
}

bool sched_stop_asked(struct waiter *w)
{
    if (w && !sched.stopping)
        list_append(&sched.stop_waiters, &w->node);
    return sched.stopping;
}

bool sched_stopping(void)
{
    sched.looks_for_stop = true;
    return sched.stopping;
}

void sched_on_stop(struct waiter *w)
{
    must(sched.running);
    if (!w)
        return;
    sched.looks_for_stop = true;
    if (sched_stop_asked(w))
        w->wake(w);
}

struct sched_counters sched_counters(void)
{
    struct sched_counters c = sched.counters;
    c.stack_most_bytes = stacks_most_bytes();
    return c;
}
