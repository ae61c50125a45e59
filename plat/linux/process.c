/* SPDX-License-Identifier: ISC */
/* Console, secrets, entropy, stacks and the end, on an ordinary process. */
#include "plat/linux/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES_MAX (1024 * 1024) /* a key or a chain of certificates, not a data set */

void plat_console(const char *text, size_t len)
{
    fflush(stdout); /* what the appliance printed before comes before */
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}

enum err plat_secret(const char *name, struct bytes *secret)
{
    for (size_t i = 0; i < linux_state.n_secrets; i++) {
        if (strcmp(linux_state.secret[i].name, name) != 0)
            continue;
        *secret = linux_state.secret[i].bytes;
        return OK;
    }
    return ERR_NOT_FOUND;
}

static struct bytes read_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        linux_fail(EXIT_ARGUMENTS, "--key-file: %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size > SECRET_BYTES_MAX)
        linux_fail(EXIT_ARGUMENTS, "--key-file: %s: not a file of at most 1 MB", path);
    size_t size = (size_t)st.st_size, len = 0;
    uint8_t *data = malloc(size + 1);
    if (!data)
        linux_fail(EXIT_ARGUMENTS, "--key-file: %s: no memory", path);
    for (ssize_t n; len < size && (n = read(fd, data + len, size - len)) > 0;)
        len += (size_t)n;
    close(fd);
    return bytes_of(data, len);
}

void linux_secret_load(const char *value)
{
    const char *equals = strchr(value, '=');
    if (!equals || equals == value || !equals[1])
        linux_fail(EXIT_ARGUMENTS, "--key-file %s: write it as --key-file NAME=FILE", value);
    if (linux_state.n_secrets == LINUX_SECRETS_MAX)
        linux_fail(EXIT_ARGUMENTS, "--key-file: more than %d of them", LINUX_SECRETS_MAX);
    struct linux_secret *s = &linux_state.secret[linux_state.n_secrets++];
    s->name = strndup(value, (size_t)(equals - value));
    s->bytes = read_file(equals + 1);
}

static void say_serving(const char *protocol, uint16_t port, const char *on, const char *address)
{
    if (linux_state.control < 0)
        return;
    char line[128];
    int len = snprintf(line, sizeof line, "serving %s %u%s%s\n", protocol, port, on, address);
    if (write(linux_state.control, line, (size_t)len) != len)
        linux_state.control = -1;
}

void plat_serving(const char *protocol, uint16_t port)
{
    say_serving(protocol, port, "", "");
}

void linux_serving(const char *protocol, uint16_t port, const char *address)
{
    say_serving(protocol, port, " on ", address);
}

void plat_exit(int status)
{
    exit(status);
}

void plat_abort(const char *text)
{
    static const char end[] = "\n";
    (void)!write(STDERR_FILENO, plat_image_name, strlen(plat_image_name));
    (void)!write(STDERR_FILENO, ": ", 2);
    (void)!write(STDERR_FILENO, text, strlen(text));
    (void)!write(STDERR_FILENO, end, 1);
    _exit(EXIT_BUG);
}

enum err plat_entropy(uint8_t seed[static PLAT_SEED_BYTES])
{
    return getrandom(seed, PLAT_SEED_BYTES, 0) == PLAT_SEED_BYTES ? OK : ERR_UNSUPPORTED;
}

bool plat_seeded(void)
{
    return false;
}

struct plat_memory plat_heap(void)
{
    return (struct plat_memory){NULL, 0};
}

/* Lays the stacks out on first use, each above a page that nobody may touch. */
struct plat_stacks plat_stacks(void)
{
    static struct plat_stacks stacks;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (stacks.base)
        return stacks;
    size_t size = (plat_stack_bytes + page - 1) / page * page, stride = size + page;
    uint8_t *area = mmap(NULL, stride * plat_stacks_n, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        linux_fail(EXIT_DEVICE, "no memory for %zu stacks of %zu bytes", plat_stacks_n, size);
    for (size_t i = 0; i < plat_stacks_n; i++) {
        if (mprotect(area + i * stride + page, size, PROT_READ | PROT_WRITE) != 0)
            linux_fail(EXIT_DEVICE, "no memory for %zu stacks of %zu bytes: %s", plat_stacks_n, size, strerror(errno));
    }
    stacks = (struct plat_stacks){area + page, size, stride, plat_stacks_n};
    return stacks;
}
