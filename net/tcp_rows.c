/* SPDX-License-Identifier: ISC */
/* The table as somebody outside sees it. In an image only if it is asked for. */
#include "net/tcp_internal.h"

static const char *state_name(uint8_t state)
{
    static const char *const name[] = {
        [TCP_CLOSED] = "CLOSED",           [TCP_SYN_SENT] = "SYN-SENT",     [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
        [TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1", [TCP_FIN_WAIT_2] = "FIN-WAIT-2",
        [TCP_CLOSE_WAIT] = "CLOSE-WAIT",   [TCP_CLOSING] = "CLOSING",       [TCP_LAST_ACK] = "LAST-ACK"};
    return name[state];
}

static void describe(const struct tcp_connection *c, struct tcp_row *row)
{
    row->state = state_name(c->state);
    row->unread_bytes = c->rx.len;
    row->unsent_bytes = c->tx.len;
    row->flight_bytes = tcp_flight(c);
    row->cwnd_bytes = c->window.cwnd_bytes;
    row->ssthresh_bytes = c->window.ssthresh_bytes;
    row->peer_window_bytes = c->wnd_bytes;
    row->window_bytes = tcp_rx_promised(c);
    row->rtt_us = c->srtt_us;
    row->rto_us = c->rto_us;
    row->mss_bytes = c->mss;
    row->n_timeouts = c->n_resent;
    row->sack = c->sack;
    row->orphan = c->orphan;
}

bool tcp_rows_next(const struct tcp *t, struct tcp_rows *at, struct tcp_row *row)
{
    for (; at->bucket <= t->bucket_mask; at->bucket++, at->n_seen = 0) {
        struct tcp_entry *e = t->bucket[at->bucket];
        for (uint32_t i = 0; e && i < at->n_seen; i++)
            e = e->next;
        if (!e)
            continue;
        at->n_seen++;
        *row = (struct tcp_row){.local = e->local, .peer = e->peer};
        if (e->kind == TCP_CONNECTION)
            describe(CONTAINER_OF(e, struct tcp_connection, entry), row);
        else
            row->state = e->kind == TCP_HALF ? "SYN-RECEIVED" : "TIME-WAIT";
        return true;
    }
    return false;
}
