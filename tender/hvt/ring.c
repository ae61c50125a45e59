/* SPDX-License-Identifier: ISC */
/* Solo5's ring, worked off by the guest's own exits: `kick` is always set, so that every new entry comes with one. That is
 * what the ABI asks for, without a thread that spins. The ring lies in memory that the guest writes to, so indices are read
 * once, and what this side counts is kept here. */
#include "tender/hvt/call.h"

#include "wire/hvt.h"

#include <unistd.h>

static uint32_t head, answers; /* ours: what the guest finds in the ring is a copy */

static struct hvt_ring *ring_of(const struct machine *m)
{
    return (struct hvt_ring *)(void *)(tables_system(&m->tables) + TABLES_RING);
}

void ring_open(struct machine *m)
{
    ring_of(m)->kick = 1;
}

static int descriptor_of(const struct machine *m, uint32_t handle)
{
    const struct solo5_manifest *all = &m->tender->manifest;
    bool good = handle < all->n && all->entries[handle].type == SOLO5_NET && all->entries[handle].attached;
    return good ? (int)all->entries[handle].backing : -1;
}

static void answer(struct hvt_ring *r, const struct hvt_ring_entry *e, enum hvt_result result, uint32_t len)
{
    r->answers[answers % HVT_RING_ENTRIES] = (struct hvt_ring_answer){.id = e->id, .result = result, .len = len};
    r->answer_tail = ++answers;
}

static bool read_one(struct machine *m, struct hvt_ring *r, const struct hvt_ring_entry *e)
{
    int fd = descriptor_of(m, e->handle);
    uint8_t *room = tables_reach(&m->tables, e->data, e->len, TABLES_WRITE);
    if (!room)
        return false;
    ssize_t n = fd < 0 ? -1 : read(fd, room, e->len);
    if (fd < 0)
        answer(r, e, HVT_INVALID, 0);
    else
        answer(r, e, n > 0 ? HVT_OK : HVT_AGAIN, n > 0 ? (uint32_t)n : 0);
    return true;
}

static bool write_one(struct machine *m, const struct hvt_ring_entry *e)
{
    int fd = descriptor_of(m, e->handle);
    const uint8_t *frame = tables_reach(&m->tables, e->data, e->len, TABLES_READ);
    if (frame && fd >= 0)
        (void)!write(fd, frame, e->len); /* a frame that the host does not take is lost */
    return frame != NULL;
}

bool ring_answer(struct machine *m)
{
    struct hvt_ring *r = ring_of(m);
    uint32_t tail = *(volatile uint32_t *)&r->entry_tail;
    if (m->tender->jinn || tail - head > HVT_RING_ENTRIES)
        return false;
    for (; head != tail; r->entry_head = ++head) {
        struct hvt_ring_entry e = r->entries[head % HVT_RING_ENTRIES];
        if (e.operation == HVT_RING_WRITE && !write_one(m, &e))
            return false;
        if (e.operation == HVT_RING_READ && !read_one(m, r, &e))
            return false;
    }
    return true;
}
