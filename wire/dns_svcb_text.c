/* SPDX-License-Identifier: ISC */
/* Parameters of SVCB and HTTPS as text: RFC 9460 2.1 and its appendix A. Values of lists are escaped twice: for a comma in an
 * element, and as any string. */
#include "wire/dns_rdata_fields.h"

#include "base/radix.h"

static const char key_names[DNS_SVCB_KEYS][16] = {"mandatory", "alpn",     "no-default-alpn", "port", "ipv4hint",
                                                  "ech",       "ipv6hint", "dohpath",         "ohttp"};

/* ---- Writing ---- */

static void write_key(struct writer *w, uint16_t key)
{
    if (key < DNS_SVCB_KEYS)
        write_str(w, key_names[key]);
    else
        write_format(w, "key%u", key);
}

/* Of the string "a,b\c" as an element: "a\\,b\\\\c" in a file. */
static void write_alpn(struct writer *w, struct bytes value)
{
    struct reader r = reader_of(value);
    write_u8(w, '"');
    for (bool first = true; reader_left(&r); first = false) {
        struct bytes id = read_bytes(&r, read_u8(&r));
        if (!first)
            write_u8(w, ',');
        for (size_t i = 0; i < id.len; i++) {
            uint8_t c = id.data[i];
            if (c == ',' || c == '\\')
                write_str(w, "\\\\");
            if (c == '"' || c == '\\')
                write_u8(w, '\\');
            if (c < ' ' || c > '~')
                write_format(w, "\\%03u", c);
            else
                write_u8(w, c);
        }
    }
    write_u8(w, '"');
}

static void write_list(struct writer *w, uint16_t key, struct bytes value)
{
    struct reader r = reader_of(value);
    for (bool first = true; reader_left(&r); first = false) {
        if (!first)
            write_u8(w, ',');
        if (key == DNS_SVCB_MANDATORY)
            write_key(w, read_be16(&r));
        else
            dns_ip_write(w, read_bytes(&r, key == DNS_SVCB_IPV4HINT ? 4 : 16));
    }
}

static void write_value(struct writer *w, uint16_t key, struct bytes value)
{
    switch (key) {
    case DNS_SVCB_MANDATORY:
    case DNS_SVCB_IPV4HINT:
    case DNS_SVCB_IPV6HINT:
        write_list(w, key, value);
        break;
    case DNS_SVCB_ALPN:
        write_alpn(w, value);
        break;
    case DNS_SVCB_PORT:
        write_format(w, "%u", (unsigned)value.data[0] << 8 | value.data[1]);
        break;
    case DNS_SVCB_ECH:
        radix_write(w, RADIX_BASE64, value);
        break;
    default:
        dns_quoted_write(w, value);
    }
}

void dns_svcb_write_text(struct writer *w, struct bytes parameters)
{
    struct reader r = reader_of(parameters);
    for (bool first = true; reader_left(&r); first = false) {
        uint16_t key = read_be16(&r);
        struct bytes value = read_bytes(&r, read_be16(&r));
        if (!first)
            write_u8(w, ' ');
        write_key(w, key);
        if (value.len == 0)
            continue;
        write_u8(w, '=');
        write_value(w, key, value);
    }
}

/* ---- Reading ---- */

/* "alpn", "key1". */
static bool parse_key(struct bytes text, uint16_t *key)
{
    uint64_t v;
    for (uint16_t i = 0; i < DNS_SVCB_KEYS; i++) {
        if (bytes_equal(text, bytes_str(key_names[i]))) {
            *key = i;
            return true;
        }
    }
    struct bytes digits = bytes_slice(text, 3, text.len);
    if (!bytes_starts(text, bytes_str("key")) || !bytes_decimal(digits, UINT16_MAX, &v) ||
        (digits.len > 1 && digits.data[0] == '0'))
        return false;
    *key = (uint16_t)v;
    return true;
}

/* Takes the element before the next comma off. */
static struct bytes next_of_list(struct bytes *list)
{
    size_t len = bytes_find(*list, ',');
    struct bytes element = bytes_slice(*list, 0, len);
    *list = bytes_slice(*list, len + 1, list->len);
    return element;
}

/* A character of an element: what the first escaping leaves may be a backslash that escapes a comma. */
static const char *parse_alpn(struct bytes text, struct writer *w)
{
    struct reader r = reader_of(text);
    uint8_t *len = write_room(w, 1);
    size_t n = 0;
    uint8_t c;
    while (len && reader_left(&r)) {
        if (!dns_char_take(&r, &c))
            return "a bad escape";
        if (c == ',') {
            if (n == 0)
                return "an empty element of alpn";
            len = write_room(w, 1);
            n = 0;
            continue;
        }
        if (c == '\\' && (!reader_left(&r) || !dns_char_take(&r, &c)))
            return "a bad escape";
        if (n == UINT8_MAX)
            return "an element of alpn is longer than 255 bytes";
        write_u8(w, c);
        *len = (uint8_t)++n;
    }
    return n ? NULL : "an empty element of alpn";
}

