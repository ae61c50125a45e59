/* SPDX-License-Identifier: ISC */
/* Bytes to send: a queue of pieces. Static bytes stay where they are; copied ones go into chunks, and what is
 * written in small copies shares one.
 *
 *     head                       at
 *      | acknowledged |  sent     | not sent yet          | tail
 *      |<-head_offset>|<- - - - - - - tx.len - - - - - - ->|
 *
 * head_offset is below head->len, at_offset below at->len, or the queue is empty, or `at` is NULL at its end. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static struct tcp_piece *append(struct tcp_connection *c)
{
    struct tcp_piece *p = pool_take(&c->t->pieces);
    if (!p)
        return NULL;
    *p = (struct tcp_piece){0};
    if (c->tx.tail)
        c->tx.tail->next = p;
    else
        c->tx.head = p;
    c->tx.tail = p;
    if (!c->tx.at) {
        c->tx.at = p;
        c->tx.at_offset = 0;
    }
    return p;
}

/* How much copied data this connection may hold: less the more is taken in all. Twice what the network and the peer
 * take in a round trip keeps both busy while the writer is told; a peer that has stopped reading gets no more. */
static size_t copied_limit(const struct tcp_connection *c)
{
    size_t n_free = tcp_chunks_free(c->t);
    size_t reserve = c->t->chunks.n / TCP_RESERVE_SHARE;
    if (n_free <= reserve)
        return 0;
    reserve += least(c->t->connections.n_used, c->t->chunks.n / TCP_FIRST_SHARE);
    if (n_free <= reserve)
        return TCP_CHUNK_DATA;
    size_t base = least(TCP_COPIED_BYTES, ((n_free - reserve) / TCP_FAIR_SHARE + 1) * TCP_CHUNK_DATA);
    size_t grown = least(c->window.cwnd_bytes, c->wnd_bytes) * 2;
    if (grown <= base)
        return base;
    grown = least(grown, (n_free - reserve) / TCP_GROWN_SHARE * TCP_CHUNK_DATA);
    return grown > base ? grown : base;
}

static size_t room_in_tail(const struct tcp_tx *tx)
{
    return tx->tail && tx->tail->chunk ? (size_t)(TCP_CHUNK_DATA - tx->tail->chunk->to) : 0;
}

bool tcp_tx_has_room(const struct tcp_connection *c)
{
    if (c->tx.n_static >= TCP_PIECES_MAX || c->t->pieces.n_used >= c->t->pieces.n)
        return false;
    return room_in_tail(&c->tx) > 0 || c->tx.copied < copied_limit(c);
}

static struct tcp_piece *append_chunk(struct tcp_connection *c)
{
    if (c->tx.copied >= copied_limit(c))
        return NULL;
    struct tcp_chunk *chunk = tcp_chunk_take(c->t);
    if (!chunk)
        return NULL;
    struct tcp_piece *p = append(c);
    if (!p) {
        tcp_chunk_give(c->t, chunk);
        return NULL;
    }
    p->chunk = chunk;
    p->data = chunk->data;
    return p;
}

/* Appends to the last chunk; when all of it was sent already, the place of the next new byte is there again. */
static size_t fill_tail(struct tcp_connection *c, struct bytes b)
{
    struct tcp_piece *p = c->tx.tail;
    size_t len = least(room_in_tail(&c->tx), b.len);
    memcpy(p->chunk->data + p->chunk->to, b.data, len);
    if (!c->tx.at) {
        c->tx.at = p;
        c->tx.at_offset = p->len;
    }
    p->chunk->to = (uint16_t)(p->chunk->to + len);
    p->len += len;
    c->tx.copied += (uint32_t)len;
    c->tx.len += len;
    return len;
}

static enum err add_copied(struct tcp_connection *c, struct bytes b, size_t *taken)
{
    size_t done = 0;
    while (done < b.len) {
        if (room_in_tail(&c->tx) == 0 && !append_chunk(c))
            break;
        done += fill_tail(c, bytes_slice(b, done, b.len));
    }
    *taken = done;
    return done > 0 ? OK : ERR_AGAIN;
}

