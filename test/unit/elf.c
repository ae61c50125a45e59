/* SPDX-License-Identifier: ISC */
/* One good image, broken in every way that a tender must refuse, each with its own reason. */
#include "wire/elf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_NOTE = 4 };

struct program {
    uint32_t type, flags;
    uint64_t offset, address, file_len, memory_len, align;
};

/* text, rodata, data, guard, the two notes, and a spare one of no type */
enum { TEXT, RODATA, DATA, GUARD, ABI, MANIFEST, SPARE, N_PROGRAMS };
#define ABI_OFFSET 0x2000
#define MANIFEST_OFFSET 0x2100
#define FILE_BYTES 0x3800

struct image {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, table;
    uint16_t header_len, program_len, n;
    struct program programs[N_PROGRAMS];
    struct solo5_manifest manifest;
    uint32_t target, abi_version;
    size_t file_len;
};

static struct image good(void)
{
    struct image i = {
        .ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
        .type = 2,
        .machine = 62,
        .version = 1,
        .entry = 0x100010,
        .table = 64,
        .header_len = 64,
        .program_len = 56,
        .n = N_PROGRAMS,
        .programs =
            {
                [TEXT] = {PT_LOAD, 5, 0x1000, 0x100000, 0x800, 0x1000, 0x1000},
                [RODATA] = {PT_LOAD, 4, 0x2000, 0x101000, 0x1000, 0x1000, 0x1000},
                [DATA] = {PT_LOAD, 6, 0x3000, 0x102000, 0x100, 0x3000, 0x20},
                [GUARD] = {PT_LOAD, 0, 0x3100, 0x105000, 1, 0x1000, 1},
                [ABI] = {PT_NOTE, 4, ABI_OFFSET, 0x101000, SOLO5_ABI_NOTE_BYTES, SOLO5_ABI_NOTE_BYTES, 4},
                [MANIFEST] = {PT_NOTE, 4, MANIFEST_OFFSET, 0x101100, SOLO5_MANIFEST_NOTE_BYTES(1),
                              SOLO5_MANIFEST_NOTE_BYTES(1), 8},
            },
        .target = SOLO5_TARGET_SPT,
        .abi_version = SOLO5_SPT_VERSION,
        .file_len = FILE_BYTES,
    };
    i.manifest.n = 1;
    i.manifest.entries[0].type = SOLO5_RESERVED;
    return i;
}

static void write_at(uint8_t *file, size_t offset, void (*emit)(struct writer *, const struct image *),
                     const struct image *i)
{
    struct writer w = writer_of(file + offset, FILE_BYTES - offset);
    emit(&w, i);
    assert_true(writer_good(&w));
}

static void emit_headers(struct writer *w, const struct image *i)
{
    write_copy(w, i->ident, 16);
    write_le16(w, i->type);
    write_le16(w, i->machine);
    write_le32(w, i->version);
    write_le64(w, i->entry);
    write_le64(w, i->table);
    write_le64(w, 0x3700); /* sections */
    write_le32(w, 0);
    write_le16(w, i->header_len);
    write_le16(w, i->program_len);
    write_le16(w, i->n);
    write_le16(w, 64);
    write_le16(w, 3);
    write_le16(w, 2);
    for (size_t k = 0; k < N_PROGRAMS; k++) {
        const struct program *p = &i->programs[k];
        write_le32(w, p->type);
        write_le32(w, p->flags);
        write_le64(w, p->offset);
        write_le64(w, p->address);
        write_le64(w, p->address);
        write_le64(w, p->file_len);
        write_le64(w, p->memory_len);
        write_le64(w, p->align);
    }
}

static void emit_abi(struct writer *w, const struct image *i)
{
    solo5_abi_note_emit(w, i->target, i->abi_version);
}

static void emit_manifest(struct writer *w, const struct image *i)
{
    solo5_manifest_note_emit(w, &i->manifest);
}

