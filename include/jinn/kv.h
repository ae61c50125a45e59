/* SPDX-License-Identifier: ISC */
/* A read-only key-value store: what an appliance gets for each [kv NAME] of its manifest. Keys are paths without a leading
 * slash ("doc/tour.html"), values are bytes. Whether they are embedded in the image, come from a host
 * directory or from an archive on a block device is chosen at build or at run; the appliance does not notice. */
#ifndef JINN_KV_H
#define JINN_KV_H

#include <jinn/block.h>
#include <jinn/bytes.h>
#include <jinn/err.h>

enum kv_encoding { KV_PLAIN, KV_GZIP, KV_BROTLI, KV_ENCODINGS };

#define KV_KEY_MAX 1023 /* bytes */
#define KV_TAG_BYTES 32 /* hex digits of a hash: a strong validator */

struct kv_item {
    uint64_t size; /* bytes of the value */
    /* The value, when it lies in the image (LIFE_STATIC); NULL data when it has to be read. */
    struct bytes in_place;
    char tag[KV_TAG_BYTES + 1]; /* of the content; of its name, size and time where it lies in an archive */
    uint64_t id;                /* for kv_read; another one when the value has changed */
};

struct kv {
    const struct kv_ops *ops;
};

struct kv_ops {
    /* Finds a value in an encoding. ERR_NOT_FOUND: no such key, or not in this encoding. ERR_IO. */
    enum err (*find)(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item);
    /* Reads from a value that was found: at least 1 byte unless at its end. ERR_IO, also when it has changed since. */
    enum err (*read)(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset, void *buffer,
                     size_t size, size_t *len);
    /* Whether keys with this prefix and a slash exist; "" is the root. */
    bool (*is_directory)(struct kv *kv, struct bytes key);
    /* Calls each(arg, key) for every key in order until it says false. */
    enum err (*each)(struct kv *kv, bool (*each)(void *arg, struct bytes key), void *arg);
    /* Looks again at what is behind the store: *changed if it holds something else than before. NULL: it never does.
     * ERR_IO, ERR_MALFORMED, ERR_FULL: nothing is different yet. Not while `each` runs. */
    enum err (*refresh)(struct kv *kv, bool *changed);
};

MUST_USE static inline enum err kv_find(struct kv *kv, struct bytes key, enum kv_encoding encoding,
                                        struct kv_item *item) MAY_YIELD
{
    return kv->ops->find(kv, key, encoding, item);
}

MUST_USE static inline enum err kv_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset,
                                        void *buffer, size_t size, size_t *len) MAY_YIELD
{
    return kv->ops->read(kv, key, item, offset, buffer, size, len);
}

MUST_USE static inline enum err kv_refresh(struct kv *kv, bool *changed) MAY_YIELD
{
    *changed = false;
    return kv->ops->refresh ? kv->ops->refresh(kv, changed) : OK;
}

/* Keys are plain paths: no empty, "." or ".." component, so that one value has one key. At most KV_KEY_MAX bytes, none of them zero. */
bool kv_key_is_plain(struct bytes key);

static inline bool kv_is_directory(struct kv *kv, struct bytes key)
{
    return kv->ops->is_directory(kv, key);
}

/* A store in the plain files of a tar archive (ustar, pax or GNU) at the beginning of a block device: what `tar cf` writes. A change is
 * taken up by kv_refresh once two calls of it have seen the same headers, so that an archive that is being written is left alone; what
 * is found then counts. A file is another one when its size or its time is: to the second, or finer where the archive says so (`tar
 * --format=pax`). GIVES. ERR_MALFORMED (logged with the byte): no archive, or it breaks off; ERR_IO, ERR_FULL. BORROWS `b`. */
MUST_USE enum err kv_tar_open(struct block *b, struct kv **kv) MAY_YIELD;
void kv_tar_close(struct kv *kv);

/* ---- Embedded values: an array that `jinn build` writes, sorted by key (bytewise) ---- */

struct kv_embedded_item {
    const char *key;
    struct bytes value[KV_ENCODINGS]; /* NULL data: not in this encoding */
    char tag[KV_ENCODINGS][KV_TAG_BYTES + 1];
};

struct kv_embedded {
    struct kv kv;
    const struct kv_embedded_item *items;
    size_t n;
    size_t found; /* where the last search ended: the encodings of a key are asked for one after the other */
};

/* Lays the ops. The items live as long as the image. */
void kv_embedded_init(struct kv_embedded *e, const struct kv_embedded_item *items, size_t n);

#endif
