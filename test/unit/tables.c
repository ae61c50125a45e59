/* SPDX-License-Identifier: ISC */
/* The page tables, walked as a processor walks them. */
#include "tender/layout.c"

#include "tender/hvt/tables.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#define MB (UINT64_C(1) << 20)
#define PAGE ELF_PAGE
#define EXECUTABLE 8 /* what walk() gives beside PRESENT, WRITABLE, USER */

static struct elf_plan plan;
static struct layout layout;
static struct tables tables;
static uint8_t *memory;
static uint64_t memory_len;

static struct elf_segment segment(uint64_t start, uint64_t end, uint32_t flags)
{
    return (struct elf_segment){.start = start, .end = end, .flags = flags};
}

/* Text, constants, data, and two stacks with guards. */
static void lay(uint64_t memory_bytes)
{
    plan = (struct elf_plan){.entry = 0x100000, .end = 0x112000, .stacks = 0x109000};
    plan.segments[plan.n++] = segment(0x100000, 0x104000, ELF_READ | ELF_EXECUTE);
    plan.segments[plan.n++] = segment(0x104000, 0x106000, ELF_READ);
    plan.segments[plan.n++] = segment(0x106000, 0x109000, ELF_READ | ELF_WRITE);
    plan.segments[plan.n++] = segment(0x109000, 0x10a000, 0);
    plan.segments[plan.n++] = segment(0x10d000, 0x10e000, 0);
    plan.segments[plan.n++] = segment(0x111000, 0x112000, 0);
    layout_as_linked(&layout, &plan, memory_bytes);
}

static void build(bool ring)
{
    if (memory)
        munmap(memory, memory_len);
    memory_len = tables_bytes(&layout);
    memory = mmap(NULL, memory_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(memory != MAP_FAILED);
    tables_build(&tables, memory, &layout, &plan, ring);
}

/* What a processor may do at an address, and where that is; 0: nothing. */
static unsigned walk(uint64_t address, uint64_t *physical)
{
    uint64_t table = tables.root, all = PRESENT | WRITABLE | USER;
    bool execute = true;
    for (int shift = 39; shift >= 12; shift -= 9) {
        uint64_t e;
        memcpy(&e, memory + table + (address >> shift & 511) * 8, sizeof e);
        if (!(e & PRESENT))
            return 0;
        assert_int_equal(e & 0x20, 0x20); /* accessed: no processor writes here */
        all &= e;
        execute &= !(e & NO_EXECUTE);
        table = e & ADDRESS;
        assert_true(table < memory_len);
        if (shift == 12 || e & IS_LARGE) {
            assert_int_equal(e & 0x40, 0x40);
            *physical = table + (address & ((UINT64_C(1) << shift) - 1));
            return (unsigned)(all & (PRESENT | WRITABLE | USER)) | (execute ? EXECUTABLE : 0);
        }
    }
    return 0;
}

enum { NOTHING = 0, READ = PRESENT | USER, READ_WRITE = READ | WRITABLE, READ_EXECUTE = READ | EXECUTABLE };

static void maps(uint64_t linked, unsigned wanted)
{
    uint64_t physical = 0, address = layout_placed(&layout, linked);
    assert_int_equal(walk(address, &physical), wanted);
    if (wanted)
        assert_int_equal(physical, linked);
    assert_int_equal(tables_reach(&tables, address, 1, TABLES_READ) != NULL, wanted != NOTHING);
    assert_int_equal(tables_reach(&tables, address, 1, TABLES_WRITE) != NULL, wanted == READ_WRITE);
    if (wanted)
        assert_ptr_equal(tables_reach(&tables, address, 1, TABLES_READ), memory + linked);
}

static void check_image(uint64_t memory_bytes)
{
    maps(0x10000, READ_WRITE);
    maps(0xfffff, READ_WRITE);
    maps(0x100000, READ_EXECUTE);
    maps(0x103fff, READ_EXECUTE);
    maps(0x104000, READ);
    maps(0x106000, READ_WRITE);
    maps(0x109000, NOTHING);
    maps(0x109fff, NOTHING);
    maps(0x10a000, READ_WRITE);
    maps(0x10d000, NOTHING);
    maps(0x110fff, READ_WRITE);
    maps(0x111000, NOTHING);
    maps(0x112000, READ_WRITE);
    maps(memory_bytes - 1, READ_WRITE);
}

static void protections_are_the_segments(void **state)
{
    static const uint64_t sizes[] = {2 * MB, 3 * MB, 4 * MB, 64 * MB, 1023 * MB, 4096 * MB};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t physical;
        lay(sizes[i]);
        build(false);
        check_image(sizes[i]);
        assert_int_equal(walk(0, &physical), NOTHING);
        assert_int_equal(walk(0xffff, &physical), NOTHING);
        if (sizes[i] < TABLES_SYSTEM)
            assert_int_equal(walk(sizes[i], &physical), NOTHING);
    }
}

static void heap_above(bool above)
{
    layout.parts[LAYOUT_HEAP].lowest = above ? TABLES_HEAP_LOWEST : 0;
    layout.parts[LAYOUT_HEAP].highest = above ? TABLES_END : 0;
}