/* In memory of exactly its length, so that a sanitizer sees a step too far. */
static uint8_t *file_of(const struct image *i)
{
    uint8_t *whole = calloc(1, FILE_BYTES);
    write_at(whole, 0, emit_headers, i);
    write_at(whole, ABI_OFFSET, emit_abi, i);
    write_at(whole, MANIFEST_OFFSET, emit_manifest, i);
    uint8_t *file = malloc(i->file_len ? i->file_len : 1);
    memcpy(file, whole, i->file_len);
    free(whole);
    return file;
}

static struct elf_plan plan;
static const struct elf_limits limits = {SOLO5_TARGET_SPT, SOLO5_SPT_VERSION, SOLO5_IMAGE_BASE, 2 << 20};

static const char *verdict(const struct image *i)
{
    uint8_t *file = file_of(i);
    const char *reason = elf_plan(bytes_of(file, i->file_len), &limits, &plan);
    free(file);
    return reason;
}

static void refused(const struct image *i, const char *expected)
{
    const char *reason = verdict(i);
    assert_non_null(reason);
    assert_string_equal(reason, expected);
}

static void good_image_gives_its_plan(void **state)
{
    struct image i = good();
    assert_null(verdict(&i));
    assert_int_equal(plan.entry, 0x100010);
    assert_int_equal(plan.end, 0x106000);
    assert_int_equal(plan.n, 4);
    assert_int_equal(plan.manifest.n, 1);
    assert_int_equal(plan.abi.target, SOLO5_TARGET_SPT);
    const struct elf_segment *data = &plan.segments[2];
    assert_int_equal(data->start, 0x102000);
    assert_int_equal(data->end, 0x105000);
    assert_int_equal(data->file_offset, 0x3000);
    assert_int_equal(data->file_len, 0x100);
    assert_int_equal(data->flags, ELF_READ | ELF_WRITE);
    assert_int_equal(plan.segments[3].flags, 0);
}

static void segment_without_bytes_in_the_file_is_passed_over(void **state)
{
    struct image i = good();
    i.programs[SPARE] = (struct program){PT_LOAD, 6, 0, 0x106000, 0, 0x58, 0x1000};
    assert_null(verdict(&i));
    assert_int_equal(plan.n, 4);
}

static void wrong_headers_are_refused(void **state)
{
    struct image i;
    for (size_t k = 0; k < 4; k++) {
        i = good();
        i.ident[k]++;
        refused(&i, "this is not an ELF file");
    }
    i = good(), i.ident[4] = 1;
    refused(&i, "this is not a 64-bit ELF file");
    i = good(), i.ident[5] = 2;
    refused(&i, "this is not a little-endian ELF file");
    i = good(), i.ident[6] = 0;
    refused(&i, "this ELF file has an unknown version");
    i = good(), i.version = 2;
    refused(&i, "this ELF file has an unknown version");
    i = good(), i.type = 3;
    refused(&i, "this ELF file is not an executable with fixed addresses (ET_EXEC)");
    i = good(), i.machine = 183;
    refused(&i, "this image is for another processor than x86-64");
    i = good(), i.header_len = 52;
    refused(&i, "the ELF header's sizes are wrong");
    i = good(), i.program_len = 32;
    refused(&i, "the ELF header's sizes are wrong");
}

static void tables_outside_the_file_are_refused(void **state)
{
    struct image i = good();
    i.table = FILE_BYTES - 55;
    refused(&i, "the file ends inside the table of segments");
    i = good(), i.table = UINT64_MAX;
    refused(&i, "the file ends inside the table of segments");
    i = good(), i.n = UINT16_MAX;
    refused(&i, "the file ends inside the table of segments");
    i = good(), i.n = 0;
    refused(&i, "this is no Solo5 image: it has no ABI note");
}

