/* SPDX-License-Identifier: ISC */
/* What must hold after each step of fuzz/stack.c, whatever was said: pools hold just what the tables hold, queues and lists are
 * in order, whoever waits will be woken or has a deadline, and no counter goes back. */
#ifndef FUZZ_STACK_CHECK_H
#define FUZZ_STACK_CHECK_H

#include "fuzz/stack_world.h"

/* libFuzzer is to look for new ways through the stack, not through these checks. */
#pragma clang attribute push(__attribute__((no_sanitize("coverage"))), apply_to = function)

/* ---- Below TCP ---- */

/* What waits for a neighbour must not wait for ever. */
static void check_neighbours(const struct net *n)
{
    size_t waiting = 0;
    for (size_t i = 0; i < ARP_NEIGHBOURS; i++) {
        const struct neighbour *h = &n->arp.neighbour[i];
        waiting += h->waiting.n;
        must(h->waiting.n <= ARP_WAITING_PER_NEIGHBOUR && !h->waiting.n == !h->waiting.first);
        must(!h->waiting.n || (h->state == ARP_ASKING && h->next_ns != TIME_NEVER));
        must(h->state == ARP_FREE || n->arp.next_ns <= h->next_ns);
    }
    must(n->arp.room.frames.n_used == waiting);
}

static void check_neighbours6(const struct nd *d)
{
    size_t waiting = 0;
    for (size_t i = 0; i < ND_NEIGHBOURS; i++) {
        const struct nd_neighbour *h = &d->neighbour[i];
        if (h->state == ND_FREE)
            continue;
        waiting += h->waiting.n;
        must(h->waiting.n <= ND_WAITING_PER_NEIGHBOUR && !h->waiting.n == !h->waiting.first);
        must(!h->waiting.n || (h->state == ND_INCOMPLETE && h->next_ns != TIME_NEVER));
        must(d->next_ns <= h->next_ns);
    }
    must(d->room.frames.n_used == waiting);
}

static void check_fragments(const struct frag *f)
{
    size_t n_used = 0, n_chunks = 0;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        const struct frag_datagram *d = &f->datagram[i];
        n_used += d->used;
        for (size_t k = 0; k < FRAG_CHUNKS_PER_DATAGRAM; k++)
            n_chunks += d->used && d->chunk[k];
        must(!d->used || d->n_fragments <= FRAG_FRAGMENTS + 1);
        must(!d->used || frag_deadline(f) <= d->expires_ns);
    }
    must(f->n_used == n_used && f->chunks.n_used == n_chunks);
}

static size_t chunks_of(const struct udp_socket *u)
{
    size_t n = 0;
    for (const struct udp_chunk *c = u->first; c; c = c->next_datagram)
        n += c->n_chunks;
    return n;
}

static void check_sockets(const struct net *n)
{
    size_t n_chunks = 0;
    for (size_t i = 0; i < UDP_SOCKETS; i++) {
        const struct udp_socket *u = &n->udp.socket[i];
        if (!u->port)
            continue;
        must(u->n_chunks <= UDP_CHUNKS_PER_SOCKET && u->n_chunks == chunks_of(u));
        n_chunks += u->n_chunks;
    }
    must(n->udp.chunks.n_used == n_chunks);
}

static void check_loop(const struct loop *l)
{
    size_t n = 0;
    for (const struct loop_packet *p = l->first; p; p = p->next)
        n++;
    must(n == l->packets.n_used && !l->delivering);
}

/* Both are numbers that only go up. */
static void check_counters(const void *before, const void *after, size_t size)
{
    const uint64_t *a = before, *b = after;
    for (size_t i = 0; i < size / sizeof *a; i++)
        must(a[i] <= b[i]);
}

