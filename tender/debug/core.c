/* SPDX-License-Identifier: ISC */
/* The file: ELF header, table of segments (the notes, then the areas), the notes, and from a page's beginning on the memory. Pages
 * of zeros are not written, so the file is sparse.
 *
 *   note          u32 name length, u32 content length, u32 type, name padded to 8, content
 *   NT_PRSTATUS   12 u16 signal  32 u32 thread  112 registers (27 u64)  328 u32 floating point is valid; 336 bytes
 *   NT_AUXV       pairs of u64
 *
 * There is no NT_PRPSINFO: its place for a name is too short for that of a file with symbols, and gdb would warn that they differ. */
#include "tender/debug/core.h"

#include "tender/debug/registers.h"

enum { NT_PRSTATUS = 1, NT_FPREGSET = 2, NT_AUXV = 6, NT_X86_XSTATE = 0x202 };
enum { TYPE_CORE = 4, MACHINE_X86_64 = 62, PT_LOAD = 1, PT_NOTE = 4, AUXV_PAGESZ = 6, AUXV_ENTRY = 9 };

#define HEADER_BYTES 64
#define SEGMENT_BYTES 56
#define NOTE_BYTES(len) (12 + 8 + (uint64_t)(len)) /* every content's length is a multiple of 4 */
#define STATUS_BYTES 336
#define AUXV_BYTES 48
#define THREAD_NOTES_BYTES (NOTE_BYTES(STATUS_BYTES) + NOTE_BYTES(DEBUG_FXSAVE_BYTES) + NOTE_BYTES(DEBUG_XSAVE_BYTES))
#define XCR0_OFFSET 464 /* Linux's place for it in an XSAVE area */
#define XCR0_AVX 7
#define CHUNK_BYTES (16 * ELF_PAGE)

/* What is under way: all of it is appended, the end of the notes is known before. */
struct dump {
    const struct debug_target *target;
    const struct core_sink *sink;
    struct fibers fibers;
    uint64_t at;
    uint64_t last; /* address behind the last area */
    bool good;
};

static void append(struct dump *d, struct bytes b)
{
    d->good = d->good && d->sink->write(d->sink->to, d->at, b.data, b.len);
    d->at += b.len;
}

/* ---- Areas ---- */

static size_t add_area(struct core_area *areas, size_t n, uint64_t start, uint64_t end, uint32_t flags)
{
    if (start < end)
        areas[n++] = (struct core_area){start, end, flags};
    return n;
}

/* No segment lies in two parts. */
static size_t add_part(const struct elf_plan *plan, const struct layout_part *p, struct core_area *areas, size_t n)
{
    uint64_t at = p->start;
    for (size_t i = 0; i < plan->n; i++) {
        const struct elf_segment *s = &plan->segments[i];
        if (s->start < p->start || s->start >= p->end)
            continue;
        n = add_area(areas, n, at + p->by, s->start + p->by, ELF_READ | ELF_WRITE);
        if (s->flags)
            n = add_area(areas, n, s->start + p->by, s->end + p->by, s->flags);
        at = s->end;
    }
    return add_area(areas, n, at + p->by, p->end + p->by, ELF_READ | ELF_WRITE);
}

size_t core_areas(const struct elf_plan *plan, const struct layout *layout,
                  struct core_area areas[static CORE_AREAS_MAX])
{
    bool done[LAYOUT_PARTS] = {false};
    size_t n = 0;
    for (size_t round = 0; round < LAYOUT_PARTS; round++) {
        const struct layout_part *parts = layout->parts;
        size_t lowest = LAYOUT_PARTS;
        for (size_t i = 0; i < LAYOUT_PARTS; i++)
            if (!done[i] &&
                (lowest == LAYOUT_PARTS || parts[i].start + parts[i].by < parts[lowest].start + parts[lowest].by))
                lowest = i;
        done[lowest] = true;
        n = add_part(plan, &parts[lowest], areas, n);
    }
    return n;
}

/* ---- Notes ---- */

