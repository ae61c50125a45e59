/* SPDX-License-Identifier: ISC */
#include "base/values.h"

#include <jinn/time.h>

bool value_bool(struct bytes text, bool *out)
{
    static const char yes[][5] = {"true", "yes", "on", "1"}, no[][6] = {"false", "no", "off", "0"};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (bytes_equal_nocase(text, bytes_str(yes[i])))
            return *out = true, true;
        if (bytes_equal_nocase(text, bytes_str(no[i])))
            return *out = false, true;
    }
    return false;
}

bool value_int(struct bytes text, int64_t *out)
{
    uint64_t v;
    bool negative = bytes_starts(text, bytes_str("-"));
    if (!bytes_decimal(bytes_slice(text, negative, text.len), (uint64_t)INT64_MAX + negative, &v))
        return false;
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

bool value_port(struct bytes text, uint16_t *out)
{
    uint64_t v;
    if (!bytes_decimal(text, UINT16_MAX, &v) || v == 0)
        return false;
    *out = (uint16_t)v;
    return true;
}

struct unit {
    char name[4];
    uint64_t factor;
};

/* A decimal number and a unit that must be one of the table's. */
static bool number_with_unit(struct bytes text, const struct unit *units, size_t n, uint64_t *out)
{
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    struct bytes name = bytes_slice(text, digits, text.len);
    for (size_t i = 0; i < n; i++) {
        uint64_t v;
        if (!bytes_equal(name, bytes_str(units[i].name)))
            continue;
        if (!bytes_decimal(bytes_slice(text, 0, digits), UINT64_MAX / units[i].factor, &v))
            return false;
        *out = v * units[i].factor;
        return true;
    }
    return false;
}

bool value_duration(struct bytes text, uint64_t *out_ns)
{
    static const struct unit units[] = {{"ns", 1},
                                        {"us", NS_PER_US},
                                        {"ms", NS_PER_MS},
                                        {"s", NS_PER_S},
                                        {"m", 60 * NS_PER_S},
                                        {"h", 3600 * NS_PER_S},
                                        {"d", 86400 * NS_PER_S},
                                        {"w", 7 * 86400 * NS_PER_S}};
    return number_with_unit(text, units, ARRAY_LEN(units), out_ns);
}

bool value_size(struct bytes text, uint64_t *out_bytes)
{
    static const struct unit units[] = {{"", 1},        {"B", 1},        {"K", 1 << 10}, {"KB", 1 << 10},
                                        {"M", 1 << 20}, {"MB", 1 << 20}, {"G", 1 << 30}, {"GB", 1 << 30}};
    return number_with_unit(text, units, ARRAY_LEN(units), out_bytes);
}

bool value_route(struct bytes text, struct ip_routes *out)
{
    struct ip_route *r = &out->route[out->n];
    size_t comma = bytes_find(text, ',');
    if (out->n == IP_ROUTES_MAX || !ip_net_parse(bytes_slice(text, 0, comma), &r->to) ||
        !ip_parse(bytes_slice(text, comma + 1, text.len), &r->gateway) || !ip_is4(&r->to.ip) || !ip_is4(&r->gateway))
        return false;
    out->n++;
    return true;
}

bool value_ips(struct bytes text, struct ip_list *out)
{
    struct ip_list list = *out;
    for (size_t at = 0; at <= text.len;) {
        struct bytes rest = bytes_slice(text, at, text.len);
        struct bytes word = bytes_slice(rest, 0, bytes_find(rest, ','));
        if (list.n == IP_LIST_MAX || !ip_parse(word, &list.ip[list.n++]))
            return false;
        at += word.len + 1;
    }
    *out = list;
    return true;
}
