/* SPDX-License-Identifier: ISC */
#include "sched/sched.h"

void scope_open(struct scope *s)
{
    struct fiber *self = fiber_self();
    list_init(&s->fibers);
    list_init(&s->node);
    s->owner = self;
    s->joining = NULL;
    s->cancelled = fiber_cancelled(self);
    list_append(&self->scopes, &s->node);
}

enum err scope_spawn(struct scope *s, const char *name, void (*fn)(void *arg), void *arg)
{
    must(s->owner && fn && name);
    if (s->cancelled)
        return ERR_CANCELLED;
    struct fiber *f = fiber_new(s, name, fn, arg);
    if (!f)
        return ERR_FULL;
    list_append(&s->fibers, &f->sibling);
    return OK;
}

static void cancel_one(struct scope *s, struct list *todo)
{
    s->cancelled = true;
    LIST_EACH(&s->fibers, node)
    list_append(todo, &CONTAINER_OF(node, struct fiber, sibling)->marked);
}

/* Breadth first with a list of work: scopes nest as deep as their authors like, and a stack is small. */
void scope_cancel(struct scope *s)
{
    must(s->owner);
    if (s->cancelled)
        return;
    struct list todo;
    list_init(&todo);
    cancel_one(s, &todo);
    for (struct list *n; (n = list_pop(&todo));) {
        struct fiber *f = CONTAINER_OF(n, struct fiber, marked);
        if (f->state == FIBER_PARKED || f->state == FIBER_SLEEPING)
            fiber_resume(f, ERR_CANCELLED);
        LIST_EACH(&f->scopes, node)
        {
            struct scope *inner = CONTAINER_OF(node, struct scope, node);
            if (!inner->cancelled)
                cancel_one(inner, &todo);
        }
    }
}

void scope_child_ended(struct fiber *child)
{
    struct scope *s = child->scope;
    list_remove(&child->sibling);
    if (list_empty(&s->fibers) && s->joining)
        fiber_resume(s->joining, OK);
}

void scope_join(struct scope *s)
{
    struct fiber *self = fiber_self();
    must(s->owner == self);
    if (fiber_cancelled(self))
        scope_cancel(s);
    if (!list_empty(&s->fibers)) {
        s->joining = self;
        (void)fiber_wait(FIBER_JOINING, TIME_NEVER);
        s->joining = NULL;
    }
    list_remove(&s->node);
    s->owner = NULL;
}
