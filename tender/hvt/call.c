/* SPDX-License-Identifier: ISC */
/* Each call's arguments are copied, checked, acted upon and copied back: what the guest has written there is looked at once.
 * The guest does not run meanwhile. */
#include "tender/hvt/call.h"

#include "tender/fail.h"
#include "tender/hvt/debug.h"
#include "wire/hvt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

union arguments {
    struct hvt_walltime walltime;
    struct hvt_puts puts;
    struct hvt_poll poll;
    struct hvt_block block;
    struct hvt_net net;
    struct hvt_halt halt;
    struct hvt_exchange exchange;
};

const struct solo5_entry *call_device(const struct machine *m, uint64_t handle, uint32_t type)
{
    const struct solo5_manifest *all = &m->tender->manifest;
    if (handle >= all->n || all->entries[handle].type != type || !all->entries[handle].attached)
        return NULL;
    return &all->entries[handle];
}

static bool walltime(struct machine *m, union arguments *a)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    a->walltime.ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
    return true;
}

/* As much as the host takes at once; the rest is lost. */
static bool put_on(struct machine *m, int fd, const struct hvt_puts *p)
{
    const uint8_t *text = tables_reach(&m->tables, p->data, p->len, TABLES_READ);
    return text && (write(fd, text, p->len) >= 0 || errno != EFAULT);
}

static bool puts_call(struct machine *m, union arguments *a)
{
    return put_on(m, STDOUT_FILENO, &a->puts);
}

static bool control(struct machine *m, union arguments *a)
{
    return !m->tender->held[TENDER_FD_CONTROL] || put_on(m, TENDER_FD_CONTROL, &a->puts);
}

static bool poll_call(struct machine *m, union arguments *a)
{
    a->poll.ready = events_wait(a->poll.timeout_ns);
    a->poll.n_ready = __builtin_popcountll(a->poll.ready);
    return true;
}

static bool exchange(struct machine *m, union arguments *a)
{
    return exchange_answer(m, &a->exchange);
}

static bool in_blocks(const struct solo5_entry *e, const struct hvt_block *b)
{
    return b->len > 0 && b->len % e->block_bytes == 0 && b->offset % e->block_bytes == 0 &&
           b->offset <= e->capacity_bytes && b->len <= e->capacity_bytes - b->offset;
}

/* In pieces that the filter on system calls lets through: of one block, and for an image of ours of a power of two of them. */
static bool transfer(const struct machine *m, const struct solo5_entry *e, const struct hvt_block *b, uint8_t *memory,
                     bool out)
{
    uint64_t most = m->tender->jinn ? EXTENSION_RUN_BYTES : e->block_bytes;
    for (uint64_t done = 0; done < b->len;) {
        uint64_t piece = e->block_bytes;
        while (piece * 2 <= b->len - done && piece * 2 <= most)
            piece *= 2;
        off_t at = (off_t)(b->offset + done);
        ssize_t n =
            out ? pwrite((int)e->backing, memory + done, piece, at) : pread((int)e->backing, memory + done, piece, at);
        if (n != (ssize_t)piece)
            return false;
        done += piece;
    }
    return true;
}

static bool block(struct machine *m, struct hvt_block *b, bool out)
{
    const struct solo5_entry *e = call_device(m, b->handle, SOLO5_BLOCK);
    b->result = HVT_INVALID;
    if (!e || !in_blocks(e, b))
        return true;
    uint8_t *memory = tables_reach(&m->tables, b->data, b->len, out ? TABLES_READ : TABLES_WRITE);
    if (!memory)
        return false;
    b->result = transfer(m, e, b, memory, out) ? HVT_OK : HVT_FAILED;
    return true;
}

static bool block_write(struct machine *m, union arguments *a)
{
    return block(m, &a->block, true);
}

static bool block_read(struct machine *m, union arguments *a)
{
    return block(m, &a->block, false);
}

static bool block_flush(struct machine *m, union arguments *a)
{
    const struct solo5_entry *e = call_device(m, a->block.handle, SOLO5_BLOCK);
    a->block.result = !e ? HVT_INVALID : fdatasync((int)e->backing) == 0 ? HVT_OK : HVT_FAILED;
    return true;
}

