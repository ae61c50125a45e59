/* SPDX-License-Identifier: ISC */
/* The sender's scoreboard: what became of each byte in [una, nxt) that was sent, in runs. A run is what was sent at
 * one time and has one fate, so a burst is one run until a part of it is reported.
 *
 *     una                                                nxt
 *      | sent at 1 | lost  | SACK  | again at 3 | sent at 2 |
 *
 * A connection with one burst under way uses the run in its control block; others come from a shared pool. Without one,
 * a report that would split a run is passed over (counted), which costs a retransmission at worst; and new bytes
 * join the last run. Neighbours that were reported are one run, so a peer that reports every second byte stops at
 * TCP_RUNS_MAX. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

static uint32_t len_of(const struct tcp_run *r)
{
    return r->to.v - r->from.v;
}

static struct tcp_run *take(struct tcp_connection *c)
{
    struct tcp_board *b = &c->board;
    if (!b->first_used) {
        b->first_used = true;
        return &b->first;
    }
    struct tcp_run *r = b->n_pooled < TCP_RUNS_MAX ? pool_take(&c->t->runs) : NULL;
    if (r)
        b->n_pooled++;
    else
        c->t->n.n_runs_refused++;
    return r;
}

static void give(struct tcp_connection *c, struct tcp_run *r)
{
    if (r == &c->board.first) {
        c->board.first_used = false;
        return;
    }
    c->board.n_pooled--;
    pool_give(&c->t->runs, r);
}

/* Takes its bytes out of the sums. */
static void uncount(struct tcp_board *b, const struct tcp_run *r, uint32_t len)
{
    if (r->sacked)
        b->sacked_bytes -= len;
    if (r->lost)
        b->lost_bytes -= len;
}

static void forget(struct tcp_board *b, struct tcp_run *r)
{
    uncount(b, r, len_of(r));
    r->sacked = r->lost = false;
}

void tcp_board_sent(struct tcp_connection *c, uint64_t now_ns, uint32_t len, bool again)
{
    struct tcp_board *b = &c->board;
    struct tcp_run *tail = b->tail;
    struct seq end = seq_add(c->nxt, len);
    if (!tail) { /* the usual case */
        b->first = (struct tcp_run){.sent_ns = now_ns, .from = c->nxt, .to = end, .resent = again};
        b->head = b->tail = &b->first;
        b->first_used = true;
        return;
    }
    if (tail->sent_ns == now_ns && tail->resent == again && !tail->sacked && !tail->lost) {
        tail->to = end;
        return;
    }
    struct tcp_run *r = take(c);
    if (!r) {
        forget(b, tail);
        tail->to = end;
        tail->sent_ns = now_ns;
        return;
    }
    *r = (struct tcp_run){.sent_ns = now_ns, .from = c->nxt, .to = end, .resent = again};
    tail->next = r;
    b->tail = r;
}

static bool split(struct tcp_connection *c, struct tcp_run *r, struct seq at)
{
    struct tcp_run *behind = take(c);
    if (!behind)
        return false;
    *behind = *r;
    behind->from = r->to = at;
    r->next = behind;
    if (c->board.tail == r)
        c->board.tail = behind;
    return true;
}

static void drop_head(struct tcp_connection *c)
{
    struct tcp_run *r = c->board.head;
    c->board.head = r->next;
    if (!r->next)
        c->board.tail = NULL;
    give(c, r);
}

void tcp_board_acked(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    struct tcp_board *b = &c->board;
    struct tcp_run *r = b->head;
    if (r == &b->first && !r->next && !r->sacked && !r->lost && seq_equal(r->to, c->una)) { /* the usual case */
        tcp_rack_delivered(c, now_ns, s, r, r->to);
        b->head = b->tail = NULL;
        b->first_used = false;
        return;
    }
    while ((r = b->head) && seq_before(r->from, c->una)) {
        bool all = !seq_after(r->to, c->una);
        struct seq end = all ? r->to : c->una;
        if (!r->sacked)
            tcp_rack_delivered(c, now_ns, s, r, end);
        uncount(b, r, end.v - r->from.v);
        r->from = end;
        if (all)
            drop_head(c);
    }
    must(b->head ? seq_equal(b->head->from, c->una) : seq_equal(c->nxt, c->una));
}

/* Joins `r` to the run before it when both were reported. */
static struct tcp_run *join(struct tcp_connection *c, struct tcp_run *before, struct tcp_run *r)
{
    if (!before || !before->sacked)
        return r;
    before->to = r->to;
    before->next = r->next;
    if (c->board.tail == r)
        c->board.tail = before;
    give(c, r);
    return before;
}

