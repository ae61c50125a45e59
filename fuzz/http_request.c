/* SPDX-License-Identifier: ISC */
/* A request's head: first byte says how the rest is cut. Whole and in pieces must agree, and what is found must lie in
 * the input and keep its promises; then the fields that have parsers of their own. */
#include "proto/http_fields.h"
#include "proto/http_parse.h"

#include <jinn/must.h>

#include <stdlib.h>

static const struct http_limits limits = {2048, 1 << 20};

static enum http_parsed in_pieces(struct http_parser *p, struct bytes text, size_t step)
{
    enum http_parsed result = HTTP_PARSE_MORE;
    http_parser_init(p);
    for (size_t have = step; result == HTTP_PARSE_MORE && have < text.len; have += step)
        result = http_parse(p, bytes_slice(text, 0, have), &limits);
    return result == HTTP_PARSE_MORE ? http_parse(p, text, &limits) : result;
}

static void check_path(struct bytes path)
{
    struct reader r = reader_of(path);
    must(path.len > 0 && path.len <= HTTP_PATH_MAX);
    if (bytes_equal(path, bytes_str("*")))
        return;
    must(read_u8(&r) == '/');
    while (reader_left(&r)) {
        size_t len = bytes_find(bytes_of(r.at, reader_left(&r)), '/');
        struct bytes segment = read_bytes(&r, len);
        must(!bytes_equal(segment, bytes_str(".")) && !bytes_equal(segment, bytes_str("..")));
        for (size_t i = 0; i < segment.len; i++)
            must(segment.data[i] >= 0x20 && segment.data[i] != 0x7f && segment.data[i] != '\\');
        if (reader_left(&r))
            read_skip(&r, 1);
    }
}

static void check_fields(const struct http_request *q)
{
    struct http_range ranges[HTTP_RANGES_MAX];
    for (size_t i = 0; i < q->n_headers; i++) {
        struct bytes value = q->headers[i].value;
        size_t n = 0;
        uint64_t sum = 0;
        if (http_range_parse(value, 1000, ranges, &n) == HTTP_RANGES_GOOD) {
            must(n > 0 && n <= HTTP_RANGES_MAX);
            for (size_t k = 0; k < n; k++) {
                must(ranges[k].len > 0 && ranges[k].from < 1000 && ranges[k].len <= 1000 - ranges[k].from);
                sum += ranges[k].len;
            }
            must(sum <= 1000);
        }
        must(http_coding_weight(value, "gzip") <= 1000);
        (void)http_etag_matches(value, bytes_str("\"a\""), HTTP_COMPARE_WEAK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_parser whole, pieces;
    if (size == 0)
        return 0;
    struct bytes text = bytes_of(data + 1, size - 1);
    http_parser_init(&whole);
    enum http_parsed result = http_parse(&whole, text, &limits);
    must(in_pieces(&pieces, text, data[0] ? data[0] : 1) == result && pieces.status == whole.status);
    if (result != HTTP_PARSE_DONE)
        return 0;
    must(pieces.head_bytes == whole.head_bytes && pieces.body == whole.body);
    must(whole.head_bytes <= limits.head_bytes && whole.head_bytes <= text.len);
    must(bytes_ends(bytes_slice(text, 0, whole.head_bytes), bytes_str("\r\n\r\n")));
    must(bytes_equal(pieces.request.path, whole.request.path));
    must(whole.request.content_length <= limits.body_bytes);
    check_path(whole.request.path);
    check_fields(&whole.request);
    (void)http_media_type(whole.request.path);
    return 0;
}
