/* SPDX-License-Identifier: ISC */
/* Servers that answer at once, on the host's sockets: the address that was asked comes with each datagram (IP_PKTINFO), and
 * the answer leaves from it. */
#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/must.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUESTION_BYTES = 65535,
    /* At one go, as many as the library's own stack takes frames: fibers and timers have their turn. */
    BATCH = 64
};

struct host_serving {
    struct host_udp *socket;
    struct udp_server *server;
    struct timer again; /* more wait than were taken */
    size_t size;
    uint8_t question[QUESTION_BYTES];
    uint8_t room[]; /* for one answer */
};

/* What came with the datagram about where it was sent to is what is to be said of where the answer comes from. */
static void turn_round(struct msghdr *m, bool group)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            info.ipi_ifindex = 0;
            memcpy(CMSG_DATA(c), &info, sizeof info);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            if (group)
                memset(&info.ipi6_addr, 0, sizeof info.ipi6_addr);
            memcpy(CMSG_DATA(c), &info, sizeof info);
        }
    }
}

static void answer(struct host_serving *s, int fd, struct msghdr *m, size_t len)
{
    struct host_counters *count = &s->socket->stack->counters;
    struct ip to;
    struct udp_question q = {.payload = bytes_of(s->question, len), .now_ns = sched_now(), .to = &to};
    union host_address from;
    q.group = host_udp_came_to(m, &to);
    turn_round(m, q.group);
    memcpy(&from, m->msg_name, m->msg_namelen);
    q.from = host_endpoint_of(&from);
    size_t out = q.from.port ? s->server->answer(s->server, &q, s->room, s->size) : UDP_NO_ANSWER;
    if (out == UDP_NO_ANSWER) {
        count->unanswered++;
        return;
    }
    must(out <= s->size);
    struct iovec part = {s->room, out};
    m->msg_iov = &part;
    m->msg_flags = 0;
    if (sendmsg(fd, m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        count->answers_lost++;
}

/* False: none waits. */
static bool take_one(struct host_serving *s, int fd)
{
    union host_address from = {.any.sa_family = AF_UNSPEC};
    union host_control control;
    struct iovec part = {s->question, sizeof s->question};
    struct msghdr m = {.msg_name = &from,
                       .msg_namelen = sizeof from,
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof control};
    ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
    if (n >= 0)
        answer(s, fd, &m, (size_t)n);
    return n >= 0 || errno != EAGAIN; /* an error told by ICMP: the socket goes on */
}

static void take_all(struct host_serving *s)
{
    const struct host_udp *u = s->socket;
    for (size_t i = 0; i < u->stack->n_binds; i++) {
        int n = 0;
        while (n < BATCH && take_one(s, u->socket[i].fd))
            n++;
        if (n == BATCH)
            sched_timer(&s->again, sched_now());
    }
}

static void take_more(struct timer *t, uint64_t now_ns)
{
    (void)now_ns;
    take_all(CONTAINER_OF(t, struct host_serving, again));
}

static void news(struct host_udp *u)
{
    take_all(u->serving);
}

void host_udp_serve_end(struct host_udp *u)
{
    if (!u->serving)
        return;
    sched_timer(&u->serving->again, TIME_NEVER);
    free(u->serving);
    u->serving = NULL;
}

enum err host_stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                              struct udp_socket **out)
{
    if (answer_bytes > HOST_UDP_MAX_BYTES)
        return ERR_TOO_LARGE;
    struct host_serving *serving = malloc(sizeof *serving + answer_bytes);
    enum err e = serving ? host_udp_open(s, port, answer_bytes ? HOST_UDP_SERVES : HOST_UDP_ASKS, out) : ERR_FULL;
    if (e) {
        free(serving);
        return e;
    }
    struct host_udp *u = (struct host_udp *)(void *)*out;
    serving->socket = u;
    serving->server = server;
    serving->size = answer_bytes;
    timer_init(&serving->again, take_more);
    u->serving = serving;
    u->news = news;
    return OK;
}
