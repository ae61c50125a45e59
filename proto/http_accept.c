/* SPDX-License-Identifier: ISC */
/* Accept-Encoding = #( ( coding / "identity" / "*" ) [ OWS ";" OWS "q=" qvalue ] ), and entity tags. */
#include "proto/http_fields.h"
#include "proto/http_parse.h"

/* qvalue = "0" [ "." 0*3DIGIT ] / "1" [ "." 0*3("0") ], in thousandths. What is malformed weighs nothing. */
static unsigned parse_weight(struct bytes q)
{
    uint64_t whole, part = 0;
    size_t dot = bytes_find(q, '.');
    struct bytes digits = bytes_slice(q, dot + 1, q.len);
    if (!bytes_decimal(bytes_slice(q, 0, dot), 1, &whole) || digits.len > 3)
        return 0;
    if (digits.len > 0 && !bytes_decimal(digits, 999, &part))
        return 0;
    for (size_t i = digits.len; i < 3; i++)
        part *= 10;
    return whole ? 1000 : (unsigned)part;
}

static unsigned element_weight(struct bytes parameters)
{
    parameters = bytes_trim(parameters);
    if (parameters.len == 0)
        return 1000;
    if (!bytes_equal_nocase(bytes_slice(parameters, 0, 2), bytes_str("q=")))
        return 0;
    return parse_weight(bytes_slice(parameters, 2, parameters.len));
}

unsigned http_coding_weight(struct bytes accept, const char *coding)
{
    bool identity = coding[0] == 'i';
    unsigned weight = identity ? 1 : 0; /* without a word, identity is acceptable, and anything named is better */
    if (!accept.data)
        return identity ? 1000 : 0;
    struct bytes wanted = bytes_str(coding), element;
    while (http_list_next(&accept, &element)) {
        size_t semicolon = bytes_find(element, ';');
        struct bytes name = bytes_trim(bytes_slice(element, 0, semicolon));
        struct bytes parameters = bytes_slice(element, semicolon + 1, element.len);
        if (bytes_equal_nocase(name, wanted))
            return element_weight(parameters);
        if (bytes_equal(name, bytes_str("*"))) {
            weight = element_weight(parameters);
            if (identity && weight > 0)
                weight = 1;
        }
    }
    return weight;
}

bool http_etag_matches(struct bytes list, struct bytes tag, enum http_compare how)
{
    struct bytes element;
    if (bytes_equal(bytes_trim(list), bytes_str("*")))
        return true;
    while (http_list_next(&list, &element)) { /* our tags have no comma, so a cut through a foreign one is harmless */
        if (how == HTTP_COMPARE_WEAK && bytes_starts(element, bytes_str("W/")))
            element = bytes_slice(element, 2, element.len);
        if (bytes_equal(element, tag))
            return true;
    }
    return false;
}
