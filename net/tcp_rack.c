/* SPDX-License-Identifier: ISC */
/* RACK-TLP (RFC 8985): what was sent before something that has arrived, and has not arrived a little later, is lost. The
 * little is zero until the network is seen to reorder, then a quarter of the shortest round trip, more after
 * each needless retransmission. And when nothing arrives because the last segments were lost, one more is sent
 * before the timeout, to make the peer speak. One deadline serves both: rack_ns. */
#include "net/tcp_internal.h"

/* ---- What arrived: RFC 8985 6.2, steps 1 to 3 ---- */

static bool sent_after(uint64_t a_ns, struct seq a_end, uint64_t b_ns, struct seq b_end)
{
    return a_ns > b_ns || (a_ns == b_ns && seq_after(a_end, b_end));
}

/* The first sending may be what arrived: then the second one says nothing. */
static bool is_doubtful(const struct tcp_connection *c, const struct tcp_segment *s, const struct tcp_run *r,
                        uint32_t rtt_us)
{
    if (!r->resent)
        return false;
    bool echo_older =
        c->timestamps && s->has_timestamp && (int32_t)(s->ts_echo - tcp_timestamp(r->sent_ns, c->ts_offset)) < 0;
    return echo_older || rtt_us < c->rack.min_rtt_us;
}

/* In two halves: at least the last half and at most the whole window counts. */
static void take_rtt(struct tcp_rack *k, uint64_t now_ns, uint32_t rtt_us)
{
    uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS);
    uint32_t age_ms = now_ms - k->half_ms;
    if (age_ms >= TCP_MIN_RTT_MS / 2) {
        k->min_rtt_us = age_ms < TCP_MIN_RTT_MS ? k->half_min_us : UINT32_MAX;
        k->half_min_us = UINT32_MAX;
        k->half_ms = now_ms;
    }
    if (rtt_us < k->half_min_us)
        k->half_min_us = rtt_us;
    if (k->half_min_us < k->min_rtt_us)
        k->min_rtt_us = k->half_min_us;
}

void tcp_rack_start(struct tcp_connection *c, uint64_t now_ns)
{
    uint32_t rtt_us = c->srtt_us ? c->srtt_us : UINT32_MAX;
    c->rack.min_rtt_us = c->rack.half_min_us = rtt_us;
    c->rack.half_ms = (uint32_t)(now_ns / NS_PER_MS);
}

void tcp_rack_delivered(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, const struct tcp_run *r,
                        struct seq end)
{
    struct tcp_rack *k = &c->rack;
    uint64_t us = (now_ns - r->sent_ns) / NS_PER_US;
    uint32_t rtt_us = us > TCP_RTO_MAX_US ? TCP_RTO_MAX_US : (uint32_t)us;
    if (!r->resent) {
        c->window.rtt_us = rtt_us;
        take_rtt(k, now_ns, rtt_us);
        if (k->has_fack && seq_before(end, k->fack))
            k->reordered = true;
    }
    if (!k->has_fack || seq_after(end, k->fack)) {
        k->fack = end;
        k->has_fack = true;
    }
    if (is_doubtful(c, s, r, rtt_us))
        return;
    if (sent_after(r->sent_ns, end, k->sent_ns, k->end)) {
        k->sent_ns = r->sent_ns;
        k->end = end;
        k->rtt_us = rtt_us;
    }
}

/* ---- The reordering window: step 4 ---- */

void tcp_rack_twice(struct tcp_connection *c)
{
    struct tcp_rack *k = &c->rack;
    c->t->n.n_sent_twice++;
    if (k->has_round && seq_before(c->una, k->round))
        return;
    k->has_round = true;
    k->round = c->nxt;
    k->persist = TCP_REORDER_PERSIST;
    if (k->more < TCP_REORDER_MORE_MAX)
        k->more++;
}

void tcp_rack_recovered(struct tcp_connection *c)
{
    struct tcp_rack *k = &c->rack;
    if (k->persist > 0 && --k->persist == 0)
        k->more = 0;
}

