/* SPDX-License-Identifier: ISC */
/* The life of the core and of its connections; see tcp_internal.h for the map. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

#include <stdlib.h>

/* ---- Connections ---- */

/* With no control block left, who waits longest for the FIN of a peer that has got everything goes. */
static COLD void reclaim_orphan(struct tcp *t, uint64_t now_ns)
{
    struct tcp_connection *c = CONTAINER_OF(t->orphans.next, struct tcp_connection, node);
    t->n.n_orphans_reclaimed++;
    tcp_send_reset(c, now_ns);
    tcp_end(c, ERR_CLOSED);
    tcp_settle(c);
}

COLD struct tcp_connection *tcp_connection_new(struct tcp *t, uint64_t now_ns)
{
    if (t->connections.n_used == t->connections.n && !list_empty(&t->orphans))
        reclaim_orphan(t, now_ns);
    struct tcp_connection *c = pool_take(&t->connections);
    if (!c)
        return NULL;
    *c = (struct tcp_connection){
        .entry = {.kind = TCP_CONNECTION},
        .t = t,
        .resend_ns = TIME_NEVER,
        .soon_ns = TIME_NEVER,
        .alive_ns = TIME_NEVER,
        .rack_ns = TIME_NEVER,
        .end_ns = TIME_NEVER,
        .search_ns = TIME_NEVER,
        .told = UINT8_MAX,
        .progress_ns = now_ns,
        .heard_ns = now_ns,
        .rto_us = TCP_RTO_FIRST_US,
        .peer_mss = TCP_MSS_DEFAULT,
        .mss = TCP_MSS_DEFAULT,
        .rcv_shift = t->rcv_shift,
        .tune.limit_bytes = t->window_first,
        .scaling = true,
        .timestamps = true,
        .sack = true,
        .ecn = true,
        .state = TCP_CLOSED,
    };
    list_init(&c->node);
    list_init(&c->pending);
    list_init(&c->starved);
    timer_init(&c->timer, tcp_timer_fire);
    return c;
}

COLD void tcp_end(struct tcp_connection *c, enum err error)
{
    c->state = TCP_CLOSED;
    c->error = (uint8_t)error;
    if (c->in_table)
        tcp_table_remove(c->t, &c->entry);
    c->in_table = false;
    tcp_tune_end(c);
    if (c->orphan) /* else it may be in its listener's queue */
        list_remove(&c->node);
    tcp_tx_free(c);
    tcp_board_free(c);
    tcp_rx_free_ooo(c);
    if (error)
        tcp_rx_free(c);
    c->resend_ns = c->soon_ns = c->rack_ns = c->alive_ns = c->end_ns = TIME_NEVER;
    wheel_cancel(&c->timer);
    list_remove(&c->pending);
    list_remove(&c->starved);
    c->ack_now = false;
    c->wake_reader = c->wake_writer = true;
}

void tcp_wake(struct waiter **slot)
{
    struct waiter *w = *slot;
    *slot = NULL;
    if (w)
        w->wake(w);
}

void tcp_settle(struct tcp_connection *c)
{
    if (c->state == TCP_CLOSED && c->orphan) {
        must(!timer_is_set(&c->timer) && list_empty(&c->node) && list_empty(&c->pending) && list_empty(&c->starved));
        tcp_rx_free(c);
        pool_give(&c->t->connections, c);
        return;
    }
    tcp_timer_arm(c);
    bool connects = list_empty(&c->starved); /* a writer that waits for no memory waits for the end of tcp_connect */
    bool reader = c->wake_reader,
         writer = c->wake_writer && c->writer && (c->state == TCP_CLOSED || connects || tcp_tx_has_room(c));
    c->wake_reader = c->wake_writer = false;
    if (writer) {
        list_remove(&c->starved);
        tcp_wake(&c->writer);
    }
    if (reader)
        tcp_wake(&c->reader);
}

void tcp_set_pending(struct tcp_connection *c)
{
    if (list_empty(&c->pending))
        list_append(&c->t->pending, &c->pending);
}

/* ---- The core ---- */

static uint8_t shift_for(uint32_t window_bytes)
{
    uint8_t shift = 0;
    while (shift < TCP_WINDOW_SHIFT_MAX && (UINT32_C(65536) << shift) < window_bytes)
        shift++;
    return shift;
}

