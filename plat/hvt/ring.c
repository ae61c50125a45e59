/* SPDX-License-Identifier: ISC */
/* Frames gather here, and one exit to the tender sends them all, waits, and brings all that has come: since an exit costs
 * as much as some requests do, what is sent stays until the image waits, or there is no more room.
 *
 * Short frames are copied, because what a caller lends is its own again at once; long ones leave at once, from where they
 * are. What was received is read where the tender put it. */
#include "plat/hvt/hvt.h"

#include "wire/vnet.h"

#include <jinn/must.h>
#include <jinn/time.h>

#define SLOTS 64
#define SLOT_BYTES 2048
#define ROOM_BYTES (128 * 1024)  /* the longest frame comes when the tender has room for another */
#define BUSY_NS (50 * NS_PER_US) /* how often an image that has more to do looks outside */
#define PAGE 4096

struct ring {
    struct hvt_frame out[SLOTS + HVT_FRAME_PARTS_MAX], in[HVT_FRAMES_IN_MAX];
    uint32_t n_out;
    uint32_t n_in, next_in; /* received, and looked at */
    uint64_t more;          /* devices that may have more, at the last exit */
    uint64_t last_ns;       /* when that was */
    uint64_t n_lost[SOLO5_ENTRIES_MAX];
    uint8_t slots[SLOTS][SLOT_BYTES];
    uint8_t room[ROOM_BYTES];
};

