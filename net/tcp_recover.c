/* SPDX-License-Identifier: ISC */
/* Recovery of a connection with SACK (RFC 6675): what was reported lost is sent again as the network has room for it, and
 * how much that is follows proportional rate reduction (RFC 6937). What is lost is RACK's to say (tcp_rack.c). */
#include "net/tcp_internal.h"

/* RFC 6937 3, with the slow start reduction bound. At least one segment goes out at the start. */
static void reduce(struct tcp_connection *c, uint32_t delivered)
{
    struct tcp_prr *p = &c->prr;
    uint32_t pipe = tcp_pipe(c), aim = c->window.ssthresh_bytes, room;
    p->delivered += delivered;
    if (pipe > aim) {
        uint64_t share = ((uint64_t)p->delivered * aim + p->flight - 1) / p->flight;
        room = share > p->out ? (uint32_t)(share - p->out) : 0;
    } else {
        uint32_t caught = p->delivered > p->out ? p->delivered - p->out : 0;
        room = tcp_least(aim - pipe, tcp_most(caught, delivered) + c->mss);
    }
    if (p->out == 0)
        room = tcp_most(room, c->mss);
    c->window.cwnd_bytes = pipe + room;
}

void tcp_recover_begin(struct tcp_connection *c, uint64_t now_ns)
{
    uint32_t flight = tcp_flight_reducible(c);
    c->t->n.n_fast_retransmits++;
    c->in_recovery = true;
    tcp_resending(c, now_ns);
    tcp_undo_begin(c, now_ns, TCP_UNDO_RECOVERY);
    c->t->congestion->lost(&c->window, now_ns, c->mss, flight);
    c->prr = (struct tcp_prr){.flight = flight};
    c->resend_ns = tcp_resend_after(c, now_ns);
}

void tcp_recover_lost(struct tcp_connection *c, uint64_t now_ns)
{
    bool after_timeout = seq_before(c->una, c->recover);
    if (c->board.lost_bytes == 0 || c->in_recovery || after_timeout || tcp_mtu_lost(c))
        return;
    tcp_recover_begin(c, now_ns);
    reduce(c, 0);
}

static void leave(struct tcp_connection *c)
{
    c->in_recovery = false;
    c->window.cwnd_bytes = c->window.ssthresh_bytes;
    tcp_rack_recovered(c);
}

void tcp_recover_input(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, uint32_t acked)
{
    struct tcp_board *b = &c->board;
    uint32_t before = b->sacked_bytes;
    bool calm = !c->in_recovery && before == 0 && b->lost_bytes == 0 && !c->rack.probed && s->n_sack == 0 && !c->frto;
    if (acked > 0)
        tcp_board_acked(c, now_ns, s);
    if (calm) { /* the usual case: only what follows from it */
        if (acked > 0 && c->limited)
            tcp_window_acked(c, now_ns, acked);
        if (!c->rack.tail || !b->head)
            c->rack_ns = TIME_NEVER;
        if (b->head)
            tcp_rack_arm_tail(c, now_ns);
        return;
    }
    uint32_t old = c->frto ? tcp_board_reported(c, c->recover) : 0;
    bool twice = tcp_board_sacked(c, now_ns, s);
    uint32_t delivered = acked + b->sacked_bytes - before;
    if (c->frto)
        tcp_frto_input(c, acked, b->head && b->head->resent, tcp_board_reported(c, c->recover) > old);
    if (twice) {
        tcp_rack_twice(c);
        tcp_undo_twice(c, s->sack[0]);
    }
    if (c->in_recovery && !seq_before(c->una, c->recover))
        leave(c);
    if (tcp_rack_tail_repaired(c, s, acked, twice) && !c->in_recovery) /* a loss like others: RFC 8985 7.4.2 */
        tcp_window_reduced(c, now_ns, tcp_least(tcp_flight(c) + c->mss, c->window.cwnd_bytes));
    if (delivered == 0 && !twice)
        return;
    if (b->sacked_bytes > 0 || c->in_recovery || b->lost_bytes > 0)
        tcp_rack_detect(c, now_ns);
    else if (!c->rack.tail)
        c->rack_ns = TIME_NEVER;
    tcp_recover_lost(c, now_ns);
    if (c->in_recovery) {
        reduce(c, delivered);
    } else if (acked > 0 && c->limited) {
        tcp_window_acked(c, now_ns, acked);
    }
    tcp_rack_arm_tail(c, now_ns);
}

void tcp_recover_timeout(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->probe_len) {
        c->mss_not = c->probe_len;
        c->probe_len = 0;
    }
    tcp_board_all_lost(c);
    c->in_recovery = false;
    tcp_resending(c, now_ns);
    c->rack.probed = c->rack.tail = false;
    c->rack_ns = TIME_NEVER;
}
