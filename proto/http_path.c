/* SPDX-License-Identifier: ISC */
/* Paths: percent-decoding and dot segments, without a way out of the root. Decoding comes first, so that "%2e%2e" is
 * the same as ".."; an encoded slash would make a path mean two things and is refused. */
#include "proto/http_parse.h"

int http_hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether the path means what it says: no escape, and no segment that begins with a dot. */
static bool is_plain(struct bytes raw)
{
    uint8_t before = 0;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.data[i];
        if (c == '%' || c == '\\' || (c == '.' && before == '/'))
            return false;
        before = c;
    }
    return true;
}

static bool read_path_char(struct reader *r, uint8_t *c)
{
    *c = read_u8(r);
    if (*c == '%') {
        int high = http_hex_digit(read_u8(r)), low = http_hex_digit(read_u8(r));
        if (high < 0 || low < 0)
            return false;
        *c = (uint8_t)(high << 4 | low);
        if (*c == '/')
            return false;
    }
    return reader_good(r) && *c >= 0x20 && *c != 0x7f && *c != '\\';
}

/* Ends the segment that began at room[start]; *len is where the next one is written. False: out of the root. */
static bool end_segment(const uint8_t *room, size_t start, size_t *len)
{
    struct bytes segment = bytes_of(room + start, *len - start);
    if (bytes_equal(segment, bytes_str("."))) {
        *len = start;
    } else if (bytes_equal(segment, bytes_str(".."))) {
        if (start <= 1)
            return false;
        size_t at = start - 1; /* the slash that ended the segment before */
        while (room[at - 1] != '/')
            at--;
        *len = at;
    }
    return true;
}

unsigned http_path_decode(struct bytes raw, uint8_t *room, size_t size, struct bytes *decoded)
{
    if (raw.len == 0 || raw.data[0] != '/')
        return 400;
    if (is_plain(raw)) {
        *decoded = raw;
        return raw.len > size ? 414 : 0;
    }
    struct reader r = reader_of(raw);
    size_t len = 0, start = 1;
    while (reader_left(&r)) {
        bool slash = *r.at == '/';
        uint8_t c;
        if (!read_path_char(&r, &c))
            return 400;
        if (slash && len > 0) {
            size_t before = len;
            if (!end_segment(room, start, &len))
                return 400;
            if (len < before) {
                start = len; /* a dot segment went, and its slash with it */
                continue;
            }
        }
        if (len >= size)
            return 414;
        room[len++] = c;
        if (slash)
            start = len;
    }
    if (!end_segment(room, start, &len))
        return 400;
    *decoded = bytes_of(room, len);
    return 0;
}
