/* SPDX-License-Identifier: ISC */
/* Frames to and from AF_XDP sockets, in the image's own process: it has a thread block of its own, so nothing here may use the
 * C library's. The two calls that are made, write on a device's descriptor and nanosleep, are the filter's.
 *
 * Most of what a wake-up costs is the same for one frame and for fifty, and much of what a call to send costs, too. So when
 * frames came together in a round of the image, and nothing more is left to do, it pauses before it waits, as network cards do before
 * they interrupt again: under load a round has many frames, and frames that come one by one are answered at once. */
#include "tender/xdp.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <sys/syscall.h>
#include <time.h>

enum {
    BATCH = 32,        /* frames that the kernel takes by one call */
    TRIES = 16,        /* calls until those that it does not take are given up: the link is down, or its queue full */
    LINE_BYTES = 64,   /* of the cache */
    MANY = 64,         /* a round of the image takes no more */
    TOGETHER = 2,      /* frames in a round that mean load, */
    PAUSE_NS = 100000, /* and the pause then: 10,000 rounds a second are what cards do by default, */
    CROWD = 16,        /* and frames that mean full load, */
    LONG_NS = 200000,  /* under which they do half of that */
};

struct xdp_state xdp;

static uint32_t load(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static struct xdp_desc *frame_at(const struct xdp_ring *r, uint32_t count)
{
    return &((struct xdp_desc *)r->entries)[count % XDP_RING];
}

static uint64_t *chunk_at(const struct xdp_ring *r, uint32_t count)
{
    return &((uint64_t *)r->entries)[count % XDP_RING];
}

/* The image names only devices that it was given this way. */
static struct xdp_link *link_of(unsigned index)
{
    size_t i = 0;
    while (i < xdp.n - 1 && xdp.links[i].index != index)
        i++;
    return &xdp.links[i];
}

/* ---- Sending ---- */

static void take_back(struct xdp_link *l)
{
    uint32_t at = *l->is_sent.consumer, end = load(l->is_sent.producer);
    for (; at != end && l->n_free < XDP_RING; at++) {
        uint64_t chunk = *chunk_at(&l->is_sent, at);
        if (chunk % XDP_CHUNK_BYTES == 0 && chunk / XDP_CHUNK_BYTES - XDP_RING < XDP_RING)
            l->free[l->n_free++] = chunk;
    }
    store(l->is_sent.consumer, at);
}

static void tell(struct xdp_link *l)
{
    long r = xdp_system_call(SYS_write, l->fd, (long)"", 1); /* nothing is written: for this socket it means "send" */
    xdp.n_lost[l->index] += r == -EBUSY;                     /* the frame that it was about to send */
    l->gone |= r == -ENXIO;
}

/* The kernel looks at the ring only while it is told to, so what it left there can be taken out again. */
static void give_up(struct xdp_link *l)
{
    uint32_t taken = load(l->tx.consumer);
    for (; l->n_sent != taken && l->n_free < XDP_RING; xdp.n_lost[l->index]++)
        l->free[l->n_free++] = frame_at(&l->tx, --l->n_sent)->addr;
    store(l->tx.producer, l->n_sent);
}

static void send_all(struct xdp_link *l)
{
    store(l->tx.producer, l->n_sent);
    for (int tries = 0; tries < TRIES && load(l->tx.consumer) != l->n_sent; tries++)
        tell(l);
    give_up(l);
    take_back(l); /* at once: those that are sent from next are still in the cache then */
}

/* The C library's begins and ends with a few instructions a byte, and headers are short. */
static uint8_t *put(uint8_t *to, struct bytes b)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= b.len; i += sizeof(uint64_t))
        __builtin_memcpy(to + i, b.data + i, sizeof(uint64_t));
    for (; i < b.len; i++)
        to[i] = b.data[i];
    return to + b.len;
}

static enum err send_one(unsigned index, const struct bytes *v, size_t n)
{
    struct xdp_link *l = link_of(index);
    size_t len = bytes_total(v, n);
    if (len > XDP_CHUNK_BYTES)
        return ERR_TOO_LARGE;
    if (l->n_free == 0)
        take_back(l);
    if (l->n_free == 0)
        return ERR_AGAIN;
    uint64_t chunk = l->free[--l->n_free];
    uint8_t *to = l->memory + chunk;
    for (size_t i = 0; i < n; i++)
        to = put(to, v[i]);
    *frame_at(&l->tx, l->n_sent++) = (struct xdp_desc){.addr = chunk, .len = (uint32_t)len};
    if (l->n_sent - *l->tx.producer == BATCH)
        send_all(l);
    return OK;
}

/* ---- Receiving ---- */

static void give_back(struct xdp_link *l, uint64_t chunk)
{
    uint32_t at = *l->to_fill.producer;
    *chunk_at(&l->to_fill, at) = chunk;
    store(l->to_fill.producer, at + 1);
    l->holds = false;
}

/* An image that was woken for nothing may have been so because the link is gone. */
static enum err none(struct xdp_link *l)
{
    if (l->n_heard == 0)
        tell(l);
    return l->gone ? ERR_CLOSED : ERR_AGAIN;
}

/* They come from another core's cache, so they are asked for while the one before is looked at. */
static void fetch_next(const struct xdp_link *l, uint32_t at)
{
    if (at == l->rx_end)
        return;
    const uint8_t *next = l->memory + frame_at(&l->rx, at)->addr; /* wherever that is: nothing is read */
    __builtin_prefetch(next);
    __builtin_prefetch(next + LINE_BYTES);
}

static enum err recv_one(unsigned index, struct bytes *frame)
{
    struct xdp_link *l = link_of(index);
    uint32_t at = *l->rx.consumer;
    if (l->holds)
        give_back(l, l->held);
    if (at == l->rx_end)
        l->rx_end = load(l->rx.producer);
    if (at == l->rx_end)
        return none(l);
    const struct xdp_desc d = *frame_at(&l->rx, at);
    store(l->rx.consumer, at + 1);
    l->n_heard++;
    fetch_next(l, at + 1);
    if (d.addr >= (uint64_t)XDP_RING * XDP_CHUNK_BYTES || d.len > XDP_CHUNK_BYTES - d.addr % XDP_CHUNK_BYTES)
        return ERR_MALFORMED;
    l->held = d.addr - d.addr % XDP_CHUNK_BYTES;
    l->holds = true;
    *frame = bytes_of(l->memory + d.addr, d.len);
    return OK;
}

static void settle(bool idle)
{
    unsigned n_heard = 0;
    bool many = false; /* wait to be looked at, so that no more are needed */
    for (size_t i = 0; i < xdp.n; i++) {
        struct xdp_link *l = &xdp.links[i];
        if (l->n_sent != *l->tx.producer)
            send_all(l);
        many |= load(l->rx.producer) - *l->rx.consumer >= MANY;
        n_heard += l->n_heard;
        l->n_heard = 0;
    }
    if (n_heard < TOGETHER || !idle || many)
        return;
    const struct timespec pause = {0, n_heard < CROWD ? PAUSE_NS : LONG_NS};
    (void)xdp_system_call(SYS_nanosleep, (long)&pause, 0, 0);
}

const struct extension_net_calls xdp_calls = {send_one, recv_one, settle, xdp.n_lost};
