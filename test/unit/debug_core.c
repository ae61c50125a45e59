/* SPDX-License-Identifier: ISC */
/* Core files, read back by the ELF format alone. */
#include "tender/debug/core.c"
#include "tender/debug/fibers.c"
#include "tender/debug/packet.c"
#include "tender/debug/registers.c"
#include "tender/layout.c"
#include "test/support/fake_image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct fake_image image;

static struct file {
    uint8_t bytes[4 * FAKE_BYTES];
    uint64_t len;     /* up to the last byte that was written */
    uint64_t written; /* bytes, all in all */
    uint64_t room;    /* no more than this is taken */
} file;

static bool take(void *to, uint64_t offset, const void *data, size_t len)
{
    struct file *f = to;
    if (f->written + len > f->room)
        return false;
    assert_true(offset + len <= sizeof f->bytes);
    memcpy(f->bytes + offset, data, len);
    f->written += len;
    f->len = offset + len > f->len ? offset + len : f->len;
    return true;
}

static const struct core_sink sink = {take, &file};
static const struct core_area areas[] = {{FAKE_START, FAKE_START + 0x5000, ELF_READ | ELF_EXECUTE},
                                         {FAKE_START + 0x6000, FAKE_START + FAKE_BYTES, ELF_READ | ELF_WRITE}};

static int setup(void **state)
{
    (void)state;
    fake_init(&image);
    memset(&file, 0, sizeof file);
    file.room = UINT64_MAX;
    image.registers.r[DEBUG_RIP] = FAKE_TEXT + 5;
    image.registers.xsave[DEBUG_XSAVE_BYTES - 1] = 0x77;
    return 0;
}

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, len, memory_len;
};

static struct segment segment(unsigned i)
{
    struct reader r = reader_of(bytes_of(file.bytes + 64 + 56 * i, 56));
    struct segment s = {.type = read_le32(&r), .flags = read_le32(&r)};
    s.offset = read_le64(&r);
    s.address = read_le64(&r);
    read_skip(&r, 8);
    s.len = read_le64(&r);
    s.memory_len = read_le64(&r);
    return s;
}

/* The content of the nth note of a type, in order. */
static struct bytes note(uint32_t wanted, unsigned n)
{
    struct segment s = segment(0);
    struct reader r = reader_of(bytes_of(file.bytes + s.offset, s.len));
    while (reader_left(&r)) {
        uint32_t name_len = read_le32(&r), len = read_le32(&r), type = read_le32(&r);
        assert_true(name_len == 5 || name_len == 6);
        read_skip(&r, 8);
        struct bytes content = read_bytes(&r, len);
        assert_true(reader_good(&r));
        if (type == wanted && n-- == 0)
            return content;
    }
    return bytes_of(NULL, 0);
}

static uint64_t number(struct bytes b, size_t at, size_t len)
{
    uint8_t value[8] = {0};
    assert_true(at + len <= b.len);
    memcpy(value, b.data + at, len);
    struct reader r = reader_of(bytes_of(value, 8));
    return read_le64(&r);
}

static void test_header_and_table(void **state)
{
    (void)state;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 11, &sink));
    assert_memory_equal(file.bytes, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\4\0\x3e\0\1\0\0\0", 24);
    struct bytes header = bytes_of(file.bytes, 64);
    assert_int_equal(number(header, 32, 8), 64);
    assert_int_equal(number(header, 52, 2), 64);
    assert_int_equal(number(header, 54, 2), 56);
    assert_int_equal(number(header, 56, 2), 3);
    assert_int_equal(segment(0).type, PT_NOTE);
    assert_int_equal(segment(0).offset, 64 + 3 * 56);
    for (unsigned i = 0; i < ARRAY_LEN(areas); i++) {
        struct segment s = segment(1 + i);
        assert_int_equal(s.type, PT_LOAD);
        assert_int_equal(s.flags, areas[i].flags);
        assert_int_equal(s.address, areas[i].start);
        assert_int_equal(s.len, areas[i].end - areas[i].start);
        assert_int_equal(s.memory_len, s.len);
        assert_int_equal(s.offset % ELF_PAGE, 0);
        assert_memory_equal(file.bytes + s.offset, image.memory + (s.address - FAKE_START), s.len);
    }
    assert_int_equal(file.len, segment(2).offset + segment(2).len);
}

static void test_threads(void **state)
{
    (void)state;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 11, &sink));
    static const uint32_t threads[] = {2, 1, 3}; /* the one that runs, then by number; the ended one is not there */
    for (unsigned i = 0; i < ARRAY_LEN(threads); i++) {
        struct bytes status = note(NT_PRSTATUS, i);
        assert_int_equal(status.len, 336);
        assert_int_equal(number(status, 12, 2), 11);
        assert_int_equal(number(status, 32, 4), threads[i]);
    }
    assert_int_equal(note(NT_PRSTATUS, 3).len, 0);
    struct bytes runs = note(NT_PRSTATUS, 0), waits = note(NT_PRSTATUS, 2);
    assert_int_equal(number(runs, 112 + 16 * 8, 8), FAKE_TEXT + 5);
    assert_int_equal(number(runs, 112 + 19 * 8, 8), FAKE_BASE + 0x800);
    assert_int_equal(number(runs, 328, 4), 1);
    assert_int_equal(number(waits, 112 + 16 * 8, 8), FAKE_TEXT + 0x100);
    assert_int_equal(number(waits, 112 + 19 * 8, 8), fake_block(1) - 0x100 + 64);
    assert_int_equal(number(waits, 112 + 4 * 8, 8), 0x205); /* rbp */
    assert_int_equal(number(waits, 328, 4), 0);
}

