/* SPDX-License-Identifier: ISC */
/* Passive opening. A SYN costs a small block, not a connection; the ACK of our SYN-ACK makes it one, which then
 * waits in the listener's bounded queue until it is accepted.
 *
 *   SYN      the queue has no room: refused by a reset, so that the client need not wait to learn it.
 *            The half-open table is full: answered with a cookie (tcp_cookie.c); in place of a connection in TIME-WAIT,
 *            where the first number is not free, the oldest goes.
 *   ACK      no room now, or no control block: refused too.
 *
 * Data and FIN in a SYN are not acknowledged, so the peer sends them again when the connection is there. */
#include "net/tcp_internal.h"

/* ---- Half-open ---- */

void tcp_half_free(struct tcp_half *h)
{
    struct tcp *t = h->t;
    tcp_table_remove(t, &h->entry);
    list_remove(&h->node);
    wheel_cancel(&h->timer);
    pool_give(&t->halves, h);
}

void tcp_send_syn_ack(const struct tcp_half *h, uint64_t now_ns, uint32_t ts_value)
{
    struct tcp_segment s = {
        .seq = h->iss,
        .ack = seq_add(h->irs, 1),
        .flags = h->ecn ? TCP_SYN | TCP_ACK | TCP_ECE : TCP_SYN | TCP_ACK,
        .window = h->window,
        .has_mss = true,
        .mss = tcp_syn_mss(tcp_route_payload(h->t, &h->entry.peer.ip, NULL)),
        .has_shift = h->scaling,
        .shift = h->t->rcv_shift,
        .sack_permitted = h->sack,
        .has_timestamp = h->timestamps,
        .ts_value = ts_value,
        .ts_echo = h->ts_recent,
    };
    tcp_send_bare(h->t, now_ns, &h->entry, &s);
}

static void send_syn_ack(const struct tcp_half *h, uint64_t now_ns)
{
    tcp_send_syn_ack(h, now_ns, tcp_timestamp(now_ns, h->ts_offset));
}

static void half_fire(struct timer *timer, uint64_t now_ns)
{
    struct tcp_half *h = CONTAINER_OF(timer, struct tcp_half, timer);
    if (h->n_resent >= TCP_HALF_OPEN_TRIES) {
        h->t->n.n_half_expired++;
        tcp_half_free(h);
        return;
    }
    h->n_resent++;
    h->t->n.n_retransmitted++;
    send_syn_ack(h, now_ns);
    wheel_set(&h->t->wheel, &h->timer, now_ns + ((uint64_t)TCP_RTO_FIRST_US << h->n_resent) * NS_PER_US);
}

static struct tcp_half *half_new(struct tcp *t)
{
    if (t->halves.n_used == t->halves.n && !list_empty(&t->half)) {
        t->n.n_half_dropped++;
        tcp_half_free(CONTAINER_OF(t->half.next, struct tcp_half, node));
    }
    return pool_take(&t->halves);
}

uint16_t tcp_first_window(const struct tcp *t)
{
    uint32_t share = tcp_chunks_free(t) * (uint32_t)TCP_CHUNK_DATA / TCP_FAIR_SHARE;
    return share < t->window_first ? (uint16_t)share : (uint16_t)t->window_first;
}

void tcp_input_syn(struct tcp *t, uint64_t now_ns, struct tcp_listener *l, const struct endpoint *local,
                   const struct endpoint *peer, const struct tcp_segment *s, const struct tcp_timewait *before)
{
    if (l->n_ready >= l->backlog) {
        t->n.n_refused_backlog++;
        tcp_refuse(t, now_ns, local, peer, s);
        return;
    }
    if (!before && t->halves.n_used == t->halves.n) {
        tcp_cookie_send(t, now_ns, local, peer, s);
        return;
    }
    struct tcp_half *h = half_new(t);
    if (!h)
        return;
    struct tcp_secrets secrets = tcp_secrets(t, now_ns, local, peer);
    *h = (struct tcp_half){
        .entry = {.local = *local, .peer = *peer, .kind = TCP_HALF},
        .t = t,
        .listener = l,
        .sent_ns = now_ns,
        .iss = secrets.iss,
        .irs = s->seq,
        .ts_recent = s->has_timestamp ? s->ts_value : 0,
        .ts_offset = secrets.ts_offset,
        .wnd_bytes = s->window,
        .window = tcp_first_window(t),
        .peer_mss = s->has_mss ? s->mss : TCP_MSS_DEFAULT,
        .snd_shift = s->has_shift ? s->shift : 0,
        .scaling = s->has_shift,
        .timestamps = s->has_timestamp,
        .sack = s->sack_permitted,
        .ecn = (s->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR),
    };
    /* RFC 9293 3.6.1: the new numbers lie beyond all of the connection before. */
    if (before && !seq_after(h->iss, seq_add(before->snd_nxt, UINT16_MAX)))
        h->iss = seq_add(before->snd_nxt, UINT16_MAX + 2);
    tcp_table_add(t, &h->entry);
    list_append(&t->half, &h->node);
    timer_init(&h->timer, half_fire);
    wheel_set(&t->wheel, &h->timer, now_ns + TCP_RTO_FIRST_US * NS_PER_US);
    send_syn_ack(h, now_ns);
}

