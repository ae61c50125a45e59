/* SPDX-License-Identifier: ISC */
/* Values that lie in the image: a binary search over the array that `jinn build` wrote, sorted bytewise. */
#include <jinn/kv.h>

static struct kv_embedded *of(struct kv *kv)
{
    return CONTAINER_OF(kv, struct kv_embedded, kv);
}

/* Bytewise, in one pass over what is equal. */
static int compare(const char *item, struct bytes key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (item[i] == 0 || (uint8_t)item[i] != key.data[i])
            return item[i] == 0 ? -1 : (uint8_t)item[i] - key.data[i];
    }
    return item[key.len] != 0;
}

/* The first item whose key is not less than `key`; n when all are. */
static size_t lower_bound(const struct kv_embedded *e, struct bytes key)
{
    size_t low = 0, high = e->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(e->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err embedded_find(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item)
{
    struct kv_embedded *e = of(kv);
    size_t i = e->found;
    if (i >= e->n || compare(e->items[i].key, key) != 0) {
        i = lower_bound(e, key);
        if (i == e->n || compare(e->items[i].key, key) != 0)
            return ERR_NOT_FOUND;
        e->found = i;
    }
    if (!e->items[i].value[encoding].data)
        return ERR_NOT_FOUND;
    item->in_place = e->items[i].value[encoding];
    item->size = item->in_place.len;
    item->id = i;
    memcpy(item->tag, e->items[i].tag[encoding], sizeof item->tag);
    return OK;
}

static enum err embedded_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset,
                              void *buffer, size_t size, size_t *len)
{
    struct bytes part = {NULL, 0};
    if (offset < item->size)
        part = bytes_slice(item->in_place, (size_t)offset, size);
    if (part.len)
        memcpy(buffer, part.data, part.len);
    *len = part.len;
    return OK;
}

static bool starts_with_directory(struct bytes key, struct bytes directory)
{
    return key.len > directory.len && bytes_starts(key, directory) && key.data[directory.len] == '/';
}

/* Keys of "doc" sort together, but "doc-old" and "doc.html" sort before "doc/": so search for "doc/" itself. */
static bool embedded_is_directory(struct kv *kv, struct bytes key)
{
    const struct kv_embedded *e = of(kv);
    uint8_t with_slash[KV_KEY_MAX + 1];
    if (key.len == 0)
        return e->n > 0;
    if (key.len > KV_KEY_MAX)
        return false;
    memcpy(with_slash, key.data, key.len);
    with_slash[key.len] = '/';
    size_t i = lower_bound(e, bytes_of(with_slash, key.len + 1));
    return i < e->n && starts_with_directory(bytes_str(e->items[i].key), key);
}

static enum err embedded_each(struct kv *kv, bool (*each)(void *arg, struct bytes key), void *arg)
{
    const struct kv_embedded *e = of(kv);
    for (size_t i = 0; i < e->n && each(arg, bytes_str(e->items[i].key)); i++)
        ;
    return OK;
}

void kv_embedded_init(struct kv_embedded *e, const struct kv_embedded_item *items, size_t n)
{
    static const struct kv_ops ops = {embedded_find, embedded_read, embedded_is_directory, embedded_each, NULL};
    *e = (struct kv_embedded){{&ops}, items, n, 0};
}
