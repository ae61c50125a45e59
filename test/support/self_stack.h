/* SPDX-License-Identifier: ISC */
/* A stack that is TCP alone, with fibers, and talks with itself over a wire on which each segment has its own time. The test
 * gives the ways and puts what is sent on the wire, or does not. */
#ifndef TEST_SELF_STACK_H
#define TEST_SELF_STACK_H

#include "net/net.h"
#include "net/stack_internal.h"
#include "net/tcp.h"

#include <jinn/fiber.h>
#include <jinn/wheel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIRE_MAX = 256 };

struct flying {
    uint64_t at_ns;
    size_t len;
    struct ip src, dst;
    uint8_t data[1500];
};

struct stack {
    struct tcp *t;
    struct net net; /* its seam is used, and what the test sets */
    struct timer timer, wire_timer;
    struct flying *wire[WIRE_MAX];
    size_t n_wire;
};

static struct stack the;

/* ---- What stack.c would do ---- */

struct tcp *stack_tcp(struct stack *s)
{
    return s->t;
}

struct net *stack_net(struct stack *s)
{
    return &s->net;
}

void stack_may_loop(struct stack *s)
{
}

void stack_kick(struct stack *s)
{
    sched_timer(&s->timer, tcp_deadline(s->t));
}

/* At once: rounds are the scheduler's. */
void stack_flush_late(struct stack *s)
{
    tcp_flush(s->t, sched_now());
    stack_kick(s);
}

static void the_tick(struct timer *t, uint64_t now_ns)
{
    tcp_tick(the.t, now_ns);
    stack_flush_late(&the);
}

/* ---- The wire ---- */

static void arm_wire(void)
{
    uint64_t at_ns = TIME_NEVER;
    for (size_t i = 0; i < the.n_wire; i++)
        at_ns = time_min(at_ns, the.wire[i]->at_ns);
    sched_timer(&the.wire_timer, at_ns);
}

static void arrive(struct timer *t, uint64_t now_ns)
{
    for (size_t i = 0; i < the.n_wire;) {
        struct flying *f = the.wire[i];
        if (f->at_ns > now_ns) {
            i++;
            continue;
        }
        memmove(&the.wire[i], &the.wire[i + 1], (--the.n_wire - i) * sizeof f);
        struct ip_in in = {.src = f->src, .dst = f->dst, .protocol = IP_TCP, .payload = bytes_of(f->data, f->len)};
        tcp_input(the.t, now_ns, &in);
        free(f);
    }
    tcp_flush(the.t, now_ns);
    arm_wire();
    stack_kick(&the);
}

/* What is on a full wire is lost. */
static void fly(const struct ip_out *o, const struct bytes *v, size_t n, uint64_t at_ns)
{
    if (the.n_wire == WIRE_MAX)
        return;
    struct flying *f = calloc(1, sizeof *f);
    struct writer w = writer_of(f->data, sizeof f->data);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    f->len = writer_len(&w);
    f->src = o->src;
    f->dst = o->dst;
    f->at_ns = at_ns;
    the.wire[the.n_wire++] = f;
    arm_wire();
}

/* ---- Running ---- */

static uint64_t in_ms(uint64_t ms)
{
    return sched_now() + ms * NS_PER_MS;
}

struct run {
    struct ip_below below;
    uint32_t connections;
    void (*body)(void);
};

static int run_body(void *arg)
{
    const struct run *r = arg;
    the = (struct stack){.net = {.below = r->below}};
    struct tcp_options o = {&the.net.below, {1}, r->connections, 4, 256 << 10};
    assert_int_equal(tcp_new(&o, sched_now(), &the.t), OK);
    timer_init(&the.timer, the_tick);
    timer_init(&the.wire_timer, arrive);
    r->body();
    sched_timer(&the.timer, TIME_NEVER);
    sched_timer(&the.wire_timer, TIME_NEVER);
    while (the.n_wire > 0)
        free(the.wire[--the.n_wire]);
    tcp_free(the.t);
    return 0;
}

static void run_stack(struct ip_below below, uint32_t connections, void (*body)(void))
{
    struct run r = {below, connections, body};
    assert_int_equal(sched_run(run_body, &r), 0);
}

#endif
