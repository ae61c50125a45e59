/* SPDX-License-Identifier: ISC */
/* The packed table of relocations: what the linker writes, and every way in which a table can be wrong. */
#include "wire/relr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The table in memory of exactly its length, so that a sanitizer sees a step too far. */
static size_t addresses_of(const uint64_t *words, size_t n, uint64_t *addresses, size_t room, const char **wrong)
{
    uint8_t *table = malloc(n * 8 + 1);
    struct writer w = writer_of(table, n * 8);
    for (size_t i = 0; i < n; i++)
        write_le64(&w, words[i]);
    struct relr r = relr_of(writer_bytes(&w));
    size_t found = 0;
    for (uint64_t address; relr_next(&r, &address); found++) {
        assert_true(found < room);
        addresses[found] = address;
    }
    *wrong = r.wrong;
    uint64_t more;
    assert_false(relr_next(&r, &more)); /* an end stays one */
    free(table);
    return found;
}

static void expect(const uint64_t *words, size_t n_words, const uint64_t *expected, size_t n)
{
    uint64_t addresses[1024];
    const char *wrong;
    assert_int_equal(addresses_of(words, n_words, addresses, ARRAY_LEN(addresses), &wrong), n);
    assert_null(wrong);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(addresses[i], expected[i]);
}
#define EXPECT(words, ...) \
    expect(words, ARRAY_LEN(words), (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static void refused(const uint64_t *words, size_t n_words, size_t n_before, const char *expected)
{
    uint64_t addresses[1024];
    const char *wrong;
    assert_int_equal(addresses_of(words, n_words, addresses, ARRAY_LEN(addresses), &wrong), n_before);
    assert_non_null(wrong);
    assert_string_equal(wrong, expected);
}
#define REFUSED(n_before, text, ...) \
    refused((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8, n_before, text)

static void empty_table_has_none(void **state)
{
    expect(NULL, 0, NULL, 0);
}

static void addresses_alone(void **state)
{
    static const uint64_t words[] = {0x1000, 0x1008, 0x5000};
    EXPECT(words, 0x1000, 0x1008, 0x5000);
}

/* Bit 0 says that it is a map; bit n is the n-th word behind the address. */
static void map_tells_of_the_63_words_behind(void **state)
{
    static const uint64_t words[] = {0x1000, 0x8000000000000003};
    EXPECT(words, 0x1000, 0x1008, 0x1000 + 8 * 63);
}

static void maps_follow_one_another(void **state)
{
    static const uint64_t words[] = {0x1000, 1, 3, 0x8000000000000001, 5};
    EXPECT(words, 0x1000, 0x1008 + 63 * 8, 0x1008 + 63 * 8 * 3 - 8, 0x1008 + 63 * 8 * 3 + 8);
}

/* The linker fills up what it needs no more with maps of nothing. */
static void empty_maps_say_nothing(void **state)
{
    static const uint64_t words[] = {0x1000, 1, 1, 1};
    EXPECT(words, 0x1000);
}

static void full_maps_give_every_word(void **state)
{
    static const uint64_t words[] = {0x1000, UINT64_MAX, UINT64_MAX};
    uint64_t addresses[1024];
    const char *wrong;
    assert_int_equal(addresses_of(words, 3, addresses, 1024, &wrong), 1 + 2 * 63);
    assert_null(wrong);
    for (size_t i = 0; i < 1 + 2 * 63; i++)
        assert_int_equal(addresses[i], 0x1000 + 8 * i);
}

static void address_follows_a_map(void **state)
{
    static const uint64_t words[] = {0x1000, 3, 0x1008 + 63 * 8, 3};
    EXPECT(words, 0x1000, 0x1008, 0x1008 + 63 * 8, 0x1010 + 63 * 8);
}

static void map_without_an_address_is_refused(void **state)
{
    REFUSED(0, "its table of relocations begins with a map of bits", 3);
    REFUSED(0, "its table of relocations begins with a map of bits", 1, 0x1000);
}

static void misaligned_address_is_refused(void **state)
{
    REFUSED(0, "a relocation's address is not a multiple of 8", 0x1002);
    REFUSED(0, "a relocation's address is not a multiple of 8", 0x1004);
    REFUSED(2, "a relocation's address is not a multiple of 8", 0x1000, 3, 0x100000a);
}

static void overlap_is_refused(void **state)
{
    static const char text[] = "relocations overlap or are not in ascending order";
    REFUSED(1, text, 0x1000, 0x1000);
    REFUSED(1, text, 0x1000, 0xff8);
    REFUSED(2, text, 0x1000, 3, 0x1008);
    /* A place that the map left out is spoken of all the same. */
    REFUSED(2, text, 0x1000, 3, 0x1000 + 8 * 63);
    REFUSED(1, text, 0x1000, 1, 0x1010);
    REFUSED(1, text, 8, 0);
}

static void end_of_addresses_is_refused(void **state)
{
    static const char text[] = "a relocation lies beyond the last address";
    static const uint64_t last[] = {UINT64_MAX - 15};
    EXPECT(last, UINT64_MAX - 15);
    REFUSED(0, text, UINT64_MAX - 7);
    REFUSED(1, text, UINT64_MAX - 15, 3);
    REFUSED(1, text, UINT64_MAX - 15, 1);
    REFUSED(1, text, UINT64_MAX - 8 * 64 + 1, 3);
    static const uint64_t fits[] = {UINT64_MAX - 8 * 65 + 1, 0x8000000000000001};
    EXPECT(fits, UINT64_MAX - 8 * 65 + 1, UINT64_MAX - 15);
}

static void table_of_broken_words_is_refused(void **state)
{
    static const uint8_t table[16] = {0, 0x10, 0, 0, 0, 0, 0, 0, 8, 0x10};
    for (size_t len = 9; len < 16; len++) {
        uint8_t *copy = malloc(len);
        memcpy(copy, table, len);
        struct relr r = relr_of(bytes_of(copy, len));
        uint64_t address;
        assert_true(relr_next(&r, &address));
        assert_int_equal(address, 0x1000);
        assert_false(relr_next(&r, &address));
        assert_string_equal(r.wrong, "its table of relocations breaks off");
        free(copy);
    }
}

static const uint8_t note[] = "\x0c\0\0\0\x08\0\0\0RELRJinn layout\0\1\2\3\4\5\6\7\x08";
#define NOTE_BYTES (RELR_NOTE_HEADER_BYTES + 8)

static void note_gives_its_table(void **state)
{
    struct bytes table;
    assert_int_equal(relr_note_parse(bytes_of(note, NOTE_BYTES), &table), OK);
    assert_int_equal(table.len, 8);
    assert_ptr_equal(table.data, note + RELR_NOTE_HEADER_BYTES);
    uint8_t again[NOTE_BYTES];
    struct writer w = writer_of(again, sizeof again);
    relr_note_emit(&w, table);
    assert_true(writer_good(&w));
    assert_memory_equal(again, note, NOTE_BYTES);
}

static void other_notes_are_passed_over(void **state)
{
    struct bytes table;
    for (size_t i = 0; i < RELR_NOTE_HEADER_BYTES; i++) {
        uint8_t other[NOTE_BYTES];
        memcpy(other, note, NOTE_BYTES);
        other[i]++;
        bool is_length = i >= 4 && i < 8;
        assert_int_equal(relr_note_parse(bytes_of(other, NOTE_BYTES), &table),
                         is_length ? ERR_MALFORMED : ERR_NOT_FOUND);
    }
}

static void note_cut_off_is_refused(void **state)
{
    struct bytes table;
    for (size_t len = 0; len < NOTE_BYTES; len++) {
        uint8_t *copy = malloc(len + 1);
        memcpy(copy, note, len);
        assert_int_equal(relr_note_parse(bytes_of(copy, len), &table),
                         len < RELR_NOTE_HEADER_BYTES ? ERR_NOT_FOUND : ERR_MALFORMED);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_table_has_none),
        cmocka_unit_test(addresses_alone),
        cmocka_unit_test(map_tells_of_the_63_words_behind),
        cmocka_unit_test(maps_follow_one_another),
        cmocka_unit_test(empty_maps_say_nothing),
        cmocka_unit_test(full_maps_give_every_word),
        cmocka_unit_test(address_follows_a_map),
        cmocka_unit_test(map_without_an_address_is_refused),
        cmocka_unit_test(misaligned_address_is_refused),
        cmocka_unit_test(overlap_is_refused),
        cmocka_unit_test(end_of_addresses_is_refused),
        cmocka_unit_test(table_of_broken_words_is_refused),
        cmocka_unit_test(note_gives_its_table),
        cmocka_unit_test(other_notes_are_passed_over),
        cmocka_unit_test(note_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
