/* SPDX-License-Identifier: ISC */
/* The manifest's devices. A device's index is its index in Solo5's manifest. */
#include "plat/solo5/given.h"

#include <jinn/must.h>

const struct solo5_entry *given_device(unsigned index, enum solo5_type type)
{
    must(index < given.manifest.n);
    const struct solo5_entry *e = &given.manifest.entries[index];
    must(e->type == type && e->attached);
    return e;
}

static const struct solo5_entry *find(const char *name, uint32_t type, unsigned *index)
{
    const struct solo5_entry *e = solo5_find(&given.manifest, bytes_str(name), type);
    if (!e || !e->attached)
        return NULL;
    *index = (unsigned)(e - given.manifest.entries);
    return e;
}

enum err plat_net_open(const char *name, struct plat_net_info *info)
{
    const struct solo5_entry *e = find(name, SOLO5_NET, &info->index);
    if (!e)
        return ERR_NOT_FOUND;
    memcpy(info->mac, e->mac, sizeof info->mac);
    info->mtu_bytes = e->mtu_bytes;
    info->n_lost = given_lost(info->index);
    info->features = given.extended ? given.extension.net_features[info->index] & NET_FEATURES : 0;
    return OK;
}

enum err plat_block_open(const char *name, struct plat_block_info *info)
{
    const struct solo5_entry *e = find(name, SOLO5_BLOCK, &info->index);
    if (!e)
        return ERR_NOT_FOUND;
    info->capacity_bytes = e->capacity_bytes;
    info->block_bytes = e->block_bytes;
    return OK;
}

bool given_range_good(const struct solo5_entry *e, uint64_t offset, uint64_t len)
{
    if (offset % e->block_bytes || len % e->block_bytes)
        return false;
    return offset <= e->capacity_bytes && len <= e->capacity_bytes - offset;
}

enum err plat_kv_directory(const char *path, struct kv **kv)
{
    (void)path;
    (void)kv;
    return ERR_UNSUPPORTED;
}
