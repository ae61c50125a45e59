/* SPDX-License-Identifier: ISC */
/* Writing a response: its head in one buffer, then head and body in one gathering write. */
#include "proto/http_server.h"

#include <jinn/log.h>
#include <jinn/must.h>
#include <jinn/plat.h>

/* Pieces that go out with the head in one write; more go in a second one. */
enum { GATHER_MAX = 8 };

/* What is left of a head for the handler's fields, when the server's own are at their longest. */
enum { FIELDS_BYTES_MAX = HTTP_RESPONSE_HEAD_MAX - HTTP_OWN_FIELDS_MAX };

static struct log_source source = LOG_SOURCE("http");

static const struct {
    uint16_t status;
    char text[32];
} texts[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "Status"; /* RFC 9112 4: clients ignore it */
}

void http_exchange_init(struct http_exchange *x, struct http_worker *w, struct http_connection *c,
                        struct http_parser *p)
{
    *x = (struct http_exchange){.server = w->server, .connection = c, .worker = w, .parser = p, .body_over = true};
    if (!p || p->status)
        return;
    x->body_over = p->body == HTTP_BODY_NONE;
    x->body_left = p->request.content_length;
    x->continue_wanted = p->expect_continue;
    x->body_at = c->buffer->from;
    x->close = !p->keep_alive;
    if (p->body == HTTP_BODY_CHUNKED)
        http_chunked_init(&x->chunked, w->server->limits.body_bytes);
}

static void put_u64(struct writer *w, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    write_copy(w, digits + at, sizeof digits - at);
}

static void put_field(struct writer *w, struct bytes name, struct bytes value)
{
    uint8_t *at = write_room(w, name.len + value.len + 4);
    if (!at)
        return;
    memcpy(at, name.data, name.len);
    at += name.len;
    *at++ = ':';
    *at++ = ' ';
    if (value.len)
        memcpy(at, value.data, value.len);
    at += value.len;
    *at++ = '\r';
    *at = '\n';
}

/* The fields that all responses have. */
static void put_standing(struct http_server *s)
{
    char date[HTTP_DATE_BYTES];
    struct writer w = writer_of(s->standing, sizeof s->standing);
    http_date(s->second, date);
    put_field(&w, bytes_str("Date"), bytes_of(date, HTTP_DATE_BYTES - 1));
    if (s->o.server_name)
        put_field(&w, bytes_str("Server"), bytes_str(s->o.server_name));
    must(writer_good(&w));
    s->standing_len = writer_len(&w);
}

void http_clock(struct http_server *s)
{
    uint64_t second = plat_wall_ns() / NS_PER_S;
    if (second == s->second)
        return;
    s->second = second;
    http_log_date(second, s->log_date);
    put_standing(s);
}

/* What a handler gives may come from a peer: a line end in it would be a second response. */
static bool are_fields(const struct http_header *headers, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (!http_is_token(headers[i].name) || !http_is_field_value(headers[i].value))
            return false;
        len += headers[i].name.len + headers[i].value.len + strlen(": \r\n");
    }
    return len <= FIELDS_BYTES_MAX;
}

static void put_status(struct writer *w, unsigned status)
{
    if (status == 200) { /* nearly always */
        write_str(w, "HTTP/1.1 200 OK\r\n");
        return;
    }
    write_str(w, "HTTP/1.1 ");
    put_u64(w, status);
    write_u8(w, ' ');
    write_str(w, http_status_text(status));
    write_str(w, "\r\n");
}

static void put_head(struct http_exchange *x, struct writer *w, const struct http_header *headers, size_t n,
                     uint64_t len)
{
    struct http_server *s = x->server;
    put_status(w, x->status);
    write_copy(w, s->standing, s->standing_len);
    for (size_t i = 0; i < n; i++)
        put_field(w, headers[i].name, headers[i].value);
    if (x->status != 204 && x->status != 304) {
        write_str(w, "Content-Length: ");
        put_u64(w, len);
        write_copy(w, "\r\n", 2);
    }
    if (x->close)
        write_str(w, "Connection: close\r\n");
    else if (x->parser && x->parser->request.minor_version == 0)
        write_str(w, "Connection: keep-alive\r\n");
    write_copy(w, "\r\n", 2);
}

static void count(struct http_server *s, unsigned status)
{
    if (status >= 500)
        s->counters.responses_5xx++;
    else if (status >= 400)
        s->counters.responses_4xx++;
}

