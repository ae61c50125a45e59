/* SPDX-License-Identifier: ISC */
#include "json.h"

static struct bytes rest_of(const struct reader *r)
{
    return bytes_of(r->at, reader_left(r));
}

/* The next character that is not blank, which stays; 0 at the end. */
static uint8_t peek(struct reader *r)
{
    while (reader_left(r) && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
    return reader_left(r) ? *r->at : 0;
}

static void expect(struct reader *r, uint8_t c)
{
    if (peek(r) == c && c)
        r->at++;
    else
        r->bad = true;
}

/* From its quote to the next that no backslash precedes. */
static struct bytes string(struct reader *r)
{
    expect(r, '"');
    struct bytes rest = rest_of(r);
    size_t len = 0;
    while (len < rest.len && rest.data[len] != '"')
        len += rest.data[len] == '\\' ? 2 : 1;
    struct bytes text = read_bytes(r, len);
    expect(r, '"');
    return text;
}

static bool in_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' || c == 'E';
}

/* A number, or one of the three words. */
static void word(struct reader *r, struct json_member *m)
{
    struct bytes rest = rest_of(r);
    size_t len = 0;
    while (len < rest.len && in_word(rest.data[len]))
        len++;
    m->text = read_bytes(r, len);
    m->kind = bytes_equal(m->text, bytes_str("true"))    ? JSON_TRUE
              : bytes_equal(m->text, bytes_str("false")) ? JSON_FALSE
              : bytes_equal(m->text, bytes_str("null"))  ? JSON_NULL
                                                         : JSON_NUMBER;
    if (len == 0 || (m->kind == JSON_NUMBER && m->text.data[0] >= 'a'))
        r->bad = true;
}

/* Passes over an object or an array: counts brackets of either kind outside of strings. */
static void nested(struct reader *r)
{
    size_t depth = 0;
    do {
        uint8_t c = peek(r);
        if (c == '"') {
            (void)string(r);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        if (c == '}' || c == ']')
            depth--;
        read_skip(r, 1);
    } while (depth > 0 && reader_good(r));
}

static void value(struct reader *r, struct json_member *m)
{
    const uint8_t c = peek(r), *start = r->at;
    if (c == '"') {
        m->kind = JSON_STRING;
        m->text = string(r);
    } else if (c == '{' || c == '[') {
        m->kind = JSON_NESTED;
        nested(r);
        m->text = bytes_of(start, reader_good(r) ? (size_t)(r->at - start) : 0);
    } else {
        word(r, m);
    }
}

struct reader json_object(struct bytes text)
{
    struct reader r = reader_of(text);
    expect(&r, '{');
    return r;
}

bool json_next(struct reader *r, struct json_member *m)
{
    if (peek(r) == '}')
        return false;
    m->name = string(r);
    expect(r, ':');
    value(r, m);
    if (peek(r) != '}')
        expect(r, ',');
    return reader_good(r);
}

bool json_unsigned(const struct json_member *m, uint64_t max, uint64_t *value)
{
    struct bytes whole = bytes_slice(m->text, 0, bytes_find(m->text, '.'));
    return m->kind == JSON_NUMBER && bytes_decimal(whole, max, value);
}
