/* SPDX-License-Identifier: ISC */
/* Block devices: files and host devices. The host's page cache makes reads quick, so none of this is asynchronous. */
#include "plat/linux/linux.h"

#include <jinn/must.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void linux_block_attach(unsigned index, const char *value)
{
    struct linux_device *d = &linux_state.device[index];
    const char *name = plat_devices[index].name;
    d->fd = open(value, O_RDWR | O_CLOEXEC);
    if (d->fd < 0)
        linux_fail(EXIT_DEVICE, "--block:%s: %s: %s", name, value, strerror(errno));
    off_t size = lseek(d->fd, 0, SEEK_END);
    if (size < LINUX_BLOCK_BYTES || size % LINUX_BLOCK_BYTES != 0)
        linux_fail(EXIT_DEVICE, "--block:%s: %s: its size must be a multiple of %d bytes and not 0", name, value,
                   LINUX_BLOCK_BYTES);
    d->capacity_bytes = (uint64_t)size;
}

enum err plat_block_open(const char *name, struct plat_block_info *info)
{
    for (size_t i = 0; i < plat_n_devices; i++) {
        const struct linux_device *d = &linux_state.device[i];
        if (plat_devices[i].type != PLAT_BLOCK || d->fd < 0 || strcmp(plat_devices[i].name, name) != 0)
            continue;
        *info = (struct plat_block_info){(unsigned)i, d->capacity_bytes, LINUX_BLOCK_BYTES};
        return OK;
    }
    return ERR_NOT_FOUND;
}

static bool in_range(const struct linux_device *d, uint64_t offset, uint64_t len)
{
    return offset % LINUX_BLOCK_BYTES == 0 && len % LINUX_BLOCK_BYTES == 0 && offset <= d->capacity_bytes &&
           len <= d->capacity_bytes - offset;
}

enum err plat_block_read(unsigned index, uint64_t offset, uint8_t *buffer, size_t len)
{
    must(index < plat_n_devices);
    const struct linux_device *d = &linux_state.device[index];
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    while (len > 0) {
        ssize_t n = pread(d->fd, buffer, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        buffer += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return OK;
}

enum err plat_block_write(unsigned index, uint64_t offset, const uint8_t *data, size_t len)
{
    must(index < plat_n_devices);
    const struct linux_device *d = &linux_state.device[index];
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    while (len > 0) {
        ssize_t n = pwrite(d->fd, data, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_IO;
        data += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return OK;
}

enum err plat_block_flush(unsigned index)
{
    must(index < plat_n_devices);
    if (fdatasync(linux_state.device[index].fd) == 0)
        return OK;
    return errno == EINVAL || errno == EROFS ? ERR_UNSUPPORTED : ERR_IO;
}

/* A host's block device takes the same call, and refuses what is less than a block of its own. */
enum err plat_block_discard(unsigned index, uint64_t offset, uint64_t len)
{
    int e;
    must(index < plat_n_devices);
    const struct linux_device *d = &linux_state.device[index];
    if (!in_range(d, offset, len))
        return ERR_INVALID;
    if (len == 0)
        return OK;
    do
        e = fallocate(d->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len);
    while (e != 0 && errno == EINTR);
    if (e == 0)
        return OK;
    return errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL ? ERR_UNSUPPORTED : ERR_IO;
}
