/* SPDX-License-Identifier: ISC */
/* In spt the guest shares the tender's address space, so what the tender knows and the guest need not know must be gone
 * before the jump. Arguments, environment, auxiliary vector and the kernel's random bytes lie on the process's stack,
 * which is unmapped; there is no heap. From that moment there is neither a way back nor a thread block, so the last
 * function makes system calls only, on a stack of its own. (This file and report.c have no stack protector for that.) */
#include "tender/launch.h"

#include "tender/confine.h"
#include "tender/fail.h"
#include "tender/report.h"
#include "tender/seccomp.h"

#include <asm/prctl.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)
#define STACK_SPAN (UINT64_C(1) << 21) /* more than the tender ever used of its stack */
#define LAST_STACK_BYTES 8192
#define CANARY_WORD 5   /* of a thread block */
#define THREAD_WORDS 32 /* what a guest could look at before it sets %fs itself */

extern uintptr_t __stack_chk_guard;

static uint8_t last_stack[LAST_STACK_BYTES] __attribute__((aligned(4096)));
static uintptr_t blank_thread[2 * THREAD_WORDS] __attribute__((aligned(64)));
static struct seccomp_program program;

/* What the last function needs, gathered while everything is still there. */
static struct {
    uint64_t stack_top; /* of the process */
    uintptr_t *thread;  /* the C library's thread block */
    uint64_t guest_stack;
    uint64_t entry;
    uint64_t boot_info;
    struct sock_fprog filter;
    bool traced;
} last;

static long call(long n, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    long r;
    register uint64_t r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return r;
}

/* With the process's stack gone there is no way back; a refusal here ends it with its status alone. */
static void last_steps(void)
{
    (void)call(SYS_set_robust_list, 0, 3 * sizeof(long), 0, 0);
    (void)call(SYS_set_tid_address, 0, 0, 0, 0);
    blank_thread[THREAD_WORDS] = (uintptr_t)&blank_thread[THREAD_WORDS];
    last.thread[CANARY_WORD] = 0;
    __stack_chk_guard = 0;
    long bad = call(SYS_arch_prctl, ARCH_SET_FS, (uintptr_t)&blank_thread[THREAD_WORDS], 0, 0);
    bad |= call(SYS_munmap, last.stack_top - STACK_SPAN, STACK_SPAN, 0, 0);
    bad |= call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (uintptr_t)&last.filter, 0);
    if (bad)
        (void)call(SYS_exit_group, FAIL_HOST, 0, 0, 0);
    if (last.traced)
        launch_jump_traced(last.guest_stack, last.entry, last.boot_info);
    launch_jump(last.guest_stack, last.entry, last.boot_info);
}

/* The name of the program is the last string on a process's stack. */
static uint64_t stack_top(void)
{
    const char *name = (const char *)getauxval(AT_EXECFN);
    return ((uintptr_t)name + strlen(name) + 1 + sizeof(void *) + PAGE - 1) & ~(PAGE - 1);
}

static void emit_filter(const struct tender *t)
{
    struct seccomp_policy policy = {.manifest = &t->manifest,
                                    .epoll_fd = TENDER_FD_EPOLL,
                                    .timer_fd = TENDER_FD_TIMER,
                                    .control_fd = t->held[TENDER_FD_CONTROL] ? TENDER_FD_CONTROL : -1,
                                    .vcpu_fd = -1,
                                    .extended = t->jinn != NULL,
                                    .pauses = t->xdp_calls != 0};
    seccomp_emit(&policy, &program);
    if (program.full)
        fail(FAIL_DEVICE, "%s: it has more devices than the host's filter on system calls can hold", t->options.image);
    last.filter = (struct sock_fprog){(unsigned short)program.n, program.code};
}

void launch(struct tender *t)
{
    uintptr_t *thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    emit_filter(t);
    confine_limits();
    confine_signals(t);
    report_install(t);
    last.stack_top = stack_top();
    last.thread = thread;
    last.guest_stack = layout_placed(&t->layout, t->options.memory_bytes) - 8;
    last.entry = layout_placed(&t->layout, t->plan.entry);
    last.boot_info = layout_placed(&t->layout, SOLO5_BOOT_INFO);
    last.traced = t->options.traced;
    if (mprotect(t, sizeof *t, PROT_READ) != 0)
        fail(FAIL_HOST, "the host refused to protect the tender's record: %s", strerror(errno));
    launch_on_stack(last_stack + sizeof last_stack, last_steps);
}
