/* SPDX-License-Identifier: ISC */
/* A segment arrives: RFC 9293 3.10.7, in its order, with RFC 7323 (timestamps) and RFC 5961 (blind attacks).
 *
 *             connect                       the other side
 *   CLOSED -----------> SYN-SENT -----------> SYN-RECEIVED (both at once)
 *                          | SYN-ACK              | ACK                     accept: see tcp_listen.c
 *                          v                      v
 *                      ESTABLISHED <--------------+
 *            shutdown /            \ FIN
 *                    v              v
 *               FIN-WAIT-1      CLOSE-WAIT
 *          ACK /    | FIN           | shutdown
 *             v     v               v
 *     FIN-WAIT-2  CLOSING        LAST-ACK
 *         | FIN     | ACK           | ACK
 *         v         v               v
 *         TIME-WAIT (tcp_wait.c)  CLOSED
 *
 * Urgent data is data like all other: its pointer is counted and not looked at (RFC 6093). */
#include "net/tcp_internal.h"

#include "wire/checksum.h"

/* ---- Whose it is ---- */

static bool checksum_good(const struct ip_in *in)
{
    if (in->checksum_verified)
        return true;
    uint64_t sum = checksum_pseudo(&in->src, &in->dst, IP_TCP, (uint32_t)in->payload.len);
    return checksum_finish(checksum_add(sum, in->payload, false)) == 0;
}

static void input_unknown(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                          const struct tcp_segment *s)
{
    struct tcp_listener *l = tcp_find_listener(t, local->port);
    if (l && (s->flags & (TCP_RST | TCP_ACK | TCP_SYN)) == TCP_SYN) {
        tcp_input_syn(t, now_ns, l, local, peer, s, NULL);
        return;
    }
    bool third = (s->flags & (TCP_RST | TCP_ACK | TCP_SYN)) == TCP_ACK;
    if (l && third && tcp_input_cookie(t, now_ns, l, local, peer, s))
        return;
    t->n.n_no_connection++;
    tcp_refuse(t, now_ns, local, peer, s);
}

void tcp_input(struct tcp *t, uint64_t now_ns, const struct ip_in *in)
{
    struct tcp_segment s __attribute__((uninitialized)); /* tcp_parse sets all of it */
    t->n.n_in++;
    if (in->broadcast || ip_is_multicast(&in->dst) || ip_is_multicast(&in->src) || ip_is_unspecified(&in->src)) {
        t->n.n_not_unicast++;
        return;
    }
    if (!checksum_good(in)) {
        t->n.n_bad_checksum++;
        return;
    }
    if (!tcp_parse(in->payload, &s)) {
        t->n.n_malformed++;
        return;
    }
    s.ecn = in->tos & TCP_ECN_CONGESTED;
    s.several = in->several;
    t->n.n_large_in += in->several;
    t->n.n_resets_in += (s.flags & TCP_RST) != 0;
    t->n.n_urgent += (s.flags & TCP_URG) != 0;
    struct endpoint local = {in->dst, s.dst_port}, peer = {in->src, s.src_port};
    struct tcp_entry *e = tcp_table_find(t, &in->dst, s.dst_port, &in->src, s.src_port);
    if (!e)
        input_unknown(t, now_ns, &local, &peer, &s);
    else if (e->kind == TCP_CONNECTION)
        tcp_input_connection(CONTAINER_OF(e, struct tcp_connection, entry), now_ns, &s);
    else if (e->kind == TCP_HALF)
        tcp_input_half(CONTAINER_OF(e, struct tcp_half, entry), now_ns, &s);
    else
        tcp_input_wait(t, CONTAINER_OF(e, struct tcp_timewait, entry), now_ns, &local, &peer, &s);
}

/* ---- Is it acceptable ---- */

COLD void tcp_challenge(struct tcp_connection *c, uint64_t now_ns)
{
    uint16_t second = (uint16_t)(now_ns / NS_PER_S);
    if (second != c->challenge_s) {
        c->challenge_s = second;
        c->n_challenges = 0;
    }
    if (c->n_challenges >= TCP_CHALLENGES_PER_S) {
        c->t->n.n_challenges_held++;
        return;
    }
    c->n_challenges++;
    c->t->n.n_challenges++;
    tcp_send_ack(c, now_ns);
}

