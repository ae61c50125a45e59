/* SPDX-License-Identifier: ISC */
/* chunked-body = *( 1*HEXDIG [ ext ] CRLF data CRLF ) 1*"0" [ ext ] CRLF *( field-line CRLF ) CRLF
 *
 *   SIZE --;--> EXTENSION      DATA -> DATA_CR -> DATA_LF -> SIZE
 *   SIZE, EXTENSION --CR--> SIZE_LF -> DATA, or after size 0 -> TRAILER_START
 *   TRAILER_START --CR--> LAST_LF -> OVER, else -> TRAILER_NAME --:--> TRAILER --CR--> TRAILER_LF -> TRAILER_START */
#include "proto/http_chunked.h"
#include "proto/http_parse.h"

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER_START,
    TRAILER_NAME,
    TRAILER,
    TRAILER_LF,
    LAST_LF,
    OVER,
    BROKEN
};

void http_chunked_init(struct http_chunked *c, uint64_t body_max)
{
    *c = (struct http_chunked){.room = body_max, .state = SIZE};
}

static bool is_text(uint8_t c)
{
    return http_is_field_value(bytes_of(&c, 1));
}

static bool is_name(uint8_t c)
{
    return http_is_token(bytes_of(&c, 1));
}

static enum err expect(struct http_chunked *c, bool good, unsigned next)
{
    c->state = (uint8_t)next;
    return good ? OK : ERR_MALFORMED;
}

static enum err size_digit(struct http_chunked *c, uint8_t b)
{
    int digit = http_hex_digit(b);
    if (digit < 0)
        return expect(c, c->n_digits > 0 && (b == '\r' || b == ';'), b == '\r' ? SIZE_LF : EXTENSION);
    if (c->n_digits++ == 16)
        return ERR_MALFORMED;
    c->left = c->left << 4 | (unsigned)digit;
    return OK;
}

static enum err size_end(struct http_chunked *c)
{
    if (c->left > c->room)
        return ERR_TOO_LARGE;
    c->room -= c->left;
    c->n_digits = 0;
    c->state = c->left ? DATA : TRAILER_START;
    return OK;
}

/* A byte of an extension or of the trailer section. */
static enum err extra(struct http_chunked *c, uint8_t b)
{
    if (++c->n_extra > HTTP_CHUNK_EXTRA_MAX)
        return ERR_TOO_LARGE;
    switch (c->state) {
    case EXTENSION:
        return b == '\r' ? expect(c, true, SIZE_LF) : expect(c, is_text(b), EXTENSION);
    case TRAILER_START:
        return b == '\r' ? expect(c, true, LAST_LF) : expect(c, is_name(b), TRAILER_NAME);
    case TRAILER_NAME:
        return b == ':' ? expect(c, true, TRAILER) : expect(c, is_name(b), TRAILER_NAME);
    case TRAILER:
        return b == '\r' ? expect(c, true, TRAILER_LF) : expect(c, is_text(b), TRAILER);
    default:
        return expect(c, b == '\n', TRAILER_START);
    }
}

static enum err step(struct http_chunked *c, uint8_t b)
{
    switch (c->state) {
    case SIZE:
        return size_digit(c, b);
    case SIZE_LF:
        return b == '\n' ? size_end(c) : ERR_MALFORMED;
    case DATA_CR:
        return expect(c, b == '\r', DATA_LF);
    case DATA_LF:
        return expect(c, b == '\n', SIZE);
    case LAST_LF:
        return expect(c, b == '\n', OVER);
    default:
        return extra(c, b);
    }
}

static size_t smallest(size_t a, size_t b, uint64_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : (size_t)c;
}

enum err http_chunked_read(struct http_chunked *c, struct reader *in, void *out, size_t size, size_t *len)
{
    struct writer w = writer_of(out, size);
    enum err e = c->state == BROKEN ? ERR_MALFORMED : OK;
    while (e == OK && c->state != OVER && reader_left(in)) {
        if (c->state == DATA) {
            size_t n = smallest(writer_left(&w), reader_left(in), c->left);
            if (n == 0)
                break;
            write_bytes(&w, read_bytes(in, n));
            c->left -= n;
            if (c->left == 0)
                c->state = DATA_CR;
        } else {
            e = step(c, read_u8(in));
        }
    }
    *len = writer_len(&w);
    if (e != OK)
        c->state = BROKEN;
    if (e == OK && c->state == OVER && *len == 0)
        e = ERR_END;
    return e;
}
