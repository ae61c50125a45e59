/* SPDX-License-Identifier: ISC */
/* Reading the head of an HTTP/1.x request (RFC 9112 sections 2 to 6): a sans-I/O core. Bytes come in as they arrive, a
 * request or the status to refuse it with comes out. Nothing is copied: what is found are views of the caller's buffer,
 * which must stay where it is until the request was answered; a path that needs decoding is written to `path`.
 *
 * Strict where leniency smuggles: a bare CR or LF, a folded line, blanks before a colon, two lengths, a length with a
 * transfer coding, a missing or second Host are refused. However the bytes are cut, the result is the same. */
#ifndef PROTO_HTTP_PARSE_H
#define PROTO_HTTP_PARSE_H

#include <jinn/http.h>

/* A longer decoded path: 414. Twice what any key of a kv can be. */
#define HTTP_PATH_MAX 2048

enum http_parsed {
    HTTP_PARSE_MORE, /* the head is not complete yet */
    HTTP_PARSE_DONE, /* `request` is good, `head_bytes` are its */
    HTTP_PARSE_BAD,  /* answer `status` and close: where the next request would begin is not known */
};

enum http_body { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };

struct http_limits {
    size_t head_bytes;   /* of request line and fields: 414 or 431 */
    uint64_t body_bytes; /* a longer Content-Length: 413 */
};

struct http_parser {
    struct http_request request;
    size_t head_bytes;
    unsigned status;
    enum http_body body;
    bool keep_alive;      /* the client lets the connection stay open */
    bool expect_continue; /* it waits for a 100 before it sends the body */
    struct bytes line;    /* the request line as sent; empty until it was found good */

    /* Progress. */
    size_t line_at; /* where the line under way begins */
    size_t scanned; /* no LF before this, from line_at on */
    bool in_fields;
    bool has_length, has_coding, has_host, has_close, has_keep_alive, has_authority;
    uint8_t path[HTTP_PATH_MAX];
};

void http_parser_init(struct http_parser *p);

/* `in` is all that arrived from the request's first byte on: the same bytes as in the last call and perhaps more. Call
 * again only after HTTP_PARSE_MORE. */
enum http_parsed http_parse(struct http_parser *p, struct bytes in, const struct http_limits *limits);

/* Decodes a path: %XX and dot segments (RFC 3986 5.2.4) go, `decoded` borrows from `raw` or from `room`.
 * 0, or the status to refuse it with: 400 for a way out of the root, a bad escape, an encoded slash, backslash or
 * control; 414 when `room` does not suffice. */
unsigned http_path_decode(struct bytes raw, uint8_t *room, size_t size, struct bytes *decoded);

/* Whether a comma-separated list (RFC 9110 5.6.1) has the token, in any case. */
bool http_list_has(struct bytes list, const char *token);
/* Takes the next element off the list, without blanks around it; false at the end. Empty elements are passed over. */
bool http_list_next(struct bytes *list, struct bytes *element);

/* The value of the first field of that name (any case), or empty with NULL data. */
struct bytes http_field(const struct http_request *q, struct bytes name);

/* Character classes (RFC 9110 5.6.2, 5.5). */
bool http_is_token(struct bytes b);
bool http_is_field_value(struct bytes b);
int http_hex_digit(uint8_t c); /* its value, or -1 */

#endif
