/* SPDX-License-Identifier: ISC */
/* Datagram sockets. ICMP errors come by the kernel's error queue (IP_RECVERR). */
#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/must.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <net/if.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SAME_PORT_TRIES 8 /* for a free port that is free at two addresses */

static struct host_udp *of(struct udp_socket *u)
{
    return (struct host_udp *)(void *)u;
}

static void wake(struct host_udp *u)
{
    if (u->reader)
        u->reader->wake(u->reader);
}

static void udp_news(struct host_socket *s, uint32_t events)
{
    struct host_udp *u = s->owner;
    (void)events;
    if (u->news)
        u->news(u);
    else
        wake(u);
}

/* ---- Opening ---- */

static void close_sockets(struct host_udp *u)
{
    for (size_t i = 0; i < HOST_BINDS; i++)
        host_socket_close(&u->socket[i]);
}

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

/* Broadcasts may be sent, and ICMP errors are kept; of groups only those that this socket joins, and not what it sends
 * itself. A socket of both families has both families' options. */
static void set_options(int fd, const struct host_bind *b)
{
    set_option(fd, SOL_SOCKET, SO_BROADCAST, 1);
    host_udp_ask_where(fd, b->family);
    if (b->family == AF_INET || b->both) {
        set_option(fd, IPPROTO_IP, IP_RECVERR, 1);
        set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
        set_option(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    }
    if (b->family == AF_INET6) {
        set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
        set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
    }
}

static uint16_t port_of(int fd)
{
    union host_address a = {.any.sa_family = AF_UNSPEC};
    socklen_t len = sizeof a;
    (void)getsockname(fd, &a.any, &len);
    return host_endpoint_of(&a).port;
}

/* At each address the same port: *problem says why not. */
static enum err open_at_all(struct host_udp *u, uint16_t port, int *problem)
{
    const struct host_stack *h = u->stack;
    u->port = port;
    for (size_t i = 0; i < h->n_binds; i++) {
        int fd = host_bound_socket(&h->bind[i], SOCK_DGRAM, u->port);
        *problem = errno;
        if (fd < 0)
            return ERR_IN_USE;
        set_options(fd, &h->bind[i]);
        u->port = port_of(fd);
        if (host_socket_add(&u->socket[i], u->stack, fd, udp_news, u) != OK) {
            close(fd);
            *problem = ENOMEM;
            return ERR_FULL;
        }
    }
    return OK;
}

static enum err open_sockets(struct host_udp *u, uint16_t port, enum host_udp_use use)
{
    int problem = 0;
    for (int i = 0; i < SAME_PORT_TRIES; i++) {
        if (open_at_all(u, port, &problem) == OK)
            return OK;
        close_sockets(u);
        if (host_is_full(problem))
            return ERR_FULL;
        if (port || problem != EADDRINUSE)
            break;
    }
    if (use == HOST_UDP_ASKS)
        return ERR_IN_USE;
    host_port_refused("udp", port, problem);
}

static struct host_udp *free_socket(struct host_stack *h, uint16_t port, enum err *e)
{
    struct host_udp *found = NULL;
    *e = ERR_FULL;
    for (size_t i = 0; i < HOST_UDP_SOCKETS; i++) {
        struct host_udp *u = &h->udp[i];
        if (port && u->port == port) {
            *e = ERR_IN_USE;
            return NULL;
        }
        if (!found && u->port == 0)
            found = u;
    }
    h->counters.sockets_full += !found;
    return found;
}

enum err host_udp_open(struct stack *s, uint16_t port, enum host_udp_use use, struct udp_socket **out)
{
    struct host_stack *h = host_stack_of(s);
    enum err e;
    struct host_udp *u = free_socket(h, port, &e);
    if (!u)
        return e;
    *u = (struct host_udp){.stack = h, .socket = {{.fd = -1}, {.fd = -1}}};
    e = open_sockets(u, port, use);
    if (e) {
        h->counters.sockets_full += e == ERR_FULL;
        u->port = 0;
        return e;
    }
    if (port && use == HOST_UDP_SERVES) /* one that was asked for by number is a service's */
        host_serving(h, "udp", port);
    *out = (struct udp_socket *)(void *)u;
    return OK;
}

enum err host_stack_udp(struct stack *s, uint16_t port, struct udp_socket **out)
{
    return host_udp_open(s, port, HOST_UDP_SERVES, out);
}

uint16_t host_udp_port(const struct udp_socket *u)
{
    return ((const struct host_udp *)(const void *)u)->port;
}

void host_udp_close(struct udp_socket *socket)
{
    struct host_udp *u = of(socket);
    must(!u->reader);
    host_udp_serve_end(u);
    close_sockets(u);
    u->port = 0;
}

/* ---- What ICMP says ---- */

static const struct sock_extended_err *icmp_error(struct msghdr *m, struct sock_extended_err *e)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        bool four = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
        bool six = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
        if (!four && !six)
            continue;
        memcpy(e, CMSG_DATA(c), sizeof *e);
        bool icmp = e->ee_origin == SO_EE_ORIGIN_ICMP || e->ee_origin == SO_EE_ORIGIN_ICMP6;
        return icmp && e->ee_errno != EMSGSIZE ? e : NULL; /* a path's MTU is the kernel's business */
    }
    return NULL;
}

