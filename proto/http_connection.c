/* SPDX-License-Identifier: ISC */
/* Connections: which state each is in, and what its deadline means there. */
#include "proto/http_server.h"

#include <jinn/must.h>

#include <string.h>

static void move(struct http_connection *c, enum http_state state)
{
    list_remove(&c->node);
    list_append(&c->server->in[state], &c->node);
    c->state = (uint8_t)state;
}

void http_make_ready(struct http_connection *c)
{
    struct http_server *s = c->server;
    move(c, HTTP_READY);
    struct list *node = list_pop(&s->sleeping);
    if (node)
        fiber_wake(CONTAINER_OF(node, struct http_worker, node)->fiber);
}

static void on_bytes(struct waiter *w)
{
    struct http_connection *c = CONTAINER_OF(w, struct http_connection, waiter);
    must(c->state == HTTP_IDLE || c->state == HTTP_WAITING || c->state == HTTP_LINGERING);
    http_make_ready(c);
}

/* Lists are in the order of their deadlines. Nearly always the new one is the last. */
static void insert(struct http_connection *c, enum http_state state)
{
    list_remove(&c->node); /* it may be in this one, and the last in it */
    struct list *head = &c->server->in[state], *before = head->prev;
    while (before != head && CONTAINER_OF(before, struct http_connection, node)->deadline_ns > c->deadline_ns)
        before = before->prev;
    list_prepend(before, &c->node);
    c->state = (uint8_t)state;
}

static void tell_keeper(struct http_server *s, uint64_t at_ns)
{
    if (at_ns < s->keeper_ns && s->keeper) {
        s->keeper_ns = at_ns;
        fiber_wake(s->keeper);
    }
}

static void put_aside(struct http_connection *c)
{
    struct http_buffer *b = c->buffer;
    if (!b || b->to - b->from > HTTP_ASIDE_BYTES)
        return;
    c->aside = pool_take(&c->server->asides);
    if (!c->aside)
        return;
    c->aside->len = b->to - b->from;
    memcpy(c->aside->data, b->data + b->from, c->aside->len);
    http_give_buffer(c);
}

static void forget_aside(struct http_connection *c)
{
    if (c->aside)
        pool_give(&c->server->asides, c->aside);
    c->aside = NULL;
}

static void take_back(struct http_connection *c)
{
    if (!c->aside)
        return;
    memcpy(c->buffer->data, c->aside->data, c->aside->len);
    c->buffer->to = c->aside->len;
    forget_aside(c);
}

void http_park(struct http_connection *c, enum http_state state, uint64_t deadline_ns)
{
    c->deadline_ns = deadline_ns;
    c->unsent = flow_unsent(c->flow);
    insert(c, state);
    if (state == HTTP_DRAINING) {
        put_aside(c);
        tell_keeper(c->server, time_after(sched_now(), HTTP_DRAIN_NS));
        return;
    }
    tell_keeper(c->server, deadline_ns);
    flow_arm(c->flow, &c->waiter); /* last: it may call on_bytes at once */
}

bool http_has_room(struct http_connection *c)
{
    size_t unsent = flow_unsent(c->flow);
    if (unsent == 0)
        c->n_queued = 0;
    return unsent <= HTTP_UNSENT_MAX && c->n_queued < HTTP_QUEUED_MAX;
}

/* ---- Buffers ---- */

void http_give_buffer(struct http_connection *c)
{
    if (c->buffer)
        pool_give(&c->server->buffers, c->buffer);
    c->buffer = NULL;
}

static void refuse(struct http_connection *c, uint16_t status)
{
    flow_arm(c->flow, NULL);
    http_give_buffer(c);
    c->refuse = status;
    http_make_ready(c);
}

/* Takes the buffer of whoever has waited longest with part of a head, or of one that does not read. */
static bool evict(struct http_server *s)
{
    if (!list_empty(&s->in[HTTP_WAITING])) {
        s->counters.timeouts++;
        refuse(CONTAINER_OF(s->in[HTTP_WAITING].next, struct http_connection, node), 408);
        return true;
    }
    LIST_EACH(&s->in[HTTP_DRAINING], node)
    {
        struct http_connection *c = CONTAINER_OF(node, struct http_connection, node);
        if (!c->buffer)
            continue;
        s->counters.timeouts++;
        http_drop(c);
        return true;
    }
    return false;
}

