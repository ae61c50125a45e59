/* SPDX-License-Identifier: ISC */
/* Range, Accept-Encoding, entity tags, dates, media types, and the embedded store. */
#include "proto/http_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <cmocka.h>

/* ---- Range ---- */

/* The ranges as "from+len,...", "whole" or "none". */
static const struct {
    const char *value;
    uint64_t size;
    const char *result;
} ranges[] = {
    {"bytes=0-0", 100, "0+1"},
    {"bytes=0-99", 100, "0+100"},
    {"bytes=0-1000", 100, "0+100"},
    {"bytes=10-", 100, "10+90"},
    {"bytes=99-", 100, "99+1"},
    {"bytes=-1", 100, "99+1"},
    {"bytes=-100", 100, "0+100"},
    {"bytes=-1000", 100, "0+100"},
    {"BYTES=1-2", 100, "1+2"},
    {"bytes= 1-2 , 5-6", 100, "1+2,5+2"},
    {"bytes=,1-2,,", 100, "1+2"},
    {"bytes=5-6,1-2", 100, "5+2,1+2"},
    {"bytes=0-18446744073709551615", 100, "0+100"},
    {"bytes=0-9,200-300", 100, "0+10"},
    {"bytes=100-", 100, "none"},
    {"bytes=100-200", 100, "none"},
    {"bytes=-0", 100, "none"},
    {"bytes=0-", 0, "none"},
    {"bytes=-5", 0, "none"},
    {"bytes=200-,300-", 100, "none"},
    {"bytes=", 100, "whole"},
    {"bytes=,", 100, "whole"},
    {"bytes=-", 100, "whole"},
    {"bytes=1", 100, "whole"},
    {"bytes=2-1", 100, "whole"},
    {"bytes=a-b", 100, "whole"},
    {"bytes=1-b", 100, "whole"},
    {"bytes=--1", 100, "whole"},
    {"bytes=1-2-3", 100, "whole"},
    {"bytes=+1-2", 100, "whole"},
    {"bytes=0-18446744073709551616", 100, "whole"},
    {"bytes 0-1", 100, "whole"},
    {"items=0-1", 100, "whole"},
    {"0-1", 100, "whole"},
    {"", 100, "whole"},
    {"bytes=0-1,x", 100, "whole"},
    {"bytes=0-9,0-9,5-9", 100, "0+10,0+10,5+5"},
    {"bytes=0-,0-", 100, "whole"},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14", 100, "0+1,2+1,4+1,6+1,8+1,10+1,12+1,14+1"},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", 100, "whole"},
};

static void test_ranges(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        struct http_range r[HTTP_RANGES_MAX];
        size_t n = 0;
        char text[256] = "whole";
        enum http_ranges result = http_range_parse(bytes_str(ranges[i].value), ranges[i].size, r, &n);
        if (result == HTTP_RANGES_NONE)
            strcpy(text, "none");
        if (result == HTTP_RANGES_GOOD) {
            text[0] = 0;
            for (size_t k = 0; k < n; k++)
                sprintf(text + strlen(text), "%s%llu+%llu", k ? "," : "", (unsigned long long)r[k].from,
                        (unsigned long long)r[k].len);
        }
        if (strcmp(text, ranges[i].result) != 0)
            fail_msg("'%s' of %u gives %s", ranges[i].value, (unsigned)ranges[i].size, text);
    }
}

/* ---- Accept-Encoding ---- */

static const struct {
    const char *accept;
    unsigned br, gzip, identity;
} accepts[] = {
    {"gzip", 0, 1000, 1},
    {"gzip, br", 1000, 1000, 1},
    {"GZip;Q=0.5", 0, 500, 1},
    {"gzip;q=0.123, br ; q=1.000", 1000, 123, 1},
    {"gzip;q=0", 0, 0, 1},
    {"identity;q=0", 0, 0, 0},
    {"identity;q=0.5, gzip;q=0.2", 0, 200, 500},
    {"*", 1000, 1000, 1},
    {"*;q=0", 0, 0, 0},
    {"*;q=0, gzip", 0, 1000, 0},
    {"gzip;q=0.1, *;q=0.7", 700, 100, 1},
    {"*;q=0, identity", 0, 0, 1000},
    {"", 0, 0, 1},
    {"gzip;q=2", 0, 0, 1},
    {"gzip;q=", 0, 0, 1},
    {"gzip;q=0.1234", 0, 0, 1},
    {"gzip;q=-1", 0, 0, 1},
    {"gzip;x=1", 0, 0, 1},
    {"gzipped, brr", 0, 0, 1},
    {"deflate, , gzip", 0, 1000, 1},
};

