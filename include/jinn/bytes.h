/* SPDX-License-Identifier: ISC */
/* Bytes as values, and the checked readers and writers that all parsing and emitting goes through.
 *
 * A reader or writer remembers its first failure: after a step past the end `bad` is set, reads give
 * zero and writes do nothing. So a parser reads a whole header straight down and asks once, with
 * reader_good, before it uses what it read. Nested structures are parsed inside a sub-reader made by
 * read_sub, which can't see past its own end.
 *
 * Nothing here allocates, yields or keeps what it is given.
 *
 * What is `inline` but not `static` stands once in an image, in base/bytes_called.c, for those who are compiled for size and call it;
 * where speed counts it is in line. */
#ifndef JINN_BYTES_H
#define JINN_BYTES_H

#include <jinn/attr.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view of bytes that belong to somebody else. `data` may be NULL when `len` is 0. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

static inline struct bytes bytes_of(const void *data, size_t len)
{
    return (struct bytes){data, len};
}

/* The characters of a C string without its end. Always in line, so that the length of a literal is a constant. */
__attribute__((always_inline)) static inline struct bytes bytes_str(const char *s)
{
    return (struct bytes){(const uint8_t *)s, strlen(s)};
}

/* At most `len` bytes from `from`; both are cut to what is there. */
inline struct bytes bytes_slice(struct bytes b, size_t from, size_t len)
{
    size_t start = from < b.len ? from : b.len;
    size_t left = b.len - start;
    return (struct bytes){b.data ? b.data + start : NULL, len < left ? len : left};
}

/* How many there are in n pieces together. */
inline size_t bytes_total(const struct bytes *v, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += v[i].len;
    return len;
}

inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Equal when ASCII letters count the same in both cases. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);
bool bytes_starts(struct bytes b, struct bytes prefix);
bool bytes_ends(struct bytes b, struct bytes suffix);
/* Position of the first `c`, or b.len. */
size_t bytes_find(struct bytes b, uint8_t c);
/* Without blanks and tabs at both ends. */
struct bytes bytes_trim(struct bytes b);
/* Reads decimal digits only (no sign, no blanks), the whole of `b`, at most `max`. False otherwise. */
bool bytes_decimal(struct bytes b, uint64_t max, uint64_t *value);

/* For fields of what was taken, or is filled, as a whole: one check of the length instead of one a field. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void store_be16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void store_be32(uint8_t *p, uint32_t v)
{
    store_be16(p, (uint16_t)(v >> 16));
    store_be16(p + 2, (uint16_t)v);
}

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool bad;
};

static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){b.data, b.data ? b.data + b.len : NULL, false};
}

static inline bool reader_good(const struct reader *r)
{
    return !r->bad;
}

inline size_t reader_left(const struct reader *r)
{
    return r->bad ? 0 : (size_t)(r->end - r->at);
}

/* Takes `len` bytes, or NULL when there are fewer. The pointer borrows from what is read. */
inline const uint8_t *read_take(struct reader *r, size_t len)
{
    if (r->bad || (size_t)(r->end - r->at) < len) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->at;
    r->at += len;
    return p;
}

inline uint8_t read_u8(struct reader *r)
{
    const uint8_t *p = read_take(r, 1);
    return p ? p[0] : 0;
}