/* One entry of the kernel's queue. False: it is empty. */
static bool take_problem(struct host_udp *u, int fd)
{
    union host_address to = {.any.sa_family = AF_UNSPEC};
    union {
        struct cmsghdr align;
        char bytes[512];
    } control;
    struct sock_extended_err e;
    struct msghdr m = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
        return false;
    if (!icmp_error(&m, &e))
        return true;
    u->stack->counters.problems++;
    u->has_problem = true;
    u->problem = e.ee_errno == ECONNREFUSED ? ERR_REFUSED : ERR_UNREACHABLE;
    u->problem_peer = host_endpoint_of(&to);
    return true;
}

/* How many there were. */
static size_t take_problems(struct host_udp *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->stack->n_binds; i++)
        while (take_problem(u, u->socket[i].fd))
            n++;
    return n;
}

struct ip host_udp_received_at(const struct udp_socket *u)
{
    return ((const struct host_udp *)(const void *)u)->received_at;
}

bool host_udp_problem(struct udp_socket *socket, enum err *problem, struct endpoint *peer)
{
    struct host_udp *u = of(socket);
    (void)take_problems(u);
    if (!u->has_problem)
        return false;
    u->has_problem = false;
    *problem = u->problem;
    *peer = u->problem_peer;
    return true;
}

/* ---- Sending ---- */

/* The socket that speaks the destination's family; NULL: none. */
static const struct host_bind *bind_for(const struct host_udp *u, const struct ip *to, int *fd)
{
    for (size_t i = 0; i < u->stack->n_binds; i++) {
        const struct host_bind *b = &u->stack->bind[i];
        if (!b->both && (b->family == AF_INET) != ip_is4(to))
            continue;
        *fd = u->socket[i].fd;
        return b;
    }
    return NULL;
}

static enum err send_error(int problem)
{
    if (problem == EMSGSIZE)
        return ERR_TOO_LARGE;
    if (problem == EAGAIN || problem == EINTR || host_is_full(problem))
        return ERR_AGAIN;
    return ERR_UNREACHABLE;
}

enum err host_udp_send(struct udp_socket *socket, struct endpoint to, const struct piece *v, size_t n)
{
    return host_udp_send_from(socket, &IP_NONE, to, v, n);
}

