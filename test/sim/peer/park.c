/* SPDX-License-Identifier: ISC */
/* A server with room for very many connections: each may order content again and again. One that waits for its next order is
 * parked through flow_arm and has no fiber; a few fibers serve those that have said something. */
#include "peer.h"

#include "net/tcp_core.h"

#include <jinn/fiber.h>
#include <jinn/list.h>
#include <jinn/log.h>

#define BACKLOG 64
#define WORKERS 8
#define LOOK_NS (730 * NS_PER_MS)

static struct log_source logs = LOG_SOURCE("park");

struct place {
    struct waiter waiter;
    struct list node; /* in `empty` or `ready`; in none while it is parked or served */
    struct flow *flow;
};

static struct place place[CROWD_MAX + 1000]; /* its own, and not of what the stack needs: allocated nowhere */
static struct {
    struct listener *listener;
    struct list empty, ready;
    struct fiber *worker[WORKERS];
} park;
static struct {
    uint64_t n_served, n_refused;
    uint32_t n_parked, n_parked_most, n_active;
    uint32_t idle_blocks; /* of data, the fewest that were seen while as many as ever were parked */
} count;

static uint64_t patience(void)
{
    return time_after(sched_now(), PEER_PATIENCE_NS);
}

static void said_something(struct waiter *w)
{
    struct place *p = CONTAINER_OF(w, struct place, waiter);
    count.n_parked--;
    list_append(&park.ready, &p->node);
    for (size_t i = 0; i < WORKERS; i++) {
        if (park.worker[i])
            fiber_wake(park.worker[i]);
    }
}

static void park_it(struct place *p)
{
    count.n_parked++;
    if (count.n_parked > count.n_parked_most)
        count.n_parked_most = count.n_parked;
    flow_arm(p->flow, &p->waiter);
}

static enum err serve(struct flow *f)
{
    uint8_t order[12];
    enum err e = flow_read_exact(f, order, sizeof order, patience());
    struct reader r = reader_of(bytes_of(order, sizeof order));
    uint32_t id = read_be32(&r);
    uint64_t len = read_be64(&r);
    if (e == OK)
        e = content_send(f, id, 0, len);
    count.n_served += e == OK;
    return e;
}

static void serve_next(struct place *p) MAY_YIELD
{
    count.n_active++;
    enum err e = serve(p->flow);
    count.n_active--;
    if (e == OK) {
        park_it(p);
        return;
    }
    if (e == ERR_END)
        flow_close(p->flow);
    else
        flow_abort(p->flow);
    list_append(&park.empty, &p->node);
}

static void work(void *arg)
{
    struct fiber **me = arg;
    *me = fiber_self();
    do {
        for (struct list *node; (node = list_pop(&park.ready));)
            serve_next(CONTAINER_OF(node, struct place, node));
    } while (fiber_park(TIME_NEVER) == OK);
    *me = NULL;
}

static void accept_all(void *arg)
{
    struct flow *f;
    (void)arg;
    while (listener_accept(park.listener, TIME_NEVER, &f) == OK) {
        struct list *node = list_pop(&park.empty);
        if (!node) {
            count.n_refused++;
            flow_abort(f);
            continue;
        }
        struct place *p = CONTAINER_OF(node, struct place, node);
        p->flow = f;
        park_it(p);
    }
    listener_close(park.listener);
}

/* Whoever asks now and then may have two connections, and one of them only most of the time. */
static void look(void *arg)
{
    const struct peer *p = arg;
    uint32_t most = 0;
    while (fiber_sleep(time_after(sched_now(), LOOK_NS)) == OK) {
        struct tcp_counters t = tcp_counters(peer_tcp(p->stack));
        uint32_t n = t.n_chunks + t.n_pieces + t.n_runs;
        bool grown = count.n_parked_most > most;
        most = count.n_parked_most;
        if (grown || (count.n_parked + 1 >= most && n < count.idle_blocks))
            count.idle_blocks = n;
    }
}

static enum err make_places(const struct peer *p)
{
    list_init(&park.empty);
    list_init(&park.ready);
    for (size_t i = 0; i < (size_t)p->n_connections && i < ARRAY_LEN(place); i++) {
        waiter_init(&place[i].waiter, said_something);
        list_append(&park.empty, &place[i].node);
    }
    return stack_listen(p->stack, PORT_SOURCE, BACKLOG, &park.listener);
}

static enum err serve_until_stop(struct peer *p, struct scope *scope)
{
    struct fiber_waiter stop;
    enum err e = make_places(p);
    if (e == OK)
        e = scope_spawn(scope, "accept", accept_all, NULL);
    for (size_t i = 0; e == OK && i < WORKERS; i++)
        e = scope_spawn(scope, "worker", work, &park.worker[i]);
    if (e == OK)
        e = scope_spawn(scope, "look", look, p);
    fiber_waiter_init(&stop);
    sched_on_stop(&stop.waiter);
    while (e == OK && !sched_stopping())
        e = fiber_park(TIME_NEVER);
    list_remove(&stop.waiter.node);
    return e;
}

int peer_park(const struct peer *p)
{
    struct scope scope;
    struct peer peer = *p;
    scope_open(&scope);
    enum err e = serve_until_stop(&peer, &scope);
    scope_cancel(&scope);
    scope_join(&scope);
    size_t used = peer_used(p->stack);
    struct tcp_counters t = tcp_counters(peer_tcp(p->stack));
    log_info(
        &logs,
        "result served=%llu refused=%llu parked=%u parked_most=%u idle_blocks=%u most_fibers=%u used=%zu full=%llu "
        "backlog=%llu cookies=%llu retransmitted=%llu",
        (unsigned long long)count.n_served, (unsigned long long)count.n_refused, count.n_parked, count.n_parked_most,
        count.idle_blocks, sched_counters().n_most, used, (unsigned long long)t.n_refused_full,
        (unsigned long long)t.n_refused_backlog, (unsigned long long)t.n_cookies,
        (unsigned long long)t.n_retransmitted);
    return e != OK ? 1 : used || count.n_parked ? 3 : 0;
}
