/* SPDX-License-Identifier: ISC */
/* DNS by TCP: RFC 7766.
 *
 *            bytes came                     answered, nothing is left
 *   IDLE ----------------> READY -> RUNNING -------------------------> IDLE      (armed, no buffer)
 *                            ^         +-- part of a request ---------> WAITING   (armed, holds a buffer)
 *                            |         +-- too much unsent -----------> DRAINING  (polled)
 *                            +------------- news ---------------------------+
 *
 * Workers take connections from READY, first come first served; in all other states no fiber is held. Requests of one
 * connection are answered in order, as soon as each is whole. Those in IDLE have one deadline, so their list is in the order in
 * which they end. A request that is WAITING keeps the deadline that it began with, however often a byte of it comes: its end may
 * be late, by the idle time at most, behind those that began after it. */
#include "proto/dns_serve.h"

#include <jinn/fiber.h>
#include <jinn/must.h>
#include <jinn/plat.h>
#include <jinn/pool.h>
#include <jinn/random.h>

#include <stdlib.h>

enum {
    LENGTH_BYTES = 2,
    BACKLOG = 128, /* a burst of new connections; what is beyond it tries again a second later */
    /* Requests that one connection may have answered before others have their turn. */
    TURNS = 16,
    /* A peer that has not taken as much waits with its next request: dozens of small answers that are pipelined, and so
     * little that what is written next finds room in the stack, unless it is large. */
    UNSENT_MAX = 8192,
    /* Connections are counted by client in so many places under a secret hash: two clients share one by chance. */
    CLIENTS = 1024,
    CONNECTIONS_MAX = 65536,
    WORKERS_MAX = 64,
    REFUSED_BYTES = 512 /* least room for a request */
};

/* How often peers that drain are looked at, how long one may take nothing, and one write may take: less while half of the
 * workers wait for such writes already, so that the others come round to everybody else. */
#define DRAIN_NS (5 * NS_PER_MS)
#define SLOW_NS (10 * NS_PER_S)
#define HURRIED_NS (100 * NS_PER_MS)

enum state { FREE, IDLE, WAITING, DRAINING, READY, RUNNING, STATES };

struct buffer {
    size_t from, to;
    uint8_t data[];
};

struct connection {
    struct waiter waiter;
    struct list node; /* in the list of its state */
    struct dns_tcp *tcp;
    struct flow *flow;
    struct buffer *buffer; /* NULL while nothing is buffered */
    uint64_t deadline_ns;
    size_t unsent; /* when last looked at */
    uint16_t client;
    uint8_t state;
    bool part; /* the deadline is that of a request of which a part has come */
};

struct worker {
    struct dns_tcp *tcp;
    struct fiber *fiber;
    struct list node; /* in `sleeping` */
    struct dns_stream stream;
    struct connection *streaming;
    bool failed; /* the stream */
    uint8_t length[LENGTH_BYTES];
    uint8_t out[DNS_MESSAGE_BYTES];
};

struct dns_tcp {
    struct dns_service *service;
    struct listener *listener;
    struct fiber *keeper;
    uint64_t keeper_ns;              /* when it will wake; 0: it is awake */
    uint32_t n_streaming, n_writing; /* workers that send a transfer; that are in a write */
    uint64_t secret;
    struct list in[STATES];
    struct list sleeping; /* workers */
    struct dns_tcp_options o;
    struct dns_tcp_counters n;
    struct pool connections, buffers;
    uint16_t clients[CLIENTS];
    struct worker worker[];
};

static void move(struct connection *c, enum state state)
{
    list_remove(&c->node);
    list_append(&c->tcp->in[state], &c->node);
    c->state = (uint8_t)state;
}

static struct connection *first(struct dns_tcp *t, enum state state)
{
    return list_empty(&t->in[state]) ? NULL : CONTAINER_OF(t->in[state].next, struct connection, node);
}

static void make_ready(struct connection *c)
{
    move(c, READY);
    struct list *node = list_pop(&c->tcp->sleeping);
    if (node)
        fiber_wake(CONTAINER_OF(node, struct worker, node)->fiber);
}

static void on_bytes(struct waiter *w)
{
    make_ready(CONTAINER_OF(w, struct connection, waiter));
}

static void tell_keeper(struct dns_tcp *t, uint64_t at_ns)
{
    if (t->keeper && at_ns < t->keeper_ns) {
        t->keeper_ns = at_ns;
        fiber_wake(t->keeper);
    }
}

/* ---- Coming and going ---- */

