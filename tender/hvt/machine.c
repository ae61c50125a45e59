/* SPDX-License-Identifier: ISC */
/* Images of ours run unprivileged (CPL 3) and sealed: all that needs privilege is set here, and can't be changed any more.
 * Images of Solo5's run at CPL 0, as they expect to, on the same page tables. */
#include "tender/hvt/machine.h"

#include "tender/fail.h"
#include "wire/hvt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#define PERSONALITY_ASK 0xffffffff
#define HEAP_LARGE (UINT64_C(32) << 20)
#define API_VERSION 12
#define LAYOUT_ATTEMPTS 16
#define CPUID_ENTRIES 256 /* a new processor has about 100 */
#define POPULATE_WRITE 23 /* MADV_POPULATE_WRITE, since Linux 5.14 */
#define EARLY_BYTES (8 * ELF_PAGE)
#define EARLY_STACKS 2
#define INSTEAD "; `-t spt` needs no KVM"
#define INTERRUPTS UINT64_C(0xfee00000) /* where processors may have the page of their interrupt controller */

#define CR0 UINT64_C(0x80010033)     /* paging, write protection, x87 and long mode's rest */
#define CR4_BASE UINT64_C(0x620)     /* PAE, SSE and its exceptions */
#define CR4_UMIP (UINT64_C(1) << 11) /* the tables' addresses are not told to CPL 3 */
#define CR4_FSGSBASE (UINT64_C(1) << 16)
#define CR4_OSXSAVE (UINT64_C(1) << 18)
#define EFER UINT64_C(0xd00) /* long mode, no-execute; no system calls */
#define FLAGS UINT64_C(2)
#define VENDOR_AMD 0x68747541 /* the first four letters of the name */
#define VENDOR_HYGON 0x6f677948
#define XCR0_WANTED 0xe7 /* x87, SSE, AVX, AVX-512 */

static struct {
    struct kvm_cpuid2 head;
    struct kvm_cpuid_entry2 entries[CPUID_ENTRIES];
} cpuid;

static const struct need {
    int capability;
    const char *name;
} needs[] = {
    {KVM_CAP_USER_MEMORY, "memory of a process"},
    {KVM_CAP_EXT_CPUID, "CPUID"},
    {KVM_CAP_GET_TSC_KHZ, "the rate of the time stamp counter"},
    {KVM_CAP_SYNC_REGS, "registers in the shared page"},
    {KVM_CAP_IMMEDIATE_EXIT, "immediate exits"},
    {KVM_CAP_XCRS, "XCR0"},
};

NO_RETURN static void refused(const char *what)
{
    fail(FAIL_HOST, "the host's KVM refused %s: %s" INSTEAD, what, strerror(errno));
}

void machine_open(struct machine *m)
{
    m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (m->kvm < 0 && (errno == EACCES || errno == EPERM))
        fail(FAIL_HOST,
             "/dev/kvm may not be opened by this user: add it to the group that may (`ls -l /dev/kvm`)" INSTEAD);
    if (m->kvm < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
        fail(FAIL_HOST,
             "this host has no /dev/kvm: no hardware virtualisation, or its kernel module is not loaded" INSTEAD);
    if (m->kvm < 0)
        fail(FAIL_HOST, "/dev/kvm can't be opened: %s" INSTEAD, strerror(errno));
    if (ioctl(m->kvm, KVM_GET_API_VERSION, 0) != API_VERSION)
        fail(FAIL_HOST, "/dev/kvm is not KVM's, or speaks another version than 12" INSTEAD);
    for (size_t i = 0; i < ARRAY_LEN(needs); i++)
        if (ioctl(m->kvm, KVM_CHECK_EXTENSION, needs[i].capability) <= 0)
            fail(FAIL_HOST, "the host's KVM is too old: it lacks %s" INSTEAD, needs[i].name);
}

/* One mapping for the guest and the pages behind it that it can't touch, so that one slot holds both. Where an image's
 * segment is read-only, so is the mapping, and KVM then refuses to write there, whatever the page tables say. */
static uint8_t *map_memory(uint64_t guest_bytes, uint64_t bytes)
{
    if (personality(PERSONALITY_ASK) & READ_IMPLIES_EXEC)
        fail(FAIL_HOST, "the host runs programs with READ_IMPLIES_EXEC; start the tender without `setarch -X`");
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        fail(FAIL_HOST, "the host refused %llu MB of memory: %s", (unsigned long long)(guest_bytes >> 20),
             strerror(errno));
    return p;
}

static void add_slot(struct machine *m, uint8_t *memory, uint64_t bytes)
{
    struct kvm_userspace_memory_region r = {.memory_size = bytes, .userspace_addr = (uintptr_t)memory};
    if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &r) != 0)
        refused("the guest's memory");
}

