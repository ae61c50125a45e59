/* SPDX-License-Identifier: ISC */
/* spt only: the calls that are left, with every kind of wrong address and length. The kernel must answer each of them with an
 * error, and the image goes on: status 0. With the name of a call as the argument: a call that the filter must not let
 * through, whose arguments wrap around or reach past the end of what it may have. */
#include "test/hardening/image.h"

#include "arch/syscall.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

enum { DISK = 4, NET = 5, EPOLL = 67, TIMER = 68 }; /* as tender/tender.h numbers them */
#define STRADDLE 4                                  /* bytes are still its own */
#define FOUR_GIGABYTES (UINT64_C(1) << 32)

static long call(long number, long a, uint64_t b, uint64_t c, uint64_t d)
{
    return arch_syscall(number, a, (long)b, (long)c, (long)d, 0, 0);
}

/* An error, or no more than the few bytes in front that are its own. */
static bool stopped(long result, long own)
{
    return result < 0 || (own > 0 && result == own);
}

/* Behind the first `own` bytes nothing may be read or written. */
static bool refused(uint64_t address, long own)
{
    struct iovec one = {(void *)(uintptr_t)address, 512}, endless = {(void *)(uintptr_t)address, SIZE_MAX};
    return stopped(call(SYS_pread64, DISK, address, 512, 0), own) &&
           stopped(call(SYS_pwrite64, DISK, address, 512, 0), own) && call(SYS_write, NET, address, 64, 0) < 0 &&
           call(SYS_writev, NET, (uintptr_t)&one, 1, 0) < 0 && call(SYS_writev, NET, (uintptr_t)&endless, 1, 0) < 0 &&
           call(SYS_writev, NET, address, 1, 0) < 0 && call(SYS_clock_gettime, CLOCK_REALTIME, address, 0, 0) < 0 &&
           call(SYS_timerfd_settime, TIMER, 1, address, 0) < 0;
}

static bool lengths_refused(uint8_t *data)
{
    struct iovec wrapping[] = {{data, SIZE_MAX / 2}, {data, SIZE_MAX / 2 + 2}};
    struct epoll_event e;
    return call(SYS_writev, NET, (uintptr_t)wrapping, 2, 0) < 0 &&
           call(SYS_writev, NET, (uintptr_t)wrapping, 1025, 0) < 0 &&
           call(SYS_writev, NET, (uintptr_t)wrapping, UINT64_MAX, 0) < 0 &&
           call(SYS_write, NET, (uintptr_t)data, UINT64_MAX, 0) < 0 &&
           call(SYS_epoll_pwait, EPOLL, (uintptr_t)&e, 0, 0) < 0 &&
           call(SYS_epoll_pwait, EPOLL, (uintptr_t)&e, INT32_MAX, 0) < 0 &&
           call(SYS_epoll_pwait, EPOLL, (uintptr_t)&e, (uint64_t)INT64_MIN, 0) < 0;
}

static int all_refused(void)
{
    static uint8_t data[4096];
    struct plat_memory heap = plat_heap();
    uint64_t end = (uintptr_t)heap.base + heap.len;
    const uint64_t addresses[] = {0,
                                  8,
                                  0xfff,
                                  end - STRADDLE,
                                  end,
                                  UINT64_MAX - 7,
                                  UINT64_C(1) << 47,
                                  (UINT64_C(1) << 47) - 8,
                                  UINT64_C(0xffff800000000000)};
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        if (!refused(addresses[i], addresses[i] == end - STRADDLE ? STRADDLE : 0))
            return 10 + (int)i;
    }
    /* What is never written to can't be read into, either. */
    if (call(SYS_pread64, DISK, (uintptr_t)plat_image_name, 512, 0) != -EFAULT)
        return 30;
    if (!lengths_refused(data))
        return 31;
    memset(data, 'x', sizeof data);
    if (call(SYS_pread64, DISK, (uintptr_t)data + 1, 512, 0) != 512 || data[0] != 'x' || data[1] != 0 ||
        data[513] != 'x')
        return 32; /* an odd address is as good as any */
    return 0;
}

/* What must trap: the disk has eight blocks of 512 bytes. */
static const struct {
    const char *name;
    long number, fd;
    uint64_t len, offset;
} traps[] = {
    {"no-length", SYS_pread64, DISK, 0, 0},
    {"odd-length", SYS_pread64, DISK, 511, 0},
    {"too-long", SYS_pread64, DISK, 8192, 0},
    {"wrapping-length", SYS_pread64, DISK, UINT64_MAX, 0},
    {"length-of-high-bits", SYS_pread64, DISK, FOUR_GIGABYTES + 512, 0},
    {"past-the-end", SYS_pwrite64, DISK, 512, 4096},
    {"straddling-the-end", SYS_pwrite64, DISK, 1024, 3584},
    {"negative-offset", SYS_pwrite64, DISK, 512, UINT64_MAX - 511},
    {"offset-of-high-bits", SYS_pwrite64, DISK, 512, FOUR_GIGABYTES},
    {"net-as-disk", SYS_pread64, NET, 512, 0},
    {"disk-as-net", SYS_write, DISK, 512, 0},
    {"other-descriptor", SYS_write, 0, 16, 0},
    {"negative-descriptor", SYS_read, -1, 16, 0},
};

static const struct {
    const char *name;
    long fd;
    uint64_t mode, offset, len;
} discards[] = {
    {"discard-past-the-end", DISK, 3, 4096, 512},
    {"discard-straddling-the-end", DISK, 3, 3584, 1024},
    {"discard-negative-offset", DISK, 3, UINT64_MAX - 511, 512},
    {"discard-negative-length", DISK, 3, 0, UINT64_MAX - 511},
    {"discard-wrapping", DISK, 3, (UINT64_C(1) << 63) - 512, (UINT64_C(1) << 63) - 512},
    {"discard-of-high-bits", DISK, 3, 0, FOUR_GIGABYTES + 512},
    {"discard-that-grows", DISK, 0, 0, 512},
    {"discard-that-removes", DISK, 8, 0, 512},
    {"discard-of-net", NET, 3, 0, 512},
    {"discard-of-console", 1, 3, 0, 512},
};

int unikernel_main(int argc, char **argv)
{
    static uint8_t data[8192];
    if (argc < 2)
        return all_refused();
    for (size_t i = 0; i < ARRAY_LEN(traps); i++) {
        if (strcmp(argv[1], traps[i].name) == 0)
            call(traps[i].number, traps[i].fd, (uintptr_t)data, traps[i].len, traps[i].offset);
    }
    for (size_t i = 0; i < ARRAY_LEN(discards); i++) {
        if (strcmp(argv[1], discards[i].name) == 0)
            call(SYS_fallocate, discards[i].fd, discards[i].mode, discards[i].offset, discards[i].len);
    }
    return 2;
}
