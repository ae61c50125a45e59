/* SPDX-License-Identifier: ISC */
/* Requests that must be taken and requests that must not, each cut at every position. */
#include "proto/http_chunked.h"
#include "proto/http_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define H "Host: a\r\n"
#define LINE "GET / HTTP/1.1\r\n"

static const struct http_limits limits = {1024, 1000};

/* status 0: good. The path is what must come out of a good one. */
static const struct {
    unsigned status;
    const char *text, *path;
} cases[] = {
    /* Good request lines. */
    {0, LINE H "\r\n", "/"},
    {0, "\r\n\r\n" LINE H "\r\n", "/"},
    {0, "GET / HTTP/1.0\r\n\r\n", "/"},
    {0, "GET / HTTP/1.9\r\n" H "\r\n", "/"},
    {0, "HEAD /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "POST /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "PUT /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "DELETE /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "PATCH /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "get /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "M-SEARCH!#$ /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "OPTIONS * HTTP/1.1\r\n" H "\r\n", "*"},
    {0, "OPTIONS /x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "GET http://b/x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "GET HTTPS://b:8/x?y HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "GET http://b HTTP/1.1\r\n" H "\r\n", "/"},
    {0, "GET http://b?q/r HTTP/1.1\r\n" H "\r\n", "/"},
    {0, "GET http://[::1]:80/x HTTP/1.1\r\n" H "\r\n", "/x"},
    {0, "GET /a?b=c&d=/../%zz HTTP/1.1\r\n" H "\r\n", "/a"},
    {0, "GET /? HTTP/1.1\r\n" H "\r\n", "/"},
    {0, "GET /{a|b}^`~ HTTP/1.1\r\n" H "\r\n", "/{a|b}^`~"},
    /* Paths. */
    {0, "GET /a%20b HTTP/1.1\r\n" H "\r\n", "/a b"},
    {0, "GET /%c3%A4 HTTP/1.1\r\n" H "\r\n", "/\xc3\xa4"},
    {0, "GET /%25 HTTP/1.1\r\n" H "\r\n", "/%"},
    {0, "GET /%3fx HTTP/1.1\r\n" H "\r\n", "/?x"},
    {0, "GET /a/./b HTTP/1.1\r\n" H "\r\n", "/a/b"},
    {0, "GET /a/../b HTTP/1.1\r\n" H "\r\n", "/b"},
    {0, "GET /a/b/../../c HTTP/1.1\r\n" H "\r\n", "/c"},
    {0, "GET /a/b/.. HTTP/1.1\r\n" H "\r\n", "/a/"},
    {0, "GET /a/b/. HTTP/1.1\r\n" H "\r\n", "/a/b/"},
    {0, "GET /. HTTP/1.1\r\n" H "\r\n", "/"},
    {0, "GET /a/%2e%2E/b HTTP/1.1\r\n" H "\r\n", "/b"},
    {0, "GET /a/.%2e/b HTTP/1.1\r\n" H "\r\n", "/b"},
    {0, "GET /.a HTTP/1.1\r\n" H "\r\n", "/.a"},
    {0, "GET /..a/... HTTP/1.1\r\n" H "\r\n", "/..a/..."},
    {0, "GET //a//b HTTP/1.1\r\n" H "\r\n", "//a//b"},
    {0, "GET /a//../b HTTP/1.1\r\n" H "\r\n", "/a/b"},
    {400, "GET /.. HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /../a HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a/../../b HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /%2e%2e/a HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /./../a HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%2fb HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%2Fb HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%5cb HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a\\b HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%00 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%0a HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%0d%0aX HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%7f HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a% HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%1 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%g1 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%1@ HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a%u0041 HTTP/1.1\r\n" H "\r\n", NULL},
    /* Request lines that are none. */
    {400, "GET\r\n" H "\r\n", NULL},
    {400, "GET /\r\n" H "\r\n", NULL},
    {400, "GET / \r\n" H "\r\n", NULL},
    {400, "GET  / HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /  HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.1 \r\n" H "\r\n", NULL},
    {400, " GET / HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET\t/ HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a b HTTP/1.1\r\n" H "\r\n", NULL},
    {400, " / HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "G(T / HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "G\xc3T / HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /\x7f HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /a#b HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /\"a\" HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /<a> HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET /\x01 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET a HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET * HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET ftp://b/x HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET http:/b/x HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET http:///x HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET http://u@b/x HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET http://b:8x/ HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET http://[::1/x HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET b:80 HTTP/1.1\r\n" H "\r\n", NULL},
    {501, "CONNECT b:80 HTTP/1.1\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.1\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.1\r\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.1\rX\r\n" H "\r\n", NULL},
    {400, "\n" LINE H "\r\n", NULL},
    {400, "\r\r\n" LINE H "\r\n", NULL},
    {400, "\x16\x03\x01\x02\n", NULL}, /* a TLS client */
    /* Versions. */
    {505, "GET / HTTP/2.0\r\n" H "\r\n", NULL},
    {505, "PRI * HTTP/2.0\r\n\r\n", NULL},
    {505, "GET / HTTP/0.9\r\n" H "\r\n", NULL},
    {505, "GET / HTTP/3.1\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.10\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1.\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/1,1\r\n" H "\r\n", NULL},
    {400, "GET / http/1.1\r\n" H "\r\n", NULL},
    {400, "GET / HTTP/x.1\r\n" H "\r\n", NULL},
    {400, "GET / HTTPS/1.1\r\n" H "\r\n", NULL},
    {400, "GET / ICY/1.1\r\n" H "\r\n", NULL},
    /* Fields. */
    {0, LINE H "X:\r\n\r\n", "/"},
    {0, LINE H "X:a\r\n\r\n", "/"},
    {0, LINE H "X: \t a \t\r\n\r\n", "/"},
    {0, LINE H "X: a\tb \xff\x80 c\r\n\r\n", "/"},
    {0, LINE H "!#$%&'*+-.^_`|~09aZ: x\r\n\r\n", "/"},
    {0, LINE H "X: 1\r\nX: 2\r\n\r\n", "/"},
    {400, LINE H " X: a\r\n\r\n", NULL},
    {400, LINE H "X: a\r\n folded\r\n\r\n", NULL},
    {400, LINE H "X: a\r\n\tfolded\r\n\r\n", NULL},
    {400, LINE " " H "\r\n", NULL},
    {400, LINE H "X : a\r\n\r\n", NULL},
    {400, LINE H "X\t: a\r\n\r\n", NULL},
    {400, LINE H ": a\r\n\r\n", NULL},
    {400, LINE H "X\r\n\r\n", NULL},
    {400, LINE H "X y: a\r\n\r\n", NULL},
    {400, LINE H "X\xc3: a\r\n\r\n", NULL},
    {400, LINE H "X(: a\r\n\r\n", NULL},
    {400, LINE H "X\": a\r\n\r\n", NULL},
    {400, LINE H "X/: a\r\n\r\n", NULL},
    {400, LINE H "X: a\x01\r\n\r\n", NULL},
    {400, LINE H "X: 0123456789abcdef\x7f\r\n\r\n", NULL},
    {400, LINE H "X: a\rb\r\n\r\n", NULL},
    {400, LINE H "X: a\r\r\n\r\n", NULL},
    {400, LINE H "X: a\n\r\n", NULL},
    {400, LINE H "X: a\nY: b\r\n\r\n", NULL},
    {400, LINE H "\n", NULL},
    {400, LINE H "\r\r\n", NULL},
    /* Host. */
    {0, LINE "host:a.example:8080\r\n\r\n", "/"},
    {0, LINE "Host:\r\n\r\n", "/"},
    {0, LINE "Host: [2001:db8::1]:80\r\n\r\n", "/"},
    {0, LINE "Host: a_b-c.~%41\r\n\r\n", "/"},
    {400, LINE "\r\n", NULL},
    {400, LINE H H "\r\n", NULL},
    {400, LINE "Host: a, b\r\n\r\n", NULL},
    {400, LINE "Host: a b\r\n\r\n", NULL},
    {400, LINE "Host: a/b\r\n\r\n", NULL},
    {400, LINE "Host: u@a\r\n\r\n", NULL},
    {400, LINE "Host: a:b\r\n\r\n", NULL},
    {400, LINE "Host: a:1:2\r\n\r\n", NULL},
    {400, LINE "Host: []\r\n\r\n", NULL},
    {400, LINE "Host: [::1\r\n\r\n", NULL},
    {400, LINE "Host: [::1]x\r\n\r\n", NULL},
    {400, LINE "Host: \xc3\xa4\r\n\r\n", NULL},
    {400, "GET / HTTP/1.0\r\n" H H "\r\n", NULL},
    {400, "GET http://b/ HTTP/1.1\r\n\r\n", NULL},
    /* Lengths and codings. */
    {0, LINE H "Content-Length: 0\r\n\r\n", "/"},
    {0, LINE H "Content-Length: 1000\r\n\r\n", "/"},
    {0, LINE H "Content-Length: 0005\r\n\r\n", "/"},
    {0, LINE H "Transfer-Encoding: chunked\r\n\r\n", "/"},
    {0, LINE H "TRANSFER-ENCODING:  Chunked \r\n\r\n", "/"},
    {413, LINE H "Content-Length: 1001\r\n\r\n", NULL},
    {413, LINE H "Content-Length: 99999999999999999999999999\r\n\r\n", NULL},
    {400, LINE H "Content-Length:\r\n\r\n", NULL},
    {400, LINE H "Content-Length: -1\r\n\r\n", NULL},
    {400, LINE H "Content-Length: +1\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 0x1\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1 2\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1, 1\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1.0\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1\r\ncontent-length: 1\r\n\r\n", NULL},
    {400, LINE H "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding : chunked\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding:\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: gzip\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: identity\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: xchunked\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: chunked;q=1\r\n\r\n", NULL},
    {400,
     LINE H "Transfer-Encoding: \x0b"
            "chunked\r\n\r\n",
     NULL},
    {400, LINE H "Transfer-Encoding: chunked, gzip\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: chunked, chunked\r\n\r\n", NULL},
    {501, LINE H "Transfer-Encoding: gzip, chunked\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", NULL},
    {400, LINE H "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", NULL},
    {400, "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", NULL},
    {0, LINE H "Content_Length: 1\r\nTransfer_Encoding: chunked\r\n\r\n", "/"}, /* other names */
    /* Expectations. */
    {0, LINE H "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n", "/"},
    {417, LINE H "Expect: more\r\n\r\n", NULL},
    {0, "GET / HTTP/1.0\r\nExpect: more\r\n\r\n", "/"},
};

struct result {
    enum http_parsed parsed;
    unsigned status;
    size_t head_bytes, n_headers;
    enum http_body body;
    bool keep_alive, expect_continue;
    char path[1024], query[1024], host[1024];
    uint64_t content_length;
};

static void put_text(char *out, struct bytes b)
{
    if (b.len)
        memcpy(out, b.data, b.len);
    out[b.len] = 0;
}

static struct result result_of(const struct http_parser *p, enum http_parsed parsed)
{
    struct result r;
    memset(&r, 0, sizeof r);
    r.parsed = parsed;
    r.status = p->status;
    if (parsed != HTTP_PARSE_DONE)
        return r;
    r.head_bytes = p->head_bytes;
    r.n_headers = p->request.n_headers;
    r.body = p->body;
    r.keep_alive = p->keep_alive;
    r.expect_continue = p->expect_continue;
    r.content_length = p->request.content_length;
    put_text(r.path, p->request.path);
    put_text(r.query, p->request.query);
    put_text(r.host, p->request.host);
    return r;
}

/* On a copy of its own of exactly that length, so that the sanitizer sees a byte read too far. */
static struct result parse_steps(struct bytes text, const size_t *cuts, size_t n_cuts)
{
    struct http_parser p;
    memset(&p, 0xa5, sizeof p);
    http_parser_init(&p);
    uint8_t *copy = malloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    enum http_parsed parsed = HTTP_PARSE_MORE;
    for (size_t i = 0; i < n_cuts && parsed == HTTP_PARSE_MORE; i++)
        parsed = http_parse(&p, bytes_of(copy, cuts[i]), &limits);
    if (parsed == HTTP_PARSE_MORE)
        parsed = http_parse(&p, bytes_of(copy, text.len), &limits);
    struct result r = result_of(&p, parsed);
    free(copy);
    return r;
}

static struct result parse_all(const char *text)
{
    return parse_steps(bytes_str(text), NULL, 0);
}

static void test_cases(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct result r = parse_all(cases[i].text);
        if (r.status != cases[i].status || (cases[i].path && strcmp(r.path, cases[i].path) != 0) ||
            r.parsed != (cases[i].status ? HTTP_PARSE_BAD : HTTP_PARSE_DONE))
            fail_msg("case %zu: parsed %u status %u path '%s' of:\n%s", i, r.parsed, r.status, r.path, cases[i].text);
    }
}

static void test_every_cut_gives_the_same(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes text = bytes_str(cases[i].text);
        struct result whole = parse_steps(text, NULL, 0);
        size_t all[2048];
        for (size_t cut = 0; cut < text.len; cut++) {
            struct result r = parse_steps(text, &cut, 1);
            assert_memory_equal(&r, &whole, sizeof r);
            all[cut] = cut;
        }
        struct result r = parse_steps(text, all, text.len);
        assert_memory_equal(&r, &whole, sizeof r);
    }
}

static void test_no_prefix_of_a_good_one_is_whole(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes text = bytes_str(cases[i].text);
        for (size_t cut = 0; cases[i].path && cut < text.len; cut++) {
            struct result r = parse_steps(bytes_slice(text, 0, cut), NULL, 0);
            assert_int_equal(r.parsed, HTTP_PARSE_MORE);
        }
    }
}