static COLD enum err init_pools(struct tcp *t, const struct tcp_options *o)
{
    uint32_t n = o->connections;
    uint32_t n_chunks = o->buffer_bytes / TCP_CHUNK_BYTES;
    if (n == 0 || n > UINT32_C(1) << 24 || o->listeners == 0 || n_chunks < 8)
        return ERR_INVALID;
    uint32_t n_halves = n < TCP_HALF_OPEN_MAX ? n : TCP_HALF_OPEN_MAX;
    enum err e = pool_init(&t->connections, sizeof(struct tcp_connection), n);
    if (!e)
        e = pool_init(&t->halves, sizeof(struct tcp_half), n_halves);
    if (!e)
        e = pool_init(&t->waits, sizeof(struct tcp_timewait), n);
    if (!e)
        e = pool_init(&t->chunks, sizeof(struct tcp_chunk), n_chunks);
    if (!e)
        e = pool_init(&t->pieces, sizeof(struct tcp_piece),
                      (size_t)n * TCP_PIECES_PER_CONNECTION + TCP_PIECES_MAX + n_chunks);
    if (!e)
        e = pool_init(&t->runs, sizeof(struct tcp_run), (size_t)n * TCP_RUNS_PER_CONNECTION + TCP_RUNS_MAX);
    if (!e)
        e = tcp_table_init(t, 2 * n + n_halves);
    return e;
}

COLD enum err tcp_new(const struct tcp_options *o, uint64_t now_ns, struct tcp **out)
{
    struct tcp *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_FULL;
    enum err e = init_pools(t, o);
    t->n_listeners = o->listeners;
    t->listener = calloc(o->listeners ? o->listeners : 1, sizeof *t->listener);
    if (e || !t->listener) {
        tcp_free(t);
        return e ? e : ERR_FULL;
    }
    t->below = o->below;
    t->congestion = &tcp_cubic;
    memcpy(t->secret, o->secret, sizeof t->secret);
    tcp_hash_keys(t);
    tcp_tune_init(t);
    t->rcv_shift = shift_for(t->window_max);
    list_init(&t->pending);
    list_init(&t->starved);
    list_init(&t->half);
    list_init(&t->orphans);
    list_init(&t->waiting);
    wheel_init(&t->wheel, now_ns);
    timer_init(&t->wait_timer, tcp_wait_fire);
    *out = t;
    return OK;
}

COLD void tcp_free(struct tcp *t)
{
    pool_free(&t->connections);
    pool_free(&t->halves);
    pool_free(&t->waits);
    pool_free(&t->chunks);
    pool_free(&t->pieces);
    pool_free(&t->runs);
    free(t->bucket);
    free(t->listener);
    free(t);
}

uint64_t tcp_deadline(const struct tcp *t)
{
    bool now = !list_empty(&t->pending) || (t->freed && !list_empty(&t->starved));
    return now ? 0 : wheel_next(&t->wheel);
}

void tcp_tick(struct tcp *t, uint64_t now_ns)
{
    wheel_run(&t->wheel, now_ns);
}

/* Writers that wait for chunks or pieces which other connections had; the one that waits longest first. */
static COLD void feed_starved(struct tcp *t)
{
    t->freed = false;
    LIST_EACH(&t->starved, node)
    {
        struct tcp_connection *c = CONTAINER_OF(node, struct tcp_connection, starved);
        if (!tcp_tx_has_room(c))
            continue;
        list_remove(&c->starved);
        tcp_wake(&c->writer);
    }
}

void tcp_flush(struct tcp *t, uint64_t now_ns)
{
    for (struct list *node; (node = list_pop(&t->pending));) {
        struct tcp_connection *c = CONTAINER_OF(node, struct tcp_connection, pending);
        if (c->push_late)
            tcp_output(c, now_ns);
        c->push_late = false;
        if (c->ack_now)
            tcp_send_ack(c, now_ns);
        tcp_timer_arm(c);
    }
    if (t->freed && !list_empty(&t->starved))
        feed_starved(t);
}

struct tcp_counters tcp_counters(const struct tcp *t)
{
    struct tcp_counters n = t->n;
    n.n_connections = (uint32_t)t->connections.n_used;
    n.n_half_open = (uint32_t)t->halves.n_used;
    n.n_time_wait = (uint32_t)t->waits.n_used;
    n.n_chunks = (uint32_t)t->chunks.n_used;
    n.n_pieces = (uint32_t)t->pieces.n_used;
    n.n_runs = (uint32_t)t->runs.n_used;
    return n;
}
