/* SPDX-License-Identifier: ISC */
/* An HTTP/1.1 server (RFC 9110, 9112) on flows. An idle kept-alive connection holds no fiber and no stack.
 *
 *     struct http_server *server;
 *     http_server_new(&(struct http_options){.handler = http_kv_handler, .arg = site->htdocs}, &server);
 *     http_serve(server, listener);
 */
#ifndef JINN_HTTP_H
#define JINN_HTTP_H

#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/flow.h>
#include <jinn/kv.h>
#include <jinn/stack.h>

#define HTTP_HEADERS_MAX 64

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER };

struct http_header {
    struct bytes name;
    struct bytes value;
};

/* A request whose head was read and found good. All views borrow from the connection's buffer and are
 * good until the handler returns. */
struct http_request {
    enum http_method method;
    struct bytes method_text;
    struct bytes target; /* as sent */
    struct bytes path;   /* percent-decoded, dot segments removed, starts with '/', valid for no file system */
    struct bytes query;  /* after '?', as sent; empty when there is none */
    struct bytes host;
    unsigned minor_version; /* HTTP/1.x */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t n_headers;
    uint64_t content_length; /* of the body; chunked ones are read through http_body_read all the same */
    struct endpoint peer;
};

/* The value of the first header of that name (any case), or empty with NULL data. */
struct bytes http_header(const struct http_request *q, const char *name);

struct http_exchange; /* one request and its response */

/* Answers one request: calls one of the http_respond functions exactly once. */
typedef void http_handler(void *arg, const struct http_request *q, struct http_exchange *x) MAY_YIELD;

/* A whole response with a body of pieces. `headers` are extra ones, at most 1792 bytes in all, without line ends
 * (otherwise 500 is answered and logged); Date, Content-Length and Connection are set by the server. HEAD sends no
 * body. Static pieces are queued in place and hold nobody up. Copied ones wait for the peer, and this worker with them,
 * for at most send_ns a call. */
void http_respond(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers,
                  const struct piece *body, size_t n) MAY_YIELD;
/* A small page for a status: "404 Not Found". */
void http_respond_status(struct http_exchange *x, unsigned status) MAY_YIELD;
/* Reads from the request's body; the first read answers an Expect: 100-continue. ERR_END after its last byte.
 * ERR_TIMEOUT: nothing for request_ns, or not all in six times that. ERR_TOO_LARGE: more than body_bytes.
 * ERR_MALFORMED, ERR_RESET, ERR_CANCELLED. ERR_CLOSED: a response was begun. What is left unread is passed over. */
MUST_USE enum err http_body_read(struct http_exchange *x, void *buffer, size_t size, size_t *len) MAY_YIELD;

/* The handler that serves a key-value store (`arg` is a struct kv *): index.html for directories, redirects,
 * ranges, conditional requests, precompressed variants. */
void http_kv_handler(void *arg, const struct http_request *q, struct http_exchange *x) MAY_YIELD;

/* Zero means the default in brackets. */
struct http_options {
    http_handler *handler;
    void *arg;
    const char *server_name; /* Server header, at most 64 bytes; NULL: none is sent */
    uint32_t connections;    /* at once [256]; more are answered 503 and closed */
    uint32_t workers;        /* fibers that run handlers [8] */
    uint32_t header_bytes;   /* of a request's head [8192]: 431 or 414 above */
    uint64_t body_bytes;     /* of a request's body [1 MB]: 413 above */
    uint64_t request_ns;     /* to receive a whole head [10 s]: 408 above */
    uint64_t idle_ns;        /* a kept-alive connection may wait for its next request [60 s] */
    uint64_t send_ns;        /* without any progress while sending [60 s] */
    bool no_access_log;      /* otherwise a line a request in the common log format, bare; -l access:quiet ends it */
};

struct http_counters {
    uint64_t connections, requests, responses_4xx, responses_5xx, refused, timeouts, malformed;
};

struct http_server;

MUST_USE enum err http_server_new(const struct http_options *o, struct http_server **s);
/* Serves what the listener accepts until a stop is asked for, then lets requests that are under way finish and what was
 * answered arrive (up to 2 s). When the current scope is cancelled it ends at once: nothing in it can wait any
 * more. Closes the listener. Takes workers + 1 fibers; with stacks for fewer workers it serves with those, without any:
 * ERR_FULL. */
MUST_USE enum err http_serve(struct http_server *s, struct listener *l) MAY_YIELD;
struct http_counters http_counters(const struct http_server *s);

#endif