static void test_nul_is_refused_everywhere(void **state)
{
    static const char text[] = "GET /path HTTP/1.1\r\nHost: a\r\nX-Name: value\r\n\r\n";
    char copy[sizeof text];
    for (size_t i = 0; i + 3 < sizeof text; i++) {
        memcpy(copy, text, sizeof text);
        copy[i] = 0;
        struct result r = parse_steps(bytes_of(copy, sizeof text - 1), NULL, 0);
        assert_true(r.parsed == HTTP_PARSE_BAD);
        assert_int_equal(r.status, 400);
    }
}

static void test_what_is_found(void **state)
{
    static const char text[] = "POST http://b:8/x/%41?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n"
                               "Expect: 100-continue\r\nConnection: x, Close\r\n\r\nbody";
    struct result r = parse_all(text);
    assert_string_equal(r.path, "/x/A");
    assert_string_equal(r.query, "q=1");
    assert_string_equal(r.host, "b:8"); /* the target's counts */
    assert_int_equal(r.content_length, 12);
    assert_int_equal(r.body, HTTP_BODY_LENGTH);
    assert_int_equal(r.n_headers, 4);
    assert_true(r.expect_continue);
    assert_false(r.keep_alive);
    assert_int_equal(r.head_bytes, strlen(text) - 4);
}

