/* SPDX-License-Identifier: ISC */
/* The request's body: first what came with the head, then what is read behind the head in the same buffer. */
#include "proto/http_server.h"

static enum err read_length(struct http_exchange *x, struct reader *in, void *buffer, size_t size, size_t *len)
{
    size_t n = reader_left(in) < size ? reader_left(in) : size;
    if (x->body_left < n)
        n = (size_t)x->body_left;
    read_copy(in, buffer, n);
    x->body_left -= n;
    *len = n;
    return n == 0 && x->body_left == 0 ? ERR_END : OK;
}

/* Decodes what is buffered. OK with *len 0: more has to come. */
static enum err decode(struct http_exchange *x, void *buffer, size_t size, size_t *len)
{
    struct http_buffer *b = x->connection->buffer;
    struct reader in = reader_of(bytes_of(b->data + b->from, b->to - b->from));
    enum err e = x->parser->body == HTTP_BODY_CHUNKED ? http_chunked_read(&x->chunked, &in, buffer, size, len)
                                                      : read_length(x, &in, buffer, size, len);
    b->from = b->to - reader_left(&in);
    x->body_over = e == ERR_END;
    return e;
}

static enum err send_continue(struct http_exchange *x)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct piece piece = piece_static(bytes_of(text, sizeof text - 1));
    x->continue_wanted = false;
    return flow_write(x->connection->flow, &piece, 1, time_after(sched_now(), x->server->o.send_ns));
}

static enum err fill(struct http_exchange *x)
{
    struct http_buffer *b = x->connection->buffer;
    uint64_t now = sched_now();
    size_t len = 0;
    if (x->body_ns == 0)
        x->body_ns = time_after(now, HTTP_BODY_READS * x->server->o.request_ns);
    b->from = b->to = x->body_at;
    enum err e = x->continue_wanted ? send_continue(x) : OK;
    if (e == OK)
        e = flow_read(x->connection->flow, b->data + b->to, x->server->buffer_bytes - b->to, &len,
                      time_min(time_after(now, x->server->o.request_ns), x->body_ns));
    b->to += len;
    return e == ERR_END ? ERR_RESET : e; /* the stream's end within a body is no end of the body */
}

enum err http_body_read(struct http_exchange *x, void *buffer, size_t size, size_t *len)
{
    *len = 0;
    if (x->status != 0)
        return ERR_CLOSED; /* what was left was passed over when the response began */
    if (x->body_over)
        return ERR_END;
    enum err e = decode(x, buffer, size, len);
    while (e == OK && *len == 0 && size > 0) {
        e = fill(x);
        if (e == OK)
            e = decode(x, buffer, size, len);
    }
    if (e != OK && e != ERR_END)
        x->close = true; /* where the next request begins is lost */
    return e;
}

void http_body_settle(struct http_exchange *x)
{
    size_t len;
    enum err e = OK;
    while (!x->body_over && e == OK) {
        e = decode(x, x->worker->chunk, sizeof x->worker->chunk, &len);
        if (e == OK && len == 0)
            break;
    }
    if (!x->body_over)
        x->close = true;
}
