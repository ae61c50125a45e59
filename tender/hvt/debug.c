/* SPDX-License-Identifier: ISC */
/* Breakpoints and faults come by the exceptions' stubs, as in any run (run.c); here they are undone, so that the processor is
 * where the image was. Steps and debug registers are KVM's business, and come as KVM_EXIT_DEBUG, or by the stubs where KVM
 * leaves exceptions to the guest.
 *
 * Whether a KVM has debug registers for guests it does not say, so it is tried, at the image's first instruction: an
 * int3 lies there, and a debug register has its address, which would come first. Where there are none the image is
 * stepped while points are set, and looked at after each step. */
#include "tender/hvt/debug.h"

#include "tender/debug/channel.h"
#include "tender/debug/registers.h"
#include "tender/fail.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define INT3 0xcc
#define TRAP_FLAG UINT64_C(0x100)
#define XCR0_AVX 4
#define DR7_FIRST 0x401 /* the first register, for execution */

static struct {
    bool on;
    bool probing; /* the start was not told so far */
    uint8_t first;
    bool has_registers;
    bool noted;       /* that there are none */
    bool interrupted; /* which was not told so far */
    bool changed;     /* the registers below */
    struct kvm_sync_regs regs;
    enum debug_resume how;
    uint64_t address[DEBUG_SLOTS], dr7;
    uint64_t before[DEBUG_SLOTS]; /* what was there before a step */
    struct channel_message message;
} debug;

/* ---- Points ---- */

static enum point_kind kind_of(unsigned slot)
{
    return (enum point_kind)(debug.dr7 >> (16 + 4 * slot) & 3);
}

static size_t len_of(unsigned slot)
{
    static const uint8_t lengths[] = {1, 2, 8, 4};
    return lengths[debug.dr7 >> (18 + 4 * slot) & 3];
}

static bool in_use(unsigned slot)
{
    return debug.dr7 >> (2 * slot) & 3;
}

/* Memory of the guest in this process; gives how much of it there is. */
static size_t reach(const struct machine *m, uint64_t address, size_t len, uint8_t **at)
{
    const struct tender *t = m->tender;
    uint64_t linked;
    *at = layout_linked(&t->layout, address, &linked) ? tender_at(t, linked) : NULL;
    return *at ? layout_span(&t->layout, address, len) : 0;
}

static uint64_t content(const struct machine *m, unsigned slot)
{
    uint64_t value = 0;
    uint8_t *at;
    size_t n = reach(m, debug.address[slot], len_of(slot), &at);
    if (n)
        memcpy(&value, at, n);
    return value;
}

/* Those that a step has come to, as bits of DR6. */
static uint64_t points_hit(const struct machine *m, uint64_t rip)
{
    uint64_t hit = 0;
    for (unsigned i = 0; i < DEBUG_SLOTS; i++) {
        if (!in_use(i))
            continue;
        uint64_t now = content(m, i);
        bool there = kind_of(i) == POINT_EXECUTE ? rip == debug.address[i] : now != debug.before[i];
        hit |= (uint64_t)there << i;
        debug.before[i] = now;
    }
    return hit;
}

/* Reading changes nothing that could be looked at. */
static bool can_watch(uint64_t dr7)
{
    static const char slow[] =
        "jinn-hvt: note: the host's KVM has no debug registers for images, so each instruction is "
        "looked at, which is slow, and reading can't be watched\n";
    if (debug.has_registers || !dr7)
        return true;
    if (!debug.noted)
        (void)!write(STDERR_FILENO, slow, sizeof slow - 1);
    debug.noted = true;
    for (unsigned i = 0; i < DEBUG_SLOTS; i++) {
        if (dr7 >> (2 * i) & 3 && (dr7 >> (16 + 4 * i) & 3) == POINT_ACCESS)
            return false;
    }
    return true;
}

static bool set_points(const struct machine *m, const uint64_t address[DEBUG_SLOTS], uint64_t dr7)
{
    if (!can_watch(dr7))
        return false;
    debug.dr7 = dr7;
    memcpy(debug.address, address, sizeof debug.address);
    (void)points_hit(m, 0);
    return true;
}

static bool steps_for_points(void)
{
    return debug.dr7 && !debug.has_registers;
}

/* ---- Running ---- */

