/* SPDX-License-Identifier: ISC */
#include <jinn/bytes.h>
#include <jinn/format.h>

#include <stdarg.h>

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
