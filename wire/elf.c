/* SPDX-License-Identifier: ISC */
/* ELF64, as far as an image uses it:
 *
 *   header   0 magic[4]  4 class  5 data  6 version  7 padding[9]  16 u16 type  18 u16 machine  20 u32 version
 *            24 u64 entry  32 u64 phoff  40 u64 shoff  48 u32 flags  52 u16 ehsize  54 u16 phentsize  56 u16 phnum
 *            58 u16 shentsize  60 u16 shnum  62 u16 shstrndx
 *   segment  0 u32 type  4 u32 flags  8 u64 offset  16 u64 vaddr  24 u64 paddr  32 u64 filesz  40 u64 memsz  48 u64 align
 */
#include "wire/elf.h"

enum { CLASS_64 = 2, DATA_LITTLE = 1, TYPE_EXEC = 2, MACHINE_X86_64 = 62 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_NOTE = 4 };
#define HEADER_BYTES 64
#define SEGMENT_BYTES 56
#define SECTIONS_OFFSET 40   /* of the table of sections */
#define N_SECTIONS_OFFSET 60 /* of their number and of the one with their names */

struct header {
    uint64_t entry;
    uint64_t table;
    uint16_t n;
};

struct program {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t address;
    uint64_t file_len;
    uint64_t memory_len;
    uint64_t align;
};

static const char *parse_ident(struct reader *r)
{
    const uint8_t *magic = read_take(r, 4);
    if (!magic || memcmp(magic, "\177ELF", 4) != 0)
        return "this is not an ELF file";
    if (read_u8(r) != CLASS_64)
        return "this is not a 64-bit ELF file";
    if (read_u8(r) != DATA_LITTLE)
        return "this is not a little-endian ELF file";
    if (read_u8(r) != 1)
        return "this ELF file has an unknown version";
    read_skip(r, 9);
    return NULL;
}

static const char *parse_header(struct bytes file, struct header *h)
{
    struct reader r = reader_of(file);
    const char *wrong = parse_ident(&r);
    if (wrong)
        return wrong;
    uint16_t type = read_le16(&r);
    uint16_t machine = read_le16(&r);
    uint32_t version = read_le32(&r);
    h->entry = read_le64(&r);
    h->table = read_le64(&r);
    read_skip(&r, 8 + 4);
    uint16_t header_len = read_le16(&r);
    uint16_t entry_len = read_le16(&r);
    h->n = read_le16(&r);
    read_skip(&r, 6);
    if (!reader_good(&r))
        return "the file ends inside the ELF header";
    if (type != TYPE_EXEC)
        return "this ELF file is not an executable with fixed addresses (ET_EXEC)";
    if (machine != MACHINE_X86_64)
        return "this image is for another processor than x86-64";
    if (version != 1)
        return "this ELF file has an unknown version";
    if (header_len != HEADER_BYTES || entry_len != SEGMENT_BYTES)
        return "the ELF header's sizes are wrong";
    return NULL;
}

static struct program parse_program(struct reader *r)
{
    struct program p;
    p.type = read_le32(r);
    p.flags = read_le32(r);
    p.offset = read_le64(r);
    p.address = read_le64(r);
    read_skip(r, 8);
    p.file_len = read_le64(r);
    p.memory_len = read_le64(r);
    p.align = read_le64(r);
    return p;
}

/* The bytes of a segment in the file, or false when they are not all there. */
static bool in_file(struct bytes file, const struct program *p, struct bytes *content)
{
    if (p->offset > file.len || p->file_len > file.len - p->offset)
        return false;
    *content = bytes_slice(file, p->offset, p->file_len);
    return true;
}

/* Segments without bytes in the file are zeros, and the memory is zero, readable and writable to begin with:
 * tenders pass them over. They must lie in it all the same. */
static const char *check_addresses(const struct program *p, const struct elf_limits *limits)
{
    if ((p->flags & (ELF_WRITE | ELF_EXECUTE)) == (ELF_WRITE | ELF_EXECUTE))
        return "a segment is both writable and executable";
    if (p->flags & ~UINT32_C(7))
        return "a segment has unknown flags";
    if (p->memory_len < p->file_len)
        return "a segment is larger in the file than in memory";
    if (p->address < limits->lowest)
        return "a segment lies below the lowest address of an image";
    if (p->address > limits->memory_bytes || p->memory_len > limits->memory_bytes - p->address)
        return "a segment does not fit into memory: give it more with --mem=MB";
    return NULL;
}