/* An image of Solo5's has handlers of its own, which a breakpoint must not come to; KVM may know how. */
static void arm(const struct machine *m, enum debug_resume how)
{
    struct kvm_guest_debug d = {.control = m->tender->jinn ? 0 : KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP};
    debug.how = how;
    if (how == DEBUG_STEP || (how == DEBUG_GO && steps_for_points()))
        d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_SINGLESTEP;
    if (debug.has_registers && debug.dr7) {
        d.control |= KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP;
        memcpy(d.arch.debugreg, debug.address, sizeof debug.address);
        d.arch.debugreg[7] = debug.dr7;
    }
    if (ioctl(TENDER_FD_CPU, KVM_SET_GUEST_DEBUG, &d) != 0)
        fail(FAIL_HOST, "the host's KVM refused to let %s be debugged: %s", m->tender->options.image, strerror(errno));
}

/* ---- Registers ---- */

static __u64 *place_of(struct kvm_sync_regs *s, unsigned i)
{
    struct kvm_regs *r = &s->regs;
    __u64 *places[DEBUG_RFLAGS + 1] = {&r->rax, &r->rbx, &r->rcx, &r->rdx, &r->rsi, &r->rdi,
                                       &r->rbp, &r->rsp, &r->r8,  &r->r9,  &r->r10, &r->r11,
                                       &r->r12, &r->r13, &r->r14, &r->r15, &r->rip, &r->rflags};
    return places[i];
}

static bool get_registers(const struct machine *m, struct debug_registers *r)
{
    struct kvm_sregs *s = &debug.regs.sregs;
    struct kvm_xsave wide;
    *r = (struct debug_registers){.known = DEBUG_ALL_KNOWN};
    for (unsigned i = 0; i <= DEBUG_RFLAGS; i++)
        r->r[i] = *place_of(&debug.regs, i);
    const struct kvm_segment *segments[] = {&s->cs, &s->ss, &s->ds, &s->es, &s->fs, &s->gs};
    for (unsigned i = 0; i < ARRAY_LEN(segments); i++)
        r->r[DEBUG_CS + i] = segments[i]->selector;
    r->r[DEBUG_FS_BASE] = s->fs.base;
    r->r[DEBUG_GS_BASE] = s->gs.base;
    r->r[DEBUG_ORIG_RAX] = UINT64_MAX;
    if (ioctl(TENDER_FD_CPU, KVM_GET_XSAVE, &wide) != 0)
        return false;
    r->xsave_len = m->xcr0 & XCR0_AVX ? DEBUG_XSAVE_BYTES : DEBUG_FXSAVE_BYTES;
    memcpy(r->xsave, wide.region, r->xsave_len);
    return true;
}

/* Segments are what they are. */
static bool set_registers(const struct debug_registers *r)
{
    struct kvm_xsave wide;
    for (unsigned i = 0; i <= DEBUG_RFLAGS; i++)
        *place_of(&debug.regs, i) = r->r[i];
    debug.regs.sregs.fs.base = r->r[DEBUG_FS_BASE];
    debug.regs.sregs.gs.base = r->r[DEBUG_GS_BASE];
    debug.changed = true;
    if (r->xsave_len == 0)
        return true;
    if (r->xsave_len > DEBUG_XSAVE_BYTES || ioctl(TENDER_FD_CPU, KVM_GET_XSAVE, &wide) != 0)
        return false;
    memcpy(wide.region, r->xsave, r->xsave_len);
    return ioctl(TENDER_FD_CPU, KVM_SET_XSAVE, &wide) == 0;
}

/* What was changed, where the processor takes it from. */
static void put_back(struct machine *m)
{
    if (!debug.changed)
        return;
    if (debug.regs.sregs.cs.selector & 3) /* others may have tables of their own */
        machine_set_level(&debug.regs.sregs, debug.regs.sregs.cs.selector);
    m->run->s.regs = debug.regs;
    machine_set_registers(m);
    debug.changed = false;
}

/* ---- Questions ---- */

