/* SPDX-License-Identifier: ISC */
/* request-line = method SP target SP "HTTP/1." DIGIT CRLF
 * field-line   = token ":" OWS value OWS CRLF                    (RFC 9112 sections 3 and 5)
 *
 * A line is looked at once, when its LF has come. Whatever is refused is refused at the end of the first line that is
 * wrong or that ends past the limit, so the result does not depend on how the bytes were cut. */
#include "proto/http_parse.h"

void http_parser_init(struct http_parser *p)
{
    /* Not the arrays: they are 4 KB, and nothing is read from them that was not written. */
    p->request.method = HTTP_OTHER;
    p->request.minor_version = 1;
    p->request.n_headers = 0;
    p->request.content_length = 0;
    p->request.path = p->request.query = p->request.host = p->line = (struct bytes){NULL, 0};
    p->head_bytes = p->line_at = p->scanned = 0;
    p->status = 0;
    p->body = HTTP_BODY_NONE;
    p->keep_alive = p->expect_continue = p->in_fields = false;
    p->has_length = p->has_coding = p->has_host = p->has_close = p->has_keep_alive = p->has_authority = false;
}

/* ---- The request line ---- */

static const struct {
    const char name[8];
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET}, {"HEAD", HTTP_HEAD},     {"POST", HTTP_POST},
    {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}, {"OPTIONS", HTTP_OPTIONS},
};

static enum http_method method_of(struct bytes text)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (bytes_equal(text, bytes_str(methods[i].name)))
            return methods[i].method;
    }
    return HTTP_OTHER;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* 0, or the status to refuse it with. A later 1.x is read as what it is compatible with (RFC 9110 2.5). */
static unsigned parse_version(struct bytes v, struct http_request *q)
{
    if (v.len != 8 || !bytes_starts(v, bytes_str("HTTP/")) || !is_digit(v.data[5]) || v.data[6] != '.' ||
        !is_digit(v.data[7]))
        return 400;
    if (v.data[5] != '1')
        return 505;
    q->minor_version = v.data[7] - '0';
    return 0;
}

/* Visible ASCII without what a URI can't contain and nobody sends. */
static bool is_target(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        uint8_t c = b.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '#')
            return false;
    }
    return b.len > 0;
}

static bool is_host_char(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("-._~%!$&'()*+;=", c));
}

/* uri-host [ ":" port ] (RFC 9110 7.2); empty is allowed by the grammar. */
static bool is_host(struct bytes b)
{
    struct reader r = reader_of(b);
    if (reader_left(&r) && *r.at == '[') {
        size_t end = bytes_find(b, ']');
        if (end >= b.len || end < 3)
            return false;
        for (size_t i = 1; i < end; i++) {
            if (!is_host_char(b.data[i]) && b.data[i] != ':')
                return false;
        }
        read_skip(&r, end + 1);
    } else {
        while (reader_left(&r) && is_host_char(*r.at))
            read_skip(&r, 1);
    }
    if (reader_left(&r) && read_u8(&r) != ':')
        return false;
    while (reader_left(&r)) {
        if (!is_digit(read_u8(&r)))
            return false;
    }
    return reader_good(&r);
}

/* absolute-form (RFC 9112 3.2.2): its host is the one that counts; what follows it stays in *rest. */
static bool take_authority(struct http_parser *p, struct bytes *rest)
{
    struct bytes t = *rest;
    size_t colon = bytes_find(t, ':');
    struct bytes scheme = bytes_slice(t, 0, colon);
    if (!bytes_equal_nocase(scheme, bytes_str("http")) && !bytes_equal_nocase(scheme, bytes_str("https")))
        return false;
    t = bytes_slice(t, colon, t.len);
    if (!bytes_starts(t, bytes_str("://")))
        return false;
    t = bytes_slice(t, 3, t.len);
    size_t slash = bytes_find(t, '/'), mark = bytes_find(t, '?');
    size_t end = slash < mark ? slash : mark;
    p->request.host = bytes_slice(t, 0, end);
    p->has_authority = true;
    *rest = bytes_slice(t, end, t.len);
    return end > 0 && is_host(p->request.host);
}

static unsigned parse_target(struct http_parser *p)
{
    struct http_request *q = &p->request;
    struct bytes rest = q->target;
    if (!is_target(rest))
        return 400;
    if (bytes_equal(rest, bytes_str("*"))) {
        q->path = rest;
        return q->method == HTTP_OPTIONS ? 0 : 400;
    }
    if (rest.data[0] != '/' && !take_authority(p, &rest))
        return 400;
    size_t mark = bytes_find(rest, '?');
    struct bytes path = bytes_slice(rest, 0, mark);
    q->query = bytes_slice(rest, mark + 1, rest.len);
    if (path.len == 0)
        path = bytes_str("/");
    return http_path_decode(path, p->path, sizeof p->path, &q->path);
}

static unsigned parse_request_line(struct http_parser *p, struct bytes line)
{
    struct http_request *q = &p->request;
    size_t space = bytes_find(line, ' ');
    q->method_text = bytes_slice(line, 0, space);
    struct bytes rest = bytes_slice(line, space + 1, line.len);
    size_t second = bytes_find(rest, ' ');
    q->target = bytes_slice(rest, 0, second);
    if (!http_is_token(q->method_text) || space == line.len || second == rest.len)
        return 400;
    unsigned status = parse_version(bytes_slice(rest, second + 1, rest.len), q);
    if (status)
        return status;
    q->method = method_of(q->method_text);
    if (q->method == HTTP_OTHER && bytes_equal(q->method_text, bytes_str("CONNECT")))
        return 501; /* its target has a form of its own, and no proxy lives here */
    status = parse_target(p);
    if (status == 0)
        p->line = line;
    return status;
}

