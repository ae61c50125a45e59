/* SPDX-License-Identifier: ISC */
#include "tool/text.h"
#include "tool/say.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <mbedtls/sha256.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void *allocate(size_t len)
{
    void *p = calloc(1, len ? len : 1);
    if (!p)
        fail(STATUS_HOST, "out of memory");
    return p;
}

void *reallocate(void *p, size_t len)
{
    p = realloc(p, len);
    if (!p)
        fail(STATUS_HOST, "out of memory");
    return p;
}

static void text_room(struct text *t, size_t more)
{
    if (t->len + more + 1 <= t->room)
        return;
    t->room = (t->len + more + 1) * 2;
    t->s = reallocate(t->s, t->room);
}

static void text_add_list(struct text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    text_room(t, (size_t)len);
    vsnprintf(t->s + t->len, (size_t)len + 1, format, args);
    t->len += (size_t)len;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_add_list(t, format, args);
    va_end(args);
}

void text_add_bytes(struct text *t, const void *data, size_t len)
{
    text_room(t, len);
    if (len)
        memcpy(t->s + t->len, data, len);
    t->len += len;
    t->s[t->len] = 0;
}

char *format_text(const char *format, ...)
{
    struct text t = {0};
    va_list args;
    va_start(args, format);
    text_add_list(&t, format, args);
    va_end(args);
    return t.s;
}

void words_add(struct words *w, const char *word)
{
    if (w->n + 2 > w->room) {
        w->room = w->room ? w->room * 2 : 16;
        w->v = reallocate(w->v, w->room * sizeof *w->v);
    }
    /* argv of exec wants plain pointers and writes through none of them. */
    w->v[w->n++] = (char *)(uintptr_t)word;
    w->v[w->n] = NULL;
}

void words_format(struct words *w, const char *format, ...)
{
    struct text t = {0};
    va_list args;
    va_start(args, format);
    text_add_list(&t, format, args);
    va_end(args);
    words_add(w, t.s);
}

void words_append(struct words *w, const struct words *more)
{
    for (size_t i = 0; i < more->n; i++)
        words_add(w, more->v[i]);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void words_sort(struct words *w)
{
    if (w->n)
        qsort(w->v, w->n, sizeof *w->v, compare_words);
}

char *path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || strcmp(folder, ".") == 0)
        return format_text("%s", name);
    size_t len = strlen(folder);
    return format_text("%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool folder_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool read_all(int fd, uint8_t *buffer, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(fd, buffer + at, len - at);
        if (got <= 0) {
            errno = got == 0 ? EIO : errno;
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

bool file_read(const char *path, struct bytes *content)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return false;
    bool good = fstat(fd, &st) == 0;
    if (good && !S_ISREG(st.st_mode)) {
        errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
        good = false;
    }
    if (good && (uint64_t)st.st_size > FILE_BYTES_MAX) {
        errno = EFBIG;
        good = false;
    }
    size_t len = good ? (size_t)st.st_size : 0;
    uint8_t *data = allocate(len + 1); /* a NUL behind it, for text */
    good = good && read_all(fd, data, len);
    int problem = errno;
    close(fd);
    errno = problem;
    *content = bytes_of(data, len);
    return good;
}

void make_folders(const char *path)
{
    char *copy = format_text("%s", path);
    for (char *p = copy + 1;; p++) {
        if (*p != '/' && *p != 0)
            continue;
        char end = *p;
        *p = 0;
        if (mkdir(copy, 0777) != 0 && errno != EEXIST)
            fail(STATUS_NO_OUTPUT, "%s: can't be made: %s", copy, strerror(errno));
        *p = end;
        if (!end)
            return;
    }
}

static void make_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash && slash != path)
        make_folders(format_text("%.*s", (int)(slash - path), path));
}

bool file_write(const char *path, const void *data, size_t len)
{
    struct bytes old;
    if (file_exists(path) && file_read(path, &old) && bytes_equal(old, bytes_of(data, len)))
        return false;
    make_folder_of(path);
    char *temporary = format_text("%s.%d.tmp", path, (int)getpid());
    FILE *f = fopen(temporary, "we");
    bool good = f && fwrite(data, 1, len, f) == len;
    good = f && fclose(f) == 0 && good;
    if (!good || rename(temporary, path) != 0) {
        int problem = errno;
        unlink(temporary);
        fail(STATUS_NO_OUTPUT, "%s: can't be written: %s", path, strerror(problem));
    }
    return true;
}

uint64_t file_time(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return 0;
    return (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
}

uint64_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    if (remove(path) != 0)
        fail(STATUS_NO_OUTPUT, "%s: can't be removed: %s", path, strerror(errno));
    return 0;
}

void remove_tree(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void sha256_text(struct bytes b, char out[static SHA_TEXT_BYTES])
{
    uint8_t digest[32];
    if (mbedtls_sha256(b.data, b.len, digest, 0) != 0)
        fail(STATUS_HOST, "SHA-256 is missing from the cryptographic library");
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}
