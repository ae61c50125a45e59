/* SPDX-License-Identifier: ISC */
/* A client's side for the tests of the HTTP server: a server that accepts ends of pipes, and small talk with it. */
#ifndef TEST_HTTP_CLIENT_H
#define TEST_HTTP_CLIENT_H

#include "plat/sim/sim.h"
#include "proto/http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A bound for everything that ought to come: far beyond each timeout of the server, and only virtual time. */
#define PATIENCE (time_after(sched_now(), 1000 * NS_PER_S))
#define PIPE_BYTES 16384

struct rig {
    struct http_source source;
    struct http_server *server;
    struct scope scope;
    struct flow *waiting[256]; /* connected, not accepted */
    size_t n_waiting, n_accepted;
    struct fiber *acceptor;
    bool closed, ended;
    const struct http_options *options;
    void (*test)(struct rig *r);
};

static inline enum err rig_accept(struct http_source *source, struct flow **f)
{
    struct rig *r = CONTAINER_OF(source, struct rig, source);
    while (r->n_accepted == r->n_waiting) {
        r->acceptor = fiber_self();
        enum err e = fiber_park(TIME_NEVER);
        r->acceptor = NULL;
        if (e != OK)
            return e;
    }
    *f = r->waiting[r->n_accepted++];
    return OK;
}

static inline void rig_close(struct http_source *source)
{
    CONTAINER_OF(source, struct rig, source)->closed = true;
}

static inline struct flow *rig_connect(struct rig *r)
{
    struct flow *ours;
    assert_true(r->n_waiting < ARRAY_LEN(r->waiting));
    assert_int_equal(flow_pipe(PIPE_BYTES, &ours, &r->waiting[r->n_waiting]), OK);
    r->n_waiting++;
    if (r->acceptor)
        fiber_wake(r->acceptor);
    return ours;
}

static inline void rig_serve(void *arg)
{
    struct rig *r = arg;
    assert_int_equal(http_run(r->server, &r->source), OK);
    r->ended = true;
}

static inline int rig_main(void *arg)
{
    struct rig *r = arg;
    assert_int_equal(http_server_new(r->options, &r->server), OK);
    scope_open(&r->scope);
    assert_int_equal(scope_spawn(&r->scope, "server", rig_serve, r), OK);
    r->test(r);
    scope_cancel(&r->scope);
    scope_join(&r->scope);
    assert_true(r->closed);
    assert_int_equal(r->server->n_open, 0);
    http_server_free(r->server);
    return 0;
}

/* Runs the test in the first fiber, beside a server with these options. */
static inline void rig_run(const struct http_options *o, void (*test)(struct rig *r))
{
    static struct rig r;
    r = (struct rig){.source = {rig_accept, rig_close}, .options = o, .test = test};
    assert_int_equal(sched_run(rig_main, &r), 0);
}

/* Long enough for everything that waits for nothing but its turn. */
static inline void settle(void)
{
    assert_int_equal(fiber_sleep(time_after(sched_now(), 20 * NS_PER_MS)), OK);
}

static inline void say(struct flow *f, const char *text)
{
    struct piece p = piece_copy(bytes_str(text));
    assert_int_equal(flow_write(f, &p, 1, PATIENCE), OK);
}

struct answer {
    unsigned status;
    uint64_t content_length;
    char head[4096];
    char body[65536];
};

static inline bool has_field(const struct answer *a, const char *text)
{
    return strstr(a->head, text) != NULL;
}

/* Up to and with the empty line. */
static inline void read_head(struct flow *f, struct answer *a)
{
    size_t len = 0;
    while (len < 4 || memcmp(a->head + len - 4, "\r\n\r\n", 4) != 0) {
        assert_true(len + 1 < sizeof a->head);
        assert_int_equal(flow_read_exact(f, a->head + len, 1, PATIENCE), OK);
        len++;
    }
    a->head[len] = 0;
    assert_memory_equal(a->head, "HTTP/1.1 ", 9);
    a->status = (unsigned)strtoul(a->head + 9, NULL, 10);
    const char *length = strstr(a->head, "Content-Length: ");
    a->content_length = length ? strtoull(length + 16, NULL, 10) : 0;
}

static inline void read_answer(struct flow *f, struct answer *a)
{
    read_head(f, a);
    assert_true(a->content_length < sizeof a->body);
    assert_int_equal(flow_read_exact(f, a->body, (size_t)a->content_length, PATIENCE), OK);
    a->body[a->content_length] = 0;
}

static inline void expect_answer(struct flow *f, unsigned status, const char *body)
{
    static struct answer a;
    read_answer(f, &a);
    assert_int_equal(a.status, status);
    assert_string_equal(a.body, body);
}

static inline void expect_body(struct flow *f, struct bytes body)
{
    uint8_t chunk[4096];
    for (size_t at = 0; at < body.len;) {
        size_t n = body.len - at < sizeof chunk ? body.len - at : sizeof chunk;
        assert_int_equal(flow_read_exact(f, chunk, n, PATIENCE), OK);
        assert_memory_equal(chunk, body.data + at, n);
        at += n;
    }
}

static inline void expect_end(struct flow *f)
{
    uint8_t byte;
    size_t len;
    assert_int_equal(flow_read(f, &byte, 1, &len, PATIENCE), ERR_END);
}

#endif
