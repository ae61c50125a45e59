/* SPDX-License-Identifier: ISC */
/* A host directory as a key-value store, for work on an appliance without building it anew. Every access opens the
 * file again, below the root and nowhere else (openat2 with RESOLVE_BENEATH: links may point around inside
 * it). A value's identity is its file's number, size and times; what has changed since it was found is an
 * error to read. KEY.gz and KEY.br beside KEY are its encodings unless they are older than it. */
#include "plat/linux/linux.h"

#include <jinn/kv.h>

#include <mbedtls/sha256.h>

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TAGS_KEPT 1024   /* files whose hash is remembered: a site; more only cost time */
#define KEYS_MAX 1000000 /* of one walk; a directory this large was named by mistake */
#define PATH_BYTES (KV_KEY_MAX + sizeof ".gz")

struct known_tag {
    uint64_t identity; /* 0: free */
    char tag[KV_TAG_BYTES + 1];
};

struct directory {
    struct kv kv;
    int root;
    uint64_t seen; /* by the last refresh: all files' identities */
    char *path;
    struct known_tag known[TAGS_KEPT];
};

static const char suffix[KV_ENCODINGS][4] = {"", ".gz", ".br"};

static struct directory *directory_of(struct kv *kv)
{
    return CONTAINER_OF(kv, struct directory, kv);
}

static int open_beneath(const struct directory *d, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, d->root, path, &how, sizeof how);
}

static enum err error_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EXDEV: /* a link out of the root */
    case ENAMETOOLONG:
        return ERR_NOT_FOUND;
    default:
        return ERR_IO;
    }
}

static enum err open_value(const struct directory *d, struct bytes key, enum kv_encoding encoding, int *fd,
                           struct stat *st)
{
    char path[PATH_BYTES];
    if (!kv_key_is_plain(key))
        return ERR_NOT_FOUND;
    memcpy(path, key.data, key.len);
    memcpy(path + key.len, suffix[encoding], strlen(suffix[encoding]) + 1);
    *fd = open_beneath(d, path, O_RDONLY | O_NONBLOCK); /* a named pipe must not hold us up */
    if (*fd < 0)
        return error_of(errno);
    if (fstat(*fd, st) == 0 && S_ISREG(st->st_mode))
        return OK;
    close(*fd);
    return ERR_NOT_FOUND;
}

/* The low bits say the encoding, which kv_read is not told again. */
static uint64_t identity_of(const struct stat *st, enum kv_encoding encoding)
{
    const uint64_t parts[] = {(uint64_t)st->st_dev,         (uint64_t)st->st_ino,          (uint64_t)st->st_size,
                              (uint64_t)st->st_mtim.tv_sec, (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_ctim.tv_sec,
                              (uint64_t)st->st_ctim.tv_nsec};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        hash = (hash ^ parts[i]) * UINT64_C(0x100000001b3) ^ hash >> 29;
    return ((hash | 4) & ~UINT64_C(3)) | encoding;
}

static enum err hash_file(int fd, uint8_t digest[static 32])
{
    uint8_t block[16384];
    ssize_t n;
    mbedtls_sha256_context sha;
    mbedtls_sha256_init(&sha);
    mbedtls_sha256_starts(&sha, 0);
    for (off_t at = 0; (n = pread(fd, block, sizeof block, at)) > 0; at += n)
        mbedtls_sha256_update(&sha, block, (size_t)n);
    mbedtls_sha256_finish(&sha, digest);
    mbedtls_sha256_free(&sha);
    return n == 0 ? OK : ERR_IO;
}

static enum err tag_of(struct directory *d, int fd, uint64_t identity, char tag[static KV_TAG_BYTES + 1])
{
    static const char hex[] = "0123456789abcdef";
    struct known_tag *known = &d->known[(identity >> 2) % TAGS_KEPT];
    uint8_t digest[32];
    if (known->identity != identity) {
        enum err e = hash_file(fd, digest);
        if (e)
            return e;
        for (size_t i = 0; i < KV_TAG_BYTES; i++)
            known->tag[i] = hex[i % 2 ? digest[i / 2] & 15 : digest[i / 2] >> 4];
        known->identity = identity;
    }
    memcpy(tag, known->tag, sizeof known->tag);
    return OK;
}

static bool older(const struct stat *a, const struct stat *b)
{
    if (a->st_mtim.tv_sec != b->st_mtim.tv_sec)
        return a->st_mtim.tv_sec < b->st_mtim.tv_sec;
    return a->st_mtim.tv_nsec < b->st_mtim.tv_nsec;
}

/* An encoding that is older than the value itself is of an earlier one. */
static bool outdated(const struct directory *d, struct bytes key, const struct stat *encoded)
{
    struct stat plain;
    int fd;
    if (open_value(d, key, KV_PLAIN, &fd, &plain) != OK)
        return true;
    close(fd);
    return older(encoded, &plain);
}

static enum err directory_find(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item)
{
    struct directory *d = directory_of(kv);
    struct stat st;
    int fd;
    enum err e = open_value(d, key, encoding, &fd, &st);
    if (e)
        return e;
    *item = (struct kv_item){.size = (uint64_t)st.st_size, .id = identity_of(&st, encoding)};
    e = encoding != KV_PLAIN && outdated(d, key, &st) ? ERR_NOT_FOUND : tag_of(d, fd, item->id, item->tag);
    close(fd);
    return e;
}

static enum err directory_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset,
                               void *buffer, size_t size, size_t *len)
{
    enum kv_encoding encoding = (enum kv_encoding)(item->id & 3);
    struct stat st;
    int fd;
    if (encoding >= KV_ENCODINGS || open_value(directory_of(kv), key, encoding, &fd, &st) != OK)
        return ERR_IO;
    ssize_t n = identity_of(&st, encoding) == item->id ? pread(fd, buffer, size, (off_t)offset) : -1;
    close(fd);
    if (n < 0)
        return ERR_IO;
    *len = (size_t)n;
    return OK;
}

