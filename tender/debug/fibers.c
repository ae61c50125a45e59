/* SPDX-License-Identifier: ISC */
#include "tender/debug/fibers.h"

#include "tender/debug/registers.h"

#define STRIDE_MAX (UINT64_C(1) << 32) /* so that no sum of these runs over */

static bool read_number(const struct debug_target *t, uint64_t address, size_t len, uint64_t *value)
{
    uint8_t b[8] = {0};
    if (t->ops->read_memory(t->self, address, b, len) != len)
        return false;
    struct reader r = reader_of(bytes_of(b, sizeof b));
    *value = read_le64(&r);
    return true;
}

static bool read_table(struct fibers *f)
{
    const struct debug_target *t = f->target;
    const struct fiber_note *n = &t->fibers;
    uint64_t at = n->scheduler + t->bias, running, n_used;
    if (!t->has_fibers || !read_number(t, at + n->running, 1, &running) || !running)
        return false;
    if (!read_number(t, at + n->idle, 8, &f->idle) || !read_number(t, at + n->stacks_base, 8, &f->base) ||
        !read_number(t, at + n->stacks_size, 8, &f->size) || !read_number(t, at + n->stacks_stride, 8, &f->stride) ||
        !read_number(t, at + n->n_used, 8, &n_used))
        return false;
    if (n_used > FIBERS_MAX || f->size < n->fiber_bytes || f->stride < f->size || f->stride > STRIDE_MAX ||
        f->base < f->stride || f->base > UINT64_MAX / 2)
        return false;
    f->n = (uint32_t)n_used;
    return true;
}

/* The guard below a stack belongs to it: who ran over its end is there. */
static uint32_t owner_of(const struct fibers *f, uint64_t rsp)
{
    uint64_t first = f->base - (f->stride - f->size);
    if (rsp < first || (rsp - first) / f->stride >= f->n)
        return THREAD_SCHEDULER;
    return (uint32_t)((rsp - first) / f->stride) + THREAD_SCHEDULER + 1;
}

void fibers_look(struct fibers *f, const struct debug_target *target, uint64_t rsp)
{
    *f = (struct fibers){.target = target, .current = THREAD_SCHEDULER};
    f->running = read_table(f);
    if (f->running)
        f->current = owner_of(f, rsp);
    else
        f->n = 0;
}

static void read_name(const struct fibers *f, uint64_t address, char name[static THREAD_NAME_MAX + 1])
{
    size_t len = f->target->ops->read_memory(f->target->self, address, name, THREAD_NAME_MAX);
    name[len] = 0;
    for (char *c = name; *c; c++)
        if (*c < 0x20 || *c > 0x7e || strchr("<>&\"'", *c))
            *c = '?';
}

static bool get_scheduler(const struct fibers *f, struct debug_thread *thread)
{
    *thread = (struct debug_thread){.id = THREAD_SCHEDULER, .name = "scheduler", .state = "waits", .context = f->idle};
    if (f->current == THREAD_SCHEDULER)
        thread->state = "running";
    return f->current == THREAD_SCHEDULER || f->idle != 0;
}

bool fibers_get(const struct fibers *f, uint32_t id, struct debug_thread *thread)
{
    const struct debug_target *t = f->target;
    const struct fiber_note *n = &t->fibers;
    uint64_t name, state;
    if (id == THREAD_SCHEDULER)
        return get_scheduler(f, thread);
    if (id < THREAD_SCHEDULER || id - THREAD_SCHEDULER - 1 >= f->n)
        return false;
    uint64_t stack = f->base + (id - THREAD_SCHEDULER - 1) * f->stride;
    uint64_t block = stack + ((f->size - n->fiber_bytes) & ~(uint64_t)(FIBER_BLOCK_ALIGN - 1));
    *thread = (struct debug_thread){.id = id};
    if (!read_number(t, block + n->fiber_context, 8, &thread->context) ||
        !read_number(t, block + n->fiber_name, 8, &name) || !read_number(t, block + n->fiber_state, 4, &state))
        return false;
    read_name(f, name, thread->name);
    thread->state = id == f->current ? "running" : fiber_state_text((uint32_t)state);
    if (id == f->current)
        return true;
    return state != FIBER_STATE_ENDED && thread->context >= stack && thread->context < block;
}

bool fibers_next(const struct fibers *f, uint32_t id, struct debug_thread *thread)
{
    while (id < f->n + THREAD_SCHEDULER)
        if (fibers_get(f, ++id, thread))
            return true;
    return false;
}

bool fibers_registers(const struct fibers *f, const struct debug_thread *thread, struct debug_registers *r)
{
    const struct debug_target *t = f->target;
    uint8_t saved[CONTEXT_BYTES];
    if (thread->id == f->current)
        return t->ops->read_registers(t->self, r);
    if (t->ops->read_memory(t->self, thread->context, saved, sizeof saved) != sizeof saved)
        return false;
    context_registers(thread->context, saved, r);
    return true;
}

bool fibers_write_registers(const struct fibers *f, const struct debug_thread *thread, const struct debug_registers *r)
{
    const struct debug_target *t = f->target;
    uint8_t saved[CONTEXT_BYTES];
    if (thread->id == f->current)
        return t->ops->write_registers(t->self, r);
    if (t->ops->read_memory(t->self, thread->context, saved, sizeof saved) != sizeof saved)
        return false;
    return context_change(thread->context, r, saved) &&
           t->ops->write_memory(t->self, thread->context, saved, sizeof saved);
}
