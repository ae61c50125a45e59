/* SPDX-License-Identifier: ISC */
/* Where the tender lays an image: repeatable by a seed, anywhere, never one part over another. */
#include "tender/layout.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define LOWEST (UINT64_C(1) << 32)
#define HIGHEST UINT64_C(0x550000000000)
#define MEMORY (UINT64_C(16) << 20)

static struct elf_plan plan = {.stacks = 0x120000, .end = 0x140000};

static struct layout linked(void)
{
    struct layout l;
    layout_as_linked(&l, &plan, MEMORY);
    return l;
}

static struct layout drawn(uint64_t seed)
{
    struct layout l = linked();
    assert_true(layout_draw(&l, seed, 0, LOWEST, HIGHEST));
    return l;
}

static uint64_t place(const struct layout *l, size_t part)
{
    return l->parts[part].start + l->parts[part].by;
}

static void as_linked_nothing_is_moved(void **state)
{
    static const uint64_t addresses[] = {0x10000, 0x11000, 0x100000, 0x11ffff, 0x120000, 0x13ffff, 0x140000, MEMORY};
    struct layout l = linked();
    assert_false(l.moved);
    for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
        uint64_t back;
        assert_int_equal(layout_placed(&l, addresses[i]), addresses[i]);
        assert_int_equal(layout_linked(&l, addresses[i], &back), addresses[i] < MEMORY);
        assert_int_equal(back, addresses[i]);
    }
    assert_int_equal(layout_word(&l, 0x100008), 0x100008);
}

/* Each page goes there and back; the parts tile the linked memory. */
static void every_address_goes_there_and_back(void **state)
{
    struct layout l = drawn(1);
    uint64_t back;
    assert_true(l.moved);
    for (uint64_t a = 0x10000; a < MEMORY; a += 0x1000) {
        assert_true(layout_linked(&l, layout_placed(&l, a + 0x123), &back));
        assert_int_equal(back, a + 0x123);
    }
    assert_int_equal(layout_placed(&l, MEMORY), l.parts[LAYOUT_HEAP].by + MEMORY);
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        assert_false(layout_linked(&l, place(&l, i) - 1, &back));
        assert_false(layout_linked(&l, l.parts[i].end + l.parts[i].by, &back));
    }
    assert_false(layout_linked(&l, 0x100000, &back));
    assert_int_equal(back, 0x100000);
}

static void words_know_image_and_stacks(void **state)
{
    struct layout l = drawn(2);
    uint64_t image = l.parts[LAYOUT_IMAGE].by, stacks = l.parts[LAYOUT_STACKS].by;
    assert_int_not_equal(image, stacks);
    assert_int_equal(layout_word(&l, 0x100000), 0x100000 + image);
    assert_int_equal(layout_word(&l, 0x120000), 0x120000 + image);
    assert_int_equal(layout_word(&l, 0x121000), 0x121000 + stacks);
    assert_int_equal(layout_word(&l, 0x140000), 0x140000 + stacks);
}

static void seed_repeats_a_layout(void **state)
{
    struct layout a = drawn(77), b = drawn(77), c = drawn(78), d = linked();
    assert_int_equal(a.seed, 77);
    assert_memory_equal(a.parts, b.parts, sizeof a.parts);
    assert_true(layout_draw(&d, 77, 1, LOWEST, HIGHEST));
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        assert_int_not_equal(place(&a, i), place(&c, i));
        assert_int_not_equal(place(&a, i), place(&d, i)); /* another attempt is another layout */
    }
}

static void check_apart(const struct layout *l, uint64_t lowest, uint64_t highest)
{
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        uint64_t start = place(l, i), end = l->parts[i].end + l->parts[i].by;
        assert_true(start % ELF_PAGE == 0 && start >= lowest && end <= highest && end >= start);
        for (size_t k = 0; k < i; k++)
            assert_true(place(l, k) >= end + ELF_PAGE || start >= l->parts[k].end + l->parts[k].by + ELF_PAGE);
    }
}

static void parts_stay_apart(void **state)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct layout l = drawn(seed);
        check_apart(&l, LOWEST, HIGHEST);
        /* In four times what they need they often meet. */
        l = linked();
        assert_true(layout_draw(&l, seed, 0, 0x10000, 0x10000 + 4 * MEMORY));
        check_apart(&l, 0x10000, 0x10000 + 4 * MEMORY);
    }
}

/* A part with bounds of its own lies within those, all others within theirs. */
static void a_part_may_lie_elsewhere(void **state)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct layout l = linked();
        struct layout_part *heap = &l.parts[LAYOUT_HEAP];
        heap->lowest = LOWEST;
        heap->highest = LOWEST + 2 * MEMORY;
        assert_true(layout_draw(&l, seed, 0, 0x10000, LOWEST));
        assert_true(place(&l, LAYOUT_HEAP) >= LOWEST && heap->end + heap->by <= LOWEST + 2 * MEMORY);
        for (size_t i = 0; i < LAYOUT_HEAP; i++)
            assert_true(place(&l, i) >= 0x10000 && l.parts[i].end + l.parts[i].by <= LOWEST);
        check_apart(&l, 0x10000, LOWEST + 2 * MEMORY);
    }
    struct layout l = linked();
    l.parts[LAYOUT_HEAP].lowest = LOWEST;
    l.parts[LAYOUT_HEAP].highest = LOWEST + MEMORY / 2;
    assert_false(layout_draw(&l, 1, 0, 0x10000, HIGHEST));
}