/* Without the other end there is nobody left whom the image runs for. */
static void exchange(bool send)
{
    struct channel_message *c = &debug.message;
    size_t sent = CHANNEL_HEAD_BYTES + (c->kind == CHANNEL_READ ? c->len : 0);
    ssize_t n = send ? write(TENDER_FD_DEBUG, c, sent) : read(TENDER_FD_DEBUG, c, sizeof *c);
    size_t data = c->kind == CHANNEL_WRITE && !send ? c->len : 0;
    if (n < (ssize_t)CHANNEL_HEAD_BYTES || c->len > CHANNEL_DATA_MAX || n < (ssize_t)(CHANNEL_HEAD_BYTES + data))
        _exit(FAIL_HOST);
}

static void answer(const struct machine *m)
{
    struct channel_message *c = &debug.message;
    uint8_t *at;
    size_t there = reach(m, c->address, c->len, &at);
    c->good = true;
    switch (c->kind) {
    case CHANNEL_READ:
        c->len = (uint32_t)there;
        if (there)
            memcpy(c->data, at, there);
        break;
    case CHANNEL_WRITE:
        c->good = there == c->len;
        if (c->good)
            memcpy(at, c->data, there);
        break;
    case CHANNEL_GET:
        c->good = get_registers(m, &c->registers);
        break;
    case CHANNEL_SET:
        c->good = set_registers(&c->registers);
        break;
    case CHANNEL_POINTS:
        c->good = set_points(m, c->points.address, c->points.dr7);
        break;
    default:
        c->good = false;
    }
}

/* With the message to be told; the image stands still until it is resumed. */
static void stand(struct machine *m)
{
    debug.regs = *machine_registers(m);
    debug.interrupted = false;
    debug.message.len = 0;
    exchange(true);
    for (exchange(false); debug.message.kind != CHANNEL_RESUME; exchange(false)) {
        answer(m);
        exchange(true);
    }
    enum debug_resume how = debug.message.how;
    put_back(m);
    (void)points_hit(m, 0);
    arm(m, how);
}

/* ---- The start ---- */

void debug_open(struct machine *m)
{
    struct tender *t = m->tender;
    struct {
        struct kvm_signal_mask head;
        uint8_t set[8];
    } mask = {.head.len = sizeof mask.set};
    sigset_t interrupt;
    int fd = t->options.debug_fd, type = 0;
    if (fd < 0)
        return;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof type}) != 0 || type != SOCK_SEQPACKET)
        fail(FAIL_DEVICE, "--debug=@%d: no socket that keeps messages apart is open there", fd);
    debug.on = true;
    tender_stage(t, TENDER_FD_DEBUG, fd);
    sigemptyset(&interrupt);
    sigaddset(&interrupt, CHANNEL_SIGNAL);
    (void)sigprocmask(SIG_BLOCK, &interrupt, NULL);
    fd = signalfd(-1, &interrupt, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        fail(FAIL_HOST, "the host refused a descriptor for signals: %s", strerror(errno));
    tender_stage(t, TENDER_FD_INTERRUPT, fd);
    /* Of those that are blocked (confine.c) KVM_RUN ends with this one, which stays to be read. */
    mask.set[(SIGTERM - 1) / 8] |= (uint8_t)((t->jinn != NULL) << (SIGTERM - 1) % 8);
    mask.set[(SIGINT - 1) / 8] |= (uint8_t)((t->jinn != NULL) << (SIGINT - 1) % 8);
    if (ioctl(m->cpu, KVM_SET_SIGNAL_MASK, &mask) != 0)
        fail(FAIL_HOST, "the host's KVM refused to be interrupted: %s", strerror(errno));
}

void debug_begin(struct machine *m)
{
    const struct tender *t = m->tender;
    uint8_t *entry = tender_at(t, t->plan.entry);
    if (!debug.on)
        return;
    debug.probing = debug.has_registers = true;
    debug.first = *entry;
    *entry = INT3;
    debug.address[0] = layout_placed(&t->layout, t->plan.entry);
    debug.dr7 = DR7_FIRST;
    arm(m, DEBUG_GO);
}

static bool end_probe(struct machine *m, bool has_registers)
{
    const struct tender *t = m->tender;
    *(uint8_t *)tender_at(t, t->plan.entry) = debug.first;
    debug.regs = *machine_registers(m);
    debug.regs.regs.rip = debug.address[0];
    debug.changed = true;
    put_back(m);
    debug.probing = false;
    debug.has_registers = has_registers;
    debug.dr7 = 0;
    debug.message.kind = CHANNEL_STARTED;
    debug.message.started.layout = t->layout;
    debug.message.started.memory = (uintptr_t)t->memory;
    stand(m);
    return true;
}

