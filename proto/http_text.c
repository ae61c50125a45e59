/* SPDX-License-Identifier: ISC */
/* The alphabet of HTTP: tokens, field values, lists (RFC 9110 section 5). */
#include "proto/http_parse.h"

/* One bit a character: "!#$%&'*+-.^_`|~", digits and letters. */
static const uint32_t token_bits[8] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff, 0, 0, 0, 0};

static bool is_token_char(uint8_t c)
{
    return token_bits[c >> 5] >> (c & 31) & 1;
}

bool http_is_token(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        if (!is_token_char(b.data[i]))
            return false;
    }
    return b.len > 0;
}

static bool is_value_char(uint8_t c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

/* Non-zero when one of eight bytes is below 0x20 or is 0x7f. It may call a byte of 0x80 and above suspicious, which
 * only costs time: the caller looks closer. */
static uint64_t suspicious(uint64_t w)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t del = w ^ (ones * 0x7f);
    return (((w - ones * 0x20) & ~w) | ((del - ones) & ~del)) & tops;
}

bool http_is_field_value(struct bytes b)
{
    size_t i = 0;
    while (i < b.len) {
        uint64_t w;
        if (b.len - i >= sizeof w) {
            memcpy(&w, b.data + i, sizeof w);
            if (!suspicious(w)) {
                i += sizeof w;
                continue;
            }
        }
        if (!is_value_char(b.data[i++]))
            return false;
    }
    return true;
}

bool http_list_next(struct bytes *list, struct bytes *element)
{
    while (list->len) {
        size_t comma = bytes_find(*list, ',');
        *element = bytes_trim(bytes_slice(*list, 0, comma));
        *list = bytes_slice(*list, comma + 1, list->len);
        if (element->len)
            return true;
    }
    return false;
}

bool http_list_has(struct bytes list, const char *token)
{
    struct bytes element;
    while (http_list_next(&list, &element)) {
        if (bytes_equal_nocase(element, bytes_str(token)))
            return true;
    }
    return false;
}

struct bytes http_field(const struct http_request *q, struct bytes name)
{
    for (size_t i = 0; i < q->n_headers; i++) {
        if (bytes_equal_nocase(q->headers[i].name, name))
            return q->headers[i].value;
    }
    return (struct bytes){NULL, 0};
}

struct bytes http_header(const struct http_request *q, const char *name)
{
    return http_field(q, bytes_str(name));
}
