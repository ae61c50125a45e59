/* SPDX-License-Identifier: ISC */
/* Two stacks live in an image for linux: the library's own on a net device, and the host's sockets. Which one is meant
 * is told by the pointer. The linker sends every call of a function NAME that is defined here as __wrap_NAME to this
 * file, and __real_NAME is the library's (GNU ld's --wrap; mk/host.mk finds the names in this file). So no other target
 * pays for the choice, and an image still has only what it calls.
 *
 * A new function of <jinn/stack.h> needs a line here and one in host.h (scripts/check-dispatch). stack_up has none: it
 * is given a net device, which is never the host's. */
#include "plat/linux/host.h"

#include <jinn/stack_tables.h>
#include <jinn/time.h>

#include <string.h>

#define TWO(name) extern __typeof__(name) __real_##name, __wrap_##name
#define PICK(object, name) (host_owns(object) ? host_##name : __real_##name)

TWO(boot_stack);
TWO(boot_stack_down);
TWO(stack_next_address);
TWO(stack_next_route);
TWO(stack_next_neighbour);
TWO(stack_counters);
TWO(stack_ipv4);
TWO(stack_ipv4_gateway);
TWO(stack_resolver);
TWO(stack_names);
TWO(stack_listen);
TWO(listener_accept);
TWO(listener_close);
TWO(stack_connect);
TWO(stack_connect_any);
TWO(stack_udp);
TWO(udp_port);
TWO(udp_send);
TWO(udp_send_from);
TWO(udp_received_at);
TWO(udp_recv);
TWO(udp_problem);
TWO(udp_join);
TWO(udp_leave);
TWO(udp_close);
TWO(stack_udp_serve);

struct stack *__wrap_boot_stack(const char *name, const struct stack_options *o)
{
    for (unsigned i = 0; i < plat_n_devices; i++) {
        if (linux_state.device[i].on_host && strcmp(plat_devices[i].name, name) == 0)
            return host_stack_up(i, o);
    }
    return __real_boot_stack(name, o);
}

void __wrap_boot_stack_down(struct stack *s)
{
    if (!host_owns(s)) /* the host keeps its lease */
        __real_boot_stack_down(s);
}

struct ip_net __wrap_stack_ipv4(const struct stack *s)
{
    return PICK(s, stack_ipv4)(s);
}

struct ip __wrap_stack_ipv4_gateway(const struct stack *s)
{
    return PICK(s, stack_ipv4_gateway)(s);
}

struct ip __wrap_stack_resolver(const struct stack *s)
{
    return PICK(s, stack_resolver)(s);
}

void __wrap_stack_names(const struct stack *s, struct stack_names *names)
{
    PICK(s, stack_names)(s, names);
}

enum err __wrap_stack_listen(struct stack *s, uint16_t port, uint32_t backlog, struct listener **l)
{
    return PICK(s, stack_listen)(s, port, backlog, l);
}

enum err __wrap_listener_accept(struct listener *l, uint64_t deadline_ns, struct flow **f)
{
    return PICK(l, listener_accept)(l, deadline_ns, f);
}

void __wrap_listener_close(struct listener *l)
{
    PICK(l, listener_close)(l);
}

enum err __wrap_stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    return PICK(s, stack_connect)(s, to, deadline_ns, f);
}

enum err __wrap_stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                                  struct flow **f)
{
    return PICK(s, stack_connect_any)(s, list, n, deadline_ns, f);
}

enum err __wrap_stack_udp(struct stack *s, uint16_t port, struct udp_socket **u)
{
    return PICK(s, stack_udp)(s, port, u);
}

uint16_t __wrap_udp_port(const struct udp_socket *u)
{
    return PICK(u, udp_port)(u);
}

enum err __wrap_udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n)
{
    return PICK(u, udp_send)(u, to, v, n);
}

enum err __wrap_udp_send_from(struct udp_socket *u, const struct ip *from, struct endpoint to, const struct piece *v,
                              size_t n)
{
    return PICK(u, udp_send_from)(u, from, to, v, n);
}

struct ip __wrap_udp_received_at(const struct udp_socket *u)
{
    return PICK(u, udp_received_at)(u);
}

enum err __wrap_udp_recv(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from,
                         uint64_t deadline_ns)
{
    return PICK(u, udp_recv)(u, buffer, size, len, from, deadline_ns);
}

bool __wrap_udp_problem(struct udp_socket *u, enum err *problem, struct endpoint *peer)
{
    return PICK(u, udp_problem)(u, problem, peer);
}

enum err __wrap_udp_join(struct udp_socket *u, const struct ip *group)
{
    return PICK(u, udp_join)(u, group);
}

enum err __wrap_udp_leave(struct udp_socket *u, const struct ip *group)
{
    return PICK(u, udp_leave)(u, group);
}

void __wrap_udp_close(struct udp_socket *u)
{
    PICK(u, udp_close)(u);
}

enum err __wrap_stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                                struct udp_socket **u)
{
    return PICK(s, stack_udp_serve)(s, port, server, answer_bytes, u);
}

/* ---- Tables: of the host's sockets only what an appliance needs to choose a stack ---- */

bool __wrap_stack_next_address(const struct stack *s, size_t *at, struct stack_address *a)
{
    if (!host_owns(s))
        return __real_stack_next_address(s, at, a);
    if ((*at)++ > 0)
        return false;
    *a = (struct stack_address){
        .net = host_stack_ipv4(s), .detecting = false, .preferred_ns = TIME_NEVER, .valid_ns = TIME_NEVER};
    return true;
}

bool __wrap_stack_next_route(const struct stack *s, size_t *at, struct stack_route *r)
{
    if (!host_owns(s))
        return __real_stack_next_route(s, at, r);
    if (*at > 1)
        return false;
    *r = (struct stack_route){.to = {(*at)++ == 0 ? IP_ANY4 : IP_NONE, 0}, .origin = STACK_ROUTE_LEARNT};
    return true;
}

bool __wrap_stack_next_neighbour(const struct stack *s, size_t *at, struct stack_neighbour *n)
{
    return !host_owns(s) && __real_stack_next_neighbour(s, at, n);
}

const struct net_counters *__wrap_stack_counters(const struct stack *s)
{
    return host_owns(s) ? NULL : __real_stack_counters(s);
}
