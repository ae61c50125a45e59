/* SPDX-License-Identifier: ISC */
/* Disks in memory. Each block that was written and not flushed may or may not have reached the medium when the power
 * goes, whatever the order of the writes. */
#include "plat/sim/internal.h"

#include <string.h>

struct sim_disk *sim_disk_add(struct sim *s, uint64_t bytes, uint32_t block_bytes)
{
    if (s->n_disks == SIM_DISKS_MAX || block_bytes == 0 || bytes == 0 || bytes % block_bytes != 0)
        sim_misused("too many disks, or no whole blocks");
    struct sim_disk *d = sim_alloc(sizeof *d);
    *d = (struct sim_disk){.sim = s, .bytes = bytes, .block_bytes = block_bytes};
    d->live = sim_alloc(bytes);
    d->durable = sim_alloc(bytes);
    s->disk[s->n_disks++] = d;
    return d;
}

void sim_disk_attach(struct sim_disk *d, struct sim_machine *m, const char *device)
{
    sim_device_add(m, device)->disk = d;
}

void sim_disk_faults(struct sim_disk *d, const struct sim_disk_faults *f)
{
    d->faults = *f;
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

enum err sim_disk_write(struct sim_disk *d, uint64_t offset, const uint8_t *data, size_t len)
{
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    if (sim_rng_chance(&d->sim->rng, d->faults.write_error_ppm))
        return ERR_IO;
    memcpy(d->live + offset, data, len);
    return OK;
}

enum err sim_disk_flush(struct sim_disk *d)
{
    if (sim_rng_chance(&d->sim->rng, d->faults.flush_error_ppm))
        return ERR_IO;
    memcpy(d->durable, d->live, d->bytes);
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
    return OK;
}

void sim_disk_cut(struct sim_disk *d)
{
    for (uint64_t at = 0; at < d->bytes; at += d->block_bytes) {
        if (memcmp(d->live + at, d->durable + at, d->block_bytes) == 0)
            continue;
        uint64_t n = sim_rng_below(&d->sim->rng, 2) ? d->block_bytes : 0;
        if (d->faults.torn)
            n = sim_rng_below(&d->sim->rng, d->block_bytes + 1);
        memcpy(d->durable + at, d->live + at, n);
    }
    memcpy(d->live, d->durable, d->bytes);
}