static void test_keep_alive(void **state)
{
    assert_true(parse_all(LINE H "\r\n").keep_alive);
    assert_false(parse_all(LINE H "Connection: close\r\n\r\n").keep_alive);
    assert_false(parse_all(LINE H "Connection: keep-alive\r\nConnection: close\r\n\r\n").keep_alive);
    assert_true(parse_all(LINE H "Connection: closed\r\n\r\n").keep_alive);
    assert_false(parse_all("GET / HTTP/1.0\r\n\r\n").keep_alive);
    assert_true(parse_all("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
    assert_false(parse_all("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n").keep_alive);
}

static struct result parse_filled(const char *before, size_t n, const char *after)
{
    char text[4096];
    size_t len = strlen(before);
    memcpy(text, before, len);
    memset(text + len, 'a', n);
    strcpy(text + len + n, after);
    return parse_all(text);
}

static void test_limits(void **state)
{
    size_t rest = strlen("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct result r = parse_filled("GET /", 1024 - rest, " HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(r.parsed, HTTP_PARSE_DONE);
    assert_int_equal(r.head_bytes, 1024);
    assert_int_equal(parse_filled("GET /", 1024 - rest + 1, " HTTP/1.1\r\nHost: a\r\n\r\n").status, 431);
    assert_int_equal(parse_filled("GET /", 1024, " HTTP/1.1\r\nHost: a\r\n\r\n").status, 414);
    assert_int_equal(parse_filled(LINE H "X: ", 1024, "\r\n\r\n").status, 431);
    assert_int_equal(parse_filled(LINE H "X: ", 1024, "").status, 431);
    assert_int_equal(parse_filled("", 1024, "").status, 414);
    assert_int_equal(parse_filled("", 1023, "").parsed, HTTP_PARSE_MORE);
}

static void test_number_of_fields(void **state)
{
    char text[1024] = LINE H;
    for (unsigned i = 1; i < HTTP_HEADERS_MAX; i++)
        strcat(text, "X: y\r\n");
    size_t len = strlen(text);
    strcat(text, "\r\n");
    assert_int_equal(parse_all(text).n_headers, HTTP_HEADERS_MAX);
    strcpy(text + len, "X: y\r\n\r\n");
    assert_int_equal(parse_all(text).status, 431);
}

static void test_decoded_path_too_long(void **state)
{
    uint8_t room[8];
    struct bytes out;
    assert_int_equal(http_path_decode(bytes_str("/%41%41%41%41%41%41%41"), room, sizeof room, &out), 0);
    assert_true(bytes_equal(out, bytes_str("/AAAAAAA")));
    assert_int_equal(http_path_decode(bytes_str("/%41%41%41%41%41%41%41A"), room, sizeof room, &out), 414);
    assert_int_equal(http_path_decode(bytes_str("/aaaaaaaa"), room, sizeof room, &out), 414);
}

static void test_lists(void **state)
{
    assert_true(http_list_has(bytes_str(" , a,\tB ,,c"), "b"));
    assert_false(http_list_has(bytes_str("ab, c"), "a"));
    assert_false(http_list_has(bytes_str(""), "a"));
}

/* ---- Chunked ---- */

static const struct {
    enum err end;
    const char *text, *body;
    size_t n_left;
} chunked[] = {
    {ERR_END, "0\r\n\r\n", "", 0},
    {ERR_END, "0\r\n\r\nGET", "", 3},
    {ERR_END, "5\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {ERR_END, "5\r\nhello\r\n00\r\n\r\n", "hello", 0},
    {ERR_END, "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789", 0},
    {ERR_END, "2;a=b;c=\"d\"\r\nxy\r\n0;z\r\n\r\n", "xy", 0},
    {ERR_END, "1\r\n\r\r\n1\r\n\n\r\n0\r\n\r\n", "\r\n", 0},
    {ERR_END, "1\r\nx\r\n0\r\nT: a\r\nU:\r\n\r\n", "x", 0},
    {ERR_END, "0000000000000001\r\nx\r\n0\r\n\r\n", "x", 0},
    {OK, "5\r\nhel", "hel", 0},
    {OK, "5\r\nhello\r\n0\r\n", "hello", 0},
    {OK, "", "", 0},
    {ERR_MALFORMED, "\r\n", "", 0},
    {ERR_MALFORMED, "x\r\n", "", 0},
    {ERR_MALFORMED, "@\r\n", "", 0},
    {ERR_MALFORMED, "-1\r\nx", "", 0},
    {ERR_MALFORMED, "0x1\r\nx", "", 0},
    {ERR_MALFORMED, " 1\r\nx", "", 0},
    {ERR_MALFORMED, "1 \r\nx\r\n", "", 0},
    {ERR_MALFORMED, ";a\r\n", "", 0},
    {ERR_MALFORMED, "1\nx\r\n0\r\n\r\n", "", 0},
    {ERR_MALFORMED, "1\rx", "", 0},
    {ERR_MALFORMED, "1;a\nx", "", 0},
    {ERR_MALFORMED, "1;a\x01\r\nx", "", 0},
    {ERR_MALFORMED, "1\r\nxy\r\n", "x", 0},
    {ERR_MALFORMED, "1\r\nx\n0\r\n\r\n", "x", 0},
    {ERR_MALFORMED, "1\r\nx0\r\n\r\n", "x", 0},
    {ERR_MALFORMED, "0\r\n\n", "", 0},
    {ERR_MALFORMED, "0\r\n\rX", "", 0},
    {ERR_MALFORMED, "0\r\nT\r\n\r\n", "", 0},
    {ERR_MALFORMED, "0\r\n T: x\r\n\r\n", "", 0},
    {ERR_MALFORMED, "0\r\nT : x\r\n\r\n", "", 0},
    {ERR_MALFORMED, "0\r\nT: x\n\r\n", "", 0},
    {ERR_MALFORMED, "00000000000000001\r\nx\r\n", "", 0},
    {ERR_TOO_LARGE, "41\r\n", "", 0},
    {ERR_TOO_LARGE, "ffffffffffffffff\r\n", "", 0},
    {ERR_TOO_LARGE, "40\r\n0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n1\r\n",
     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0},
};

/* Decodes with so many bytes of input and of room at a time. */
static enum err decode(struct bytes text, size_t step, size_t room, char *body, size_t *n_left)
{
    struct http_chunked c;
    http_chunked_init(&c, 64);
    size_t at = 0, body_len = 0, have = 0;
    enum err e = OK;
    while (e == OK) {
        have = have + step < text.len ? have + step : text.len;
        struct reader in = reader_of(bytes_slice(text, at, have - at));
        size_t before = reader_left(&in), len = 0;
        e = http_chunked_read(&c, &in, body + body_len, room, &len);
        assert_true(len <= room);
        at += before - reader_left(&in);
        body_len += len;
        if (e == OK && len == 0 && have == text.len && at == have)
            break;
    }
    body[body_len] = 0;
    *n_left = text.len - at;
    return e;
}

static void test_chunked(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(chunked); i++) {
        for (size_t step = 1; step < 80; step += step < 8 ? 1 : 17) {
            for (size_t room = 1; room < 100; room += 33) {
                char body[256];
                size_t n_left;
                enum err e = decode(bytes_str(chunked[i].text), step, room, body, &n_left);
                if (e != chunked[i].end || strcmp(body, chunked[i].body) != 0)
                    fail_msg("chunked %zu step %zu room %zu: %s, '%s'", i, step, room, err_text(e), body);
                if (e == ERR_END)
                    assert_int_equal(n_left, chunked[i].n_left);
            }
        }
    }
}

static void test_chunked_extras_are_limited(void **state)
{
    char text[2 * HTTP_CHUNK_EXTRA_MAX + 16] = "1;", body[64];
    size_t n_left;
    memset(text + 2, 'a', HTTP_CHUNK_EXTRA_MAX + 2);
    assert_int_equal(decode(bytes_str(text), 4096, 8, body, &n_left), ERR_TOO_LARGE);
    memcpy(text, "0\r\n", 3);
    assert_int_equal(decode(bytes_str(text), 4096, 8, body, &n_left), ERR_TOO_LARGE);
}

static void test_chunked_stays_broken(void **state)
{
    struct http_chunked c;
    struct reader in = reader_of(bytes_str("zz"));
    uint8_t out[8];
    size_t len;
    http_chunked_init(&c, 64);
    assert_int_equal(http_chunked_read(&c, &in, out, sizeof out, &len), ERR_MALFORMED);
    in = reader_of(bytes_str("1\r\nx\r\n0\r\n\r\n"));
    assert_int_equal(http_chunked_read(&c, &in, out, sizeof out, &len), ERR_MALFORMED);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_cut_gives_the_same),
        cmocka_unit_test(test_no_prefix_of_a_good_one_is_whole),
        cmocka_unit_test(test_nul_is_refused_everywhere),
        cmocka_unit_test(test_what_is_found),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_number_of_fields),
        cmocka_unit_test(test_decoded_path_too_long),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_chunked),
        cmocka_unit_test(test_chunked_extras_are_limited),
        cmocka_unit_test(test_chunked_stays_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
