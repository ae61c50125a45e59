/* SPDX-License-Identifier: ISC */
/* The user's calls: RFC 9293 3.10.1 to 3.10.6. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

/* ---- Opening ---- */

/* RFC 6056 3.3.3: from a place that depends on the peer, the next port that is free towards it. */
static bool choose_port(struct tcp *t, struct ip local, const struct endpoint *to, uint16_t *port)
{
    const uint32_t n_ports = TCP_PORT_LAST - TCP_PORT_FIRST + 1;
    uint32_t offset = tcp_port_offset(t, &local, to);
    for (uint32_t i = 0; i < n_ports; i++) {
        uint16_t candidate = (uint16_t)(TCP_PORT_FIRST + (offset + t->next_port++) % n_ports);
        if (tcp_find_listener(t, candidate) || tcp_table_find(t, &local, candidate, &to->ip, to->port))
            continue;
        *port = candidate;
        return true;
    }
    return false;
}

enum err tcp_connect(struct tcp *t, uint64_t now_ns, struct endpoint to, struct tcp_connection **out)
{
    struct ip src;
    uint16_t port;
    if (to.port == 0 || ip_is_unspecified(&to.ip) || ip_is_multicast(&to.ip))
        return ERR_INVALID;
    if (tcp_route_payload(t, &to.ip, &src) == 0)
        return ERR_UNREACHABLE;
    if (!choose_port(t, src, &to, &port)) {
        t->n.n_no_port++;
        return ERR_IN_USE;
    }
    struct tcp_connection *c = tcp_connection_new(t, now_ns);
    if (!c) {
        t->n.n_refused_full++;
        return ERR_FULL;
    }
    c->entry.local = (struct endpoint){src, port};
    c->entry.peer = to;
    tcp_table_add(t, &c->entry);
    c->in_table = true;
    struct tcp_secrets secrets = tcp_secrets(t, now_ns, &c->entry.local, &c->entry.peer);
    c->iss = c->una = c->nxt = c->max = secrets.iss;
    c->ts_offset = secrets.ts_offset;
    c->state = TCP_SYN_SENT;
    t->n.n_opened++;
    tcp_output(c, now_ns);
    tcp_settle(c);
    *out = c;
    return OK;
}

enum err tcp_connected(const struct tcp_connection *c)
{
    if (tcp_is_opening(c))
        return ERR_AGAIN;
    return (enum err)c->error;
}

/* ---- Bytes ---- */

static bool is_readable(const struct tcp_connection *c)
{
    return c->rx.len > 0 || c->fin_taken || c->state == TCP_CLOSED;
}

enum err tcp_read(struct tcp_connection *c, uint64_t now_ns, void *buffer, size_t size, size_t *len)
{
    must(size > 0);
    *len = 0;
    if (c->error)
        return (enum err)c->error;
    if (c->rx.len == 0)
        return is_readable(c) ? ERR_END : ERR_AGAIN;
    *len = tcp_rx_read(c, buffer, size);
    bool open = c->state == TCP_ESTABLISHED || c->state == TCP_FIN_WAIT_1 || c->state == TCP_FIN_WAIT_2;
    if (!open || c->fin_taken)
        return OK; /* no more will come: no window is to be promised */
    tcp_tune_read(c, now_ns, (uint32_t)*len);
    if (tcp_rx_update_due(c)) {
        tcp_send_ack(c, now_ns);
        tcp_timer_arm(c);
    }
    return OK;
}

enum err tcp_write(struct tcp_connection *c, struct piece p, size_t *taken)
{
    *taken = 0;
    if (c->error)
        return (enum err)c->error;
    if (c->fin_queued || c->state == TCP_CLOSED)
        return ERR_CLOSED;
    enum err e = tcp_tx_add(c, p, taken);
    c->t->n.n_writes_held += e == ERR_AGAIN;
    return e;
}

void tcp_push(struct tcp_connection *c, uint64_t now_ns)
{
    tcp_output(c, now_ns);
    tcp_timer_arm(c);
}

