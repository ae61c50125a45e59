/* SPDX-License-Identifier: ISC */
/* Received bytes, copied out of their frames into chunks of the shared pool.
 *
 *     irs ... | read | in order: head..tail | gap | ooo | gap | ooo_tail |        |
 *                                           rcv_nxt                               rcv_edge
 *
 * Data in order is acknowledged and therefore kept until it is read. Data out of order is not acknowledged: under
 * pressure it is dropped and the peer sends it again. The edge that was advertised never moves back. A window is not a
 * reservation: chunks are promised to several connections, less to each the fewer are free, and when few are left (none,
 * for who has next to nothing waiting) a segment is dropped (n_no_memory) as if the network had lost it.
 *
 * The list of data out of order is sorted and without overlaps, so SACK blocks can be read off it. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

uint32_t tcp_chunks_free(const struct tcp *t)
{
    return (uint32_t)(t->chunks.n - t->chunks.n_used);
}

struct tcp_chunk *tcp_chunk_take(struct tcp *t)
{
    struct tcp_chunk *chunk = pool_take(&t->chunks);
    if (chunk) {
        chunk->next = NULL;
        chunk->from = chunk->to = 0;
    }
    return chunk;
}

void tcp_chunk_give(struct tcp *t, struct tcp_chunk *chunk)
{
    t->freed = true;
    pool_give(&t->chunks, chunk);
}

/* ---- In order ---- */

static void link_tail(struct tcp_rx *rx, struct tcp_chunk *chunk)
{
    chunk->next = NULL;
    if (rx->tail)
        rx->tail->next = chunk;
    else
        rx->head = chunk;
    rx->tail = chunk;
}

static struct tcp_chunk *chunk_in_order(struct tcp_connection *c)
{
    bool scarce = tcp_chunks_free(c->t) <= c->t->chunks.n / TCP_UNREAD_SHARE;
    if (scarce && c->rx.len >= TCP_UNREAD_MIN_CHUNKS * TCP_CHUNK_DATA)
        return NULL;
    return tcp_chunk_take(c->t);
}

/* Appends what there is room for; rcv_nxt moves by it. */
static void append(struct tcp_connection *c, struct bytes data)
{
    while (data.len > 0) {
        struct tcp_chunk *chunk = c->rx.tail;
        if (!chunk || chunk->to == TCP_CHUNK_DATA) {
            chunk = chunk_in_order(c);
            if (!chunk) {
                c->t->n.n_no_memory++;
                return;
            }
            link_tail(&c->rx, chunk);
        }
        uint32_t len = tcp_least(TCP_CHUNK_DATA - chunk->to, (uint32_t)data.len);
        memcpy(chunk->data + chunk->to, data.data, len);
        chunk->to = (uint16_t)(chunk->to + len);
        c->rx.len += len;
        c->rcv_nxt = seq_add(c->rcv_nxt, len);
        data = bytes_slice(data, len, data.len);
    }
}

static struct seq end_of(const struct tcp_chunk *chunk)
{
    return seq_add(chunk->seq, (uint32_t)(chunk->to - chunk->from));
}

/* Moves what has become in order from one list to the other; nothing is copied. */
static COLD void join_ooo(struct tcp_connection *c)
{
    struct tcp_chunk *chunk;
    while ((chunk = c->rx.ooo) && !seq_after(chunk->seq, c->rcv_nxt)) {
        c->rx.ooo = chunk->next;
        if (!c->rx.ooo)
            c->rx.ooo_tail = NULL;
        c->rx.n_ooo--;
        struct seq end = end_of(chunk);
        tcp_sack_twice(c, chunk->seq, seq_before(end, c->rcv_nxt) ? end : c->rcv_nxt);
        if (!seq_after(end, c->rcv_nxt)) {
            tcp_chunk_give(c->t, chunk);
            continue;
        }
        chunk->from = (uint16_t)(chunk->from + (c->rcv_nxt.v - chunk->seq.v));
        uint32_t len = (uint32_t)(chunk->to - chunk->from);
        c->rx.len += len;
        c->rcv_nxt = seq_add(c->rcv_nxt, len);
        link_tail(&c->rx, chunk);
    }
}

