/* SPDX-License-Identifier: ISC */
/* Parameters of SVCB and HTTPS (RFC 9460 2.2): 2 key  2 length  value, keys in order, each once. */
#include "wire/dns_rdata_fields.h"

static bool next(struct reader *r, uint16_t *key, struct bytes *value)
{
    if (!reader_left(r))
        return false;
    *key = read_be16(r);
    *value = read_bytes(r, read_be16(r));
    return reader_good(r);
}

static bool has(struct bytes parameters, uint16_t wanted)
{
    struct reader r = reader_of(parameters);
    struct bytes value;
    uint16_t key;
    while (next(&r, &key, &value)) {
        if (key == wanted)
            return true;
    }
    return false;
}

/* Keys in order, which are all there: RFC 9460 8. One walk along both, for there can be thousands of either. */
static bool is_mandatory_good(struct bytes value, struct bytes parameters)
{
    struct reader r = reader_of(value), all = reader_of(parameters);
    struct bytes other;
    uint16_t last = DNS_SVCB_MANDATORY, present = 0; /* which is no such key */
    while (reader_left(&r)) {
        uint16_t key = read_be16(&r);
        if (!reader_good(&r) || key <= last)
            return false;
        while (present < key) {
            if (!next(&all, &present, &other))
                return false;
        }
        if (present != key)
            return false;
        last = key;
    }
    return value.len > 0;
}

static bool is_alpn_good(struct bytes value)
{
    struct reader r = reader_of(value);
    while (reader_left(&r)) {
        size_t len = read_u8(&r);
        read_skip(&r, len);
        if (len == 0)
            return false;
    }
    return reader_good(&r) && value.len > 0;
}

/* A path with a variable "dns": RFC 9461 5. */
static bool is_dohpath_good(struct bytes value)
{
    static const char variable[] = "{?dns}";
    for (size_t i = 0; i + sizeof variable - 1 <= value.len; i++) {
        if (memcmp(value.data + i, variable, sizeof variable - 1) == 0)
            return value.data[0] == '/';
    }
    return false;
}

static bool is_value_good(uint16_t key, struct bytes value, struct bytes parameters)
{
    switch (key) {
    case DNS_SVCB_MANDATORY:
        return is_mandatory_good(value, parameters);
    case DNS_SVCB_ALPN:
        return is_alpn_good(value);
    case DNS_SVCB_NO_DEFAULT_ALPN:
        return value.len == 0 && has(parameters, DNS_SVCB_ALPN);
    case DNS_SVCB_OHTTP:
        return value.len == 0;
    case DNS_SVCB_PORT:
        return value.len == 2;
    case DNS_SVCB_IPV4HINT:
        return value.len > 0 && value.len % 4 == 0;
    case DNS_SVCB_IPV6HINT:
        return value.len > 0 && value.len % 16 == 0;
    case DNS_SVCB_ECH:
        return value.len > 0;
    case DNS_SVCB_DOHPATH:
        return is_dohpath_good(value);
    default:
        return true;
    }
}

bool dns_svcb_are_good(struct bytes parameters)
{
    struct reader r = reader_of(parameters);
    struct bytes value;
    uint16_t key;
    int last = -1;
    while (next(&r, &key, &value)) {
        if (key <= last || !is_value_good(key, value, parameters))
            return false;
        last = key;
    }
    return reader_good(&r);
}
