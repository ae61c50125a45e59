/* SPDX-License-Identifier: ISC */
/* A flow: a stream of bytes in both directions, with deadlines. TCP connections, TLS sessions and pipes in
 * memory are flows; a protocol written on flows runs on each of them.
 *
 * A flow belongs to one user; at most one fiber reads and one writes at a time. Whoever got it calls flow_close or
 * flow_abort exactly once; the pointer is dead after that. */
#ifndef JINN_FLOW_H
#define JINN_FLOW_H

#include <jinn/addr.h>
#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/time.h>
#include <jinn/waiter.h>

struct flow {
    const struct flow_ops *ops;
};

struct flow_ops {
    /* Reads what there is, at least 1 byte and at most `size`, waiting for it until the deadline (one that has
     * passed makes it a poll). ERR_TIMEOUT, ERR_END after the peer's last byte, ERR_RESET, ERR_CANCELLED.
     * A buffer that is NULL drops the bytes: they are counted in *len, and nothing is copied. */
    enum err (*read)(struct flow *f, void *buffer, size_t size, size_t *len, uint64_t deadline_ns);
    /* Sends all parts in order, or fails. Static parts are taken in place: the call waits only when the flow's
     * queue of parts is full. Copied parts wait for room in the send buffer. After an error an unknown
     * prefix was sent, and the flow is only good for abort. ERR_TIMEOUT, ERR_RESET, ERR_CLOSED, ERR_CANCELLED. */
    enum err (*write)(struct flow *f, const struct piece *v, size_t n, uint64_t deadline_ns);
    /* Ends this side's stream: the peer reads ERR_END after what was written. Reading goes on. Never waits. */
    enum err (*shutdown)(struct flow *f);
    /* Calls w->wake once when a read would not wait: bytes, end or error; at once (from within this call) if that
     * is so already. NULL disarms. An armed flow needs no fiber. One waiter a flow. */
    void (*arm)(struct flow *f, struct waiter *w);
    /* Gives the flow back. What was written is still delivered, in the background. Never waits. */
    void (*close)(struct flow *f);
    /* Gives the flow back and drops everything; the peer sees a reset. Never waits. */
    void (*abort)(struct flow *f);
    /* Bytes written and not yet known to be with the peer. A server uses it to tell slow readers. */
    size_t (*unsent)(const struct flow *f);
    /* Who is at the other end; the unspecified address where that means nothing. */
    struct endpoint (*peer)(const struct flow *f);
};

MUST_USE static inline enum err flow_read(struct flow *f, void *buffer, size_t size, size_t *len,
                                          uint64_t deadline_ns) MAY_YIELD
{
    return f->ops->read(f, buffer, size, len, deadline_ns);
}

MUST_USE static inline enum err flow_write(struct flow *f, const struct piece *v, size_t n,
                                           uint64_t deadline_ns) MAY_YIELD
{
    return f->ops->write(f, v, n, deadline_ns);
}

MUST_USE static inline enum err flow_shutdown(struct flow *f)
{
    return f->ops->shutdown(f);
}

static inline void flow_arm(struct flow *f, struct waiter *w)
{
    f->ops->arm(f, w);
}

static inline void flow_close(struct flow *f)
{
    f->ops->close(f);
}

static inline void flow_abort(struct flow *f)
{
    f->ops->abort(f);
}

static inline size_t flow_unsent(const struct flow *f)
{
    return f->ops->unsent(f);
}

static inline struct endpoint flow_peer(const struct flow *f)
{
    return f->ops->peer(f);
}

/* Reads exactly `len` bytes. ERR_END when the stream ends before. */
MUST_USE enum err flow_read_exact(struct flow *f, void *buffer, size_t len, uint64_t deadline_ns) MAY_YIELD;

/* Two flows joined in memory with `capacity` bytes of buffer each way; for tests and for joining protocols. */
MUST_USE enum err flow_pipe(size_t capacity, struct flow **a, struct flow **b);

#endif