/* ---- Out of order ---- */

static struct tcp_chunk *ooo_chunk(struct tcp_connection *c)
{
    bool scarce = tcp_chunks_free(c->t) <= c->t->chunks.n / TCP_UNREAD_SHARE;
    uint32_t most = TCP_OUT_OF_ORDER_MAX + c->tune.limit_bytes / TCP_CHUNK_DATA;
    if (scarce || c->rx.n_ooo >= most) {
        c->t->n.n_ooo_dropped++;
        return NULL;
    }
    struct tcp_chunk *chunk = tcp_chunk_take(c->t);
    if (chunk)
        c->rx.n_ooo++;
    return chunk;
}

/* Stores bytes that no chunk of the list holds, behind `after` (NULL: at the front). The last chunk written, or
 * NULL when there was no memory. */
static COLD struct tcp_chunk *fill_gap(struct tcp_connection *c, struct tcp_chunk *after, struct seq seq,
                                       struct bytes data)
{
    while (data.len > 0) {
        bool joins = after && seq_equal(end_of(after), seq) && after->to < TCP_CHUNK_DATA;
        if (!joins) {
            struct tcp_chunk *chunk = ooo_chunk(c);
            if (!chunk)
                return NULL;
            chunk->seq = seq;
            chunk->next = after ? after->next : c->rx.ooo;
            if (after)
                after->next = chunk;
            else
                c->rx.ooo = chunk;
            if (!chunk->next)
                c->rx.ooo_tail = chunk;
            after = chunk;
        }
        uint32_t len = tcp_least(TCP_CHUNK_DATA - after->to, (uint32_t)data.len);
        memcpy(after->data + after->to, data.data, len);
        after->to = (uint16_t)(after->to + len);
        seq = seq_add(seq, len);
        data = bytes_slice(data, len, data.len);
    }
    return after;
}

/* The part of the data that lies before `chunk` goes in front of it; what the chunk has already is passed over. */
static COLD void take_ooo(struct tcp_connection *c, struct seq seq, struct bytes data)
{
    struct tcp_chunk *after = c->rx.ooo_tail;
    if (after && seq_before(seq, end_of(after)))
        after = NULL; /* not the usual case of one more at the end: walk */
    while (data.len > 0) {
        struct tcp_chunk *next = after ? after->next : c->rx.ooo;
        if (next && !seq_before(seq, end_of(next))) {
            after = next;
            continue;
        }
        uint32_t gap = next ? (seq_before(seq, next->seq) ? next->seq.v - seq.v : 0) : (uint32_t)data.len;
        gap = tcp_least(gap, (uint32_t)data.len);
        if (gap > 0) {
            after = fill_gap(c, after, seq, bytes_slice(data, 0, gap));
            if (!after)
                return;
        }
        uint32_t passed = next && data.len > gap ? tcp_least(end_of(next).v - seq.v, (uint32_t)data.len) : gap;
        tcp_sack_twice(c, seq_add(seq, gap), seq_add(seq, passed));
        seq = seq_add(seq, passed);
        data = bytes_slice(data, passed, data.len);
    }
}

void tcp_rx_take(struct tcp_connection *c, struct seq seq, struct bytes data)
{
    if (seq_before(seq, c->rcv_nxt)) {
        uint32_t old = c->rcv_nxt.v - seq.v;
        struct seq end = seq_add(seq, (uint32_t)data.len);
        tcp_sack_twice(c, seq, seq_before(end, c->rcv_nxt) ? end : c->rcv_nxt);
        data = bytes_slice(data, old, data.len);
        seq = c->rcv_nxt;
    }
    uint32_t room = seq_before(seq, c->rcv_edge) ? c->rcv_edge.v - seq.v : 0;
    data = bytes_slice(data, 0, room);
    if (data.len == 0)
        return;
    if (!seq_equal(seq, c->rcv_nxt)) {
        tcp_sack_arrived(c, seq);
        take_ooo(c, seq, data);
        return;
    }
    append(c, data);
    if (c->rx.ooo)
        join_ooo(c);
}

