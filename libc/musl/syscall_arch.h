/* SPDX-License-Identifier: ISC */
/*
 * musl's own header of this name holds the instruction that enters the kernel.
 * Found first in the include path, this one replaces it, and every system call
 * that musl makes from C becomes a call to guest_syscall(). No file of musl is
 * changed. It serves every 64-bit processor: nothing here depends on one.
 *
 * No include guard, no other include: musl's src/internal/syscall.h is the
 * only reader. VDSO_USEFUL is left undefined, so musl asks no vDSO for the time.
 */

/*
 * Performs system call `n` of Linux for the processor the guest is built for.
 * Arguments that the call does not have are 0. Returns what Linux would: the
 * result, or minus an error number; -ENOSYS for what the guest does not know.
 * May be called before the thread block is set up, so it must not be compiled
 * with a stack protector.
 */
__attribute__((visibility("default"))) long guest_syscall(long n, long a, long b, long c, long d, long e, long f);

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64 0

static __inline long __syscall0(long n)
{
    return guest_syscall(n, 0, 0, 0, 0, 0, 0);
}

static __inline long __syscall1(long n, long a)
{
    return guest_syscall(n, a, 0, 0, 0, 0, 0);
}

static __inline long __syscall2(long n, long a, long b)
{
    return guest_syscall(n, a, b, 0, 0, 0, 0);
}

static __inline long __syscall3(long n, long a, long b, long c)
{
    return guest_syscall(n, a, b, c, 0, 0, 0);
}

static __inline long __syscall4(long n, long a, long b, long c, long d)
{
    return guest_syscall(n, a, b, c, d, 0, 0);
}

static __inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
    return guest_syscall(n, a, b, c, d, e, 0);
}

static __inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
    return guest_syscall(n, a, b, c, d, e, f);
}