/* ---- From half-open to established ---- */

/* The first window of data, and the timeout for it (RFC 6928 2, RFC 6298 5.7). */
void tcp_established(struct tcp_connection *c, uint64_t now_ns)
{
    tcp_set_mss(c, tcp_route_payload(c->t, &c->entry.peer.ip, NULL));
    c->t->congestion->start(&c->window, c->mss);
    if (c->syn_resent) {
        c->window.cwnd_bytes = c->mss;
        c->rto_us = c->srtt_us ? c->rto_us : TCP_RTO_SYN_LOST_US;
    }
    c->nxt = c->max;
    c->recover = c->iss;
    c->round = c->marked = c->max;
    tcp_rack_start(c, now_ns);
    tcp_tune_start(c, now_ns);
    tcp_mtu_later(c, now_ns);
    c->rtt_timing = false;
    c->n_resent = 0;
    c->heard_ns = c->progress_ns = now_ns;
    tcp_tx_seek(c, 0);
    c->state = c->fin_queued ? TCP_FIN_WAIT_1 : TCP_ESTABLISHED;
    c->wake_writer = true;
    if (c->keepalive_s)
        c->alive_ns = now_ns + c->keepalive_s * NS_PER_S;
}

static void take_over(struct tcp_connection *c, uint64_t now_ns, const struct tcp_half *h)
{
    c->entry = h->entry;
    c->entry.kind = TCP_CONNECTION;
    c->iss = h->iss;
    c->una = c->nxt = c->max = seq_add(h->iss, 1);
    c->irs = h->irs;
    c->rcv_nxt = c->acked = seq_add(h->irs, 1);
    c->rcv_edge = seq_add(c->rcv_nxt, h->window);
    c->wl1 = h->irs;
    c->wl2 = c->una;
    c->wnd_bytes = c->wnd_max_bytes = h->wnd_bytes;
    c->peer_mss = h->peer_mss;
    c->scaling = h->scaling;
    c->snd_shift = h->snd_shift;
    c->timestamps = h->timestamps;
    c->sack = h->sack;
    c->ecn = h->ecn;
    c->ts_recent = h->ts_recent;
    c->ts_recent_ms = (uint32_t)(now_ns / NS_PER_MS);
    c->ts_offset = h->ts_offset;
    c->syn_resent = h->n_resent > 0;
    if (h->n_resent == 0 && h->sent_ns != TIME_NEVER)
        tcp_rtt_sample(c, (uint32_t)((now_ns - h->sent_ns) / NS_PER_US));
}

static void wake_first(struct list *waiters)
{
    struct list *node = list_pop(waiters);
    if (node) {
        struct waiter *w = CONTAINER_OF(node, struct waiter, node);
        w->wake(w);
    }
}

void tcp_wake_acceptor(struct tcp_listener *l)
{
    if (!list_empty(&l->ready))
        wake_first(&l->waiters);
}

/* The third packet, of an opening that is in no table any more. */
static void complete(struct tcp_listener *l, const struct tcp_half *h, uint64_t now_ns, const struct tcp_segment *s)
{
    struct tcp *t = h->t;
    struct tcp_connection *c = NULL;
    if (l->n_ready >= l->backlog)
        t->n.n_refused_backlog++;
    else if (!(c = tcp_connection_new(t, now_ns)))
        t->n.n_refused_full++;
    if (!c) {
        tcp_refuse(t, now_ns, &h->entry.local, &h->entry.peer, s);
        return;
    }
    take_over(c, now_ns, h);
    tcp_table_add(t, &c->entry);
    c->in_table = true;
    tcp_established(c, now_ns);
    t->n.n_accepted++;
    list_append(&l->ready, &c->node);
    l->n_ready++;
    tcp_input_connection(c, now_ns, s); /* its data, FIN, window; `c` stays the queue's */
    tcp_wake_acceptor(l);
}

