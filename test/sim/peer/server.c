/* SPDX-License-Identifier: ISC */
/* The HTTP server on an embedded store, and three plain services, each connection of which has a fiber. */
#include "peer.h"

#include "net/tcp_core.h"
#include "proto/http_server.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

#include <stdlib.h>

#define BACKLOG 64
#define LOOK_NS (20 * NS_PER_S) /* a look goes over all stacks; the world is quiet for longer before a stop */

static struct log_source logs = LOG_SOURCE("server");

struct service {
    const struct peer *peer;
    const char *name;
    uint16_t port;
    void (*serve)(void *flow);
    struct listener *listener;
    struct scope scope;
};

/* What is in use while nobody is connected: looked at again and again, since a stop changes it. */
struct look {
    size_t n_used, n_http, n_buffers;
    uint32_t n_fibers;
};

static struct {
    uint64_t n_bytes;   /* of bodies and streams that were received */
    uint64_t n_bad;     /* streams with other bytes than were sent */
    uint64_t n_broken;  /* streams that ended with an error */
    uint64_t n_refused; /* connections for want of a fiber */
} count;
static struct http_server *http;
static struct look first, last;

static uint64_t patience(void)
{
    return time_after(sched_now(), PEER_PATIENCE_NS);
}

/* ---- Plain services ---- */

static void finish(struct flow *f, enum err e)
{
    count.n_broken += e != OK;
    if (e)
        flow_abort(f);
    else
        flow_close(f);
}

static void serve_echo(void *flow)
{
    struct flow *f = flow;
    uint8_t buffer[2048];
    size_t len;
    enum err e;
    while ((e = flow_read(f, buffer, sizeof buffer, &len, patience())) == OK) {
        struct piece p = piece_copy(bytes_of(buffer, len));
        count.n_bytes += len;
        e = flow_write(f, &p, 1, patience());
        if (e)
            break;
    }
    finish(f, e == ERR_END ? OK : e);
}

static enum err read_order(struct flow *f, uint32_t *id, uint64_t *len)
{
    uint8_t order[12];
    enum err e = flow_read_exact(f, order, sizeof order, patience());
    struct reader r = reader_of(bytes_of(order, sizeof order));
    *id = read_be32(&r);
    *len = read_be64(&r);
    return e;
}

static void serve_source(void *flow)
{
    uint32_t id;
    uint64_t len;
    enum err e = read_order(flow, &id, &len);
    if (e == OK)
        e = content_send(flow, id, 0, len);
    finish(flow, e);
}

/* Answers with how many bytes came; fewer than were announced when one of them was wrong. */
static void serve_sink(void *flow)
{
    struct flow *f = flow;
    uint8_t buffer[2048], answer[8];
    uint32_t id;
    uint64_t announced, n = 0;
    size_t len;
    enum err e = read_order(f, &id, &announced);
    bool good = true;
    while (e == OK && (e = flow_read(f, buffer, sizeof buffer, &len, patience())) == OK) {
        good = good && content_equal(id, n, buffer, len);
        n += len;
    }
    count.n_bytes += n;
    if (e == ERR_END) {
        count.n_bad += !good || n != announced;
        struct writer w = writer_of(answer, sizeof answer);
        write_be64(&w, good ? n : 0);
        struct piece p = piece_copy(bytes_of(answer, sizeof answer));
        e = flow_write(f, &p, 1, patience());
    }
    finish(f, e);
}

static struct service services[] = {
    {.name = "echo", .port = PORT_ECHO, .serve = serve_echo},
    {.name = "sink", .port = PORT_SINK, .serve = serve_sink},
    {.name = "source", .port = PORT_SOURCE, .serve = serve_source},
};

static void accept_all(void *arg)
{
    struct service *s = arg;
    struct flow *f;
    scope_open(&s->scope);
    while (listener_accept(s->listener, TIME_NEVER, &f) == OK) {
        if (scope_spawn(&s->scope, s->name, s->serve, f) != OK) {
            count.n_refused++;
            flow_abort(f);
        }
    }
    listener_close(s->listener);
    scope_cancel(&s->scope);
    scope_join(&s->scope);
}

/* ---- HTTP ---- */

static void take_upload(struct http_exchange *x, uint32_t id)
{
    uint8_t buffer[2048];
    uint64_t n = 0;
    size_t len;
    bool good = true;
    enum err e;
    while ((e = http_body_read(x, buffer, sizeof buffer, &len)) == OK) {
        good = good && content_equal(id, n, buffer, len);
        n += len;
    }
    count.n_bytes += n;
    count.n_bad += !good;
    count.n_broken += e != ERR_END;
    http_respond_status(x, !good ? 500 : e == ERR_END ? 200 : 408);
}

static void handle(void *arg, const struct http_request *q, struct http_exchange *x)
{
    uint64_t id;
    if (q->method != HTTP_POST)
        http_kv_handler(arg, q, x);
    else if (bytes_decimal(bytes_slice(q->path, 1, q->path.len), UINT32_MAX, &id))
        take_upload(x, (uint32_t)id);
    else
        http_respond_status(x, 404);
}