static void put(struct http_exchange *x, const struct piece *v, size_t n)
{
    if (x->failed || n == 0)
        return;
    enum err e = flow_write(x->connection->flow, v, n, time_after(sched_now(), x->server->o.send_ns));
    x->failed = e != OK;
    x->server->counters.timeouts += e == ERR_TIMEOUT;
}

void http_begin(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers,
                uint64_t len, const struct piece *body, size_t n)
{
    must(x->status == 0 && status >= 200 && status <= 999);
    struct piece v[GATHER_MAX];
    struct writer w = writer_of(x->worker->head, sizeof x->worker->head);
    x->status = status;
    http_body_settle(x);
    if (!x->parser || x->parser->status || x->server->stopping)
        x->close = true;
    put_head(x, &w, headers, n_headers, len);
    must(writer_good(&w));
    count(x->server, x->status);
    x->no_body |= x->status == 204 || x->status == 304 || (x->parser && x->parser->request.method == HTTP_HEAD);
    v[0] = piece_copy(writer_bytes(&w));
    bool together = n < GATHER_MAX && !x->no_body;
    for (size_t i = 0; together && i < n; i++)
        v[i + 1] = body[i];
    put(x, v, together ? n + 1 : 1);
    if (together)
        x->n_sent += pieces_len(body, n);
    else
        http_more(x, body, n);
}

void http_more(struct http_exchange *x, const struct piece *body, size_t n)
{
    if (x->no_body)
        return;
    put(x, body, n);
    x->n_sent += pieces_len(body, n);
}

void http_respond(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers,
                  const struct piece *body, size_t n)
{
    if (!are_fields(headers, n_headers)) { /* the handler's mistake */
        log_error(&source, "a handler's fields are malformed or longer than %u bytes", FIELDS_BYTES_MAX);
        http_respond_status(x, 500);
        return;
    }
    http_begin(x, status, headers, n_headers, pieces_len(body, n), body, n);
}

void http_page(struct http_exchange *x, unsigned status, const struct http_header *headers, size_t n_headers)
{
    enum { EXTRA_MAX = 4 };
    struct http_header all[EXTRA_MAX + 1] = {{bytes_str("Content-Type"), bytes_str("text/html; charset=utf-8")}};
    must(n_headers <= EXTRA_MAX);
    for (size_t i = 0; i < n_headers; i++)
        all[i + 1] = headers[i];
    http_body_settle(x); /* first, since it uses the chunk too; http_begin finds nothing left to settle */
    struct writer w = writer_of(x->worker->chunk, sizeof x->worker->chunk);
    write_format(&w,
                 "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
                 "<meta name=\"viewport\" content=\"width=device-width\"><title>%u %s</title>\n"
                 "<style>body{font:1.2em/1.5 system-ui,sans-serif;margin:15vh auto;max-width:30em;padding:0 1em}"
                 "</style>\n<h1>%u</h1>\n<p>%s\n",
                 status, http_status_text(status), status, http_status_text(status));
    must(writer_good(&w));
    struct piece body = piece_copy(writer_bytes(&w));
    http_begin(x, status, all, n_headers + 1, body.bytes.len, &body, 1);
}

void http_respond_status(struct http_exchange *x, unsigned status)
{
    http_page(x, status, NULL, 0);
}

static void print_access(const struct http_exchange *x)
{
    char ip[IP_TEXT_BYTES], line[160], text[LOG_LINE_BYTES];
    struct endpoint peer = flow_peer(x->connection->flow);
    struct bytes request = x->parser && x->parser->line.len ? x->parser->line : bytes_str("-");
    struct writer w = writer_of(text, sizeof text);
    write_format(&w, "%s - - [%s] \"%s\" %u %llu\n", ip_text(&peer.ip, ip), x->server->log_date,
                 log_quoted(request, line, sizeof line), x->status, (unsigned long long)x->n_sent);
    plat_console(text, writer_len(&w));
}

/* Printed as it is, without the log's time and source, so that tools that read the common format can read it; its
 * source is "access", so -l access:quiet silences it. Apart from printing, whose buffers would be cleared each time. */
void http_access_log(const struct http_exchange *x)
{
    static struct log_source access = LOG_SOURCE("access");
    if (!x->server->o.no_access_log && log_enabled(&access, LOG_INFO))
        print_access(x);
}
