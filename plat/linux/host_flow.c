/* SPDX-License-Identifier: ISC */
/* A connection. What is copied goes into the kernel's send buffer, which is the copy; static pieces that find no room there
 * wait in a ring, so that writing them does not hold up a fiber. After flow_close the connection goes on as an orphan:
 *
 *   the ring is sent -> the kernel sends its FIN -> the peer's end is read, all before it thrown away -> closed
 *
 * Read, because the kernel answers a close with unread bytes by a reset, which can overtake what was sent. */
#include "plat/linux/host.h"

#include <jinn/fiber.h>
#include <jinn/must.h>

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#define GATHER_MAX 16 /* pieces of a system call */

static struct host_connection *of(const struct flow *f)
{
    return CONTAINER_OF((uintptr_t)f, struct host_connection, flow);
}

static void wake(struct waiter **slot)
{
    struct waiter *w = *slot;
    *slot = NULL;
    if (w)
        w->wake(w);
}

enum err host_connection_wait(struct waiter **slot, uint64_t deadline_ns)
{
    struct fiber_waiter w;
    fiber_waiter_init(&w);
    *slot = &w.waiter;
    enum err e = fiber_park(deadline_ns);
    *slot = NULL;
    return e;
}

/* The connection is dead: whatever it died of is a reset to its user. */
static void die(struct host_connection *c)
{
    c->error = ERR_RESET;
    c->n_parts = c->queued_bytes = 0;
}

/* ---- The ring ---- */

static struct host_part *part_at(struct host_connection *c, size_t i)
{
    return &c->part[(c->first_part + i) % HOST_PARTS_MAX];
}

static bool ring_put(struct host_connection *c, struct bytes b)
{
    if (c->n_parts == HOST_PARTS_MAX)
        return false;
    *part_at(c, c->n_parts++) = (struct host_part){b.data, b.len};
    c->queued_bytes += b.len;
    return true;
}

static void ring_drop(struct host_connection *c, size_t len)
{
    c->queued_bytes -= len;
    while (len > 0) {
        struct host_part *p = part_at(c, 0);
        size_t n = len < p->len ? len : p->len;
        p->data += n;
        p->len -= n;
        len -= n;
        if (p->len > 0)
            return;
        c->first_part = (c->first_part + 1) % HOST_PARTS_MAX;
        c->n_parts--;
    }
}

/* Gives how many bytes the kernel took; 0 when it has no room, or the connection died of it. */
static size_t send_some(struct host_connection *c, struct iovec *v, size_t n)
{
    struct msghdr m = {.msg_iov = v, .msg_iovlen = n};
    ssize_t sent = sendmsg(c->socket.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ENOMEM && errno != EINTR)
        die(c);
    return sent > 0 ? (size_t)sent : 0;
}

static void send_fin(struct host_connection *c)
{
    c->fin_sent = true;
    if (shutdown(c->socket.fd, SHUT_WR) != 0)
        die(c);
}

/* Sends from the ring what there is room for, and then the end. True if anything went. */
static bool flush(struct host_connection *c)
{
    size_t sent = 0, all = 0;
    do {
        struct iovec v[GATHER_MAX];
        size_t n = 0;
        for (; n < c->n_parts && n < GATHER_MAX; n++)
            v[n] = (struct iovec){(void *)(uintptr_t)part_at(c, n)->data, part_at(c, n)->len};
        sent = n ? send_some(c, v, n) : 0;
        ring_drop(c, sent);
        all += sent;
    } while (sent > 0);
    if (c->shut && !c->fin_sent && c->n_parts == 0 && !c->error)
        send_fin(c);
    return all > 0;
}

/* ---- Writing ---- */

/* How far a write has come. */
struct cursor {
    const struct piece *v;
    size_t n, at, offset;
};

static struct bytes rest_of(const struct cursor *w, size_t i)
{
    struct bytes b = w->v[i].bytes;
    return bytes_slice(b, i == w->at ? w->offset : 0, b.len);
}