static uint32_t reorder_window_us(const struct tcp_connection *c)
{
    const struct tcp_rack *k = &c->rack;
    bool enough = c->in_recovery || c->board.sacked_bytes >= (uint32_t)TCP_DUPLICATE_ACKS * c->mss;
    if (!k->reordered && enough)
        return 0;
    uint64_t window_us = (uint64_t)k->min_rtt_us / 4 * (1U + k->more);
    return window_us < c->srtt_us ? (uint32_t)window_us : c->srtt_us;
}

/* ---- What is lost: step 5 ---- */

void tcp_rack_detect(struct tcp_connection *c, uint64_t now_ns)
{
    const struct tcp_rack *k = &c->rack;
    uint64_t wait_ns = ((uint64_t)k->rtt_us + reorder_window_us(c)) * NS_PER_US;
    uint64_t later_ns = 0;
    for (struct tcp_run *r = c->board.head; r; r = r->next) {
        if (r->sacked || r->lost || !sent_after(k->sent_ns, k->end, r->sent_ns, r->to))
            continue;
        if (r->sent_ns + wait_ns <= now_ns)
            tcp_board_lost(c, r);
        else if (r->sent_ns + wait_ns > later_ns)
            later_ns = r->sent_ns + wait_ns;
    }
    c->rack.tail = false;
    c->rack_ns = later_ns ? later_ns : TIME_NEVER;
}

/* ---- The tail: RFC 8985 7 ---- */

void tcp_rack_arm_tail(struct tcp_connection *c, uint64_t now_ns)
{
    struct tcp_rack *k = &c->rack;
    if (seq_equal(c->una, c->nxt)) {
        c->rack_ns = TIME_NEVER;
        return;
    }
    bool calm = !c->in_recovery && !c->probing && !k->probed && c->board.sacked_bytes == 0 && c->board.lost_bytes == 0;
    if (c->rack_ns != TIME_NEVER && !k->tail)
        return;
    c->rack_ns = TIME_NEVER;
    if (!calm || c->srtt_us == 0 || c->resend_ns == TIME_NEVER)
        return;
    uint64_t wait_ns = (uint64_t)c->srtt_us * 2 * NS_PER_US;
    if (c->nxt.v - c->una.v <= c->mss)
        wait_ns += TCP_TAIL_ACK_NS;
    if (wait_ns < TCP_TAIL_MIN_NS)
        wait_ns = TCP_TAIL_MIN_NS;
    if (now_ns + wait_ns >= c->resend_ns)
        return;
    k->tail = true;
    c->rack_ns = now_ns + wait_ns;
}

void tcp_rack_due(struct tcp_connection *c, uint64_t now_ns)
{
    struct tcp_rack *k = &c->rack;
    c->rack_ns = TIME_NEVER;
    if (!k->tail) {
        tcp_rack_detect(c, now_ns);
        tcp_recover_lost(c, now_ns);
        tcp_output(c, now_ns);
        return;
    }
    k->tail = false;
    if (c->probing || seq_equal(c->una, c->nxt))
        return;
    struct seq before = c->nxt;
    tcp_send_tail(c, now_ns);
    k->probed = true;
    k->probe_new = !seq_equal(before, c->nxt);
    k->probe_end = c->nxt;
    c->rack_ns = TIME_NEVER;
    c->resend_ns = tcp_resend_after(c, now_ns);
    c->t->n.n_tail_probes++;
}

bool tcp_rack_tail_repaired(struct tcp_connection *c, const struct tcp_segment *s, uint32_t acked, bool twice)
{
    struct tcp_rack *k = &c->rack;
    if (!k->probed || seq_before(c->una, k->probe_end))
        return false;
    bool beyond = seq_after(c->una, k->probe_end), nothing_new = acked == 0 && s->n_sack == 0;
    k->probed = !(k->probe_new || twice || beyond || nothing_new);
    return beyond && !k->probe_new && !twice;
}
