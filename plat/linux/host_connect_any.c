/* SPDX-License-Identifier: ISC */
/* Happy eyeballs on the host's sockets (RFC 8305 5). The addresses' order is simpler than that of the library's own stack:
 * those that the host has a way to, families in turn, IPv6 first. */
#include "plat/linux/host.h"

#include <jinn/fiber.h>

#define NEXT_NS (250 * NS_PER_MS) /* RFC 8305 8: Connection Attempt Delay */

struct race {
    struct host_stack *stack;
    struct fiber_waiter waiter; /* one for all: whoever wakes, all are looked at */
    struct endpoint to[CONNECT_ADDRESSES_MAX];
    struct host_connection *attempt[CONNECT_ADDRESSES_MAX]; /* NULL: failed */
    size_t n, n_begun;
    uint64_t next_ns; /* when the next one is begun */
    enum err error;   /* the one that says most of those so far */
};

static const struct endpoint *next_of(const struct endpoint *list, size_t n, size_t *at, bool four)
{
    while (*at < n && ip_is4(&list[*at].ip) != four)
        ++*at;
    return *at < n ? &list[(*at)++] : NULL;
}

/* Families in turn, each in the order given. */
static void sort(struct race *r, const struct endpoint *list, size_t n)
{
    size_t at[2] = {0, 0};
    bool four = false;
    while (r->n < n && r->n < CONNECT_ADDRESSES_MAX) {
        const struct endpoint *e = next_of(list, n, &at[four], four);
        if (e)
            r->to[r->n++] = *e;
        four = !four;
    }
}

/* An answer says more than silence, and silence more than that nothing could be sent. */
static unsigned weight(enum err e)
{
    return e == ERR_REFUSED ? 4 : e == ERR_TIMEOUT ? 3 : e == ERR_FULL ? 2 : 1;
}

static void failed(struct race *r, enum err e)
{
    if (weight(e) > weight(r->error))
        r->error = e;
    r->next_ns = 0; /* the next one at once */
}

static void begin(struct race *r)
{
    size_t i = r->n_begun++;
    r->next_ns = time_after(sched_now(), NEXT_NS);
    enum err e = host_connection_begin(r->stack, &r->to[i], &r->attempt[i]);
    if (e)
        failed(r, e);
}

/* The one that stands, or NULL. The others are armed: *waiting tells how many. */
static struct host_connection *look(struct race *r, size_t *waiting)
{
    *waiting = 0;
    for (size_t i = 0; i < r->n_begun; i++) {
        struct host_connection *c = r->attempt[i];
        enum err e = c ? host_connection_opened(c) : ERR_AGAIN;
        if (c && e == OK)
            return c;
        if (c && e == ERR_AGAIN) {
            c->writer = &r->waiter.waiter;
            ++*waiting;
        } else if (c) {
            failed(r, e);
            host_connection_free(c);
            r->attempt[i] = NULL;
        }
    }
    return NULL;
}

static enum err run(struct race *r, uint64_t deadline_ns, struct host_connection **winner) MAY_YIELD
{
    for (;;) {
        size_t waiting;
        *winner = look(r, &waiting);
        if (*winner)
            return OK;
        bool more = r->n_begun < r->n;
        if (!more && waiting == 0)
            return r->error;
        if (more && sched_now() >= r->next_ns) {
            begin(r);
            continue;
        }
        enum err e = fiber_park(more ? time_min(deadline_ns, r->next_ns) : deadline_ns);
        if (e == ERR_CANCELLED || (e == ERR_TIMEOUT && sched_now() >= deadline_ns))
            return e;
    }
}

enum err host_stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                                struct flow **f)
{
    struct race r = {.stack = host_stack_of(s), .error = ERR_UNREACHABLE};
    struct host_connection *winner = NULL;
    fiber_waiter_init(&r.waiter);
    sort(&r, list, n);
    enum err e = run(&r, deadline_ns, &winner);
    for (size_t i = 0; i < r.n_begun; i++) {
        if (r.attempt[i] && r.attempt[i] != winner)
            host_connection_free(r.attempt[i]);
    }
    if (e == OK) {
        winner->writer = NULL;
        *f = &winner->flow;
    }
    return e;
}