enum err host_udp_send_from(struct udp_socket *socket, const struct ip *from, struct endpoint to, const struct piece *v,
                            size_t n)
{
    struct host_udp *u = of(socket);
    struct iovec parts[UDP_PARTS_MAX];
    union host_address a;
    union host_control control;
    int fd;
    must(n <= UDP_PARTS_MAX);
    if (pieces_len(v, n) > HOST_UDP_MAX_BYTES)
        return ERR_TOO_LARGE;
    const struct host_bind *b = bind_for(u, &to.ip, &fd);
    bool chosen = !ip_equal(from, &IP_NONE);
    if (!b || ip_is_unspecified(&to.ip) || (chosen && ip_is4(from) != ip_is4(&to.ip)))
        return ERR_UNREACHABLE;
    for (size_t i = 0; i < n; i++)
        parts[i] = (struct iovec){(void *)(uintptr_t)v[i].bytes.data, v[i].bytes.len};
    struct msghdr m = {.msg_name = &a, .msg_namelen = host_address_of(b->family, &to, &a), .msg_iov = parts};
    m.msg_iovlen = n;
    if (chosen)
        host_udp_leave_from(&m, &control, b->family, from);
    if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return OK;
    int problem = errno;
    /* The error may be that of an earlier datagram. */
    if (take_problems(u) && sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return OK;
    return send_error(problem);
}

/* ---- Receiving ---- */

/* ERR_AGAIN: none waits on this socket. */
static enum err receive(struct host_udp *u, int fd, void *buffer, size_t size, size_t *len, struct endpoint *from)
{
    for (;;) {
        union host_address a = {.any.sa_family = AF_UNSPEC};
        union host_control control;
        struct iovec part = {buffer, size};
        struct msghdr m = {.msg_name = &a,
                           .msg_namelen = sizeof a,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
        ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT | MSG_TRUNC);
        if (n >= 0) {
            *len = (size_t)n;
            *from = host_endpoint_of(&a);
            if (host_udp_came_to(&m, &u->received_at))
                u->received_at = IP_NONE;
            return OK;
        }
        if (errno == EAGAIN)
            return ERR_AGAIN;
        (void)take_problems(u); /* an error told by ICMP: the socket goes on */
    }
}

static enum err receive_any(struct host_udp *u, void *buffer, size_t size, size_t *len, struct endpoint *from)
{
    enum err e = ERR_AGAIN;
    for (size_t i = 0; i < u->stack->n_binds && e == ERR_AGAIN; i++)
        e = receive(u, u->socket[i].fd, buffer, size, len, from);
    return e;
}

enum err host_udp_recv(struct udp_socket *socket, void *buffer, size_t size, size_t *len, struct endpoint *from,
                       uint64_t deadline_ns)
{
    struct host_udp *u = of(socket);
    struct fiber_waiter w;
    enum err e;
    must(!u->reader && !u->serving); /* one fiber at a time */
    fiber_waiter_init(&w);
    u->reader = &w.waiter;
    while ((e = receive_any(u, buffer, size, len, from)) == ERR_AGAIN) {
        e = fiber_park(deadline_ns);
        if (e)
            break;
    }
    u->reader = NULL;
    return e;
}

/* ---- Groups ---- */

static bool change_at(int fd, const struct ip *group, bool join, unsigned interface)
{
    if (ip_is4(group)) {
        struct ip_mreqn four = {.imr_multiaddr.s_addr = htonl(ip4_u32(group)), .imr_ifindex = (int)interface};
        return setsockopt(fd, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, &four, sizeof four) == 0;
    }
    struct ipv6_mreq six = {.ipv6mr_interface = interface};
    memcpy(&six.ipv6mr_multiaddr, group->b, sizeof group->b);
    return setsockopt(fd, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, &six, sizeof six) == 0;
}

/* Where the host routes the group; one that routes it nowhere is alone, and has its loopback. */
static bool change_group(int fd, const struct ip *group, bool join)
{
    return change_at(fd, group, join, 0) || (errno == ENODEV && change_at(fd, group, join, if_nametoindex("lo")));
}

/* As the library's own stack: all hosts are in 224.0.0.1 and ff02::1 anyway, and scope 0 is reserved. */
static bool is_group(const struct ip *ip)
{
    if (!ip_is_multicast(ip))
        return false;
    static const struct ip all6 = {{0xff, 2, [15] = 1}};
    return ip_is4(ip) ? ip4_u32(ip) > 0xe0000001 : (ip->b[1] & 15) != 0 && !ip_equal(ip, &all6);
}

enum err host_udp_join(struct udp_socket *socket, const struct ip *group)
{
    struct host_udp *u = of(socket);
    int fd;
    if (!is_group(group))
        return ERR_INVALID;
    /* One that is bound to an address is given what is sent to that address alone. */
    const struct host_bind *b = bind_for(u, group, &fd);
    if (!b || !ip_is_unspecified(&b->ip))
        return ERR_UNSUPPORTED;
    if (change_group(fd, group, true) || errno == EADDRINUSE) /* joined already */
        return OK;
    u->stack->counters.groups_full += host_is_full(errno);
    return host_is_full(errno) ? ERR_FULL : ERR_UNSUPPORTED;
}

enum err host_udp_leave(struct udp_socket *socket, const struct ip *group)
{
    int fd;
    bool left = bind_for(of(socket), group, &fd) && change_group(fd, group, false);
    return left ? OK : ERR_NOT_FOUND;
}
