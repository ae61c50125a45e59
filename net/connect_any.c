/* SPDX-License-Identifier: ISC */
/* Happy eyeballs (RFC 8305 5): several connections are opened one after the other, and the first one that stands wins. No
 * fibers are needed: one waits for all. A file of its own: an image that does not call it has none of it. */
#include "base/race.h"
#include "net/net.h"
#include "net/prefer.h"
#include "net/stack_internal.h"
#include "net/tcp_flow.h"

#include <jinn/fiber.h>

struct connecting {
    struct stack *stack;
    struct fiber_waiter waiter; /* one for all: whoever wakes, all are looked at */
    struct prefer_way way[CONNECT_ADDRESSES_MAX];
    struct tcp_connection *attempt[CONNECT_ADDRESSES_MAX]; /* NULL: not begun, or failed */
    struct race race;
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

static void sort(struct connecting *c, const struct endpoint *list, size_t n)
{
    struct net *net = stack_net(c->stack);
    const size_t n_taken = n < CONNECT_ADDRESSES_MAX ? n : CONNECT_ADDRESSES_MAX;
    net->counters.connect.left_out += n - n_taken;
    for (size_t i = 0; i < n_taken; i++) {
        struct prefer_way *w = &c->way[i];
        uint16_t none;
        *w = (struct prefer_way){.to = list[i]};
        if (net->below.route(&net->below, &w->to.ip, &w->src, &none) == OK)
            w->deprecated = is_deprecated(net, &w->src);
        else
            w->src = IP_NONE;
    }
    prefer_sort(c->way, n_taken);
    c->race = race_of(n_taken);
}

static void note(struct connecting *c, enum err e)
{
    race_failed(&c->race, tcp_flow_connect_error(e));
}

static void begin(struct connecting *c, size_t i)
{
    struct tcp *t = stack_tcp(c->stack);
    enum err e = t ? tcp_connect(t, sched_now(), c->way[i].to, &c->attempt[i]) : ERR_UNSUPPORTED;
    if (e == OK)
        return;
    c->attempt[i] = NULL;
    note(c, e);
}

static void give_up(struct connecting *c, size_t i)
{
    if (c->attempt[i])
        tcp_abort(c->attempt[i], sched_now());
    c->attempt[i] = NULL;
}

/* True: attempt *won stands. */
static bool look(struct connecting *c, size_t *won)
{
    for (size_t i = 0; i < c->race.n_begun; i++) {
        enum err e = c->attempt[i] ? tcp_connected(c->attempt[i]) : ERR_AGAIN;
        if (e == OK) {
            *won = i;
            return true;
        }
        if (e != ERR_AGAIN) {
            give_up(c, i);
            note(c, e);
        }
    }
    return false;
}

/* Waits for news, for the next attempt's turn, or for the deadline. A wake that was for something else is harmless. */
static enum err wait(struct connecting *c, uint64_t deadline_ns) MAY_YIELD
{
    uint64_t turn_ns = race_turn_ns(&c->race);
    for (size_t i = 0; i < c->race.n_begun; i++) {
        if (c->attempt[i])
            tcp_wait_writable(c->attempt[i], &c->waiter.waiter);
    }
    stack_kick(c->stack);
    enum err e = fiber_park(time_min(turn_ns, deadline_ns));
    return e == ERR_TIMEOUT && turn_ns < deadline_ns ? OK : e;
}

static enum err run(struct connecting *c, uint64_t deadline_ns, size_t *won) MAY_YIELD
{
    while (!look(c, won)) {
        if (race_begins(&c->race, sched_now())) {
            begin(c, c->race.n_begun - 1);
            continue;
        }
        if (race_lost(&c->race))
            return c->race.error;
        enum err e = wait(c, deadline_ns);
        if (e != OK)
            return e;
    }
    return OK;
}

enum err stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                           struct flow **f)
{
    struct connecting c = {.stack = s};
    size_t won = CONNECT_ADDRESSES_MAX;
    fiber_waiter_init(&c.waiter);
    stack_may_loop(s);
    sort(&c, list, n);
    enum err e = run(&c, deadline_ns, &won);
    for (size_t i = 0; i < c.race.n_begun; i++) {
        if (e != OK || i != won)
            give_up(&c, i);
    }
    if (e == OK) {
        tcp_wait_writable(c.attempt[won], NULL);
        *f = tcp_flow_of(c.attempt[won], s);
    }
    stack_kick(s);
    return e;
}
