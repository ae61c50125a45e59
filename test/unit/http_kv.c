/* SPDX-License-Identifier: ISC */
/* What http_kv_handler answers, from a store in the image and from one that has to be read. */
#include "http_client.h"

#define TEXT(t)                             \
    {                                       \
        (const uint8_t *)(t), sizeof(t) - 1 \
    }

static const struct kv_embedded_item items[] = {
    {"404.html", {TEXT("<p>lost")}, {"f0"}},
    {"a b/index.html", {TEXT("blank")}, {"b0"}},
    {"big.bin", {TEXT("0123456789abcdefghij")}, {"e0"}},
    {"doc/index.html", {TEXT("doc")}, {"d0"}},
    {"doc/page.html", {TEXT("plain page"), TEXT("gz"), TEXT("brotli")}, {"a0", "a1", "a2"}},
    {"empty.txt", {TEXT("")}, {"c0"}},
    {"index.html", {TEXT("home"), TEXT("GZ")}, {"90", "91"}},
    {"noindex/x.html", {TEXT("x")}, {"80"}},
};

static struct kv_embedded embedded;

/* The same values, but not in place, and at most 3 bytes a read. "big.bin" fails after 6 when `breaks`. */
struct reading {
    struct kv kv;
    bool breaks;
};
static struct reading reading;

static enum err reading_find(struct kv *kv, struct bytes key, enum kv_encoding encoding, struct kv_item *item)
{
    enum err e = kv_find(&embedded.kv, key, encoding, item);
    item->in_place = (struct bytes){NULL, 0};
    return e;
}

static enum err reading_read(struct kv *kv, struct bytes key, const struct kv_item *item, uint64_t offset, void *buffer,
                             size_t size, size_t *len)
{
    struct kv_item whole = *item;
    if (reading.breaks && offset >= 6)
        return ERR_IO;
    whole.in_place = items[item->id].value[KV_PLAIN];
    return embedded.kv.ops->read(&embedded.kv, key, &whole, offset, buffer, size < 3 ? size : 3, len);
}

static bool reading_is_directory(struct kv *kv, struct bytes key)
{
    return kv_is_directory(&embedded.kv, key);
}

static const struct kv_ops reading_ops = {reading_find, reading_read, reading_is_directory, NULL, NULL};

static struct answer a;

