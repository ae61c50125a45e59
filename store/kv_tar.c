/* SPDX-License-Identifier: ISC */
/* A tar archive on a block device as a key-value store. The index of its files is in memory, sorted by key; contents are read when
 * they are asked for. KEY.gz and KEY.br beside KEY are its encodings unless they are older than it. */
#include "store/tar.h"

#include <jinn/fiber.h>
#include <jinn/kv.h>
#include <jinn/log.h>
#include <jinn/must.h>

#include <mbedtls/sha256.h>

#include <stdlib.h>

static struct log_source source = LOG_SOURCE("kv");

enum {
    WINDOW_BYTES = 65536, /* read at once: many small files, or some of a large one */
    DIGEST_BYTES = KV_TAG_BYTES / 2,
    SUFFIX_BYTES = 3
};

static const char suffix[KV_ENCODINGS][SUFFIX_BYTES + 1] = {"", ".gz", ".br"};

struct file {
    size_t key; /* in `names` */
    uint64_t at, size, mtime_s;
    uint8_t digest[DIGEST_BYTES]; /* of its header and what extends it */
};

struct index {
    struct file *file;
    char *names;
    size_t n, max, names_len, names_max;
    uint8_t digest[DIGEST_BYTES]; /* of all headers */
};

struct kv_tar {
    struct kv kv;
    struct block *block;
    struct index index;
    uint8_t seen[DIGEST_BYTES]; /* by the last look */
};

static struct kv_tar *of(struct kv *kv)
{
    return CONTAINER_OF(kv, struct kv_tar, kv);
}

/* ---- Reading the device ---- */

/* Some of the device, for one who reads it in order. */
struct window {
    struct block *block;
    uint64_t at;
    size_t len;
    uint8_t *bytes; /* WINDOW_BYTES */
};

/* At least one byte from there; none at the device's end. */
static enum err look(struct window *w, uint64_t at, struct bytes *b)
{
    if (at < w->at || at >= w->at + w->len) {
        uint64_t start = at - at % w->block->block_bytes;
        uint64_t left = start < w->block->capacity_bytes ? w->block->capacity_bytes - start : 0;
        size_t len = left < WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
        len -= len % w->block->block_bytes;
        w->len = 0;
        enum err e = len ? block_read(w->block, start, w->bytes, len) : OK;
        if (e)
            return e;
        w->at = start;
        w->len = len;
    }
    *b = at < w->at + w->len ? bytes_slice(bytes_of(w->bytes, w->len), (size_t)(at - w->at), WINDOW_BYTES)
                             : bytes_of(NULL, 0);
    return OK;
}

/* ERR_MALFORMED: the device ends. */
static enum err read_at(struct window *w, uint64_t at, void *to, size_t len)
{
    for (size_t n = 0; n < len;) {
        struct bytes b;
        enum err e = look(w, at + n, &b);
        if (e)
            return e;
        if (b.len == 0)
            return ERR_MALFORMED;
        b = bytes_slice(b, 0, len - n);
        memcpy((uint8_t *)to + n, b.data, b.len);
        n += b.len;
    }
    return OK;
}

/* ---- The index ---- */

static void free_index(struct index *x)
{
    free(x->file);
    free(x->names);
    *x = (struct index){.n = 0};
}

static bool reserve(void **array, size_t *max, size_t wanted, size_t bytes)
{
    if (wanted <= *max)
        return true;
    size_t more = *max ? 2 * *max : 64;
    void *grown = realloc(*array, (more < wanted ? wanted : more) * bytes);
    if (!grown)
        return false;
    *max = more < wanted ? wanted : more;
    *array = grown;
    return true;
}

static enum err add_file(struct index *x, const struct tar *t, uint64_t at, const uint8_t *digest)
{
    void *files = x->file, *names = x->names;
    bool room = reserve(&files, &x->max, x->n + 1, sizeof *x->file);
    x->file = files;
    room = room && reserve(&names, &x->names_max, x->names_len + t->name_len + 1, 1);
    x->names = names;
    if (!room)
        return ERR_FULL;
    memcpy(x->names + x->names_len, t->name, t->name_len + 1);
    struct file *f = &x->file[x->n++];
    *f = (struct file){.key = x->names_len, .at = at, .size = t->size, .mtime_s = t->mtime_s};
    memcpy(f->digest, digest, sizeof f->digest);
    x->names_len += t->name_len + 1;
    return OK;
}