static uint16_t client_of(const struct dns_tcp *t, const struct ip *ip)
{
    struct reader r = reader_of(bytes_of(ip->b, sizeof ip->b));
    uint64_t v = ip_is4(ip) ? ip4_u32(ip) : read_be64(&r); /* an IPv6 client has a network */
    unsigned __int128 m = (unsigned __int128)(v ^ t->secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint16_t)(((uint64_t)m ^ (uint64_t)(m >> 64)) % CLIENTS);
}

static void give_buffer(struct connection *c)
{
    if (c->buffer)
        pool_give(&c->tcp->buffers, c->buffer);
    c->buffer = NULL;
}

static void forget(struct connection *c)
{
    c->tcp->clients[c->client]--;
    give_buffer(c);
    list_remove(&c->node);
    pool_give(&c->tcp->connections, c);
}

static void end(struct connection *c)
{
    flow_arm(c->flow, NULL);
    flow_close(c->flow);
    forget(c);
}

static void drop(struct connection *c)
{
    flow_arm(c->flow, NULL);
    flow_abort(c->flow);
    forget(c);
}

static void park(struct connection *c, enum state state)
{
    if (!c->part)
        c->deadline_ns = time_after(sched_now(), c->tcp->o.idle_ns);
    c->part = state == WAITING;
    move(c, state);
    tell_keeper(c->tcp, c->deadline_ns);
    flow_arm(c->flow, &c->waiter); /* last: it may call on_bytes at once */
}

static bool make_room(struct dns_tcp *t)
{
    struct connection *c = first(t, IDLE);
    if (!c)
        c = first(t, WAITING);
    if (!c)
        return false;
    t->n.n_evicted++;
    end(c);
    return true;
}

static void admit(struct dns_tcp *t, struct flow *f)
{
    struct endpoint peer = flow_peer(f);
    uint16_t client = client_of(t, &peer.ip);
    bool full = t->connections.n_used == t->connections.n;
    if (t->clients[client] >= t->o.per_client || (full && !make_room(t))) {
        t->n.n_refused++;
        flow_abort(f);
        return;
    }
    struct connection *c = pool_take(&t->connections);
    must(c);
    *c = (struct connection){.tcp = t, .flow = f, .client = client};
    t->n.n_accepted++;
    t->clients[client]++;
    waiter_init(&c->waiter, on_bytes);
    list_init(&c->node);
    park(c, IDLE);
}

/* ---- Deadlines ---- */

static void sweep_idle(struct dns_tcp *t, enum state state, uint64_t now_ns)
{
    struct connection *c;
    while ((c = first(t, state)) && c->deadline_ns <= now_ns) {
        t->n.n_timeouts++;
        end(c);
    }
}

static void drain(struct connection *c)
{
    c->unsent = flow_unsent(c->flow);
    c->deadline_ns = time_after(sched_now(), SLOW_NS);
    c->part = false;
    move(c, DRAINING);
    tell_keeper(c->tcp, time_after(sched_now(), DRAIN_NS));
}

static void sweep_draining(struct dns_tcp *t, uint64_t now_ns)
{
    LIST_EACH(&t->in[DRAINING], node)
    {
        struct connection *c = CONTAINER_OF(node, struct connection, node);
        size_t unsent = flow_unsent(c->flow);
        if (unsent <= UNSENT_MAX / 2) {
            make_ready(c);
        } else if (unsent != c->unsent) {
            c->unsent = unsent;
            c->deadline_ns = time_after(now_ns, SLOW_NS);
        } else if (c->deadline_ns <= now_ns) {
            t->n.n_slow++;
            drop(c);
        }
    }
}

static uint64_t next_deadline(struct dns_tcp *t, uint64_t now_ns)
{
    const struct connection *idle = first(t, IDLE), *waiting = first(t, WAITING);
    uint64_t at = time_min(idle ? idle->deadline_ns : TIME_NEVER, waiting ? waiting->deadline_ns : TIME_NEVER);
    return first(t, DRAINING) ? time_min(at, time_after(now_ns, DRAIN_NS)) : at;
}

static void keep(void *tcp)
{
    struct dns_tcp *t = tcp;
    t->keeper = fiber_self();
    do {
        uint64_t now_ns = sched_now();
        t->keeper_ns = 0;
        sweep_idle(t, IDLE, now_ns);
        sweep_idle(t, WAITING, now_ns);
        sweep_draining(t, now_ns);
        t->keeper_ns = next_deadline(t, now_ns);
    } while (fiber_park(t->keeper_ns) != ERR_CANCELLED);
    t->keeper = NULL;
}

