/* SPDX-License-Identifier: ISC */
/* The process's main: takes the options that a tender would take (devices, secrets), leaves the rest to the
 * image. After `--` everything is the image's. */
#include "plat/linux/linux.h"

#include <jinn/log.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFLOAD "--net-offload:"

struct linux_state linux_state = {.epoll = -1, .control = -1};

void linux_fail(int status, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", plat_image_name, line);
    exit(status);
}

bool linux_descriptor(const char *text, int *fd)
{
    uint64_t number;
    if (text[0] != '@' || !bytes_decimal(bytes_str(text + 1), INT32_MAX, &number))
        return false;
    *fd = (int)number;
    return fcntl(*fd, F_GETFD) >= 0;
}

static bool device_find(struct bytes name, enum plat_device_type type, unsigned *index)
{
    for (size_t i = 0; i < plat_n_devices; i++) {
        if (plat_devices[i].type == type && bytes_equal(bytes_str(plat_devices[i].name), name)) {
            *index = (unsigned)i;
            return true;
        }
    }
    return false;
}

unsigned linux_device_named(const char *option, struct bytes name, enum plat_device_type type)
{
    unsigned index;
    if (!device_find(name, type, &index))
        linux_fail(EXIT_DEVICE, "%s: this image has no %s device '%.*s'", option, type == PLAT_NET ? "net" : "block",
                   (int)name.len, (const char *)name.data);
    if (linux_state.device[index].fd >= 0 || linux_state.device[index].on_host)
        linux_fail(EXIT_DEVICE, "%s: '%.*s' is attached twice", option, (int)name.len, (const char *)name.data);
    return index;
}

/* "--net:NAME=VALUE", "--block:NAME=VALUE" */
static bool take_device(const char *argument, const char *prefix, enum plat_device_type type)
{
    size_t len = strlen(prefix);
    if (strncmp(argument, prefix, len) != 0)
        return false;
    struct bytes rest = bytes_str(argument + len);
    size_t equals = bytes_find(rest, '=');
    if (equals == 0 || equals + 1 >= rest.len)
        linux_fail(EXIT_ARGUMENTS, "%s: write it as %sNAME=%s", argument, prefix,
                   type == PLAT_NET ? "tap:INTERFACE" : "FILE");
    unsigned index = linux_device_named(argument, bytes_slice(rest, 0, equals), type);
    const char *value = argument + len + equals + 1;
    if (type == PLAT_NET)
        linux_net_attach(index, value);
    else
        linux_block_attach(index, value);
    return true;
}

/* "--net-offload:NAME=on" or "off". Before the devices are attached, wherever it stands. */
static void take_offload(const char *argument)
{
    if (strncmp(argument, OFFLOAD, strlen(OFFLOAD)) != 0)
        return;
    struct bytes rest = bytes_str(argument + strlen(OFFLOAD));
    size_t equals = bytes_find(rest, '=');
    struct bytes value = bytes_slice(rest, equals + 1, rest.len);
    bool off = bytes_equal(value, bytes_str("off"));
    if (!off && !bytes_equal(value, bytes_str("on")))
        linux_fail(EXIT_ARGUMENTS, "%s: write it as " OFFLOAD "NAME=on or off", argument);
    linux_state.device[linux_device_named(argument, bytes_slice(rest, 0, equals), PLAT_NET)].no_offload = off;
}

static void take_control(const char *value)
{
    if (!linux_descriptor(value, &linux_state.control))
        linux_fail(EXIT_ARGUMENTS, "--control=%s: not an open descriptor; write it as --control=@FD", value);
}

/* How many arguments this one and its value are; 0 when it is not the platform's. */
static int take_argument(char **argv)
{
    if (take_device(argv[0], "--net:", PLAT_NET) || take_device(argv[0], "--block:", PLAT_BLOCK))
        return 1;
    if (strncmp(argv[0], OFFLOAD, strlen(OFFLOAD)) == 0) /* taken before */
        return 1;
    if (strncmp(argv[0], "--mem=", 6) == 0) /* a tender's; an ordinary process has what it asks for */
        return 1;
    if (strncmp(argv[0], "--control=", 10) == 0) {
        take_control(argv[0] + 10);
        return 1;
    }
    if (strncmp(argv[0], "--key-file=", 11) == 0) {
        linux_secret_load(argv[0] + 11);
        return 1;
    }
    if (strcmp(argv[0], "--key-file") != 0)
        return 0;
    if (!argv[1])
        linux_fail(EXIT_ARGUMENTS, "--key-file: NAME=FILE is missing");
    linux_secret_load(argv[1]);
    return 2;
}

/* Takes the platform's arguments out of argv; gives how many are left. */
static int take_arguments(char **argv)
{
    int kept = 1;
    char **at = argv + 1;
    for (char **early = at; *early && strcmp(*early, "--") != 0; early++)
        take_offload(*early);
    while (*at && strcmp(*at, "--") != 0) {
        int n = take_argument(at);
        if (n == 0)
            argv[kept++] = *at++;
        at += n;
    }
    if (*at)
        at++;
    while (*at)
        argv[kept++] = *at++;
    argv[kept] = NULL;
    return kept;
}

static bool asks_for_help(char **argv)
{
    for (char **at = argv + 1; *at; at++) {
        if (strcmp(*at, "--help") == 0)
            return true;
    }
    return false;
}

static void check_devices(void)
{
    for (size_t i = 0; i < plat_n_devices; i++) {
        const struct plat_device *d = &plat_devices[i];
        if (linux_state.device[i].fd >= 0 || linux_state.device[i].on_host || d->optional)
            continue;
        if (d->type == PLAT_NET)
            linux_fail(EXIT_DEVICE, "net device '%s' is not attached: add --net:%s=tap:INTERFACE or =host", d->name,
                       d->name);
        linux_fail(EXIT_DEVICE, "block device '%s' is not attached: add --block:%s=FILE", d->name, d->name);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    log_began(plat_clock_ns());
    static char name[] = "image";
    char *no_arguments[] = {name, NULL};
    if (!argv[0])
        argv = no_arguments;
    for (size_t i = 0; i < PLAT_DEVICES_MAX; i++)
        linux_state.device[i].fd = -1;
    signal(SIGPIPE, SIG_IGN);
    linux_wait_init();
    argc = take_arguments(argv);
    if (!asks_for_help(argv))
        check_devices();
    return boot(argc, argv);
}
