/* SPDX-License-Identifier: ISC */
#include "tool/values.h"
#include "base/values.h"

#include <string.h>

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

const char *value_problem(enum key_type type, const char *value)
{
    struct bytes text = bytes_str(value);
    union {
        bool is;
        int64_t number;
        uint16_t port;
        struct ip ip;
        struct ip_net net;
        uint64_t amount;
    } v;
    switch (type) {
    case KEY_STRING:
    case KEY_SECRET:
    case KEY_ROUTES: /* of net devices only; no word stands for it */
    case KEY_IPS:    /* likewise */
    case KEY_RANGE:  /* an int with limits */
        return NULL;
    case KEY_BOOL:
        return value_bool(text, &v.is) ? NULL : "a bool is true or false";
    case KEY_INT:
        return value_int(text, &v.number) ? NULL : "an int is a decimal number of 64 bits";
    case KEY_PORT:
        return value_port(text, &v.port) ? NULL : "a port is a number from 1 to 65535";
    case KEY_IP:
        return ip_parse(text, &v.ip) ? NULL : "an ip is like 10.0.0.2";
    case KEY_NET:
        return ip_net_parse(text, &v.net) ? NULL : "a net is like 10.0.0.2/24";
    case KEY_DURATION:
        return value_duration(text, &v.amount) ? NULL : "a duration is like 250ms, 30s, 5m, 2h, 14d or 2w";
    case KEY_SIZE:
        return value_size(text, &v.amount) ? NULL : "a size is like 4096, 64K, 4M or 1G";
    }
    return NULL;
}
