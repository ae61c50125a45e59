/* SPDX-License-Identifier: ISC */
/* What musl asks its kernel for. This file is compiled without stack protector where it matters: the first calls come
 * before there is a thread block. */
#define _GNU_SOURCE /* MREMAP_MAYMOVE */
#include "libc/syscall.h"
#include "libc/pages.h"

#include <jinn/plat.h>
#include <jinn/random.h>
#include <jinn/time.h>

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#define NO_CANARY __attribute__((no_stack_protector))

/* One C library a guest, so one state: libc/ is the layer below which there is no other place for it. */
uint32_t guest_syscalls_refused[SYSCALL_NUMBERS];
static struct pages pages;

static struct pages *heap_pages(void)
{
    if (!pages.base) {
        struct plat_memory m = plat_heap();
        pages_init(&pages, m.base, m.len);
    }
    return &pages;
}

const struct pages *guest_pages(void)
{
    return heap_pages();
}

/* Protection is not asked about: all of it is readable and writable, and nothing is ever executable. */
static long call_mmap(size_t len, int protection, int flags)
{
    if (!(flags & MAP_ANON) || (flags & MAP_FIXED))
        return -EINVAL;
    if (protection & PROT_EXEC)
        return -EACCES;
    void *p = pages_take(heap_pages(), len);
    return p ? (long)p : -ENOMEM;
}

static long call_munmap(long start, size_t len)
{
    return pages_give(heap_pages(), (void *)start, len) ? 0 : -EINVAL;
}

static long call_mremap(long start, size_t old_len, size_t new_len, int flags)
{
    if (flags & ~MREMAP_MAYMOVE)
        return -EINVAL;
    void *p = pages_resize(heap_pages(), (void *)start, old_len, new_len, flags & MREMAP_MAYMOVE);
    return p ? (long)p : -ENOMEM;
}

static long call_write(int fd, const char *text, size_t len)
{
    if (fd != 1 && fd != 2)
        return -EBADF;
    plat_console(text, len);
    return (long)len;
}

static long call_writev(int fd, const struct iovec *v, int n)
{
    long len = 0;
    if (fd != 1 && fd != 2)
        return -EBADF;
    for (int i = 0; i < n; i++) {
        if (v[i].iov_len)
            plat_console(v[i].iov_base, v[i].iov_len);
        len += (long)v[i].iov_len;
    }
    return len;
}

/* Standard output counts as a terminal, so that the C library flushes it at the end of each line. */
static long call_ioctl(int fd, unsigned request, struct winsize *size)
{
    if ((fd != 1 && fd != 2) || request != TIOCGWINSZ)
        return -ENOTTY;
    *size = (struct winsize){0};
    return 0;
}

static long call_clock(clockid_t id, struct timespec *t)
{
    uint64_t ns;
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        ns = plat_wall_ns();
    else if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE || id == CLOCK_BOOTTIME || id == CLOCK_MONOTONIC_RAW)
        ns = plat_clock_ns();
    else
        return -EINVAL;
    t->tv_sec = (time_t)(ns / NS_PER_S);
    t->tv_nsec = (long)(ns % NS_PER_S);
    return 0;
}

static long call_getrandom(void *out, size_t len)
{
    random_bytes(out, len);
    return (long)len;
}

static NO_CANARY long refuse(long n)
{
    size_t i = n >= 0 && n < SYSCALL_NUMBERS ? (size_t)n : SYSCALL_NUMBERS - 1;
    guest_syscalls_refused[i]++;
    return -ENOSYS;
}

NO_CANARY long guest_syscall(long n, long a, long b, long c, long d, long e, long f)
{
    switch (n) {
    case SYS_mmap:
        return call_mmap((size_t)b, (int)c, (int)d);
    case SYS_munmap:
        return call_munmap(a, (size_t)b);
    case SYS_mremap:
        return call_mremap(a, (size_t)b, (size_t)c, (int)d);
    case SYS_madvise:
        return -EINVAL; /* advice that can't be followed; callers go on without */
    case SYS_brk:
        return 0; /* refused: the allocator then takes its pages by mmap */
    case SYS_write:
        return call_write((int)a, (const char *)b, (size_t)c);
    case SYS_writev:
        return call_writev((int)a, (const struct iovec *)b, (int)c);
    case SYS_ioctl:
        return call_ioctl((int)a, (unsigned)b, (struct winsize *)c);
    case SYS_clock_gettime:
        return call_clock((clockid_t)a, (struct timespec *)b);
    case SYS_getrandom:
        return call_getrandom((void *)a, (size_t)b);
    case SYS_set_tid_address:
    case SYS_gettid:
    case SYS_getpid:
        return 1;
    case SYS_exit:
    case SYS_exit_group:
        plat_exit((int)a);
    default:
        return refuse(n);
    }
}
