/* SPDX-License-Identifier: ISC */
/* Two flows joined in memory. Each way is a queue of parts: static ones lie where they are, copied ones in a ring of
 * the way's own. So a pipe waits where a TCP connection would, and no earlier. */
#include <jinn/fiber.h>
#include <jinn/flow.h>
#include <jinn/must.h>

#include <stdlib.h>

/* Parts under way in one direction; as many as a TCP connection queues. */
enum { PARTS_MAX = 64 };

struct way {
    struct piece parts[PARTS_MAX];
    size_t first, n_parts;
    uint8_t *ring;
    size_t capacity, ring_at, ring_used;
    size_t len;                    /* bytes in all parts */
    bool ended, broken;            /* the writer shut it down; either side aborted */
    struct fiber *reader, *writer; /* parked */
    struct waiter *armed;
};

struct end {
    struct flow flow;
    struct pipe *pipe;
    struct way in;
    struct end *peer;
    bool closed;
};

struct pipe {
    struct end end[2];
};

static struct end *end_of(struct flow *f)
{
    return CONTAINER_OF(f, struct end, flow);
}

static bool is_readable(const struct way *w)
{
    return w->len > 0 || w->ended || w->broken;
}

static void tell_reader(struct way *w)
{
    struct waiter *waiter = w->armed;
    if (w->reader)
        fiber_wake(w->reader);
    w->armed = NULL;
    if (waiter)
        waiter->wake(waiter);
}

static void tell_writer(struct way *w)
{
    if (w->writer)
        fiber_wake(w->writer);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void take(struct way *w, uint8_t *out, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size && w->n_parts > 0) {
        struct piece *p = &w->parts[w->first];
        size_t n = least(p->bytes.len, size - *len);
        memcpy(out + *len, p->bytes.data, n);
        *len += n;
        w->ring_used -= p->life == LIFE_COPY ? n : 0;
        p->bytes = bytes_slice(p->bytes, n, p->bytes.len);
        if (p->bytes.len == 0) {
            w->first = (w->first + 1) % PARTS_MAX;
            w->n_parts--;
        }
    }
    w->len -= *len;
}

static enum err pipe_read(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns)
{
    struct way *w = &end_of(f)->in;
    *len = 0;
    while (!is_readable(w)) {
        if (deadline_ns <= sched_now())
            return ERR_TIMEOUT;
        w->reader = fiber_self();
        enum err e = fiber_park(deadline_ns);
        w->reader = NULL;
        if (e != OK && !is_readable(w))
            return e;
    }
    if (w->broken)
        return ERR_RESET;
    if (w->len == 0)
        return ERR_END;
    take(w, buffer, size, len);
    tell_writer(w);
    return OK;
}

/* Queues what fits of the piece, and takes that off it. */
static void queue(struct way *w, struct piece *p)
{
    struct piece part = *p;
    struct piece *last = w->n_parts ? &w->parts[(w->first + w->n_parts - 1) % PARTS_MAX] : NULL;
    if (p->life == LIFE_COPY) {
        size_t n = least(least(p->bytes.len, w->capacity - w->ring_used), w->capacity - w->ring_at);
        uint8_t *to = w->ring + w->ring_at;
        part.bytes = bytes_of(to, n);
        bool grows = last && last->life == LIFE_COPY && last->bytes.data + last->bytes.len == to;
        if (n == 0 || (w->n_parts == PARTS_MAX && !grows))
            return;
        memcpy(to, p->bytes.data, n);
        w->ring_at = (w->ring_at + n) % w->capacity;
        w->ring_used += n;
        if (grows) {
            last->bytes.len += n;
            part.bytes.len = 0;
        }
        w->len += n;
        p->bytes = bytes_slice(p->bytes, n, p->bytes.len);
    } else {
        if (w->n_parts == PARTS_MAX)
            return;
        w->len += p->bytes.len;
        p->bytes.len = 0;
    }
    if (part.bytes.len)
        w->parts[(w->first + w->n_parts++) % PARTS_MAX] = part;
}

static enum err write_piece(struct way *w, struct piece p, uint64_t deadline_ns)
{
    while (p.bytes.len > 0) {
        size_t before = p.bytes.len;
        if (w->broken)
            return ERR_RESET;
        queue(w, &p);
        tell_reader(w);
        if (p.bytes.len == 0 || p.bytes.len < before)
            continue;
        if (deadline_ns <= sched_now())
            return ERR_TIMEOUT;
        w->writer = fiber_self();
        enum err e = fiber_park(deadline_ns);
        w->writer = NULL;
        if (e != OK)
            return e;
    }
    return OK;
}

static enum err pipe_write(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns)
{
    struct way *w = &end_of(f)->peer->in;
    if (w->ended)
        return ERR_CLOSED;
    enum err e = w->broken ? ERR_RESET : OK;
    for (size_t i = 0; i < n && e == OK; i++)
        e = write_piece(w, v[i], deadline_ns);
    return e;
}

static enum err pipe_shutdown(struct flow *f)
{
    struct way *w = &end_of(f)->peer->in;
    if (w->broken)
        return ERR_RESET;
    w->ended = true;
    tell_reader(w);
    return OK;
}

static void pipe_arm(struct flow *f, struct waiter *waiter)
{
    struct way *w = &end_of(f)->in;
    w->armed = waiter;
    if (waiter && is_readable(w))
        tell_reader(w);
}

static void give_up(struct end *e)
{
    struct pipe *p = e->pipe;
    must(!e->closed);
    e->closed = true;
    e->in.broken = true; /* nobody will read it: the peer's writes fail */
    e->in.armed = NULL;
    tell_writer(&e->in);
    if (!e->peer->closed)
        return;
    free(p->end[0].in.ring);
    free(p->end[1].in.ring);
    free(p);
}

static void pipe_close(struct flow *f)
{
    struct end *e = end_of(f);
    e->peer->in.ended = true;
    tell_reader(&e->peer->in);
    give_up(e);
}

static void pipe_abort(struct flow *f)
{
    struct end *e = end_of(f);
    e->peer->in.broken = true;
    tell_reader(&e->peer->in);
    give_up(e);
}

static size_t pipe_unsent(const struct flow *f)
{
    const struct end *e = (const struct end *)(const void *)f; /* the flow is its first member */
    const struct way *w = &e->peer->in;
    return w->broken ? 0 : w->len;
}

static struct endpoint pipe_peer(const struct flow *f)
{
    return (struct endpoint){IP_NONE, 0};
}

enum err flow_pipe(size_t capacity, struct flow **a, struct flow **b)
{
    static const struct flow_ops ops = {pipe_read,  pipe_write, pipe_shutdown, pipe_arm,
                                        pipe_close, pipe_abort, pipe_unsent,   pipe_peer};
    must(capacity > 0);
    struct pipe *p = calloc(1, sizeof *p);
    for (size_t i = 0; p && i < 2; i++) {
        struct end *e = &p->end[i];
        *e = (struct end){.flow = {&ops}, .pipe = p, .peer = &p->end[1 - i]};
        e->in.ring = malloc(capacity);
        e->in.capacity = capacity;
    }
    if (!p || !p->end[0].in.ring || !p->end[1].in.ring) {
        if (p) {
            free(p->end[0].in.ring);
            free(p->end[1].in.ring);
        }
        free(p);
        return ERR_FULL;
    }
    *a = &p->end[0].flow;
    *b = &p->end[1].flow;
    return OK;
}