/* RFC 7323 5.3: false for an old duplicate from before the numbers wrapped. */
static bool timestamp_good(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (!c->timestamps || (s->flags & TCP_RST))
        return true;
    if (!s->has_timestamp) {
        c->t->n.n_no_timestamp++;
        return false;
    }
    uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS);
    if ((int32_t)(s->ts_value - c->ts_recent) >= 0 || now_ms - c->ts_recent_ms > TCP_PAWS_IDLE_MS)
        return true;
    c->t->n.n_paws++;
    if (s->data.len > 0)
        tcp_send_ack(c, now_ns);
    else
        tcp_challenge(c, now_ns);
    return false;
}

static bool in_window(const struct tcp_connection *c, struct seq s, uint32_t window)
{
    return s.v - c->rcv_nxt.v < window;
}

/* RFC 9293 table 6. With a closed window a segment at its edge counts for its acknowledgement. */
static bool acceptable(const struct tcp_connection *c, const struct tcp_segment *s)
{
    uint32_t window = tcp_rx_promised(c), len = tcp_segment_len(s);
    if (window == 0 || len == 0)
        return seq_equal(s->seq, c->rcv_nxt) || in_window(c, s->seq, window);
    return in_window(c, s->seq, window) || in_window(c, seq_add(s->seq, len - 1), window);
}

/* An old segment whose acknowledgement was lost must be acknowledged each time; others may be an attack. */
static void refuse_unacceptable(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    c->t->n.n_out_of_window++;
    if (s->flags & TCP_RST)
        return;
    struct seq end = seq_add(s->seq, (uint32_t)s->data.len);
    if (!seq_after(end, c->rcv_nxt))
        tcp_sack_twice(c, s->seq, end);
    if (tcp_segment_len(s) > 0)
        tcp_send_ack(c, now_ns);
    else
        tcp_challenge(c, now_ns);
}

static void take_reset(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (!seq_equal(s->seq, c->rcv_nxt)) {
        tcp_challenge(c, now_ns);
        return;
    }
    c->t->n.n_reset++;
    tcp_end(c, c->state == TCP_SYN_RECEIVED ? ERR_REFUSED : ERR_RESET);
}

/* ---- What it brings ---- */

/* RFC 3168 6.1.3: a mark is told with each acknowledgement until the sender says that it has slowed down. */
static void take_mark(struct tcp_connection *c, const struct tcp_segment *s)
{
    if (s->flags & TCP_CWR)
        c->echo = false;
    if (s->ecn == TCP_ECN_CONGESTED) {
        c->t->n.n_marked++;
        c->echo = true;
    }
}

static void remember_timestamp(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (!c->timestamps || !s->has_timestamp || seq_after(s->seq, c->acked))
        return;
    c->ts_recent = s->ts_value;
    c->ts_recent_ms = (uint32_t)(now_ns / NS_PER_MS);
}

/* The acknowledgement of a segment with data: at once when nothing of it could be taken in order (a gap, a probe),
 * after the batch when it is the second one, several that the device joined, or the sender may be stuck, else with the
 * next data or after a while. */
static void owe_ack(struct tcp_connection *c, uint64_t now_ns, bool in_order, bool gap, bool several)
{
    if (!in_order) {
        tcp_send_ack(c, now_ns);
        return;
    }
    if (++c->n_unacked >= 2 || several || gap || tcp_rx_promised(c) == 0)
        c->ack_now = true;
    else
        c->soon_ns = time_min(c->soon_ns, time_after(now_ns, TCP_DELAYED_ACK_NS));
}

/* Data for a flow that its user gave back: passed over while the peer still has to take ours, refused after that. */
static void drop_data(struct tcp_connection *c, uint64_t now_ns, struct seq end)
{
    if (!seq_after(end, c->rcv_nxt))
        return;
    if (c->state == TCP_FIN_WAIT_2) {
        c->t->n.n_lingered++;
        tcp_send_reset(c, now_ns);
        tcp_end(c, ERR_RESET);
        return;
    }
    c->rcv_nxt = end;
}