inline uint16_t read_be16(struct reader *r)
{
    const uint8_t *p = read_take(r, 2);
    return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

inline uint32_t read_be32(struct reader *r)
{
    const uint8_t *p = read_take(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

inline uint64_t read_be64(struct reader *r)
{
    uint64_t high = read_be32(r);
    return high << 32 | read_be32(r);
}

inline uint16_t read_le16(struct reader *r)
{
    const uint8_t *p = read_take(r, 2);
    return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

inline uint32_t read_le32(struct reader *r)
{
    const uint8_t *p = read_take(r, 4);
    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

inline uint64_t read_le64(struct reader *r)
{
    uint64_t low = read_le32(r);
    return low | (uint64_t)read_le32(r) << 32;
}

/* Copies `len` bytes to `out`; zeroes it when there are fewer. */
inline void read_copy(struct reader *r, void *out, size_t len)
{
    const uint8_t *p = read_take(r, len);
    if (p)
        memcpy(out, p, len);
    else
        memset(out, 0, len);
}

inline void read_skip(struct reader *r, size_t len)
{
    (void)read_take(r, len);
}

inline struct bytes read_bytes(struct reader *r, size_t len)
{
    const uint8_t *p = read_take(r, len);
    return (struct bytes){p, p ? len : 0};
}

/* A reader over the next `len` bytes, which `r` passes over; bad when there are fewer. */
inline struct reader read_sub(struct reader *r, size_t len)
{
    const uint8_t *p = read_take(r, len);
    return p ? (struct reader){p, p + len, false} : (struct reader){NULL, NULL, true};
}

inline struct bytes read_rest(struct reader *r)
{
    return read_bytes(r, reader_left(r));
}

struct writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool bad;
};

static inline struct writer writer_of(void *buffer, size_t len)
{
    uint8_t *p = buffer;
    return (struct writer){p, p, p + len, false};
}

static inline bool writer_good(const struct writer *w)
{
    return !w->bad;
}

static inline size_t writer_len(const struct writer *w)
{
    return (size_t)(w->at - w->start);
}

inline size_t writer_left(const struct writer *w)
{
    return w->bad ? 0 : (size_t)(w->end - w->at);
}

/* What has been written so far; it borrows the writer's buffer. */
static inline struct bytes writer_bytes(const struct writer *w)
{
    return (struct bytes){w->start, writer_len(w)};
}

/* Room for `len` bytes that the caller fills at once, or NULL. */
inline uint8_t *write_room(struct writer *w, size_t len)
{
    if (w->bad || (size_t)(w->end - w->at) < len) {
        w->bad = true;
        return NULL;
    }
    uint8_t *p = w->at;
    w->at += len;
    return p;
}

inline void write_u8(struct writer *w, uint8_t v)
{
    uint8_t *p = write_room(w, 1);
    if (p)
        p[0] = v;
}

inline void write_be16(struct writer *w, uint16_t v)
{
    uint8_t *p = write_room(w, 2);
    if (!p)
        return;
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

inline void write_be32(struct writer *w, uint32_t v)
{
    uint8_t *p = write_room(w, 4);
    if (!p)
        return;
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

inline void write_be64(struct writer *w, uint64_t v)
{
    write_be32(w, (uint32_t)(v >> 32));
    write_be32(w, (uint32_t)v);
}

inline void write_le16(struct writer *w, uint16_t v)
{
    write_u8(w, (uint8_t)v);
    write_u8(w, (uint8_t)(v >> 8));
}

inline void write_le32(struct writer *w, uint32_t v)
{
    write_le16(w, (uint16_t)v);
    write_le16(w, (uint16_t)(v >> 16));
}

inline void write_le64(struct writer *w, uint64_t v)
{
    write_le32(w, (uint32_t)v);
    write_le32(w, (uint32_t)(v >> 32));
}

inline void write_copy(struct writer *w, const void *data, size_t len)
{
    uint8_t *p = write_room(w, len);
    if (p && len)
        memcpy(p, data, len);
}

inline void write_bytes(struct writer *w, struct bytes b)
{
    write_copy(w, b.data, b.len);
}

/* Always in line, so that the length of a literal is a constant. */
__attribute__((always_inline)) static inline void write_str(struct writer *w, const char *s)
{
    write_copy(w, s, strlen(s));
}

inline void write_zeros(struct writer *w, size_t len)
{
    uint8_t *p = write_room(w, len);
    if (p && len)
        memset(p, 0, len);
}

/* Printed as by printf, without the closing NUL. All or nothing. */
void write_format(struct writer *w, const char *text, ...) PRINTF_LIKE(2, 3);

/* How long the bytes of a piece stay as they are. */
enum life {
    LIFE_COPY,   /* until the call returns: whoever keeps them copies them */
    LIFE_STATIC, /* as long as the image runs: sent in place, never copied */
};

/* One part of a gathering write. */
struct piece {
    struct bytes bytes;
    enum life life;
};

static inline struct piece piece_copy(struct bytes b)
{
    return (struct piece){b, LIFE_COPY};
}

static inline struct piece piece_static(struct bytes b)
{
    return (struct piece){b, LIFE_STATIC};
}

static inline size_t pieces_len(const struct piece *v, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += v[i].bytes.len;
    return len;
}

#endif
