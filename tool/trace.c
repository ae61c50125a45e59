/* SPDX-License-Identifier: ISC */
#include "tool/trace.h"

#include "tender/debug/registers.h"
#include "tool/say.h"
#include "tool/text.h"
#include "wire/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define XSTATE_BYTES 16384 /* more than any processor has so far */
#define STEPS_MAX 20000    /* out of a function of the kernel's page */
#define STATUS_CRASH 70
#define PAGEMAP_ENTRIES 512
#define PAGEMAP_THERE 62 /* in memory or swapped out: the two highest bits */
#define NO_CALL UINT64_MAX

static bool begin(struct trace *t, pid_t pid)
{
    long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    t->pid = pid;
    return ptrace(PTRACE_SEIZE, pid, NULL, options) == 0;
}

static void *number(uint64_t n)
{
    return (void *)(uintptr_t)n;
}

static void run(struct trace *t, int request, int signal_number)
{
    if (ptrace((enum __ptrace_request)request, t->pid, NULL, number((uint64_t)signal_number)) != 0)
        t->phase = TRACE_GONE; /* killed meanwhile; the end will be told */
}

static int request_of(const struct trace *t)
{
    return t->how == DEBUG_STEP ? PTRACE_SINGLESTEP : PTRACE_CONT;
}

static bool in_image(const struct trace *t, uint64_t address)
{
    return t->laid_out && layout_span(&t->layout, address, 1) == 1;
}

static bool get_user(const struct trace *t, struct user_regs_struct *u)
{
    return ptrace(PTRACE_GETREGS, t->pid, NULL, u) == 0;
}

/* ---- Memory and registers ---- */

static size_t read_memory(void *self, uint64_t address, void *out, size_t len)
{
    struct trace *t = self;
    len = t->laid_out ? layout_span(&t->layout, address, len) : 0;
    ssize_t n = len ? pread(t->memory, out, len, (off_t)address) : 0;
    return n > 0 ? (size_t)n : 0;
}

/* A page without an entry was never there. */
uint64_t trace_touched(pid_t pid, uint64_t address, uint64_t end)
{
    uint64_t entries[PAGEMAP_ENTRIES];
    int fd = open(format_text("/proc/%d/pagemap", (int)pid), O_RDONLY | O_CLOEXEC);
    uint64_t at = address;
    for (bool found = fd < 0; at < end && !found;) {
        ssize_t n = pread(fd, entries, sizeof entries, (off_t)(at / ELF_PAGE * sizeof *entries));
        found = n < (ssize_t)sizeof *entries;
        for (size_t i = 0; !found && i < (size_t)n / sizeof *entries && at < end; i++) {
            found = entries[i] >> PAGEMAP_THERE != 0;
            at += found ? 0 : ELF_PAGE;
        }
    }
    if (fd >= 0)
        close(fd);
    return at < end ? at : end;
}

static uint64_t next_touched(void *self, uint64_t address, uint64_t end)
{
    const struct trace *t = self;
    return trace_touched(t->pid, address, end);
}

/* By words, because only ptrace writes to what is read-only whatever the host's settings. */
static bool write_memory(void *self, uint64_t address, const void *data, size_t len)
{
    struct trace *t = self;
    const uint8_t *bytes = data;
    if (!t->laid_out || layout_span(&t->layout, address, len) < len)
        return false;
    for (size_t i = 0; i < len;) {
        uint64_t at = (address + i) & ~UINT64_C(7), skip = (address + i) & 7;
        size_t n = len - i < 8 - skip ? len - i : 8 - skip;
        errno = 0;
        long word = ptrace(PTRACE_PEEKDATA, t->pid, number(at), NULL);
        if (errno)
            return false;
        memcpy((uint8_t *)&word + skip, bytes + i, n);
        if (ptrace(PTRACE_POKEDATA, t->pid, number(at), word) != 0)
            return false;
        i += n;
    }
    return true;
}

/* Where Linux keeps each of ours. */
static unsigned long long *place_of(struct user_regs_struct *u, unsigned i)
{
    unsigned long long *places[DEBUG_REGISTERS] = {
        &u->rax, &u->rbx, &u->rcx, &u->rdx, &u->rsi, &u->rdi, &u->rbp,     &u->rsp,     &u->r8,
        &u->r9,  &u->r10, &u->r11, &u->r12, &u->r13, &u->r14, &u->r15,     &u->rip,     &u->eflags,
        &u->cs,  &u->ss,  &u->ds,  &u->es,  &u->fs,  &u->gs,  &u->fs_base, &u->gs_base, &u->orig_rax,
    };
    return places[i];
}

static size_t get_xstate(const struct trace *t, uint8_t area[static XSTATE_BYTES])
{
    struct iovec v = {area, XSTATE_BYTES};
    return ptrace(PTRACE_GETREGSET, t->pid, number(NT_X86_XSTATE), &v) == 0 ? v.iov_len : 0;
}