static void advance(struct cursor *w, size_t len)
{
    while (w->at < w->n) {
        size_t left = rest_of(w, w->at).len;
        if (len < left) {
            w->offset += len;
            return;
        }
        len -= left;
        w->at++;
        w->offset = 0;
    }
}

/* From the pieces to the kernel, while nothing of an earlier write stands before them. */
static void write_through(struct host_connection *c, struct cursor *w)
{
    while (c->n_parts == 0 && w->at < w->n && !c->error) {
        struct iovec v[GATHER_MAX];
        size_t n = 0, len = 0;
        for (size_t i = w->at; i < w->n && n < GATHER_MAX; i++, n++) {
            struct bytes b = rest_of(w, i);
            v[n] = (struct iovec){(void *)(uintptr_t)b.data, b.len};
            len += b.len;
        }
        size_t sent = len ? send_some(c, v, n) : 0;
        advance(w, sent);
        if (sent < len)
            return;
    }
}

static void queue_static(struct host_connection *c, struct cursor *w)
{
    while (w->at < w->n && w->v[w->at].life == LIFE_STATIC && ring_put(c, rest_of(w, w->at)))
        advance(w, rest_of(w, w->at).len);
}

static enum err host_flow_write(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns)
{
    struct host_connection *c = of(f);
    struct cursor w = {v, n, 0, 0};
    if (c->error || c->shut)
        return c->error ? c->error : ERR_CLOSED;
    for (;;) {
        write_through(c, &w);
        if (!c->error)
            queue_static(c, &w);
        if (c->error || w.at == w.n)
            return c->error;
        enum err e = host_connection_wait(&c->writer, deadline_ns);
        if (e || c->error)
            return c->error ? c->error : e;
    }
}

static enum err host_flow_shutdown(struct flow *f)
{
    struct host_connection *c = of(f);
    if (c->error || c->shut)
        return c->error ? c->error : ERR_CLOSED;
    c->shut = true;
    (void)flush(c);
    return c->error;
}

static size_t host_flow_unsent(const struct flow *f)
{
    const struct host_connection *c = of(f);
    int in_kernel = 0;
    if (c->error || ioctl(c->socket.fd, SIOCOUTQ, &in_kernel) != 0)
        in_kernel = 0;
    return c->queued_bytes + (size_t)in_kernel;
}

/* ---- Reading ---- */

/* ERR_AGAIN: nothing has come. */
static enum err receive(struct host_connection *c, void *buffer, size_t size, int flags, size_t *len)
{
    if (c->error)
        return c->error;
    ssize_t n = recv(c->socket.fd, buffer, size, flags | MSG_DONTWAIT);
    if (n > 0) {
        *len = (size_t)n;
        return OK;
    }
    if (n == 0)
        return ERR_END;
    if (errno == EAGAIN || errno == EINTR)
        return ERR_AGAIN;
    die(c);
    return c->error;
}

static enum err host_flow_read(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns)
{
    struct host_connection *c = of(f);
    enum err e;
    must(size > 0);
    while ((e = receive(c, buffer, size, 0, len)) == ERR_AGAIN) {
        e = host_connection_wait(&c->reader, deadline_ns);
        if (e)
            return e;
    }
    return e;
}

static void host_flow_arm(struct flow *f, struct waiter *w)
{
    struct host_connection *c = of(f);
    uint8_t byte;
    size_t len;
    c->reader = w;
    if (w && receive(c, &byte, 1, MSG_PEEK, &len) != ERR_AGAIN)
        wake(&c->reader);
}

static struct endpoint host_flow_peer(const struct flow *f)
{
    return of(f)->peer;
}

/* ---- The end ---- */

void host_connection_free(struct host_connection *c)
{
    list_remove(&c->lingering);
    host_socket_close(&c->socket);
    pool_give(&c->stack->connections, c);
}

