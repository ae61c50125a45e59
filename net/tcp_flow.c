/* SPDX-License-Identifier: ISC */
#include "net/tcp_flow.h"
#include "net/stack_internal.h"
#include "net/tcp_internal.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

static struct tcp_connection *of(const struct flow *f)
{
    return CONTAINER_OF((uintptr_t)f, struct tcp_connection, flow);
}

/* ERR_TIMEOUT of a flow is its caller's deadline and may be tried again; a connection that died is RESET, whatever
 * it died of. */
static enum err flow_error(enum err e)
{
    return e == ERR_TIMEOUT || e == ERR_UNREACHABLE || e == ERR_REFUSED ? ERR_RESET : e;
}

static void kick(struct tcp_connection *c)
{
    stack_kick(c->t->stack);
}

static enum err wait(struct tcp_connection *c, void (*arm)(struct tcp_connection *c, struct waiter *w),
                     uint64_t deadline_ns) MAY_YIELD
{
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    arm(c, &w.waiter);
    enum err e = fiber_park(deadline_ns);
    arm(c, NULL);
    return e;
}

static enum err tcp_flow_read(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns)
{
    struct tcp_connection *c = of(f);
    enum err e;
    while ((e = tcp_read(c, sched_now(), buffer, size, len)) == ERR_AGAIN) {
        e = wait(c, tcp_wait_readable, deadline_ns);
        if (e)
            return e;
    }
    kick(c);
    return flow_error(e);
}

/* Queues one piece, waiting for room. What is queued is sent before each wait, so that room can come. */
static enum err write_piece(struct tcp_connection *c, struct piece p, uint64_t deadline_ns) MAY_YIELD
{
    while (p.bytes.len > 0) {
        size_t taken;
        enum err e = tcp_write(c, p, &taken);
        if (e == ERR_AGAIN) {
            tcp_push(c, sched_now());
            kick(c);
            e = wait(c, tcp_wait_writable, deadline_ns);
        }
        if (e)
            return e;
        p.bytes = bytes_slice(p.bytes, taken, p.bytes.len);
    }
    return OK;
}

static enum err tcp_flow_write(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns)
{
    struct tcp_connection *c = of(f);
    if (c->error)
        return flow_error((enum err)c->error);
    for (size_t i = 0; i < n; i++) {
        enum err e = write_piece(c, v[i], deadline_ns);
        if (e && c->error)
            return flow_error((enum err)c->error);
        if (e)
            return e;
    }
    tcp_push_late(c);
    stack_flush_late(c->t->stack);
    return OK;
}

static enum err tcp_flow_shutdown(struct flow *f)
{
    struct tcp_connection *c = of(f);
    enum err e = tcp_shutdown(c, sched_now());
    kick(c);
    return flow_error(e);
}

static void tcp_flow_arm(struct flow *f, struct waiter *w)
{
    tcp_wait_readable(of(f), w);
}

static void tcp_flow_close(struct flow *f)
{
    struct stack *s = of(f)->t->stack;
    tcp_close(of(f), sched_now());
    stack_kick(s);
}

static COLD void tcp_flow_abort(struct flow *f)
{
    struct stack *s = of(f)->t->stack;
    tcp_abort(of(f), sched_now());
    stack_kick(s);
}

static size_t tcp_flow_unsent(const struct flow *f)
{
    return tcp_unsent(of(f));
}

static COLD struct endpoint tcp_flow_peer(const struct flow *f)
{
    return tcp_peer(of(f));
}

static const struct flow_ops ops = {
    .read = tcp_flow_read,
    .write = tcp_flow_write,
    .shutdown = tcp_flow_shutdown,
    .arm = tcp_flow_arm,
    .close = tcp_flow_close,
    .abort = tcp_flow_abort,
    .unsent = tcp_flow_unsent,
    .peer = tcp_flow_peer,
};

struct flow *tcp_flow_of(struct tcp_connection *c, struct stack *s)
{
    c->t->stack = s;
    c->flow.ops = &ops;
    return &c->flow;
}

/* ---- Listeners ---- */

static struct tcp_listener *listener_of(struct listener *l)
{
    return CONTAINER_OF(l, struct tcp_listener, open);
}

COLD enum err stack_listen(struct stack *s, uint16_t port, uint32_t backlog, struct listener **l)
{
    struct tcp_listener *core;
    enum err e = stack_tcp(s) ? tcp_listen(stack_tcp(s), port, backlog, &core) : ERR_UNSUPPORTED;
    if (e)
        return e;
    core->open.stack = s;
    plat_serving("tcp", port);
    *l = &core->open;
    return OK;
}

/* A fiber that leaves without a connection may have been the one that was woken for it. */
static enum err wait_accept(struct tcp_listener *l, uint64_t deadline_ns) MAY_YIELD
{
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    l->open.n_accepting++;
    tcp_wait_accept(l, &w.waiter);
    enum err e = fiber_park(deadline_ns);
    list_remove(&w.waiter.node);
    l->open.n_accepting--;
    if (e)
        tcp_wake_acceptor(l);
    return l->port == 0 ? ERR_CLOSED : e;
}

enum err listener_accept(struct listener *listener, uint64_t deadline_ns, struct flow **f)
{
    struct tcp_listener *l = listener_of(listener);
    struct tcp_connection *c;
    while (tcp_accept(l, &c) == ERR_AGAIN) {
        enum err e = wait_accept(l, deadline_ns);
        if (e)
            return e;
    }
    *f = tcp_flow_of(c, listener->stack);
    return OK;
}

COLD void listener_close(struct listener *listener)
{
    struct stack *s = listener->stack;
    tcp_unlisten(listener_of(listener), sched_now());
    stack_kick(s);
}

/* ---- Connecting ---- */

COLD enum err tcp_flow_connect_error(enum err e)
{
    if (e == ERR_IN_USE)
        return ERR_FULL;
    if (e == ERR_INVALID)
        return ERR_UNREACHABLE;
    return e == ERR_RESET ? ERR_REFUSED : e;
}

COLD enum err stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    struct tcp_connection *c;
    stack_may_loop(s);
    enum err e = stack_tcp(s) ? tcp_connect(stack_tcp(s), sched_now(), to, &c) : ERR_UNSUPPORTED;
    if (e)
        return tcp_flow_connect_error(e);
    *f = tcp_flow_of(c, s);
    stack_kick(s);
    while ((e = tcp_connected(c)) == ERR_AGAIN) {
        e = wait(c, tcp_wait_writable, deadline_ns);
        if (e)
            break;
    }
    if (e == OK)
        return OK;
    flow_abort(*f);
    *f = NULL;
    return tcp_flow_connect_error(e);
}
