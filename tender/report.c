/* SPDX-License-Identifier: ISC */
/* Runs when the image broke a rule: in its process, behind its filter, with nothing to rely on. It makes two system calls,
 * write on descriptor 2 and exit_group, both of which the guest may make itself; it uses no thread block, no heap and no
 * state but the tender's read-only record.
 *
 * An attacker in the guest shares the address space, so it can spoil the signal stack, jump into this code, or cause a
 * fault on purpose. All of it gives the power to write on descriptor 2 and to exit, which it has anyway. The handler
 * does not return and sigreturn is not allowed, so registers can't be set through it. It reads only memory of the guest's. */
#include "tender/report.h"

#include "tender/crash.h"
#include "tender/fail.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#define SIGNAL_STACK_BYTES 32768
#define TRAP_PAGE 14

static const struct tender *tender;
static uint8_t signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(16)));

static long raw_call(long n, long a, long b, long c)
{
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}

static void describe_segv(struct writer *w, const siginfo_t *info, const greg_t *g)
{
    if (g[REG_TRAPNO] == TRAP_PAGE)
        crash_page_fault(w, tender, (uint64_t)(uintptr_t)info->si_addr, (uint64_t)g[REG_ERR]);
    else
        crash_protection(w, tender, (uint64_t)g[REG_RIP]);
}

static void describe(struct writer *w, int number, const siginfo_t *info, const greg_t *g)
{
    switch (number) {
    case SIGSYS:
        write_str(w, "made the forbidden system call ");
        crash_decimal(w, (unsigned)info->si_syscall);
        break;
    case SIGSEGV:
        describe_segv(w, info, g);
        break;
    case SIGBUS:
        write_str(w, "used a page of its file that is gone: was the file overwritten?");
        break;
    case SIGILL:
        write_str(w, "came to an illegal instruction: a trap of the compiler's");
        break;
    default:
        write_str(w, "divided by zero or made another error of arithmetic");
        break;
    }
}

static struct crash_registers registers_of(const greg_t *g)
{
    static const uint8_t order[CRASH_REGISTERS] = {REG_RIP, REG_RSP, REG_RBP, REG_RAX, REG_RBX, REG_RCX,
                                                   REG_RDX, REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10,
                                                   REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    struct crash_registers r;
    for (size_t i = 0; i < CRASH_REGISTERS; i++)
        r.value[i] = (uint64_t)g[order[i]];
    return r;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    char text[CRASH_REPORT_BYTES];
    const greg_t *g = ((const ucontext_t *)context)->uc_mcontext.gregs;
    struct crash_registers registers = registers_of(g);
    struct writer w = writer_of(text, sizeof text);
    write_str(&w, "jinn-spt: the image ");
    describe(&w, number, info, g);
    crash_where(&w, tender, &registers);
    (void)raw_call(SYS_write, STDERR_FILENO, (long)text, (long)writer_len(&w));
    for (;;)
        (void)raw_call(SYS_exit_group, FAIL_CRASH, 0, 0);
}

/* A second fault, in here, must end the process: so the handler goes when it is entered. */
void report_install(const struct tender *t)
{
    static const int numbers[] = {SIGSYS, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER)};
    tender = t;
    int bad = sigaltstack(&stack, NULL);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        bad |= sigaction(numbers[i], &action, NULL);
    if (bad)
        fail(FAIL_HOST, "the host refused the handlers for crashes");
}
