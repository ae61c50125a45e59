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

/* text, rodata, data, guard, the three notes, and a spare one of no type */
enum { TEXT, RODATA, DATA, GUARD, ABI, MANIFEST, RELOCATIONS, SPARE, N_PROGRAMS };
#define ABI_OFFSET 0x2000
#define MANIFEST_OFFSET 0x2100
#define RELOCATIONS_OFFSET 0x2200
#define N_TABLE 4
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
    uint64_t table_words[N_TABLE]; /* of relocations: as many as the segment RELOCATIONS has room for */
    uint64_t data_words[4];        /* the first of the data segment */
    size_t file_len;
};

/* So that the table has n words. */
static void set_table(struct image *i, size_t n)
{
    i->programs[RELOCATIONS].file_len = i->programs[RELOCATIONS].memory_len = RELR_NOTE_HEADER_BYTES + 8 * n;
}

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
        .table_words = {0x102000, 5},
        .data_words = {0x100000, 7, 0x106000, 9},
        .target = SOLO5_TARGET_SPT,
        .abi_version = SOLO5_SPT_VERSION,
        .file_len = FILE_BYTES,
    };
    i.manifest.n = 1;
    i.manifest.entries[0].type = SOLO5_RESERVED;
    i.programs[RELOCATIONS] = (struct program){PT_NOTE, 4, RELOCATIONS_OFFSET, 0x101200, 0, 0, 8};
    set_table(&i, 2);
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

static void emit_relocations(struct writer *w, const struct image *i)
{
    uint8_t table[8 * N_TABLE];
    struct writer t = writer_of(table, sizeof table);
    for (size_t k = 0; k < N_TABLE; k++)
        write_le64(&t, i->table_words[k]);
    relr_note_emit(w, bytes_of(table, (i->programs[RELOCATIONS].file_len - RELR_NOTE_HEADER_BYTES) % sizeof table));
}

static void emit_data(struct writer *w, const struct image *i)
{
    for (size_t k = 0; k < ARRAY_LEN(i->data_words); k++)
        write_le64(w, i->data_words[k]);
}

/* In memory of exactly its length, so that a sanitizer sees a step too far. */
static uint8_t *file_of(const struct image *i)
{
    uint8_t *whole = calloc(1, FILE_BYTES);
    write_at(whole, 0, emit_headers, i);
    write_at(whole, ABI_OFFSET, emit_abi, i);
    write_at(whole, MANIFEST_OFFSET, emit_manifest, i);
    write_at(whole, RELOCATIONS_OFFSET, emit_relocations, i);
    write_at(whole, 0x3000, emit_data, i);
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
    assert_int_equal(plan.stacks, 0x105000);
}

static void image_without_a_table_stays_where_it_is(void **state)
{
    struct image i = good();
    i.programs[RELOCATIONS].type = 0;
    assert_null(verdict(&i));
    assert_false(plan.movable);
    assert_int_equal(plan.n_relocations, 0);
    assert_false(plan.segments[2].relocated);
}

static void table_tells_which_segments_are_relocated(void **state)
{
    struct image i = good();
    assert_null(verdict(&i));
    assert_true(plan.movable);
    assert_int_equal(plan.relocations.len, 16);
    assert_int_equal(plan.n_relocations, 2);
    assert_true(plan.segments[2].relocated);
    assert_false(plan.segments[1].relocated);
    set_table(&i, 0);
    assert_null(verdict(&i));
    assert_true(plan.movable);
    assert_int_equal(plan.n_relocations, 0);
    assert_false(plan.segments[2].relocated);
    /* Constants, too, which the tender makes read-only only then. */
    i = good(), i.programs[RODATA].offset = 0x2c00, i.programs[RODATA].file_len = 0x800;
    i.table_words[0] = 0x101400, i.table_words[1] = 0x102000, set_table(&i, 2);
    assert_null(verdict(&i));
    assert_true(plan.segments[1].relocated);
    assert_true(plan.segments[2].relocated);
}