/* ---- Answering ---- */

static bool take_buffer(struct connection *c)
{
    struct dns_tcp *t = c->tcp;
    if (c->buffer)
        return true;
    if (t->buffers.n_used == t->buffers.n) {
        struct connection *other = first(t, WAITING);
        if (!other)
            other = first(t, DRAINING);
        if (!other)
            return false;
        t->n.n_partial++;
        drop(other);
    }
    c->buffer = pool_take(&t->buffers);
    if (c->buffer)
        c->buffer->from = c->buffer->to = 0;
    return c->buffer;
}

static bool send_message(struct worker *w, struct connection *c, struct bytes message)
{
    struct dns_tcp *t = w->tcp;
    struct writer length = writer_of(w->length, sizeof w->length);
    write_be16(&length, (uint16_t)message.len);
    struct piece v[] = {piece_copy(writer_bytes(&length)), piece_copy(message)};
    uint64_t span_ns = 2 * t->n_writing < t->o.workers ? SLOW_NS : HURRIED_NS;
    t->n_writing++;
    enum err e = flow_write(c->flow, v, 2, time_after(sched_now(), span_ns));
    t->n_writing--;
    t->n.n_slow += e == ERR_TIMEOUT;
    return e == OK;
}

static bool stream_send(struct dns_stream *to, struct bytes message)
{
    struct worker *w = CONTAINER_OF(to, struct worker, stream);
    w->failed = w->failed || !send_message(w, w->streaming, message);
    return !w->failed;
}

/* The last free worker answers others. False: it is no transfer, or there are as many as there may be. */
static bool transfer(struct worker *w, struct connection *c, const struct dns_from *from, struct bytes message,
                     bool *alive)
{
    struct dns_tcp *t = w->tcp;
    if (t->n_streaming + 1 >= t->o.workers)
        return false;
    t->n_streaming++;
    w->streaming = c;
    w->failed = false;
    const struct dns_extra *x = t->service->o.extra;
    bool done = x && x->take_transfer && x->take_transfer(t->service, from, message, &w->stream, alive);
    t->n_streaming--;
    t->n.n_transfers += done;
    *alive = *alive && !w->failed;
    return done;
}

/* False: the connection is good for nothing more. */
static bool answer(struct worker *w, struct connection *c, struct bytes message)
{
    struct dns_from from = {.peer = flow_peer(c->flow),
                            .tcp = true,
                            .now_ns = sched_now(),
                            .wall_s = (uint32_t)(plat_wall_ns() / NS_PER_S)};
    bool alive = true;
    if (message.len < DNS_HEADER_BYTES)
        return false;
    if (transfer(w, c, &from, message, &alive))
        return alive;
    struct dns_service *s = w->tcp->service;
    size_t len = w->tcp->o.answer ? w->tcp->o.answer(s, &from, message, w->out, sizeof w->out)
                                  : dns_service_message(s, &from, message, w->out, sizeof w->out);
    return len == 0 || send_message(w, c, bytes_of(w->out, len));
}

/* The next whole request of what is buffered. ERR_AGAIN: there is none yet. ERR_TOO_LARGE. */
static enum err next_message(struct connection *c, struct bytes *message)
{
    struct buffer *b = c->buffer;
    struct reader r = reader_of(bytes_of(b->data + b->from, b->to - b->from));
    uint16_t len = read_be16(&r);
    if (!reader_good(&r))
        return ERR_AGAIN;
    if (len > c->tcp->o.message_bytes)
        return ERR_TOO_LARGE;
    *message = read_bytes(&r, len);
    if (!reader_good(&r))
        return ERR_AGAIN;
    b->from += LENGTH_BYTES + (size_t)len;
    c->part = false;
    return OK;
}

static enum err read_more(struct connection *c)
{
    struct buffer *b = c->buffer;
    size_t len = 0;
    if (b->from > 0) {
        memmove(b->data, b->data + b->from, b->to - b->from);
        b->to -= b->from;
        b->from = 0;
    }
    enum err e = flow_read(c->flow, b->data + b->to, LENGTH_BYTES + c->tcp->o.message_bytes - b->to, &len, 0);
    b->to += len;
    return e;
}

static void wait_for_more(struct connection *c)
{
    bool part = c->buffer->to > c->buffer->from;
    if (!part)
        give_buffer(c);
    park(c, part ? WAITING : IDLE);
}

