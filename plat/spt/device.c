/* SPDX-License-Identifier: ISC */
/* Block devices on descriptors of the tender's. */
#include "plat/spt/spt.h"

/* The longest piece that the filter lets through: a block under a stock tender, a power of two of bytes under ours. */
static size_t piece_len(const struct solo5_entry *e, size_t len)
{
    size_t piece = e->block_bytes;
    if (given.features & EXTENSION_BLOCK_RUNS) {
        while (piece * 2 <= len && piece * 2 <= EXTENSION_RUN_BYTES)
            piece *= 2;
    }
    return piece;
}

static COLD enum err transfer(long call, unsigned index, uint64_t offset, uintptr_t memory, size_t len)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!given_range_good(e, offset, len))
        return ERR_INVALID;
    while (len > 0) {
        size_t piece = piece_len(e, len);
        if (SPT_CALL(call, e->backing, memory, piece, offset) != (long)piece)
            return ERR_IO;
        memory += piece;
        offset += piece;
        len -= piece;
    }
    return OK;
}

COLD enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    return transfer(SYS_pread64, index, offset, (uintptr_t)buffer, len);
}

COLD enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    return transfer(SYS_pwrite64, index, offset, (uintptr_t)data, len);
}

COLD enum err plat_block_flush(unsigned index)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!(given.features & EXTENSION_BLOCK_FLUSH))
        return ERR_UNSUPPORTED;
    return SPT_CALL(SYS_fdatasync, e->backing, 0, 0, 0) == 0 ? OK : ERR_IO;
}

/* A host's block device takes the same call, and says that what is less than a block of its own is invalid. */
COLD enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    const struct solo5_entry *e = given_device(index, SOLO5_BLOCK);
    if (!given_range_good(e, offset, len))
        return ERR_INVALID;
    if (!(given.features & EXTENSION_BLOCK_DISCARD))
        return ERR_UNSUPPORTED;
    long r = len > 0 ? SPT_CALL(SYS_fallocate, e->backing, EXTENSION_DISCARD_MODE, offset, len) : 0;
    if (r == 0)
        return OK;
    return r == SPT_EOPNOTSUPP || r == SPT_ENOSYS || r == SPT_EINVAL ? ERR_UNSUPPORTED : ERR_IO;
}
