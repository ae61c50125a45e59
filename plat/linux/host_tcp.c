/* SPDX-License-Identifier: ISC */
/* Listeners and connecting. */
#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/must.h>

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct host_listener *listener_of(struct listener *l)
{
    return (struct host_listener *)(void *)l;
}

/* ---- Listening ---- */

/* All of them: a fiber that leaves without a connection may have been the one that was woken for it. */
static void wake_acceptors(struct host_listener *l)
{
    for (struct list *n; (n = list_pop(&l->acceptors));) {
        struct waiter *w = CONTAINER_OF(n, struct waiter, node);
        w->wake(w);
    }
}

static void listener_news(struct host_socket *s, uint32_t events)
{
    (void)events;
    wake_acceptors(s->owner);
}

static struct host_listener *free_listener(struct host_stack *h, uint16_t port, enum err *e)
{
    struct host_listener *found = NULL;
    *e = ERR_FULL;
    for (size_t i = 0; i < HOST_LISTENERS; i++) {
        struct host_listener *l = &h->listener[i];
        if (l->port == port) {
            *e = ERR_IN_USE;
            return NULL;
        }
        if (!found && l->port == 0 && l->n_accepting == 0)
            found = l;
    }
    h->counters.listeners_full += !found;
    return found;
}

/* The library's own stack has every port to itself: one that somebody else on the host has is the operator's matter. */
static enum err open_listener(struct host_listener *l, size_t i, uint32_t backlog)
{
    int fd = host_bound_socket(&l->stack->bind[i], SOCK_STREAM, l->port);
    int problem = errno;
    if (fd >= 0 && listen(fd, backlog < INT32_MAX ? (int)backlog : INT32_MAX) != 0) {
        problem = errno;
        close(fd);
        fd = -1;
    }
    if (fd < 0 && host_is_full(problem))
        return ERR_FULL;
    if (fd < 0)
        host_port_refused("tcp", l->port, problem);
    enum err e = host_socket_add(&l->socket[i], l->stack, fd, listener_news, l);
    if (e)
        close(fd);
    return e;
}

static void shut_listener(struct host_listener *l)
{
    for (size_t i = 0; i < HOST_BINDS; i++)
        host_socket_close(&l->socket[i]);
    l->port = 0;
}

enum err host_stack_listen(struct stack *s, uint16_t port, uint32_t backlog, struct listener **out)
{
    struct host_stack *h = host_stack_of(s);
    enum err e;
    if (port == 0 || backlog == 0)
        return ERR_INVALID;
    struct host_listener *l = free_listener(h, port, &e);
    if (!l)
        return e;
    *l = (struct host_listener){.stack = h, .port = port, .socket = {{.fd = -1}, {.fd = -1}}};
    list_init(&l->acceptors);
    e = OK;
    for (size_t i = 0; i < h->n_binds && e == OK; i++)
        e = open_listener(l, i, backlog);
    if (e) {
        h->counters.listeners_full++;
        shut_listener(l);
        return e;
    }
    host_serving(h, "tcp", port);
    *out = (struct listener *)(void *)l;
    return OK;
}

void host_listener_close(struct listener *listener)
{
    struct host_listener *l = listener_of(listener);
    shut_listener(l);
    wake_acceptors(l);
}

/* ---- Accepting ---- */

static void refuse(int fd)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/* ERR_AGAIN: none waits on this socket. */
static enum err accept_one(struct host_listener *l, int listening, struct flow **f)
{
    for (;;) {
        union host_address from;
        socklen_t len = sizeof from;
        int fd = accept4(listening, &from.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && errno == EAGAIN)
            return ERR_AGAIN;
        if (fd < 0 && host_is_full(errno)) {
            l->stack->counters.connections_full++;
            return ERR_FULL;
        }
        if (fd < 0 && (errno == EBADF || errno == EINVAL))
            return ERR_CLOSED;
        if (fd < 0) /* one that died before it was accepted, or an error of its network */
            continue;
        struct endpoint peer = host_endpoint_of(&from);
        struct host_connection *c = host_connection_new(l->stack, fd, &peer);
        if (c) {
            *f = &c->flow;
            return OK;
        }
        refuse(fd);
    }
}

static enum err accept_any(struct host_listener *l, struct flow **f)
{
    enum err e = ERR_AGAIN;
    for (size_t i = 0; i < l->stack->n_binds && e == ERR_AGAIN; i++)
        e = accept_one(l, l->socket[i].fd, f);
    return e;
}

static enum err wait_accept(struct host_listener *l, uint64_t deadline_ns) MAY_YIELD
{
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    l->n_accepting++;
    list_append(&l->acceptors, &w.waiter.node);
    enum err e = fiber_park(deadline_ns);
    list_remove(&w.waiter.node);
    l->n_accepting--;
    return l->port == 0 ? ERR_CLOSED : e;
}

enum err host_listener_accept(struct listener *listener, uint64_t deadline_ns, struct flow **f)
{
    struct host_listener *l = listener_of(listener);
    enum err e;
    while ((e = accept_any(l, f)) == ERR_AGAIN) {
        e = wait_accept(l, deadline_ns);
        if (e)
            return e;
    }
    return e;
}

/* ---- Connecting ---- */

static enum err connect_error(int problem)
{
    if (problem == ECONNREFUSED || problem == ECONNRESET)
        return ERR_REFUSED;
    if (problem == ETIMEDOUT)
        return ERR_TIMEOUT;
    if (host_is_full(problem) || problem == EADDRNOTAVAIL) /* no ephemeral port is free */
        return ERR_FULL;
    return ERR_UNREACHABLE;
}

/* Begins: the descriptor, or -1 with errno. */
static int begin(const struct host_stack *h, const struct endpoint *to)
{
    bool four = ip_is4(&to->ip);
    union host_address a;
    struct host_bind from = {four ? AF_INET : AF_INET6, false, h->source[!four]};
    if (!(four ? h->has4 : h->has6)) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    int fd = ip_is_unspecified(&from.ip) ? socket(from.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
                                         : host_bound_socket(&from, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, &a.any, host_address_of(from.family, to, &a)) == 0 || errno == EINPROGRESS)
        return fd;
    int problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

enum err host_connection_begin(struct host_stack *h, const struct endpoint *to, struct host_connection **c)
{
    if (to->port == 0 || ip_is_unspecified(&to->ip) || ip_is_multicast(&to->ip))
        return ERR_UNREACHABLE;
    int fd = begin(h, to);
    if (fd < 0) {
        h->counters.connections_full += host_is_full(errno);
        return connect_error(errno);
    }
    *c = host_connection_new(h, fd, to);
    if (!*c) {
        close(fd);
        return ERR_FULL;
    }
    (*c)->opening = true;
    return OK;
}

enum err host_connection_opened(struct host_connection *c)
{
    union host_address a;
    int problem = 0;
    socklen_t len = sizeof problem;
    (void)getsockopt(c->socket.fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    if (problem)
        return connect_error(problem);
    len = sizeof a;
    if (getpeername(c->socket.fd, &a.any, &len) != 0)
        return errno == ENOTCONN ? ERR_AGAIN : ERR_UNREACHABLE;
    c->opening = false;
    return OK;
}

enum err host_stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f)
{
    struct host_connection *c;
    enum err e = host_connection_begin(host_stack_of(s), &to, &c);
    if (e)
        return e;
    while ((e = host_connection_opened(c)) == ERR_AGAIN) {
        e = host_connection_wait(&c->writer, deadline_ns);
        if (e)
            break;
    }
    if (e) {
        host_connection_free(c);
        return e;
    }
    *f = &c->flow;
    return OK;
}