static void no_room_is_said(void **state)
{
    struct layout l = linked();
    assert_false(layout_draw(&l, 1, 0, LOWEST, LOWEST + MEMORY - 0x140000 - 0x1000)); /* less than the heap alone */
    assert_false(layout_draw(&l, 1, 0, LOWEST, LOWEST + MEMORY - 0x140000));          /* the heap, and nothing else */
}

static void empty_parts_do_no_harm(void **state)
{
    struct layout l;
    uint64_t back;
    layout_as_linked(&l, &(struct elf_plan){.stacks = 0x140000, .end = 0x140000}, 0x140000);
    assert_true(layout_draw(&l, 5, 0, LOWEST, HIGHEST));
    assert_int_equal(layout_placed(&l, 0x13ffff), 0x13ffff + l.parts[LAYOUT_IMAGE].by);
    assert_true(layout_linked(&l, layout_placed(&l, 0x13ffff), &back));
    assert_int_equal(layout_word(&l, 0x140000), 0x140000 + l.parts[LAYOUT_IMAGE].by);
}

/* Of places that lie evenly, 4096 in 64 equal stretches: each has 64, give or take 5 standard deviations; and so have the
 * differences of parts, or one would tell of the other. The seeds are counted up, the worst that they can be. */
static void check_even(size_t part, size_t other)
{
    enum { N = 4096, STRETCHES = 64 };
    unsigned count[STRETCHES] = {0};
    for (uint64_t seed = 0; seed < N; seed++) {
        struct layout l = drawn(seed);
        uint64_t span = HIGHEST - LOWEST, at = place(&l, part) - LOWEST;
        if (other != part)
            at = (at + span - (place(&l, other) - LOWEST)) % span;
        count[at / (span / STRETCHES + 1)]++;
    }
    for (size_t i = 0; i < STRETCHES; i++)
        assert_in_range(count[i], 64 - 40, 64 + 40);
}

static void places_are_even_and_tell_nothing_of_each_other(void **state)
{
    for (size_t part = 0; part < LAYOUT_PARTS; part++)
        for (size_t other = 0; other <= part; other++)
            check_even(part, other);
}

/* Any page: of its 34 bits each is as often 1 as 0, give or take 6 standard deviations. */
static void every_bit_of_a_page_number_varies(void **state)
{
    enum { N = 4096, BITS = 34 };
    for (size_t part = 0; part < LAYOUT_PARTS; part++) {
        unsigned ones[BITS] = {0};
        for (uint64_t seed = 0; seed < N; seed++) {
            struct layout l = drawn(seed);
            for (size_t bit = 0; bit < BITS - 3; bit++) /* the highest are not even: the bounds are no powers of two */
                ones[bit] += place(&l, part) >> 12 >> bit & 1;
        }
        for (size_t bit = 0; bit < BITS - 3; bit++)
            assert_in_range(ones[bit], N / 2 - 192, N / 2 + 192);
    }
}

static void spans_end_with_the_guests_memory(void **state)
{
    struct layout l = linked();
    assert_int_equal(layout_span(&l, 0x10000, MEMORY), MEMORY - 0x10000);
    assert_int_equal(layout_span(&l, 0xfffff, 2), 2);
    assert_int_equal(layout_span(&l, MEMORY - 1, 16), 1);
    assert_int_equal(layout_span(&l, MEMORY, 16), 0);
    assert_int_equal(layout_span(&l, 0xffff, 16), 0);
    assert_int_equal(layout_span(&l, 0x10000, 0), 0);
    l = drawn(7);
    for (size_t i = 0; i < LAYOUT_PARTS; i++) {
        const struct layout_part *p = &l.parts[i];
        assert_int_equal(layout_span(&l, place(&l, i), SIZE_MAX), p->end - p->start);
        assert_int_equal(layout_span(&l, p->end + p->by - 3, 16), 3);
        assert_int_equal(layout_span(&l, place(&l, i) - 1, 16), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_linked_nothing_is_moved),
        cmocka_unit_test(every_address_goes_there_and_back),
        cmocka_unit_test(spans_end_with_the_guests_memory),
        cmocka_unit_test(words_know_image_and_stacks),
        cmocka_unit_test(seed_repeats_a_layout),
        cmocka_unit_test(parts_stay_apart),
        cmocka_unit_test(a_part_may_lie_elsewhere),
        cmocka_unit_test(no_room_is_said),
        cmocka_unit_test(empty_parts_do_no_harm),
        cmocka_unit_test(places_are_even_and_tell_nothing_of_each_other),
        cmocka_unit_test(every_bit_of_a_page_number_varies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