/* One step; false when the connection is not the worker's any more. */
static bool step(struct worker *w, struct connection *c)
{
    struct bytes message;
    enum err e = next_message(c, &message);
    if (e == OK && !answer(w, c, message)) {
        drop(c);
        return false;
    }
    if (e == ERR_TOO_LARGE) {
        w->tcp->n.n_too_long++;
        drop(c);
        return false;
    }
    if (e == OK)
        return true;
    e = read_more(c);
    if (e == OK)
        return true;
    if (e == ERR_TIMEOUT)
        wait_for_more(c);
    else if (e == ERR_END)
        end(c);
    else
        drop(c);
    return false;
}

static void serve(struct worker *w, struct connection *c)
{
    for (int turn = 0; turn < TURNS && take_buffer(c); turn++) {
        if (flow_unsent(c->flow) > UNSENT_MAX) {
            drain(c);
            return;
        }
        if (!step(w, c))
            return;
    }
    make_ready(c);
}

static struct connection *next_ready(struct worker *w)
{
    struct dns_tcp *t = w->tcp;
    while (list_empty(&t->in[READY])) {
        list_prepend(&t->sleeping, &w->node); /* the one that slept last: its stack is warm */
        enum err e = fiber_park(TIME_NEVER);
        list_remove(&w->node);
        if (e == ERR_CANCELLED)
            return NULL;
    }
    struct connection *c = first(t, READY);
    move(c, RUNNING);
    return c;
}

static void work(void *worker)
{
    struct worker *w = worker;
    struct connection *c;
    w->fiber = fiber_self();
    while ((c = next_ready(w))) {
        serve(w, c);
        if (fiber_yield() != OK)
            return;
    }
}

/* ---- The whole ---- */

static bool options_good(const struct dns_tcp_options *o)
{
    return o->connections >= 1 && o->connections <= CONNECTIONS_MAX && o->workers >= 1 && o->workers <= WORKERS_MAX &&
           o->message_bytes >= REFUSED_BYTES && o->message_bytes <= DNS_MESSAGE_BYTES && o->idle_ns > 0;
}

enum err dns_tcp_new(struct stack *s, uint16_t port, struct dns_service *service, const struct dns_tcp_options *o,
                     struct dns_tcp **t)
{
    if (!options_good(o))
        return ERR_INVALID;
    struct dns_tcp *made = calloc(1, sizeof *made + o->workers * sizeof made->worker[0]);
    if (!made)
        return ERR_FULL;
    made->service = service;
    made->o = *o;
    if (!o->per_client)
        made->o.per_client = (o->connections + 3) / 4;
    random_bytes(&made->secret, sizeof made->secret);
    for (int i = 0; i < STATES; i++)
        list_init(&made->in[i]);
    list_init(&made->sleeping);
    size_t buffer_bytes = sizeof(struct buffer) + LENGTH_BYTES + o->message_bytes;
    enum err e = pool_init(&made->connections, sizeof(struct connection), o->connections);
    if (e == OK)
        e = pool_init(&made->buffers, buffer_bytes, (size_t)o->workers + o->buffers);
    if (e == OK)
        e = stack_listen(s, port, BACKLOG, &made->listener);
    if (e != OK) {
        pool_free(&made->connections);
        pool_free(&made->buffers);
        free(made);
        return e;
    }
    *t = made;
    return OK;
}

static enum err start(struct dns_tcp *t, struct scope *fibers)
{
    enum err e = scope_spawn(fibers, "dns-keeper", keep, t);
    for (uint32_t i = 0; e == OK && i < t->o.workers; i++) {
        struct worker *w = &t->worker[i]; /* too large to be set as a whole on a fiber's stack */
        w->tcp = t;
        w->stream.send = stream_send;
        list_init(&w->node);
        e = scope_spawn(fibers, "dns-worker", work, w);
    }
    return e;
}

static void drop_all(struct dns_tcp *t)
{
    for (int i = IDLE; i < STATES; i++) {
        struct connection *c;
        while ((c = first(t, (enum state)i)))
            end(c);
    }
}

enum err dns_tcp_run(struct dns_tcp *t)
{
    struct scope fibers;
    struct flow *f;
    scope_open(&fibers);
    enum err e = start(t, &fibers);
    while (e == OK && (e = listener_accept(t->listener, TIME_NEVER, &f)) == OK)
        admit(t, f);
    listener_close(t->listener);
    scope_cancel(&fibers);
    scope_join(&fibers);
    drop_all(t);
    return e;
}

const struct dns_tcp_counters *dns_tcp_counters(const struct dns_tcp *t)
{
    return &t->n;
}