static void test_accept_encoding(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(accepts); i++) {
        struct bytes accept = bytes_str(accepts[i].accept);
        unsigned br = http_coding_weight(accept, "br"), gzip = http_coding_weight(accept, "gzip");
        unsigned identity = http_coding_weight(accept, "identity");
        if (br != accepts[i].br || gzip != accepts[i].gzip || identity != accepts[i].identity)
            fail_msg("'%s' gives br %u gzip %u identity %u", accepts[i].accept, br, gzip, identity);
    }
    struct bytes none = {NULL, 0};
    assert_int_equal(http_coding_weight(none, "identity"), 1000);
    assert_int_equal(http_coding_weight(none, "gzip"), 0);
}

/* ---- Entity tags ---- */

static void test_etags(void **state)
{
    struct bytes tag = bytes_str("\"ab\"");
    static const struct {
        const char *list;
        bool strong, weak;
    } lists[] = {
        {"\"ab\"", true, true},        {"*", true, true},
        {" * ", true, true},           {"W/\"ab\"", false, true},
        {"\"x\", \"ab\"", true, true}, {"\"x\",W/\"ab\" ,\"y\"", false, true},
        {"ab", false, false},          {"\"AB\"", false, false},
        {"\"x,ab\"", false, false},    {"", false, false},
        {"\"*\"", false, false},       {"w/\"ab\"", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        assert_int_equal(http_etag_matches(bytes_str(lists[i].list), tag, HTTP_COMPARE_STRONG), lists[i].strong);
        assert_int_equal(http_etag_matches(bytes_str(lists[i].list), tag, HTTP_COMPARE_WEAK), lists[i].weak);
    }
}

/* ---- Dates ---- */

static void test_dates(void **state)
{
    char text[HTTP_DATE_BYTES], log[HTTP_LOG_DATE_BYTES];
    http_date(784111777, text);
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110's own */
    http_log_date(784111777, log);
    assert_string_equal(log, "06/Nov/1994:08:49:37 +0000");
    http_date(0, text);
    assert_string_equal(text, "Thu, 01 Jan 1970 00:00:00 GMT");
    http_date(951782400, text);
    assert_string_equal(text, "Tue, 29 Feb 2000 00:00:00 GMT");
    http_date(UINT64_C(4107542400), text);
    assert_string_equal(text, "Mon, 01 Mar 2100 00:00:00 GMT"); /* 2100 has no leap day */
    http_date(UINT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* Against the host's calendar, over 8000 years in steps that meet every month and weekday. */
static void test_dates_as_the_host_says(void **state)
{
    for (uint64_t t = 0; t < UINT64_C(253402300799); t += 86400 * 13 + 4711) {
        time_t time = (time_t)t;
        struct tm tm;
        char wanted[64], text[HTTP_DATE_BYTES];
        assert_non_null(gmtime_r(&time, &tm));
        strftime(wanted, sizeof wanted, "%a, %d %b %Y %H:%M:%S GMT", &tm);
        http_date(t, text);
        assert_string_equal(text, wanted);
    }
}

/* ---- Media types ---- */

static void test_media_types(void **state)
{
    static const struct {
        const char *key, *type;
    } types[] = {
        {"index.html", "text/html; charset=utf-8"},
        {"a/b/STYLE.CSS", "text/css; charset=utf-8"},
        {"x.min.js", "text/javascript; charset=utf-8"},
        {"a.svg", "image/svg+xml"},
        {"x.tar.gz", "application/gzip"},
        {"font.woff2", "font/woff2"},
        {"site.webmanifest", "application/manifest+json"},
        {"x.wasm", "application/wasm"},
        {"README", "application/octet-stream"},
        {"html", "application/octet-stream"},
        {"a.html/b", "application/octet-stream"},
        {"x.unknown", "application/octet-stream"},
        {"", "application/octet-stream"},
        {".", "application/octet-stream"},
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        assert_string_equal(http_media_type(bytes_str(types[i].key)), types[i].type);
}

/* ---- The embedded store ---- */

#define ITEM(k, v)                                                            \
    {                                                                         \
        .key = k, .value = {{(const uint8_t *)v, sizeof v - 1}}, .tag = { v } \
    }

static const struct kv_embedded_item items[] = {
    ITEM("404.html", "404"),   ITEM("doc-old/x", "old"), ITEM("doc.html", "page"), ITEM("doc/a.html", "a"),
    ITEM("doc/b/c.html", "c"), ITEM("docs", "docs"),     ITEM("empty", ""),        ITEM("index.html", "home"),
};

static struct kv_embedded store;

static void test_embedded_find(void **state)
{
    struct kv_item item;
    kv_embedded_init(&store, items, ARRAY_LEN(items));
    for (size_t i = 0; i < ARRAY_LEN(items); i++) {
        assert_int_equal(kv_find(&store.kv, bytes_str(items[i].key), KV_PLAIN, &item), OK);
        assert_ptr_equal(item.in_place.data, items[i].value[KV_PLAIN].data);
        assert_int_equal(item.size, items[i].value[KV_PLAIN].len);
        assert_string_equal(item.tag, items[i].tag[KV_PLAIN]);
        assert_int_equal(kv_find(&store.kv, bytes_str(items[i].key), KV_GZIP, &item), ERR_NOT_FOUND);
    }
    static const char *const absent[] = {"", "a", "doc", "doc/", "doc/a", "doc/a.html/", "index.htm", "zzz", "/"};
    for (size_t i = 0; i < ARRAY_LEN(absent); i++)
        assert_int_equal(kv_find(&store.kv, bytes_str(absent[i]), KV_PLAIN, &item), ERR_NOT_FOUND);
}

static void test_embedded_directories(void **state)
{
    kv_embedded_init(&store, items, ARRAY_LEN(items));
    assert_true(kv_is_directory(&store.kv, bytes_str("")));
    assert_true(kv_is_directory(&store.kv, bytes_str("doc")));
    assert_true(kv_is_directory(&store.kv, bytes_str("doc/b")));
    assert_true(kv_is_directory(&store.kv, bytes_str("doc-old")));
    assert_false(kv_is_directory(&store.kv, bytes_str("docs")));
    assert_false(kv_is_directory(&store.kv, bytes_str("do")));
    assert_false(kv_is_directory(&store.kv, bytes_str("doc/")));
    assert_false(kv_is_directory(&store.kv, bytes_str("doc/a.html")));
    static uint8_t longest[KV_KEY_MAX + 1];
    assert_false(kv_is_directory(&store.kv, bytes_of(longest, sizeof longest)));
}

static void test_embedded_read(void **state)
{
    struct kv_item item;
    char text[8];
    size_t len;
    kv_embedded_init(&store, items, ARRAY_LEN(items));
    assert_int_equal(kv_find(&store.kv, bytes_str("index.html"), KV_PLAIN, &item), OK);
    assert_int_equal(kv_read(&store.kv, bytes_str("index.html"), &item, 1, text, 2, &len), OK);
    assert_int_equal(len, 2);
    assert_memory_equal(text, "om", 2);
    assert_int_equal(kv_read(&store.kv, bytes_str("index.html"), &item, 4, text, 2, &len), OK);
    assert_int_equal(len, 0);
    assert_int_equal(kv_read(&store.kv, bytes_str("index.html"), &item, UINT64_MAX, text, 2, &len), OK);
    assert_int_equal(len, 0);
}

static bool count_until_docs(void *arg, struct bytes key)
{
    ++*(size_t *)arg;
    return !bytes_equal(key, bytes_str("docs"));
}

static void test_embedded_each(void **state)
{
    size_t n = 0;
    kv_embedded_init(&store, items, ARRAY_LEN(items));
    assert_int_equal(store.kv.ops->each(&store.kv, count_until_docs, &n), OK);
    assert_int_equal(n, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_accept_encoding),
        cmocka_unit_test(test_etags),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_dates_as_the_host_says),
        cmocka_unit_test(test_media_types),
        cmocka_unit_test(test_embedded_find),
        cmocka_unit_test(test_embedded_directories),
        cmocka_unit_test(test_embedded_read),
        cmocka_unit_test(test_embedded_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