static void take_data(struct tcp_connection *c, uint64_t now_ns, struct seq seq, struct bytes data, bool several)
{
    if (c->has_fin && seq_after(seq_add(seq, (uint32_t)data.len), c->fin_seq))
        data = bytes_slice(data, 0, seq_before(seq, c->fin_seq) ? c->fin_seq.v - seq.v : 0);
    if (data.len == 0 || c->fin_taken)
        return;
    struct seq before = c->rcv_nxt;
    bool gap = c->rx.ooo != NULL;
    if (c->orphan) {
        if (!seq_after(seq, c->rcv_nxt)) {
            uint32_t room = tcp_rx_promised(c) + (c->rcv_nxt.v - seq.v);
            drop_data(c, now_ns, seq_add(seq, (uint32_t)(data.len < room ? data.len : room)));
        }
    } else {
        tcp_rx_take(c, seq, data);
    }
    if (c->state == TCP_CLOSED)
        return;
    bool in_order = !seq_equal(c->rcv_nxt, before);
    if (in_order && !c->orphan)
        c->wake_reader = true;
    owe_ack(c, now_ns, in_order, gap, several);
}

/* The peer's stream has ended and all of it is here. */
static void take_fin(struct tcp_connection *c, uint64_t now_ns)
{
    c->fin_taken = true;
    c->rcv_nxt = seq_add(c->rcv_nxt, 1);
    c->ack_now = true;
    c->wake_reader = true;
    if (c->state == TCP_ESTABLISHED) {
        c->state = TCP_CLOSE_WAIT;
    } else if (c->state == TCP_FIN_WAIT_1) {
        c->state = TCP_CLOSING;
    } else if (c->state == TCP_FIN_WAIT_2) {
        tcp_send_ack(c, now_ns);
        tcp_wait_enter(c, now_ns);
    }
}

static void take_text(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, struct seq seq)
{
    if (c->state != TCP_ESTABLISHED && c->state != TCP_FIN_WAIT_1 && c->state != TCP_FIN_WAIT_2)
        return;
    if (s->data.len >= TCP_MSS_DEFAULT)
        tcp_tune_arrived(c, now_ns, s);
    if (s->data.len > 0)
        take_data(c, now_ns, seq, s->data, s->several);
    if (c->state == TCP_CLOSED)
        return;
    struct seq end = seq_add(seq, (uint32_t)s->data.len);
    if ((s->flags & TCP_FIN) && !c->has_fin && !seq_before(end, c->rcv_nxt) &&
        end.v - c->rcv_nxt.v <= tcp_rx_promised(c)) {
        c->has_fin = true;
        c->fin_seq = end;
    }
    if (c->has_fin && seq_equal(c->rcv_nxt, c->fin_seq))
        take_fin(c, now_ns);
    else if ((s->flags & TCP_FIN) && s->data.len == 0)
        tcp_send_ack(c, now_ns); /* out of order */
}

/* All that was written is with the peer, the FIN too. */
static void fin_acknowledged(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->state == TCP_FIN_WAIT_1) {
        c->state = TCP_FIN_WAIT_2;
        if (c->orphan)
            tcp_wait_for_fin(c, now_ns);
    } else if (c->state == TCP_CLOSING) {
        if (c->ack_now)
            tcp_send_ack(c, now_ns);
        tcp_wait_enter(c, now_ns);
    } else if (c->state == TCP_LAST_ACK) {
        tcp_end(c, OK);
    }
}

/* ---- Opening ---- */

static void take_syn_options(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    c->irs = s->seq;
    c->rcv_nxt = seq_add(s->seq, 1);
    c->rcv_edge =
        seq_add(c->rcv_nxt, c->rcv_edge.v - c->acked.v); /* what the SYN advertised, of a stream then unknown */
    c->acked = c->rcv_nxt;
    c->scaling = c->scaling && s->has_shift;
    c->snd_shift = c->scaling ? s->shift : 0;
    c->timestamps = c->timestamps && s->has_timestamp;
    c->sack = c->sack && s->sack_permitted;
    c->ecn = c->ecn && (s->flags & (TCP_ACK | TCP_ECE | TCP_CWR)) == (TCP_ACK | TCP_ECE);
    c->ts_recent = c->timestamps ? s->ts_value : 0;
    c->ts_recent_ms = (uint32_t)(now_ns / NS_PER_MS);
    c->peer_mss = s->has_mss ? s->mss : TCP_MSS_DEFAULT;
    c->wnd_bytes = c->wnd_max_bytes = s->window; /* never scaled in a SYN */
    c->wl1 = s->seq;
    c->wl2 = s->ack;
    c->heard_ns = now_ns;
}

