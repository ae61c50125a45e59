/* SPDX-License-Identifier: ISC */
#include "tool/values.h"
#include "tool/text.h"

#include <arpa/inet.h>
#include <stdio.h>

/* In the order of enum key_type. */
const char *const value_type_words[] = {"string", "bool",     "int",  "port",   "ip",
                                        "net",    "duration", "size", "secret", NULL};

bool value_type(const char *word, enum key_type *type)
{
    for (int i = 0; value_type_words[i]; i++) {
        if (strcmp(value_type_words[i], word) == 0) {
            *type = (enum key_type)i;
            return true;
        }
    }
    return false;
}

const char *value_type_word(enum key_type type)
{
    return value_type_words[type];
}

const char *value_type_constant(enum key_type type)
{
    static const char *const constants[] = {"KEY_STRING", "KEY_BOOL",     "KEY_INT",  "KEY_PORT",  "KEY_IP",
                                            "KEY_NET",    "KEY_DURATION", "KEY_SIZE", "KEY_SECRET"};
    return constants[type];
}

const char *value_type_declaration(enum key_type type)
{
    static const char *const declarations[] = {"const char *",   "bool ",     "int64_t ",  "uint16_t ",    "struct ip ",
                                               "struct ip_net ", "uint64_t ", "uint64_t ", "struct bytes "};
    return declarations[type];
}

const char *value_type_list(void)
{
    return "string, bool, int, port, ip, net, duration, size or secret";
}

/* Digits, then one of the units (or none when "" is among them). */
static bool with_unit(const char *text, const char *const *units, const uint64_t *factors, uint64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    uint64_t v = 0;
    for (size_t i = 0; units[i]; i++) {
        if (strcmp(units[i], text + digits) != 0)
            continue;
        if (!bytes_decimal(bytes_of(text, digits), UINT64_MAX / factors[i], &v))
            return false;
        *value = v * factors[i];
        return true;
    }
    return false;
}

bool value_size(const char *text, uint64_t *bytes)
{
    static const char *const units[] = {"", "K", "M", "G", NULL};
    static const uint64_t factors[] = {1, 1 << 10, 1 << 20, 1 << 30};
    return with_unit(text, units, factors, bytes);
}

static bool duration_good(const char *text)
{
    static const char *const units[] = {"ns", "us", "ms", "s", "m", "h", NULL};
    static const uint64_t factors[] = {1, 1000, 1000000, 1000000000, 60000000000, 3600000000000};
    uint64_t v;
    return with_unit(text, units, factors, &v);
}

static bool int_good(const char *text)
{
    uint64_t v;
    return bytes_decimal(bytes_str(text + (*text == '-')), INT64_MAX, &v);
}

static bool port_good(const char *text)
{
    uint64_t v;
    return bytes_decimal(bytes_str(text), 65535, &v) && v > 0;
}

static bool ip_good(const char *text)
{
    uint8_t out[16];
    return inet_pton(AF_INET, text, out) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

static bool net_good(const char *text)
{
    char address[64];
    const char *slash = strchr(text, '/');
    uint64_t bits;
    if (!slash || (size_t)(slash - text) >= sizeof address)
        return false;
    snprintf(address, sizeof address, "%.*s", (int)(slash - text), text);
    return ip_good(address) && bytes_decimal(bytes_str(slash + 1), strchr(address, ':') ? 128 : 32, &bits);
}

const char *value_problem(enum key_type type, const char *text)
{
    uint64_t v;
    switch (type) {
    case KEY_STRING:
    case KEY_SECRET:
    case KEY_ROUTES: /* of net devices only; no word stands for it */
    case KEY_IPS:    /* likewise */
        return NULL;
    case KEY_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ? NULL : "a bool is true or false";
    case KEY_INT:
        return int_good(text) ? NULL : "an int is a decimal number of 64 bits";
    case KEY_PORT:
        return port_good(text) ? NULL : "a port is a number from 1 to 65535";
    case KEY_IP:
        return ip_good(text) ? NULL : "an ip is like 10.0.0.2";
    case KEY_NET:
        return net_good(text) ? NULL : "a net is like 10.0.0.2/24";
    case KEY_DURATION:
        return duration_good(text) ? NULL : "a duration is like 250ms, 30s, 5m or 2h";
    case KEY_SIZE:
        return value_size(text, &v) ? NULL : "a size is like 4096, 64K, 4M or 1G";
    }
    return NULL;
}
