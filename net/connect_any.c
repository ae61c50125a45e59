/* SPDX-License-Identifier: ISC */
/* Happy eyeballs (RFC 8305 5): several connections are opened one after the other, and the first one that stands wins. No
 * fibers are needed: one waits for all. A file of its own: an image that does not call it has none of it. */
#include "net/net.h"
#include "net/prefer.h"
#include "net/stack_internal.h"
#include "net/tcp_flow.h"

#include <jinn/fiber.h>

#define NEXT_NS (250 * NS_PER_MS) /* RFC 8305 8: Connection Attempt Delay */

struct race {
    struct stack *stack;
    struct fiber_waiter waiter; /* one for all: whoever wakes, all are looked at */
    struct prefer_way way[CONNECT_ADDRESSES_MAX];
    struct tcp_connection *attempt[CONNECT_ADDRESSES_MAX]; /* NULL: not begun, or failed */
    size_t n, n_begun;
    uint64_t next_ns; /* when the next one is begun */
    enum err error;   /* the one that says most of those so far */
};

static bool is_deprecated(const struct net *n, const struct ip *src)
{
    for (size_t i = 0; n->ip6 && i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        if (a->state != IP6_FREE && ip_equal(&a->ip, src))
            return a->preferred_ns == 0;
    }
    return false;
}

static void sort(struct race *r, const struct endpoint *list, size_t n)
{
    struct net *net = stack_net(r->stack);
    r->n = n < CONNECT_ADDRESSES_MAX ? n : CONNECT_ADDRESSES_MAX;
    net->counters.connect.left_out += n - r->n;
    for (size_t i = 0; i < r->n; i++) {
        struct prefer_way *w = &r->way[i];
        uint16_t none;
        *w = (struct prefer_way){.to = list[i]};
        if (net->below.route(&net->below, &w->to.ip, &w->src, &none) == OK)
            w->deprecated = is_deprecated(net, &w->src);
        else
            w->src = IP_NONE;
    }
    prefer_sort(r->way, r->n);
}

/* An answer says more than silence, and silence more than that nothing could be sent. */
static unsigned weight(enum err e)
{
    switch (e) {
    case ERR_REFUSED:
        return 4;
    case ERR_TIMEOUT:
        return 3;
    case ERR_FULL:
        return 2;
    default:
        return 1;
    }
}

static void note(struct race *r, enum err e)
{
    e = tcp_flow_connect_error(e);
    if (weight(e) > weight(r->error))
        r->error = e;
    r->next_ns = 0; /* no reason to wait any longer (RFC 8305 5) */
}

static void begin(struct race *r, uint64_t now_ns)
{
    size_t i = r->n_begun++;
    r->next_ns = time_after(now_ns, NEXT_NS);
    struct tcp *t = stack_tcp(r->stack);
    enum err e = t ? tcp_connect(t, now_ns, r->way[i].to, &r->attempt[i]) : ERR_UNSUPPORTED;
    if (e == OK)
        return;
    r->attempt[i] = NULL;
    note(r, e);
}

static void give_up(struct race *r, size_t i)
{
    if (r->attempt[i])
        tcp_abort(r->attempt[i], sched_now());
    r->attempt[i] = NULL;
}

/* OK: attempt *won stands. ERR_AGAIN: some are still open. Otherwise all that were begun have failed. */
static enum err look(struct race *r, size_t *won)
{
    bool open = false;
    for (size_t i = 0; i < r->n_begun; i++) {
        struct tcp_connection *c = r->attempt[i];
        enum err e = c ? tcp_connected(c) : ERR_CLOSED;
        if (e == OK) {
            *won = i;
            return OK;
        }
        open |= e == ERR_AGAIN;
        if (c && e != ERR_AGAIN) {
            give_up(r, i);
            note(r, e);
        }
    }
    return open ? ERR_AGAIN : r->error;
}

/* Waits for news, for the next attempt's turn, or for the deadline. A wake that was for something else is harmless. */
static enum err wait(struct race *r, uint64_t deadline_ns) MAY_YIELD
{
    uint64_t turn_ns = r->n_begun < r->n ? r->next_ns : TIME_NEVER;
    for (size_t i = 0; i < r->n_begun; i++) {
        if (r->attempt[i])
            tcp_wait_writable(r->attempt[i], &r->waiter.waiter);
    }
    stack_kick(r->stack);
    enum err e = fiber_park(time_min(turn_ns, deadline_ns));
    return e == ERR_TIMEOUT && turn_ns < deadline_ns ? OK : e;
}

static enum err run(struct race *r, uint64_t deadline_ns, size_t *won) MAY_YIELD
{
    for (;;) {
        enum err e = look(r, won);
        bool more = r->n_begun < r->n;
        if (e == OK || (e != ERR_AGAIN && !more))
            return e;
        if (more && sched_now() >= r->next_ns) {
            begin(r, sched_now());
            continue;
        }
        e = wait(r, deadline_ns);
        if (e != OK)
            return e;
    }
}

enum err stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                           struct flow **f)
{
    struct race r = {.stack = s, .error = ERR_UNREACHABLE};
    size_t won = CONNECT_ADDRESSES_MAX;
    fiber_waiter_init(&r.waiter);
    stack_may_loop(s);
    sort(&r, list, n);
    enum err e = run(&r, deadline_ns, &won);
    for (size_t i = 0; i < r.n_begun; i++) {
        if (e != OK || i != won)
            give_up(&r, i);
    }
    if (e == OK) {
        tcp_wait_writable(r.attempt[won], NULL);
        *f = tcp_flow_of(r.attempt[won], s);
    }
    stack_kick(s);
    return e;
}