static bool read_registers(void *self, struct debug_registers *r)
{
    struct trace *t = self;
    struct user_regs_struct u;
    uint8_t area[XSTATE_BYTES];
    *r = (struct debug_registers){.known = DEBUG_ALL_KNOWN};
    if (!get_user(t, &u))
        return false;
    for (unsigned i = 0; i < DEBUG_REGISTERS; i++)
        r->r[i] = *place_of(&u, i);
    size_t len = get_xstate(t, area);
    r->xsave_len = len >= DEBUG_XSAVE_BYTES ? DEBUG_XSAVE_BYTES : len >= DEBUG_FXSAVE_BYTES ? DEBUG_FXSAVE_BYTES : 0;
    memcpy(r->xsave, area, r->xsave_len);
    return true;
}

/* The kernel must not start a system call again whose registers were changed. */
static bool write_registers(void *self, const struct debug_registers *r)
{
    struct trace *t = self;
    struct user_regs_struct u;
    uint8_t area[XSTATE_BYTES];
    if (!get_user(t, &u))
        return false;
    bool moved = u.rip != r->r[DEBUG_RIP];
    for (unsigned i = 0; i < DEBUG_REGISTERS; i++)
        *place_of(&u, i) = r->r[i];
    if (moved)
        u.orig_rax = NO_CALL;
    if (ptrace(PTRACE_SETREGS, t->pid, NULL, &u) != 0)
        return false;
    size_t len = r->xsave_len ? get_xstate(t, area) : 0;
    if (len < r->xsave_len || len == 0)
        return len == r->xsave_len;
    memcpy(area, r->xsave, r->xsave_len);
    struct iovec v = {area, len};
    return ptrace(PTRACE_SETREGSET, t->pid, number(NT_X86_XSTATE), &v) == 0;
}

static bool poke_debug(const struct trace *t, unsigned i, uint64_t value)
{
    return ptrace(PTRACE_POKEUSER, t->pid, number(offsetof(struct user, u_debugreg) + 8 * i), number(value)) == 0;
}

static uint64_t take_dr6(const struct trace *t)
{
    long dr6 = ptrace(PTRACE_PEEKUSER, t->pid, number(offsetof(struct user, u_debugreg) + 8 * 6), NULL);
    (void)poke_debug(t, 6, 0);
    return (uint64_t)dr6;
}

/* Off before addresses change: the kernel checks each by the kind that is in force. */
static bool set_debug_registers(void *self, const uint64_t address[DEBUG_SLOTS], uint64_t dr7)
{
    struct trace *t = self;
    bool good = poke_debug(t, 7, 0);
    for (unsigned i = 0; i < DEBUG_SLOTS; i++)
        good = poke_debug(t, i, address[i]) && good;
    return poke_debug(t, 7, dr7) && good;
}

/* ---- Running ---- */

static void resume(void *self, enum debug_resume how)
{
    struct trace *t = self;
    int signal_number = how == DEBUG_GO_DIE ? t->fault : 0;
    t->how = how == DEBUG_STEP ? DEBUG_STEP : DEBUG_GO;
    t->fault = 0;
    t->faulted = how == DEBUG_GO_DIE;
    t->phase = TRACE_RUNS;
    run(t, request_of(t), signal_number);
}

/* Before the image runs its start is a stop anyway. */
static void interrupt(void *self)
{
    struct trace *t = self;
    if (t->phase != TRACE_RUNS)
        return;
    t->interrupting = true;
    (void)ptrace(PTRACE_INTERRUPT, t->pid, NULL, NULL);
}

static void kill_image(void *self)
{
    struct trace *t = self;
    (void)kill(t->pid, SIGKILL);
}

static const struct debug_ops ops = {
    .read_memory = read_memory,
    .next_touched = next_touched,
    .write_memory = write_memory,
    .read_registers = read_registers,
    .write_registers = write_registers,
    .set_debug_registers = set_debug_registers,
    .resume = resume,
    .interrupt = interrupt,
    .kill = kill_image,
};

/* ---- Stops ---- */

/* One instruction, also where no image is yet. True: it was done, and no other stop came; those and the end stay to be
 * waited for. */
static bool step(const struct trace *t)
{
    siginfo_t info;
    int status;
    if (ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) != 0)
        return false;
    if (waitid(P_PID, (id_t)t->pid, &info, WSTOPPED | WEXITED | WNOWAIT) != 0 || info.si_code != CLD_TRAPPED ||
        info.si_status != SIGTRAP)
        return false;
    return waitpid(t->pid, &status, 0) == t->pid;
}

/* Steps until an instruction of the image's is next. False: something else came between. */
static bool step_into_image(const struct trace *t)
{
    struct user_regs_struct u;
    for (int i = 0; i < STEPS_MAX; i++) {
        if (!get_user(t, &u) || in_image(t, u.rip))
            return true;
        if (!step(t))
            return false;
    }
    return true;
}

/* The tender's own steps, up to the trap behind which only the jump is left. */
static bool follow_tender(struct trace *t, int status, struct debug_stop *stop)
{
    int signal_number = WSTOPSIG(status);
    if (status >> 16 == 0 && signal_number == SIGTRAP && t->memory >= 0) {
        t->phase = TRACE_STOPPED;
        *stop = (struct debug_stop){.kind = DEBUG_STARTED};
        return step(t);
    }
    if (status >> 16 == PTRACE_EVENT_EXEC)
        t->memory = open(format_text("/proc/%d/mem", (int)t->pid), O_RDONLY | O_CLOEXEC);
    if (status >> 16 == PTRACE_EVENT_EXEC && t->memory < 0)
        fail(STATUS_HOST, "the host does not let an image's memory be read: %s", strerror(errno));
    run(t, PTRACE_CONT, status >> 16 ? 0 : signal_number);
    return false;
}

