/* SPDX-License-Identifier: ISC */
#include "service.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("echo");

#define BACKLOG 128
#define CONNECTIONS 1024 /* of a service: as many as the stack has at most */
#define WORKERS 12       /* one has something to do only while bytes come; chargen's are busy with a client each */
#define BUFFER_BYTES 4096
#define TURNS 8               /* reads of one connection before others have theirs */
#define UNSENT_MAX_BYTES 8192 /* more than that is waiting for a peer that does not read: nothing more is read of it */
#define LOOK_NS (20 * NS_PER_MS)
#define WRITE_NS (10 * NS_PER_S) /* for room that was there when it was looked at, or is soon */
#define SLOW_NS (60 * NS_PER_S)  /* without progress */

struct connection {
    struct waiter waiter;
    struct list node; /* among those that are ready or drain */
    struct service *service;
    struct flow *flow;
    size_t unsent;
    uint64_t progress_ns; /* when `unsent` was another */
};

struct worker {
    struct list node; /* among those that sleep */
    struct fiber *fiber;
};

static void make_ready(struct connection *c)
{
    struct service *s = c->service;
    list_remove(&c->node);
    list_append(&s->ready, &c->node);
    struct list *node = list_pop(&s->sleeping);
    if (node)
        fiber_wake(CONTAINER_OF(node, struct worker, node)->fiber);
}

static void on_bytes(struct waiter *w)
{
    make_ready(CONTAINER_OF(w, struct connection, waiter));
}

static void forget(struct connection *c)
{
    list_remove(&c->node);
    pool_give(&c->service->connections, c);
}

/* ---- Peers that do not read ---- */

static void drain(struct connection *c)
{
    struct service *s = c->service;
    c->unsent = flow_unsent(c->flow);
    c->progress_ns = sched_now();
    list_remove(&c->node);
    list_append(&s->draining, &c->node);
    if (!s->keeping)
        fiber_wake(s->keeper);
}

static void look_after(struct connection *c)
{
    const size_t unsent = flow_unsent(c->flow);
    if (unsent <= UNSENT_MAX_BYTES / 2) {
        make_ready(c);
    } else if (unsent != c->unsent) {
        c->unsent = unsent;
        c->progress_ns = sched_now();
    } else if (sched_now() - c->progress_ns > SLOW_NS) {
        flow_abort(c->flow);
        forget(c);
    }
}

static void keep(void *service)
{
    struct service *s = service;
    s->keeper = fiber_self();
    for (enum err e = OK; e != ERR_CANCELLED;) {
        LIST_EACH(&s->draining, node)
        look_after(CONTAINER_OF(node, struct connection, node));
        s->keeping = !list_empty(&s->draining);
        e = s->keeping ? fiber_sleep(time_after(sched_now(), LOOK_NS)) : fiber_park(TIME_NEVER);
    }
}

/* ---- Serving ---- */

/* Takes what there is: ERR_TIMEOUT when that was nothing. */
static enum err serve_some(struct connection *c, uint8_t buffer[static BUFFER_BYTES]) MAY_YIELD
{
    size_t len;
    const bool back = c->service->kind == SERVICE_ECHO;
    enum err e = flow_read(c->flow, back ? buffer : NULL, back ? BUFFER_BYTES : SIZE_MAX, &len, 0);
    if (e || !back)
        return e;
    struct piece p = piece_copy(bytes_of(buffer, len));
    e = flow_write(c->flow, &p, 1, time_after(sched_now(), WRITE_NS));
    return e == ERR_TIMEOUT ? ERR_RESET : e;
}

static void serve(struct connection *c, uint8_t buffer[static BUFFER_BYTES]) MAY_YIELD
{
    enum err e = OK;
    for (int turn = 0; e == OK && turn < TURNS; turn++) {
        if (flow_unsent(c->flow) > UNSENT_MAX_BYTES) {
            drain(c);
            return;
        }
        e = serve_some(c, buffer);
    }
    if (e == OK) {
        make_ready(c);
    } else if (e == ERR_TIMEOUT) {
        flow_arm(c->flow, &c->waiter); /* last: it may call on_bytes at once */
    } else {
        if (e == ERR_END)
            flow_close(c->flow);
        else
            flow_abort(c->flow);
        forget(c);
    }
}

static struct connection *next_ready(struct service *s, struct worker *w) MAY_YIELD
{
    while (list_empty(&s->ready)) {
        list_prepend(&s->sleeping, &w->node);
        enum err e = fiber_park(TIME_NEVER);
        list_remove(&w->node);
        if (e == ERR_CANCELLED)
            return NULL;
    }
    struct connection *c = CONTAINER_OF(s->ready.next, struct connection, node);
    list_remove(&c->node);
    return c;
}

static void work(void *service)
{
    struct worker w = {.fiber = fiber_self()};
    struct connection *c;
    uint8_t buffer[BUFFER_BYTES];
    list_init(&w.node);
    while ((c = next_ready(service, &w))) {
        serve(c, buffer);
        if (fiber_yield() != OK)
            return;
    }
}

static void accept_all(void *service)
{
    struct service *s = service;
    struct flow *f;
    while (listener_accept(s->listener, TIME_NEVER, &f) == OK) {
        struct connection *c = pool_take(&s->connections);
        if (!c) {
            flow_abort(f);
            continue;
        }
        *c = (struct connection){.service = s, .flow = f};
        waiter_init(&c->waiter, on_bytes);
        list_init(&c->node);
        flow_arm(f, &c->waiter);
    }
}

/* A client of chargen is served for as long as it reads, so it has a worker of its own; others wait in the backlog. */
static void generate(void *service)
{
    struct service *s = service;
    struct flow *f;
    while (listener_accept(s->listener, TIME_NEVER, &f) == OK) {
        const struct piece p = piece_static(s->pattern);
        enum err e = OK;
        while (e == OK) {
            size_t len;
            e = flow_write(f, &p, 1, time_after(sched_now(), SLOW_NS));
            while (!e && flow_read(f, NULL, SIZE_MAX, &len, 0) == OK) /* thrown away */
                continue;
        }
        flow_abort(f);
    }
}

static enum err spawn_workers(struct service *s, struct scope *fibers)
{
    enum err e = OK;
    for (int i = 0; e == OK && i < WORKERS; i++)
        e = scope_spawn(fibers, "worker", s->kind == SERVICE_CHARGEN ? generate : work, s);
    if (s->kind == SERVICE_CHARGEN)
        return e;
    if (!e)
        e = scope_spawn(fibers, "keeper", keep, s);
    return e ? e : scope_spawn(fibers, "acceptor", accept_all, s);
}

enum err service_open(struct service *s, struct scope *fibers)
{
    list_init(&s->ready);
    list_init(&s->draining);
    list_init(&s->sleeping);
    enum err e = pool_init(&s->connections, sizeof(struct connection), CONNECTIONS);
    if (!e)
        e = stack_listen(s->stack, (uint16_t)s->kind, BACKLOG, &s->listener);
    if (!e)
        e = spawn_workers(s, fibers);
    if (e)
        log_error(&source, "port %u: %s", (unsigned)s->kind, err_text(e));
    return e;
}
