/* SPDX-License-Identifier: ISC */
/* What is sent, and when.
 *
 *        una                    nxt            max
 *         | sent, not acked      | sent before  | queued, not sent            |
 *         |<------- the peer's window, and the congestion window ------->|
 *
 * nxt lies before max after a timeout only, while older data is sent once more. A FIN, when queued, is one more
 * number behind the last byte. A segment is sent when it is full, or is all there is, or fills half of the
 * largest window that the peer ever had (RFC 9293 3.8.6.2.1), or was sent before. */
#include "net/tcp_internal.h"

#include "net/bucket.h"
#include "wire/checksum.h"

#include <jinn/must.h>

/* Header, checksum over all parts or what the device needs to take it, and out. `segment_bytes`: of payload; the device makes
 * segments of what is more. */
static enum err emit(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     struct tcp_segment *s, struct bytes *v, size_t n, uint16_t segment_bytes)
{
    uint8_t header[TCP_HEADER_MAX_BYTES] __attribute__((uninitialized)); /* what is sent of it is written below */
    struct writer w = writer_of(header, sizeof header);
    s->src_port = local->port;
    s->dst_port = peer->port;
    tcp_emit(&w, s);
    must(writer_good(&w) && n <= IP_PIECES_MAX);
    v[0] = writer_bytes(&w);
    size_t len = bytes_total(v, n);
    uint64_t sum = checksum_pseudo(&local->ip, &peer->ip, IP_TCP, (uint32_t)len);
    struct ip_out out = {.src = local->ip, .dst = peer->ip, .protocol = IP_TCP, .tos = s->ecn, .dont_fragment = true};
    if (t->below->features & NET_CHECKSUM_OUT) {
        out.checksum_offset = TCP_CHECKSUM_OFFSET;
        tcp_emit_checksum(header, (uint16_t)~checksum_finish(sum));
    } else {
        tcp_emit_checksum(header, checksum_finish(checksum_add_parts(sum, v, n)));
    }
    if (len - v[0].len > segment_bytes) {
        out.header_bytes = (uint8_t)v[0].len;
        out.segment_bytes = segment_bytes;
        out.first_cwr = s->flags & TCP_CWR;
        t->n.n_large_out++;
    }
    t->n.n_out++;
    enum err e = t->below->send(t->below, now_ns, &out, v, n);
    if (e == ERR_AGAIN)
        t->n.n_device_full++;
    return e;
}

void tcp_send_bare(struct tcp *t, uint64_t now_ns, const struct tcp_entry *e, struct tcp_segment *s)
{
    struct bytes v[1];
    (void)emit(t, now_ns, &e->local, &e->peer, s, v, 1, 0); /* lost here is lost as if on the network */
}

/* So that a flood of what belongs nowhere is not answered by one of ours. */
static bool pay_for_reset(struct tcp *t, uint64_t now_ns)
{
    bool paid = bucket_pay(&t->resets_paid_ns, now_ns, TCP_RESETS_BURST, TCP_RESETS_PER_S);
    t->n.n_resets_held += !paid;
    return paid;
}

COLD void tcp_refuse(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     const struct tcp_segment *s)
{
    if ((s->flags & TCP_RST) || !pay_for_reset(t, now_ns))
        return;
    struct tcp_segment r = {.flags = TCP_RST};
    if (s->flags & TCP_ACK) {
        r.seq = s->ack;
    } else {
        r.flags = TCP_RST | TCP_ACK;
        r.ack = seq_add(s->seq, tcp_segment_len(s));
    }
    struct bytes v[1];
    t->n.n_resets_out++;
    (void)emit(t, now_ns, local, peer, &r, v, 1, 0);
}

uint16_t tcp_route_payload(struct tcp *t, const struct ip *dst, struct ip *src)
{
    struct ip ignored;
    uint16_t payload_bytes = 0;
    if (t->below->route(t->below, dst, src ? src : &ignored, &payload_bytes) != OK)
        return 0;
    return payload_bytes;
}

uint16_t tcp_mss_for(const struct tcp_connection *c, uint16_t payload_bytes)
{
    uint32_t mss = tcp_least(tcp_syn_mss(payload_bytes), c->peer_mss);
    if (c->timestamps)
        mss = mss > TCP_TIMESTAMP_BYTES ? mss - TCP_TIMESTAMP_BYTES : 0;
    return (uint16_t)(mss > TCP_MSS_MIN ? mss : TCP_MSS_MIN);
}