/* ---- Stops ---- */

/* True: the image goes on. */
static bool tell(struct machine *m, struct debug_stop stop)
{
    if (debug.probing)
        (void)end_probe(m, false);
    debug.message.kind = CHANNEL_STOPPED;
    debug.message.stop = stop;
    stand(m);
    return debug.how != DEBUG_GO_DIE;
}

static bool stepped(struct machine *m, uint64_t dr6)
{
    uint64_t used = DR6_STEP;
    for (unsigned i = 0; i < DEBUG_SLOTS; i++)
        used |= (uint64_t)in_use(i) << i;
    if (steps_for_points())
        dr6 |= points_hit(m, machine_registers(m)->regs.rip);
    if (steps_for_points() && debug.how == DEBUG_GO && !(dr6 & DR6_SLOTS)) {
        if (debug.interrupted)
            return tell(m, (struct debug_stop){.kind = DEBUG_INTERRUPTED});
        arm(m, DEBUG_GO);
        return true;
    }
    return tell(m, (struct debug_stop){.kind = DEBUG_TRACED, .dr6 = dr6 & used});
}

static void undo(struct machine *m, const struct exception_frame *f)
{
    debug.regs = *machine_registers(m);
    debug.regs.regs.rip = f->rip;
    debug.regs.regs.rsp = f->rsp;
    debug.regs.regs.rflags = f->flags & ~TRAP_FLAG;
    machine_set_level(&debug.regs.sregs, f->cs);
    debug.changed = true;
    put_back(m);
}

static enum debug_signal signal_of(const struct exception *e)
{
    switch (e->number) {
    case EXCEPTION_DIVISION:
    case EXCEPTION_X87:
    case EXCEPTION_SSE:
        return DEBUG_SIGFPE;
    case EXCEPTION_ILLEGAL:
        return e->system_call ? DEBUG_SIGSYS : DEBUG_SIGILL;
    case EXCEPTION_SEGMENT:
    case EXCEPTION_STACK:
    case EXCEPTION_ALIGNMENT:
        return DEBUG_SIGBUS;
    default:
        return e->system_call ? DEBUG_SIGSYS : DEBUG_SIGSEGV;
    }
}

bool debug_exception(struct machine *m, const struct exception *e)
{
    if (!debug.on)
        return false;
    undo(m, &e->frame);
    if (debug.probing)
        return end_probe(m, false);
    if (e->number == EXCEPTION_DEBUG)
        return stepped(m, debug.how == DEBUG_STEP ? DR6_STEP : 0);
    if (e->number == EXCEPTION_INT3)
        return tell(m, (struct debug_stop){.kind = DEBUG_INT3, .address = e->frame.rip - 1});
    return debug_fault(m, signal_of(e));
}

bool debug_fault(struct machine *m, unsigned signal)
{
    return debug.on && tell(m, (struct debug_stop){.kind = DEBUG_FAULT, .signal = (uint8_t)signal});
}

/* Within a stub a step ends for nobody. */
bool debug_exit(struct machine *m)
{
    const struct kvm_debug_exit_arch *a = &m->run->debug.arch;
    bool int3 = a->exception == EXCEPTION_INT3;
    if (!debug.on || a->pc >= TABLES_SYSTEM)
        return debug.on;
    if (debug.probing)
        return end_probe(m, !int3);
    return int3 ? tell(m, (struct debug_stop){.kind = DEBUG_INT3, .address = a->pc}) : stepped(m, a->dr6);
}

/* In a stub the exception is on its way, and is told instead. */
void debug_interrupted(struct machine *m)
{
    struct signalfd_siginfo info;
    if (!debug.on || read(TENDER_FD_INTERRUPT, &info, sizeof info) != sizeof info)
        return;
    debug.interrupted = true;
    if (machine_registers(m)->regs.rip < TABLES_SYSTEM)
        (void)tell(m, (struct debug_stop){.kind = DEBUG_INTERRUPTED});
}

void debug_aborted(struct machine *m)
{
    if (debug.on)
        (void)tell(m, (struct debug_stop){.kind = DEBUG_ABORTED});
}
