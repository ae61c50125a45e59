/* SPDX-License-Identifier: ISC */
/* For tests of published ports: datagrams and streams come back, preceded by the port that they came to. */
#include "echo.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/stack.h>

#include <stdio.h>

static struct log_source source = LOG_SOURCE("echo");

static void echo_datagrams(void *socket)
{
    struct udp_socket *u = socket;
    uint8_t in[1400];
    char port[16];
    size_t len;
    struct endpoint from;
    snprintf(port, sizeof port, "udp %u ", udp_port(u));
    while (udp_recv(u, in, sizeof in, &len, &from, TIME_NEVER) == OK) {
        struct piece v[] = {piece_copy(bytes_str(port)), piece_copy(bytes_of(in, len < sizeof in ? len : sizeof in))};
        if (udp_send(u, from, v, 2) != OK)
            log_warning(&source, "a datagram was lost");
    }
}

static void echo_stream(struct flow *f)
{
    uint8_t in[1400];
    size_t len;
    struct piece port = piece_static(bytes_str("tcp 7 "));
    enum err e = flow_write(f, &port, 1, TIME_NEVER);
    while (e == OK && (e = flow_read(f, in, sizeof in, &len, TIME_NEVER)) == OK) {
        struct piece back = piece_copy(bytes_of(in, len));
        e = flow_write(f, &back, 1, TIME_NEVER);
    }
    flow_close(f);
}

static void echo_streams(void *listener)
{
    struct flow *f;
    while (listener_accept(listener, TIME_NEVER, &f) == OK)
        echo_stream(f);
}

int echo_start(const struct echo *self)
{
    struct udp_socket *first, *second;
    struct listener *l;
    struct scope fibers;
    struct fiber_waiter stop;
    must(stack_udp(self->service, 7, &first) == OK && stack_udp(self->service, 9, &second) == OK);
    must(stack_listen(self->service, 7, 8, &l) == OK);
    fiber_waiter_init(&stop);
    sched_on_stop(&stop.waiter);
    scope_open(&fibers);
    must(scope_spawn(&fibers, "first", echo_datagrams, first) == OK);
    must(scope_spawn(&fibers, "second", echo_datagrams, second) == OK);
    must(scope_spawn(&fibers, "streams", echo_streams, l) == OK);
    while (!sched_stopping() && fiber_park(TIME_NEVER) == OK)
        continue;
    scope_cancel(&fibers);
    scope_join(&fibers);
    return 0;
}
