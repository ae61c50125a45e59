/* SPDX-License-Identifier: ISC */
/* How large a window is promised: what the reader takes in a round trip, with room to double, and a fair part of what there
 * is for all.
 *
 *   first    every connection, and again after TCP_TUNE_IDLE_MS without reading
 *   grown    twice what was read in the last round trip was more than the window: four times that
 *   budget   what all connections have above the first window is three quarters of the buffers. Each of n gets 2 / (2n + 1)
 *            of it, or two thirds of what the others leave if that is more: alone two thirds, two of them two fifths
 *            each. Who has more than that when another comes gives it back with the next round
 *
 * A smaller limit does not take back what was promised: the edge stays where it is until data has come up to it.
 *
 * The round trip of the peer's data is the shortest one that its timestamps showed in the last round; without them, how
 * long it took to fill the window, which is not shorter. */
#include "net/tcp_internal.h"

void tcp_tune_init(struct tcp *t)
{
    uint32_t all = (uint32_t)t->chunks.n * TCP_CHUNK_BYTES;
    t->window_first = tcp_least(all / TCP_FAIR_SHARE, UINT16_MAX);
    t->window_max = tcp_least(all / 2, TCP_WINDOW_MAX_BYTES);
    t->tune_bytes = all - all / TCP_UNREAD_SHARE;
    list_init(&t->tuned);
}

void tcp_tune_start(struct tcp_connection *c, uint64_t now_ns)
{
    uint32_t rtt_ms = c->srtt_us ? c->srtt_us / 1000 + 1 : TCP_TUNE_ROUND_MS;
    c->tune.rtt_ms = (uint16_t)tcp_least(rtt_ms, UINT16_MAX);
    c->tune.least_ms = UINT16_MAX;
    c->tune.since_ms = c->tune.edge_ms = (uint32_t)(now_ns / NS_PER_MS);
    c->tune.edge = c->rcv_edge;
}

static void set_limit(struct tcp_connection *c, uint32_t bytes)
{
    struct tcp *t = c->t;
    t->tuned_bytes += bytes - c->tune.limit_bytes;
    t->n_tuned += bytes > t->window_first;
    t->n_tuned -= c->tune.limit_bytes > t->window_first;
    c->tune.limit_bytes = bytes;
    list_remove(&c->node);
    if (bytes > t->window_first)
        list_append(&t->tuned, &c->node); /* who read last is the last */
}

void tcp_tune_end(struct tcp_connection *c)
{
    if (c->tune.limit_bytes > c->t->window_first)
        set_limit(c, c->t->window_first);
}

/* Who has not read for long has no use for a large window. */
static void reclaim(struct tcp *t, uint32_t now_ms)
{
    LIST_EACH(&t->tuned, node)
    {
        struct tcp_connection *c = CONTAINER_OF(node, struct tcp_connection, node);
        if (now_ms - c->tune.since_ms < TCP_TUNE_IDLE_MS)
            return;
        t->n.n_windows_reclaimed++;
        set_limit(c, t->window_first);
    }
}

static uint32_t fair_part(const struct tcp_connection *c)
{
    const struct tcp *t = c->t;
    uint32_t n = t->n_tuned + (c->tune.limit_bytes <= t->window_first);
    uint32_t others = t->tuned_bytes - (c->tune.limit_bytes - t->window_first);
    uint32_t left = others < t->tune_bytes ? t->tune_bytes - others : 0;
    uint32_t part = t->tune_bytes / (2 * n + 1) * 2;
    if (part < left / 3 * 2)
        part = left / 3 * 2;
    return tcp_least(t->window_first + part, t->window_max);
}

static void resize(struct tcp_connection *c, uint32_t now_ms, uint32_t past_ms)
{
    struct tcp *t = c->t;
    uint64_t read = (uint64_t)c->tune.read_bytes * c->tune.rtt_ms / past_ms;
    uint64_t wanted = read * 2 > c->tune.limit_bytes ? read * 4 : c->tune.limit_bytes;
    if (past_ms >= TCP_TUNE_IDLE_MS)
        wanted = t->window_first;
    uint32_t fair = fair_part(c);
    if (wanted > fair) {
        t->n.n_windows_held++;
        reclaim(t, now_ms);
        fair = fair_part(c);
    }
    uint32_t limit = wanted < fair ? (uint32_t)wanted : fair;
    t->n.n_windows_grown += limit > c->tune.limit_bytes;
    set_limit(c, limit);
}

void tcp_tune_read(struct tcp_connection *c, uint64_t now_ns, uint32_t len)
{
    struct tcp_tune *u = &c->tune;
    uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS), past_ms = now_ms - u->since_ms;
    u->read_bytes += len;
    if (past_ms < u->rtt_ms)
        return;
    u->since_ms = now_ms;
    if (u->read_bytes > u->limit_bytes / 2 || u->limit_bytes > c->t->window_first)
        resize(c, now_ms, past_ms);
    u->read_bytes = 0;
    if (u->least_ms != UINT16_MAX)
        u->rtt_ms = u->least_ms ? u->least_ms : 1;
    u->least_ms = UINT16_MAX;
}

void tcp_tune_arrived(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    struct tcp_tune *u = &c->tune;
    uint32_t ms;
    if (c->timestamps) {
        ms = tcp_timestamp(now_ns, c->ts_offset) - s->ts_echo;
    } else {
        uint32_t now_ms = (uint32_t)(now_ns / NS_PER_MS);
        if (!seq_after(s->seq, u->edge))
            return;
        ms = now_ms - u->edge_ms;
        u->edge = c->rcv_edge;
        u->edge_ms = now_ms;
    }
    if (ms < u->least_ms)
        u->least_ms = (uint16_t)ms;
}
