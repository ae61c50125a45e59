/* SPDX-License-Identifier: ISC */
/* The user of fuzz/stack.c: calls of TCP and UDP, and time. */
#ifndef FUZZ_STACK_USER_H
#define FUZZ_STACK_USER_H

#include "fuzz/stack_world.h"

/* ---- Connections ---- */

/* Whom the bytes that it reads are from; false: from ourselves. */
static bool is_with_peer(const struct tcp_connection *c)
{
    uint16_t port = tcp_peer(c).port;
    return port >= PEER_PORT && port < PEER_PORT + 64;
}

static void check_read(const struct held *h, const uint8_t *data, size_t len)
{
    uint32_t first = h->c->irs.v + 1 + h->n_read;
    for (size_t i = 0; i < len; i++) {
        uint8_t expected =
            is_with_peer(h->c) ? stream_byte((uint32_t)(first + i)) : user_byte((uint32_t)(h->n_read + i));
        must(data[i] == expected);
    }
}

static void read_some(struct world *w, struct held *h, uint8_t size, bool drop)
{
    uint8_t buffer[256];
    size_t len;
    if (tcp_read(h->c, w->now_ns, drop ? NULL : buffer, size ? size : 1, &len) != OK)
        return;
    must(len >= 1 && len <= sizeof buffer);
    if (!drop)
        check_read(h, buffer, len);
    h->n_read += (uint32_t)len;
}

static void write_some(struct world *w, struct held *h, size_t len, uint8_t how)
{
    struct bytes b = bytes_of(user_stream + h->n_written % USER_PERIOD, len < USER_PERIOD ? len : USER_PERIOD);
    size_t taken;
    enum err e = tcp_write(h->c, how & 2 ? piece_static(b) : piece_copy(b), &taken);
    must(taken <= b.len && (e == OK || taken == 0));
    h->n_written += (uint32_t)taken;
    if (how & 4)
        tcp_push_late(h->c);
    else
        tcp_push(h->c, w->now_ns);
}

static struct endpoint target(const struct world *w, const uint8_t *a)
{
    static const struct ip six = {{[15] = 1}};
    const struct peer *p = &w->peer[a[2] % PEERS];
    struct ip own = a[3] & 4 ? six : a[3] & 8 ? w->net->ip4.net.ip : ip4(127, 0, 0, 1);
    return (a[3] & 3) == 3 ? (struct endpoint){own, 80} : (struct endpoint){p->ip, p->port};
}

static void open_one(struct world *w, const uint8_t *a, struct held *h)
{
    h->n_written = h->n_read = 0;
    if (a[0] & 1 ? tcp_accept(w->listener, &h->c) : tcp_connect(w->tcp, w->now_ns, target(w, a), &h->c))
        h->c = NULL;
}

static void let_go(struct world *w, struct held *h, bool abort)
{
    if (abort)
        tcp_abort(h->c, w->now_ns);
    else
        tcp_close(h->c, w->now_ns);
    h->c = NULL;
}

static void call(struct world *w, const uint8_t *a)
{
    struct held *h = &w->held[a[1] % HELD_MAX];
    if (!h->c) {
        open_one(w, a, h);
        return;
    }
    switch (a[0] % 13) {
    case 0:
    case 1:
        write_some(w, h, (size_t)a[2] * (a[3] & 1 ? 100 : 1), a[3]);
        break;
    case 2:
        tcp_push(h->c, w->now_ns);
        break;
    case 3:
    case 4:
    case 5:
        read_some(w, h, a[2], a[3] & 1);
        break;
    case 6:
        (void)!tcp_shutdown(h->c, w->now_ns);
        break;
    case 7:
        let_go(w, h, a[2] & 1);
        break;
    case 8:
        tcp_set_keepalive(h->c, w->now_ns, a[2], a[3]);
        break;
    case 9:
        tcp_set_user_timeout(h->c, a[2] * 1000u);
        break;
    case 10:
        tcp_wait_readable(h->c, a[2] & 1 ? &h->reader : NULL);
        break;
    case 11:
        tcp_wait_writable(h->c, a[2] & 1 ? &h->writer : NULL);
        break;
    default:
        tcp_set_nagle(h->c, a[2] & 1);
    }
}

