/* SPDX-License-Identifier: ISC */
/* The server as a whole: sized at start, an acceptor and workers while it runs, a keeper of deadlines, the stop. */
#include "proto/http_server.h"

#include <jinn/log.h>
#include <jinn/must.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("http");

/* After an error that may pass, such as a full table. */
#define ACCEPT_PAUSE_NS (10 * NS_PER_MS)

struct acceptor {
    struct http_server *server;
    struct http_source *source;
};

static void set_default(uint32_t *value, uint32_t fallback)
{
    *value = *value ? *value : fallback;
}

static void set_default_u64(uint64_t *value, uint64_t fallback)
{
    *value = *value ? *value : fallback;
}

static void set_defaults(struct http_options *o)
{
    set_default(&o->connections, 256);
    set_default(&o->workers, 8);
    set_default(&o->header_bytes, 8192);
    set_default_u64(&o->body_bytes, 1 << 20);
    set_default_u64(&o->request_ns, 10 * NS_PER_S);
    set_default_u64(&o->idle_ns, 60 * NS_PER_S);
    set_default_u64(&o->send_ns, 60 * NS_PER_S);
}

enum err http_server_new(const struct http_options *o, struct http_server **out)
{
    must(o->handler && (!o->server_name || strlen(o->server_name) <= HTTP_SERVER_NAME_MAX));
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_FULL;
    s->o = *o;
    set_defaults(&s->o);
    s->limits = (struct http_limits){s->o.header_bytes, s->o.body_bytes};
    s->buffer_bytes = s->o.header_bytes + HTTP_BODY_ROOM;
    size_t n = (size_t)s->o.connections + HTTP_REFUSALS;
    s->connections = calloc(n, sizeof *s->connections);
    s->workers = calloc(s->o.workers, sizeof *s->workers);
    if (!s->connections || !s->workers ||
        pool_init(&s->buffers, sizeof(struct http_buffer) + s->buffer_bytes, s->o.workers + HTTP_SPARE_BUFFERS) != OK ||
        pool_init(&s->asides, sizeof(struct http_aside), s->o.connections / 2 + 1) != OK) {
        http_server_free(s);
        return ERR_FULL;
    }
    for (size_t i = 0; i < HTTP_STATES; i++)
        list_init(&s->in[i]);
    list_init(&s->sleeping);
    for (size_t i = 0; i < n; i++)
        list_append(&s->in[HTTP_FREE], &s->connections[i].node);
    for (size_t i = 0; i < s->o.workers; i++) {
        s->workers[i].server = s;
        list_init(&s->workers[i].node);
    }
    *out = s;
    return OK;
}

void http_server_free(struct http_server *s)
{
    pool_free(&s->buffers);
    pool_free(&s->asides);
    free(s->workers);
    free(s->connections);
    free(s);
}

struct http_counters http_counters(const struct http_server *s)
{
    return s->counters;
}

static void accept_all(void *arg)
{
    struct acceptor *a = arg;
    struct http_server *s = a->server;
    enum err e = OK;
    while (e != ERR_CANCELLED && e != ERR_CLOSED) {
        struct flow *f;
        e = a->source->accept(a->source, &f);
        if (e == OK)
            http_admit(s, f);
        else if (e != ERR_CANCELLED && e != ERR_CLOSED && fiber_sleep(time_after(sched_now(), ACCEPT_PAUSE_NS)) != OK)
            break;
    }
    s->accept_over = true;
    fiber_wake(s->keeper);
}

/* Starts as many workers as there are stacks for; one is enough to serve. */
static size_t start_workers(struct http_server *s, struct scope *scope)
{
    size_t n = 0;
    while (n < s->o.workers && scope_spawn(scope, "http-worker", http_worker_run, &s->workers[n]) == OK)
        n++;
    if (n < s->o.workers)
        log_warning(&source, "stacks for %u workers only", (unsigned)n);
    return n;
}

/* Sleeps from deadline to deadline until there is a stop, or the source has run dry and all is served. */
static void keep(struct http_server *s)
{
    while (!sched_stopping() && !(s->accept_over && s->n_open == 0)) {
        s->keeper_ns = 0; /* awake: nobody needs to wake it */
        uint64_t next = http_sweep(s, sched_now());
        s->keeper_ns = next;
        if (fiber_park(next) == ERR_CANCELLED)
            return;
    }
}

static void end_list(struct http_server *s, enum http_state state)
{
    LIST_EACH(&s->in[state], node)
    {
        struct http_connection *c = CONTAINER_OF(node, struct http_connection, node);
        flow_arm(c->flow, NULL);
        c->close_drain = true;
        http_give_buffer(c);
        http_park(c, HTTP_DRAINING, TIME_NEVER);
    }
}

/* Connections without a request under way end as soon as all is sent; workers finish the others. */
static void drain(struct http_server *s)
{
    uint64_t end_ns = time_after(sched_now(), HTTP_STOP_NS);
    s->stopping = true;
    end_list(s, HTTP_IDLE);
    end_list(s, HTTP_WAITING);
    end_list(s, HTTP_LINGERING);
    while (s->n_open > 0 && sched_now() < end_ns) {
        s->keeper_ns = 0;
        uint64_t next = time_min(http_sweep(s, sched_now()), end_ns);
        if (s->n_open == 0)
            break;
        s->keeper_ns = next;
        if (fiber_park(next) == ERR_CANCELLED)
            break;
    }
}

static void drop_all(struct http_server *s)
{
    for (size_t i = 0; i < (size_t)s->o.connections + HTTP_REFUSALS; i++) {
        if (s->connections[i].flow)
            http_drop(&s->connections[i]);
    }
}

enum err http_run(struct http_server *s, struct http_source *from)
{
    struct scope workers, accepting;
    struct acceptor acceptor = {s, from};
    must(!s->keeper);
    s->keeper = fiber_self();
    s->stopping = s->accept_over = false;
    http_clock(s);
    fiber_waiter_init(&s->stop);
    sched_on_stop(&s->stop.waiter);
    scope_open(&workers);
    scope_open(&accepting);
    enum err e = ERR_FULL;
    if (start_workers(s, &workers) > 0)
        e = scope_spawn(&accepting, "http-accept", accept_all, &acceptor);
    if (e == OK)
        keep(s);
    scope_cancel(&accepting);
    scope_join(&accepting);
    from->close(from);
    drain(s);
    scope_cancel(&workers);
    scope_join(&workers);
    drop_all(s);
    list_remove(&s->stop.waiter.node);
    s->keeper = NULL;
    return e;
}
