/* SPDX-License-Identifier: ISC */
/* The guest runs until it writes to a port: one of the hypercalls', or one of the stubs' that exceptions lead to. Every other
 * exit is the end, with a report. Registers come by the page that KVM shares, since the filter knows no other ioctl
 * than KVM_RUN. */
#include "tender/hvt/run.h"

#include "tender/crash.h"
#include "tender/debug/target.h"
#include "tender/fail.h"
#include "tender/hvt/call.h"
#include "tender/hvt/debug.h"
#include "tender/kind.h"
#include "wire/hvt.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EXCEPTIONS 32
#define SYSTEM_CALL_BYTES 2

static bool has_error(unsigned number)
{
    return number == 8 || (number >= 10 && number <= 14) || number == 17 || number == 21;
}

static struct crash_registers registers_of(const struct kvm_regs *r)
{
    return (struct crash_registers){{[CRASH_RIP] = r->rip,
                                     [CRASH_RSP] = r->rsp,
                                     [CRASH_RBP] = r->rbp,
                                     [CRASH_RAX] = r->rax,
                                     [CRASH_RBX] = r->rbx,
                                     [CRASH_RCX] = r->rcx,
                                     [CRASH_RDX] = r->rdx,
                                     [CRASH_RSI] = r->rsi,
                                     [CRASH_RDI] = r->rdi,
                                     [CRASH_R8] = r->r8,
                                     [CRASH_R9] = r->r9,
                                     [CRASH_R10] = r->r10,
                                     [CRASH_R11] = r->r11,
                                     [CRASH_R12] = r->r12,
                                     [CRASH_R13] = r->r13,
                                     [CRASH_R14] = r->r14,
                                     [CRASH_R15] = r->r15}};
}

static struct writer begin_report(char *text, size_t size)
{
    struct writer w = writer_of(text, size);
    write_str(&w, tender_kind.program);
    write_str(&w, ": the image ");
    return w;
}

NO_RETURN static void end_report(const struct machine *m, struct writer *w, const struct crash_registers *r)
{
    crash_where(w, m->tender, r);
    struct bytes text = writer_bytes(w);
    (void)!write(STDERR_FILENO, text.data, text.len);
    _exit(FAIL_CRASH);
}

/* A processor that knows no system calls says that the instruction is illegal. Where ring 0 is emulated it may jump to an
 * address that nobody set, which is 0. */
static bool is_system_call(const struct machine *m, struct exception *e)
{
    struct exception_frame *f = &e->frame;
    bool jumped = e->number == EXCEPTION_PAGE && f->rip == 0 && crash_is_system_call(m->tender, e->regs.rcx);
    if (jumped)
        f->rip = e->regs.rcx - SYSTEM_CALL_BYTES;
    return jumped || (e->number == EXCEPTION_ILLEGAL && crash_is_system_call(m->tender, f->rip + SYSTEM_CALL_BYTES));
}

static void describe_exception(struct writer *w, const struct machine *m, const struct exception *e)
{
    switch (e->number) {
    case EXCEPTION_PAGE:
        crash_page_fault(w, m->tender, e->address, e->frame.error);
        break;
    case EXCEPTION_PROTECTION:
        crash_protection(w, m->tender, e->frame.rip);
        break;
    case EXCEPTION_DIVISION:
    case EXCEPTION_X87:
    case EXCEPTION_SSE:
        write_str(w, "divided by zero or made another error of arithmetic");
        break;
    case EXCEPTION_ILLEGAL:
        write_str(w, "came to an illegal instruction: a trap of the compiler's");
        break;
    default:
        write_str(w, "caused exception ");
        crash_decimal(w, e->number);
        break;
    }
}

/* `what` completes "the image ...". */
NO_RETURN static void report_stop(struct machine *m, const char *what, uint64_t number, uint64_t address)
{
    char text[CRASH_REPORT_BYTES];
    struct crash_registers r = registers_of(&machine_registers(m)->regs);
    struct writer w = begin_report(text, sizeof text);
    write_str(&w, what);
    write_str(&w, " (");
    crash_hex(&w, number);
    write_str(&w, ", ");
    crash_hex(&w, address);
    write_str(&w, ")");
    end_report(m, &w, &r);
}

