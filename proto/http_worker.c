/* SPDX-License-Identifier: ISC */
/* A worker: takes a connection that has news, answers what has arrived in full, and lets go of it again. */
#include "proto/http_server.h"

#include <jinn/must.h>

enum news { NEWS_REQUEST, NEWS_BAD, NEWS_MORE, NEWS_GONE };

static void log_and_count(struct http_exchange *x)
{
    struct http_connection *c = x->connection;
    c->n_queued++;
    http_access_log(x);
}

/* After the last response: what may still come is discarded for a while, see HTTP_LINGER_NS. */
static void linger(struct http_connection *c)
{
    http_give_buffer(c);
    c->lingers = true;
    if (flow_shutdown(c->flow) != OK)
        http_drop(c);
    else
        http_park(c, HTTP_LINGERING, time_after(sched_now(), HTTP_LINGER_NS));
}

static void linger_read(struct http_worker *w, struct http_connection *c)
{
    size_t len;
    enum err e = OK;
    while (e == OK && c->n_discarded < HTTP_LINGER_BYTES) {
        e = flow_read(c->flow, w->chunk, sizeof w->chunk, &len, 0);
        if (e == OK)
            c->n_discarded += (uint32_t)len;
    }
    if (e == ERR_TIMEOUT)
        http_park(c, HTTP_LINGERING, c->deadline_ns);
    else
        http_release(c);
}

/* The connection's end after a whole response. */
static void finish(struct http_connection *c, bool input_left)
{
    if (c->server->stopping) {
        http_give_buffer(c);
        c->close_drain = true;
        http_park(c, HTTP_DRAINING, TIME_NEVER);
    } else if (input_left) {
        linger(c);
    } else {
        http_release(c);
    }
}

static void answer_status(struct http_worker *w, struct http_connection *c, struct http_parser *p, unsigned status)
{
    struct http_exchange x;
    http_exchange_init(&x, w, c, p);
    x.close = true;
    http_page(&x, status, NULL, 0);
    log_and_count(&x);
    if (x.failed)
        http_drop(c);
    else
        finish(c, true);
}

/* ---- Reading ---- */

/* Moves what is buffered to the buffer's beginning; the head under way is then parsed anew. */
static void compact(struct http_buffer *b)
{
    if (b->from == 0)
        return;
    memmove(b->data, b->data + b->from, b->to - b->from);
    b->to -= b->from;
    b->from = 0;
    http_parser_init(&b->parser);
}

static enum http_parsed parse(struct http_connection *c)
{
    struct http_server *s = c->server;
    struct http_buffer *b = c->buffer;
    enum http_parsed result = http_parse(&b->parser, bytes_of(b->data + b->from, b->to - b->from), &s->limits);
    if (result == HTTP_PARSE_DONE && b->parser.body != HTTP_BODY_NONE && b->from > 0 &&
        s->buffer_bytes - b->from - b->parser.head_bytes < HTTP_BODY_ROOM) {
        compact(b); /* for the room behind the head */
        result = http_parse(&b->parser, bytes_of(b->data, b->to), &s->limits);
    }
    return result;
}

static enum err read_more(struct http_connection *c)
{
    struct http_buffer *b = c->buffer;
    size_t len = 0;
    compact(b);
    enum err e = flow_read(c->flow, b->data + b->to, c->server->buffer_bytes - b->to, &len, 0);
    b->to += len;
    return e;
}

static enum news next_request(struct http_connection *c)
{
    struct http_buffer *b = c->buffer;
    for (;;) {
        if (b->to > b->from) {
            if (c->head_ns == 0)
                c->head_ns = time_after(sched_now(), c->server->o.request_ns);
            enum http_parsed result = parse(c);
            if (result != HTTP_PARSE_MORE)
                return result == HTTP_PARSE_DONE ? NEWS_REQUEST : NEWS_BAD;
        }
        enum err e = read_more(c);
        if (e != OK)
            return e == ERR_TIMEOUT ? NEWS_MORE : NEWS_GONE;
    }
}

