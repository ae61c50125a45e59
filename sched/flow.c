/* SPDX-License-Identifier: ISC */
/* Flows in memory: the reference for what flow.h says. Each direction is a queue of parts. A static part lies where it
 * always lay; copied ones lie in a ring of `capacity` bytes, in the order of the queue, and neighbours in it
 * are one part. The queue has room for PARTS_MAX parts; a writer waits when it or the ring is full. */
#include <jinn/flow.h>

#include <jinn/fiber.h>
#include <jinn/must.h>

#include <stdlib.h>

#define PARTS_MAX 16 /* static parts in flight: a few responses of header, body and trailer */

struct part {
    const uint8_t *data; /* NULL: in the ring */
    size_t len;
};

/* One direction. */
struct channel {
    uint8_t *ring;
    size_t capacity;
    size_t ring_at, ring_len; /* what is filled */
    struct part part[PARTS_MAX];
    size_t n_parts;
    size_t len; /* bytes in all parts */
    bool ended; /* the writer has shut down or closed */
    bool reset; /* the writer has aborted */
};

struct pipe;

struct pipe_end {
    struct flow flow;
    struct pipe *pipe;
    struct pipe_end *other;
    struct channel out;    /* what this end writes */
    struct fiber *reader;  /* waiting; NULL: none */
    struct fiber *writer;  /* waiting for room in `out` */
    struct waiter *waiter; /* armed */
    bool broken;           /* a write failed halfway */
    bool gone;             /* closed or aborted */
};

struct pipe {
    struct pipe_end end[2];
};

static struct pipe_end *end_of(struct flow *f)
{
    struct pipe_end *e = CONTAINER_OF(f, struct pipe_end, flow);
    must(!e->gone);
    return e;
}

/* ---- A direction ---- */

static void channel_drop(struct channel *c)
{
    c->n_parts = c->len = c->ring_len = 0;
}

static size_t copy_into_ring(struct channel *c, struct bytes b)
{
    size_t room = c->capacity - c->ring_len, n = b.len < room ? b.len : room;
    size_t to = (c->ring_at + c->ring_len) % c->capacity;
    size_t first = n < c->capacity - to ? n : c->capacity - to;
    memcpy(c->ring + to, b.data, first);
    memcpy(c->ring, b.data + first, n - first);
    c->ring_len += n;
    return n;
}

/* Puts what there is room for; gives how many bytes that were. */
static size_t channel_put(struct channel *c, const struct piece *p, size_t from)
{
    struct bytes rest = bytes_slice(p->bytes, from, p->bytes.len);
    bool copied = p->life == LIFE_COPY;
    bool joins = copied && c->n_parts && !c->part[c->n_parts - 1].data;
    if (!joins && c->n_parts == PARTS_MAX)
        return 0;
    size_t n = copied ? copy_into_ring(c, rest) : rest.len;
    if (n == 0)
        return 0;
    if (joins)
        c->part[c->n_parts - 1].len += n;
    else
        c->part[c->n_parts++] = (struct part){copied ? NULL : rest.data, n};
    c->len += n;
    return n;
}

static size_t copy_out_of_ring(struct channel *c, uint8_t *out, size_t n)
{
    size_t first = n < c->capacity - c->ring_at ? n : c->capacity - c->ring_at;
    if (out) {
        memcpy(out, c->ring + c->ring_at, first);
        memcpy(out + first, c->ring, n - first);
    }
    c->ring_at = (c->ring_at + n) % c->capacity;
    c->ring_len -= n;
    return n;
}

static size_t take_from_part(struct channel *c, uint8_t *out, size_t size)
{
    struct part *p = &c->part[0];
    size_t n = p->len < size ? p->len : size;
    if (p->data) {
        if (out)
            memcpy(out, p->data, n);
        p->data += n;
    } else {
        copy_out_of_ring(c, out, n);
    }
    p->len -= n;
    if (p->len == 0)
        memmove(c->part, c->part + 1, --c->n_parts * sizeof *p);
    return n;
}

static size_t channel_take(struct channel *c, uint8_t *out, size_t size)
{
    size_t n = 0;
    while (n < size && c->n_parts)
        n += take_from_part(c, out ? out + n : NULL, size - n);
    c->len -= n;
    return n;
}

/* ---- Telling each other ---- */

static bool read_would_wait(const struct pipe_end *e)
{
    const struct channel *in = &e->other->out;
    return in->len == 0 && !in->ended && !in->reset;
}

static void tell_reader(struct pipe_end *e)
{
    struct waiter *w = e->waiter;
    if (e->reader)
        fiber_wake(e->reader);
    if (!w)
        return;
    e->waiter = NULL;
    w->wake(w);
}