/* Guards in the middle belong to the image, stacks are what follows the last other segment. */
static void stacks_begin_behind_the_last_other_segment(void **state)
{
    struct image i = good();
    i.programs[SPARE] = (struct program){PT_LOAD, 0, 0x3100, 0x108000, 1, 0x1000, 1};
    assert_null(verdict(&i));
    assert_int_equal(plan.stacks, 0x105000);
    assert_int_equal(plan.end, 0x109000);
    i.programs[SPARE].flags = 4;
    assert_null(verdict(&i));
    assert_int_equal(plan.stacks, 0x109000);
    i = good(), i.programs[GUARD].type = 0, i.data_words[2] = 0x105000;
    assert_null(verdict(&i));
    assert_int_equal(plan.stacks, plan.end);
}

static void relocations_outside_the_bytes_of_the_image_are_refused(void **state)
{
    static const char text[] = "a relocation lies outside the bytes of the image";
    static const uint64_t outside[] = {0,        0xffff8,  0x1020f8 + 8, 0x102800,          0x105000,
                                       0x105008, 0x106000, 0x200000,     0xfffffffffffffff0};
    for (size_t k = 0; k < ARRAY_LEN(outside); k++) {
        struct image i = good();
        i.table_words[0] = outside[k], set_table(&i, 1);
        refused(&i, text);
    }
    /* The last word of the data, and one byte less of it. */
    struct image i = good();
    i.programs[DATA].offset = 0x2f20, i.table_words[0] = 0x1020f8, set_table(&i, 1), i.data_words[3] = 0x100000;
    assert_null(verdict(&i));
    i.programs[DATA].file_len = 0xff;
    refused(&i, text);
    i.programs[DATA].file_len = 7, i.table_words[0] = 0x102000;
    refused(&i, text);
    /* A map that runs over the end of what began well. */
    i = good(), i.programs[DATA].file_len = 0x20, i.table_words[1] = UINT64_MAX;
    for (size_t k = 0; k < ARRAY_LEN(i.data_words); k++)
        i.data_words[k] = 0x100000;
    refused(&i, text);
    /* Memory that can only be written is none that has a word. */
    i = good(), i.programs[DATA].flags = 2;
    refused(&i, text);
}

static void relocations_of_text_are_refused(void **state)
{
    struct image i = good();
    i.table_words[0] = 0x100010;
    refused(&i, "a relocation would change text");
    i.programs[TEXT].flags = 1;
    refused(&i, "a relocation lies outside the bytes of the image");
}

static void relocated_words_must_be_addresses_of_the_image(void **state)
{
    static const uint64_t words[] = {0, 8, 0xfffff, 0x106001, 0x200000, UINT64_MAX};
    for (size_t k = 0; k < ARRAY_LEN(words); k++) {
        struct image i = good();
        i.data_words[2] = words[k];
        refused(&i, "a relocation is of a word that is no address of the image");
    }
}

static void wrong_tables_are_refused(void **state)
{
    struct image i = good();
    i.table_words[0]++;
    refused(&i, "its table of relocations begins with a map of bits");
    i = good(), i.table_words[0] += 4;
    refused(&i, "a relocation's address is not a multiple of 8");
    i = good(), i.table_words[1] = i.table_words[0];
    refused(&i, "relocations overlap or are not in ascending order");
    i = good(), i.programs[RELOCATIONS].file_len--;
    refused(&i, "its table of relocations breaks off");
    i = good(), i.programs[RELOCATIONS].file_len = RELR_NOTE_HEADER_BYTES;
    i.programs[SPARE] = i.programs[RELOCATIONS];
    refused(&i, "there are two tables of relocations");
    i = good(), i.programs[RELOCATIONS].offset = FILE_BYTES - 1;
    refused(&i, "the file ends inside a note");
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
        cmocka_unit_test(image_without_a_table_stays_where_it_is),
        cmocka_unit_test(table_tells_which_segments_are_relocated),
        cmocka_unit_test(stacks_begin_behind_the_last_other_segment),
        cmocka_unit_test(relocations_outside_the_bytes_of_the_image_are_refused),
        cmocka_unit_test(relocations_of_text_are_refused),
        cmocka_unit_test(relocated_words_must_be_addresses_of_the_image),
        cmocka_unit_test(wrong_tables_are_refused),
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
