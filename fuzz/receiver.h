/* SPDX-License-Identifier: ISC */
/* What an honest receiver of TCP remembers of what came, so that it can say so: up to where all has come, what came behind
 * that, and what came twice (RFC 2018, RFC 2883). */
#ifndef FUZZ_RECEIVER_H
#define FUZZ_RECEIVER_H

#include "wire/tcp.h"

enum { RANGES = 4 };

struct receiver {
    struct seq got;               /* up to where all has come */
    struct tcp_range out[RANGES]; /* what came behind that */
    struct tcp_range twice;       /* what came once more; empty: nothing */
    size_t n_out;
};

/* A stream begins: the next number is `at`. */
static void receive_first(struct receiver *p, struct seq at)
{
    *p = (struct receiver){.got = at, .twice = {at, at}};
}

static void join_ranges(struct receiver *p)
{
    for (size_t i = 0; i < p->n_out;) {
        if (seq_after(p->out[i].from, p->got)) {
            i++;
            continue;
        }
        if (seq_after(p->out[i].to, p->got))
            p->got = p->out[i].to;
        p->out[i] = p->out[--p->n_out];
        i = 0;
    }
}

static void receive(struct receiver *p, struct seq from, struct seq to)
{
    if (seq_equal(from, to))
        return;
    if (!seq_after(to, p->got)) {
        p->twice = (struct tcp_range){from, to};
        return;
    }
    if (!seq_after(from, p->got)) {
        p->got = to;
        join_ranges(p);
        return;
    }
    for (size_t i = 0; i < p->n_out; i++) {
        struct tcp_range *r = &p->out[i];
        if (seq_after(from, r->to) || seq_before(to, r->from))
            continue;
        if (!seq_before(from, r->from) && !seq_after(to, r->to))
            p->twice = (struct tcp_range){from, to};
        r->from = seq_before(from, r->from) ? from : r->from;
        r->to = seq_after(to, r->to) ? to : r->to;
        return;
    }
    if (p->n_out < RANGES)
        p->out[p->n_out++] = (struct tcp_range){from, to};
}

/* Reports what it has; once what came twice. */
static void report(struct receiver *p, struct tcp_segment *s)
{
    size_t most = s->has_timestamp ? 3 : TCP_SACK_MAX;
    if (seq_before(p->twice.from, p->twice.to))
        s->sack[s->n_sack++] = p->twice;
    for (size_t i = p->n_out; i-- > 0 && s->n_sack < most;)
        s->sack[s->n_sack++] = p->out[i];
    p->twice.from = p->twice.to;
}

#endif