/* RFC 9293 3.10.7.3. */
static COLD void input_syn_sent(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    bool ack = s->flags & TCP_ACK;
    if (ack && !seq_equal(s->ack, c->max)) {
        c->t->n.n_bad_ack++;
        tcp_refuse(c->t, now_ns, &c->entry.local, &c->entry.peer, s);
        return;
    }
    if (s->flags & TCP_RST) {
        if (ack) {
            c->t->n.n_reset++;
            tcp_end(c, ERR_REFUSED);
        }
        return;
    }
    if (!(s->flags & TCP_SYN)) {
        c->t->n.n_no_ack++;
        return;
    }
    take_syn_options(c, now_ns, s);
    c->resend_ns = TIME_NEVER;
    if (!ack) {
        c->state = TCP_SYN_RECEIVED;
        c->nxt = c->iss;
        c->rtt_timing = false;
        tcp_output(c, now_ns);
        return;
    }
    if (c->timestamps && s->ts_echo != 0)
        tcp_rtt_sample(c, (tcp_timestamp(now_ns, c->ts_offset) - s->ts_echo) * 1000);
    else if (c->rtt_timing)
        tcp_rtt_sample(c, (uint32_t)((now_ns - c->rtt_at_ns) / NS_PER_US));
    c->una = s->ack;
    tcp_established(c, now_ns);
    c->ack_now = true;
    take_text(c, now_ns, s, c->rcv_nxt);
    tcp_output(c, now_ns);
}

/* True when the segment is to be looked at further. */
static bool input_syn_received(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (!seq_equal(s->ack, c->max)) {
        c->t->n.n_bad_ack++;
        tcp_refuse(c->t, now_ns, &c->entry.local, &c->entry.peer, s);
        return false;
    }
    c->una = s->ack;
    c->resend_ns = TIME_NEVER;
    c->wnd_bytes = (uint32_t)s->window << c->snd_shift;
    c->wnd_max_bytes = c->wnd_bytes;
    c->wl1 = s->seq;
    c->wl2 = s->ack;
    tcp_established(c, now_ns);
    return true;
}

/* A SYN where there is a connection: a challenge, whatever its number (RFC 5961 4.2). When both sides open at once
 * the other's SYN comes twice, the second time with the ACK. True: go on, as if the SYN were not there. */
static bool input_second_syn(struct tcp_connection *c, uint64_t now_ns, struct tcp_segment *s)
{
    if (c->state != TCP_SYN_RECEIVED || !seq_equal(s->seq, c->irs)) {
        tcp_challenge(c, now_ns);
        return false;
    }
    if (!(s->flags & TCP_ACK)) {
        c->nxt = c->iss;
        tcp_output(c, now_ns);
        return false;
    }
    s->seq = seq_add(s->seq, 1);
    s->flags &= (uint8_t)~TCP_SYN;
    s->window = (uint16_t)(s->window >> c->snd_shift);
    c->ack_now = true;
    return true;
}

/* ---- All in order ---- */

static bool may_come_in(struct tcp_connection *c, uint64_t now_ns, struct tcp_segment *s)
{
    if (!timestamp_good(c, now_ns, s))
        return false;
    if ((s->flags & (TCP_SYN | TCP_RST)) == TCP_SYN && !input_second_syn(c, now_ns, s))
        return false;
    if (!acceptable(c, s)) {
        refuse_unacceptable(c, now_ns, s);
        return false;
    }
    if (s->flags & TCP_RST) {
        take_reset(c, now_ns, s);
        return false;
    }
    if (!(s->flags & TCP_ACK)) {
        c->t->n.n_no_ack++;
        return false;
    }
    return true;
}

static void arrives(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *segment)
{
    struct tcp_segment s = *segment;
    if (!may_come_in(c, now_ns, &s))
        return;
    remember_timestamp(c, now_ns, &s);
    if (c->ecn && s.data.len > 0)
        take_mark(c, &s);
    if (c->state == TCP_SYN_RECEIVED && !input_syn_received(c, now_ns, &s))
        return;
    if (!tcp_ack_input(c, now_ns, &s))
        return;
    c->heard_ns = now_ns;
    c->n_keepalives = 0;
    if (c->fin_sent && c->tx.len == 0 && seq_equal(c->una, c->max))
        fin_acknowledged(c, now_ns);
    if (c->state == TCP_CLOSED)
        return;
    take_text(c, now_ns, &s, s.seq);
    if (c->tx.len > 0 || c->fin_queued)
        tcp_output(c, now_ns);
}

void tcp_input_connection(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    if (c->state == TCP_SYN_SENT)
        input_syn_sent(c, now_ns, s);
    else
        arrives(c, now_ns, s);
    if (c->ack_now)
        tcp_set_pending(c);
    tcp_settle(c);
}