/* ---- Reading ---- */

size_t tcp_rx_read(struct tcp_connection *c, void *buffer, size_t size)
{
    uint8_t *out = buffer;
    size_t done = 0;
    while (done < size && c->rx.head) {
        struct tcp_chunk *chunk = c->rx.head;
        size_t len = (size_t)(chunk->to - chunk->from);
        if (len > size - done)
            len = size - done;
        if (out)
            memcpy(out + done, chunk->data + chunk->from, len);
        chunk->from = (uint16_t)(chunk->from + len);
        done += len;
        if (chunk->from < chunk->to)
            break;
        c->rx.head = chunk->next;
        if (!c->rx.head)
            c->rx.tail = NULL;
        tcp_chunk_give(c->t, chunk);
    }
    c->rx.len -= (uint32_t)done;
    return done;
}

static void free_all(struct tcp *t, struct tcp_chunk *chunk)
{
    while (chunk) {
        struct tcp_chunk *next = chunk->next;
        tcp_chunk_give(t, chunk);
        chunk = next;
    }
}

COLD void tcp_rx_free_ooo(struct tcp_connection *c)
{
    free_all(c->t, c->rx.ooo);
    c->rx.ooo = c->rx.ooo_tail = NULL;
    c->rx.n_ooo = 0;
}

COLD void tcp_rx_free(struct tcp_connection *c)
{
    tcp_rx_free_ooo(c);
    free_all(c->t, c->rx.head);
    c->rx = (struct tcp_rx){0};
}

/* ---- The window ---- */

/* The most that this connection may hold, and that a header can say. */
static uint32_t limit(const struct tcp_connection *c)
{
    return tcp_least(c->tune.limit_bytes, UINT32_C(65535) << tcp_rx_shift(c));
}

/* What we would take now: what the connection may hold less what it holds, and its share of what is free. */
static uint32_t room(const struct tcp_connection *c)
{
    uint32_t own = limit(c) > c->rx.len ? limit(c) - c->rx.len : 0;
    uint32_t part = c->tune.limit_bytes > c->t->window_first ? TCP_GROWN_SHARE : TCP_FAIR_SHARE;
    uint64_t share = (uint64_t)tcp_chunks_free(c->t) * TCP_CHUNK_DATA / part;
    return share < own ? (uint32_t)share : own;
}

/* RFC 9293 3.8.6.2.2: the edge moves by a segment or half of the buffer, or not at all. A closed window behind
 * which nothing waits to be read opens by whatever there is: two hosts whose buffers are full of data for each
 * other go on. */
uint32_t tcp_rx_window(struct tcp_connection *c)
{
    uint32_t shift = tcp_rx_shift(c), now = tcp_rx_promised(c), wanted = room(c);
    bool stuck = now == 0 && c->rx.len == 0;
    if (stuck || wanted >= now + tcp_least(limit(c) / 2, c->mss))
        now = wanted;
    /* Rounded up, so that the edge which the peer computes is not left of the one before. */
    uint32_t field = (now + (UINT32_C(1) << shift) - 1) >> shift;
    field = tcp_least(field, UINT16_MAX);
    struct seq edge = seq_add(c->rcv_nxt, field << shift);
    if (seq_after(edge, c->rcv_edge))
        c->rcv_edge = edge;
    return field << shift;
}

/* While much of the window is open, the acknowledgements of what comes in tell in time that it opens further. When
 * little is, the peer may be waiting; then two segments or half of the buffer are worth a packet. */
bool tcp_rx_update_due(const struct tcp_connection *c)
{
    uint32_t step = tcp_least(limit(c) / 2, 2U * c->mss);
    uint32_t now = tcp_rx_promised(c);
    bool little = now < limit(c) / 8 || now < step;
    return little && room(c) >= now + step;
}
