/* SPDX-License-Identifier: ISC */
#include "tool/embed.h"
#include "tool/compress.h"
#include "tool/say.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* nftw has no argument for its callback. One walk runs at a time and this is cleared when it ends. */
static struct walk {
    const struct manifest *m;
    const struct device *kv;
    const char *top;         /* the folder as named */
    char absolute[PATH_MAX]; /* and resolved */
    struct words keys;
} walk;

static NO_RETURN void refuse(const char *path, const char *why)
{
    fail_at(walk.m->path, walk.kv->from_line, "%s %s", path, why);
}

static void check_link(const char *path)
{
    char target[PATH_MAX];
    struct stat st;
    if (!realpath(path, target) || stat(path, &st) != 0)
        refuse(path, "is a link to nothing; remove it");
    size_t len = strlen(walk.absolute);
    if (strncmp(target, walk.absolute, len) != 0 || target[len] != '/')
        refuse(path, "is a link that leaves the folder; copy what it points to");
    if (S_ISDIR(st.st_mode))
        refuse(path, "is a link to a folder; copy the folder");
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    if (kind == FTW_D)
        return 0;
    if (kind == FTW_DNR)
        refuse(path, "is a folder that can't be read; change its permissions");
    if (kind == FTW_NS)
        refuse(path, "can't be examined; change its permissions");
    if (kind == FTW_SL || kind == FTW_SLN)
        check_link(path);
    else if (!S_ISREG(st->st_mode))
        refuse(path, "is no ordinary file; remove it");
    const char *key = path + strlen(walk.top) + 1;
    if (strlen(key) > KV_KEY_MAX)
        refuse(format_text("%.60s...", path), format_text("has a name of more than %d bytes; shorten it", KV_KEY_MAX));
    if (walk.keys.n == EMBED_ITEMS_MAX)
        refuse(walk.top, format_text("has more than %d files; put them on a block device", EMBED_ITEMS_MAX));
    words_add(&walk.keys, format_text("%s", key));
    return 0;
}

static struct words find_keys(const struct manifest *m, const struct device *kv)
{
    walk = (struct walk){.m = m, .kv = kv, .top = path_join(m->folder, kv->from)};
    if (!realpath(walk.top, walk.absolute))
        refuse(walk.top, "can't be found; correct 'from'");
    if (nftw(walk.top, visit, 16, FTW_PHYS) != 0)
        refuse(walk.top, format_text("can't be read: %s", strerror(errno)));
    struct words keys = walk.keys;
    words_sort(&keys);
    return keys;
}

/* Compressing well is slow, so each result is kept under the hash of what it was made from; an empty file says that
 * it was not worth it. */
static void add_compressed(struct content_item *item, enum kv_encoding encoding, struct bytes plain, const char *hash,
                           const struct manifest *m, const char *cache)
{
    const char *path = format_text("%s/%s.%s", cache, hash, encoding == KV_GZIP ? "gz" : "br");
    const char *real = path_join(m->folder, path);
    struct bytes packed;
    char packed_hash[SHA_TEXT_BYTES];
    if (!file_exists(real) || !file_read(real, &packed)) {
        packed = compress_bytes(plain, encoding);
        file_write(real, packed.data, packed.len);
    }
    if (packed.len == 0)
        return;
    item->variant[encoding] = (struct content_variant){.path = path, .len = packed.len};
    sha256_text(packed, packed_hash);
    memcpy(item->variant[encoding].tag, packed_hash, KV_TAG_BYTES);
}

static void add_item(struct content_item *item, char *key, const struct manifest *m, const struct device *kv,
                     const char *cache)
{
    char hash[SHA_TEXT_BYTES];
    struct bytes plain;
    const char *path = format_text("%s/%s", kv->from, key);
    if (!file_read(path_join(m->folder, path), &plain))
        fail_at(m->path, kv->from_line, "%s can't be read: %s; change its permissions or remove it", path,
                strerror(errno));
    item->key = key;
    item->variant[KV_PLAIN] = (struct content_variant){.path = path, .len = plain.len};
    sha256_text(plain, hash);
    memcpy(item->variant[KV_PLAIN].tag, hash, KV_TAG_BYTES);
    if (!compress_worthwhile(key) || plain.len == 0)
        return;
    add_compressed(item, KV_GZIP, plain, hash, m, cache);
    add_compressed(item, KV_BROTLI, plain, hash, m, cache);
}

struct content embed_collect(const struct manifest *m, const struct device *kv, const char *cache)
{
    struct words keys = find_keys(m, kv);
    struct content c = {.items = allocate(keys.n * sizeof *c.items), .n = keys.n};
    for (size_t i = 0; i < keys.n; i++)
        add_item(&c.items[i], keys.v[i], m, kv, cache);
    return c;
}

static const char *symbol(const struct device *kv, size_t item, int encoding)
{
    static const char *const encodings[] = {"plain", "gzip", "brotli"};
    return format_text("content_%s_%zu_%s", c_identifier(kv->name), item, encodings[encoding]);
}

static char *quoted(const char *s)
{
    struct text t = {0};
    text_add(&t, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_add(&t, "\\%c", c);
        else if (c < 0x20 || c >= 0x7f || c == '?')
            text_add(&t, "\\%03o", c); /* three digits always, so that a digit may follow */
        else
            text_add(&t, "%c", c);
    }
    text_add(&t, "\"");
    return t.s;
}

/* The hash in the comment makes the text change, and so the object be made again, when the file's content does. */
void embed_assembly(struct text *out, const struct device *kv, const struct content *c)
{
    text_add(out, "    .section .rodata.content.%s, \"a\"\n", kv->name);
    for (size_t i = 0; i < c->n; i++) {
        for (int e = 0; e < KV_ENCODINGS; e++) {
            const struct content_variant *v = &c->items[i].variant[e];
            if (!v->path)
                continue;
            text_add(out, "    .balign 16\n    .globl %s\n    .hidden %s\n%s: /* %s */\n    .incbin %s\n",
                     symbol(kv, i, e), symbol(kv, i, e), symbol(kv, i, e), v->tag, quoted(v->path));
        }
    }
}

void embed_table(struct text *out, const struct device *kv, const struct content *c)
{
    for (size_t i = 0; i < c->n; i++)
        for (int e = 0; e < KV_ENCODINGS; e++)
            if (c->items[i].variant[e].path)
                text_add(out, "extern const uint8_t %s[];\n", symbol(kv, i, e));
    text_add(out, "\nstatic const struct kv_embedded_item %s_items[] = {\n", c_identifier(kv->name));
    for (size_t i = 0; i < c->n; i++) {
        text_add(out, "    {.key = %s,\n     .value = {", quoted(c->items[i].key));
        for (int e = 0; e < KV_ENCODINGS; e++) {
            const struct content_variant *v = &c->items[i].variant[e];
            text_add(out, "%s{%s, %zu}", e ? ", " : "", v->path ? symbol(kv, i, e) : "NULL", v->len);
        }
        text_add(out, "},\n     .tag = {");
        for (int e = 0; e < KV_ENCODINGS; e++)
            text_add(out, "%s\"%s\"", e ? ", " : "", c->items[i].variant[e].tag);
        text_add(out, "}},\n");
    }
    text_add(out, "%s};\n", c->n ? "" : "    {.key = NULL},\n");
}

uint64_t embed_bytes(const struct content *c)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < c->n; i++)
        for (int e = 0; e < KV_ENCODINGS; e++)
            sum += c->items[i].variant[e].len;
    return sum;
}