uint64_t given_keep(uint64_t start)
{
    bool net = false;
    for (size_t i = 0; i < given.manifest.n; i++)
        net |= given.manifest.entries[i].type == SOLO5_NET && given.manifest.entries[i].attached;
    if (!net || !(given.features & EXTENSION_RINGS))
        return 0;
    hvt.ring = (struct ring *)(uintptr_t)start;
    return (sizeof(struct ring) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static bool has_header(unsigned index)
{
    return given.extension.net_features[index];
}

/* Slots that are used are the first ones, and in the order of the list; what was not sent moves there. */
static void keep_unsent(struct ring *r, uint32_t n_sent)
{
    uint32_t left = r->n_out - n_sent;
    for (uint32_t i = 0; i < left && n_sent > 0; i++) {
        struct hvt_frame *f = &r->out[n_sent + i];
        memcpy(r->slots[i], r->slots[n_sent + i], f->len);
        r->out[i] = *f;
        r->out[i].data = (uintptr_t)r->slots[i];
    }
    r->n_out = left;
}

const uint64_t *ring_lost(unsigned index)
{
    return &hvt.ring->n_lost[index];
}

/* Of what was taken before, and so counted as sent. */
static void count_lost(struct ring *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        r->n_lost[r->out[i].device] += r->out[i].lost;
}

enum receive { KEEP, RECEIVE };

/* Gives how many parts have left, of those in slots and `n_parts` behind them. */
static uint32_t exchange(struct ring *r, uint64_t timeout_ns, enum receive receive, uint32_t n_parts)
{
    struct hvt_exchange x = {.timeout_ns = timeout_ns,
                             .out = (uintptr_t)r->out,
                             .in = (uintptr_t)r->in,
                             .room = (uintptr_t)r->room,
                             .n_out = r->n_out + n_parts,
                             .n_in = receive ? HVT_FRAMES_IN_MAX : 0,
                             .room_bytes = receive ? sizeof r->room : 0};
    arch_hypercall(HVT_EXCHANGE, &x);
    if (receive) {
        r->n_in = x.n_in;
        r->next_in = 0;
    }
    if (x.n_lost)
        count_lost(r, x.n_out < r->n_out ? x.n_out : r->n_out);
    hvt.stopping |= x.ready >> 63;
    r->more = x.ready & ~PLAT_READY_STOP;
    r->last_ns = plat_clock_ns();
    return x.n_out;
}

static void flush(struct ring *r, uint64_t timeout_ns, enum receive receive)
{
    keep_unsent(r, exchange(r, timeout_ns, receive, 0));
}

/* Frames that came and were not looked at have no length any more once they were. */
static uint64_t waiting(struct ring *r)
{
    uint64_t set = 0;
    for (uint32_t i = r->next_in; i < r->n_in; i++)
        set |= r->in[i].data ? UINT64_C(1) << r->in[i].device : 0;
    if (!set)
        r->next_in = r->n_in;
    return set;
}

uint64_t ring_wait(uint64_t now_ns, uint64_t deadline_ns)
{
    struct ring *r = hvt.ring;
    uint64_t received = waiting(r);
    uint64_t timeout_ns = deadline_ns > now_ns && !received ? deadline_ns - now_ns : 0;
    if (timeout_ns > 0 || now_ns - r->last_ns >= BUSY_NS) {
        flush(r, timeout_ns, received ? KEEP : RECEIVE);
    }
    return waiting(r) | r->more | (hvt.stopping ? PLAT_READY_STOP : 0);
}

void ring_flush(void)
{
    if (hvt.ring && hvt.ring->n_out)
        flush(hvt.ring, 0, KEEP);
}

/* The header, if the device has one, and the parts; false when they do not fit a slot. */
static bool fill_slot(struct ring *r, unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static const struct net_offload plain;
    struct hvt_frame *f = &r->out[r->n_out];
    struct writer w = writer_of(r->slots[r->n_out], SLOT_BYTES);
    if (has_header(index))
        vnet_emit(&w, o ? o : &plain);
    *f = (struct hvt_frame){.data = (uintptr_t)r->slots[r->n_out], .device = (uint8_t)index, .partial = 1};
    f->len = (uint32_t)writer_len(&w);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    if (!writer_good(&w))
        return false;
    f->len = (uint32_t)writer_len(&w);
    f->partial = 0;
    return true;
}

/* The header is in the slot already. */
static enum err send_long(struct ring *r, unsigned index, const struct bytes *v, size_t n)
{
    uint32_t parts = has_header(index) ? 1 : 0;
    for (size_t i = 0; i < n; i++)
        r->out[r->n_out + parts++] = (struct hvt_frame){
            .data = (uintptr_t)v[i].data, .len = (uint32_t)v[i].len, .device = (uint8_t)index, .partial = i + 1 < n};
    uint32_t before = r->n_out, sent = exchange(r, 0, KEEP, parts);
    bool lost = r->out[before].lost;
    keep_unsent(r, sent < before ? sent : before);
    return lost ? ERR_IO : sent == before + parts ? OK : ERR_AGAIN;
}

enum err ring_send(unsigned index, const struct bytes *v, size_t n, const struct net_offload *o)
{
    struct ring *r = hvt.ring;
    must(n >= 1 && n <= NET_PARTS_MAX);
    if (r->n_out == SLOTS)
        flush(r, 0, KEEP);
    if (r->n_out == SLOTS)
        return ERR_AGAIN;
    if (!fill_slot(r, index, v, n, o))
        return send_long(r, index, v, n);
    r->n_out++;
    return OK;
}

static struct hvt_frame *next_of(struct ring *r, unsigned index)
{
    for (uint32_t i = r->next_in; i < r->n_in; i++)
        if (r->in[i].data && r->in[i].device == index)
            return &r->in[i];
    return NULL;
}

enum err ring_recv(unsigned index, struct bytes *frame, struct net_offload *o)
{
    struct ring *r = hvt.ring;
    struct hvt_frame *f = next_of(r, index);
    if (!f && r->more >> index & 1 && !waiting(r)) {
        flush(r, 0, RECEIVE);
        f = next_of(r, index);
    }
    if (!f)
        return ERR_AGAIN;
    if (f->len == 0)
        device_closed();
    const struct bytes whole = bytes_of((const void *)(uintptr_t)f->data, f->len);
    f->data = 0;
    if (has_header(index))
        return vnet_split(whole, frame, o) ? OK : ERR_MALFORMED;
    *o = (struct net_offload){0};
    *frame = whole;
    return OK;
}
