/* SPDX-License-Identifier: ISC */
/* Acknowledgements: what was delivered, how long it took, what was lost, what the peer has room for.
 *
 *   RFC 6298  the retransmission timeout, from timestamps when there are any, else from one segment at a time
 *   RFC 5681  three duplicates: the first unacknowledged segment is sent again
 *   RFC 6582  partial acknowledgements in recovery: and so is the next one
 *             with SACK, tcp_recover.c has both places
 *   RFC 5961  5.2: acknowledgements of what was never sent, or of long ago, get a challenge */
#include "net/tcp_internal.h"

static const uint32_t clock_us = 1000; /* of timestamps: G in RFC 6298 */

void tcp_rtt_sample(struct tcp_connection *c, uint32_t rtt_us)
{
    if (rtt_us == 0)
        rtt_us = 1;
    if (c->srtt_us == 0) {
        c->srtt_us = rtt_us;
        c->rttvar_us = rtt_us / 2;
    } else {
        uint32_t away = rtt_us > c->srtt_us ? rtt_us - c->srtt_us : c->srtt_us - rtt_us;
        c->rttvar_us = c->rttvar_us - c->rttvar_us / 4 + away / 4;
        c->srtt_us = c->srtt_us - c->srtt_us / 8 + rtt_us / 8;
        if (c->srtt_us == 0)
            c->srtt_us = 1;
    }
    uint64_t spread = (uint64_t)c->rttvar_us * 4;
    uint64_t rto_us = c->srtt_us + (spread > clock_us ? spread : clock_us);
    if (rto_us < TCP_RTO_MIN_US)
        rto_us = TCP_RTO_MIN_US;
    c->window.rtt_us = rtt_us;
    c->rto_us = rto_us > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : (uint32_t)rto_us;
}

/* Whether an echo may be that of a segment which was sent again since. Its time would be that of the loss, not of
 * the network; and where acknowledgements get lost too, each such sample would make the next one longer. */
static bool is_ambiguous(const struct tcp_connection *c, const struct tcp_segment *s)
{
    return seq_before(c->una, c->recover) && (int32_t)(s->ts_echo - c->resent_ts) < 0;
}

/* Karn: a segment that was sent twice gives no sample, unless timestamps tell the two apart. */
static void measure(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (c->timestamps && s->has_timestamp && s->ts_echo != 0) {
        if (is_ambiguous(c, s))
            return;
        uint32_t ms = tcp_timestamp(now_ns, c->ts_offset) - s->ts_echo;
        if (ms < TCP_RTO_MAX_US / 1000)
            tcp_rtt_sample(c, ms * 1000);
    } else if (c->rtt_timing && !seq_before(s->ack, c->rtt_seq)) {
        uint64_t us = (now_ns - c->rtt_at_ns) / NS_PER_US;
        tcp_rtt_sample(c, us > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : (uint32_t)us);
    }
    if (!seq_before(s->ack, c->rtt_seq))
        c->rtt_timing = false;
}

/* In recovery: whether the timer starts anew. RFC 6582 4: at the first partial acknowledgement only, so that a window
 * with many losses ends in a timeout and slow start. */
static bool recovery_acked(struct tcp_connection *c, uint64_t now_ns, uint32_t bytes)
{
    if (!seq_before(c->una, c->recover)) {
        c->in_recovery = false;
        c->n_duplicates = 0;
        c->t->congestion->recovered(&c->window, c->mss, tcp_flight(c));
        return true;
    }
    c->t->n.n_partial_acks++;
    c->t->congestion->partial(&c->window, c->mss, bytes);
    tcp_resend_first(c, now_ns);
    bool first = c->n_duplicates > 0;
    c->n_duplicates = 0;
    return first;
}

void tcp_window_acked(struct tcp_connection *c, uint64_t now_ns, uint32_t bytes)
{
    struct tcp_window *w = &c->window;
    if (w->cwnd_bytes < w->ssthresh_bytes && w->rtt_us > 0) {
        bool over = !seq_before(c->una, c->round);
        if (over)
            c->round = c->max;
        c->t->congestion->measured(w, w->rtt_us, over);
    }
    c->t->congestion->acked(w, now_ns, c->mss, bytes);
}

void tcp_window_reduced(struct tcp_connection *c, uint64_t now_ns, uint32_t flight_bytes)
{
    tcp_undo_forget(c);
    c->t->congestion->lost(&c->window, now_ns, c->mss, flight_bytes);
    c->window.cwnd_bytes = c->window.ssthresh_bytes;
}

/* The peer gets what we send; every 4 seconds at most, which is less than the 5 that a neighbour waits before it is asked
 * (RFC 4861 10, DELAY_FIRST_PROBE_TIME). */
static void tell_reached(struct tcp_connection *c, uint64_t now_ns)
{
    struct ip_below *b = c->t->below;
    c->told = (uint8_t)(now_ns >> 32);
    if (b->reached)
        b->reached(b, now_ns, &c->entry.peer.ip);
}