COLD void tcp_set_mss(struct tcp_connection *c, uint16_t payload_bytes)
{
    c->mss = tcp_mss_for(c, payload_bytes);
}

/* ---- Segments of a connection ---- */

/* The acknowledgement travels with everything; what was owed is paid. */
static void acknowledged(struct tcp_connection *c)
{
    c->acked = c->rcv_nxt;
    c->ack_now = false;
    c->n_unacked = 0;
    if (!c->held)
        c->soon_ns = TIME_NEVER;
}

/* What a segment with this data leaves for blocks: a full one nothing. */
static size_t room_for_options(const struct tcp_connection *c, const struct bytes *v, size_t n)
{
    size_t len = bytes_total(v + 1, n - 1);
    return len < c->mss ? c->mss - len : 0;
}

/* New data may be marked, and says once that we have slowed down; nothing sent again does (RFC 3168 6.1.5). */
static void put_marks(struct tcp_connection *c, struct tcp_segment *s, bool data)
{
    if (c->echo)
        s->flags |= TCP_ECE;
    if (!data || seq_before(s->seq, c->max) || c->probing)
        return;
    s->ecn = TCP_ECN_CAPABLE;
    if (c->slowed)
        s->flags |= TCP_CWR;
    c->slowed = false;
}

/* Sends [seq, seq + what v[1..n-1] hold) with the acknowledgement and window of now. */
static enum err transmit(struct tcp_connection *c, uint64_t now_ns, struct seq seq, uint8_t flags, struct bytes *v,
                         size_t n)
{
    struct tcp_segment s = {.seq = seq, .ack = c->rcv_nxt, .flags = flags | TCP_ACK};
    s.window = (uint16_t)(tcp_rx_window(c) >> tcp_rx_shift(c));
    if (c->timestamps) {
        s.has_timestamp = true;
        s.ts_value = tcp_timestamp(now_ns, c->ts_offset);
        s.ts_echo = c->ts_recent;
    }
    if (c->ecn)
        put_marks(c, &s, n > 1);
    if (tcp_sack_due(c))
        tcp_sack_fill(c, &s, room_for_options(c, v, n));
    enum err e = emit(c->t, now_ns, &c->entry.local, &c->entry.peer, &s, v, n, c->mss);
    if (e == ERR_UNSUPPORTED) {
        c->single = true;
        e = ERR_AGAIN;
    }
    if (e == ERR_TOO_LARGE) {
        tcp_set_mss(c, tcp_route_payload(c->t, &c->entry.peer.ip, NULL));
        e = ERR_AGAIN;
    }
    if (e == ERR_AGAIN) {
        c->held = true;
        c->soon_ns = time_min(c->soon_ns, time_after(now_ns, TCP_SEND_AGAIN_NS));
    } else {
        acknowledged(c);
    }
    return e;
}

/* The number of a segment without data: behind all that was sent, but not behind the peer's window, where it would be
 * refused: after a probe of a closed window, for one. */
static struct seq bare_seq(const struct tcp_connection *c)
{
    return seq_add(c->una, tcp_least(c->max.v - c->una.v, c->wnd_bytes));
}

void tcp_send_ack(struct tcp_connection *c, uint64_t now_ns)
{
    struct bytes v[1];
    if (transmit(c, now_ns, bare_seq(c), 0, v, 1) == ERR_AGAIN)
        c->ack_now = true;
}

COLD void tcp_send_keepalive(struct tcp_connection *c, uint64_t now_ns)
{
    struct bytes v[1];
    c->t->n.n_keepalives++;
    (void)transmit(c, now_ns, seq_add(c->una, UINT32_MAX), 0, v, 1);
}

/* The peer takes a reset only where its next byte would be (RFC 5961 3.2), which is most likely behind all that
 * was sent. When it is not, the peer's challenge gets a reset with the right number. */
COLD void tcp_send_reset(struct tcp_connection *c, uint64_t now_ns)
{
    struct bytes v[1];
    c->t->n.n_resets_out++;
    (void)transmit(c, now_ns, bare_seq(c), TCP_RST, v, 1);
}

static void start_resend_timer(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->resend_ns == TIME_NEVER)
        c->resend_ns = tcp_resend_after(c, now_ns);
}