static void segments_in_wrong_places_are_refused(void **state)
{
    struct image i = good();
    i.programs[TEXT].address = 0xff000;
    refused(&i, "a segment lies below the lowest address of an image");
    i = good(), i.programs[TEXT].align = 0x200000;
    refused(&i, "a segment's alignment puts it below the lowest address of an image");
    i = good(), i.programs[GUARD].address = 0x200000;
    refused(&i, "a segment does not fit into memory: give it more with --mem=MB");
    i = good(), i.programs[GUARD].address = UINT64_MAX - 0xfff;
    refused(&i, "a segment does not fit into memory: give it more with --mem=MB");
    i = good(), i.programs[DATA].memory_len = UINT64_MAX - 0x102000;
    refused(&i, "a segment does not fit into memory: give it more with --mem=MB");
    i = good(), i.programs[GUARD].align = UINT64_C(1) << 63, i.programs[GUARD].memory_len = 1;
    refused(&i, "a segment's alignment puts it below the lowest address of an image");
    i = good(), i.programs[DATA].address = 0x101000;
    refused(&i, "segments overlap or are not in ascending order");
    i = good(), i.programs[TEXT].memory_len = 0x1001;
    refused(&i, "segments overlap or are not in ascending order");
    i = good(), i.programs[GUARD].address = 0x100000;
    refused(&i, "segments overlap or are not in ascending order");
}

static void segments_of_wrong_shape_are_refused(void **state)
{
    struct image i = good();
    i.programs[DATA].flags = 7;
    refused(&i, "a segment is both writable and executable");
    i = good(), i.programs[DATA].flags = 3;
    refused(&i, "a segment is both writable and executable");
    i = good(), i.programs[DATA].flags = 8;
    refused(&i, "a segment has unknown flags");
    i = good(), i.programs[DATA].file_len = 0x3001;
    refused(&i, "a segment is larger in the file than in memory");
    i = good(), i.programs[DATA].align = 0;
    refused(&i, "a segment's alignment is not a power of two");
    i = good(), i.programs[DATA].align = 0x1800;
    refused(&i, "a segment's alignment is not a power of two");
    i = good(), i.programs[DATA].address = 0x102020;
    refused(&i, "a segment does not begin and end on a page");
    i = good(), i.programs[DATA].memory_len = 0x2800;
    refused(&i, "a segment does not begin and end on a page");
    i = good(), i.programs[DATA].offset = FILE_BYTES - 0xff;
    refused(&i, "the file ends inside a segment");
    i = good(), i.programs[DATA].offset = UINT64_MAX;
    refused(&i, "the file ends inside a segment");
    i = good(), i.programs[SPARE].type = PT_DYNAMIC;
    refused(&i, "this image wants to be linked at run time");
}

static void entry_outside_text_is_refused(void **state)
{
    static const uint64_t entries[] = {0, 0xfffff, 0x100800, 0x101000, 0x102000, 0x105000, UINT64_MAX};
    for (size_t k = 0; k < ARRAY_LEN(entries); k++) {
        struct image i = good();
        i.entry = entries[k];
        refused(&i, "the entry point is not in an executable segment");
    }
}

static void wrong_notes_are_refused(void **state)
{
    struct image i = good();
    i.programs[ABI].type = 0;
    refused(&i, "this is no Solo5 image: it has no ABI note");
    i = good(), i.programs[MANIFEST].type = 0;
    refused(&i, "this image has no manifest");
    i = good(), i.target = 1;
    refused(&i, "this image is for another target: build it for spt");
    i = good(), i.abi_version = 3;
    refused(&i, "this image speaks another version of the spt ABI than 2");
    i = good(), i.programs[ABI].file_len--;
    refused(&i, "a note breaks off");
    i = good(), i.programs[MANIFEST].file_len--;
    refused(&i, "a note breaks off");
    i = good(), i.programs[ABI].offset = FILE_BYTES - 1;
    refused(&i, "the file ends inside a note");
    i = good(), i.programs[SPARE] = i.programs[ABI];
    refused(&i, "there are two ABI notes");
    i = good(), i.programs[SPARE] = i.programs[MANIFEST];
    refused(&i, "there are two manifests");
    i = good(), i.manifest.entries[0].type = SOLO5_NET;
    refused(&i, "a device's name in its manifest is not 1 to 67 letters and digits");
}

