/* SPDX-License-Identifier: ISC */
/* Archives of tar's on a block device: the store in them is opened, walked, read and looked at again. The input is the device, but that each
 * header's sum is made right, so that what it says is reached; one whose first byte is odd is left as it is. */
#include "store/tar.h"

#include <jinn/fiber.h>
#include <jinn/kv.h>
#include <jinn/must.h>

#include <stdio.h>
#include <stdlib.h>

enum { DISK_BYTES = 1 << 16 };

static uint8_t disk[DISK_BYTES];

static enum err disk_read(struct block *b, uint64_t offset, void *buffer, size_t len)
{
    must(offset <= b->capacity_bytes && len <= b->capacity_bytes - offset);
    memcpy(buffer, disk + offset, len);
    return OK;
}

/* As the reader will meet them. */
static void mend_sums(size_t len)
{
    struct tar t = {.name_len = 0};
    size_t at = 0;
    while (at + TAR_BLOCK_BYTES <= len) {
        uint8_t *block = disk + at;
        unsigned sum = 0;
        memset(block + 148, ' ', 8);
        for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
            sum += block[i];
        if (sum == 8 * ' ')
            memset(block + 148, 0, 8);
        else
            snprintf((char *)block + 148, 8, "%06o", sum);
        enum tar_what what = tar_header(&t, block);
        if (what == TAR_END || what == TAR_BAD || t.size > len)
            return;
        at += TAR_BLOCK_BYTES + (t.size + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
    }
}

static bool read_key(void *arg, struct bytes key)
{
    struct kv *kv = arg;
    struct kv_item item;
    uint8_t buffer[512];
    size_t len = 1;
    must(kv_key_is_plain(key) && kv_find(kv, key, KV_PLAIN, &item) == OK && strlen(item.tag) == KV_TAG_BYTES);
    for (uint64_t at = 0; at < item.size; at += len)
        must(kv_read(kv, key, &item, at, buffer, sizeof buffer, &len) == OK && len > 0);
    for (int i = KV_GZIP; i < KV_ENCODINGS; i++)
        (void)kv_find(kv, key, (enum kv_encoding)i, &item);
    (void)kv_is_directory(kv, key);
    return true;
}

static int run(void *arg)
{
    static const struct block_ops ops = {.read = disk_read};
    static struct block block;
    struct kv *kv;
    bool changed;
    block = (struct block){&ops, *(const size_t *)arg, TAR_BLOCK_BYTES};
    if (kv_tar_open(&block, &kv) != OK)
        return 0;
    must(kv->ops->each(kv, read_key, kv) == OK);
    must(kv_refresh(kv, &changed) == OK && !changed);
    kv_tar_close(kv);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size < DISK_BYTES ? size / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES : DISK_BYTES;
    if (len == 0)
        return 0;
    memcpy(disk, data, len);
    if (data[0] % 2 == 0)
        mend_sums(len);
    must(sched_run(run, &len) == 0);
    return 0;
}