static void tell_writer(struct pipe_end *e)
{
    if (e->writer)
        fiber_wake(e->writer);
}

/* ---- The ops ---- */

static enum err pipe_read(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns)
{
    struct pipe_end *e = end_of(f);
    struct channel *in = &e->other->out;
    must(size > 0 && !e->reader);
    while (read_would_wait(e)) {
        e->reader = fiber_self();
        enum err wait = fiber_park(deadline_ns);
        e->reader = NULL;
        if (wait && read_would_wait(e))
            return wait;
    }
    if (in->reset)
        return ERR_RESET;
    if (in->len == 0)
        return ERR_END;
    *len = channel_take(in, buffer, size);
    tell_writer(e->other);
    return OK;
}

/* Why nothing can be written any more, or OK. */
static enum err write_state(const struct pipe_end *e)
{
    if (e->broken || e->out.ended)
        return ERR_CLOSED;
    return e->other->gone ? ERR_RESET : OK;
}

/* One piece, waiting for room until it is all taken. */
static enum err put_piece(struct pipe_end *e, const struct piece *p, uint64_t deadline_ns)
{
    for (size_t at = 0; at < p->bytes.len;) {
        size_t n = channel_put(&e->out, p, at);
        at += n;
        if (n > 0) {
            tell_reader(e->other);
            continue;
        }
        e->writer = fiber_self();
        enum err wait = fiber_park(deadline_ns);
        e->writer = NULL;
        enum err state = write_state(e);
        if (state || wait)
            return state ? state : wait;
    }
    return OK;
}

static enum err pipe_write(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns)
{
    struct pipe_end *e = end_of(f);
    must(!e->writer);
    enum err err = write_state(e);
    if (err)
        return err;
    for (size_t i = 0; i < n && err == OK; i++)
        err = put_piece(e, &v[i], deadline_ns);
    e->broken = err;
    return err;
}

static enum err pipe_shutdown(struct flow *f)
{
    struct pipe_end *e = end_of(f);
    enum err state = write_state(e);
    if (state)
        return state;
    e->out.ended = true;
    tell_reader(e->other);
    return OK;
}

static void pipe_arm(struct flow *f, struct waiter *w)
{
    struct pipe_end *e = end_of(f);
    e->waiter = w;
    if (w && !read_would_wait(e))
        tell_reader(e);
}

/* Nobody reads what comes to this end any more; the last one out frees the pipe. */
static void leave(struct pipe_end *e)
{
    struct pipe *p = e->pipe;
    must(!e->reader && !e->writer);
    e->gone = true;
    e->waiter = NULL;
    channel_drop(&e->other->out);
    if (!e->other->gone) {
        tell_writer(e->other);
        tell_reader(e->other); /* last: its waiter may close that end, too */
        return;
    }
    free(p->end[0].out.ring);
    free(p->end[1].out.ring);
    free(p);
}

static void pipe_abort(struct flow *f)
{
    struct pipe_end *e = end_of(f);
    channel_drop(&e->out);
    e->out.reset = true;
    leave(e);
}

/* After a write that failed halfway an orderly end would pass a piece off as the whole: then the peer sees a reset. */
static void pipe_close(struct flow *f)
{
    struct pipe_end *e = end_of(f);
    if (e->broken) {
        pipe_abort(f);
        return;
    }
    e->out.ended = true;
    leave(e);
}

static size_t pipe_unsent(const struct flow *f)
{
    return ((const struct pipe_end *)(const void *)f)->out.len;
}

static struct endpoint pipe_peer(const struct flow *f)
{
    (void)f;
    return (struct endpoint){IP_NONE, 0};
}

static const struct flow_ops pipe_ops = {pipe_read,  pipe_write, pipe_shutdown, pipe_arm,
                                         pipe_close, pipe_abort, pipe_unsent,   pipe_peer};

static bool end_init(struct pipe *p, int i, size_t capacity)
{
    struct pipe_end *e = &p->end[i];
    e->flow.ops = &pipe_ops;
    e->pipe = p;
    e->other = &p->end[1 - i];
    e->out.capacity = capacity;
    e->out.ring = malloc(capacity);
    return e->out.ring;
}

enum err flow_pipe(size_t capacity, struct flow **a, struct flow **b)
{
    must(capacity > 0);
    struct pipe *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_FULL;
    if (!end_init(p, 0, capacity) || !end_init(p, 1, capacity)) {
        free(p->end[0].out.ring);
        free(p->end[1].out.ring);
        free(p);
        return ERR_FULL;
    }
    *a = &p->end[0].flow;
    *b = &p->end[1].flow;
    return OK;
}