/* SYN, or SYN-ACK after a simultaneous opening. The window in it is not scaled. */
static COLD void send_syn(struct tcp_connection *c, uint64_t now_ns)
{
    bool both = c->state == TCP_SYN_RECEIVED;
    uint32_t window = tcp_least(tcp_rx_window(c), UINT16_MAX);
    bool ask = c->ecn && !c->syn_resent; /* RFC 3168 6.1.1.1: the network may drop what it does not know */
    struct tcp_segment s = {
        .seq = c->iss,
        .ack = both ? c->rcv_nxt : seq_of(0),
        .flags = both  ? TCP_SYN | TCP_ACK
                 : ask ? TCP_SYN | TCP_ECE | TCP_CWR
                       : TCP_SYN,
        .window = (uint16_t)window,
        .has_mss = true,
        .mss = tcp_syn_mss(tcp_route_payload(c->t, &c->entry.peer.ip, NULL)),
        .has_shift = c->scaling,
        .shift = c->rcv_shift,
        .sack_permitted = c->sack,
        .has_timestamp = c->timestamps,
        .ts_value = tcp_timestamp(now_ns, c->ts_offset),
        .ts_echo = both ? c->ts_recent : 0,
    };
    struct bytes v[1];
    if (seq_equal(c->max, c->iss)) {
        c->rtt_timing = true;
        c->rtt_seq = seq_add(c->iss, 1);
        c->rtt_at_ns = c->progress_ns = now_ns;
    } else {
        c->t->n.n_retransmitted++;
    }
    c->nxt = c->max = seq_add(c->iss, 1);
    if (emit(c->t, now_ns, &c->entry.local, &c->entry.peer, &s, v, 1, 0) == OK && both)
        acknowledged(c);
    start_resend_timer(c, now_ns);
}

/* What follows from sending `len` numbers at nxt. */
static void sent(struct tcp_connection *c, uint64_t now_ns, uint32_t len)
{
    struct seq end = seq_add(c->nxt, len);
    bool again = seq_before(c->nxt, c->max);
    if (c->sack)
        tcp_board_sent(c, now_ns, len, again);
    c->prr.out += len;
    if (again) {
        c->t->n.n_retransmitted++;
    } else {
        if (seq_equal(c->max, c->una))
            c->progress_ns = now_ns;
        if (!c->rtt_timing) {
            c->rtt_timing = true;
            c->rtt_seq = end;
            c->rtt_at_ns = now_ns;
        }
    }
    c->nxt = end;
    if (seq_after(end, c->max))
        c->max = end;
    if (c->probing) {
        c->probing = false;
        c->resend_ns = TIME_NEVER;
    }
    start_resend_timer(c, now_ns);
    if (c->sack)
        tcp_rack_arm_tail(c, now_ns);
}

/* The congestion window, with a segment more for each of the first duplicates (RFC 3042). */
static uint32_t congestion_room(const struct tcp_connection *c)
{
    uint32_t extra = c->in_recovery || c->n_duplicates >= TCP_DUPLICATE_ACKS ? 0 : c->n_duplicates * (uint32_t)c->mss;
    return c->window.cwnd_bytes + extra;
}

/* How many of `left` bytes may go out in one piece, for the device to make segments of: as many as there is room for, but at
 * most half of the congestion window. What is in one piece is often lost in one piece, and then the other half tells. */
static uint32_t piece_bytes(const struct tcp_connection *c, uint32_t room, size_t left)
{
    uint32_t feature = ip_is4(&c->entry.peer.ip) ? NET_SEGMENT_TCP4 : NET_SEGMENT_TCP6;
    uint32_t most = tcp_least(room, c->mss);
    if (room <= c->mss || left <= c->mss || c->single || !(c->t->below->features & feature))
        return left < most ? (uint32_t)left : most;
    most = tcp_least(tcp_least(room, c->window.cwnd_bytes / 2), TCP_LARGE_BYTES);
    if (left <= most)
        return (uint32_t)left;
    return most < c->mss ? c->mss : most - most % c->mss;
}

struct plan {
    uint32_t len;
    bool fin;
};

