/* SPDX-License-Identifier: ISC */
/* Timeouts. A connection has five deadlines and one timer in the wheel. Deadlines move with nearly every segment,
 * the timer does not: it is set when a deadline lies before it, and when it fires too early it is set again. So a
 * busy connection costs the wheel something a few times a second, whatever its rate. */
#include "net/tcp_internal.h"

uint64_t tcp_resend_after(const struct tcp_connection *c, uint64_t now_ns)
{
    uint64_t us = c->rto_us;
    if (c->probing)
        us <<= c->n_resent < 8 ? c->n_resent : 8;
    return time_after(now_ns, (us < TCP_RTO_MAX_US ? us : TCP_RTO_MAX_US) * NS_PER_US);
}

static uint64_t patience_ns(const struct tcp_connection *c)
{
    uint32_t ms = c->user_timeout_ms ? c->user_timeout_ms : TCP_USER_TIMEOUT_MS;
    if (c->orphan && ms > TCP_LINGER_MS)
        ms = TCP_LINGER_MS;
    return ms * NS_PER_MS;
}

static void give_up(struct tcp_connection *c, uint64_t now_ns)
{
    c->t->n.n_timed_out++;
    if (c->orphan)
        c->t->n.n_lingered++;
    if (c->state != TCP_SYN_SENT)
        tcp_send_reset(c, now_ns);
    tcp_end(c, tcp_is_opening(c) && c->soft_error ? (enum err)c->soft_error : ERR_TIMEOUT);
}

static void back_off(struct tcp_connection *c)
{
    c->rto_us = c->rto_us < TCP_RTO_MAX_US / 2 ? c->rto_us * 2 : TCP_RTO_MAX_US;
    if (c->n_resent < UINT8_MAX)
        c->n_resent++;
}

/* A closed window is no loss: asked again and again, as long as the peer answers (RFC 9293 3.8.6.1). A closed flow
 * waits for bytes to be taken, not for answers. */
static void probe_due(struct tcp_connection *c, uint64_t now_ns)
{
    uint64_t since_ns = c->orphan || c->n_resent == 0 ? c->progress_ns : c->heard_ns;
    if ((c->orphan || c->n_resent > 0) && now_ns - since_ns >= patience_ns(c)) {
        give_up(c, now_ns);
        return;
    }
    tcp_send_probe(c, now_ns);
    if (c->n_resent < UINT8_MAX)
        c->n_resent++;
    c->resend_ns = tcp_resend_after(c, now_ns);
}

static void rewind_to_una(struct tcp_connection *c, uint64_t now_ns)
{
    tcp_board_free(c);
    c->rack_ns = TIME_NEVER;
    c->nxt = c->una;
    tcp_tx_seek(c, 0);
    c->in_recovery = false;
    c->n_duplicates = 0;
    tcp_resending(c, now_ns);
}

static void resend_due(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->probing) {
        probe_due(c, now_ns);
        return;
    }
    bool tried = c->user_timeout_ms || c->n_resent >= TCP_TRIES_MIN;
    if (tried && now_ns - c->progress_ns >= patience_ns(c)) {
        give_up(c, now_ns);
        return;
    }
    c->t->n.n_timeouts++;
    if (tcp_is_opening(c)) {
        c->syn_resent = true;
        c->rtt_timing = false;
        c->nxt = c->iss;
        back_off(c);
    } else if (c->wnd_bytes == 0) { /* shrunk to nothing with data under way */
        tcp_undo_forget(c);
        rewind_to_una(c, now_ns);
        c->probing = true;
        c->n_resent = 0;
        probe_due(c, now_ns);
        return;
    } else {
        tcp_mtu_black_hole(c, now_ns);
        tcp_undo_timeout(c, now_ns);
        c->t->congestion->timeout(&c->window, now_ns, c->mss, tcp_flight_reducible(c), c->n_resent);
        if (c->sack)
            tcp_recover_timeout(c, now_ns);
        else
            rewind_to_una(c, now_ns);
        back_off(c);
    }
    c->resend_ns = tcp_resend_after(c, now_ns);
    tcp_output(c, now_ns);
}

static void soon_due(struct tcp_connection *c, uint64_t now_ns)
{
    c->soon_ns = TIME_NEVER;
    c->held = false;
    tcp_output(c, now_ns);
    if (c->ack_now || !seq_equal(c->acked, c->rcv_nxt)) {
        c->t->n.n_delayed_acks++;
        c->ack_now = true;
        tcp_set_pending(c);
    }
}

static void alive_due(struct tcp_connection *c, uint64_t now_ns)
{
    uint64_t idle_ns = c->keepalive_s * NS_PER_S;
    uint64_t quiet_ns = now_ns - c->heard_ns;
    if (idle_ns == 0) {
        c->alive_ns = TIME_NEVER;
    } else if (c->n_keepalives == 0 && quiet_ns < idle_ns) {
        c->alive_ns = c->heard_ns + idle_ns;
    } else if (!seq_equal(c->una, c->max) || c->state < TCP_ESTABLISHED) {
        c->alive_ns = now_ns + idle_ns; /* the retransmission timer watches already */
    } else if (c->n_keepalives >= TCP_KEEPALIVE_TRIES) {
        c->t->n.n_keepalive_lost++;
        give_up(c, now_ns);
    } else {
        tcp_send_keepalive(c, now_ns);
        c->n_keepalives++;
        c->alive_ns = now_ns + c->keepalive_interval_s * NS_PER_S;
    }
}

void tcp_timer_fire(struct timer *timer, uint64_t now_ns)
{
    struct tcp_connection *c = CONTAINER_OF(timer, struct tcp_connection, timer);
    if (c->rack_ns <= now_ns)
        tcp_rack_due(c, now_ns);
    if (c->resend_ns <= now_ns)
        resend_due(c, now_ns);
    if (c->soon_ns <= now_ns)
        soon_due(c, now_ns);
    if (c->alive_ns <= now_ns)
        alive_due(c, now_ns);
    if (c->end_ns <= now_ns) {
        c->t->n.n_lingered++;
        tcp_end(c, ERR_TIMEOUT);
    }
    tcp_settle(c);
}

void tcp_timer_arm(struct tcp_connection *c)
{
    uint64_t first_ns = time_min(time_min(c->resend_ns, c->soon_ns), time_min(c->alive_ns, c->end_ns));
    first_ns = time_min(first_ns, c->rack_ns);
    if (first_ns < c->timer.at_ns)
        wheel_set(&c->t->wheel, &c->timer, first_ns);
}
