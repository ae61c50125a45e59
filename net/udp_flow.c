/* SPDX-License-Identifier: ISC */
/* UDP sockets as appliances see them (jinn/stack.h): the core's calls, with the time and with waiting. */
#include "net/net.h"
#include "net/stack_internal.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

enum err stack_udp(struct stack *s, uint16_t port, struct udp_socket **u)
{
    enum err e = udp_open(stack_net(s), port, u);
    if (e)
        return e;
    (*u)->stack = s;
    stack_may_loop(s);
    if (port) /* one that was asked for by number is a service's */
        plat_serving("udp", port);
    return OK;
}

static void parts_of(struct bytes parts[static UDP_PARTS_MAX], const struct piece *v, size_t n)
{
    must(n <= UDP_PARTS_MAX);
    for (size_t i = 0; i < n; i++)
        parts[i] = v[i].bytes;
}

enum err udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n)
{
    struct bytes parts[UDP_PARTS_MAX];
    parts_of(parts, v, n);
    enum err e = udp_transmit(u, sched_now(), &to, parts, n);
    stack_kick(u->stack);
    return e;
}

enum err udp_send_from(struct udp_socket *u, const struct ip *from, struct endpoint to, const struct piece *v, size_t n)
{
    struct bytes parts[UDP_PARTS_MAX];
    parts_of(parts, v, n);
    enum err e = udp_transmit_from(u, sched_now(), from, &to, parts, n);
    stack_kick(u->stack);
    return e;
}

struct ip udp_received_at(const struct udp_socket *u)
{
    return u->received_at;
}

enum err udp_recv(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from,
                  uint64_t deadline_ns)
{
    struct fiber_waiter w;
    enum err e = OK;
    must(!u->reader && !u->serving); /* one fiber at a time */
    fiber_waiter_init(&w);
    u->reader = &w.waiter;
    while (e == OK) {
        enum err taken = udp_take(u, buffer, size, len, from);
        if (taken != ERR_AGAIN) {
            e = taken;
            break;
        }
        e = fiber_park(deadline_ns);
    }
    u->reader = NULL;
    return e;
}

void udp_close(struct udp_socket *u)
{
    must(!u->reader);
    udp_shut(u, sched_now());
    stack_kick(u->stack);
}