static void reset_and_free(struct host_connection *c)
{
    struct linger now = {.l_onoff = 1};
    (void)setsockopt(c->socket.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    host_connection_free(c);
}

static void host_flow_abort(struct flow *f)
{
    reset_and_free(of(f));
}

static struct host_connection *oldest(struct host_stack *h)
{
    return list_empty(&h->lingering) ? NULL : CONTAINER_OF(h->lingering.next, struct host_connection, lingering);
}

static void set_linger(struct host_connection *c)
{
    struct host_stack *h = c->stack;
    c->linger_end_ns = time_after(sched_now(), HOST_LINGER_NS);
    list_remove(&c->lingering);
    list_append(&h->lingering, &c->lingering);
    if (!timer_is_set(&h->linger_timer))
        sched_timer(&h->linger_timer, c->linger_end_ns);
}

void host_linger_tick(struct timer *t, uint64_t now_ns)
{
    struct host_stack *h = CONTAINER_OF(t, struct host_stack, linger_timer);
    struct host_connection *c;
    while ((c = oldest(h)) && c->linger_end_ns <= now_ns) {
        h->counters.linger_expired++;
        reset_and_free(c);
    }
    if (c)
        sched_timer(t, c->linger_end_ns);
}

/* The kernel sends what it has and ends the connection in its own time. */
bool host_linger_make_room(struct host_stack *h)
{
    LIST_EACH(&h->lingering, node)
    {
        struct host_connection *c = CONTAINER_OF(node, struct host_connection, lingering);
        if (c->n_parts > 0)
            continue;
        h->counters.linger_dropped++;
        host_connection_free(c);
        return true;
    }
    return false;
}

/* One step of an orphan; it may be gone afterwards. */
static void go_on_ending(struct host_connection *c)
{
    enum err e = OK;
    if (flush(c))
        set_linger(c);
    while (e == OK && !c->peer_ended && c->discarded_bytes < HOST_DISCARD_BYTES) {
        size_t len = 0;
        e = receive(c, NULL, HOST_DISCARD_BYTES, MSG_TRUNC, &len);
        c->discarded_bytes += len;
    }
    c->peer_ended |= e == ERR_END;
    if (c->error || (c->peer_ended && c->n_parts == 0))
        host_connection_free(c);
    else if (e == OK && !c->peer_ended)
        reset_and_free(c);
}

static void host_flow_close(struct flow *f)
{
    struct host_connection *c = of(f);
    c->reader = c->writer = NULL;
    c->orphan = c->shut = true;
    set_linger(c);
    go_on_ending(c);
}

/* ---- News ---- */

/* Waking comes last, the reader after the writer: it may close the flow. */
static void connection_news(struct host_socket *s, uint32_t events)
{
    struct host_connection *c = s->owner;
    if (c->opening) {
        wake(&c->writer);
        return;
    }
    if (c->orphan) {
        go_on_ending(c);
        return;
    }
    bool ends = events & (EPOLLERR | EPOLLHUP);
    if (c->n_parts > 0)
        (void)flush(c);
    if (c->writer && (ends || c->error || events & EPOLLOUT))
        wake(&c->writer);
    if (c->reader && (ends || c->error || events & (EPOLLIN | EPOLLRDHUP)))
        wake(&c->reader);
}

static const struct flow_ops ops = {
    .read = host_flow_read,
    .write = host_flow_write,
    .shutdown = host_flow_shutdown,
    .arm = host_flow_arm,
    .close = host_flow_close,
    .abort = host_flow_abort,
    .unsent = host_flow_unsent,
    .peer = host_flow_peer,
};

struct host_connection *host_connection_new(struct host_stack *h, int fd, const struct endpoint *peer)
{
    int yes = 1;
    bool room = h->connections.n_used < h->connections.n || host_linger_make_room(h);
    struct host_connection *c = room ? pool_take(&h->connections) : NULL;
    if (!c) {
        h->counters.connections_full++;
        return NULL;
    }
    memset(c, 0, offsetof(struct host_connection, part));
    c->flow.ops = &ops;
    c->stack = h;
    c->peer = *peer;
    list_init(&c->lingering);
    if (host_socket_add(&c->socket, h, fd, connection_news, c) != OK) {
        h->counters.connections_full++;
        pool_give(&h->connections, c);
        return NULL;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return c;
}
