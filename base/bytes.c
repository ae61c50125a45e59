/* SPDX-License-Identifier: ISC */
#include <jinn/bytes.h>
#include <jinn/format.h>

#include <stdarg.h>

/* What <jinn/bytes.h> has in line, for those who rather call it: they are made for size, and so is this. */
extern inline COLD struct bytes bytes_slice(struct bytes b, size_t from, size_t len);
extern inline COLD size_t bytes_total(const struct bytes *v, size_t n);
extern inline COLD bool bytes_equal(struct bytes a, struct bytes b);
extern inline COLD size_t reader_left(const struct reader *r);
extern inline COLD const uint8_t *read_take(struct reader *r, size_t len);
extern inline COLD uint8_t read_u8(struct reader *r);
extern inline COLD uint16_t read_be16(struct reader *r);
extern inline COLD uint32_t read_be32(struct reader *r);
extern inline COLD uint64_t read_be64(struct reader *r);
extern inline COLD uint16_t read_le16(struct reader *r);
extern inline COLD uint32_t read_le32(struct reader *r);
extern inline COLD uint64_t read_le64(struct reader *r);
extern inline COLD void read_copy(struct reader *r, void *out, size_t len);
extern inline COLD void read_skip(struct reader *r, size_t len);
extern inline COLD struct bytes read_bytes(struct reader *r, size_t len);
extern inline COLD struct reader read_sub(struct reader *r, size_t len);
extern inline COLD struct bytes read_rest(struct reader *r);
extern inline COLD size_t writer_left(const struct writer *w);
extern inline COLD uint8_t *write_room(struct writer *w, size_t len);
extern inline COLD void write_u8(struct writer *w, uint8_t v);
extern inline COLD void write_be16(struct writer *w, uint16_t v);
extern inline COLD void write_be32(struct writer *w, uint32_t v);
extern inline COLD void write_be64(struct writer *w, uint64_t v);
extern inline COLD void write_le16(struct writer *w, uint16_t v);
extern inline COLD void write_le32(struct writer *w, uint32_t v);
extern inline COLD void write_le64(struct writer *w, uint64_t v);
extern inline COLD void write_copy(struct writer *w, const void *data, size_t len);
extern inline COLD void write_bytes(struct writer *w, struct bytes b);
extern inline COLD void write_zeros(struct writer *w, size_t len);

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

bool bytes_starts(struct bytes b, struct bytes prefix)
{
    return b.len >= prefix.len && bytes_equal(bytes_slice(b, 0, prefix.len), prefix);
}

bool bytes_ends(struct bytes b, struct bytes suffix)
{
    return b.len >= suffix.len && bytes_equal(bytes_slice(b, b.len - suffix.len, suffix.len), suffix);
}

size_t bytes_find(struct bytes b, uint8_t c)
{
    const uint8_t *p = b.len ? memchr(b.data, c, b.len) : NULL;
    return p ? (size_t)(p - b.data) : b.len;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct bytes bytes_trim(struct bytes b)
{
    while (b.len && is_blank(b.data[0]))
        b = bytes_slice(b, 1, b.len);
    while (b.len && is_blank(b.data[b.len - 1]))
        b.len--;
    return b;
}

bool bytes_decimal(struct bytes b, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;
    if (b.len == 0)
        return false;
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] < '0' || b.data[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(b.data[i] - '0');
        if (digit > max || v > (max - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

COLD void write_format(struct writer *w, const char *text, ...)
{
    if (w->bad)
        return;
    va_list args;
    va_start(args, text);
    size_t left = writer_left(w);
    size_t len = format_list((char *)w->at, left, text, args);
    va_end(args);
    if (len >= left) {
        w->bad = true;
        return;
    }
    w->at += len;
}
