/* SPDX-License-Identifier: ISC */
/* Block lists from a key-value store. */
#include "proto/dns_resolver.h"

#include <jinn/log.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("dns");

struct loading {
    struct dns_resolver *resolver;
    struct kv *kv;
    enum err result;
};

static enum err read_text(struct kv *kv, struct bytes key, const struct kv_item *item, uint8_t *out)
{
    enum err e = OK;
    for (size_t at = 0, len = 1; e == OK && at < item->size && len; at += len)
        e = kv_read(kv, key, item, at, out + at, (size_t)item->size - at, &len);
    return e;
}

static enum err load_list(struct loading *l, struct bytes key)
{
    struct dns_block *b = &l->resolver->block;
    struct kv_item item;
    enum err e = kv_find(l->kv, key, KV_PLAIN, &item);
    if (e != OK || item.size == 0)
        return e;
    uint64_t before = b->n_bad;
    uint8_t *memory = item.in_place.data ? NULL : malloc((size_t)item.size);
    if (!memory && !item.in_place.data)
        return ERR_FULL;
    if (memory)
        e = read_text(l->kv, key, &item, memory);
    if (e == OK)
        e = dns_block_read(b, memory ? bytes_of(memory, (size_t)item.size) : item.in_place);
    free(memory);
    if (b->n_bad > before)
        log_warning(&source, "%.*s:%u: no entry of a block list; %llu lines like that", (int)key.len,
                    (const char *)key.data, b->first_bad, (unsigned long long)(b->n_bad - before));
    return e;
}

static bool load_each(void *arg, struct bytes key)
{
    struct loading *l = arg;
    l->result = load_list(l, key);
    if (l->result != OK)
        log_error(&source, "%.*s: %s", (int)key.len, (const char *)key.data, err_text(l->result));
    return l->result == OK;
}

enum err dns_server_block(struct dns_server *d, struct kv *lists, enum dns_block_answer answer)
{
    struct loading l = {.resolver = d->resolver, .kv = lists};
    if (!l.resolver)
        return ERR_INVALID;
    l.resolver->block_answer = answer;
    enum err e = lists->ops->each(lists, load_each, &l);
    log_info(&source, "%zu names are blocked", l.resolver->block.n);
    return e == OK ? l.result : e;
}
