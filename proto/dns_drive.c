/* SPDX-License-Identifier: ISC */
/* Asks on sockets. */
#include "proto/dns_client_internal.h"

static struct dns_client_wire *wire_of(struct dns_client *c, const struct dns_ask *a)
{
    return &c->wire[a - c->stub.ask];
}

static void wake_all(struct list *waiters)
{
    for (struct list *node; (node = list_pop(waiters));)
        fiber_wake(CONTAINER_OF(node, struct fiber_waiter, waiter.node)->fiber);
}

/* A wake that was for something else is harmless: whoever waits looks again. */
static enum err wait_on(struct list *waiters, uint64_t deadline_ns) MAY_YIELD
{
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    list_append(waiters, &w.waiter.node);
    enum err e = fiber_park(deadline_ns);
    list_remove(&w.waiter.node);
    return e;
}

static void close_socket(struct dns_client_wire *w)
{
    if (w->socket)
        udp_close(w->socket);
    w->socket = NULL;
}

void dns_client_leave(struct dns_client *c, struct dns_ask *a)
{
    struct dns_client_wire *w = wire_of(c, a);
    dns_stub_leave(&c->stub, a);
    if (a->n_users == 0)
        close_socket(w);
}

/* ---- UDP ---- */

static void send(struct dns_client *c, struct dns_ask *a, const struct dns_step *step)
{
    struct dns_client_wire *w = wire_of(c, a);
    const struct piece piece = piece_copy(step->message);
    if (step->fresh)
        close_socket(w);
    enum err e = w->socket ? OK : stack_udp(c->stack, 0, &w->socket);
    if (e == OK)
        e = udp_send(w->socket, step->server, &piece, 1);
    if (e != OK && e != ERR_AGAIN) /* a frame that was dropped is like one that was lost */
        dns_stub_failed(&c->stub, a, sched_now(), step->question);
}

/* The driver waits for datagrams and does not notice a new question. */
static void send_joined(struct dns_client *c, struct dns_ask *a)
{
    struct dns_step step;
    while (wire_of(c, a)->socket && dns_stub_joined(&c->stub, a, sched_now(), &step))
        send(c, a, &step);
}

static enum err receive(struct dns_client *c, struct dns_ask *a, uint64_t deadline_ns) MAY_YIELD
{
    struct dns_client_wire *w = wire_of(c, a);
    struct endpoint from;
    size_t len;
    if (!w->socket)
        return fiber_sleep(deadline_ns) == ERR_CANCELLED ? ERR_CANCELLED : ERR_TIMEOUT;
    enum err e = udp_recv(w->socket, c->datagram, sizeof c->datagram, &len, &from, deadline_ns);
    if (e == OK && len <= sizeof c->datagram) /* what is longer than we said was sent by somebody else */
        dns_stub_input(&c->stub, a, sched_now(), &from, bytes_of(c->datagram, len), false);
    return e;
}

/* ---- TCP ---- */

static enum err exchange(struct dns_client *c, struct flow *f, const struct dns_step *step, size_t *len,
                         uint64_t deadline_ns) MAY_YIELD
{
    uint8_t head[2] = {(uint8_t)(step->message.len >> 8), (uint8_t)step->message.len};
    const struct piece v[2] = {piece_copy(bytes_of(head, sizeof head)), piece_copy(step->message)};
    enum err e = flow_write(f, v, 2, deadline_ns);
    if (e == OK)
        e = flow_read_exact(f, head, sizeof head, deadline_ns);
    *len = (size_t)(head[0] << 8 | head[1]);
    if (e == OK && *len > sizeof c->stream)
        e = ERR_TOO_LARGE;
    return e == OK ? flow_read_exact(f, c->stream, *len, deadline_ns) : e;
}

/* The query is copied: while this fiber waits, others use the stub's memory for theirs. */
static enum err ask_by_stream(struct dns_client *c, struct dns_ask *a, const struct dns_step *asked,
                              uint64_t deadline_ns) MAY_YIELD
{
    uint8_t query[DNS_UDP_BYTES];
    struct dns_step step = *asked;
    struct flow *f;
    size_t len = 0;
    memcpy(query, asked->message.data, asked->message.len);
    step.message = bytes_of(query, asked->message.len);
    enum err e = OK;
    while (e == OK && c->stream_busy)
        e = wait_on(&c->stream_waiters, deadline_ns);
    if (e != OK)
        return e;
    c->stream_busy = true;
    e = stack_connect(c->stack, step.server, deadline_ns, &f);
    if (e == OK) {
        e = exchange(c, f, &step, &len, deadline_ns);
        if (e == OK)
            dns_stub_input(&c->stub, a, sched_now(), &step.server, bytes_of(c->stream, len), true);
        flow_close(f);
    }
    c->stream_busy = false;
    wake_all(&c->stream_waiters);
    return e;
}

static enum err stream_step(struct dns_client *c, struct dns_ask *a, const struct dns_step *step,
                            uint64_t deadline_ns) MAY_YIELD
{
    const unsigned question = step->question;
    const uint64_t until_ns = time_min(deadline_ns, step->deadline_ns);
    enum err e = ask_by_stream(c, a, step, until_ns);
    if (e == ERR_CANCELLED || (e == ERR_TIMEOUT && deadline_ns < step->deadline_ns)) {
        dns_stub_again(a, question); /* this fiber's time is over, not the server's */
        return e;
    }
    dns_stub_failed(&c->stub, a, sched_now(), question); /* unless it was answered */
    return OK;
}

/* ---- Driving ---- */

static unsigned n_done(const struct dns_ask *a)
{
    unsigned n = 0;
    for (size_t i = 0; i < DNS_STUB_QUESTIONS; i++)
        n += a->question[i].state == DNS_QUESTION_DONE;
    return n;
}

/* One step of the work. OK: go on. */
static enum err step(struct dns_client *c, struct dns_ask *a, uint64_t deadline_ns, bool *over) MAY_YIELD
{
    struct dns_step next;
    dns_stub_step(&c->stub, a, sched_now(), &next);
    switch (next.kind) {
    case DNS_STEP_SEND:
        send(c, a, &next);
        return OK;
    case DNS_STEP_STREAM:
        return stream_step(c, a, &next, deadline_ns);
    case DNS_STEP_WAIT: {
        enum err e = receive(c, a, time_min(deadline_ns, next.deadline_ns));
        return e == ERR_TIMEOUT && next.deadline_ns <= deadline_ns && sched_now() < deadline_ns ? OK : e;
    }
    case DNS_STEP_DONE:
        *over = true;
        return OK;
    }
    return OK;
}

enum err dns_client_drive(struct dns_client *c, struct dns_ask *a, uint64_t deadline_ns)
{
    struct dns_client_wire *w = wire_of(c, a);
    const unsigned before = n_done(a);
    bool over = false;
    enum err e = OK;
    if (w->driver) {
        send_joined(c, a);
        return wait_on(&w->waiters, deadline_ns);
    }
    w->driver = fiber_self();
    while (e == OK && !over && n_done(a) == before)
        e = step(c, a, deadline_ns, &over);
    w->driver = NULL;
    wake_all(&w->waiters); /* they look for their results, and one of them goes on */
    return e;
}
