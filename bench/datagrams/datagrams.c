/* SPDX-License-Identifier: ISC */
/* Datagrams to port 53 go back as they came, but for the bit that makes a DNS query a response: so a load for name servers
 * measures the stack alone. */
#include "datagrams.h"

#include <jinn/fiber.h>
#include <jinn/stack.h>

enum { PORT = 53, MOST = 1500, FLAGS_AT = 2, RESPONSE = 0x80 };

static size_t answer(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    (void)server;
    if (q->payload.len <= FLAGS_AT || q->payload.len > size)
        return UDP_NO_ANSWER;
    memcpy(room, q->payload.data, q->payload.len);
    room[FLAGS_AT] |= RESPONSE;
    return q->payload.len;
}

static int serve_in_fiber(struct stack *s)
{
    static uint8_t buffer[MOST];
    struct udp_socket *u;
    struct endpoint from;
    size_t len;
    if (stack_udp(s, PORT, &u) != OK)
        return 1;
    while (udp_recv(u, buffer, sizeof buffer, &len, &from, TIME_NEVER) == OK) {
        buffer[FLAGS_AT] |= RESPONSE;
        struct piece p = piece_copy(bytes_of(buffer, len < sizeof buffer ? len : sizeof buffer));
        (void)udp_send(u, from, &p, 1);
    }
    return 0;
}

int datagrams_start(const struct datagrams *self)
{
    struct udp_server server = {answer};
    struct udp_socket *u;
    if (self->fiber)
        return serve_in_fiber(self->service);
    if (stack_udp_serve(self->service, PORT, &server, MOST, &u) != OK)
        return 1;
    return fiber_sleep(TIME_NEVER) == OK;
}
