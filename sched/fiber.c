/* SPDX-License-Identifier: ISC */
/* Fibers wait and go on. A fiber that leaves the processor switches straight to the next one of the round; only the
 * last one switches to sched_run's loop, which runs timers and devices on the platform's larger stack. */
#include "sched/sched.h"

static void fiber_timeout(struct timer *t, uint64_t now_ns)
{
    struct fiber *f = CONTAINER_OF(t, struct fiber, timer);
    fiber_resume(f, f->state == FIBER_SLEEPING ? OK : ERR_TIMEOUT);
}

/* Who runs next; sets `current`. */
static struct context *next_context(void)
{
    struct list *next = sched.done ? NULL : list_pop(&sched.round);
    sched.current = next ? CONTAINER_OF(next, struct fiber, queue) : NULL;
    sched.counters.n_switches++;
    return next ? &sched.current->context : &sched.idle;
}

static void fiber_end(struct fiber *self)
{
    must(list_empty(&self->scopes) || !self->scope);
    stack_check(self);
    self->state = FIBER_ENDED;
    sched.counters.n_alive--;
    if (self->scope)
        scope_child_ended(self);
    stack_give(self);
    context_leave_for_good(&self->context, next_context());
}

static void fiber_main(void *arg)
{
    struct fiber *self = arg;
    context_arrived(&sched.idle);
    self->fn(self->arg);
    fiber_end(self);
}

struct fiber *fiber_new(struct scope *s, const char *name, void (*fn)(void *arg), void *arg)
{
    struct fiber *f = stack_take();
    if (!f)
        return NULL;
    uint8_t *stack = (uint8_t *)f - ((size_t)((uint8_t *)f - sched.stacks.base) % sched.stacks.stride);
    context_init(&f->context, stack, sched.stacks.size, f, fiber_main, f);
    list_init(&f->queue);
    list_init(&f->sibling);
    list_init(&f->marked);
    list_init(&f->scopes);
    timer_init(&f->timer, fiber_timeout);
    f->scope = s;
    f->name = name;
    f->fn = fn;
    f->arg = arg;
    f->woken = false;
    f->state = FIBER_RUNNABLE;
    list_append(&sched.runnable, &f->queue);
    sched.counters.n_spawned++;
    if (++sched.counters.n_alive > sched.counters.n_most)
        sched.counters.n_most = sched.counters.n_alive;
    return f;
}

enum err fiber_wait(enum fiber_state state, uint64_t deadline_ns)
{
    struct fiber *self = fiber_self();
    stack_check(self);
    self->state = state;
    self->result = OK;
    if (state == FIBER_RUNNABLE)
        list_append(&sched.runnable, &self->queue);
    else
        wheel_set(&sched.wheel, &self->timer, deadline_ns);
    context_go(&self->context, next_context());
    return self->result;
}

void fiber_resume(struct fiber *f, enum err result)
{
    must(f->state != FIBER_RUNNABLE && f->state != FIBER_ENDED);
    wheel_cancel(&f->timer);
    f->state = FIBER_RUNNABLE;
    f->result = result;
    list_append(&sched.runnable, &f->queue);
}

bool fiber_cancelled(const struct fiber *f)
{
    return f->scope && f->scope->cancelled;
}

struct fiber *fiber_self(void)
{
    must(sched.current); /* a waiter or a timer runs in no fiber and can't wait */
    return sched.current;
}

const char *fiber_name(const struct fiber *f)
{
    return f->name;
}

enum err fiber_yield(void)
{
    struct fiber *self = fiber_self();
    if (fiber_cancelled(self))
        return ERR_CANCELLED;
    (void)fiber_wait(FIBER_RUNNABLE, TIME_NEVER);
    return fiber_cancelled(self) ? ERR_CANCELLED : OK;
}

enum err fiber_sleep(uint64_t deadline_ns)
{
    /* Also a deadline that has passed lets the others run: a loop of short sleeps must not starve them. */
    if (deadline_ns <= sched.now_ns)
        return fiber_yield();
    if (fiber_cancelled(fiber_self()))
        return ERR_CANCELLED;
    return fiber_wait(FIBER_SLEEPING, deadline_ns);
}

enum err fiber_park(uint64_t deadline_ns)
{
    struct fiber *self = fiber_self();
    if (fiber_cancelled(self))
        return ERR_CANCELLED;
    if (!self->woken && deadline_ns <= sched.now_ns)
        return ERR_TIMEOUT;
    enum err e = self->woken ? OK : fiber_wait(FIBER_PARKED, deadline_ns);
    if (e == OK)
        self->woken = false;
    return e;
}

void fiber_wake(struct fiber *f)
{
    f->woken = true;
    if (f->state == FIBER_PARKED)
        fiber_resume(f, OK);
}

static void wake_fiber(struct waiter *w)
{
    fiber_wake(CONTAINER_OF(w, struct fiber_waiter, waiter)->fiber);
}

void fiber_waiter_init(struct fiber_waiter *w)
{
    waiter_init(&w->waiter, wake_fiber);
    w->fiber = fiber_self();
}