/* ---- Answering ---- */

static void run_handler(struct http_exchange *x)
{
    struct http_server *s = x->server;
    struct http_request *q = &x->parser->request;
    q->peer = flow_peer(x->connection->flow);
    if (q->method == HTTP_OPTIONS && bytes_equal(q->path, bytes_str("*")))
        http_respond(x, 204, NULL, 0, NULL, 0); /* of the server as a whole: RFC 9110 9.3.7 */
    else
        s->o.handler(s->o.arg, q, x);
    if (x->status == 0)
        http_respond_status(x, 500);
}

/* Answers the request that was parsed; false when the connection is not the caller's any more. */
static bool answer(struct http_worker *w, struct http_connection *c)
{
    struct http_buffer *b = c->buffer;
    struct http_exchange x;
    b->from += b->parser.head_bytes;
    c->head_ns = 0;
    http_exchange_init(&x, w, c, &b->parser);
    w->server->counters.requests++;
    http_clock(w->server);
    run_handler(&x);
    log_and_count(&x);
    if (x.failed) {
        http_drop(c);
        return false;
    }
    if (x.close) {
        finish(c, b->to > b->from || !x.body_over);
        return false;
    }
    http_parser_init(&b->parser);
    if (b->from == b->to)
        b->from = b->to = 0;
    return true;
}

/* Waits for more, in whichever state fits what is buffered. */
static void wait_for_more(struct http_connection *c)
{
    struct http_server *s = c->server;
    if (s->stopping) {
        finish(c, true);
    } else if (c->buffer && c->buffer->to > c->buffer->from) {
        http_park(c, HTTP_WAITING, c->head_ns);
    } else {
        http_give_buffer(c);
        http_park(c, HTTP_IDLE, time_after(sched_now(), s->o.idle_ns));
    }
}

static void serve(struct http_worker *w, struct http_connection *c)
{
    for (unsigned turn = 0; turn < HTTP_TURNS; turn++) {
        if (!http_has_room(c)) {
            http_park(c, HTTP_DRAINING, time_after(sched_now(), c->server->o.send_ns));
            return;
        }
        if (!http_take_buffer(c))
            break; /* others hold all of them just now */
        switch (next_request(c)) {
        case NEWS_REQUEST:
            if (!answer(w, c))
                return;
            if (c->buffer->to == c->buffer->from) {
                wait_for_more(c);
                return;
            }
            break;
        case NEWS_BAD:
            c->server->counters.malformed++;
            http_clock(c->server);
            answer_status(w, c, &c->buffer->parser, c->buffer->parser.status);
            return;
        case NEWS_MORE:
            wait_for_more(c);
            return;
        case NEWS_GONE:
            http_release(c);
            return;
        }
    }
    http_make_ready(c);
}

static struct http_connection *next_ready(struct http_worker *w)
{
    struct http_server *s = w->server;
    while (list_empty(&s->in[HTTP_READY])) {
        list_prepend(&s->sleeping, &w->node); /* the one that slept last: its stack is warm */
        enum err e = fiber_park(TIME_NEVER);
        list_remove(&w->node);
        if (e == ERR_CANCELLED)
            return NULL;
    }
    struct http_connection *c = CONTAINER_OF(s->in[HTTP_READY].next, struct http_connection, node);
    list_remove(&c->node);
    list_append(&s->in[HTTP_RUNNING], &c->node);
    c->state = HTTP_RUNNING;
    return c;
}

void http_worker_run(void *worker)
{
    struct http_worker *w = worker;
    struct http_connection *c;
    w->fiber = fiber_self();
    for (unsigned turn = 1; (c = next_ready(w)); turn++) {
        if (c->lingers) {
            linger_read(w, c);
        } else if (c->refuse) {
            http_clock(w->server);
            answer_status(w, c, NULL, c->refuse);
        } else {
            serve(w, c);
        }
        if (turn % HTTP_TURNS == 0 && fiber_yield() != OK)
            return;
    }
}