static const char *parse_ips(struct bytes list, bool six, struct writer *w)
{
    struct bytes element;
    do {
        element = next_of_list(&list);
        if (dns_ip_parse(element, six, w))
            return six ? "ipv6hint is no list of IPv6 addresses" : "ipv4hint is no list of IPv4 addresses";
    } while (list.data > element.data + element.len);
    return NULL;
}

/* In any order in the text: each time round finds the least of those above the last. */
static const char *parse_mandatory(struct bytes text, struct writer *w)
{
    size_t n = 0, n_written = 0;
    for (int last = -1;; n_written++) {
        int least = UINT16_MAX + 1;
        struct bytes list = text, element;
        n = 0;
        do {
            uint16_t key;
            element = next_of_list(&list);
            n++;
            if (!parse_key(element, &key))
                return "mandatory names an unknown key";
            if (key > last && key < least)
                least = key;
        } while (list.data > element.data + element.len);
        if (least > UINT16_MAX)
            break;
        write_be16(w, (uint16_t)least);
        last = least;
    }
    return n == n_written ? NULL : "mandatory names a key twice";
}

static const char *parse_base64(struct bytes text, struct writer *w)
{
    struct radix_reader radix = radix_reader(RADIX_BASE64);
    return radix_read(&radix, text, w) && radix_end(&radix) ? NULL : "ech is not base 64";
}

static const char *parse_value(uint16_t key, struct bytes text, struct writer *w)
{
    uint64_t v;
    switch (key) {
    case DNS_SVCB_MANDATORY:
        return parse_mandatory(text, w);
    case DNS_SVCB_ALPN:
        return parse_alpn(text, w);
    case DNS_SVCB_PORT:
        if (!bytes_decimal(text, UINT16_MAX, &v))
            return "port is not a number up to 65535";
        write_be16(w, (uint16_t)v);
        return NULL;
    case DNS_SVCB_IPV4HINT:
    case DNS_SVCB_IPV6HINT:
        return parse_ips(text, key == DNS_SVCB_IPV6HINT, w);
    case DNS_SVCB_ECH:
        return parse_base64(text, w);
    default:
        return dns_string_parse(text, w);
    }
}

/* "key", "key=value", key="value"; "keyNNNNN" takes any value as a string (2.1). */
static const char *split(struct dns_word word, uint16_t *key, bool *by_number, struct bytes *value)
{
    size_t len = bytes_find(word.text, '=');
    struct bytes name = bytes_slice(word.text, 0, len);
    *value = bytes_slice(word.text, len + 1, word.text.len);
    if (value->len > 1 && value->data[0] == '"' && value->data[value->len - 1] == '"')
        *value = bytes_slice(*value, 1, value->len - 2);
    *by_number = bytes_starts(name, bytes_str("key"));
    return parse_key(name, key) ? NULL : "a parameter whose key is unknown";
}

/* The word with the least key above `last`; n: there is none. */
static const char *find_next(const struct dns_word *word, size_t n, int last, size_t *found)
{
    int least = UINT16_MAX + 1;
    *found = n;
    for (size_t i = 0; i < n; i++) {
        uint16_t key;
        bool by_number;
        struct bytes value;
        const char *why = split(word[i], &key, &by_number, &value);
        if (why)
            return why;
        if (key == least)
            return "a parameter that comes twice";
        if (key > last && key < least) {
            least = key;
            *found = i;
        }
    }
    return NULL;
}

const char *dns_svcb_parse(const struct dns_word *word, size_t n, struct writer *w)
{
    int last = -1;
    for (;;) {
        size_t i;
        uint16_t key;
        bool by_number;
        struct bytes value;
        const char *why = find_next(word, n, last, &i);
        if (why || i == n)
            return why;
        (void)split(word[i], &key, &by_number, &value);
        write_be16(w, key);
        size_t at = writer_len(w);
        write_be16(w, 0);
        if (value.len && (why = by_number ? dns_string_parse(value, w) : parse_value(key, value, w)) != NULL)
            return why;
        size_t len = writer_len(w) - at - 2;
        if (writer_good(w) && len <= UINT16_MAX) {
            w->start[at] = (uint8_t)(len >> 8);
            w->start[at + 1] = (uint8_t)len;
        }
        last = key;
    }
}