uint8_t trace_signal(int number_of_linux)
{
    switch (number_of_linux) {
    case SIGILL:
        return DEBUG_SIGILL;
    case SIGFPE:
        return DEBUG_SIGFPE;
    case SIGBUS:
        return DEBUG_SIGBUS;
    case SIGSEGV:
        return DEBUG_SIGSEGV;
    case SIGSYS:
        return DEBUG_SIGSYS;
    default:
        return DEBUG_SIGKILL;
    }
}

static bool is_fault(int signal_number)
{
    return signal_number == SIGSEGV || signal_number == SIGBUS || signal_number == SIGILL || signal_number == SIGFPE ||
           signal_number == SIGSYS;
}

/* A signal on its way to the image: the processor's own, or somebody's, which it gets. */
static bool take_signal(struct trace *t, int signal_number, struct debug_stop *stop)
{
    siginfo_t info;
    struct user_regs_struct u;
    bool own = ptrace(PTRACE_GETSIGINFO, t->pid, NULL, &info) == 0 && info.si_code > 0 && get_user(t, &u);
    if (own && signal_number == SIGTRAP) {
        bool int3 = info.si_code == SI_KERNEL;
        *stop = (struct debug_stop){.kind = int3 ? DEBUG_INT3 : DEBUG_TRACED};
        stop->address = u.rip - 1;
        stop->dr6 = take_dr6(t);
        return true;
    }
    if (own && !t->faulted && is_fault(signal_number)) {
        *stop = (struct debug_stop){.kind = DEBUG_FAULT, .signal = trace_signal(signal_number)};
        t->fault = signal_number;
        t->faulted = true;
        return true;
    }
    run(t, request_of(t), signal_number == SIGTRAP && !own ? 0 : signal_number);
    return false;
}

/* On its way out: with the status of a bug, this is the last moment to look at it. */
static bool take_exit(struct trace *t, struct debug_stop *stop)
{
    unsigned long status = 0;
    (void)ptrace(PTRACE_GETEVENTMSG, t->pid, NULL, &status);
    if (t->faulted || !WIFEXITED((int)status) || WEXITSTATUS((int)status) != STATUS_CRASH) {
        t->how = DEBUG_GO;
        run(t, PTRACE_CONT, 0);
        return false;
    }
    t->faulted = true;
    *stop = (struct debug_stop){.kind = DEBUG_ABORTED};
    return true;
}

/* The stop that was asked for, a stop of the job control's, or what the kernel tells of its end. */
static bool take_event_stop(struct trace *t, int signal_number, struct debug_stop *stop)
{
    if (signal_number != SIGTRAP) {
        (void)ptrace(PTRACE_LISTEN, t->pid, NULL, NULL);
        return false;
    }
    if (!t->interrupting) {
        run(t, request_of(t), 0);
        return false;
    }
    *stop = (struct debug_stop){.kind = DEBUG_INTERRUPTED};
    return true;
}

static bool take_stop(struct trace *t, int status, struct debug_stop *stop)
{
    int event = status >> 16;
    if (event == PTRACE_EVENT_EXIT)
        return take_exit(t, stop);
    if (event == PTRACE_EVENT_STOP)
        return take_event_stop(t, WSTOPSIG(status), stop);
    return take_signal(t, WSTOPSIG(status), stop);
}

struct debug_stop trace_end(struct trace *t, int status)
{
    t->phase = TRACE_GONE;
    if (t->memory >= 0)
        close(t->memory);
    t->memory = -1;
    return WIFEXITED(status) ? (struct debug_stop){.kind = DEBUG_EXITED, .status = (uint8_t)WEXITSTATUS(status)}
                             : (struct debug_stop){.kind = DEBUG_KILLED, .signal = trace_signal(WTERMSIG(status))};
}

static bool take_status(struct trace *t, int status, struct debug_stop *stop)
{
    if (!WIFSTOPPED(status)) {
        *stop = trace_end(t, status);
        return true;
    }
    if (t->phase == TRACE_TENDER)
        return follow_tender(t, status, stop);
    if (!take_stop(t, status, stop))
        return false;
    t->phase = TRACE_STOPPED;
    t->interrupting = false;
    if (stop->kind != DEBUG_INTERRUPTED)
        return true;
    return step_into_image(t); /* it may have been reading the clock in the kernel's page */
}

/* All is told by its status. */
static bool heard(struct trace *t, struct debug_stop *stop)
{
    (void)t;
    (void)stop;
    return false;
}

const struct trace_way trace_process = {&ops, begin, take_status, heard};

void trace_init(struct trace *t, const struct trace_way *way)
{
    *t = (struct trace){.way = way, .memory = -1, .channel = -1, .theirs = -1};
}