static void look(const struct world *w)
{
    struct tcp_rows at = {0};
    struct tcp_row row;
    for (size_t n = 0; tcp_rows_next(w->tcp, &at, &row); n++)
        must(n < 4096 && row.state && row.flight_bytes <= row.unsent_bytes + 2);
}

static void serve(struct world *w, const uint8_t *a)
{
    switch (a[0] % 4) {
    case 0:
        list_remove(&w->acceptor.node);
        tcp_wait_accept(w->listener, &w->acceptor);
        break;
    case 1:
        tcp_unlisten(w->listener, w->now_ns);
        must(list_empty(&w->acceptor.node));
        must(tcp_listen(w->tcp, 80, w->backlog, &w->listener) == OK);
        break;
    default:
        look(w);
    }
}

/* ---- Sockets ---- */

static void send_datagram(struct world *w, struct udp_socket *u, const uint8_t *a)
{
    static const uint8_t zeros[300 * 255];
    struct bytes b = bytes_of(zeros, a[2] * (a[3] & 4 ? 300u : 8u));
    const struct peer *p = &w->peer[a[1] % PEERS];
    struct ip group = a[3] & 16 ? ip4(224, 1, 2, a[2] & 15) : IP_BROADCAST4;
    struct endpoint to = {a[3] & 1 ? local_of(w, p) : a[3] & 8 ? group : p->ip, a[3] & 2 ? 53 : p->port};
    (void)!udp_transmit(u, w->now_ns, &to, &b, 1);
}

static void use_udp(struct world *w, const uint8_t *a)
{
    size_t i = a[4] % SOCKETS;
    struct udp_socket **u = &w->socket[i];
    struct endpoint from;
    uint8_t buffer[2048];
    size_t len;
    enum err problem;
    struct ip group = a[1] & 1 ? ip4(224, 1, 2, a[2] & 15) : (struct ip){{0xff, (a[3] & 7) + 1, [15] = a[2] & 15}};
    switch (a[0] % 7) {
    case 0:
        send_datagram(w, *u, a);
        break;
    case 1:
        (void)!udp_take(*u, buffer, a[2] * 8u, &len, &from);
        break;
    case 2:
        (void)!group_join(w->net, w->now_ns, &group, udp_index(*u));
        break;
    case 3:
        (void)!group_leave(w->net, w->now_ns, &group, udp_index(*u));
        break;
    case 4:
        (void)udp_problem(*u, &problem, &from);
        break;
    case 5:
        (*u)->reader = a[2] & 1 ? &w->socket_reader[i] : NULL;
        break;
    default:
        (*u)->reader = NULL;
        udp_shut(*u, w->now_ns);
        must(udp_open(w->net, i ? 0 : 53, u) == OK);
    }
}

/* ---- Time ---- */

/* What we send to ourselves goes round without time passing, as in stack.c. */
static void go_round(struct world *w)
{
    for (int i = 0; w->net->loop.first; i++) {
        must(i < 1000);
        w->net->loop.ops->deliver(w->net, w->now_ns);
        tcp_flush(w->tcp, w->now_ns);
    }
}

static void pass_time(struct world *w, uint64_t span_ns)
{
    uint64_t to_ns = w->now_ns + span_ns, at_ns;
    go_round(w);
    for (int i = 0; i < 2000; i++) {
        at_ns = time_min(net_deadline(w->net), tcp_deadline(w->tcp));
        if (at_ns > to_ns)
            break;
        must(i < 1999 || span_ns > NS_PER_S); /* no timer spins */
        w->now_ns = at_ns > w->now_ns ? at_ns : w->now_ns;
        net_tick(w->net, w->now_ns);
        tcp_tick(w->tcp, w->now_ns);
        tcp_flush(w->tcp, w->now_ns);
        go_round(w);
        must(net_deadline(w->net) > w->now_ns);
    }
    w->now_ns = to_ns > w->now_ns ? to_ns : w->now_ns;
}

#endif