/* Guards enough to fill the plan, and one more. */
static void too_many_segments_are_refused(void **state)
{
    enum { N = ELF_SEGMENTS_MAX + 1, TABLE = 64, HEADERS = 64 + (N + 2) * 56 };
    size_t len = HEADERS + 0x1000;
    for (size_t n = N - 1; n <= N; n++) {
        struct image i = good();
        i.n = (uint16_t)(n + 2);
        uint8_t *file = calloc(1, len);
        struct writer w = writer_of(file, len);
        emit_headers(&w, &i);
        w = writer_of(file + TABLE, len - TABLE);
        for (size_t k = 0; k < n; k++) {
            write_le32(&w, PT_LOAD);
            write_le32(&w, k ? 0 : 5);
            write_le64(&w, HEADERS);
            write_le64(&w, 0x100000 + k * 0x1000);
            write_zeros(&w, 8);
            write_le64(&w, 0x20);
            write_le64(&w, 0x1000);
            write_le64(&w, 0x1000);
        }
        for (size_t k = 0; k < 2; k++) {
            write_le32(&w, PT_NOTE);
            write_le32(&w, 4);
            write_le64(&w, HEADERS + 0x100 * (k + 1));
            write_zeros(&w, 16);
            write_le64(&w, 0x100);
            write_zeros(&w, 16);
        }
        w = writer_of(file + HEADERS + 0x100, 0x100);
        emit_abi(&w, &i);
        w = writer_of(file + HEADERS + 0x200, 0x100);
        emit_manifest(&w, &i);
        struct elf_limits roomy = limits;
        roomy.memory_bytes = UINT64_C(1) << 32;
        const char *reason = elf_plan(bytes_of(file, len), &roomy, &plan);
        if (n == N)
            assert_string_equal(reason, "there are more segments than a tender takes (1040)");
        else
            assert_null(reason);
        free(file);
    }
}

/* Wherever the file is cut, it is refused, and nothing behind the cut is read. */
static void every_cut_of_an_image_is_refused(void **state)
{
    struct image i = good();
    for (i.file_len = 0; i.file_len < 0x3101; i.file_len += i.file_len < 0x300 ? 1 : 13)
        assert_non_null(verdict(&i));
}

static void trimming_leaves_a_good_image_without_sections(void **state)
{
    struct image i = good();
    uint8_t *file = file_of(&i);
    size_t len = elf_trim(file, i.file_len);
    assert_int_equal(len, 0x3101);
    assert_null(elf_plan(bytes_of(file, len), &limits, &plan));
    for (size_t k = 40; k < 48; k++)
        assert_int_equal(file[k], 0);
    assert_int_equal(elf_trim(file, len), len);
    file[0] = 0;
    assert_int_equal(elf_trim(file, len), len);
    free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_image_gives_its_plan),
        cmocka_unit_test(segment_without_bytes_in_the_file_is_passed_over),
        cmocka_unit_test(wrong_headers_are_refused),
        cmocka_unit_test(tables_outside_the_file_are_refused),
        cmocka_unit_test(segments_in_wrong_places_are_refused),
        cmocka_unit_test(segments_of_wrong_shape_are_refused),
        cmocka_unit_test(entry_outside_text_is_refused),
        cmocka_unit_test(wrong_notes_are_refused),
        cmocka_unit_test(too_many_segments_are_refused),
        cmocka_unit_test(every_cut_of_an_image_is_refused),
        cmocka_unit_test(trimming_leaves_a_good_image_without_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
