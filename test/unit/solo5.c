/* SPDX-License-Identifier: ISC */
#include "wire/hvt.h"
#include "wire/solo5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct solo5_manifest sample(void)
{
    struct solo5_manifest m = {.n = 4};
    m.entries[0].type = SOLO5_RESERVED;
    m.entries[1] =
        (struct solo5_entry){.name = "service", .type = SOLO5_NET, .mac = {2, 0, 0, 1, 2, 3}, .mtu_bytes = 1500};
    m.entries[2] =
        (struct solo5_entry){.name = "disk", .type = SOLO5_BLOCK, .capacity_bytes = 1 << 20, .block_bytes = 512};
    m.entries[3] = (struct solo5_entry){
        .name = "jinn", .type = SOLO5_JINN, .version = 1, .features = 5, .optional = UINT64_C(1) << 63 | 4};
    return m;
}

static struct writer emitted(const struct solo5_manifest *m)
{
    static uint8_t buffer[SOLO5_MANIFEST_NOTE_BYTES(SOLO5_ENTRIES_MAX)];
    memset(buffer, 0xaa, sizeof buffer);
    struct writer w = writer_of(buffer, sizeof buffer);
    solo5_manifest_emit(&w, m);
    assert_true(writer_good(&w));
    return w;
}

static const char *verdict(struct writer w, enum solo5_origin origin)
{
    static struct solo5_manifest m;
    return solo5_manifest_parse(writer_bytes(&w), origin, &m);
}

/* The bytes that a compiler makes of Solo5's structures for one net device. */
static void manifest_bytes_are_those_of_solo5(void **state)
{
    struct solo5_manifest m = {.n = 2};
    m.entries[0].type = SOLO5_RESERVED;
    m.entries[1] = (struct solo5_entry){
        .name = "a", .type = SOLO5_NET, .mac = {1, 2, 3, 4, 5, 6}, .mtu_bytes = 0x05dc, .backing = 7, .attached = true};
    uint8_t expected[8 + 2 * 104] = {1, 0, 0, 0, 2};
    expected[8 + 71] = 0x40;
    uint8_t *e = expected + 8 + 104;
    e[0] = 'a';
    e[68] = 2;
    memcpy(e + 72, "\1\2\3\4\5\6\xdc\5", 8);
    e[88] = 7;
    e[96] = 1;
    struct writer w = emitted(&m);
    assert_int_equal(writer_len(&w), sizeof expected);
    assert_memory_equal(w.start, expected, sizeof expected);
}

