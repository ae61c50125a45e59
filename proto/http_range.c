/* SPDX-License-Identifier: ISC */
/* Range = "bytes=" 1#( first "-" [ last ] / "-" suffix-length ) */
#include "proto/http_fields.h"
#include "proto/http_parse.h"

enum one { ONE_BAD, ONE_GOOD, ONE_PAST_END };

static enum one parse_one(struct bytes spec, uint64_t size, struct http_range *r)
{
    uint64_t first, last = UINT64_MAX;
    size_t dash = bytes_find(spec, '-');
    struct bytes left = bytes_slice(spec, 0, dash), right = bytes_slice(spec, dash + 1, spec.len);
    if (dash == spec.len || (right.len > 0 && !bytes_decimal(right, UINT64_MAX, &last)))
        return ONE_BAD;
    if (left.len == 0) {
        if (right.len == 0)
            return ONE_BAD;
        r->len = last < size ? last : size;
        r->from = size - r->len;
        return r->len ? ONE_GOOD : ONE_PAST_END;
    }
    if (!bytes_decimal(left, UINT64_MAX, &first) || first > last)
        return ONE_BAD;
    if (first >= size)
        return ONE_PAST_END;
    r->from = first;
    r->len = last < size ? last - first + 1 : size - first;
    return ONE_GOOD;
}

enum http_ranges http_range_parse(struct bytes value, uint64_t size, struct http_range out[static HTTP_RANGES_MAX],
                                  size_t *n)
{
    struct bytes unit = bytes_str("bytes="), spec;
    if (!bytes_equal_nocase(bytes_slice(value, 0, unit.len), unit))
        return HTTP_RANGES_IGNORE;
    value = bytes_slice(value, unit.len, value.len);
    size_t n_specs = 0;
    uint64_t left = size; /* each byte may be asked for once, about: what overlaps much is ignored */
    *n = 0;
    while (http_list_next(&value, &spec)) {
        struct http_range r = {0, 0};
        enum one one = parse_one(spec, size, &r);
        if (one == ONE_BAD || ++n_specs > HTTP_RANGES_MAX || r.len > left)
            return HTTP_RANGES_IGNORE;
        left -= r.len;
        if (one == ONE_GOOD)
            out[(*n)++] = r;
    }
    if (n_specs == 0)
        return HTTP_RANGES_IGNORE;
    return *n ? HTTP_RANGES_GOOD : HTTP_RANGES_NONE;
}
