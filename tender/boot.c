/* SPDX-License-Identifier: ISC */
/* What the guest reads first: Solo5's boot info, and for our images the extension block. */
#include "tender/fail.h"
#include "tender/tender.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* Stock tenders' way: joined with blanks. */
static bool join_arguments(struct writer *w, char **arguments)
{
    for (char **a = arguments; *a; a++) {
        if (a != arguments)
            write_u8(w, ' ');
        write_str(w, *a);
    }
    write_u8(w, 0);
    return writer_good(w);
}

static void write_info(struct tender *t)
{
    uint64_t manifest = SOLO5_BOOT_INFO + TENDER_BOOT_INFO_ROOM;
    uint64_t line = manifest + SOLO5_MANIFEST_BYTES(t->manifest.n);
    struct writer w = writer_of(tender_at(t, SOLO5_BOOT_INFO), TENDER_BOOT_INFO_ROOM);
    tender_emit_boot_info(&w, t, line, manifest);
    w = writer_of(tender_at(t, manifest), line - manifest);
    solo5_manifest_emit(&w, &t->manifest);
    w = writer_of(tender_at(t, line), SOLO5_COMMAND_LINE_BYTES);
    if (join_arguments(&w, t->options.arguments))
        return;
    if (!t->jinn)
        fail(FAIL_USAGE, "the image's arguments are longer than the 8191 characters that it can take");
    *(char *)tender_at(t, line) = 0;
}

static uint64_t clock_now(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct extension_refresh refresh_of(const struct tender *t)
{
    struct extension_refresh r = {.control_fd = -1, .stop_fd = TENDER_FD_STOP};
    if (getrandom(r.seed, sizeof r.seed, 0) != sizeof r.seed || getrandom(r.start, sizeof r.start, 0) != sizeof r.start)
        fail(FAIL_HOST, "the host has no random bytes: %s", strerror(errno));
    r.wall_ns = clock_now(CLOCK_REALTIME);
    tender_offer(t, &r);
    if (t->options.control_fd >= 0) {
        r.control_fd = TENDER_FD_CONTROL;
        r.features |= EXTENSION_CONTROL;
    }
    r.features |= t->jinn->features & EXTENSION_NET_OFFLOAD; /* others would not know what that is at the block's end */
    for (size_t i = 0; i < t->manifest.n; i++)
        memcpy(r.mac[i], t->manifest.entries[i].mac, sizeof r.mac[i]);
    return r;
}

static uint32_t write_arguments(struct writer *w, char **arguments)
{
    uint32_t n = 0;
    for (; arguments[n]; n++)
        write_copy(w, arguments[n], strlen(arguments[n]) + 1);
    return n;
}

/* Files may be pipes, so they are read, not mapped. */
static struct bytes read_secret(const struct option *o, uint8_t *buffer, size_t size)
{
    int fd = open(o->value, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len < size) {
        n = read(fd, buffer + len, size - len);
        len += n > 0 ? (size_t)n : 0;
    }
    if (n < 0)
        fail(FAIL_DEVICE, "--key-file %.*s=%s: can't read it: %s", (int)o->name.len, (const char *)o->name.data,
             o->value, strerror(errno));
    if (len == size)
        fail(FAIL_DEVICE, "--key-file %.*s=%s: a secret has at most %d bytes", (int)o->name.len,
             (const char *)o->name.data, o->value, TENDER_SECRET_BYTES);
    (void)close(fd);
    return bytes_of(buffer, len);
}

static size_t read_secrets(const struct tender *t, struct extension_secret *secrets, uint8_t *buffers)
{
    size_t n = 0;
    for (size_t i = 0; i < t->options.n; i++) {
        const struct option *o = &t->options.list[i];
        if (o->kind != OPTION_SECRET)
            continue;
        if (n == TENDER_SECRETS_MAX)
            fail(FAIL_USAGE, "too many --key-file options: an image takes at most %d", TENDER_SECRETS_MAX);
        secrets[n].name = o->name;
        secrets[n].value = read_secret(o, buffers + n * (TENDER_SECRET_BYTES + 1), TENDER_SECRET_BYTES + 1);
        n++;
    }
    return n;
}

/* No copy of a secret or a seed stays behind in the tender's part of the address space. */
static void write_extension(struct tender *t)
{
    static uint8_t buffers[TENDER_SECRETS_MAX * (TENDER_SECRET_BYTES + 1)];
    static uint8_t arguments[EXTENSION_ARGUMENT_BYTES];
    struct extension_secret secrets[TENDER_SECRETS_MAX];
    struct writer a = writer_of(arguments, sizeof arguments);
    uint32_t n_arguments = write_arguments(&a, t->options.arguments);
    if (!writer_good(&a))
        fail(FAIL_USAGE, "the image's arguments are longer than the 131072 bytes that it can take");
    size_t n_secrets = read_secrets(t, secrets, buffers);
    struct extension_refresh r = refresh_of(t);
    struct writer w = writer_of(tender_at(t, EXTENSION_ADDRESS), EXTENSION_BYTES_MAX);
    extension_emit(&w, &r, n_arguments, writer_bytes(&a), secrets, n_secrets, t->net_features, t->xdp_calls);
    if (!writer_good(&w))
        fail(FAIL_USAGE, "arguments and secrets together are longer than the %llu bytes that an image can take",
             (unsigned long long)EXTENSION_BYTES_MAX);
    explicit_bzero(&r, sizeof r);
    for (size_t i = 0; i < n_secrets; i++)
        explicit_bzero((uint8_t *)(uintptr_t)secrets[i].value.data, secrets[i].value.len);
    explicit_bzero(arguments, writer_len(&a));
    t->jinn->attached = true;
    t->jinn->backing = layout_placed(&t->layout, EXTENSION_ADDRESS);
}

void tender_write_boot_info(struct tender *t)
{
    if (t->jinn)
        write_extension(t);
    write_info(t);
}
