/* SPDX-License-Identifier: ISC */
#include "peer.h"

#include "net/net.h"
#include "net/stack_internal.h"
#include "net/tcp_internal.h"

#include <jinn/fiber.h>
#include <jinn/random.h>

#define WRITE_BYTES 3000 /* two segments and a bit, so that pieces and segments differ */

const uint32_t file_bytes[N_FILES] = {0, 1, 1000, 16384, 65537, 250000};

/* The finaliser of splitmix64. */
static uint64_t word(uint32_t id, uint64_t n)
{
    uint64_t z = ((uint64_t)id << 40) + n + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Eight bytes are made at once: campaigns spend much of their time here. */
void content_fill(uint32_t id, uint64_t offset, uint8_t *out, size_t len)
{
    uint64_t z = word(id, offset / 8) >> offset % 8 * 8;
    for (size_t i = 0; i < len; i++, z >>= 8) {
        if ((offset + i) % 8 == 0)
            z = word(id, (offset + i) / 8);
        out[i] = (uint8_t)z;
    }
}

bool content_equal(uint32_t id, uint64_t offset, const uint8_t *data, size_t len)
{
    uint64_t z = word(id, offset / 8) >> offset % 8 * 8, wrong = 0;
    for (size_t i = 0; i < len; i++, z >>= 8) {
        if ((offset + i) % 8 == 0)
            z = word(id, (offset + i) / 8);
        wrong |= data[i] ^ (z & 0xff);
    }
    return !wrong;
}

enum err content_send(struct flow *f, uint32_t id, uint64_t from, uint64_t len)
{
    uint8_t buffer[WRITE_BYTES];
    enum err e = OK;
    for (uint64_t n; e == OK && len > 0; from += n, len -= n) {
        n = 1 + random_below(WRITE_BYTES);
        n = n < len ? n : len;
        content_fill(id, from, buffer, n);
        struct piece p = piece_copy(bytes_of(buffer, n));
        e = flow_write(f, &p, 1, time_after(sched_now(), PEER_PATIENCE_NS));
    }
    return e;
}

struct tcp *peer_tcp(struct stack *s)
{
    return stack_tcp(s);
}

size_t peer_used(struct stack *s)
{
    const struct tcp *t = stack_tcp(s);
    const struct net *n = stack_net(s);
    return t->connections.n_used + t->halves.n_used + t->waits.n_used + t->chunks.n_used + t->pieces.n_used +
           n->udp.chunks.n_used + n->frag.chunks.n_used + n->arp.room.frames.n_used;
}

size_t peer_half_open_most(struct stack *s)
{
    return stack_tcp(s)->halves.n_most;
}

uint64_t peer_arp_dropped(struct stack *s)
{
    const struct counters_arp *c = &stack_net(s)->counters.arp;
    return c->waiting_dropped + c->refused_silent;
}

uint64_t peer_fragments_dropped(struct stack *s)
{
    const struct counters_frag *f = &stack_net(s)->counters.frag;
    return f->evicted_full + f->evicted_memory;
}