static void test_vectors(void **state)
{
    (void)state;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 11, &sink));
    assert_int_equal(note(NT_FPREGSET, 0).len, 512);
    struct bytes area = note(NT_X86_XSTATE, 0);
    assert_int_equal(area.len, DEBUG_XSAVE_BYTES);
    assert_int_equal(area.data[area.len - 1], 0x77);
    assert_int_equal(number(area, 464, 8), 7);
    assert_int_equal(note(NT_FPREGSET, 1).len, 0);
    assert_int_equal(number(note(NT_AUXV, 0), 24, 8), FAKE_TEXT);
    setup(NULL);
    image.registers.xsave_len = DEBUG_FXSAVE_BYTES;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 11, &sink));
    assert_int_equal(note(NT_FPREGSET, 0).len, 512);
    assert_int_equal(note(NT_X86_XSTATE, 0).len, 0);
}

/* Pages of zeros cost nothing, but for the last, which gives the file its length. */
static void test_sparse(void **state)
{
    (void)state;
    memset(image.memory, 0, sizeof image.memory);
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    assert_true(file.written < 2 * ELF_PAGE + 1024);
    assert_int_equal(file.len, segment(2).offset + segment(2).len);
    assert_int_equal(note(NT_PRSTATUS, 1).len, 0); /* no table of fibers: one thread */
}

/* Two pages of the second area. */
static uint64_t touched(void *self, uint64_t address, uint64_t end)
{
    static const uint64_t there[] = {FAKE_START + 0x7000, FAKE_START + 0xd000};
    (void)self;
    for (size_t i = 0; i < ARRAY_LEN(there); i++)
        if (address <= there[i] && there[i] < end)
            return there[i];
    return end;
}

/* What the host knows to be untouched is not read; the file has the same bytes and the same length. */
static void test_untouched(void **state)
{
    static struct file before;
    (void)state;
    memset(image.memory + 0x6000, 0, FAKE_BYTES - 0x6000);
    image.memory[0x7123] = image.memory[0xd456] = 1;
    struct debug_ops ops = *image.target.ops;
    image.target.ops = &ops;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    before = file;
    memset(&file, 0, sizeof file);
    file.room = UINT64_MAX;
    ops.next_touched = touched;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    assert_int_equal(file.len, before.len);
    assert_memory_equal(file.bytes, before.bytes, sizeof file.bytes);
    image.memory[0x5000 - 1] = 1; /* the image's own pages are there before they are touched */
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    assert_int_equal(file.bytes[segment(1).offset + 0x4fff], 1);
}

/* Wherever it is full, that is said. */
static void test_full(void **state)
{
    (void)state;
    assert_true(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    uint64_t whole = file.written;
    for (uint64_t room = 0; room < whole; room += 97) {
        setup(NULL);
        file.room = room;
        assert_false(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
    }
    image.gone = true;
    file.room = UINT64_MAX;
    assert_false(core_write(&image.target, areas, ARRAY_LEN(areas), 3, &sink));
}

static void test_areas(void **state)
{
    static struct elf_plan plan;
    static struct core_area got[CORE_AREAS_MAX];
    (void)state;
    static struct layout l;
    plan.n = 3;
    plan.segments[0] = (struct elf_segment){.start = 0x100000, .end = 0x102000, .flags = ELF_READ | ELF_EXECUTE};
    plan.segments[1] = (struct elf_segment){.start = 0x104000, .end = 0x105000, .flags = 0};
    plan.segments[2] = (struct elf_segment){.start = 0x107000, .end = 0x108000, .flags = 0};
    plan.stacks = 0x104000;
    plan.end = 0x108000;
    layout_as_linked(&l, &plan, 0x200000);
    l.parts[LAYOUT_INFO].by = 0x7000000;
    l.parts[LAYOUT_IMAGE].by = 0x5000000;
    l.parts[LAYOUT_HEAP].by = 0x6000000;
    static const struct core_area want[] = {{0x105000, 0x107000, 6},
                                            {0x5100000, 0x5102000, 5},
                                            {0x5102000, 0x5104000, 6},
                                            {0x6108000, 0x6200000, 6},
                                            {0x7010000, 0x7100000, 6}};
    assert_int_equal(core_areas(&plan, &l, got), ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(got[i].start, want[i].start);
        assert_int_equal(got[i].end, want[i].end);
        assert_int_equal(got[i].flags, want[i].flags);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_header_and_table), TEST(test_threads), TEST(test_vectors), TEST(test_sparse),
        TEST(test_untouched),        TEST(test_full),    TEST(test_areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