static void map_run(struct machine *m)
{
    int bytes = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (bytes < (int)sizeof(struct kvm_run))
        refused("the page that it shares");
    void *p = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->cpu, 0);
    if (p == MAP_FAILED)
        refused("the page that it shares");
    m->run = p;
}

/* Page tables lead from any place to the memory, so whatever is drawn is free. The heap lies above what hypercalls' arguments
 * may, so that there is room for it however large it is; a large one at a multiple of what one entry
 * of them maps, so that they stay small. */
static void place(struct tender *t)
{
    uint64_t seed;
    bool moved = tender_begin_layout(t, &seed);
    struct layout_part *heap = &t->layout.parts[LAYOUT_HEAP];
    if (heap->end - heap->start >= HEAP_LARGE || !moved)
        heap->granule = TABLES_LARGE;
    if (!moved)
        return;
    heap->lowest = TABLES_HEAP_LOWEST;
    heap->highest = TABLES_END;
    for (unsigned attempt = 0; attempt < LAYOUT_ATTEMPTS; attempt++) {
        if (layout_draw(&t->layout, seed, attempt, SOLO5_MEMORY_BASE, TABLES_SYSTEM))
            return;
    }
    layout_as_linked(&t->layout, &t->plan, t->options.memory_bytes);
    (void)dprintf(STDERR_FILENO,
                  "jinn-hvt: note: %s with its stacks hardly fits below 4 GB, so it lies where it was linked\n",
                  t->options.image);
}

/* A processor for which the host's kernel has no interrupt controller makes it patch its own code when the processor comes,
 * and again when it goes, which takes longer than the controller. A sealed image can't reach one; Solo5's might, and gets none.
 * Where the host has no such thing, or memory lies in its place, it is slower, and that is all. */
static void add_interrupts(const struct machine *m, uint64_t bytes)
{
    struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP};
    if (m->tender->jinn && bytes <= INTERRUPTS)
        (void)ioctl(m->vm, KVM_ENABLE_CAP, &split);
}

void machine_create(struct machine *m, struct tender *t)
{
    place(t);
    uint64_t bytes = tables_bytes(&t->layout);
    m->tender = t;
    m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
    if (m->vm < 0)
        refused("a virtual machine");
    add_interrupts(m, bytes);
    m->cpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
    if (m->cpu < 0)
        refused("a virtual processor");
    map_run(m);
    t->memory = map_memory(t->options.memory_bytes, bytes);
    add_slot(m, t->memory, bytes);
    int khz = ioctl(m->cpu, KVM_GET_TSC_KHZ, 0);
    if (khz <= 0)
        fail(FAIL_HOST, "the host's time stamp counter is not steady, and an image for hvt has no other clock" INSTEAD);
    m->tsc_hz = (uint64_t)khz * 1000;
    tender_stage(t, TENDER_FD_CPU, m->cpu);
}

static const struct kvm_cpuid_entry2 *leaf(uint32_t function, uint32_t index)
{
    for (uint32_t i = 0; i < cpuid.head.nent; i++)
        if (cpuid.entries[i].function == function && cpuid.entries[i].index == index)
            return &cpuid.entries[i];
    return NULL;
}

static void set_cpuid(struct machine *m)
{
    cpuid.head.nent = CPUID_ENTRIES;
    if (ioctl(m->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) != 0)
        refused("to say what the processor can do");
    if (ioctl(m->cpu, KVM_SET_CPUID2, &cpuid) != 0)
        refused("what the processor can do");
}

static struct kvm_segment segment(uint16_t selector, uint8_t type, bool code)
{
    return (struct kvm_segment){.limit = 0xffffffff,
                                .selector = selector,
                                .type = type,
                                .present = 1,
                                .dpl = selector & 3,
                                .db = !code,
                                .s = 1,
                                .l = code,
                                .g = 1};
}

/* Of a task segment in use. AMD's processors don't keep the busy bit (2) in the register, and emulators of theirs look for
 * a register without it before they let a guest use the segment's list of ports; Intel's refuse to enter a guest without. */
static uint8_t task_type(void)
{
    const struct kvm_cpuid_entry2 *vendor = leaf(0, 0);
    bool amd = vendor && (vendor->ebx == VENDOR_AMD || vendor->ebx == VENDOR_HYGON);
    return amd ? 9 : 11;
}

/* FSGSBASE is tried, since a KVM may let the guest have it without saying so. */
static uint64_t sealed_cr4(void)
{
    const struct kvm_cpuid_entry2 *features = leaf(1, 0), *more = leaf(7, 0);
    uint64_t cr4 = CR4_FSGSBASE;
    if (more && more->ecx & 4)
        cr4 |= CR4_UMIP;
    if (features && features->ecx & 1 << 26)
        cr4 |= CR4_OSXSAVE;
    return cr4;
}