static void manifest_comes_back(void **state)
{
    struct solo5_manifest m = sample(), back;
    m.entries[1].attached = true;
    m.entries[1].backing = 4;
    struct writer w = emitted(&m);
    assert_null(solo5_manifest_parse(writer_bytes(&w), SOLO5_AT_BOOT, &back));
    assert_int_equal(back.n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_memory_equal(&back.entries[i], &m.entries[i], sizeof m.entries[i]);
}

/* The bits are where an image's file has them, and mean something with block devices only. */
static void optional_devices(void **state)
{
    struct solo5_manifest m = sample(), back;
    struct writer w = emitted(&m);
    assert_int_equal(w.start[8 + 3 * 104 + 80], 4);
    assert_int_equal(w.start[8 + 3 * 104 + 87], 0x80);
    assert_null(solo5_manifest_parse(writer_bytes(&w), SOLO5_IN_FILE, &back));
    assert_true(solo5_optional(&back, &back.entries[3], 2));
    assert_false(solo5_optional(&back, NULL, 2));
    back.entries[3].optional = ~UINT64_C(4);
    for (size_t i = 0; i < back.n; i++)
        assert_false(solo5_optional(&back, &back.entries[3], i));
}

static void full_manifest_is_taken_and_a_larger_one_refused(void **state)
{
    struct solo5_manifest m = {.n = SOLO5_ENTRIES_MAX};
    m.entries[0].type = SOLO5_RESERVED;
    for (size_t i = 1; i < m.n; i++) {
        m.entries[i].type = SOLO5_NET;
        m.entries[i].name[0] = (char)('0' + i / 10);
        m.entries[i].name[1] = (char)('0' + i % 10);
    }
    struct writer w = emitted(&m);
    assert_null(verdict(w, SOLO5_IN_FILE));
    w.start[4]++;
    assert_string_equal(verdict(w, SOLO5_IN_FILE), "its manifest has no entry or more than 64");
}

static void broken_manifests_are_refused(void **state)
{
    static const struct {
        size_t at;
        uint8_t value;
        const char *reason;
    } cases[] = {
        {0, 2, "its manifest has a version other than 1"},
        {4, 0, "its manifest has no entry or more than 64"},
        {4, 3, "its manifest's length does not match the number of entries"},
        {4, 5, "its manifest's length does not match the number of entries"},
        {8, 'x', "its manifest's first entry is not the reserved one"},
        {8 + 68, 7, "its manifest's first entry is not the reserved one"},
        {8 + 104 + 67, 'x', "a name in its manifest has no end"},
        {8 + 104, 0, "a device's name in its manifest is not 1 to 67 letters and digits"},
        {8 + 104, '/', "a device's name in its manifest is not 1 to 67 letters and digits"},
        {8 + 104 + 96, 1, "a device in its manifest claims to be attached already"},
        {8 + 104 + 96, 2, "a device in its manifest claims to be attached already"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct solo5_manifest m = sample();
        struct writer w = emitted(&m);
        w.start[cases[i].at] = cases[i].value;
        const char *reason = verdict(w, SOLO5_IN_FILE);
        assert_non_null(reason);
        assert_string_equal(reason, cases[i].reason);
    }
}

static void same_name_twice_is_refused_within_a_type_only(void **state)
{
    struct solo5_manifest m = sample();
    strcpy(m.entries[2].name, "service");
    assert_null(verdict(emitted(&m), SOLO5_IN_FILE));
    m.entries[2].type = SOLO5_NET;
    assert_string_equal(verdict(emitted(&m), SOLO5_IN_FILE), "a name stands twice in its manifest");
}

static void every_cut_of_a_manifest_is_refused(void **state)
{
    struct solo5_manifest m = sample(), back;
    struct writer w = emitted(&m);
    for (size_t len = 0; len < writer_len(&w); len++) {
        uint8_t *copy = malloc(len ? len : 1); /* so that a sanitizer sees a step too far */
        memcpy(copy, w.start, len);
        assert_non_null(solo5_manifest_parse(bytes_of(copy, len), SOLO5_IN_FILE, &back));
        free(copy);
    }
}

static void notes_come_back(void **state)
{
    struct solo5_manifest m = sample(), back;
    uint8_t buffer[SOLO5_MANIFEST_NOTE_BYTES(4)];
    struct bytes content;
    struct solo5_abi abi;
    struct writer w = writer_of(buffer, sizeof buffer);
    solo5_manifest_note_emit(&w, &m);
    assert_true(writer_good(&w));
    assert_int_equal(writer_left(&w), 0);
    assert_int_equal(solo5_note_parse(writer_bytes(&w), SOLO5_NOTE_ABI1, &content), ERR_NOT_FOUND);
    assert_int_equal(solo5_note_parse(writer_bytes(&w), SOLO5_NOTE_MFT1, &content), OK);
    assert_null(solo5_manifest_parse(content, SOLO5_IN_FILE, &back));
    w = writer_of(buffer, SOLO5_ABI_NOTE_BYTES);
    solo5_abi_note_emit(&w, 2, 9);
    assert_true(writer_good(&w));
    assert_int_equal(solo5_note_parse(writer_bytes(&w), SOLO5_NOTE_ABI1, &content), OK);
    assert_int_equal(solo5_abi_parse(content, &abi), OK);
    assert_int_equal(abi.target, 2);
    assert_int_equal(abi.version, 9);
    for (size_t len = 0; len < SOLO5_ABI_NOTE_BYTES; len++)
        assert_int_not_equal(solo5_note_parse(bytes_of(buffer, len), SOLO5_NOTE_ABI1, &content), OK);
    buffer[12] = 'X';
    assert_int_equal(solo5_note_parse(writer_bytes(&w), SOLO5_NOTE_ABI1, &content), ERR_NOT_FOUND);
}

static void boot_info_of_hvt_comes_back(void **state)
{
    struct hvt_boot_info info = {1, 2, 2250000000, UINT64_MAX, 5, HVT_FEATURE_RING, UINT64_C(1) << 32}, back = {0};
    uint8_t buffer[HVT_BOOT_INFO_BYTES];
    struct writer w = writer_of(buffer, sizeof buffer);
    hvt_boot_info_emit(&w, &info);
    assert_true(writer_good(&w));
    assert_int_equal(writer_len(&w), HVT_BOOT_INFO_BYTES);
    assert_int_equal(buffer[40], HVT_FEATURE_RING);
    assert_int_equal(buffer[52], 1);
    assert_int_equal(hvt_boot_info_parse(writer_bytes(&w), &back), OK);
    assert_true(back.memory_bytes == 1 && back.image_end == 2 && back.tsc_hz == info.tsc_hz);
    assert_true(back.command_line == UINT64_MAX && back.manifest == 5 && back.features == 1 && back.ring == info.ring);
    assert_int_equal(hvt_boot_info_parse(bytes_of(buffer, sizeof buffer - 1), &back), ERR_MALFORMED);
    memset(buffer + 16, 0, 8); /* a clock that stands still */
    assert_int_equal(hvt_boot_info_parse(bytes_of(buffer, sizeof buffer), &back), ERR_MALFORMED);
}

static void boot_info_comes_back(void **state)
{
    struct solo5_boot_info info = {1, 2, 3, UINT64_MAX, -1, 68}, back;
    uint8_t buffer[SOLO5_BOOT_INFO_BYTES];
    struct writer w = writer_of(buffer, sizeof buffer);
    solo5_boot_info_emit(&w, &info);
    assert_true(writer_good(&w));
    assert_int_equal(writer_left(&w), 0);
    assert_int_equal(solo5_boot_info_parse(writer_bytes(&w), &back), OK);
    assert_memory_equal(&back, &info, sizeof info);
    assert_int_equal(solo5_boot_info_parse(bytes_of(buffer, sizeof buffer - 1), &back), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_bytes_are_those_of_solo5),
        cmocka_unit_test(manifest_comes_back),
        cmocka_unit_test(optional_devices),
        cmocka_unit_test(full_manifest_is_taken_and_a_larger_one_refused),
        cmocka_unit_test(broken_manifests_are_refused),
        cmocka_unit_test(same_name_twice_is_refused_within_a_type_only),
        cmocka_unit_test(every_cut_of_a_manifest_is_refused),
        cmocka_unit_test(notes_come_back),
        cmocka_unit_test(boot_info_comes_back),
        cmocka_unit_test(boot_info_of_hvt_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
