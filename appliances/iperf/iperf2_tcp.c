/* SPDX-License-Identifier: ISC */
/* iperf 2 over TCP. Fibers accept and serve one connection after the other, so their number is that of the connections
 * served at once; others wait in the backlog. */
#include "iperf2.h"

#include <jinn/fiber.h>
#include <jinn/log.h>

static struct log_source source = LOG_SOURCE("iperf2");

#define SERVERS 32
#define BACKLOG 128
#define HEAD_NS (10 * NS_PER_S) /* a client sends it at once */
#define CONNECT_NS (10 * NS_PER_S)
#define ACK_BYTES 28
#define ACK_TYPE 2

static void say(const struct iperf2 *s, const struct endpoint *peer, const char *what, uint64_t bytes,
                uint64_t begin_ns, enum err e)
{
    char text[ENDPOINT_TEXT_BYTES];
    log_info(&source, "port %u: tcp %s %s: %llu bytes in %llu ms%s%s", s->port, endpoint_text(peer, text), what,
             (unsigned long long)bytes, (unsigned long long)((sched_now() - begin_ns) / NS_PER_MS), e ? ": " : "",
             e ? err_text(e) : "");
}

/* Tells the client what we are: a version whose protocol is spoken here. */
static enum err send_ack(struct flow *f)
{
    uint8_t out[ACK_BYTES];
    struct writer w = writer_of(out, sizeof out);
    write_be32(&w, ACK_TYPE);
    write_be32(&w, ACK_BYTES);
    write_be32(&w, 0);
    write_be32(&w, 0x00020001);
    write_be32(&w, 0x00080003);
    write_zeros(&w, 8);
    struct piece p = piece_copy(writer_bytes(&w));
    return flow_write(f, &p, 1, time_after(sched_now(), HEAD_NS));
}

/* Reads the head; *bytes is its length, which counts as data. */
static enum err read_head(struct flow *f, struct iperf2_request *q, uint64_t *bytes) MAY_YIELD
{
    uint8_t head[IPERF2_HEAD_MAX + 1];
    const uint64_t deadline_ns = time_after(sched_now(), HEAD_NS);
    enum err e = flow_read_exact(f, head, IPERF2_FLAGS_BYTES, deadline_ns);
    if (e)
        return e;
    struct reader r = reader_of(bytes_of(head, IPERF2_FLAGS_BYTES));
    size_t len = iperf2_head_len(read_be32(&r));
    e = flow_read_exact(f, head + IPERF2_FLAGS_BYTES, len - IPERF2_FLAGS_BYTES, deadline_ns);
    iperf2_head_parse(bytes_of(head, len), q);
    *bytes = len;
    return e || !q->wants_ack ? e : send_ack(f);
}

static void send_all(struct iperf2 *s, struct flow *f, const struct iperf2_request *q) MAY_YIELD
{
    const struct traffic_plan plan = iperf2_plan(q);
    const struct endpoint peer = flow_peer(f);
    const uint64_t begin_ns = sched_now();
    uint64_t bytes = 0;
    enum err e = traffic_send(f, s->payload, &plan, &bytes);
    say(s, &peer, "sent", bytes, begin_ns, e);
    if (!e)
        e = flow_shutdown(f);
}

static void drain(struct iperf2 *s, struct flow *f, uint64_t bytes) MAY_YIELD
{
    const struct endpoint peer = flow_peer(f);
    const uint64_t begin_ns = sched_now();
    enum err e = traffic_drop(f, &bytes);
    say(s, &peer, "received", bytes, begin_ns, e);
}

void iperf2_connect_back(struct iperf2 *s, struct ip client, const struct iperf2_request *q)
{
    struct flow *f;
    const struct endpoint to = {client, q->port};
    enum err e = stack_connect(s->stack, to, time_after(sched_now(), CONNECT_NS), &f);
    if (e) {
        say(s, &to, "connecting back", 0, sched_now(), e);
        return;
    }
    send_all(s, f, q);
    flow_close(f);
}

/* One of two things done at once. */
struct beside {
    struct iperf2 *server;
    struct flow *flow;
    const struct iperf2_request *request;
};

static void send_beside(void *beside)
{
    struct beside *b = beside;
    send_all(b->server, b->flow, b->request);
}

static void connect_beside(void *beside)
{
    struct beside *b = beside;
    iperf2_connect_back(b->server, flow_peer(b->flow).ip, b->request);
}

static void both(struct iperf2 *s, struct flow *f, const struct iperf2_request *q, uint64_t bytes) MAY_YIELD
{
    struct beside b = {s, f, q};
    struct scope scope;
    scope_open(&scope);
    if (scope_spawn(&scope, "iperf2-sender", q->mode == IPERF2_FULL ? send_beside : connect_beside, &b) != OK)
        log_warning(&source, "port %u: no fiber to send", s->port);
    drain(s, f, bytes);
    scope_join(&scope);
}

static void serve(struct iperf2 *s, struct flow *f) MAY_YIELD
{
    struct iperf2_request q = {0};
    uint64_t bytes = 0;
    const struct ip peer = flow_peer(f).ip;
    if (read_head(f, &q, &bytes) != OK) {
        flow_abort(f);
        return;
    }
    switch (q.mode) {
    case IPERF2_REVERSE:
        send_all(s, f, &q);
        break;
    case IPERF2_FULL:
    case IPERF2_DUAL:
        both(s, f, &q, bytes);
        break;
    case IPERF2_NORMAL:
    case IPERF2_TRADEOFF:
        drain(s, f, bytes);
        break;
    }
    flow_close(f);
    if (q.mode == IPERF2_TRADEOFF)
        iperf2_connect_back(s, peer, &q);
}

static void accept_and_serve(void *server)
{
    struct iperf2 *s = server;
    struct flow *f;
    while (listener_accept(s->listener, TIME_NEVER, &f) == OK)
        serve(s, f);
}

enum err iperf2_open_tcp(struct iperf2 *s)
{
    enum err e = stack_listen(s->stack, s->port, BACKLOG, &s->listener);
    for (int i = 0; e == OK && i < SERVERS; i++)
        e = scope_spawn(s->fibers, "iperf2", accept_and_serve, s);
    return e;
}
