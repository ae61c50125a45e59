/* SPDX-License-Identifier: ISC */
#include "tender/options.h"

#include "tender/fail.h"
#include "tender/kind.h"
#include "wire/solo5.h"

#include <jinn/version.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: %s [OPTION...] [--] IMAGE [ARGUMENT...]\n"
    "%s\n"
    "\n"
    "  --mem=MB                      memory of the image in megabytes (512)\n"
    "  --net:NAME=IFACE|@FD          attach a tap interface, or a socket or tap that is open as descriptor FD\n"
    "  --net:NAME=xdp:LINK           attach all of a link by AF_XDP (spt, root)\n"
    "  --net-mac:NAME=MAC            its Ethernet address (random)\n"
    "  --net-offload:NAME=on|off     whether the image may leave checksums and segments to the host (on)\n"
    "  --block:NAME=FILE             attach a file or block device\n"
    "  --block-sector-size:NAME=N    its block size, a power of two from 512 to 32768 (512)\n"
    "  --key-file NAME=FILE          hand the file's bytes to the image as the secret NAME\n"
    "  --layout-seed=N               lay the image where the start with this number had it (anew each time)\n"
    "  --control=@FD                 a socket on which the image says what it serves\n"
    "  --traced                      stop by SIGTRAP before the image's first instruction, for a tracer (spt)\n"
    "  --debug=@FD                   a socket on which `jinn run` debugs the image (hvt)\n"
    "  --help, --version\n"
    "\n"
    "Exit statuses: the image's own, or 64 wrong usage, 65 bad image, 66 device or file missing or unusable,\n"
    "70 the image crashed, 71 the host refused something.\n";

static const char version[] = "%s " JINN_VERSION ", %s ABI version 2\n";

NO_RETURN static void say(const char *format, const char *one, const char *other)
{
    int len = dprintf(STDOUT_FILENO, format, one, other);
    _exit(len > 0 ? 0 : FAIL_HOST);
}

static const struct form {
    const char *prefix;
    enum option_kind kind;
} forms[] = {
    {"--net:", OPTION_NET},
    {"--net-mac:", OPTION_NET_MAC},
    {"--net-offload:", OPTION_NET_OFFLOAD},
    {"--block:", OPTION_BLOCK},
    {"--block-sector-size:", OPTION_BLOCK_SIZE},
    {"--key-file=", OPTION_SECRET},
};

static const char *after(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* NAME=VALUE */
static void add(struct options *o, enum option_kind kind, const char *whole, const char *text)
{
    struct bytes b = bytes_str(text);
    size_t equals = bytes_find(b, '=');
    struct bytes name = bytes_slice(b, 0, equals);
    if (equals == b.len || equals + 1 == b.len)
        fail(FAIL_USAGE, "%s: write NAME=VALUE after it", whole);
    if (kind != OPTION_SECRET && !solo5_name_good(name))
        fail(FAIL_USAGE, "%s: a device's name is 1 to 67 letters and digits", whole);
    if (name.len == 0)
        fail(FAIL_USAGE, "%s: the secret needs a name before the =", whole);
    for (size_t i = 0; i < o->n; i++) {
        if (o->list[i].kind == kind && bytes_equal(o->list[i].name, name))
            fail(FAIL_USAGE, "%s: given twice for the same name; leave one out", whole);
    }
    if (o->n == OPTIONS_MAX)
        fail(FAIL_USAGE, "too many options: at most %d are taken", OPTIONS_MAX);
    o->list[o->n++] = (struct option){kind, name, text + equals + 1, false};
}

static void set_memory(struct options *o, const char *text)
{
    uint64_t mb;
    if (!bytes_decimal(bytes_str(text), tender_kind.memory_mb_max, &mb) || mb < 2)
        fail(FAIL_USAGE, "--mem=%s: write a number of megabytes, 2 or more and at most %llu", text,
             (unsigned long long)tender_kind.memory_mb_max);
    o->memory_bytes = mb << 20;
}

static void set_layout_seed(struct options *o, const char *text)
{
    if (!bytes_decimal(bytes_str(text), UINT64_MAX, &o->layout_seed))
        fail(FAIL_USAGE, "--layout-seed=%s: write a number from 0 to 18446744073709551615", text);
    o->has_layout_seed = true;
}

int option_descriptor(const char *value)
{
    uint64_t fd;
    if (value[0] != '@' || !bytes_decimal(bytes_str(value + 1), INT_MAX, &fd))
        return -1;
    return (int)fd;
}

static int descriptor_of(const char *option, const char *text)
{
    int fd = option_descriptor(text);
    if (fd < 0)
        fail(FAIL_USAGE, "%s%s: write @ and the number of an open descriptor", option, text);
    return fd;
}

static bool parse_form(struct options *o, const char *argument)
{
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        const char *rest = after(argument, forms[i].prefix);
        if (rest) {
            add(o, forms[i].kind, argument, rest);
            return true;
        }
    }
    return false;
}

/* True when the next argument was taken as well. */
static bool parse_one(struct options *o, const char *argument, const char *next)
{
    const char *value;
    if (strcmp(argument, "--help") == 0)
        say(help, tender_kind.program, tender_kind.does);
    if (strcmp(argument, "--version") == 0)
        say(version, tender_kind.program, tender_kind.target);
    if (strcmp(argument, "--key-file") == 0) {
        if (!next)
            fail(FAIL_USAGE, "--key-file: write NAME=FILE after it");
        add(o, OPTION_SECRET, argument, next);
        return true;
    }
    if ((value = after(argument, "--mem=")))
        set_memory(o, value);
    else if ((value = after(argument, "--layout-seed=")))
        set_layout_seed(o, value);
    else if ((value = after(argument, "--control=")))
        o->control_fd = descriptor_of("--control=", value);
    else if ((value = after(argument, "--debug=")))
        o->debug_fd = descriptor_of("--debug=", value);
    else if (strcmp(argument, "--traced") == 0)
        o->traced = true;
    else if (!parse_form(o, argument))
        fail(FAIL_USAGE, "%s: there is no such option; --help lists them", argument);
    return false;
}

void options_parse(char **argv, struct options *o)
{
    char **at = argv[0] ? argv + 1 : argv;
    o->memory_bytes = UINT64_C(512) << 20;
    o->control_fd = o->debug_fd = -1;
    for (; *at && (*at)[0] == '-'; at++) {
        if (strcmp(*at, "--") == 0) {
            at++;
            break;
        }
        if (parse_one(o, *at, at[1]))
            at++;
    }
    if (!*at)
        fail(FAIL_USAGE, "no image is named: write its file after the options; --help says more");
    o->image = *at;
    o->arguments = at + 1;
}

struct option *options_find(struct options *o, enum option_kind kind, const char *name)
{
    for (size_t i = 0; i < o->n; i++) {
        if (o->list[i].kind == kind && bytes_equal(o->list[i].name, bytes_str(name)))
            return &o->list[i];
    }
    return NULL;
}