bool tcp_input_cookie(struct tcp *t, uint64_t now_ns, struct tcp_listener *l, const struct endpoint *local,
                      const struct endpoint *peer, const struct tcp_segment *s)
{
    struct tcp_half h;
    if (!tcp_cookie_take(t, now_ns, local, peer, s, &h))
        return false;
    complete(l, &h, now_ns, s);
    return true;
}

static void answer_half(struct tcp_half *h, uint64_t now_ns)
{
    struct tcp_segment s = {
        .seq = seq_add(h->iss, 1),
        .ack = seq_add(h->irs, 1),
        .flags = TCP_ACK,
        .window = h->scaling ? (uint16_t)(h->window >> h->t->rcv_shift) : h->window,
        .has_timestamp = h->timestamps,
        .ts_value = tcp_timestamp(now_ns, h->ts_offset),
        .ts_echo = h->ts_recent,
    };
    h->t->n.n_challenges++;
    tcp_send_bare(h->t, now_ns, &h->entry, &s);
}

static bool half_accepts(const struct tcp_half *h, const struct tcp_segment *s)
{
    uint32_t from_edge = s->seq.v - (h->irs.v + 1);
    if (from_edge >= h->window && from_edge != 0)
        return false;
    return !h->timestamps || (s->has_timestamp && (int32_t)(s->ts_value - h->ts_recent) >= 0);
}

void tcp_input_half(struct tcp_half *h, uint64_t now_ns, const struct tcp_segment *s)
{
    struct tcp *t = h->t;
    if (s->flags & TCP_RST) {
        if (seq_equal(s->seq, seq_add(h->irs, 1))) {
            t->n.n_reset++;
            tcp_half_free(h);
        }
        return;
    }
    if (s->flags & TCP_SYN) {
        bool again = seq_equal(s->seq, h->irs) && !(s->flags & TCP_ACK);
        if (again && h->n_resent < TCP_HALF_OPEN_TRIES)
            send_syn_ack(h, now_ns); /* the timer goes on: it limits the whole */
        else if (!again)
            answer_half(h, now_ns);
        return;
    }
    if (!(s->flags & TCP_ACK)) {
        t->n.n_no_ack++;
        return;
    }
    if (!half_accepts(h, s)) {
        t->n.n_out_of_window++;
        answer_half(h, now_ns);
        return;
    }
    if (!seq_equal(s->ack, seq_add(h->iss, 1))) {
        t->n.n_bad_ack++;
        tcp_refuse(t, now_ns, &h->entry.local, &h->entry.peer, s);
        return;
    }
    struct tcp_half done = *h;
    tcp_half_free(h);
    complete(done.listener, &done, now_ns, s);
}

/* ---- Listeners ---- */

enum err tcp_listen(struct tcp *t, uint16_t port, uint32_t backlog, struct tcp_listener **l)
{
    if (port == 0 || backlog == 0)
        return ERR_INVALID;
    if (tcp_find_listener(t, port))
        return ERR_IN_USE;
    for (uint32_t i = 0; i < t->n_listeners; i++) {
        struct tcp_listener *free_one = &t->listener[i];
        if (free_one->port != 0 || free_one->open.n_accepting > 0)
            continue;
        *free_one = (struct tcp_listener){.port = port, .backlog = backlog, .t = t};
        list_init(&free_one->ready);
        list_init(&free_one->waiters);
        *l = free_one;
        return OK;
    }
    return ERR_FULL;
}

enum err tcp_accept(struct tcp_listener *l, struct tcp_connection **c)
{
    struct list *node = list_pop(&l->ready);
    if (!node)
        return ERR_AGAIN;
    l->n_ready--;
    *c = CONTAINER_OF(node, struct tcp_connection, node);
    return OK;
}

void tcp_wait_accept(struct tcp_listener *l, struct waiter *w)
{
    list_remove(&w->node);
    if (list_empty(&l->ready))
        list_append(&l->waiters, &w->node);
    else
        w->wake(w);
}

void tcp_unlisten(struct tcp_listener *l, uint64_t now_ns)
{
    l->port = 0;
    LIST_EACH(&l->t->half, node)
    {
        struct tcp_half *h = CONTAINER_OF(node, struct tcp_half, node);
        if (h->listener == l)
            tcp_half_free(h);
    }
    struct tcp_connection *c;
    while (tcp_accept(l, &c) == OK)
        tcp_abort(c, now_ns);
    while (!list_empty(&l->waiters))
        wake_first(&l->waiters);
}
