/* SPDX-License-Identifier: ISC */
/* TIME-WAIT (RFC 9293 3.6.1): for twice the life of a segment an ended connection is remembered in a small block, to
 * answer a FIN whose ACK was lost and to keep old segments out of a new connection. The blocks lie in a list in the
 * order of their ends with one timer; when all are taken the oldest goes (counted).
 *
 * A SYN opens a new connection at once when it is surely newer: a later timestamp (RFC 6191), or without timestamps a
 * sequence number beyond the last (RFC 1122 4.2.2.13). Resets are not heard here (RFC 1337): an old one must not end
 * the wait. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

void tcp_wait_free(struct tcp *t, struct tcp_timewait *w)
{
    tcp_table_remove(t, &w->entry);
    list_remove(&w->node);
    pool_give(&t->waits, w);
}

static struct tcp_timewait *oldest(struct tcp *t)
{
    return list_empty(&t->waiting) ? NULL : CONTAINER_OF(t->waiting.next, struct tcp_timewait, node);
}

static void set_end(struct tcp *t, struct tcp_timewait *w, uint64_t now_ns)
{
    w->end_ns = time_after(now_ns, TCP_TIME_WAIT_NS);
    list_remove(&w->node);
    list_append(&t->waiting, &w->node);
    if (!timer_is_set(&t->wait_timer))
        wheel_set(&t->wheel, &t->wait_timer, w->end_ns);
}

void tcp_wait_fire(struct timer *timer, uint64_t now_ns)
{
    struct tcp *t = CONTAINER_OF(timer, struct tcp, wait_timer);
    struct tcp_timewait *w;
    while ((w = oldest(t)) && w->end_ns <= now_ns)
        tcp_wait_free(t, w);
    if (w)
        wheel_set(&t->wheel, &t->wait_timer, w->end_ns);
}

void tcp_wait_enter(struct tcp_connection *c, uint64_t now_ns)
{
    struct tcp *t = c->t;
    if (t->waits.n_used == t->waits.n) {
        t->n.n_time_wait_dropped++;
        tcp_wait_free(t, oldest(t));
    }
    struct tcp_timewait *w = pool_take(&t->waits);
    must(w);
    *w = (struct tcp_timewait){
        .entry = {.local = c->entry.local, .peer = c->entry.peer, .kind = TCP_TIMEWAIT},
        .snd_nxt = c->max,
        .rcv_nxt = c->rcv_nxt,
        .ts_recent = c->ts_recent,
        .ts_offset = c->ts_offset,
        .window = (uint16_t)(tcp_rx_window(c) >> tcp_rx_shift(c)),
        .timestamps = c->timestamps,
    };
    tcp_end(c, OK);
    list_init(&w->node);
    tcp_table_add(t, &w->entry);
    set_end(t, w, now_ns);
}

static bool surely_newer(const struct tcp_timewait *w, const struct tcp_segment *s)
{
    if (w->timestamps && s->has_timestamp) {
        int32_t later = (int32_t)(s->ts_value - w->ts_recent);
        return later > 0 || (later == 0 && seq_after(s->seq, w->rcv_nxt));
    }
    return seq_after(s->seq, w->rcv_nxt);
}

static void answer(struct tcp *t, const struct tcp_timewait *w, uint64_t now_ns)
{
    struct tcp_segment s = {
        .seq = w->snd_nxt,
        .ack = w->rcv_nxt,
        .flags = TCP_ACK,
        .window = w->window,
        .has_timestamp = w->timestamps,
        .ts_value = tcp_timestamp(now_ns, w->ts_offset),
        .ts_echo = w->ts_recent,
    };
    tcp_send_bare(t, now_ns, &w->entry, &s);
}

void tcp_input_wait(struct tcp *t, struct tcp_timewait *w, uint64_t now_ns, const struct endpoint *local,
                    const struct endpoint *peer, const struct tcp_segment *s)
{
    if (s->flags & TCP_RST) {
        t->n.n_no_connection++;
        return;
    }
    struct tcp_listener *l = tcp_find_listener(t, local->port);
    if ((s->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && l && surely_newer(w, s)) {
        struct tcp_timewait before = *w;
        t->n.n_time_wait_reused++;
        tcp_wait_free(t, w);
        tcp_input_syn(t, now_ns, l, local, peer, s, &before);
        return;
    }
    bool nothing_new = tcp_segment_len(s) == 0 && seq_equal(s->seq, w->rcv_nxt);
    if (nothing_new)
        return;
    bool fin_again = (s->flags & TCP_FIN) && seq_equal(seq_add(s->seq, tcp_segment_len(s)), w->rcv_nxt);
    answer(t, w, now_ns);
    if (fin_again)
        set_end(t, w, now_ns);
}
