/* SPDX-License-Identifier: ISC */
/* A block device: what an appliance gets for each [block NAME] of its manifest. One with `optional = true` may not be attached
 * when the image starts: then the pointer that the appliance gets is NULL. */
#ifndef JINN_BLOCK_H
#define JINN_BLOCK_H

#include <jinn/bytes.h>
#include <jinn/err.h>

struct block {
    const struct block_ops *ops;
    uint64_t capacity_bytes;
    uint32_t block_bytes; /* unit of every offset and length */
};

struct block_ops {
    enum err (*read)(struct block *b, uint64_t offset, void *buffer, size_t len);
    enum err (*write)(struct block *b, uint64_t offset, const void *data, size_t len);
    enum err (*flush)(struct block *b);
    enum err (*discard)(struct block *b, uint64_t offset, uint64_t len);
};

/* The device `name` of the manifest. GIVES a device that lives as long as the image. ERR_NOT_FOUND: there is none of that name, or
 * it is optional and not attached. ERR_FULL. */
MUST_USE enum err block_open(const char *name, struct block **b);

/* ERR_INVALID: not whole blocks, or past the end. ERR_IO. */
MUST_USE enum err block_read(struct block *b, uint64_t offset, void *buffer, size_t len) MAY_YIELD;
MUST_USE enum err block_write(struct block *b, uint64_t offset, const void *data, size_t len) MAY_YIELD;
/* What was written before survives a power cut. ERR_UNSUPPORTED where the host can't tell. */
MUST_USE enum err block_flush(struct block *b) MAY_YIELD;
/* Nothing there is needed any more: it reads as zeroes from now on, and the host may use the room. As a write it
 * survives a power cut after a flush. ERR_INVALID and ERR_IO as above. ERR_UNSUPPORTED where the host can't, which the
 * log says once for each device: what was there may stay, and nothing is wrong. */
MUST_USE enum err block_discard(struct block *b, uint64_t offset, uint64_t len) MAY_YIELD;

#endif