void tcp_push_late(struct tcp_connection *c)
{
    if (c->state == TCP_CLOSED)
        return; /* nothing is in the lists of what is no more */
    c->push_late = true;
    tcp_set_pending(c);
}

static void queue_fin(struct tcp_connection *c)
{
    c->fin_queued = true;
    if (c->state == TCP_ESTABLISHED)
        c->state = TCP_FIN_WAIT_1;
    else if (c->state == TCP_CLOSE_WAIT)
        c->state = TCP_LAST_ACK;
}

enum err tcp_shutdown(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->error)
        return (enum err)c->error;
    if (c->fin_queued || c->state == TCP_CLOSED)
        return ERR_CLOSED;
    queue_fin(c);
    tcp_push(c, now_ns);
    return OK;
}

void tcp_wait_readable(struct tcp_connection *c, struct waiter *w)
{
    c->reader = w;
    if (w && is_readable(c))
        tcp_wake(&c->reader);
}

void tcp_wait_writable(struct tcp_connection *c, struct waiter *w)
{
    c->writer = w;
    bool now = tcp_is_opening(c) ? false : c->error || c->fin_queued || c->state == TCP_CLOSED || tcp_tx_has_room(c);
    list_remove(&c->starved);
    if (w && now)
        tcp_wake(&c->writer);
    else if (w && !tcp_is_opening(c))
        list_append(&c->t->starved, &c->starved);
}

/* ---- Ending ---- */

void tcp_wait_for_fin(struct tcp_connection *c, uint64_t now_ns)
{
    c->end_ns = time_after(now_ns, TCP_FIN_WAIT_2_NS);
    tcp_tune_end(c);
    list_append(&c->t->orphans, &c->node);
}

void tcp_close(struct tcp_connection *c, uint64_t now_ns)
{
    c->reader = c->writer = NULL;
    c->orphan = true;
    c->t->n.n_closed++;
    tcp_rx_free(c);
    if (c->state == TCP_SYN_SENT) {
        tcp_end(c, ERR_CLOSED);
    } else if (c->state != TCP_CLOSED) {
        c->progress_ns = now_ns;
        if (c->state == TCP_FIN_WAIT_2)
            tcp_wait_for_fin(c, now_ns);
        if (!c->fin_queued)
            queue_fin(c);
        tcp_output(c, now_ns);
    }
    tcp_settle(c);
}

void tcp_abort(struct tcp_connection *c, uint64_t now_ns)
{
    c->reader = c->writer = NULL;
    c->orphan = true;
    c->t->n.n_closed++;
    if (c->state != TCP_CLOSED && c->state != TCP_SYN_SENT)
        tcp_send_reset(c, now_ns);
    if (c->state != TCP_CLOSED)
        tcp_end(c, ERR_CLOSED);
    tcp_settle(c);
}

/* ---- Looking and setting ---- */

size_t tcp_unsent(const struct tcp_connection *c)
{
    return c->tx.len;
}

struct endpoint tcp_local(const struct tcp_connection *c)
{
    return c->entry.local;
}

struct endpoint tcp_peer(const struct tcp_connection *c)
{
    return c->entry.peer;
}

void tcp_set_nagle(struct tcp_connection *c, bool on)
{
    c->nagle = on;
}

void tcp_set_keepalive(struct tcp_connection *c, uint64_t now_ns, uint16_t idle_s, uint16_t interval_s)
{
    c->keepalive_s = idle_s;
    c->keepalive_interval_s = interval_s ? interval_s : 1;
    c->n_keepalives = 0;
    if (c->state == TCP_CLOSED)
        return;
    c->alive_ns = idle_s ? now_ns + idle_s * NS_PER_S : TIME_NEVER;
    tcp_timer_arm(c);
}

void tcp_set_user_timeout(struct tcp_connection *c, uint32_t ms)
{
    c->user_timeout_ms = ms;
}