static bool directory_is_directory(struct kv *kv, struct bytes key)
{
    char path[PATH_BYTES] = ".";
    if (key.len && !kv_key_is_plain(key))
        return false;
    if (key.len)
        *(char *)mempcpy(path, key.data, key.len) = '\0';
    int fd = open_beneath(directory_of(kv), path, O_PATH | O_DIRECTORY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* ---- All keys in order ---- */

struct key_list {
    char **key;
    size_t n, room;
};

static bool list_add(struct key_list *l, const char *key)
{
    if (l->n == KEYS_MAX)
        return false;
    if (l->n == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        char **grown = realloc(l->key, room * sizeof *grown);
        if (!grown)
            return false;
        l->key = grown;
        l->room = room;
    }
    l->key[l->n] = strdup(key);
    return l->key[l->n++] != NULL;
}

static void list_free(struct key_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->key[i]);
    free(l->key);
}

static bool has_value(const struct directory *d, struct bytes key)
{
    struct stat st;
    int fd;
    if (open_value(d, key, KV_PLAIN, &fd, &st) != OK)
        return false;
    close(fd);
    return true;
}

/* An encoding of another key's value is no key of its own. */
static bool is_encoding(const struct directory *d, struct bytes key)
{
    for (int i = KV_GZIP; i < KV_ENCODINGS; i++) {
        if (bytes_ends(key, bytes_str(suffix[i])) && has_value(d, bytes_slice(key, 0, key.len - strlen(suffix[i]))))
            return true;
    }
    return false;
}

static bool list_walk(const struct directory *d, struct key_list *l)
{
    char *const roots[] = {d->path, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    bool good = walk != NULL;
    size_t skip = strlen(d->path) + 1;
    for (FTSENT *entry; good && (entry = fts_read(walk));) {
        if (entry->fts_info != FTS_F && entry->fts_info != FTS_SL)
            continue;
        struct bytes key = bytes_str(entry->fts_path + skip);
        if (has_value(d, key) && !is_encoding(d, key))
            good = list_add(l, entry->fts_path + skip);
    }
    if (walk)
        fts_close(walk);
    return good;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err directory_each(struct kv *kv, bool (*each)(void *arg, struct bytes key), void *arg)
{
    struct key_list l = {0};
    enum err e = list_walk(directory_of(kv), &l) ? OK : ERR_IO;
    if (l.n)
        qsort(l.key, l.n, sizeof *l.key, compare_keys);
    for (size_t i = 0; e == OK && i < l.n && each(arg, bytes_str(l.key[i])); i++)
        ;
    list_free(&l);
    return e;
}

static uint64_t identity_of_key(const struct directory *d, const char *key)
{
    struct stat st;
    int fd;
    if (open_value(d, bytes_str(key), KV_PLAIN, &fd, &st) != OK)
        return 0;
    close(fd);
    return identity_of(&st, KV_PLAIN);
}

/* Each access looks at the folder itself: nothing has to be taken up here. */
static enum err directory_refresh(struct kv *kv, bool *changed)
{
    struct directory *d = directory_of(kv);
    struct key_list l = {0};
    uint64_t seen = 0;
    bool good = list_walk(d, &l);
    for (size_t i = 0; i < l.n; i++)
        seen += identity_of_key(d, l.key[i]) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    list_free(&l);
    if (!good)
        return ERR_IO;
    *changed = seen != d->seen;
    d->seen = seen;
    return OK;
}

static const struct kv_ops directory_ops = {directory_find, directory_read, directory_is_directory, directory_each,
                                            directory_refresh};

static char *without_slashes(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    return strndup(path, len);
}

enum err plat_kv_directory(const char *path, struct kv **kv)
{
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_of(errno);
    struct directory *d = calloc(1, sizeof *d);
    char *copy = without_slashes(path);
    if (!d || !copy) {
        close(root);
        free(d);
        free(copy);
        return ERR_FULL;
    }
    d->kv.ops = &directory_ops;
    d->root = root;
    d->path = copy;
    *kv = &d->kv;
    return OK;
}
