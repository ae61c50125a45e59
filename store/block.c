/* SPDX-License-Identifier: ISC */
/* The platform's block devices behind struct block, and the calls that appliances make. */
#include <jinn/block.h>

#include <jinn/format.h>
#include <jinn/log.h>
#include <jinn/plat.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("block");

struct plat_block {
    struct block block;
    unsigned index;
    bool told; /* that the host can't discard */
    char name[PLAT_NAME_MAX + 1];
};

static unsigned index_of(struct block *b)
{
    return CONTAINER_OF(b, struct plat_block, block)->index;
}

static enum err read_plat(struct block *b, uint64_t offset, void *buffer, size_t len)
{
    return plat_block_read(index_of(b), offset, buffer, len);
}

static enum err write_plat(struct block *b, uint64_t offset, const void *data, size_t len)
{
    return plat_block_write(index_of(b), offset, data, len);
}

static enum err flush_plat(struct block *b)
{
    return plat_block_flush(index_of(b));
}

static enum err discard_plat(struct block *b, uint64_t offset, uint64_t len)
{
    struct plat_block *p = CONTAINER_OF(b, struct plat_block, block);
    enum err e = plat_block_discard(p->index, offset, len);
    if (e == ERR_UNSUPPORTED && !p->told) {
        log_info(&source, "the host can't give back the room of what %s discards", p->name);
        p->told = true;
    }
    return e;
}

static const struct block_ops plat_ops = {read_plat, write_plat, flush_plat, discard_plat};

enum err block_open(const char *name, struct block **b)
{
    struct plat_block_info info;
    enum err e = plat_block_open(name, &info);
    if (e)
        return e;
    struct plat_block *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_FULL;
    p->block = (struct block){&plat_ops, info.capacity_bytes, info.block_bytes};
    p->index = info.index;
    (void)format(p->name, sizeof p->name, "%s", name);
    *b = &p->block;
    return OK;
}

/* Checked here once, so that no platform and no driver has to be trusted with it. */
static bool in_range(const struct block *b, uint64_t offset, uint64_t len)
{
    return offset % b->block_bytes == 0 && len % b->block_bytes == 0 && offset <= b->capacity_bytes &&
           len <= b->capacity_bytes - offset;
}

enum err block_read(struct block *b, uint64_t offset, void *buffer, size_t len)
{
    return in_range(b, offset, len) ? b->ops->read(b, offset, buffer, len) : ERR_INVALID;
}

enum err block_write(struct block *b, uint64_t offset, const void *data, size_t len)
{
    return in_range(b, offset, len) ? b->ops->write(b, offset, data, len) : ERR_INVALID;
}

enum err block_flush(struct block *b)
{
    return b->ops->flush(b);
}

enum err block_discard(struct block *b, uint64_t offset, uint64_t len)
{
    return in_range(b, offset, len) ? b->ops->discard(b, offset, len) : ERR_INVALID;
}