static void mark_range(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s, struct tcp_range range)
{
    struct tcp_board *b = &c->board;
    struct tcp_run *before = NULL;
    for (struct tcp_run *r = b->head; r && seq_before(r->from, range.to); before = r, r = r->next) {
        if (r->sacked) {
            if (before && before->sacked)
                r = join(c, before, r);
            continue;
        }
        if (!seq_after(r->to, range.from))
            continue;
        if (seq_before(r->from, range.from)) {
            (void)!split(c, r, range.from); /* the part behind is next, or all of it stays as it is */
            continue;
        }
        if (seq_after(r->to, range.to) && !split(c, r, range.to))
            continue;
        tcp_rack_delivered(c, now_ns, s, r, r->to);
        forget(b, r);
        r->sacked = true;
        b->sacked_bytes += len_of(r);
        r = join(c, before, r);
    }
}

/* RFC 2883 4: the first block tells of what arrived twice when it lies below the acknowledgement, or in the second. */
static bool is_twice(const struct tcp_segment *s)
{
    const struct tcp_range *a = &s->sack[0], *b = &s->sack[1];
    if (!seq_after(a->to, s->ack))
        return true;
    return s->n_sack > 1 && !seq_before(a->from, b->from) && !seq_after(a->to, b->to);
}

bool tcp_board_sacked(struct tcp_connection *c, uint64_t now_ns, const struct tcp_segment *s)
{
    bool twice = s->n_sack > 0 && is_twice(s);
    for (uint8_t i = twice; i < s->n_sack; i++) {
        struct tcp_range r = s->sack[i];
        bool good = !seq_before(r.from, c->una) && seq_before(r.from, r.to) && !seq_after(r.to, c->nxt);
        if (good)
            mark_range(c, now_ns, s, r);
        else
            c->t->n.n_bad_sack++;
    }
    return twice;
}

void tcp_board_lost(struct tcp_connection *c, struct tcp_run *r)
{
    r->lost = true;
    c->board.lost_bytes += len_of(r);
}

/* RFC 2018 8: a timeout with the first bytes reported means that the peer threw them away: no report counts. */
void tcp_board_all_lost(struct tcp_connection *c)
{
    struct tcp_board *b = &c->board;
    bool reneged = b->head && b->head->sacked;
    c->t->n.n_reneged += reneged;
    for (struct tcp_run *r = b->head; r; r = r->next) {
        if (reneged && r->sacked)
            forget(b, r);
        if (!r->sacked && !r->lost)
            tcp_board_lost(c, r);
    }
}

void tcp_board_none_lost(struct tcp_connection *c)
{
    for (struct tcp_run *r = c->board.head; r; r = r->next)
        r->lost = false;
    c->board.lost_bytes = 0;
}

uint32_t tcp_board_reported(const struct tcp_connection *c, struct seq end)
{
    uint32_t bytes = 0;
    for (const struct tcp_run *r = c->board.head; r && seq_before(r->from, end); r = r->next) {
        if (r->sacked)
            bytes += (seq_before(r->to, end) ? r->to.v : end.v) - r->from.v;
    }
    return bytes;
}

bool tcp_board_next(struct tcp_connection *c, struct seq *from, uint32_t *len)
{
    struct tcp_run *r = c->board.head;
    while (r && !r->lost)
        r = r->next;
    if (!r)
        return false;
    *from = r->from;
    *len = len_of(r);
    return true;
}

/* Grows the run before by what was sent again at the same time; else makes it one of its own. When there is none to
 * be had, the whole run counts as sent now. */
void tcp_board_resent(struct tcp_connection *c, uint64_t now_ns, struct seq from, uint32_t len)
{
    struct tcp_run *before = NULL, *r = c->board.head;
    while (r && !seq_equal(r->from, from)) {
        if (seq_after(r->to, from) && !split(c, r, from))
            return;
        before = r;
        r = r->next;
    }
    if (!r)
        return;
    bool joins = before && before->resent && before->sent_ns == now_ns && !before->lost && !before->sacked;
    if (joins && len < len_of(r)) {
        uncount(&c->board, r, len);
        before->to = r->from = seq_add(from, len);
        return;
    }
    if (len < len_of(r))
        (void)!split(c, r, seq_add(from, len));
    forget(&c->board, r);
    r->resent = true;
    r->sent_ns = now_ns;
}

void tcp_board_free(struct tcp_connection *c)
{
    while (c->board.head)
        drop_head(c);
    c->board = (struct tcp_board){0};
}
