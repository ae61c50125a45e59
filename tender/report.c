/* SPDX-License-Identifier: ISC */
/* Runs when the image broke a rule: in its process, behind its filter, with nothing to rely on. It makes two system calls,
 * write on descriptor 2 and exit_group, both of which the guest may make itself; it uses no thread block, no heap and no
 * state but the tender's read-only record.
 *
 * An attacker in the guest shares the address space, so it can spoil the signal stack, jump into this code, or cause a
 * fault on purpose. All of it gives the power to write on descriptor 2 and to exit, which it has anyway. The handler
 * does not return and sigreturn is not allowed, so registers can't be set through it. It reads only memory of the guest's. */
#include "tender/report.h"

#include "tender/fail.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <unistd.h>

#define SIGNAL_STACK_BYTES 32768
#define SCAN_WORDS 1024 /* of the stack, for return addresses */
#define FRAMES_MAX 12
#define FAULT_WRITE 2 /* bits of the processor's error code */
#define FAULT_FETCH 16
#define TRAP_PAGE 14
#define HLT 0xf4

static const struct tender *tender;
static uint8_t signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(16)));

static long raw_call(long n, long a, long b, long c)
{
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}

static void write_hex(struct writer *w, uint64_t v)
{
    write_str(w, "0x");
    int shift = 60;
    while (shift > 0 && !(v >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        write_u8(w, (uint8_t) "0123456789abcdef"[v >> shift & 15]);
}

static void write_decimal(struct writer *w, uint64_t v)
{
    char digits[20];
    unsigned n = 0;
    do
        digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        write_u8(w, (uint8_t)digits[--n]);
}

/* An address as in the image's file; the address itself when it is none of the guest's. */
static uint64_t linked(uint64_t address)
{
    uint64_t in_file;
    (void)layout_linked(&tender->layout, address, &in_file);
    return in_file;
}

static const struct elf_segment *segment_of(uint64_t address)
{
    uint64_t in_file;
    if (!layout_linked(&tender->layout, address, &in_file))
        return NULL;
    for (size_t i = 0; i < tender->plan.n; i++) {
        if (in_file >= tender->plan.segments[i].start && in_file < tender->plan.segments[i].end)
            return &tender->plan.segments[i];
    }
    return NULL;
}

/* Behind the image's last segment and between its stacks is plain memory. */
static bool readable(uint64_t address)
{
    uint64_t in_file;
    const struct elf_segment *s = segment_of(address);
    return layout_linked(&tender->layout, address, &in_file) && (!s || s->flags & ELF_READ);
}

static bool executable(uint64_t address)
{
    const struct elf_segment *s = segment_of(address);
    return s && s->flags & ELF_EXECUTE;
}

static void describe_page_fault(struct writer *w, uint64_t address, uint64_t error)
{
    const struct elf_segment *s = segment_of(address);
    uint64_t in_file;
    bool inside = layout_linked(&tender->layout, address, &in_file);
    if (address < SOLO5_MEMORY_BASE)
        write_str(w, error & FAULT_FETCH   ? "jumped through a null pointer"
                     : error & FAULT_WRITE ? "wrote through a null pointer"
                                           : "read through a null pointer");
    else if (s && s->flags == 0)
        write_str(w, "ran over the end of a stack, into its guard");
    else if (error & FAULT_FETCH)
        write_str(w, inside ? "tried to execute data" : "jumped outside its memory");
    else if (s && error & FAULT_WRITE)
        write_str(w, s->flags & ELF_EXECUTE ? "wrote to its text, which is read-only" : "wrote to read-only data");
    else
        write_str(w, error & FAULT_WRITE ? "wrote outside its memory" : "read outside its memory");
    write_str(w, ", at ");
    write_hex(w, in_file);
}

static void describe_segv(struct writer *w, const siginfo_t *info, const greg_t *g)
{
    uint64_t rip = (uint64_t)g[REG_RIP];
    if (g[REG_TRAPNO] == TRAP_PAGE)
        describe_page_fault(w, (uint64_t)(uintptr_t)info->si_addr, (uint64_t)g[REG_ERR]);
    else if (executable(rip) && readable(rip) && *(const uint8_t *)(uintptr_t)rip == HLT)
        write_str(w, "stopped itself: the C library found its heap or its state broken");
    else
        write_str(w, "used a privileged instruction or an address that can't be");
}

static void describe(struct writer *w, int number, const siginfo_t *info, const greg_t *g)
{
    switch (number) {
    case SIGSYS:
        write_str(w, "made the forbidden system call ");
        write_decimal(w, (unsigned)info->si_syscall);
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

static void write_registers(struct writer *w, const greg_t *g)
{
    static const struct {
        const char *name;
        int index;
    } registers[] = {
        {"rip", REG_RIP}, {"rsp", REG_RSP}, {"rbp", REG_RBP}, {"rax", REG_RAX}, {"rbx", REG_RBX}, {"rcx", REG_RCX},
        {"rdx", REG_RDX}, {"rsi", REG_RSI}, {"rdi", REG_RDI}, {"r8", REG_R8},   {"r9", REG_R9},   {"r10", REG_R10},
        {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13}, {"r14", REG_R14}, {"r15", REG_R15},
    };
    for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
        write_str(w, i % 6 ? " " : "\n ");
        write_str(w, " ");
        write_str(w, registers[i].name);
        write_str(w, " ");
        write_hex(w, (uint64_t)g[registers[i].index]);
    }
}

/* The words on the stack that point into text: the return addresses, and perhaps a few more that once were. A stack that
 * ran over is read from its lowest address on. */
static void write_trace(struct writer *w, uint64_t rip, uint64_t rsp)
{
    const struct elf_segment *s = segment_of(rsp);
    uint64_t at = (s && s->flags == 0 ? layout_placed(&tender->layout, s->end) : rsp) & ~UINT64_C(7);
    int frames = 0;
    write_str(w, "\n  in the image's file: rip ");
    write_hex(w, linked(rip));
    write_str(w, ", return addresses:");
    for (int i = 0; i < SCAN_WORDS && frames < FRAMES_MAX && readable(at); i++, at += 8) {
        uint64_t word = *(const uint64_t *)(uintptr_t)at;
        if (!executable(word))
            continue;
        write_str(w, " ");
        write_hex(w, linked(word));
        frames++;
    }
    write_str(w, frames ? "\n" : " none\n");
}

/* Where the parts are that were moved, and how to have them there again. */
static void write_layout(struct writer *w)
{
    static const char *const names[LAYOUT_PARTS] = {"  layout: info at ", ", image at ", ", stacks at ", ", heap at "};
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        const struct layout_part *p = &tender->layout.parts[i];
        write_str(w, names[i]);
        write_hex(w, p->start + p->by);
    }
    write_str(w, "; the same again: --layout-seed=");
    write_decimal(w, tender->layout.seed);
    write_str(w, "\n");
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    char text[2048];
    const greg_t *g = ((const ucontext_t *)context)->uc_mcontext.gregs;
    struct writer w = writer_of(text, sizeof text);
    write_str(&w, "jinn-spt: the image ");
    describe(&w, number, info, g);
    write_registers(&w, g);
    write_trace(&w, (uint64_t)g[REG_RIP], (uint64_t)g[REG_RSP]);
    if (tender->layout.moved)
        write_layout(&w);
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
