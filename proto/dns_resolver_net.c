/* SPDX-License-Identifier: ISC */
/* The resolver's sockets towards servers. */
#include "proto/dns_resolver.h"

#include <jinn/random.h>

#include <stdlib.h>

enum { PORT_TRIES = 16, LENGTH_BYTES = 2 };

/* ---- UDP ---- */

static size_t input(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct dns_toward *t = CONTAINER_OF(server, struct dns_toward, server);
    struct dns_resolver *r = t->resolver;
    if (q->group)
        return UDP_NO_ANSWER;
    t->inside = true;
    dns_iterate_input(r->iterate, q->now_ns, &q->from, (unsigned)(t - r->toward), q->payload);
    t->inside = false;
    dns_resolver_rearm(r);
    return UDP_NO_ANSWER;
}

/* A port that nobody can guess: of all that are not for services, not of the few that a stack takes by itself. */
static bool renew(struct dns_toward *t)
{
    struct udp_socket *udp;
    for (int i = 0; i < PORT_TRIES; i++) {
        uint16_t port;
        random_bytes(&port, sizeof port);
        if (port < DNS_RESOLVER_PORT_LEAST || stack_udp_serve(t->resolver->stack, port, &t->server, 0, &udp) != OK)
            continue;
        if (t->udp)
            udp_close(t->udp);
        t->udp = udp;
        return true;
    }
    return t->udp != NULL;
}

/* One that nobody waits for, with a new port; else the one that fewest wait for. */
static struct dns_toward *choose(struct dns_resolver *r)
{
    struct dns_toward *best = NULL;
    for (unsigned i = 0; i < DNS_RESOLVER_SOCKETS; i++) {
        struct dns_toward *t = &r->toward[(r->next_socket + i) % DNS_RESOLVER_SOCKETS];
        if (t->inside)
            continue;
        if (!best || t->n_waited < best->n_waited)
            best = t;
    }
    r->next_socket = (unsigned)(best - r->toward + 1) % DNS_RESOLVER_SOCKETS;
    r->n.sockets_shared += best->n_waited > 0;
    return best->n_waited || renew(best) ? best : NULL;
}

/* ---- TCP ---- */

struct worker {
    struct list node; /* in `sleeping` */
    struct fiber *fiber;
};

static bool send_stream(struct dns_resolver *r, unsigned task, const struct endpoint *to, struct bytes message)
{
    struct list *node = list_pop(&r->streams_free);
    if (!node || message.len > DNS_RESOLVER_QUERY_BYTES) {
        r->n.streams_full++;
        return false;
    }
    struct dns_stream_query *q = CONTAINER_OF(node, struct dns_stream_query, node);
    q->task = task;
    q->to = *to;
    q->len = message.len;
    memcpy(q->message, message.data, message.len);
    list_append(&r->streams_ready, &q->node);
    node = list_pop(&r->sleeping);
    if (node)
        fiber_wake(CONTAINER_OF(node, struct worker, node)->fiber);
    return true;
}

/* The length of the answer; 0: none came. */
static size_t exchange(struct dns_resolver *r, const struct dns_stream_query *q, uint8_t *room)
{
    uint64_t deadline_ns = time_after(sched_now(), DNS_ITERATE_STREAM_NS);
    struct flow *f;
    uint8_t head[LENGTH_BYTES] = {(uint8_t)(q->len >> 8), (uint8_t)q->len};
    if (stack_connect(r->stack, q->to, deadline_ns, &f) != OK)
        return 0;
    const struct piece v[] = {piece_copy(bytes_of(head, sizeof head)), piece_copy(bytes_of(q->message, q->len))};
    enum err e = flow_write(f, v, 2, deadline_ns);
    if (e == OK)
        e = flow_read_exact(f, head, sizeof head, deadline_ns);
    size_t len = (size_t)head[0] << 8 | head[1];
    if (e == OK)
        e = flow_read_exact(f, room, len, deadline_ns);
    flow_close(f);
    return e == OK ? len : 0;
}

static void work(void *resolver)
{
    struct dns_resolver *r = resolver;
    struct worker w = {.fiber = fiber_self()};
    uint8_t *room = malloc(DNS_MESSAGE_BYTES);
    list_init(&w.node);
    for (enum err e = OK; e == OK && room;) {
        struct list *node = list_pop(&r->streams_ready);
        if (!node) {
            list_append(&r->sleeping, &w.node);
            e = fiber_park(TIME_NEVER);
            list_remove(&w.node);
            continue;
        }
        struct dns_stream_query *q = CONTAINER_OF(node, struct dns_stream_query, node);
        size_t len = exchange(r, q, room);
        unsigned task = q->task;
        list_append(&r->streams_free, &q->node);
        dns_iterate_input_stream(r->iterate, sched_now(), task, bytes_of(room, len));
        dns_resolver_rearm(r);
    }
    free(room);
}

/* ---- Both ---- */

unsigned dns_resolver_send(struct dns_iterate_below *b, uint64_t now_ns, unsigned task, const struct endpoint *to,
                           struct bytes message, bool by_stream)
{
    struct dns_resolver *r = CONTAINER_OF(b, struct dns_resolver, below);
    if (by_stream)
        return send_stream(r, task, to, message) ? 0 : DNS_UNSENT;
    struct dns_toward *t = choose(r);
    if (!t || udp_send(t->udp, *to, &(struct piece){.bytes = message}, 1) != OK) {
        r->n.not_sent++;
        return DNS_UNSENT;
    }
    t->n_waited++;
    return (unsigned)(t - r->toward);
}

void dns_resolver_over(struct dns_iterate_below *b, unsigned socket)
{
    struct dns_resolver *r = CONTAINER_OF(b, struct dns_resolver, below);
    r->toward[socket].n_waited--;
}

enum err dns_resolver_open(struct dns_resolver *r)
{
    list_init(&r->streams_free);
    list_init(&r->streams_ready);
    list_init(&r->sleeping);
    for (size_t i = 0; i < DNS_RESOLVER_STREAMS_WAIT; i++) {
        list_init(&r->stream[i].node);
        list_append(&r->streams_free, &r->stream[i].node);
    }
    for (size_t i = 0; i < DNS_RESOLVER_SOCKETS; i++) {
        r->toward[i].server.answer = input;
        r->toward[i].resolver = r;
    }
    return OK;
}

void dns_resolver_run(struct dns_resolver *r)
{
    struct scope fibers;
    enum err e = OK;
    scope_open(&fibers);
    for (int i = 0; i < DNS_RESOLVER_STREAMS && e == OK; i++)
        e = scope_spawn(&fibers, "dns-stream", work, r);
    if (e == OK && r->run_keeper)
        e = scope_spawn(&fibers, "dns-anchors", r->run_keeper, r->keeper);
    while (e == OK)
        e = fiber_park(TIME_NEVER);
    scope_cancel(&fibers);
    scope_join(&fibers);
}