void machine_set_level(struct kvm_sregs *s, uint64_t selector)
{
    s->cs = segment(selector & 3 ? TABLES_CODE_3 : TABLES_CODE_0, 11, true);
    s->ss = segment(selector & 3 ? TABLES_DATA_3 : TABLES_DATA_0, 3, false);
    s->tr = (struct kvm_segment){.base = TABLES_SYSTEM + TABLES_TASK,
                                 .limit = TABLES_TASK_BYTES - 1,
                                 .selector = TABLES_TASK_SELECTOR,
                                 .type = task_type(),
                                 .present = 1};
}

bool machine_run_nothing(struct machine *m)
{
    m->run->immediate_exit = 1;
    int r = ioctl(TENDER_FD_CPU, KVM_RUN, 0);
    m->run->immediate_exit = 0;
    return r < 0 && errno == EINTR;
}

struct kvm_sync_regs *machine_registers(struct machine *m)
{
    m->run->kvm_valid_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    (void)machine_run_nothing(m);
    m->run->kvm_valid_regs = 0;
    return &m->run->s.regs;
}

void machine_set_registers(struct machine *m)
{
    m->run->kvm_dirty_regs = KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS;
    (void)machine_run_nothing(m);
    m->run->kvm_dirty_regs = 0;
}

static void set_system_registers(struct machine *m, bool sealed)
{
    const struct tables *t = &m->tables;
    struct kvm_sregs s;
    if (ioctl(m->cpu, KVM_GET_SREGS, &s) != 0)
        refused("the processor's state");
    s.cr0 = CR0;
    s.cr3 = t->root;
    s.cr4 = CR4_BASE | (sealed ? sealed_cr4() : 0);
    s.efer = EFER;
    machine_set_level(&s, sealed ? 3 : 0);
    s.ds = s.es = s.fs = s.gs = s.ss;
    s.ldt = (struct kvm_segment){.unusable = 1};
    s.gdt.base = TABLES_SYSTEM + TABLES_SEGMENTS;
    s.gdt.limit = TABLES_SEGMENTS_BYTES - 1;
    s.idt.base = TABLES_SYSTEM + TABLES_EXCEPTIONS;
    s.idt.limit = TABLES_EXCEPTIONS_BYTES - 1;
    if (ioctl(m->cpu, KVM_SET_SREGS, &s) != 0)
        refused("the state that a sealed image's processor must have, FSGSBASE among it");
    const struct kvm_cpuid_entry2 *states = leaf(0xd, 0);
    struct kvm_xcrs x = {.nr_xcrs = 1, .xcrs = {{.value = states ? states->eax & XCR0_WANTED : 1}}};
    m->xcr0 = s.cr4 & CR4_OSXSAVE ? x.xcrs[0].value : 1;
    if (s.cr4 & CR4_OSXSAVE && ioctl(m->cpu, KVM_SET_XCRS, &x) != 0)
        refused("the processor's wide registers");
}

static void make_present(const struct tender *t, uint64_t start, uint64_t end)
{
    if (start < end)
        (void)madvise(tender_at(t, start), end - start, POPULATE_WRITE);
}

/* Each page that the guest touches first costs an exit, and where KVM shadows the guest's tables those beside it come along,
 * if they are there. So they are: the beginnings of data and heap, and the ends of the first stacks. */
static void make_early_pages(const struct tender *t)
{
    const struct layout_part *heap = &t->layout.parts[LAYOUT_HEAP];
    uint64_t guard = 0;
    for (size_t i = 0, n_stacks = 0; i < t->plan.n; i++) {
        const struct elf_segment *s = &t->plan.segments[i];
        if (s->flags == (ELF_READ | ELF_WRITE)) {
            make_present(t, s->start, s->end - s->start < EARLY_BYTES ? s->end : s->start + EARLY_BYTES);
        } else if (!s->flags) {
            uint64_t early = s->start - guard < EARLY_BYTES ? guard : s->start - EARLY_BYTES;
            if (guard && n_stacks++ < EARLY_STACKS)
                make_present(t, early, s->start);
            guard = s->end;
        }
    }
    if (heap->end - heap->start > EARLY_BYTES)
        make_present(t, heap->start, heap->start + EARLY_BYTES);
}

void machine_prepare(struct machine *m)
{
    struct tender *t = m->tender;
    bool sealed = t->jinn != NULL;
    make_early_pages(t);
    tables_build(&m->tables, t->memory, &t->layout, &t->plan, !sealed);
    set_cpuid(m);
    set_system_registers(m, sealed);
    struct kvm_regs r = {.rip = layout_placed(&t->layout, t->plan.entry),
                         .rsp = layout_placed(&t->layout, t->options.memory_bytes) - 8,
                         .rdi = layout_placed(&t->layout, SOLO5_BOOT_INFO),
                         .rflags = FLAGS};
    if (ioctl(m->cpu, KVM_SET_REGS, &r) != 0)
        refused("the processor's registers");
}