/* As much memory as there can be leaves room for all, and its tables are as many as were counted, wherever it lies. */
static void all_memory_is_moved(void **state)
{
    const struct layout_part *heap = &layout.parts[LAYOUT_HEAP];
    for (uint64_t seed = 0; seed < 200; seed++) {
        uint64_t bytes = seed % 2 ? 4096 * MB : 33 * MB, start, physical;
        lay(bytes);
        layout.parts[LAYOUT_HEAP].granule = LARGE;
        heap_above(true);
        assert_true(layout_draw(&layout, seed, 0, SOLO5_MEMORY_BASE, TABLES_SYSTEM));
        build(false);
        check_image(bytes);
        start = heap->start + heap->by;
        assert_true(layout.moved && start >= TABLES_HEAP_LOWEST && heap->end + heap->by <= TABLES_END);
        assert_true(layout_placed(&layout, 0x111fff) < TABLES_SYSTEM &&
                    layout_placed(&layout, 0xfffff) < TABLES_SYSTEM);
        assert_int_equal(walk(start - 1, &physical), NOTHING);
        assert_int_equal(walk(heap->end + heap->by, &physical), NOTHING);
        assert_int_equal(walk(TABLES_SYSTEM, &physical), PRESENT | EXECUTABLE);
        assert_non_null(tables_reach(&tables, start, heap->end - heap->start, TABLES_WRITE));
        assert_null(tables_reach(&tables, start, heap->end - heap->start + 1, TABLES_WRITE));
        assert_null(tables_reach(&tables, start - 1, 2, TABLES_READ));
        assert_true(tables.next <= tables.end);
    }
}

static void moved_images_are_protected_alike(void **state)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        uint64_t bytes = seed % 2 ? 64 * MB : 4 * MB;
        lay(bytes);
        if (seed % 2)
            layout.parts[LAYOUT_HEAP].granule = LARGE;
        heap_above(seed % 3);
        assert_true(layout_draw(&layout, seed, 0, SOLO5_MEMORY_BASE, TABLES_SYSTEM));
        build(false);
        check_image(bytes);
        assert_int_equal(layout.parts[LAYOUT_HEAP].by % (seed % 2 ? LARGE : PAGE), 0);
    }
}

/* Whatever a guest can write to is its own memory, and whatever lies behind that it can't touch. */
static void the_guest_reaches_its_own_memory_only(void **state)
{
    for (int ring = 0; ring < 2; ring++) {
        lay(4 * MB);
        build(ring);
        for (uint64_t address = 0; address < TABLES_SYSTEM + LARGE;) {
            uint64_t physical = 0;
            unsigned can = walk(address, &physical);
            bool is_ring = address >= TABLES_SYSTEM + TABLES_RING;
            if (can & USER) {
                assert_true(physical < 4 * MB || (ring && is_ring));
                assert_false(can & WRITABLE && can & EXECUTABLE);
            }
            address += can || address >= TABLES_SYSTEM || address < 8 * MB ? PAGE : LARGE;
        }
        assert_int_equal(
            tables_reach(&tables, TABLES_SYSTEM + TABLES_RING, sizeof(struct hvt_ring), TABLES_WRITE) != NULL, ring);
        assert_null(tables_reach(&tables, TABLES_SYSTEM, 1, TABLES_READ));
        assert_null(tables_reach(&tables, TABLES_SYSTEM + PAGE, 1, TABLES_READ));
        uint64_t physical;
        assert_int_equal(walk(TABLES_SYSTEM, &physical), PRESENT | EXECUTABLE);
        assert_int_equal(walk(TABLES_SYSTEM + PAGE, &physical), PRESENT | WRITABLE);
    }
}

static void ranges_are_checked_to_their_end(void **state)
{
    lay(4 * MB);
    build(false);
    assert_non_null(tables_reach(&tables, 0x10a000, 0x3000, TABLES_WRITE));
    assert_null(tables_reach(&tables, 0x10a000, 0x3001, TABLES_WRITE)); /* into a guard */
    assert_null(tables_reach(&tables, 0x109fff, 2, TABLES_READ));
    assert_non_null(tables_reach(&tables, 0x103ff0, 0x20, TABLES_READ)); /* text and constants */
    assert_null(tables_reach(&tables, 0x105ff0, 0x20, TABLES_WRITE));    /* constants and data */
    assert_non_null(tables_reach(&tables, 4 * MB - 8, 8, TABLES_WRITE));
    assert_null(tables_reach(&tables, 4 * MB - 8, 9, TABLES_READ));
    assert_null(tables_reach(&tables, 0x112000, UINT64_MAX, TABLES_READ));
    assert_null(tables_reach(&tables, UINT64_MAX - 3, 8, TABLES_READ));
    assert_null(tables_reach(&tables, UINT64_MAX, 1, TABLES_READ));
    assert_null(tables_reach(&tables, UINT64_C(1) << 40, 1, TABLES_READ));
    assert_null(tables_reach(&tables, TABLES_END - 1, 1, TABLES_READ));
    assert_null(tables_reach(&tables, TABLES_END - 1, 2, TABLES_READ));
    assert_null(tables_reach(&tables, TABLES_END, 1, TABLES_READ));
    assert_non_null(tables_reach(&tables, UINT64_MAX, 0, TABLES_WRITE)); /* nothing is anywhere */
}

/* Parts that happen to follow one another in addresses do not in memory: layout_draw keeps them apart, and so must we. */
static void neighbours_in_addresses_are_not_one_range(void **state)
{
    lay(4 * MB);
    layout.parts[LAYOUT_INFO].by = layout.parts[LAYOUT_HEAP].end - layout.parts[LAYOUT_INFO].start;
    build(false);
    uint64_t border = 4 * MB;
    assert_non_null(tables_reach(&tables, border - 8, 8, TABLES_READ));
    assert_non_null(tables_reach(&tables, border, 8, TABLES_READ));
    assert_null(tables_reach(&tables, border - 8, 16, TABLES_READ));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protections_are_the_segments),
        cmocka_unit_test(moved_images_are_protected_alike),
        cmocka_unit_test(all_memory_is_moved),
        cmocka_unit_test(the_guest_reaches_its_own_memory_only),
        cmocka_unit_test(ranges_are_checked_to_their_end),
        cmocka_unit_test(neighbours_in_addresses_are_not_one_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