static struct kv *make_store(void)
{
    static struct kv_embedded store;
    static struct kv_embedded_item items[N_FILES];
    static char keys[N_FILES][2];
    for (uint32_t i = 0; i < N_FILES; i++) {
        uint8_t *value = malloc(file_bytes[i] + 1);
        if (!value)
            abort();
        content_fill(FILE_ID + i, 0, value, file_bytes[i]);
        keys[i][0] = (char)('0' + i);
        items[i].key = keys[i];
        items[i].value[KV_PLAIN] = bytes_of(value, file_bytes[i]);
        struct writer w = writer_of(items[i].tag[KV_PLAIN], KV_TAG_BYTES);
        write_format(&w, "%032x", FILE_ID + i);
    }
    kv_embedded_init(&store, items, N_FILES);
    return &store.kv;
}

/* ---- The whole ---- */

static struct look take_look(const struct peer *p)
{
    return (struct look){peer_used(p->stack), http->n_open, http->buffers.n_used, sched_counters().n_alive};
}

static void look(void *arg)
{
    const struct peer *p = arg;
    first = last = take_look(p); /* all others have started, and nobody is connected */
    while (fiber_sleep(time_after(sched_now(), LOOK_NS)) == OK && !sched_stopping())
        last = take_look(p);
}

static enum err start_services(const struct peer *p, struct scope *scope)
{
    enum err e = OK;
    for (size_t i = 0; e == OK && i < ARRAY_LEN(services); i++) {
        services[i].peer = p;
        e = stack_listen(p->stack, services[i].port, BACKLOG, &services[i].listener);
        if (e == OK)
            e = scope_spawn(scope, services[i].name, accept_all, &services[i]);
    }
    return e;
}

static void report(const struct peer *p, bool leak)
{
    struct tcp_counters t = tcp_counters(peer_tcp(p->stack));
    struct http_counters h = http_counters(http);
    log_info(&logs,
             "result bad=%llu broken=%llu bytes=%llu used=%zu http=%zu buffers=%zu fibers=%u first_fibers=%u leak=%d",
             (unsigned long long)count.n_bad, (unsigned long long)count.n_broken, (unsigned long long)count.n_bytes,
             last.n_used, last.n_http, last.n_buffers, last.n_fibers, first.n_fibers, leak);
    log_info(&logs,
             "result checksums=%llu retransmitted=%llu cookies=%llu half_expired=%llu full=%llu backlog=%llu "
             "no_memory=%llu resets_out=%llu",
             (unsigned long long)t.n_bad_checksum, (unsigned long long)t.n_retransmitted,
             (unsigned long long)t.n_cookies, (unsigned long long)t.n_half_expired,
             (unsigned long long)t.n_refused_full, (unsigned long long)t.n_refused_backlog,
             (unsigned long long)t.n_no_memory, (unsigned long long)t.n_resets_out);
    log_info(&logs,
             "result requests=%llu refused=%llu http_refused=%llu http_timeouts=%llu most_fibers=%u half_most=%zu "
             "arp_dropped=%llu fragments_dropped=%llu",
             (unsigned long long)h.requests, (unsigned long long)count.n_refused, (unsigned long long)h.refused,
             (unsigned long long)h.timeouts, sched_counters().n_most, peer_half_open_most(p->stack),
             (unsigned long long)peer_arp_dropped(p->stack), (unsigned long long)peer_fragments_dropped(p->stack));
    log_info(&logs, "result large_out=%llu large_in=%llu path_mtu=%llu", (unsigned long long)t.n_large_out,
             (unsigned long long)t.n_large_in, (unsigned long long)t.n_path_mtu);
}

int peer_server(const struct peer *p)
{
    struct scope scope;
    struct listener *listener;
    const struct http_options o = {.handler = handle,
                                   .arg = make_store(),
                                   .no_access_log = true,
                                   .connections = (uint32_t)p->n_http,
                                   .idle_ns = p->idle_ns,
                                   .send_ns = p->idle_ns,
                                   .request_ns = p->request_ns};
    struct peer peer = *p;
    scope_open(&scope);
    enum err e = start_services(p, &scope);
    if (e == OK)
        e = stack_listen(p->stack, PORT_HTTP, BACKLOG, &listener);
    if (e == OK)
        e = http_server_new(&o, &http);
    if (e == OK)
        e = scope_spawn(&scope, "look", look, &peer);
    if (e == OK)
        e = http_serve(http, listener);
    scope_cancel(&scope);
    scope_join(&scope);
    bool leak = last.n_used || last.n_http || last.n_buffers || last.n_fibers != first.n_fibers;
    report(p, leak);
    if (e)
        log_error(&logs, "%s", err_text(e));
    return e != OK ? 1 : count.n_bad ? 2 : leak ? 3 : 0;
}
