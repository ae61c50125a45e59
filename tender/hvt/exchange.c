/* SPDX-License-Identifier: ISC */
#include "tender/hvt/call.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <jinn/net_offload.h>

#define RETRY_NS UINT64_C(1000000)
#define ALIGN UINT64_C(64) /* of frames in the room: what the guest reads of one begins a line of the cache */

struct sending {
    const struct hvt_frame *frames;
    uint32_t n;
};

/* One frame of one part or more; gives the number of parts, 0 if something about them is wrong. */
static uint32_t gather(const struct machine *m, const struct sending *s, uint32_t from, struct iovec *parts)
{
    for (uint32_t i = 0; i < HVT_FRAME_PARTS_MAX && from + i < s->n; i++) {
        const struct hvt_frame *f = &s->frames[from + i];
        uint8_t *data = tables_reach(&m->tables, f->data, f->len, TABLES_READ);
        if (!data || f->device != s->frames[from].device)
            return 0;
        parts[i] = (struct iovec){data, f->len};
        if (!f->partial)
            return i + 1;
    }
    return 0;
}

static void tell_lost(struct hvt_exchange *x, uint8_t *frame)
{
    const uint16_t lost = 1;
    memcpy(frame + offsetof(struct hvt_frame, lost), &lost, sizeof lost);
    x->n_lost++;
}

/* Those that a device fails to take are lost, as on any network; but what it only can't take yet stays. */
static bool send_all(struct machine *m, struct hvt_exchange *x)
{
    struct hvt_frame frames[HVT_FRAMES_OUT_MAX];
    struct sending s = {frames, x->n_out};
    if (x->n_out > HVT_FRAMES_OUT_MAX)
        return false;
    uint8_t *theirs = tables_reach(&m->tables, x->out, x->n_out * sizeof *frames, TABLES_WRITE);
    if (!theirs)
        return false;
    memcpy(frames, theirs, x->n_out * sizeof *frames);
    x->n_out = x->n_lost = 0;
    while (x->n_out < s.n) {
        struct iovec parts[HVT_FRAME_PARTS_MAX];
        uint32_t n = gather(m, &s, x->n_out, parts);
        const struct solo5_entry *e = call_device(m, frames[x->n_out].device, SOLO5_NET);
        if (n == 0 || !e)
            return false;
        if (writev((int)e->backing, parts, (int)n) < 0) {
            if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
                break;
            tell_lost(x, theirs + x->n_out * sizeof *frames);
        }
        x->n_out += n;
    }
    return true;
}

/* Room in the guest, and how much of it is used. */
struct receiving {
    struct hvt_frame *frames;
    uint8_t *room;
    uint64_t room_at; /* in the guest */
    uint32_t room_bytes, used;
    uint32_t most, n;
};

static uint32_t longest(const struct machine *m, const struct solo5_entry *e, unsigned index)
{
    bool large = m->tender->net_features[index] & NET_LARGE_IN;
    return NET_HEAD_BYTES + (large ? NET_LARGE_BYTES : 14u + e->mtu_bytes);
}

/* True when the device has no more. */
static bool drain(struct machine *m, unsigned index, struct receiving *r)
{
    const struct solo5_entry *e = call_device(m, index, SOLO5_NET);
    uint32_t most = e ? longest(m, e, index) : 0;
    while (e && r->n < r->most) {
        if (r->room_bytes - r->used < most)
            return false;
        ssize_t n = read((int)e->backing, r->room + r->used, most);
        if (n < 0 && errno != EBADFD)
            return true;
        n = n < 0 ? 0 : n; /* a tap that was removed is as closed as a socket */
        r->frames[r->n++] =
            (struct hvt_frame){.data = r->room_at + r->used, .len = (uint32_t)n, .device = (uint8_t)index};
        if (n == 0)
            return true;
        uint32_t step = (uint32_t)(((uint64_t)n + ALIGN - 1) & ~(ALIGN - 1));
        r->used += step < r->room_bytes - r->used ? step : r->room_bytes - r->used;
    }
    return !e;
}

/* Device after device, the first of them another one each time: a busy one leaves the others their turn. */
static uint64_t receive(struct machine *m, uint64_t ready, struct receiving *r)
{
    static unsigned first;
    first = (first + 1) % SOLO5_ENTRIES_MAX;
    for (unsigned i = 0; i < SOLO5_ENTRIES_MAX - 1; i++) {
        unsigned index = (first + i) % (SOLO5_ENTRIES_MAX - 1);
        if (ready >> index & 1 && drain(m, index, r))
            ready &= ~(UINT64_C(1) << index);
    }
    return ready;
}

bool exchange_answer(struct machine *m, struct hvt_exchange *x)
{
    uint32_t n_out = x->n_out;
    struct hvt_frame frames[HVT_FRAMES_IN_MAX];
    struct receiving r = {.frames = frames, .room_at = x->room, .room_bytes = x->room_bytes, .most = x->n_in};
    if (x->n_in > HVT_FRAMES_IN_MAX || !send_all(m, x))
        return false;
    r.room = tables_reach(&m->tables, x->room, x->room_bytes, TABLES_WRITE);
    uint8_t *list = tables_reach(&m->tables, x->in, x->n_in * sizeof *frames, TABLES_WRITE);
    if (!r.room || !list)
        return false;
    x->ready = events_wait(x->n_out < n_out && x->timeout_ns > RETRY_NS ? RETRY_NS : x->timeout_ns);
    if (x->n_in > 0)
        x->ready = receive(m, x->ready, &r);
    x->n_in = r.n;
    memcpy(list, frames, r.n * sizeof *frames);
    return true;
}