static int compare(const void *a, const void *b, void *names)
{
    const struct file *x = a, *y = b;
    int order = strcmp((char *)names + x->key, (char *)names + y->key);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* By key; of several files with one name the last counts, as when the archive is unpacked. */
static void sort(struct index *x)
{
    size_t n = 0;
    if (x->n)
        qsort_r(x->file, x->n, sizeof *x->file, compare, x->names);
    for (size_t i = 0; i < x->n; i++) {
        if (i + 1 == x->n || strcmp(x->names + x->file[i].key, x->names + x->file[i + 1].key) != 0)
            x->file[n++] = x->file[i];
    }
    x->n = n;
}

struct reading {
    struct window window;
    struct tar tar;
    struct index index;
    mbedtls_sha256_context all, file; /* of headers and extensions: of all, and since the last file */
    uint64_t at;
    bool is_first;
    uint8_t extra[TAR_EXTRA_MAX_BYTES];
};

/* What is being written just now is no archive for a moment, so only who opens one is told. */
static enum err wrong(const struct reading *r, const char *reason)
{
    if (r->is_first)
        log_error(&source, "the archive at byte %llu: %s", (unsigned long long)r->at, reason);
    return ERR_MALFORMED;
}

static void hash(struct reading *r, const void *data, size_t len)
{
    must(mbedtls_sha256_update(&r->all, data, len) == 0);
    must(mbedtls_sha256_update(&r->file, data, len) == 0);
}

static void begin_hash(mbedtls_sha256_context *c)
{
    mbedtls_sha256_init(c);
    must(mbedtls_sha256_starts(c, 0) == 0);
}

static void end_hash(mbedtls_sha256_context *c, uint8_t digest[static DIGEST_BYTES])
{
    uint8_t whole[32];
    must(mbedtls_sha256_finish(c, whole) == 0);
    mbedtls_sha256_free(c);
    memcpy(digest, whole, DIGEST_BYTES);
}

static enum err take_extra(struct reading *r)
{
    enum err e = read_at(&r->window, r->at + TAR_BLOCK_BYTES, r->extra, (size_t)r->tar.size);
    if (e == ERR_MALFORMED)
        return wrong(r, "it breaks off");
    hash(r, r->extra, e ? 0 : (size_t)r->tar.size);
    const char *reason = e ? NULL : tar_extra(&r->tar, bytes_of(r->extra, (size_t)r->tar.size));
    return reason ? wrong(r, reason) : e;
}

/* One header and what belongs to it. *end: it was the last. */
static enum err take_header(struct reading *r, bool *end)
{
    uint8_t block[TAR_BLOCK_BYTES], digest[DIGEST_BYTES];
    uint64_t left = r->window.block->capacity_bytes - r->at;
    *end = left == 0; /* an archive that was cut behind its last file is one still */
    if (*end)
        return OK;
    enum err e = read_at(&r->window, r->at, block, sizeof block);
    if (e)
        return e == ERR_MALFORMED ? wrong(r, "it breaks off") : e;
    enum tar_what what = tar_header(&r->tar, block);
    *end = what == TAR_END;
    if (what == TAR_END)
        return OK;
    if (what == TAR_BAD)
        return wrong(r, r->tar.reason);
    hash(r, block, sizeof block);
    uint64_t size = r->tar.size,
             whole = TAR_BLOCK_BYTES + (size + TAR_BLOCK_BYTES - 1) / TAR_BLOCK_BYTES * TAR_BLOCK_BYTES;
    if (size > left || whole > left)
        return wrong(r, "a file goes beyond the device's end");
    if (what == TAR_EXTRA) {
        e = take_extra(r);
    } else {
        end_hash(&r->file, digest);
        begin_hash(&r->file);
    }
    if (what == TAR_FILE && kv_key_is_plain(bytes_of(r->tar.name, r->tar.name_len)))
        e = add_file(&r->index, &r->tar, r->at + TAR_BLOCK_BYTES, digest);
    r->at += whole;
    return e;
}

/* Lets others run after each of the device's pieces. */
static enum err read_headers(struct reading *r)
{
    bool end = false;
    enum err e = OK;
    uint64_t yielded_at = 0;
    while (e == OK && !end) {
        e = take_header(r, &end);
        if (e == OK && r->at - yielded_at >= WINDOW_BYTES) {
            yielded_at = r->at;
            e = fiber_yield();
        }
    }
    return e;
}

static enum err read_index(struct kv_tar *t, bool is_first, struct index *x)
{
    struct reading *r = calloc(1, sizeof *r);
    uint8_t *bytes = malloc(WINDOW_BYTES);
    enum err e = r && bytes ? OK : ERR_FULL;
    if (e == OK) {
        r->is_first = is_first;
        r->window = (struct window){.block = t->block, .bytes = bytes};
        begin_hash(&r->all);
        begin_hash(&r->file);
        e = read_headers(r);
        end_hash(&r->all, r->index.digest);
        mbedtls_sha256_free(&r->file);
        sort(&r->index);
        *x = r->index;
    }
    if (e && r)
        free_index(x);
    free(bytes);
    free(r);
    return e;
}

/* ---- The store ---- */

static const char *name_of(const struct index *x, size_t i)
{
    return x->names + x->file[i].key;
}

/* Bytewise: KEY and what follows it against a file's name. */
static int compare_key(const char *name, struct bytes key, const char *tail)
{
    int order = strncmp(name, (const char *)key.data, key.len);
    return order ? order : strcmp(name + key.len, tail);
}

/* The first file whose name is not less than KEY and TAIL together. */
static size_t lower_bound(const struct index *x, struct bytes key, const char *tail)
{
    size_t low = 0, high = x->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_key(name_of(x, middle), key, tail) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct file *find_name(const struct index *x, struct bytes key, const char *tail)
{
    size_t i = lower_bound(x, key, tail);
    return i < x->n && compare_key(name_of(x, i), key, tail) == 0 ? &x->file[i] : NULL;
}

static const struct file *find_file(const struct index *x, struct bytes key, enum kv_encoding encoding)
{
    if (!kv_key_is_plain(key))
        return NULL;
    const struct file *plain = find_name(x, key, "");
    if (encoding == KV_PLAIN || !plain)
        return plain;
    const struct file *f = find_name(x, key, suffix[encoding]);
    return f && f->mtime_s >= plain->mtime_s ? f : NULL;
}

/* The low bits say the encoding, which kv_read is not told again. */
static uint64_t id_of(const struct file *f, enum kv_encoding encoding)
{
    struct reader r = reader_of(bytes_of(f->digest, sizeof f->digest));
    return (read_le64(&r) & ~UINT64_C(3)) | encoding;
}

static enum err tar_find(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item)
{
    const struct file *f = find_file(&of(kv)->index, key, encoding);
    if (!f)
        return ERR_NOT_FOUND;
    *item = (struct kv_item){.size = f->size, .id = id_of(f, encoding)};
    struct writer w = writer_of(item->tag, sizeof item->tag);
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        write_format(&w, "%02x", (unsigned)f->digest[i]);
    must(writer_good(&w));
    return OK;
}

/* As much as lies in one piece of the device. */
static enum err tar_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset, void *buffer,
                         size_t size, size_t *len)
{
    struct kv_tar *t = of(kv);
    enum kv_encoding encoding = (enum kv_encoding)(item->id & 3);
    const struct file *f = encoding < KV_ENCODINGS ? find_file(&t->index, key, encoding) : NULL;
    struct bytes b;
    *len = 0;
    if (!f || id_of(f, encoding) != item->id || f->size != item->size)
        return ERR_IO;
    if (offset >= f->size || size == 0)
        return OK;
    uint8_t *bytes = malloc(WINDOW_BYTES);
    if (!bytes)
        return ERR_FULL;
    struct window w = {.block = t->block, .bytes = bytes};
    uint64_t left = f->size - offset;
    enum err e = look(&w, f->at + offset, &b);
    if (e == OK) {
        b = bytes_slice(b, 0, left < size ? (size_t)left : size);
        memcpy(buffer, b.data, b.len);
        *len = b.len;
    }
    free(bytes);
    return e;
}

static bool tar_is_directory(struct kv *kv, struct bytes key)
{
    const struct index *x = &of(kv)->index;
    if (key.len == 0)
        return x->n > 0;
    if (!kv_key_is_plain(key))
        return false;
    size_t i = lower_bound(x, key, "/");
    return i < x->n && bytes_starts(bytes_str(name_of(x, i)), key) && name_of(x, i)[key.len] == '/';
}

/* An encoding of another key's value is no key of its own. */
static bool is_encoding(const struct index *x, struct bytes name)
{
    for (int i = KV_GZIP; i < KV_ENCODINGS; i++) {
        if (bytes_ends(name, bytes_str(suffix[i])) && find_name(x, bytes_slice(name, 0, name.len - SUFFIX_BYTES), ""))
            return true;
    }
    return false;
}

static enum err tar_each(struct kv *kv, bool (*each)(void *arg, struct bytes key), void *arg)
{
    const struct index *x = &of(kv)->index;
    for (size_t i = 0; i < x->n; i++) {
        struct bytes name = bytes_str(name_of(x, i));
        if (!is_encoding(x, name) && !each(arg, name))
            break;
    }
    return OK;
}

/* What is being written just now differs from one look to the next; it counts when two have seen the same. */
static enum err tar_refresh(struct kv *kv, bool *changed)
{
    struct kv_tar *t = of(kv);
    struct index x = {.n = 0};
    *changed = false;
    enum err e = read_index(t, false, &x);
    if (e)
        return e;
    bool settled = memcmp(x.digest, t->seen, DIGEST_BYTES) == 0;
    *changed = settled && memcmp(x.digest, t->index.digest, DIGEST_BYTES) != 0;
    memcpy(t->seen, x.digest, DIGEST_BYTES);
    if (*changed) {
        struct index old = t->index;
        t->index = x;
        x = old;
    }
    free_index(&x);
    return OK;
}

enum err kv_tar_open(struct block *b, struct kv **kv)
{
    static const struct kv_ops ops = {tar_find, tar_read, tar_is_directory, tar_each, tar_refresh};
    struct kv_tar *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_FULL;
    t->kv.ops = &ops;
    t->block = b;
    enum err e = read_index(t, true, &t->index);
    if (e) {
        free(t);
        return e;
    }
    memcpy(t->seen, t->index.digest, DIGEST_BYTES);
    *kv = &t->kv;
    return OK;
}

void kv_tar_close(struct kv *kv)
{
    free_index(&of(kv)->index);
    free(of(kv));
}
