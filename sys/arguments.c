/* SPDX-License-Identifier: ISC */
/* Boot arguments into keys. What an operator gets wrong costs one line that says what to do. */
#include <jinn/boot.h>
#include <jinn/format.h>
#include <jinn/log.h>
#include <jinn/plat.h>

#include "sys/complain.h"
#include "sys/nearest.h"
#include "base/values.h"

#include <jinn/must.h>

#include <stdarg.h>

#define KEYS_MAX 64 /* keys of one appliance, those of its devices included */

struct parse {
    const struct key *keys;
    size_t n;
    char **at;      /* the next argument */
    uint64_t given; /* a bit a key */
};

/* What the value of each type looks like: for --help and for complaints. */
static const char *type_text(enum key_type type)
{
    static const char *const text[] = {
        [KEY_STRING] = "TEXT", [KEY_BOOL] = "true|false",    [KEY_INT] = "NUMBER",      [KEY_PORT] = "PORT",
        [KEY_IP] = "ADDRESS",  [KEY_NET] = "ADDRESS/PREFIX", [KEY_DURATION] = "TIME",   [KEY_SIZE] = "SIZE",
        [KEY_SECRET] = "FILE", [KEY_ROUTES] = "NET,GATEWAY", [KEY_IPS] = "ADDRESS,...", [KEY_RANGE] = "NUMBER",
    };
    return text[type];
}

static const char *type_example(enum key_type type)
{
    static const char *const text[] = {
        [KEY_STRING] = "any text",
        [KEY_BOOL] = "true or false",
        [KEY_INT] = "a whole number",
        [KEY_PORT] = "a port from 1 to 65535",
        [KEY_IP] = "an address such as 10.0.0.1",
        [KEY_NET] = "an address and prefix such as 10.0.0.2/24",
        [KEY_DURATION] = "a time such as 250ms, 30s, 5m or 2h",
        [KEY_SIZE] = "a size such as 512, 64K or 4M",
        [KEY_SECRET] = "given by --key-file",
        [KEY_ROUTES] = "a route such as 10.0.0.0/8,10.0.0.1 (at most 8)",
        [KEY_RANGE] = "a whole number",
        [KEY_IPS] = "addresses such as 10.0.0.1,fd00::1 (at most 3)",
    };
    return text[type];
}

static bool value_range(struct bytes text, const struct key_range *r)
{
    return value_int(text, r->value) && *r->value >= r->least && *r->value <= r->most;
}

static bool value_set(const struct key *k, const char *value)
{
    struct bytes text = bytes_str(value);
    switch (k->type) {
    case KEY_STRING:
        *(const char **)k->value = value;
        return true;
    case KEY_BOOL:
        return value_bool(text, k->value);
    case KEY_INT:
        return value_int(text, k->value);
    case KEY_PORT:
        return value_port(text, k->value);
    case KEY_IP:
        return ip_parse(text, k->value);
    case KEY_NET:
        return ip_net_parse(text, k->value);
    case KEY_DURATION:
        return value_duration(text, k->value);
    case KEY_SIZE:
        return value_size(text, k->value);
    case KEY_SECRET:
        return false;
    case KEY_ROUTES:
        return value_route(text, k->value);
    case KEY_IPS:
        return value_ips(text, k->value);
    case KEY_RANGE:
        return value_range(text, k->value);
    }
    return false;
}

static void print(const char *text, ...) PRINTF_LIKE(1, 2);
static void print(const char *text, ...)
{
    char line[256];
    va_list args;
    va_start(args, text);
    size_t n = format_list(line, sizeof line, text, args);
    va_end(args);
    plat_console(line, n < sizeof line ? n : sizeof line - 1);
}

static void print_key(const struct key *k)
{
    char left[80];
    if (k->type == KEY_SECRET)
        format(left, sizeof left, "--key-file %.40s=FILE", k->name);
    else
        format(left, sizeof left, "--%.40s=%s", k->name, type_text(k->type));
    print("  %-32s %.120s", left, k->help ? k->help : "");
    if (k->fallback)
        print(" (default: %.60s)", k->fallback);
    else if (!k->optional)
        print(" (required)");
    print("\n");
}

static void print_help(const struct key *keys, size_t n)
{
    print("%.67s takes these keys:\n", plat_image_name);
    for (size_t i = 0; i < n; i++)
        print_key(&keys[i]);
    print("  %-32s %s\n", "-l, --logs=RULES", "what to log, e.g. '*:info,tcp:debug' (default: *:info)");
    print("  %-32s %s\n", "--help", "this list");
}

static const struct key *key_find(const struct parse *p, struct bytes name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (bytes_equal(bytes_str(p->keys[i].name), name))
            return &p->keys[i];
    }
    return NULL;
}