/* A host's block device takes the same call, and says that what is less than a block of its own is invalid. */
static bool block_discard(struct machine *m, union arguments *a)
{
    const struct solo5_entry *e = call_device(m, a->block.handle, SOLO5_BLOCK);
    a->block.result = HVT_INVALID;
    if (!e || !in_blocks(e, &a->block))
        return true;
    if (fallocate((int)e->backing, EXTENSION_DISCARD_MODE, (off_t)a->block.offset, (off_t)a->block.len) == 0)
        a->block.result = HVT_OK;
    else
        a->block.result = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL ? HVT_UNSUPPORTED : HVT_FAILED;
    return true;
}

/* The other end of a socket pair may be gone: then there is no network any more, which the image is told. */
static int32_t result_of(ssize_t n)
{
    if (n > 0)
        return HVT_OK;
    return n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) ? HVT_AGAIN : HVT_FAILED;
}

static bool net_write(struct machine *m, union arguments *a)
{
    struct hvt_net *c = &a->net;
    const struct solo5_entry *e = call_device(m, c->handle, SOLO5_NET);
    c->result = HVT_INVALID;
    if (!e)
        return true;
    const uint8_t *frame = tables_reach(&m->tables, c->data, c->len, TABLES_READ);
    if (frame)
        c->result = result_of(write((int)e->backing, frame, c->len));
    return frame != NULL;
}

static bool net_read(struct machine *m, union arguments *a)
{
    struct hvt_net *c = &a->net;
    const struct solo5_entry *e = call_device(m, c->handle, SOLO5_NET);
    c->result = HVT_INVALID;
    if (!e)
        return true;
    uint8_t *room = tables_reach(&m->tables, c->data, c->len, TABLES_WRITE);
    if (!room)
        return false;
    ssize_t n = read((int)e->backing, room, c->len);
    c->result = result_of(n);
    if (n > 0)
        c->len = (uint64_t)n;
    return true;
}

static bool halt(struct machine *m, union arguments *a)
{
    if (a->halt.status == FAIL_CRASH)
        debug_aborted(m);
    _exit(a->halt.status);
}

static const struct {
    bool (*answer)(struct machine *m, union arguments *a);
    size_t bytes; /* of the arguments */
    bool out;     /* some of them are results */
    bool ours;
} calls[HVT_CALLS] = {
    [HVT_WALLTIME] = {walltime, sizeof(struct hvt_walltime), true, false},
    [HVT_PUTS] = {puts_call, sizeof(struct hvt_puts), false, false},
    [HVT_POLL] = {poll_call, sizeof(struct hvt_poll), true, false},
    [HVT_BLOCK_WRITE] = {block_write, sizeof(struct hvt_block), true, false},
    [HVT_BLOCK_READ] = {block_read, sizeof(struct hvt_block), true, false},
    [HVT_NET_WRITE] = {net_write, sizeof(struct hvt_net), true, false},
    [HVT_NET_READ] = {net_read, sizeof(struct hvt_net), true, false},
    [HVT_HALT] = {halt, sizeof(struct hvt_halt), false, false},
    [HVT_BLOCK_FLUSH] = {block_flush, sizeof(struct hvt_block), true, true},
    [HVT_CONTROL] = {control, sizeof(struct hvt_puts), false, true},
    [HVT_BLOCK_DISCARD] = {block_discard, sizeof(struct hvt_block), true, true},
    [HVT_EXCHANGE] = {exchange, sizeof(struct hvt_exchange), true, true},
};

bool call_answer(struct machine *m, unsigned number, uint64_t address)
{
    union arguments a;
    if (number >= HVT_CALLS || !calls[number].answer || (calls[number].ours && !m->tender->jinn))
        return false;
    uint8_t *theirs =
        tables_reach(&m->tables, address, calls[number].bytes, calls[number].out ? TABLES_WRITE : TABLES_READ);
    if (!theirs)
        return false;
    memcpy(&a, theirs, calls[number].bytes);
    if (!calls[number].answer(m, &a))
        return false;
    if (calls[number].out)
        memcpy(theirs, &a, calls[number].bytes);
    return true;
}
