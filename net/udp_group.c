/* SPDX-License-Identifier: ISC */
/* Groups of UDP sockets as appliances see them (jinn/stack.h). A file of its own: an image that never joins has no IGMP. */
#include "net/net.h"
#include "net/stack_internal.h"

#include <jinn/fiber.h>

enum err udp_join(struct udp_socket *u, const struct ip *group)
{
    enum err e = group_join(u->net, sched_now(), group, udp_index(u));
    stack_kick(u->stack);
    return e;
}

enum err udp_leave(struct udp_socket *u, const struct ip *group)
{
    enum err e = group_leave(u->net, sched_now(), group, udp_index(u));
    stack_kick(u->stack);
    return e;
}