static bool complain_unknown(const struct parse *p, struct bytes name)
{
    const char *best = NULL;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < p->n; i++) {
        if (nearest_offer(&nearest, p->keys[i].name))
            best = p->keys[i].name;
    }
    if (nearest_offer(&nearest, "logs"))
        best = "logs";
    if (best)
        complain("there is no key --%.*s; did you mean --%s?", (int)name.len, (const char *)name.data, best);
    else
        complain("there is no key --%.*s; --help lists them", (int)name.len, (const char *)name.data);
    return false;
}

static bool take_value(struct parse *p, const struct key *k, const char *value)
{
    uint64_t bit = UINT64_C(1) << (k - p->keys);
    if (k->type == KEY_SECRET) {
        complain("--%s is secret and no argument: use --key-file %s=FILE", k->name, k->name);
        return false;
    }
    if (p->given & bit && k->type != KEY_ROUTES && k->type != KEY_IPS) {
        complain("--%s is given twice", k->name);
        return false;
    }
    p->given |= bit;
    if (value_set(k, value))
        return true;
    const struct key_range *r = k->value;
    if (k->type == KEY_RANGE)
        complain("--%s=%s: not a whole number from %lld to %lld", k->name, value, (long long)r->least,
                 (long long)r->most);
    else
        complain("--%s=%s: not %s", k->name, value, type_example(k->type));
    return false;
}

static bool take_logs(const char *value)
{
    if (value && log_rules(value) == OK)
        return true;
    complain("--logs=%s: not rules such as '*:info,tcp:debug' (levels: quiet, error, warning, info, debug)",
             value ? value : "");
    return false;
}

/* The value after "=" or, without one, the next argument; NULL when there is none. */
static const char *value_of(struct parse *p, const char *equals)
{
    if (equals)
        return equals + 1;
    return *p->at ? *p->at++ : NULL;
}

/* --name=value, --name value; --name alone for a bool. */
static bool take_long(struct parse *p, const char *argument)
{
    const char *equals = strchr(argument, '=');
    struct bytes name = bytes_of(argument + 2, equals ? (size_t)(equals - argument) - 2 : strlen(argument) - 2);
    const struct key *k = key_find(p, name);
    if (!k && bytes_equal(name, bytes_str("logs")))
        return take_logs(value_of(p, equals));
    if (!k)
        return complain_unknown(p, name);
    if (k->type == KEY_BOOL && !equals)
        return take_value(p, k, "true");
    const char *value = value_of(p, equals);
    if (value)
        return take_value(p, k, value);
    complain("--%s needs a value: %s", k->name, type_example(k->type));
    return false;
}

static bool take_argument(struct parse *p)
{
    const char *argument = *p->at++;
    if (strcmp(argument, "-l") == 0)
        return take_logs(value_of(p, NULL));
    if (strncmp(argument, "-l", 2) == 0)
        return take_logs(argument + 2);
    if (strncmp(argument, "--", 2) == 0 && argument[2] && argument[2] != '=')
        return take_long(p, argument);
    complain("'%s' is no key; keys are --NAME=VALUE, --help lists them", argument);
    return false;
}

static bool take_secret(const struct key *k)
{
    if (plat_secret(k->name, k->value) == OK || k->optional)
        return true;
    complain("a secret is missing: --key-file %s=FILE", k->name);
    return false;
}

static bool take_default(const struct key *k)
{
    if (k->type == KEY_SECRET)
        return take_secret(k);
    if (k->fallback && value_set(k, k->fallback))
        return true;
    if (k->fallback) {
        complain("the default of --%s, '%s', is not %s", k->name, k->fallback, type_example(k->type));
        return false;
    }
    if (k->optional)
        return true;
    complain("a key is missing: --%s=%s (%s)", k->name, type_text(k->type), type_example(k->type));
    return false;
}

static bool asks_for_help(char **argv)
{
    for (; *argv; argv++) {
        if (strcmp(*argv, "--help") == 0)
            return true;
    }
    return false;
}

bool boot_arguments(int argc, char **argv, const struct key *keys, size_t n, int *status)
{
    must(n <= KEYS_MAX);
    struct parse p = {.keys = keys, .n = n, .at = argv + (argc > 0)};
    *status = 0;
    if (asks_for_help(p.at)) {
        print_help(keys, n);
        return false;
    }
    *status = EXIT_ARGUMENTS;
    while (*p.at) {
        if (!take_argument(&p))
            return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!(p.given & UINT64_C(1) << i) && !take_default(&keys[i]))
            return false;
    }
    *status = 0;
    return true;
}
