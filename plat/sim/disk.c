/* SPDX-License-Identifier: ISC */
/* Disks in memory. Each block of each write since the last flush may or may not have reached the medium when the power
 * goes, whatever the order of the writes; of a block that was written several times any of them may be what is there. */
#include "plat/sim/internal.h"

#include <stdlib.h>
#include <string.h>

/* A block of a write that isn't safe yet. */
struct unsafe {
    struct list node;
    uint64_t at;
    uint8_t bytes[];
};

struct sim_disk *sim_disk_add(struct sim *s, uint64_t bytes, uint32_t block_bytes)
{
    if (s->n_disks == SIM_DISKS_MAX || block_bytes == 0 || bytes == 0 || bytes % block_bytes != 0)
        sim_misused("too many disks, or no whole blocks");
    struct sim_disk *d = sim_alloc(sizeof *d);
    *d = (struct sim_disk){.sim = s, .bytes = bytes, .block_bytes = block_bytes};
    d->live = sim_alloc(bytes);
    d->durable = sim_alloc(bytes);
    list_init(&d->unsafe);
    s->disk[s->n_disks++] = d;
    return d;
}

static void forget_unsafe(struct sim_disk *d)
{
    for (struct list *n; (n = list_pop(&d->unsafe));)
        free(CONTAINER_OF(n, struct unsafe, node));
}

void sim_disk_free(struct sim_disk *d)
{
    forget_unsafe(d);
    free(d->live);
    free(d->durable);
    free(d);
}

void sim_disk_attach(struct sim_disk *d, struct sim_machine *m, const char *device)
{
    sim_device_add(m, device)->disk = d;
}

void sim_disk_faults(struct sim_disk *d, const struct sim_disk_faults *f)
{
    d->faults = *f;
}

void sim_disk_cut_at(struct sim_disk *d, uint64_t n)
{
    d->cut_at = n ? d->n_operations + n : 0;
}

uint64_t sim_disk_operations(const struct sim_disk *d)
{
    return d->n_operations;
}

bool sim_disk_power_goes(struct sim_disk *d)
{
    return ++d->n_operations == d->cut_at;
}

uint8_t *sim_disk_data(struct sim_disk *d)
{
    return d->live;
}

static bool in_range(const struct sim_disk *d, uint64_t offset, uint64_t len)
{
    return offset % d->block_bytes == 0 && len % d->block_bytes == 0 && offset <= d->bytes && len <= d->bytes - offset;
}

enum err sim_disk_read(struct sim_disk *d, uint64_t offset, uint8_t *buffer, size_t len)
{
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    if (sim_rng_chance(&d->sim->rng, d->faults.read_error_ppm))
        return ERR_IO;
    memcpy(buffer, d->live + offset, len);
    return OK;
}

/* What was put at `offset` just now. */
static void note_unsafe(struct sim_disk *d, uint64_t offset, uint64_t len)
{
    for (uint64_t at = offset; at < offset + len; at += d->block_bytes) {
        struct unsafe *u = sim_alloc(sizeof *u + d->block_bytes);
        u->at = at;
        memcpy(u->bytes, d->live + at, d->block_bytes);
        list_append(&d->unsafe, &u->node);
    }
}

enum err sim_disk_write(struct sim_disk *d, uint64_t offset, const uint8_t *data, size_t len)
{
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    if (sim_rng_chance(&d->sim->rng, d->faults.write_error_ppm))
        return ERR_IO;
    memcpy(d->live + offset, data, len);
    note_unsafe(d, offset, len);
    return OK;
}

enum err sim_disk_flush(struct sim_disk *d)
{
    if (sim_rng_chance(&d->sim->rng, d->faults.flush_error_ppm))
        return ERR_IO;
    if (d->faults.flush_lies)
        return OK;
    memcpy(d->durable, d->live, d->bytes);
    forget_unsafe(d);
    return OK;
}

enum err sim_disk_discard(struct sim_disk *d, uint64_t offset, uint64_t len)
{
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    if (d->faults.no_discard)
        return ERR_UNSUPPORTED;
    if (sim_rng_chance(&d->sim->rng, d->faults.write_error_ppm))
        return ERR_IO;
    memset(d->live + offset, 0, len);
    note_unsafe(d, offset, len);
    return OK;
}

/* How much of a block gets there: all, nothing or, of three in four, what lies before some byte. */
static uint64_t what_gets_there(struct sim_disk *d)
{
    struct sim_rng *rng = &d->sim->rng;
    if (d->faults.torn && sim_rng_below(rng, 4) != 0)
        return sim_rng_below(rng, d->block_bytes + 1);
    return sim_rng_below(rng, 2) ? d->block_bytes : 0;
}

void sim_disk_cut(struct sim_disk *d)
{
    LIST_EACH(&d->unsafe, node)
    {
        const struct unsafe *u = CONTAINER_OF(node, struct unsafe, node);
        memcpy(d->durable + u->at, u->bytes, what_gets_there(d));
    }
    forget_unsafe(d);
    memcpy(d->live, d->durable, d->bytes);
    d->cut_at = 0;
}