static void emit_note(struct writer *w, const char *name, uint32_t type, uint32_t len)
{
    size_t name_len = strlen(name) + 1;
    write_le32(w, (uint32_t)name_len);
    write_le32(w, len);
    write_le32(w, type);
    write_copy(w, name, name_len);
    write_zeros(w, 8 - name_len);
}

static void emit_status(struct writer *w, uint32_t thread, int signal, const struct debug_registers *r)
{
    emit_note(w, "CORE", NT_PRSTATUS, STATUS_BYTES);
    write_le32(w, (uint32_t)signal);
    write_zeros(w, 8);
    write_le16(w, (uint16_t)signal);
    write_zeros(w, 18);
    write_le32(w, thread);
    write_zeros(w, 76);
    registers_emit_core(w, r);
    write_le32(w, r->xsave_len != 0);
    write_zeros(w, 4);
}

/* Of the thread that runs; a fiber that waits has none. */
static void emit_vectors(struct writer *w, const struct debug_registers *r)
{
    uint8_t area[DEBUG_XSAVE_BYTES];
    if (r->xsave_len == 0)
        return;
    memcpy(area, r->xsave, sizeof area);
    emit_note(w, "CORE", NT_FPREGSET, DEBUG_FXSAVE_BYTES);
    write_copy(w, area, DEBUG_FXSAVE_BYTES);
    if (r->xsave_len < DEBUG_XSAVE_BYTES)
        return;
    area[XCR0_OFFSET] = XCR0_AVX;
    memset(area + XCR0_OFFSET + 1, 0, 7);
    emit_note(w, "LINUX", NT_X86_XSTATE, DEBUG_XSAVE_BYTES);
    write_copy(w, area, DEBUG_XSAVE_BYTES);
}

static void emit_auxv(struct writer *w, uint64_t entry)
{
    emit_note(w, "CORE", NT_AUXV, AUXV_BYTES);
    write_le64(w, AUXV_PAGESZ);
    write_le64(w, ELF_PAGE);
    write_le64(w, AUXV_ENTRY);
    write_le64(w, entry);
    write_zeros(w, 16);
}

/* False when the thread is not there, or not whole. */
static bool emit_thread(struct dump *d, uint32_t id, int signal, struct writer *w)
{
    struct debug_thread thread;
    struct debug_registers r;
    if (!fibers_get(&d->fibers, id, &thread) || !fibers_registers(&d->fibers, &thread, &r))
        return false;
    emit_status(w, id, signal, &r);
    emit_vectors(w, &r);
    return true;
}

/* Threads by number, but first the one that has the processor. Appends the notes unless it is only to tell their length: that
 * must be known before, for the table of segments. */
static uint64_t notes(struct dump *d, int signal, bool only_length)
{
    uint8_t buffer[THREAD_NOTES_BYTES + NOTE_BYTES(AUXV_BYTES)];
    struct debug_thread thread;
    struct writer w = writer_of(buffer, sizeof buffer);
    uint64_t len = 0;
    (void)emit_thread(d, d->fibers.current, signal, &w);
    emit_auxv(&w, d->target->entry);
    for (uint32_t id = 0;;) {
        len += writer_len(&w);
        if (!only_length)
            append(d, writer_bytes(&w));
        w = writer_of(buffer, sizeof buffer);
        if (!fibers_next(&d->fibers, id, &thread))
            return len;
        id = thread.id;
        if (id != d->fibers.current)
            (void)emit_thread(d, id, signal, &w); /* as Linux: a reader takes the last one's */
    }
}

/* ---- The table ---- */

static void append_header(struct dump *d, uint16_t n)
{
    uint8_t header[HEADER_BYTES];
    struct writer w = writer_of(header, sizeof header);
    write_str(&w, "\177ELF\2\1\1");
    write_zeros(&w, 9);
    write_le16(&w, TYPE_CORE);
    write_le16(&w, MACHINE_X86_64);
    write_le32(&w, 1);
    write_zeros(&w, 8);
    write_le64(&w, HEADER_BYTES);
    write_zeros(&w, 12);
    write_le16(&w, HEADER_BYTES);
    write_le16(&w, SEGMENT_BYTES);
    write_le16(&w, n);
    write_zeros(&w, 6);
    append(d, writer_bytes(&w));
}