/* ---- Fields ---- */

static unsigned field_length(struct http_parser *p, struct bytes value, const struct http_limits *limits)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.data[i]))
            return 400;
    }
    if (p->has_length || value.len == 0)
        return 400;
    p->has_length = true;
    return bytes_decimal(value, limits->body_bytes, &p->request.content_length) ? 0 : 413;
}

static unsigned field_coding(struct http_parser *p, struct bytes value)
{
    if (p->has_coding || p->request.minor_version == 0)
        return 400;
    p->has_coding = true;
    if (bytes_equal_nocase(value, bytes_str("chunked")))
        return 0;
    /* Where chunked is not the last coding the body's end can't be found; else it is only unknown. */
    struct bytes element = {NULL, 0};
    size_t n_chunked = 0;
    bool last_chunked = false;
    while (http_list_next(&value, &element)) {
        last_chunked = bytes_equal_nocase(element, bytes_str("chunked"));
        n_chunked += last_chunked;
    }
    return n_chunked == 1 && last_chunked ? 501 : 400;
}

static unsigned field_host(struct http_parser *p, struct bytes value)
{
    if (p->has_host || !is_host(value))
        return 400;
    p->has_host = true;
    if (!p->has_authority)
        p->request.host = value;
    return 0;
}

static unsigned field_connection(struct http_parser *p, struct bytes value)
{
    p->has_close |= http_list_has(value, "close");
    p->has_keep_alive |= http_list_has(value, "keep-alive");
    return 0;
}

static unsigned field_expect(struct http_parser *p, struct bytes value)
{
    if (p->request.minor_version == 0)
        return 0; /* RFC 9110 10.1.1: ignored */
    p->expect_continue = bytes_equal_nocase(value, bytes_str("100-continue"));
    return p->expect_continue ? 0 : 417;
}

/* What the framing depends on. The length is asked first, since nearly all fields fall through. */
static unsigned known_field(struct http_parser *p, struct bytes name, struct bytes value,
                            const struct http_limits *limits)
{
    switch (name.len) {
    case 4:
        return bytes_equal_nocase(name, bytes_str("host")) ? field_host(p, value) : 0;
    case 6:
        return bytes_equal_nocase(name, bytes_str("expect")) ? field_expect(p, value) : 0;
    case 10:
        return bytes_equal_nocase(name, bytes_str("connection")) ? field_connection(p, value) : 0;
    case 14:
        return bytes_equal_nocase(name, bytes_str("content-length")) ? field_length(p, value, limits) : 0;
    case 17:
        return bytes_equal_nocase(name, bytes_str("transfer-encoding")) ? field_coding(p, value) : 0;
    default:
        return 0;
    }
}

static unsigned parse_field(struct http_parser *p, struct bytes line, const struct http_limits *limits)
{
    struct http_request *q = &p->request;
    size_t colon = bytes_find(line, ':');
    struct bytes name = bytes_slice(line, 0, colon);
    struct bytes value = bytes_trim(bytes_slice(line, colon + 1, line.len));
    if (colon == line.len || !http_is_token(name) || !http_is_field_value(value))
        return 400;
    if (q->n_headers == HTTP_HEADERS_MAX)
        return 431;
    q->headers[q->n_headers++] = (struct http_header){name, value};
    return known_field(p, name, value, limits);
}

/* ---- The head ---- */

/* The empty line came: what only the whole head can tell. */
static unsigned finish_head(struct http_parser *p)
{
    bool old = p->request.minor_version == 0;
    if ((!p->has_host && !old) || (p->has_length && p->has_coding))
        return 400;
    if (p->has_coding)
        p->body = HTTP_BODY_CHUNKED;
    else if (p->request.content_length > 0)
        p->body = HTTP_BODY_LENGTH;
    p->keep_alive = !p->has_close && (!old || p->has_keep_alive);
    p->expect_continue = p->expect_continue && p->body != HTTP_BODY_NONE;
    return 0;
}

static enum http_parsed refuse(struct http_parser *p, unsigned status)
{
    p->status = status;
    return HTTP_PARSE_BAD;
}

static enum http_parsed parse_line(struct http_parser *p, struct bytes line, const struct http_limits *limits)
{
    unsigned status = 0;
    if (line.len == 0) {
        if (!p->in_fields)
            return HTTP_PARSE_MORE; /* RFC 9112 2.2: empty lines before a request are passed over */
        status = finish_head(p);
        p->head_bytes = p->line_at;
        return status ? refuse(p, status) : HTTP_PARSE_DONE;
    }
    if (p->in_fields) {
        status = parse_field(p, line, limits);
    } else {
        status = parse_request_line(p, line);
        p->in_fields = true;
    }
    return status ? refuse(p, status) : HTTP_PARSE_MORE;
}

enum http_parsed http_parse(struct http_parser *p, struct bytes in, const struct http_limits *limits)
{
    in = bytes_slice(in, 0, limits->head_bytes);
    enum http_parsed result = HTTP_PARSE_MORE;
    while (result == HTTP_PARSE_MORE) {
        size_t lf = p->scanned + bytes_find(bytes_slice(in, p->scanned, in.len), '\n');
        if (lf >= in.len) {
            p->scanned = in.len;
            if (in.len == limits->head_bytes)
                return refuse(p, p->in_fields ? 431 : 414);
            return HTTP_PARSE_MORE;
        }
        if (lf == p->line_at || in.data[lf - 1] != '\r')
            return refuse(p, 400);
        struct bytes line = bytes_slice(in, p->line_at, lf - 1 - p->line_at);
        p->line_at = p->scanned = lf + 1;
        result = parse_line(p, line, limits);
    }
    return result;
}
