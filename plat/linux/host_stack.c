/* SPDX-License-Identifier: ISC */
#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/must.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

/* One for each device there can be, so that a pointer tells whose it is; those never used cost no memory. */
static struct host_stack hosts[PLAT_DEVICES_MAX];

static struct log_source source = LOG_SOURCE("net");

struct host_stack *host_stack_of(struct stack *s)
{
    return (struct host_stack *)(void *)s;
}

static const struct host_stack *const_of(const struct stack *s)
{
    return (const struct host_stack *)(const void *)s;
}

bool host_owns(const void *object)
{
    uintptr_t at = (uintptr_t)object, begin = (uintptr_t)hosts;
    return at >= begin && at < begin + sizeof hosts;
}

struct ip_net host_stack_ipv4(const struct stack *s)
{
    return const_of(s)->ipv4;
}

struct ip host_stack_ipv4_gateway(const struct stack *s)
{
    return const_of(s)->ipv4_gateway;
}

/* ---- News ---- */

static struct host_stack *stack_of_index(unsigned index)
{
    return &hosts[index];
}

/* In plat_wait: nobody may be woken yet. */
static void take_news(struct linux_watch *w, uint32_t events)
{
    struct host_socket *s = CONTAINER_OF(w, struct host_socket, watch);
    s->events |= events;
    if (list_empty(&s->node))
        list_append(&stack_of_index(w->index)->with_news, &s->node);
}

static void pump(struct waiter *w)
{
    struct host_stack *h = CONTAINER_OF(w, struct host_stack, readable);
    for (struct list *n; (n = list_pop(&h->with_news));) {
        struct host_socket *s = CONTAINER_OF(n, struct host_socket, node);
        uint32_t events = s->events;
        s->events = 0;
        s->news(s, events);
    }
}