static const char *place(const struct program *p, const struct elf_limits *limits, struct elf_plan *plan)
{
    if (p->align == 0 || (p->align & (p->align - 1)) != 0)
        return "a segment's alignment is not a power of two";
    uint64_t mask = p->align - 1;
    uint64_t start = p->address & ~mask;
    uint64_t end = p->address + p->memory_len;
    if (end + mask < end)
        return "a segment's alignment is larger than memory";
    end = (end + mask) & ~mask;
    if (start % ELF_PAGE || end % ELF_PAGE)
        return "a segment does not begin and end on a page";
    if (start < limits->lowest)
        return "a segment's alignment puts it below the lowest address of an image";
    if (end > limits->memory_bytes)
        return "a segment does not fit into memory: give it more with --mem=MB";
    if (start < plan->end)
        return "segments overlap or are not in ascending order";
    if (plan->n == ELF_SEGMENTS_MAX)
        return "there are more segments than a tender takes (1040)";
    plan->segments[plan->n++] = (struct elf_segment){start, end, p->address, p->offset, p->file_len, p->flags, false};
    plan->end = end;
    return NULL;
}

static const char *add_load(struct bytes file, const struct program *p, const struct elf_limits *limits,
                            struct elf_plan *plan)
{
    struct bytes content;
    const char *wrong = check_addresses(p, limits);
    if (wrong)
        return wrong;
    if (!in_file(file, p, &content))
        return "the file ends inside a segment";
    return p->file_len ? place(p, limits, plan) : NULL;
}

struct notes {
    bool abi;
    bool manifest;
};

static const char *add_relocations(struct bytes segment, struct elf_plan *plan)
{
    struct bytes table;
    enum err e = relr_note_parse(segment, &table);
    if (e == ERR_MALFORMED)
        return "its table of relocations breaks off";
    if (e != OK)
        return NULL;
    if (plan->movable)
        return "there are two tables of relocations";
    plan->movable = true;
    plan->relocations = table;
    return NULL;
}

static const char *add_note(struct bytes file, const struct program *p, struct elf_plan *plan, struct notes *seen)
{
    struct bytes segment;
    struct bytes content;
    if (!in_file(file, p, &segment))
        return "the file ends inside a note";
    enum err e = solo5_note_parse(segment, SOLO5_NOTE_ABI1, &content);
    if (e == ERR_MALFORMED || (e == OK && solo5_abi_parse(content, &plan->abi) != OK))
        return "a note breaks off";
    if (e == OK && seen->abi)
        return "there are two ABI notes";
    seen->abi |= e == OK;
    e = solo5_note_parse(segment, SOLO5_NOTE_MFT1, &content);
    if (e == ERR_MALFORMED)
        return "a note breaks off";
    if (e != OK)
        return add_relocations(segment, plan);
    if (seen->manifest)
        return "there are two manifests";
    seen->manifest = true;
    plan->manifest_content = content;
    return solo5_manifest_parse(content, SOLO5_IN_FILE, &plan->manifest);
}

static const char *check_entry(const struct elf_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct elf_segment *s = &plan->segments[i];
        if (plan->entry >= s->address && plan->entry - s->address < s->file_len)
            return s->flags & ELF_EXECUTE ? NULL : "the entry point is not in an executable segment";
    }
    return "the entry point is not in an executable segment";
}

/* Guards at the end, and the stacks between them, can be moved on their own. */
static void find_stacks(struct elf_plan *plan)
{
    plan->stacks = plan->end;
    for (size_t i = plan->n; i > 0 && plan->segments[i - 1].flags == 0; i--)
        plan->stacks = plan->segments[i - 1].start;
}

