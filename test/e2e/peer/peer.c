/* SPDX-License-Identifier: ISC */
/* Echoes UDP datagrams of all sizes on port 7 until it is stopped, and logs the name server when it changes. With a group it
 * listens there, too, and sends "here" to its port 7777. */
#include "peer.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/stack.h>

static struct log_source source = LOG_SOURCE("peer");
static uint8_t buffer[65536];

static void say_resolver(struct stack *s, struct ip *said)
{
    char text[IP_TEXT_BYTES];
    struct ip now = stack_resolver(s);
    if (ip_equal(&now, said))
        return;
    *said = now;
    log_info(&source, "name server %s", ip_text(&now, text));
}

static unsigned tell_group(struct udp_socket *u, const struct ip *group)
{
    static uint64_t next_ns;
    struct piece p = piece_copy(bytes_str("here"));
    if (ip_is_unspecified(group) || sched_now() < next_ns)
        return 0;
    next_ns = time_after(sched_now(), NS_PER_S / 2);
    return udp_send(u, (struct endpoint){*group, 7777}, &p, 1) != OK;
}

int peer_start(const struct peer *self)
{
    struct udp_socket *u;
    struct ip said = IP_NONE;
    unsigned n_lost = 0;
    must(stack_udp(self->service, 7, &u) == OK);
    must(ip_is_unspecified(&self->group) || udp_join(u, &self->group) == OK);
    while (!sched_stopping()) {
        struct endpoint from;
        size_t len;
        uint64_t soon_ns = time_after(sched_now(), 100 * NS_PER_MS); /* to see that a stop was asked for */
        say_resolver(self->service, &said);
        n_lost += tell_group(u, &self->group);
        if (udp_recv(u, buffer, sizeof buffer, &len, &from, soon_ns) != OK)
            continue;
        struct piece p = piece_copy(bytes_of(buffer, len));
        n_lost += udp_send(u, from, &p, 1) != OK;
    }
    udp_close(u);
    return n_lost != 0;
}
