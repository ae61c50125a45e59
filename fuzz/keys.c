/* SPDX-License-Identifier: ISC */
/* Boot arguments: the input is them, each closed by a NUL. */
#include <jinn/boot.h>
#include <jinn/log.h>

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text;
    bool loud;
    int64_t count;
    uint16_t port;
    struct ip ip;
    struct ip_net net;
    uint64_t wait_ns, size_bytes;
    struct ip_routes routes = {.n = 0};
    int64_t some;
    struct key_range range = {&some, 2, 70};
    const struct key keys[] = {
        {"text", KEY_STRING, false, &text, "x", NULL},
        {"loud", KEY_BOOL, false, &loud, "no", NULL},
        {"count", KEY_INT, false, &count, "3", NULL},
        {"some", KEY_RANGE, false, &range, "3", NULL},
        {"port", KEY_PORT, false, &port, "80", NULL},
        {"ip", KEY_IP, true, &ip, NULL, NULL},
        {"net", KEY_NET, true, &net, NULL, NULL},
        {"wait", KEY_DURATION, false, &wait_ns, "250ms", NULL},
        {"size", KEY_SIZE, false, &size_bytes, "64K", NULL},
        {"route", KEY_ROUTES, true, &routes, NULL, NULL},
    };
    char *copy = calloc(1, size + 1), *argv[ARGUMENTS_MAX + 2] = {(char[]){"fuzz"}};
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    int argc = 1, status;
    for (size_t at = 0; at < size && argc <= ARGUMENTS_MAX; at += strlen(copy + at) + 1)
        argv[argc++] = copy + at;
    if (boot_arguments(argc, argv, keys, ARRAY_LEN(keys), &status) && (port == 0 || some < 2 || some > 70))
        abort();
    char quoted[32];
    (void)log_quoted(bytes_of(data, size), quoted, sizeof quoted);
    free(copy);
    return 0;
}