/* Whatever came in was taken or dropped, and counted as one of both. */
static void check_sums(const struct net_counters *c, const struct tcp_counters *t)
{
    const struct counters_udp *u = &c->udp;
    uint64_t known = u->delivered + u->in_bad_length + u->in_bad_checksum + u->in_no_port + u->in_queue_full +
                     u->in_memory_full + u->in_not_joined + u->served + u->unanswered + u->answers_lost;
    uint64_t servers = c->dhcp.in + c->dhcp6.in + c->dhcp6.in_ignored;
    must(known <= u->in && u->in <= known + servers);
    const struct counters_ip4 *i = &c->ip4;
    uint64_t dropped = i->in_bad_header + i->in_bad_checksum + i->in_bad_options + i->in_source_route + i->in_martian;
    must(i->delivered + dropped <= i->in && i->in <= i->delivered + dropped + i->in_other_host + c->frag.in);
    must(t->n_bad_checksum + t->n_malformed + t->n_not_unicast + t->n_no_connection <= t->n_in);
    must(c->frag.reassembled + c->frag.duplicates + c->frag.poisoned <= c->frag.in);
    must(c->nd.resolved <= c->nd.in_solicitations + c->nd.in_advertisements + c->nd.in_routers + c->nd.in_redirects);
}

/* Each address has one place, its group, and an end that is known. */
static void check_addresses(const struct net *n)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &n->ip6->address[i];
        bool used = a->state == IP6_OPTIMISTIC || a->state == IP6_VALID;
        must(!used || ip6_find(n, &a->ip) == a);
        must(a->state == IP6_FREE || a->preferred_ns <= a->valid_ns);
    }
}

static void check_net(const struct net *n)
{
    check_neighbours(n);
    check_fragments(&n->frag);
    check_sockets(n);
    check_loop(&n->loop);
    must(n->routes.n <= ROUTES && n->ip4.n_paths <= IP4_PATHS);
    if (!n->ip6_ops)
        return;
    check_neighbours6(&n->ip6->nd);
    check_addresses(n);
}

/* ---- TCP ---- */

struct sums {
    size_t n, n_halves, n_waits, n_chunks, n_pieces, n_runs, n_tuned;
    uint32_t tuned_bytes;
};

static void check_received(struct sums *s, const struct tcp_connection *c)
{
    size_t len = 0, n_ooo = 0;
    struct seq end = c->rcv_nxt;
    for (const struct tcp_chunk *k = c->rx.head; k; k = k->next) {
        must(k->from < k->to && k->to <= TCP_CHUNK_DATA);
        len += (size_t)(k->to - k->from);
        s->n_chunks++;
    }
    must(len == c->rx.len);
    for (const struct tcp_chunk *k = c->rx.ooo; k; k = k->next) {
        must(k->from < k->to && k->to <= TCP_CHUNK_DATA && !seq_before(k->seq, end));
        must(!seq_equal(k->seq, c->rcv_nxt));
        end = seq_add(k->seq, (uint32_t)(k->to - k->from));
        s->n_chunks++;
        n_ooo++;
    }
    must(n_ooo == c->rx.n_ooo && n_ooo <= TCP_OUT_OF_ORDER_MAX);
}

static void check_sent(struct sums *s, const struct tcp_connection *c)
{
    size_t len = 0, n_static = 0;
    for (const struct tcp_piece *p = c->tx.head; p; p = p->next) {
        len += p->len;
        s->n_pieces++;
        s->n_chunks += p->chunk != NULL;
        n_static += !p->chunk;
    }
    must(len == c->tx.len + c->tx.head_offset && n_static == c->tx.n_static);
    must(!seq_after(c->una, c->nxt) && !seq_after(c->nxt, c->max));
    must(tcp_flight(c) <= c->tx.len + 2 || c->state == TCP_CLOSED);
}

static void check_board(struct sums *s, const struct tcp_connection *c)
{
    const struct tcp_board *b = &c->board;
    uint32_t sacked = 0, lost = 0;
    struct seq at = c->una;
    for (const struct tcp_run *r = b->head; r; r = r->next) {
        must(seq_equal(r->from, at) && seq_before(r->from, r->to) && !(r->sacked && r->lost));
        sacked += r->sacked ? r->to.v - r->from.v : 0;
        lost += r->lost ? r->to.v - r->from.v : 0;
        at = r->to;
    }
    must(!b->head || seq_equal(at, c->nxt));
    must(sacked == b->sacked_bytes && lost == b->lost_bytes);
    s->n_runs += b->n_pooled;
}