bool http_take_buffer(struct http_connection *c)
{
    struct http_server *s = c->server;
    if (c->buffer)
        return true;
    if (s->buffers.n_used == s->buffers.n && !evict(s))
        return false;
    c->buffer = pool_take(&s->buffers);
    must(c->buffer);
    c->buffer->from = c->buffer->to = 0;
    http_parser_init(&c->buffer->parser);
    take_back(c);
    return true;
}

/* ---- Beginning and end ---- */

void http_admit(struct http_server *s, struct flow *f)
{
    bool full = s->n_open >= s->o.connections;
    s->counters.refused += full;
    struct list *node = list_pop(&s->in[HTTP_FREE]);
    if (!node) {
        flow_abort(f);
        return;
    }
    struct http_connection *c = CONTAINER_OF(node, struct http_connection, node);
    *c = (struct http_connection){.server = s, .flow = f, .refuse = full ? 503 : 0};
    list_init(&c->node);
    waiter_init(&c->waiter, on_bytes);
    s->n_open++;
    s->counters.connections++;
    if (full)
        http_make_ready(c);
    else
        http_park(c, HTTP_IDLE, time_after(sched_now(), s->o.idle_ns));
}

static void forget(struct http_connection *c)
{
    struct http_server *s = c->server;
    http_give_buffer(c);
    forget_aside(c);
    c->flow = NULL;
    s->n_open--;
    move(c, HTTP_FREE);
    if (s->n_open == 0 && (s->stopping || s->accept_over))
        tell_keeper(s, 0);
}

void http_release(struct http_connection *c)
{
    flow_arm(c->flow, NULL);
    flow_close(c->flow);
    forget(c);
}

void http_drop(struct http_connection *c)
{
    flow_arm(c->flow, NULL);
    flow_abort(c->flow);
    forget(c);
}

/* ---- Deadlines ---- */

/* An idle connection may still be sending its last response: then it is idle only once the peer takes nothing. */
static void expire_idle(struct http_connection *c, uint64_t now_ns)
{
    struct http_server *s = c->server;
    size_t unsent = flow_unsent(c->flow);
    if (unsent == 0) {
        http_release(c);
    } else if (unsent != c->unsent) {
        c->unsent = unsent;
        c->deadline_ns = time_after(now_ns, s->o.send_ns);
        insert(c, HTTP_IDLE);
    } else {
        s->counters.timeouts++;
        http_drop(c);
    }
}

static void expire(struct http_connection *c, uint64_t now_ns)
{
    switch (c->state) {
    case HTTP_IDLE:
        expire_idle(c, now_ns);
        break;
    case HTTP_WAITING:
        c->server->counters.timeouts++;
        refuse(c, 408);
        break;
    default:
        http_release(c);
        break;
    }
}

static uint64_t sweep_list(struct http_server *s, enum http_state state, uint64_t now_ns)
{
    while (!list_empty(&s->in[state])) {
        struct http_connection *c = CONTAINER_OF(s->in[state].next, struct http_connection, node);
        if (c->deadline_ns > now_ns)
            return c->deadline_ns;
        expire(c, now_ns);
    }
    return TIME_NEVER;
}

static void poll_draining(struct http_connection *c, uint64_t now_ns)
{
    size_t unsent = flow_unsent(c->flow);
    if (c->close_drain) {
        if (unsent == 0)
            http_release(c);
    } else if (http_has_room(c)) {
        http_make_ready(c);
    } else if (unsent != c->unsent) {
        c->unsent = unsent;
        c->deadline_ns = time_after(now_ns, c->server->o.send_ns);
    } else if (c->deadline_ns <= now_ns) {
        c->server->counters.timeouts++;
        http_drop(c);
    }
}

uint64_t http_sweep(struct http_server *s, uint64_t now_ns)
{
    uint64_t next = sweep_list(s, HTTP_IDLE, now_ns);
    next = time_min(next, sweep_list(s, HTTP_WAITING, now_ns));
    next = time_min(next, sweep_list(s, HTTP_LINGERING, now_ns));
    LIST_EACH(&s->in[HTTP_DRAINING], node)
    poll_draining(CONTAINER_OF(node, struct http_connection, node), now_ns);
    if (!list_empty(&s->in[HTTP_DRAINING]))
        next = time_min(next, time_after(now_ns, HTTP_DRAIN_NS));
    return next;
}