/* What the next segment at nxt would hold; false when there is to be none now. */
static bool plan_segment(struct tcp_connection *c, struct plan *p)
{
    uint32_t offset = c->nxt.v - c->una.v;
    if (offset > c->tx.len)
        return false; /* all, and the FIN */
    size_t left = c->tx.len - offset;
    if (left == 0 && !c->fin_queued)
        return false;
    uint32_t cwnd = congestion_room(c), used = c->sack ? tcp_pipe(c) : offset;
    uint32_t peer_room = c->wnd_bytes > offset ? c->wnd_bytes - offset : 0;
    uint32_t room = tcp_least(peer_room, cwnd > used ? cwnd - used : 0);
    uint32_t len = piece_bytes(c, room, left);
    c->limited = (cwnd <= used || cwnd - used <= peer_room) && left > room;
    p->len = len;
    p->fin = c->fin_queued && len == left && c->wnd_bytes > offset + len;
    if (len == 0)
        return p->fin;
    bool alone = seq_equal(c->una, c->nxt);
    return len >= c->mss || p->fin || (len == left && (!c->nagle || alone)) || len >= c->wnd_max_bytes / 2 ||
           seq_before(c->nxt, c->max);
}

static bool send_next(struct tcp_connection *c, uint64_t now_ns)
{
    struct plan p;
    struct bytes v[IP_PIECES_MAX] __attribute__((uninitialized)); /* its first n parts are set */
    size_t n = 0;
    if (!plan_segment(c, &p))
        return false;
    uint32_t len = (uint32_t)tcp_tx_slices_at(c, p.len, v + 1, IP_PIECES_MAX - 1, &n);
    if (len < p.len && len > c->mss) /* more parts than there may be: whole segments of what there is */
        len = (uint32_t)tcp_tx_slices_at(c, len - len % c->mss, v + 1, IP_PIECES_MAX - 1, &n);
    bool fin = p.fin && len == p.len;
    bool last = c->nxt.v - c->una.v + len == c->tx.len;
    uint8_t flags = (uint8_t)((fin ? TCP_FIN : 0) | (last && len > 0 ? TCP_PSH : 0));
    if (transmit(c, now_ns, c->nxt, flags, v, n + 1) == ERR_AGAIN)
        return false;
    tcp_tx_advance(c, len);
    if (fin)
        c->fin_sent = true;
    sent(c, now_ns, len + fin);
    return true;
}

/* Sends at most `len` numbers from `from` on once more; how many it were. */
static COLD uint32_t resend_range(struct tcp_connection *c, uint64_t now_ns, struct seq from, uint32_t len)
{
    struct bytes v[IP_PIECES_MAX];
    size_t n = 0, offset = from.v - c->una.v, left = c->tx.len - offset;
    size_t wanted = len < left ? len : left;
    size_t data_len = tcp_tx_slices(c, offset, wanted, v + 1, IP_PIECES_MAX - 1, &n);
    bool last = data_len == left, fin = last && len > left && c->fin_sent;
    uint8_t flags = (uint8_t)((fin ? TCP_FIN : 0) | (last && data_len > 0 ? TCP_PSH : 0));
    uint32_t done = (uint32_t)data_len + fin;
    if (done == 0 || transmit(c, now_ns, from, flags, v, n + 1) == ERR_AGAIN)
        return 0;
    c->t->n.n_retransmitted++;
    c->rtt_timing = false;
    c->prr.out += done;
    c->undo.resent_bytes += done;
    tcp_board_resent(c, now_ns, from, done);
    return done;
}

static COLD bool resend_lost(struct tcp_connection *c, uint64_t now_ns)
{
    struct seq from;
    uint32_t len, pipe = tcp_pipe(c), cwnd = c->window.cwnd_bytes;
    if (c->wnd_bytes == 0 || !tcp_board_next(c, &from, &len))
        return false;
    len = piece_bytes(c, cwnd > pipe + c->mss ? cwnd - pipe : c->mss, len);
    c->limited = cwnd < pipe + len;
    return !c->limited && resend_range(c, now_ns, from, len) > 0;
}

/* One segment of new data, whatever the congestion window says; how much it was. */
static COLD uint32_t send_one(struct tcp_connection *c, uint64_t now_ns)
{
    uint32_t cwnd = c->window.cwnd_bytes;
    struct seq before = c->nxt;
    c->window.cwnd_bytes = c->mss + (c->sack ? tcp_pipe(c) : before.v - c->una.v);
    (void)send_next(c, now_ns);
    c->window.cwnd_bytes = cwnd;
    return c->nxt.v - before.v;
}

COLD void tcp_send_tail(struct tcp_connection *c, uint64_t now_ns)
{
    if (send_one(c, now_ns) > 0)
        return;
    uint32_t len = tcp_least(c->mss, c->nxt.v - c->una.v);
    (void)resend_range(c, now_ns, seq_add(c->nxt, (uint32_t)-len), len);
}