/* Sends the request and reads its answer; a HEAD has no body to read. */
static void ask(struct flow *f, const char *method, const char *target, const char *fields)
{
    char text[2048];
    struct writer w = writer_of(text, sizeof text);
    write_format(&w, "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, target, fields);
    write_u8(&w, 0);
    assert_true(writer_good(&w));
    say(f, text);
    if (strcmp(method, "HEAD") == 0) {
        read_head(f, &a);
        a.body[0] = 0;
    } else {
        read_answer(f, &a);
    }
}

#define expect(what_status, what_body)           \
    do {                                         \
        assert_int_equal(a.status, what_status); \
        assert_string_equal(a.body, what_body);  \
    } while (0)

static void files(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/doc/page.html?x=y", "");
    expect(200, "plain page");
    assert_true(has_field(&a, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_true(has_field(&a, "\r\nContent-Length: 10\r\n"));
    assert_true(has_field(&a, "\r\nETag: \"a0\"\r\n"));
    assert_true(has_field(&a, "\r\nVary: Accept-Encoding\r\n"));
    assert_true(has_field(&a, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_true(has_field(&a, "\r\nAccept-Ranges: bytes\r\n"));
    assert_true(has_field(&a, "\r\nCache-Control: "));
    assert_true(has_field(&a, "\r\nDate: Wed, 01 Jan 2020 00:00:"));
    ask(f, "GET", "/", "");
    expect(200, "home");
    ask(f, "GET", "/doc/", "");
    expect(200, "doc");
    ask(f, "GET", "/a%20b/", "");
    expect(200, "blank");
    ask(f, "GET", "/empty.txt", "");
    expect(200, "");
    ask(f, "GET", "/x/../big.bin", "");
    expect(200, "0123456789abcdefghij");
    assert_false(has_field(&a, "Vary"));
    ask(f, "HEAD", "/big.bin", "");
    expect(200, "");
    assert_true(has_field(&a, "\r\nContent-Length: 20\r\n"));
    flow_close(f);
}

static void access_log(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/doc/page.html?x=y", "");
    ask(f, "GET", "/a\x1b[5m", "");
    const char *console = sim_console(sim_host());
    assert_non_null(strstr(console, "\n:: - - [01/Jan/2020:00:00:"));
    assert_non_null(strstr(console, "] \"GET /doc/page.html?x=y HTTP/1.1\" 200 10\n"));
    assert_non_null(strstr(console, "] \"-\" 400 "));
    for (const char *c = console; *c; c++)
        assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
    flow_close(f);
}

static void missing(struct rig *r)
{
    struct flow *f = rig_connect(r);
    static const char *const targets[] = {"/nothing",        "/doc/page", "/noindex", "/noindex/",       "//big.bin",
                                          "/doc//page.html", "/big.bin/", "//",       "/doc/index.html/"};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        ask(f, "GET", targets[i], "");
        expect(404, "<p>lost");
    }
    ask(f, "HEAD", "/nothing", "");
    assert_int_equal(a.status, 404);
    ask(f, "GET", "/nothing", "Range: bytes=0-1\r\nIf-None-Match: \"f0\"\r\n");
    expect(404, "<p>lost");
    flow_close(f);
}

static void redirects(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/doc", "");
    assert_int_equal(a.status, 301);
    assert_true(has_field(&a, "\r\nLocation: /doc/\r\n"));
    ask(f, "GET", "/x/..//doc?a=b&c", ""); /* an empty segment */
    assert_int_equal(a.status, 404);
    ask(f, "GET", "http://other.example/x/../doc?a=b&c", "");
    assert_int_equal(a.status, 301);
    assert_true(has_field(&a, "\r\nLocation: /doc/?a=b&c\r\n"));
    ask(f, "GET", "/a%20b", "");
    assert_true(has_field(&a, "\r\nLocation: /a%20b/\r\n"));
    flow_close(f);
}

static void methods(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "POST", "/", "Content-Length: 0\r\n");
    assert_int_equal(a.status, 405);
    assert_true(has_field(&a, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    ask(f, "BREW", "/", "");
    assert_int_equal(a.status, 501);
    ask(f, "OPTIONS", "/", "");
    assert_int_equal(a.status, 204);
    assert_true(has_field(&a, "\r\nAllow: GET, HEAD, OPTIONS\r\n"));
    flow_close(f);
}

static void variants(struct rig *r)
{
    struct flow *f = rig_connect(r);
    static const struct {
        const char *accept, *coding, *etag, *body;
    } wanted[] = {
        {"Accept-Encoding: gzip, deflate, br\r\n", "br", "\"a2-br\"", "brotli"},
        {"Accept-Encoding: gzip\r\n", "gzip", "\"a1-gz\"", "gz"},
        {"Accept-Encoding: br;q=0.5, gzip;q=0.9\r\n", "gzip", "\"a1-gz\"", "gz"},
        {"Accept-Encoding: br;q=0, *\r\n", "gzip", "\"a1-gz\"", "gz"},
        {"Accept-Encoding: gzip;q=0.3, identity;q=0.4\r\n", NULL, "\"a0\"", "plain page"},
        {"Accept-Encoding: zstd\r\n", NULL, "\"a0\"", "plain page"},
        {"Accept-Encoding:\r\n", NULL, "\"a0\"", "plain page"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        ask(f, "GET", "/doc/page.html", wanted[i].accept);
        expect(200, wanted[i].body);
        assert_true(has_field(&a, wanted[i].etag));
        assert_true(has_field(&a, "\r\nVary: Accept-Encoding\r\n"));
        assert_true(has_field(&a, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
        assert_int_equal(has_field(&a, "\r\nContent-Encoding: "), wanted[i].coding != NULL);
        if (wanted[i].coding)
            assert_true(has_field(&a, wanted[i].coding));
    }
    ask(f, "GET", "/big.bin", "Accept-Encoding: identity;q=0, gzip\r\n");
    assert_int_equal(a.status, 406);
    ask(f, "GET", "/index.html", "Accept-Encoding: br, gzip;q=0.1\r\n");
    expect(200, "GZ");
    flow_close(f);
}

static void conditions(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/big.bin", "If-None-Match: \"e0\"\r\n");
    expect(304, "");
    assert_true(has_field(&a, "\r\nETag: \"e0\"\r\n"));
    assert_false(has_field(&a, "Content-Length"));
    ask(f, "GET", "/big.bin", "If-None-Match: \"x\", W/\"e0\"\r\n");
    expect(304, "");
    ask(f, "GET", "/big.bin", "If-None-Match: \"x\"\r\nIf-None-Match: \"e0\"\r\n");
    expect(304, "");
    ask(f, "HEAD", "/big.bin", "If-None-Match: *\r\n");
    expect(304, "");
    ask(f, "GET", "/big.bin", "If-None-Match: \"x\"\r\n");
    assert_int_equal(a.status, 200);
    ask(f, "GET", "/doc/page.html", "If-None-Match: \"a0\"\r\nAccept-Encoding: br\r\n"); /* another representation */
    expect(200, "brotli");
    ask(f, "GET", "/doc/page.html", "If-None-Match: \"a2-br\"\r\nAccept-Encoding: br\r\n");
    expect(304, "");
    assert_true(has_field(&a, "\r\nVary: Accept-Encoding\r\n"));
    ask(f, "GET", "/big.bin", "If-Match: \"x\"\r\n");
    assert_int_equal(a.status, 412);
    ask(f, "GET", "/big.bin", "If-Match: W/\"e0\"\r\n");
    assert_int_equal(a.status, 412);
    ask(f, "GET", "/big.bin", "If-Match: \"x\", \"e0\"\r\n");
    assert_int_equal(a.status, 200);
    ask(f, "GET", "/big.bin", "If-Match: *\r\nIf-None-Match: \"e0\"\r\n");
    assert_int_equal(a.status, 304);
    flow_close(f);
}

static void ranges(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/big.bin", "Range: bytes=2-5\r\n");
    expect(206, "2345");
    assert_true(has_field(&a, "\r\nContent-Range: bytes 2-5/20\r\n"));
    assert_true(has_field(&a, "\r\nETag: \"e0\"\r\n"));
    ask(f, "GET", "/big.bin", "Range: bytes=-3\r\n");
    expect(206, "hij");
    ask(f, "GET", "/big.bin", "Range: bytes=20-\r\n");
    assert_int_equal(a.status, 416);
    assert_true(has_field(&a, "\r\nContent-Range: bytes */20\r\n"));
    ask(f, "GET", "/big.bin", "Range: bytes=x\r\n");
    expect(200, "0123456789abcdefghij");
    ask(f, "HEAD", "/big.bin", "Range: bytes=2-5\r\n"); /* only GET has ranges */
    expect(200, "");
    ask(f, "GET", "/big.bin", "Range: bytes=2-5\r\nIf-Range: \"e0\"\r\n");
    expect(206, "2345");
    ask(f, "GET", "/big.bin", "Range: bytes=2-5\r\nIf-Range: W/\"e0\"\r\n");
    expect(200, "0123456789abcdefghij");
    ask(f, "GET", "/big.bin", "Range: bytes=2-5\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    expect(200, "0123456789abcdefghij");
    ask(f, "GET", "/big.bin", "Range: bytes=2-5\r\nIf-None-Match: \"e0\"\r\n");
    expect(304, "");
    flow_close(f);
}

static void several_ranges(struct rig *r)
{
    struct flow *f = rig_connect(r);
    ask(f, "GET", "/big.bin", "Range: bytes=0-1,-2,40-\r\n");
    expect(206, "\r\n--part-e0\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 0-1/20\r\n\r\n01"
                "\r\n--part-e0\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes 18-19/20\r\n\r\nij"
                "\r\n--part-e0--\r\n");
    assert_true(has_field(&a, "\r\nContent-Type: multipart/byteranges; boundary=part-e0\r\n"));
    assert_false(has_field(&a, "\r\nContent-Range"));
    ask(f, "GET", "/", "");
    assert_int_equal(a.status, 200); /* the length was right */
    flow_close(f);
}

/* What can't be read to its end must not look whole. */
static void broken_values_reset(struct rig *r)
{
    struct flow *f = rig_connect(r);
    uint8_t text[1024];
    size_t len = 0;
    reading.breaks = true;
    say(f, "GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    enum err e = OK;
    while (e == OK)
        e = flow_read(f, text, sizeof text, &len, PATIENCE);
    assert_int_equal(e, ERR_RESET);
    flow_close(f);
}

static void run(struct kv *kv, void (*test)(struct rig *r))
{
    struct http_options o = {.handler = http_kv_handler, .arg = kv, .connections = 8, .workers = 2};
    kv_embedded_init(&embedded, items, ARRAY_LEN(items));
    reading = (struct reading){{&reading_ops}, false};
    rig_run(&o, test);
}

#define IN_PLACE(name)                    \
    static void test_##name(void **state) \
    {                                     \
        run(&embedded.kv, name);          \
    }
#define BOTH(name)                               \
    IN_PLACE(name)                               \
    static void test_##name##_read(void **state) \
    {                                            \
        run(&reading.kv, name);                  \
    }

BOTH(files)
IN_PLACE(access_log)
BOTH(missing)
BOTH(redirects)
BOTH(methods)
IN_PLACE(variants)
IN_PLACE(conditions)
BOTH(ranges)
BOTH(several_ranges)

static void test_broken_values_reset(void **state)
{
    run(&reading.kv, broken_values_reset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_files_read),
        cmocka_unit_test(test_access_log),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_missing_read),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_redirects_read),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_methods_read),
        cmocka_unit_test(test_variants),
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_ranges_read),
        cmocka_unit_test(test_several_ranges),
        cmocka_unit_test(test_several_ranges_read),
        cmocka_unit_test(test_broken_values_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
