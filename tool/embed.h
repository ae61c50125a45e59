/* SPDX-License-Identifier: ISC */
/* Folders of files embedded in the image: an assembly file that takes their bytes in and a table of them in C. */
#ifndef TOOL_EMBED_H
#define TOOL_EMBED_H

#include "tool/manifest.h"

#include <jinn/kv.h>

/* A table is searched by halves, but each item costs about 200 bytes. A store this large belongs on a block device. */
#define EMBED_ITEMS_MAX 65536

struct content_variant {
    const char *path; /* of the bytes, relative to the appliance's folder; NULL: not in this encoding */
    size_t len;
    char tag[KV_TAG_BYTES + 1];
};

struct content_item {
    char *key;
    struct content_variant variant[KV_ENCODINGS];
};

struct content {
    struct content_item *items; /* sorted by key, bytewise */
    size_t n;
};

/* Finds the files of a [kv] with a `from` and compresses those that are new. Compressed files are kept by their hash in
 * the folder `cache` (relative to the appliance's). What can't be embedded ends the command with one line. */
struct content embed_collect(const struct manifest *m, const struct device *kv, const char *cache);
/* Assembly text: the bytes of all items, 16-aligned, in read-only data. */
void embed_assembly(struct text *out, const struct device *kv, const struct content *c);
/* C text: `static const struct kv_embedded_item NAME_items[]`. */
void embed_table(struct text *out, const struct device *kv, const struct content *c);
uint64_t embed_bytes(const struct content *c);

#endif