/* One larger segment, when there is room for it and something behind it that will tell whether it has arrived. */
static COLD void send_mtu_probe(struct tcp_connection *c, uint64_t now_ns)
{
    uint16_t mss = c->mss, size = tcp_mtu_search(c, now_ns);
    size_t both = size + (size_t)mss, offset = c->nxt.v - c->una.v;
    if (size == 0 || c->window.cwnd_bytes < tcp_pipe(c) + both ||
        tcp_least(c->wnd_bytes, (uint32_t)c->tx.len) < offset + both)
        return;
    c->mss = size;
    uint32_t len = send_one(c, now_ns);
    c->mss = mss;
    if (len == size)
        tcp_mtu_sent(c, size);
}

/* RFC 5682 2.1 step 2b: up to two new segments. */
static COLD void send_two_new(struct tcp_connection *c, uint64_t now_ns)
{
    c->frto = TCP_FRTO_SECOND;
    uint32_t len = send_one(c, now_ns);
    len += send_one(c, now_ns);
    if (len == 0)
        tcp_frto_stop(c);
}

/* Something waits, nothing is under way, and no acknowledgement will come to move it on: ask from time to time. */
static void start_probing(struct tcp_connection *c, uint64_t now_ns)
{
    bool waiting = c->tx.len > 0 || (c->fin_queued && !c->fin_sent);
    if (!waiting || !seq_equal(c->nxt, c->una) || c->resend_ns != TIME_NEVER)
        return;
    c->probing = true;
    c->n_resent = 0;
    c->resend_ns = tcp_resend_after(c, now_ns);
}

void tcp_output(struct tcp_connection *c, uint64_t now_ns)
{
    if (c->state == TCP_CLOSED || c->state == TCP_FIN_WAIT_2)
        return; /* nothing is left to be sent */
    if (tcp_is_opening(c)) {
        if (seq_equal(c->nxt, c->iss))
            send_syn(c, now_ns);
        return;
    }
    bool idle = seq_equal(c->una, c->max) && now_ns - c->heard_ns > c->rto_us * NS_PER_US;
    if (idle && c->tx.len > 0) {
        tcp_undo_forget(c);
        c->t->congestion->idle(&c->window, c->mss);
    }
    if (c->frto == TCP_FRTO_SEND)
        send_two_new(c, now_ns);
    if (c->frto == TCP_FRTO_SECOND)
        return;
    if (__builtin_expect(now_ns >= c->search_ns, 0))
        send_mtu_probe(c, now_ns);
    while (c->board.lost_bytes > 0 && resend_lost(c, now_ns))
        ;
    while (c->board.lost_bytes == 0 && send_next(c, now_ns))
        ;
    start_probing(c, now_ns);
}

/* Sends at most `len` bytes from una on, and the FIN if it follows; nxt stays. */
static COLD void resend(struct tcp_connection *c, uint64_t now_ns, size_t most)
{
    struct bytes v[IP_PIECES_MAX];
    size_t n = 0;
    uint32_t len = (uint32_t)tcp_tx_slices(c, 0, most, v + 1, IP_PIECES_MAX - 1, &n);
    bool fin = c->fin_queued && len == c->tx.len && (c->fin_sent || len == 0);
    uint8_t flags = (uint8_t)((fin ? TCP_FIN : 0) | (len == c->tx.len && len > 0 ? TCP_PSH : 0));
    if (len == 0 && !fin)
        return;
    if (transmit(c, now_ns, c->una, flags, v, n + 1) == ERR_AGAIN)
        return;
    struct seq end = seq_add(c->una, len + fin);
    if (fin)
        c->fin_sent = true;
    if (seq_after(end, c->max))
        c->max = end;
}

COLD void tcp_resend_first(struct tcp_connection *c, uint64_t now_ns)
{
    c->t->n.n_retransmitted++;
    size_t sent_len = c->max.v - c->una.v;
    resend(c, now_ns, sent_len < c->mss ? sent_len : c->mss);
}

/* One byte past a closed window, or what a window holds that is too small to be worth a segment. nxt is una then:
 * the peer need not have taken it. */
COLD void tcp_send_probe(struct tcp_connection *c, uint64_t now_ns)
{
    c->t->n.n_window_probes++;
    resend(c, now_ns, c->wnd_bytes == 0 ? 1 : tcp_least(c->wnd_bytes, c->mss));
}