enum err host_socket_add(struct host_socket *s, struct host_stack *h, int fd,
                         void (*news)(struct host_socket *s, uint32_t events), void *owner)
{
    *s = (struct host_socket){.watch = {h->index, take_news}, .fd = fd, .news = news, .owner = owner};
    list_init(&s->node);
    if (linux_wait_watch(&s->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
        return OK;
    s->fd = -1;
    return ERR_FULL;
}

/* A closed descriptor leaves the epoll set by itself: nobody else has it. */
void host_socket_close(struct host_socket *s)
{
    if (s->fd < 0)
        return;
    list_remove(&s->node);
    close(s->fd);
    s->fd = -1;
}

/* ---- Ports ---- */

bool host_is_full(int problem)
{
    return problem == EMFILE || problem == ENFILE || problem == ENOBUFS || problem == ENOMEM;
}

int host_bound_socket(const struct host_bind *b, int kind, uint16_t port)
{
    int fd = socket(b->family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int yes = 1, only6 = !b->both;
    struct endpoint at = {b->ip, port};
    union host_address a;
    socklen_t len = host_address_of(b->family, &at, &a);
    bool good = b->family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6) == 0;
    /* A port that only lingers can be had again; for UDP it would mean to share it. */
    good = good && (kind != SOCK_STREAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0);
    if (good && bind(fd, &a.any, len) == 0)
        return fd;
    int problem = errno;
    close(fd);
    errno = problem;
    return -1;
}

void host_port_refused(const char *protocol, uint16_t port, int problem)
{
    if (problem == EACCES)
        linux_fail(EXIT_DEVICE,
                   "%s port %u is for root on this host; choose one from 1024 on, as in --port=%u, or allow it: sysctl "
                   "net.ipv4.ip_unprivileged_port_start=%u",
                   protocol, port, port + 8000, port);
    if (problem == EADDRINUSE)
        linux_fail(EXIT_DEVICE, "%s port %u is taken on this host; choose another one, as in --port=%u", protocol, port,
                   port < UINT16_MAX ? port + 1 : 8080);
    linux_fail(EXIT_DEVICE, "%s port %u can't be had on this host: %s", protocol, port, strerror(problem));
}

/* "*" for all addresses. */
void host_serving(const struct host_stack *h, const char *protocol, uint16_t port)
{
    char address[IP_TEXT_BYTES];
    bool all = ip_is_unspecified(&h->bind[0].ip);
    linux_serving(protocol, port, all ? "*" : ip_text(&h->bind[0].ip, address));
}

/* ---- Coming up ---- */

static bool host_speaks(int family)
{
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void add_bind(struct host_stack *h, int family, bool both, const struct ip *ip)
{
    h->bind[h->n_binds++] = (struct host_bind){family, both, *ip};
}

/* The addresses that were given, or all. */
static void choose_binds(struct host_stack *h, const struct stack_options *o)
{
    bool given4 = h->has4 && ip_is4(&o->ipv4.ip) && !ip_is_unspecified(&o->ipv4.ip);
    bool given6 = h->has6 && !ip_is4(&o->ipv6.ip) && !ip_is_unspecified(&o->ipv6.ip);
    h->source[0] = given4 ? o->ipv4.ip : IP_ANY4;
    h->source[1] = given6 ? o->ipv6.ip : IP_NONE;
    if (given4)
        add_bind(h, AF_INET, false, &h->source[0]);
    if (given6)
        add_bind(h, AF_INET6, false, &h->source[1]);
    if (h->n_binds)
        return;
    if (h->has6)
        add_bind(h, AF_INET6, h->has4, &h->source[1]);
    else
        add_bind(h, AF_INET, false, &h->source[0]);
}

/* Known now, so that it is said before anything starts. */
static void check_binds(const struct host_stack *h)
{
    for (size_t i = 0; i < h->n_binds; i++) {
        const struct host_bind *b = &h->bind[i];
        char address[IP_TEXT_BYTES];
        int fd = host_bound_socket(b, SOCK_DGRAM, 0);
        if (fd < 0)
            linux_fail(EXIT_DEVICE,
                       "%s is no address of this host (%s): 'ip address' lists them; without one, all are served",
                       ip_text(&b->ip, address), strerror(errno));
        close(fd);
    }
}

/* As many as asked for, or as this process may have descriptors. */
static size_t n_connections(const struct stack_options *o)
{
    size_t n = o->tcp_connections ? o->tcp_connections : HOST_CONNECTIONS;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return n;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    size_t most =
        limit.rlim_max > 2 * HOST_DESCRIPTORS_KEPT ? limit.rlim_max - HOST_DESCRIPTORS_KEPT : HOST_DESCRIPTORS_KEPT;
    return n < most ? n : most;
}

static void log_up(const struct host_stack *h)
{
    char address[IP_TEXT_BYTES];
    const char *name = plat_devices[h->index].name;
    if (ip_is_unspecified(&h->bind[0].ip))
        log_info(&source, "%s is on the sockets of this host, at all its addresses", name);
    for (size_t i = 0; i < h->n_binds && !ip_is_unspecified(&h->bind[i].ip); i++)
        log_info(&source, "%s is on the sockets of this host, at %s", name, ip_text(&h->bind[i].ip, address));
}

struct stack *host_stack_up(unsigned index, const struct stack_options *o)
{
    struct host_stack *h = &hosts[index];
    must(!h->up);
    *h = (struct host_stack){.index = index};
    h->has4 = !o->ipv6_only && host_speaks(AF_INET);
    h->has6 = o->ip6 && !o->ipv4_only && host_speaks(AF_INET6);
    if (!h->has4 && !h->has6)
        linux_fail(EXIT_DEVICE, "net device '%s': this host has no IPv%c", plat_devices[index].name,
                   o->ipv6_only ? '6' : '4');
    choose_binds(h, o);
    check_binds(h);
    if (h->has4)
        h->ipv4 = ip_is_unspecified(&h->source[0]) ? host_find_ipv4() : o->ipv4;
    h->ipv4_gateway = host_find_gateway();
    h->dns_servers = o->dns_servers;
    h->dns_search = o->dns_search;
    list_init(&h->with_news);
    list_init(&h->lingering);
    timer_init(&h->linger_timer, host_linger_tick);
    if (pool_init(&h->connections, sizeof(struct host_connection), n_connections(o)) != OK)
        linux_fail(EXIT_DEVICE, "net device '%s': no memory for its connections", plat_devices[index].name);
    h->up = true;
    waiter_init(&h->readable, pump);
    sched_watch(index, &h->readable);
    log_up(h);
    return (struct stack *)(void *)h;
}

void host_stack_down(struct stack *s)
{
    struct host_stack *h = host_stack_of(s);
    LIST_EACH(&h->lingering, node)
    host_connection_free(CONTAINER_OF(node, struct host_connection, lingering));
    sched_timer(&h->linger_timer, TIME_NEVER);
    sched_watch(h->index, NULL);
    pool_free(&h->connections);
    h->up = false;
}