static void delivered(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    uint32_t bytes = s->ack.v - c->una.v;
    measure(c, now_ns, s);
    if ((uint8_t)(now_ns >> 32) != c->told)
        tell_reached(c, now_ns);
    if (c->undoable)
        tcp_undo_echo(c, s);
    bool again = seq_before(s->ack, c->nxt);                /* what is sent once more is not there yet */
    tcp_tx_acked(c, bytes < c->tx.len ? bytes : c->tx.len); /* what is more is the FIN */
    c->una = s->ack;
    if (seq_before(c->nxt, c->una)) {
        c->nxt = c->una;
        tcp_tx_seek(c, 0);
    }
    c->progress_ns = now_ns;
    c->n_resent = 0;
    if (c->probe_len)
        tcp_mtu_arrived(c);
    c->wake_writer = true;
    bool restart = true;
    if (c->sack) {
        c->n_duplicates = 0;
    } else if (c->in_recovery) {
        restart = recovery_acked(c, now_ns, bytes);
    } else {
        c->n_duplicates = 0;
        if (c->frto)
            tcp_frto_input(c, bytes, again, false);
        if (c->limited)
            tcp_window_acked(c, now_ns, bytes);
    }
    if (seq_equal(c->una, c->max) || c->probing) {
        c->probing = false;
        c->resend_ns = TIME_NEVER;
    } else if (restart) {
        c->resend_ns = tcp_resend_after(c, now_ns);
    }
}

static void duplicate(struct tcp_connection *c, uint64_t now_ns)
{
    c->t->n.n_duplicate_acks++;
    if (c->n_duplicates < UINT8_MAX)
        c->n_duplicates++;
    if (c->in_recovery) {
        c->t->congestion->duplicate(&c->window, c->mss);
        return;
    }
    if (c->frto)
        tcp_frto_input(c, 0, true, false);
    if (c->n_duplicates != TCP_DUPLICATE_ACKS || !seq_after(c->una, c->recover))
        return;
    tcp_recover_begin(c, now_ns);
    tcp_resend_first(c, now_ns);
}

/* RFC 5681 2: says nothing new, while something is under way. */
static bool is_duplicate(const struct tcp_connection *c, const struct tcp_segment *s, uint32_t window)
{
    return seq_equal(s->ack, c->una) && s->data.len == 0 && !(s->flags & TCP_FIN) && window == c->wnd_bytes &&
           !seq_equal(c->una, c->max) && !c->probing;
}

static void update_window(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, uint32_t window)
{
    bool newer = seq_before(c->wl1, s->seq) || (seq_equal(c->wl1, s->seq) && !seq_after(c->wl2, s->ack));
    if (!newer)
        return;
    if (seq_before(seq_add(s->ack, window), seq_add(c->wl2, c->wnd_bytes)))
        c->t->n.n_shrunk_window++;
    c->wnd_bytes = window;
    c->wl1 = s->seq;
    c->wl2 = s->ack;
    if (window > c->wnd_max_bytes)
        c->wnd_max_bytes = window;
    if (c->probing && window > 0) {
        c->probing = false;
        c->n_resent = 0;
        c->resend_ns = TIME_NEVER;
        c->progress_ns = now_ns;
    }
}

/* RFC 3168 6.1.2: the peer saw a mark. Like a loss, once in a round trip, but nothing is sent again. */
static void slow_down(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->in_recovery || seq_before(c->una, c->marked) || seq_before(c->una, c->recover))
        return;
    c->t->n.n_slowed_by_marks++;
    tcp_window_reduced(c, now_ns, tcp_flight_reducible(c));
    c->marked = c->max;
    c->slowed = true;
}

bool tcp_ack_input(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    int32_t ahead = seq_diff(s->ack, c->una);
    bool told = c->ecn && (s->flags & TCP_ECE);
    bool ancient = ahead < 0 && (uint32_t)-ahead > c->wnd_max_bytes;
    if (seq_after(s->ack, c->max) || ancient) {
        c->t->n.n_bad_ack++;
        tcp_challenge(c, now_ns);
        return false;
    }
    if (ahead < 0) {
        c->t->n.n_old_duplicate++;
        return true;
    }
    uint32_t window = (uint32_t)s->window << c->snd_shift;
    if (told)
        c->limited = false; /* so the window does not grow by this one */
    if (ahead > 0)
        delivered(c, now_ns, s);
    else if (!c->sack && is_duplicate(c, s, window))
        duplicate(c, now_ns);
    update_window(c, now_ns, s, window);
    if (c->sack && (ahead > 0 || s->n_sack > 0 || c->rack.probed))
        tcp_recover_input(c, now_ns, s, (uint32_t)ahead);
    if (told)
        slow_down(c, now_ns);
    return true;
}