static void append_segment(struct dump *d, uint32_t type, uint32_t flags, uint64_t offset, uint64_t address,
                           uint64_t len)
{
    uint8_t segment[SEGMENT_BYTES];
    struct writer w = writer_of(segment, sizeof segment);
    write_le32(&w, type);
    write_le32(&w, flags);
    write_le64(&w, offset);
    write_le64(&w, address);
    write_le64(&w, 0);
    write_le64(&w, len);
    write_le64(&w, type == PT_LOAD ? len : 0);
    write_le64(&w, type == PT_LOAD ? ELF_PAGE : 4);
    append(d, writer_bytes(&w));
}

static void append_table(struct dump *d, const struct core_area *areas, size_t n, uint64_t notes_len)
{
    uint64_t offset = HEADER_BYTES + (n + 1) * SEGMENT_BYTES;
    append_segment(d, PT_NOTE, 0, offset, 0, notes_len);
    offset = (offset + notes_len + ELF_PAGE - 1) & ~(ELF_PAGE - 1);
    for (size_t i = 0; i < n; i++) {
        append_segment(d, PT_LOAD, areas[i].flags, offset, areas[i].start, areas[i].end - areas[i].start);
        offset += areas[i].end - areas[i].start;
    }
}

/* ---- Memory ---- */

static bool all_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, ELF_PAGE - 1) == 0;
}

static void append_chunk(struct dump *d, uint64_t address, size_t len)
{
    uint8_t chunk[CHUNK_BYTES];
    const struct debug_target *t = d->target;
    size_t n = t->ops->read_memory(t->self, address, chunk, len);
    memset(chunk + n, 0, sizeof chunk - n);
    for (size_t at = 0; at < len; at += ELF_PAGE) {
        if (all_zero(chunk + at) && address + at + ELF_PAGE < d->last) /* the file is as long as its table says */
            d->at += ELF_PAGE;
        else
            append(d, bytes_of(chunk + at, ELF_PAGE));
    }
}

/* Most of a large memory was never touched, which only the host knows without reading it. Pages of the image's file are there
 * before they were. */
static uint64_t next_page(struct dump *d, const struct core_area *area, uint64_t at)
{
    const struct debug_target *t = d->target;
    if (!t->ops->next_touched || !(area->flags & ELF_WRITE))
        return at;
    uint64_t next = t->ops->next_touched(t->self, at, area->end);
    if (next >= area->end && area->end == d->last)
        next = area->end - ELF_PAGE;
    return next;
}

static void append_area(struct dump *d, const struct core_area *area)
{
    uint64_t offset = d->at;
    for (uint64_t at = area->start; at < area->end && d->good; at += CHUNK_BYTES) {
        at = next_page(d, area, at);
        d->at = offset + (at - area->start);
        if (at < area->end)
            append_chunk(d, at, area->end - at < CHUNK_BYTES ? area->end - at : CHUNK_BYTES);
    }
    d->at = offset + (area->end - area->start);
}

static void append_memory(struct dump *d, const struct core_area *areas, size_t n)
{
    d->at = (d->at + ELF_PAGE - 1) & ~(ELF_PAGE - 1);
    d->last = n ? areas[n - 1].end : 0;
    for (size_t i = 0; i < n; i++)
        append_area(d, &areas[i]);
}

bool core_write(const struct debug_target *target, const struct core_area *areas, size_t n, int signal,
                const struct core_sink *sink)
{
    struct dump d = {.target = target, .sink = sink, .good = true};
    struct debug_registers r;
    if (!target->ops->read_registers(target->self, &r))
        return false;
    fibers_look(&d.fibers, target, r.r[DEBUG_RSP]);
    append_header(&d, (uint16_t)(n + 1));
    append_table(&d, areas, n, notes(&d, signal, true));
    (void)notes(&d, signal, false);
    append_memory(&d, areas, n);
    return d.good;
}
