/* SPDX-License-Identifier: ISC */
/* No thread block, no heap, no state: this also runs inside the process of an image that has crashed. It reads only memory
 * of the guest's. */
#include "tender/crash.h"

#define SCAN_WORDS 1024 /* of the stack, for return addresses */
#define FRAMES_MAX 12
#define FAULT_WRITE 2 /* bits of the processor's error code */
#define FAULT_FETCH 16
#define HLT 0xf4

void crash_hex(struct writer *w, uint64_t v)
{
    write_str(w, "0x");
    int shift = 60;
    while (shift > 0 && !(v >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        write_u8(w, (uint8_t) "0123456789abcdef"[v >> shift & 15]);
}

void crash_decimal(struct writer *w, uint64_t v)
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
static uint64_t linked(const struct tender *t, uint64_t address)
{
    uint64_t in_file;
    (void)layout_linked(&t->layout, address, &in_file);
    return in_file;
}

static const struct elf_segment *segment_of(const struct tender *t, uint64_t address)
{
    uint64_t in_file;
    if (!layout_linked(&t->layout, address, &in_file))
        return NULL;
    for (size_t i = 0; i < t->plan.n; i++) {
        if (in_file >= t->plan.segments[i].start && in_file < t->plan.segments[i].end)
            return &t->plan.segments[i];
    }
    return NULL;
}

/* Where a guest's address is in this process; NULL if the guest could not read there. Behind the image's last segment and
 * between its stacks is plain memory. */
static const void *readable(const struct tender *t, uint64_t address)
{
    uint64_t in_file;
    const struct elf_segment *s = segment_of(t, address);
    if (!layout_linked(&t->layout, address, &in_file) || (s && !(s->flags & ELF_READ)))
        return NULL;
    return tender_at(t, in_file);
}

static bool executable(const struct tender *t, uint64_t address)
{
    const struct elf_segment *s = segment_of(t, address);
    return s && s->flags & ELF_EXECUTE;
}

void crash_page_fault(struct writer *w, const struct tender *t, uint64_t address, uint64_t error)
{
    const struct elf_segment *s = segment_of(t, address);
    uint64_t in_file;
    bool inside = layout_linked(&t->layout, address, &in_file);
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
    crash_hex(w, in_file);
}

bool crash_is_system_call(const struct tender *t, uint64_t after)
{
    const uint8_t *at = readable(t, after - 2);
    return at && executable(t, after - 2) && readable(t, after - 1) && at[0] == 0x0f && at[1] == 0x05;
}

/* The other reasons for which an address or an instruction is refused. */
void crash_protection(struct writer *w, const struct tender *t, uint64_t rip)
{
    const uint8_t *at = executable(t, rip) ? readable(t, rip) : NULL;
    if (at && *at == HLT)
        write_str(w, "stopped itself: the C library found its heap or its state broken");
    else
        write_str(w, "used a privileged instruction or an address that can't be");
}

static void write_registers(struct writer *w, const struct crash_registers *r)
{
    static const char names[CRASH_REGISTERS][4] = {"rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
                                                   "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (size_t i = 0; i < CRASH_REGISTERS; i++) {
        write_str(w, i % 6 ? " " : "\n ");
        write_str(w, " ");
        write_str(w, names[i]);
        write_str(w, " ");
        crash_hex(w, r->value[i]);
    }
}

/* The words on the stack that point into text: the return addresses, and perhaps a few more that once were. A stack that
 * ran over is read from its lowest address on. */
static void write_trace(struct writer *w, const struct tender *t, uint64_t rip, uint64_t rsp)
{
    const struct elf_segment *s = segment_of(t, rsp);
    uint64_t at = (s && s->flags == 0 ? layout_placed(&t->layout, s->end) : rsp) & ~UINT64_C(7);
    int frames = 0;
    write_str(w, "\n  in the image's file: rip ");
    crash_hex(w, linked(t, rip));
    write_str(w, ", return addresses:");
    for (int i = 0; i < SCAN_WORDS && frames < FRAMES_MAX; i++, at += 8) {
        const uint64_t *word = readable(t, at);
        if (!word)
            break;
        if (!executable(t, *word))
            continue;
        write_str(w, " ");
        crash_hex(w, linked(t, *word));
        frames++;
    }
    write_str(w, frames ? "\n" : " none\n");
}

/* Where the parts are that were moved, and how to have them there again. */
static void write_layout(struct writer *w, const struct layout *l)
{
    static const char *const names[LAYOUT_PARTS] = {"  layout: info at ", ", image at ", ", stacks at ", ", heap at "};
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        write_str(w, names[i]);
        crash_hex(w, l->parts[i].start + l->parts[i].by);
    }
    write_str(w, "; the same again: --layout-seed=");
    crash_decimal(w, l->seed);
    write_str(w, "\n");
}

void crash_where(struct writer *w, const struct tender *t, const struct crash_registers *r)
{
    write_registers(w, r);
    write_trace(w, t, r->value[CRASH_RIP], r->value[CRASH_RSP]);
    if (t->layout.moved)
        write_layout(w, &t->layout);
}