enum err tcp_tx_add(struct tcp_connection *c, struct piece p, size_t *taken)
{
    *taken = 0;
    if (p.bytes.len == 0)
        return OK;
    if (p.life == LIFE_COPY)
        return add_copied(c, p.bytes, taken);
    struct tcp_piece *piece = c->tx.n_static < TCP_PIECES_MAX ? append(c) : NULL;
    if (!piece)
        return ERR_AGAIN;
    c->tx.n_static++;
    piece->data = p.bytes.data;
    piece->len = p.bytes.len;
    c->tx.len += p.bytes.len;
    *taken = p.bytes.len;
    return OK;
}

static void drop_head(struct tcp_connection *c)
{
    struct tcp_piece *p = c->tx.head;
    c->tx.head = p->next;
    if (!c->tx.head)
        c->tx.tail = NULL;
    if (c->tx.at == p) {
        c->tx.at = p->next;
        c->tx.at_offset = 0;
    }
    if (p->chunk) {
        c->tx.copied -= (uint32_t)p->len;
        tcp_chunk_give(c->t, p->chunk);
    } else {
        c->tx.n_static--;
    }
    c->t->freed = true;
    pool_give(&c->t->pieces, p);
    c->tx.head_offset = 0;
}

void tcp_tx_acked(struct tcp_connection *c, size_t len)
{
    must(len <= c->tx.len);
    c->tx.len -= len;
    while (len > 0) {
        size_t here = c->tx.head->len - c->tx.head_offset;
        if (len < here) {
            c->tx.head_offset += len;
            return;
        }
        len -= here;
        drop_head(c);
    }
}

static size_t gather(const struct tcp_piece *p, size_t offset, size_t len, struct bytes *v, size_t n_max, size_t *n)
{
    size_t done = 0;
    *n = 0;
    for (; p && done < len && *n < n_max; p = p->next, offset = 0) {
        size_t here = least(p->len - offset, len - done);
        v[(*n)++] = bytes_of(p->data + offset, here);
        done += here;
    }
    return done;
}

/* The piece that holds the byte `offset` after the first unacknowledged one, NULL at the end. */
static struct tcp_piece *find(const struct tcp_connection *c, size_t *offset)
{
    struct tcp_piece *p = c->tx.head;
    *offset += c->tx.head_offset;
    while (p && *offset >= p->len) {
        *offset -= p->len;
        p = p->next;
    }
    return p;
}

COLD size_t tcp_tx_slices(const struct tcp_connection *c, size_t offset, size_t len, struct bytes *v, size_t n_max,
                          size_t *n)
{
    struct tcp_piece *p = find(c, &offset);
    return gather(p, offset, len, v, n_max, n);
}

COLD void tcp_tx_seek(struct tcp_connection *c, size_t offset)
{
    must(offset <= c->tx.len);
    c->tx.at = find(c, &offset);
    c->tx.at_offset = c->tx.at ? offset : 0;
}

size_t tcp_tx_slices_at(const struct tcp_connection *c, size_t len, struct bytes *v, size_t n_max, size_t *n)
{
    return gather(c->tx.at, c->tx.at_offset, len, v, n_max, n);
}

void tcp_tx_advance(struct tcp_connection *c, size_t len)
{
    while (len > 0) {
        must(c->tx.at);
        size_t here = c->tx.at->len - c->tx.at_offset;
        if (len < here) {
            c->tx.at_offset += len;
            return;
        }
        len -= here;
        c->tx.at = c->tx.at->next;
        c->tx.at_offset = 0;
    }
}

COLD void tcp_tx_free(struct tcp_connection *c)
{
    while (c->tx.head)
        drop_head(c);
    c->tx = (struct tcp_tx){0};
}