static bool has_deadline(const struct tcp_connection *c)
{
    uint64_t at_ns = time_min(time_min(c->resend_ns, c->soon_ns), time_min(c->rack_ns, c->end_ns));
    return at_ns != TIME_NEVER || !list_empty(&c->pending);
}

/* Nobody waits for what is there already, and what is to be sent will be. */
static void check_hope(const struct tcp_connection *c)
{
    bool readable = c->rx.len > 0 || c->fin_taken || c->state == TCP_CLOSED;
    must(!c->reader || !readable);
    must(!c->writer || c->state != TCP_CLOSED);
    must(c->state == TCP_CLOSED || seq_equal(c->una, c->max) || has_deadline(c));
    bool open = c->state >= TCP_ESTABLISHED;
    must(!open || (!c->tx.len && (!c->fin_queued || c->fin_sent)) || has_deadline(c));
    uint64_t first_ns = time_min(time_min(c->resend_ns, c->soon_ns), time_min(c->rack_ns, c->end_ns));
    must(c->state == TCP_CLOSED || c->timer.at_ns <= time_min(first_ns, c->alive_ns));
}

static void check_connection(struct sums *s, const struct tcp_connection *c)
{
    s->n++;
    check_received(s, c);
    check_sent(s, c);
    check_board(s, c);
    check_hope(c);
    uint32_t first = c->t->window_first;
    s->n_tuned += c->tune.limit_bytes > first;
    s->tuned_bytes += c->tune.limit_bytes - first;
    must(c->tune.limit_bytes >= first && c->tune.limit_bytes <= c->t->window_max);
    must(c->window.cwnd_bytes > 0 || c->state < TCP_ESTABLISHED);
}

static void check_entry(struct sums *s, const struct tcp_entry *e)
{
    s->n_halves += e->kind == TCP_HALF;
    s->n_waits += e->kind == TCP_TIMEWAIT;
    if (e->kind == TCP_CONNECTION)
        check_connection(s, CONTAINER_OF((uintptr_t)e, struct tcp_connection, entry));
}

static void check_ready(struct sums *s, const struct tcp_listener *l)
{
    size_t n = 0;
    LIST_EACH(&l->ready, node)
    {
        const struct tcp_connection *c = CONTAINER_OF(node, struct tcp_connection, node);
        n++;
        if (!c->in_table)
            check_connection(s, c);
    }
    must(n == l->n_ready && n <= l->backlog);
    must(n == 0 || list_empty(&l->waiters));
}

static void check_tcp(const struct world *w)
{
    const struct tcp *t = w->tcp;
    struct sums s = {0};
    for (uint32_t i = 0; i <= t->bucket_mask; i++) {
        for (const struct tcp_entry *e = t->bucket[i]; e; e = e->next)
            check_entry(&s, e);
    }
    for (int i = 0; i < HELD_MAX; i++) {
        if (w->held[i].c && !w->held[i].c->in_table)
            check_connection(&s, w->held[i].c);
    }
    check_ready(&s, w->listener);
    must(s.n == t->connections.n_used && s.n_halves == t->halves.n_used && s.n_waits == t->waits.n_used);
    must(s.n_chunks == t->chunks.n_used && s.n_pieces == t->pieces.n_used && s.n_runs == t->runs.n_used);
    must(s.n_tuned == t->n_tuned && s.tuned_bytes == t->tuned_bytes);
    must(list_empty(&t->waiting) || timer_is_set(&t->wait_timer));
}

static void check(struct world *w)
{
    struct tcp_counters t = tcp_counters(w->tcp);
    check_net(w->net);
    check_tcp(w);
    check_sums(&w->net->counters, &t);
    check_counters(&w->counters, &w->net->counters, sizeof w->counters);
    check_counters(&w->tcp_counters, &t, offsetof(struct tcp_counters, n_connections));
    w->counters = w->net->counters;
    w->tcp_counters = t;
}

#pragma clang attribute pop

#endif
