/* SPDX-License-Identifier: ISC */
/* A whole value of a store, for those that read zones. */
#include "proto/dns_server.h"

#include <stdlib.h>

enum err dns_load_value(struct kv *kv, struct bytes key, struct bytes *value, void **memory)
{
    struct kv_item item;
    enum err e = kv_find(kv, key, KV_PLAIN, &item);
    *memory = NULL;
    if (e != OK)
        return e;
    *value = item.in_place;
    if (item.in_place.data || item.size == 0)
        return OK;
    uint8_t *to = item.size < SIZE_MAX ? malloc((size_t)item.size) : NULL;
    if (!to)
        return ERR_FULL;
    size_t at = 0, len = 1;
    while (e == OK && at < item.size && len) {
        e = kv_read(kv, key, &item, at, to + at, (size_t)item.size - at, &len);
        at += e == OK ? len : 0;
    }
    *value = bytes_of(to, at);
    *memory = to;
    if (e != OK) {
        free(to);
        *memory = NULL;
    }
    return e;
}