static const char *check_relocation(struct bytes file, const struct elf_limits *limits, const struct elf_plan *plan,
                                    const struct elf_segment *s, uint64_t address)
{
    if (!s || address < s->address || s->file_len < RELR_WORD_BYTES ||
        address - s->address > s->file_len - RELR_WORD_BYTES || !(s->flags & ELF_READ))
        return "a relocation lies outside the bytes of the image";
    if (s->flags & ELF_EXECUTE)
        return "a relocation would change text";
    struct reader r = reader_of(bytes_slice(file, s->file_offset + (address - s->address), RELR_WORD_BYTES));
    uint64_t word = read_le64(&r);
    if (!reader_good(&r) || word < limits->lowest || word > plan->end)
        return "a relocation is of a word that is no address of the image";
    return NULL;
}

/* Both ascend, so one walk over the segments is enough. */
static const char *check_relocations(struct bytes file, const struct elf_limits *limits, struct elf_plan *plan)
{
    struct relr r = relr_of(plan->relocations);
    struct elf_segment *s = plan->segments, *end = s + plan->n;
    for (uint64_t address; relr_next(&r, &address); plan->n_relocations++) {
        while (s < end && address >= s->end)
            s++;
        const char *wrong = check_relocation(file, limits, plan, s < end ? s : NULL, address);
        if (wrong)
            return wrong;
        s->relocated = true;
    }
    return r.wrong;
}

static const char *check_notes(const struct elf_plan *plan, const struct elf_limits *limits, struct notes seen)
{
    if (!seen.abi)
        return "this is no Solo5 image: it has no ABI note";
    bool hvt = limits->target == SOLO5_TARGET_HVT;
    if (plan->abi.target != limits->target)
        return hvt ? "this image is for another target: build it for hvt"
                   : "this image is for another target: build it for spt";
    if (plan->abi.version != limits->version)
        return hvt ? "this image speaks another version of the hvt ABI than 2"
                   : "this image speaks another version of the spt ABI than 2";
    if (!seen.manifest)
        return "this image has no manifest";
    return NULL;
}

const char *elf_plan(struct bytes file, const struct elf_limits *limits, struct elf_plan *plan)
{
    struct header h;
    struct notes seen = {false, false};
    const char *wrong = parse_header(file, &h);
    if (wrong)
        return wrong;
    plan->n = 0;
    plan->end = 0;
    plan->movable = false;
    plan->relocations = bytes_of(NULL, 0);
    plan->n_relocations = 0;
    plan->entry = h.entry;
    if (h.table > file.len || (uint64_t)h.n * SEGMENT_BYTES > file.len - h.table)
        return "the file ends inside the table of segments";
    struct reader r = reader_of(bytes_slice(file, h.table, (size_t)h.n * SEGMENT_BYTES));
    for (unsigned i = 0; i < h.n && !wrong; i++) {
        struct program p = parse_program(&r);
        if (p.type == PT_LOAD && (p.memory_len || p.file_len))
            wrong = add_load(file, &p, limits, plan);
        else if (p.type == PT_NOTE)
            wrong = add_note(file, &p, plan, &seen);
        else if (p.type == PT_DYNAMIC)
            wrong = "this image wants to be linked at run time";
    }
    if (!wrong)
        wrong = check_notes(plan, limits, seen);
    if (!wrong)
        wrong = check_entry(plan);
    if (wrong)
        return wrong;
    find_stacks(plan);
    return check_relocations(file, limits, plan);
}

/* Behind the last byte that a segment has in the file there are only names and headers of sections. */
size_t elf_trim(uint8_t *file, size_t len)
{
    struct header h;
    struct bytes whole = bytes_of(file, len);
    if (parse_header(whole, &h) || h.table > len || (uint64_t)h.n * SEGMENT_BYTES > len - h.table)
        return len;
    uint64_t end = h.table + (uint64_t)h.n * SEGMENT_BYTES;
    struct reader r = reader_of(bytes_slice(whole, h.table, (size_t)h.n * SEGMENT_BYTES));
    for (unsigned i = 0; i < h.n; i++) {
        struct program p = parse_program(&r);
        struct bytes content;
        if (!in_file(whole, &p, &content))
            return len;
        if (p.offset + p.file_len > end)
            end = p.offset + p.file_len;
    }
    memset(file + SECTIONS_OFFSET, 0, 8);
    memset(file + N_SECTIONS_OFFSET, 0, 4);
    return end;
}
