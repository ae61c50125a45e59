/* SPDX-License-Identifier: ISC */
/* What we tell the sender about data out of order: SACK blocks (RFC 2018) and D-SACK (RFC 2883).
 *
 *   first   what arrived twice, once (RFC 2883 4)
 *   then    the block that holds what arrived last, the one reported before it, and so on (RFC 2018 4)
 *   last    others, in their order
 *
 * Blocks are read off the list of data out of order. What is remembered is a place in each of those reported last;
 * a place that no block holds any more has been delivered. */
#include "net/tcp_internal.h"

void tcp_sack_arrived(struct tcp_connection *c, struct seq seq)
{
    uint8_t n = c->n_recent < TCP_SACK_RECENT ? c->n_recent : TCP_SACK_RECENT - 1;
    for (uint8_t i = n; i > 0; i--)
        c->recent[i] = c->recent[i - 1];
    c->recent[0] = seq;
    c->n_recent = (uint8_t)(n + 1);
}

void tcp_sack_twice(struct tcp_connection *c, struct seq from, struct seq to)
{
    if (!c->sack || c->has_twice || !seq_before(from, to))
        return;
    c->has_twice = true;
    c->twice = (struct tcp_range){from, to};
    c->t->n.n_received_twice++;
}

static bool holds(struct tcp_range r, struct seq s)
{
    return !seq_before(s, r.from) && seq_before(s, r.to);
}

struct blocks {
    struct tcp_range recent[TCP_SACK_RECENT], other[TCP_SACK_MAX];
    bool found[TCP_SACK_RECENT];
    uint8_t n_other;
};

static void sort_in(const struct tcp_connection *c, struct blocks *b, struct tcp_range r)
{
    for (uint8_t i = 0; i < c->n_recent; i++) {
        if (holds(r, c->recent[i])) {
            b->recent[i] = r;
            b->found[i] = true;
            return;
        }
    }
    if (b->n_other < TCP_SACK_MAX)
        b->other[b->n_other++] = r;
}

/* Chunks that touch are one block. */
static void collect(const struct tcp_connection *c, struct blocks *b)
{
    const struct tcp_chunk *chunk = c->rx.ooo;
    while (chunk) {
        struct tcp_range r = {chunk->seq, chunk->seq};
        for (; chunk && seq_equal(chunk->seq, r.to); chunk = chunk->next)
            r.to = seq_add(chunk->seq, (uint32_t)(chunk->to - chunk->from));
        sort_in(c, b, r);
    }
}

void tcp_sack_fill(struct tcp_connection *c, struct tcp_segment *s, size_t room_bytes)
{
    size_t n_max = room_bytes < TCP_SACK_HEAD_BYTES ? 0 : (room_bytes - TCP_SACK_HEAD_BYTES) / TCP_SACK_BYTES;
    size_t n_fit = c->timestamps ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;
    struct blocks b = {.n_other = 0};
    if (n_max > n_fit)
        n_max = n_fit;
    if (n_max == 0)
        return;
    if (c->has_twice)
        s->sack[s->n_sack++] = c->twice;
    c->has_twice = false;
    collect(c, &b);
    uint8_t n_recent = 0;
    for (uint8_t i = 0; i < c->n_recent; i++) {
        if (!b.found[i])
            continue;
        c->recent[n_recent++] = b.recent[i].from;
        if (s->n_sack < n_max)
            s->sack[s->n_sack++] = b.recent[i];
    }
    c->n_recent = n_recent;
    for (uint8_t i = 0; i < b.n_other && s->n_sack < n_max; i++)
        s->sack[s->n_sack++] = b.other[i];
}
