/* SPDX-License-Identifier: ISC */
/* Happy eyeballs on the host's sockets (RFC 8305 5). The addresses' order is simpler than that of the library's own stack:
 * those that the host has a way to, families in turn, IPv6 first. */
#include "plat/linux/host.h"

#include "base/race.h"

#include <jinn/fiber.h>

struct connecting {
    struct host_stack *stack;
    struct fiber_waiter waiter; /* one for all: whoever wakes, all are looked at */
    struct endpoint to[CONNECT_ADDRESSES_MAX];
    struct host_connection *attempt[CONNECT_ADDRESSES_MAX]; /* NULL: failed */
    struct race race;
};

static const struct endpoint *next_of(const struct endpoint *list, size_t n, size_t *at, bool four)
{
    while (*at < n && ip_is4(&list[*at].ip) != four)
        ++*at;
    return *at < n ? &list[(*at)++] : NULL;
}

/* Families in turn, each in the order given. How many there are. */
static size_t sort(struct connecting *c, const struct endpoint *list, size_t n)
{
    size_t at[2] = {0, 0}, n_sorted = 0;
    bool four = false;
    while (n_sorted < n && n_sorted < CONNECT_ADDRESSES_MAX) {
        const struct endpoint *e = next_of(list, n, &at[four], four);
        if (e)
            c->to[n_sorted++] = *e;
        four = !four;
    }
    return n_sorted;
}

static void begin(struct connecting *c, size_t i)
{
    enum err e = host_connection_begin(c->stack, &c->to[i], &c->attempt[i]);
    if (e)
        race_failed(&c->race, e);
}

/* The one that stands, or NULL: then the others are armed. */
static struct host_connection *look(struct connecting *c)
{
    for (size_t i = 0; i < c->race.n_begun; i++) {
        struct host_connection *attempt = c->attempt[i];
        enum err e = attempt ? host_connection_opened(attempt) : ERR_AGAIN;
        if (e == OK)
            return attempt;
        if (attempt && e == ERR_AGAIN) {
            attempt->writer = &c->waiter.waiter;
        } else if (attempt) {
            race_failed(&c->race, e);
            host_connection_free(attempt);
            c->attempt[i] = NULL;
        }
    }
    return NULL;
}

static enum err run(struct connecting *c, uint64_t deadline_ns, struct host_connection **winner) MAY_YIELD
{
    while ((*winner = look(c)) == NULL) {
        if (race_begins(&c->race, sched_now())) {
            begin(c, c->race.n_begun - 1);
            continue;
        }
        if (race_lost(&c->race))
            return c->race.error;
        uint64_t turn_ns = race_turn_ns(&c->race);
        enum err e = fiber_park(time_min(turn_ns, deadline_ns));
        if (e != OK && !(e == ERR_TIMEOUT && turn_ns < deadline_ns))
            return e;
    }
    return OK;
}

enum err host_stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                                struct flow **f)
{
    struct connecting c = {.stack = host_stack_of(s)};
    struct host_connection *winner = NULL;
    fiber_waiter_init(&c.waiter);
    c.race = race_of(sort(&c, list, n));
    enum err e = run(&c, deadline_ns, &winner);
    for (size_t i = 0; i < c.race.n_begun; i++) {
        if (c.attempt[i] && c.attempt[i] != winner)
            host_connection_free(c.attempt[i]);
    }
    if (e == OK) {
        winner->writer = NULL;
        *f = &winner->flow;
    }
    return e;
}