NO_RETURN static void report_exception(const struct machine *m, const struct exception *e)
{
    char text[CRASH_REPORT_BYTES];
    struct writer w = begin_report(text, sizeof text);
    if (e->system_call) {
        write_str(&w, "made the forbidden system call ");
        crash_decimal(&w, (unsigned)e->regs.rax);
    } else {
        describe_exception(&w, m, e);
    }
    struct crash_registers r = registers_of(&e->regs);
    r.value[CRASH_RIP] = e->frame.rip;
    r.value[CRASH_RSP] = e->frame.rsp;
    end_report(m, &w, &r);
}

static void on_exception(struct machine *m, unsigned number)
{
    const struct kvm_sync_regs *s = machine_registers(m);
    struct exception e = {.number = number, .regs = s->regs, .address = s->sregs.cr2};
    struct exception_frame *f = &e.frame;
    if (s->sregs.cs.selector & 3)
        report_stop(m, "used a port that is not there", TABLES_PORT + number, 0);
    size_t len = has_error(number) ? sizeof *f : sizeof *f - sizeof f->error;
    memcpy((uint8_t *)f + sizeof *f - len, tables_system(&m->tables) + TABLES_FRAME_END - len, len);
    e.system_call = is_system_call(m, &e);
    if (!debug_exception(m, &e))
        report_exception(m, &e);
}

/* `what` completes "the image ..."; it goes on only if somebody debugs it and says so. */
static void on_fault(struct machine *m, enum debug_signal signal, const char *what, uint64_t number, uint64_t address)
{
    if (!debug_fault(m, signal))
        report_stop(m, what, number, address);
}

static void on_port(struct machine *m)
{
    const struct kvm_run *run = m->run;
    uint32_t value = 0;
    bool out = run->io.direction == KVM_EXIT_IO_OUT && run->io.count == 1;
    unsigned port = run->io.port;
    memcpy(&value, (const uint8_t *)run + run->io.data_offset, run->io.size);
    if (out && run->io.size == 1 && port >= TABLES_PORT && port < TABLES_PORT + EXCEPTIONS)
        on_exception(m, port - TABLES_PORT);
    else if (out && run->io.size == 4 && port == HVT_PORT_RING && ring_answer(m))
        return;
    else if (!out || run->io.size != 4 || port < HVT_PORT || port >= HVT_PORT + HVT_CALLS)
        on_fault(m, DEBUG_SIGSYS, "used a port that is not there", port, value);
    else if (!call_answer(m, port - HVT_PORT, value))
        on_fault(m, DEBUG_SIGSYS, "made a hypercall that is not there, or with memory that is not its own",
                 port - HVT_PORT, value);
}

static void on_exit_of_kvm(struct machine *m)
{
    switch (m->run->exit_reason) {
    case KVM_EXIT_IO:
        on_port(m);
        break;
    case KVM_EXIT_INTR:
        break;
    case KVM_EXIT_SHUTDOWN:
        on_fault(m, DEBUG_SIGSEGV, "broke its exception handlers and stopped", 0, 0);
        break;
    case KVM_EXIT_MMIO:
        on_fault(m, DEBUG_SIGBUS, "used an address without memory", m->run->mmio.is_write, m->run->mmio.phys_addr);
        break;
    case KVM_EXIT_INTERNAL_ERROR:
        on_fault(m, DEBUG_SIGILL, "came to an instruction that the host's KVM can't run", m->run->internal.suberror,
                 m->run->internal.ndata ? m->run->internal.data[0] : 0);
        break;
    case KVM_EXIT_DEBUG:
        if (debug_exit(m))
            break;
        /* fall through */
    default:
        report_stop(m, "stopped in a way that is unknown", m->run->exit_reason, 0);
    }
}

void run_first(struct machine *m)
{
    if (!machine_run_nothing(m))
        fail(FAIL_HOST, "the host's KVM does not begin to run the image: %s%s", strerror(errno),
             errno == EAGAIN ? "; may this user have one more thread (`ulimit -u`)?" : "");
}

void run(struct machine *m)
{
    debug_begin(m);
    for (;;) {
        if (ioctl(TENDER_FD_CPU, KVM_RUN, 0) == 0)
            on_exit_of_kvm(m);
        else if (errno == EINTR)
            debug_interrupted(m);
        else if (errno == EFAULT)
            on_fault(m, DEBUG_SIGBUS, "used memory that the host protects, or a page of a file that is gone", 0, 0);
        else
            fail(FAIL_HOST, "the host's KVM does not run the image: %s", strerror(errno));
    }
}
