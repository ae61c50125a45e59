/* SPDX-License-Identifier: ISC */
/* What turns out to have been no loss is taken back: the congestion window is again what it was, all of the algorithm's
 * memory with it (RFC 9438 4.9, RFC 4015), and nothing more is sent again.
 *
 *   Eifel    RFC 3522: the first acknowledgement that moves on echoes a time before the retransmission
 *   D-SACK   RFC 2883: all that was sent again has arrived twice
 *   F-RTO    RFC 5682, for timeouts, of a peer that says neither: after the first acknowledgement two new segments are sent
 *            instead of old ones. When the next one moves on again, it does so by what was never sent again
 *
 *     timeout -> FIRST -moves on, below `recover`-> SEND -two new-> SECOND -moves on-> needless
 *                  | else                             | none          | else
 *                  +----------------------------------+---------------+--> OFF: all of it is sent again */
#include "net/tcp_internal.h"

void tcp_undo_begin(struct tcp_connection *c, uint64_t now_ns, enum tcp_undo_of of)
{
    const struct tcp_rack *k = &c->rack;
    struct tcp_undo *u = &c->undo;
    u->before = c->window;
    u->from = c->una;
    u->ts = tcp_timestamp(now_ns, c->ts_offset);
    u->resent_bytes = k->probed && !k->probe_new ? tcp_least(c->mss, k->probe_end.v - c->una.v) : 0;
    c->undoable = true;
    c->undo_timeout = of == TCP_UNDO_TIMEOUT;
}

void tcp_undo_forget(struct tcp_connection *c)
{
    c->undoable = false;
    c->frto = TCP_FRTO_OFF;
}

void tcp_undo_timeout(struct tcp_connection *c, uint64_t now_ns)
{
    bool first = !c->in_recovery && !seq_before(c->una, c->recover);
    if (first)
        tcp_undo_begin(c, now_ns, TCP_UNDO_TIMEOUT);
    else if (c->n_resent == 0)
        c->undoable = false;
    c->frto = first ? TCP_FRTO_FIRST : TCP_FRTO_OFF;
}

/* RFC 4015 3.2: what was acknowledged at once must not become a burst, so the window is not larger than what is under
 * way and an initial window; slow start has the rest back a round trip later. */
static void restore_window(struct tcp_connection *c, uint32_t flight, uint32_t acked)
{
    struct tcp_window *w = &c->window;
    uint32_t rtt_us = w->rtt_us, cwnd = c->in_recovery ? 0 : w->cwnd_bytes; /* it may be inflated (RFC 5681 3.2) */
    *w = c->undo.before;
    w->rtt_us = rtt_us;
    uint32_t gentle = flight + tcp_most(acked, TCP_INITIAL_WINDOW * (uint32_t)c->mss);
    if (gentle < w->cwnd_bytes) {
        w->ssthresh_bytes = tcp_most(w->ssthresh_bytes, w->cwnd_bytes);
        w->cwnd_bytes = gentle;
    }
    w->cwnd_bytes = tcp_most(w->cwnd_bytes, cwnd);
}

/* `acked` bytes of what is under way are acknowledged with this. */
static void undo(struct tcp_connection *c, uint32_t acked)
{
    uint32_t flight = tcp_flight(c);
    restore_window(c, flight - tcp_least(acked, flight), acked);
    if (c->undo_timeout)
        c->t->n.n_undone_timeouts++;
    else
        c->t->n.n_undone_recoveries++;
    tcp_undo_forget(c);
    if (c->n_resent > 1) /* and there was no black hole */
        tcp_set_mss(c, tcp_route_payload(c->t, &c->entry.peer.ip, NULL));
    c->in_recovery = false;
    c->n_duplicates = 0;
    c->recover = seq_add(c->una, UINT32_MAX);
    if (c->sack) {
        tcp_board_none_lost(c);
        c->rack.reordered |= !c->undo_timeout;
        c->rack.probed = false;
        c->rack.sent_ns = 0; /* it may be that of the needless one */
        return;
    }
    c->nxt = c->max;
    tcp_tx_seek(c, tcp_least(flight, (uint32_t)c->tx.len));
}

void tcp_undo_echo(struct tcp_connection *c, const struct tcp_segment *s)
{
    if (!c->undoable || !seq_equal(c->una, c->undo.from))
        return;
    if (c->timestamps && s->has_timestamp && s->ts_echo != 0 && (int32_t)(s->ts_echo - c->undo.ts) < 0)
        undo(c, s->ack.v - c->una.v);
}

void tcp_undo_twice(struct tcp_connection *c, struct tcp_range r)
{
    struct tcp_undo *u = &c->undo;
    if (!c->undoable || seq_before(r.from, u->from) || !seq_before(r.from, r.to) || seq_after(r.to, c->max))
        return;
    uint32_t len = r.to.v - r.from.v;
    if (len > u->resent_bytes)
        return;
    u->resent_bytes -= len;
    if (u->resent_bytes == 0)
        undo(c, 0);
}

/* ---- F-RTO ---- */

void tcp_frto_input(struct tcp_connection *c, uint32_t acked, bool again, bool old_reported)
{
    if (c->frto == TCP_FRTO_FIRST) {
        bool on = acked > 0 && !again && seq_before(c->una, c->recover);
        c->frto = on ? TCP_FRTO_SEND : TCP_FRTO_OFF;
        if (!on || c->sack)
            return;
        c->nxt = c->max;
        tcp_tx_seek(c, tcp_least(tcp_flight(c), (uint32_t)c->tx.len));
    } else if (acked > 0 || old_reported) {
        undo(c, 0);
    } else {
        c->window.cwnd_bytes = TCP_DUPLICATE_ACKS * (uint32_t)c->mss; /* RFC 5682 2.1 step 3a */
        tcp_frto_stop(c);
    }
}

void tcp_frto_stop(struct tcp_connection *c)
{
    c->frto = TCP_FRTO_OFF;
    c->n_duplicates = 0;
    if (c->sack)
        return;
    c->nxt = c->una;
    tcp_tx_seek(c, 0);
}
