/* SPDX-License-Identifier: ISC */
/* The size of segments when nobody says what the path carries (RFC 4821, RFC 8899).
 *
 *   black hole   the second timeout in a row of a segment of some size: smaller ones from then on. The fourth one, when all
 *                that is under way is no longer than what is tried first: it may be too long for the path, too
 *   search       once they get through, and ten minutes after an ICMP error made them small (RFC 1191 6.3): one segment of new
 *                data is larger. First as large as the route allows; then in the middle between what arrives and what does
 *                not, until both are close
 *
 * A lost probe says nothing of congestion: it is sent again in small segments, and the window stays (RFC 4821 7.6.2). That
 * takes SACK to see; without it all segments are large again after ten minutes. */
#include "net/tcp_internal.h"

void tcp_mtu_black_hole(struct tcp_connection *c, uint64_t now_ns)
{
    uint32_t flight = tcp_flight(c);
    bool one = flight <= TCP_MSS_BASE && c->mss > TCP_MSS_BASE;
    uint16_t base = one || c->mss <= TCP_MSS_BASE ? TCP_MSS_PMTU_MIN : TCP_MSS_BASE;
    bool full = flight > base && c->mss > base;
    if (c->n_resent < (one ? 3 : 1) || !full)
        return;
    c->t->n.n_black_holes++;
    c->mss = base;
    tcp_mtu_later(c, now_ns);
    if (c->sack)
        c->search_ns = now_ns;
}

void tcp_mtu_later(struct tcp_connection *c, uint64_t now_ns)
{
    c->mss_not = 0;
    c->probe_len = 0;
    c->search_ns = now_ns + TCP_MTU_AGE_NS;
}

/* What to try next; 0: nothing for now. */
static uint16_t next_size(struct tcp_connection *c, uint64_t now_ns)
{
    uint16_t most = tcp_mss_for(c, tcp_route_payload(c->t, &c->entry.peer.ip, NULL));
    if (!c->sack)
        c->mss = most;
    uint16_t size = c->mss_not ? (uint16_t)((c->mss + c->mss_not) / 2) : most;
    if (size > most)
        size = most;
    if (size > c->mss && (!c->mss_not || c->mss_not - c->mss > TCP_MTU_STEP))
        return size;
    tcp_mtu_later(c, now_ns);
    return 0;
}

uint16_t tcp_mtu_search(struct tcp_connection *c, uint64_t now_ns)
{
    bool calm = !c->in_recovery && !c->frto && c->n_resent == 0 && c->board.lost_bytes == 0 &&
                !seq_before(c->una, c->recover) && c->board.sacked_bytes == 0;
    return calm && c->probe_len == 0 ? next_size(c, now_ns) : 0;
}

void tcp_mtu_sent(struct tcp_connection *c, uint16_t size)
{
    c->t->n.n_mtu_probes++;
    c->probe_len = size;
    c->probe_end = c->nxt;
}

void tcp_mtu_arrived(struct tcp_connection *c)
{
    if (seq_before(c->una, c->probe_end))
        return;
    c->mss = c->probe_len;
    c->probe_len = 0;
}

bool tcp_mtu_lost(struct tcp_connection *c)
{
    struct seq from;
    uint32_t len;
    if (c->probe_len == 0 || !tcp_board_next(c, &from, &len))
        return false;
    uint32_t before_end = c->probe_end.v - from.v;
    if (before_end > c->probe_len || c->board.lost_bytes > before_end)
        return false;
    c->t->n.n_mtu_probes_lost++;
    c->mss_not = c->probe_len;
    c->probe_len = 0;
    return true;
}
