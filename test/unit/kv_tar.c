/* SPDX-License-Identifier: ISC */
/* A store in an archive of tar's on a block device, made by the tar of this machine in each of its formats. */
#include "store/tar.h"

#include <jinn/fiber.h>
#include <jinn/format.h>
#include <jinn/kv.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- A device in memory ---- */

static struct memory {
    struct block block;
    uint8_t bytes[4 << 20];
    bool broken;
} disk;

static enum err disk_read(struct block *b, uint64_t offset, void *buffer, size_t len)
{
    memcpy(buffer, disk.bytes + offset, len);
    return disk.broken ? ERR_IO : OK;
}

static void lay(const void *data, size_t len, uint32_t block_bytes)
{
    static const struct block_ops ops = {.read = disk_read};
    assert_true(len <= sizeof disk.bytes);
    memset(disk.bytes, 0, sizeof disk.bytes);
    memcpy(disk.bytes, data, len);
    disk.block = (struct block){&ops, sizeof disk.bytes, block_bytes};
    disk.broken = false;
}

/* ---- Archives ---- */

static char folder[] = "/tmp/jinn-tar-XXXXXX";

static void command(const char *format_text, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format_text);
    vsnprintf(text, sizeof text, format_text, args);
    va_end(args);
    assert_int_equal(system(text), 0);
}

/* What the command, run in the folder, writes to its output. */
static struct bytes output_of(const char *text)
{
    static uint8_t bytes[4 << 20];
    char whole[2048];
    snprintf(whole, sizeof whole, "cd %s && %s", folder, text);
    FILE *f = popen(whole, "r");
    size_t len = fread(bytes, 1, sizeof bytes, f);
    assert_int_equal(pclose(f), 0);
    return bytes_of(bytes, len);
}

#define LONG "a-name-of-fifty-characters-that-is-said-once-again-"

static int make_folder(void **state)
{
    assert_non_null(mkdtemp(folder));
    command("cd %s && mkdir -p t/doc t/" LONG "/" LONG "/" LONG " && cd t && printf one > one.zone && : > empty && "
            "printf 'a page' > doc/page.html && printf 'another' > doc-old && printf deep > " LONG "/" LONG "/" LONG
            "/leaf && "
            "head -c 200000 /dev/zero | tr '\\0' x > large && ln -s one.zone link",
            folder);
    return 0;
}

static int remove_folder(void **state)
{
    command("rm -r %s", folder);
    return 0;
}

/* ---- Asking ---- */

static void (*body)(struct kv *kv);
static enum err opened;

static int run_body(void *arg)
{
    struct kv *kv;
    opened = kv_tar_open(&disk.block, &kv);
    if (opened)
        return 0;
    if (body)
        body(kv);
    kv_tar_close(kv);
    return 0;
}

static void with_store(void (*b)(struct kv *kv))
{
    body = b;
    assert_int_equal(sched_run(run_body, NULL), 0);
}

static bool find(struct kv *kv, const char *key, struct kv_item *item)
{
    return kv_find(kv, bytes_str(key), KV_PLAIN, item) == OK;
}

static void assert_value(struct kv *kv, const char *key, const char *value)
{
    struct kv_item item;
    char text[256] = "";
    size_t at = 0, len = 1;
    assert_true(find(kv, key, &item));
    assert_int_equal(item.size, strlen(value));
    while (len) {
        assert_int_equal(kv_read(kv, bytes_str(key), &item, at, text + at, sizeof text - at, &len), OK);
        at += len;
    }
    assert_string_equal(text, value);
}

static char keys[4096];

static bool note_key(void *arg, struct bytes key)
{
    snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%.*s ", (int)key.len, (const char *)key.data);
    return true;
}

static void look_at_all(struct kv *kv)
{
    struct kv_item item;
    assert_value(kv, "one.zone", "one");
    assert_value(kv, "empty", "");
    assert_value(kv, "doc/page.html", "a page");
    assert_value(kv, LONG "/" LONG "/" LONG "/leaf", "deep");
    assert_false(find(kv, "link", &item));
    assert_false(find(kv, "doc", &item));
    assert_false(find(kv, "./one.zone", &item));
    assert_false(find(kv, "one", &item));
    assert_true(kv_is_directory(kv, bytes_str("doc")));
    assert_true(kv_is_directory(kv, bytes_str("")));
    assert_false(kv_is_directory(kv, bytes_str("do")));
    assert_false(kv_is_directory(kv, bytes_str("one.zone")));
    keys[0] = 0;
    assert_int_equal(kv->ops->each(kv, note_key, NULL), OK);
    assert_string_equal(keys, LONG "/" LONG "/" LONG "/leaf doc-old doc/page.html empty large one.zone ");
}

static void read_the_large(struct kv *kv)
{
    static uint8_t text[300000];
    struct kv_item item;
    size_t at = 0, len = 1;
    assert_true(find(kv, "large", &item));
    assert_int_equal(item.size, 200000);
    for (; len; at += len)
        assert_int_equal(kv_read(kv, bytes_str("large"), &item, at, text + at, 50001, &len), OK);
    assert_int_equal(at, 200000);
    for (size_t i = 0; i < at; i++)
        assert_int_equal(text[i], 'x');
    assert_int_equal(kv_read(kv, bytes_str("large"), &item, 300000, text, 1, &len), OK);
    assert_int_equal(len, 0);
    disk.broken = true;
    assert_int_equal(kv_read(kv, bytes_str("large"), &item, 0, text, 1, &len), ERR_IO);
}

static void all_formats(void **state)
{
    static const char *const format[] = {"ustar", "pax", "gnu"};
    static const uint32_t block_bytes[] = {512, 4096, 32768};
    for (size_t i = 0; i < ARRAY_LEN(format); i++) {
        for (size_t k = 0; k < ARRAY_LEN(block_bytes); k++) {
            char text[128];
            snprintf(text, sizeof text, "tar --format=%s -cf - -C t .", format[i]);
            struct bytes b = output_of(text);
            lay(b.data, b.len, block_bytes[k]);
            with_store(look_at_all);
            assert_int_equal(opened, OK);
            with_store(read_the_large);
        }
    }
}

/* ---- What a name that comes twice, and encodings, mean ---- */

static void look_at_the_last(struct kv *kv)
{
    struct kv_item item;
    assert_value(kv, "one.zone", "two");
    assert_int_equal(kv_find(kv, bytes_str("one.zone"), KV_GZIP, &item),
                     ERR_NOT_FOUND); /* older than the value itself */
    assert_int_equal(kv_find(kv, bytes_str("one.zone"), KV_BROTLI, &item), OK);
    keys[0] = 0;
    assert_int_equal(kv->ops->each(kv, note_key, NULL), OK);
    assert_string_equal(keys, "one.zone "); /* encodings are no keys of their own */
}

static void the_last_of_a_name_counts(void **state)
{
    struct bytes b =
        output_of("mkdir u && cd u && printf one > one.zone && tar -cf a one.zone && printf two > one.zone && "
                  "printf 1 > one.zone.gz && printf 2 > one.zone.br && touch -d '1 hour ago' one.zone.gz && "
                  "tar -rf a one.zone one.zone.gz one.zone.br && cat a");
    lay(b.data, b.len, 512);
    with_store(look_at_the_last);
    assert_int_equal(opened, OK);
}

/* ---- What is new ---- */

static void take_the_new(struct kv *kv)
{
    struct kv_item before, now;
    bool changed;
    char text[8];
    size_t len;
    assert_int_equal(kv_refresh(kv, &changed), OK);
    assert_false(changed);
    assert_true(find(kv, "one.zone", &before));
    struct bytes b = output_of("printf other > t/one.zone && tar -cf - -C t one.zone");
    lay(b.data, b.len, 512);
    /* One look might be in the middle of a change. */
    assert_int_equal(kv_refresh(kv, &changed), OK);
    assert_false(changed);
    assert_true(find(kv, "empty", &now));
    assert_int_equal(kv_refresh(kv, &changed), OK);
    assert_true(changed);
    assert_value(kv, "one.zone", "other");
    assert_false(find(kv, "empty", &now));
    assert_true(find(kv, "one.zone", &now));
    assert_true(now.id != before.id);
    assert_string_not_equal(now.tag, before.tag);
    assert_int_equal(kv_read(kv, bytes_str("one.zone"), &before, 0, text, sizeof text, &len), ERR_IO);
    assert_int_equal(kv_refresh(kv, &changed), OK);
    assert_false(changed);
    /* One that can't be read leaves all as it is. */
    disk.bytes[0] ^= 1;
    assert_int_equal(kv_refresh(kv, &changed), ERR_MALFORMED);
    assert_int_equal(kv_refresh(kv, &changed), ERR_MALFORMED);
    assert_false(changed);
    assert_true(find(kv, "one.zone", &now));
    disk.broken = true;
    assert_int_equal(kv_refresh(kv, &changed), ERR_IO);
}

static void a_change_is_taken_up_when_it_is_whole(void **state)
{
    struct bytes b = output_of("printf one > t/one.zone && tar -cf - -C t one.zone empty");
    lay(b.data, b.len, 512);
    with_store(take_the_new);
    assert_int_equal(opened, OK);
}

/* ---- What is wrong ---- */

static void assert_refused(const void *data, size_t len)
{
    lay(data, len, 512);
    with_store(NULL);
    assert_int_equal(opened, ERR_MALFORMED);
}

static void archives_that_are_none(void **state)
{
    uint8_t block[TAR_BLOCK_BYTES] = "PK";
    struct bytes b = output_of("tar -cf - -C t one.zone large");
    assert_refused(block, sizeof block);
    uint8_t *copy = malloc(b.len);
    memcpy(copy, b.data, b.len);
    copy[1024] ^= 1; /* the second header */
    assert_refused(copy, b.len);
    /* Its last file goes beyond the device. */
    lay(b.data, b.len, 512);
    disk.block.capacity_bytes = 100 * 512;
    with_store(NULL);
    assert_int_equal(opened, ERR_MALFORMED);
    /* The device ends where the last file does. */
    lay(b.data, b.len, 512);
    disk.block.capacity_bytes = (4 + (200000 + 511) / 512 - 1) * 512;
    with_store(NULL);
    assert_int_equal(opened, OK);
    disk.broken = true;
    with_store(NULL);
    assert_int_equal(opened, ERR_IO);
    free(copy);
}

static void an_empty_device_is_an_empty_store(void **state)
{
    lay("", 0, 512);
    with_store(NULL);
    assert_int_equal(opened, OK);
}

/* ---- Headers and their extensions ---- */

static void sum_up(uint8_t block[TAR_BLOCK_BYTES])
{
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
}

static void numbers_of_headers(void **state)
{
    struct tar t = {.name_len = 0};
    uint8_t block[TAR_BLOCK_BYTES] = "name";
    block[156] = '0';
    memcpy(block + 124, "   17 ", 6);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_FILE);
    assert_int_equal(t.size, 15);
    memcpy(block + 124, "\200\0\0\0\0\0\0\2\0\0\0\1", 12);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_FILE);
    assert_true(t.size == 0x200000001);
    memset(block + 124, 0xff, 12);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_BAD);
    memcpy(block + 124, "777777777777", 12);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_FILE);
    assert_true(t.size == 0777777777777);
    memcpy(block + 124, "00000000018", 12);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_BAD);
    block[156] = 'x';
    memcpy(block + 124, "00000020001", 12);
    sum_up(block);
    assert_int_equal(tar_header(&t, block), TAR_BAD);
    assert_non_null(t.reason);
}

static void extensions(void **state)
{
    static const char *const wrong[] = {
        "", "5", "0 a=b\n", "7 a=b\n", "5 ab\n", "99 a=b\n", "6 a=b", "11 size=1x\n", "9999999999999999999 "};
    for (size_t i = 1; i < ARRAY_LEN(wrong); i++) {
        struct tar t = {.name_len = 0};
        assert_non_null(tar_extra(&t, bytes_str(wrong[i])));
    }
    struct tar t = {.name_len = 0};
    assert_null(tar_extra(&t, bytes_str("6 a=b\n12 path=./n\n11 size=18\n")));
    assert_true(t.has_name && t.has_size && t.next_size == 18);
    assert_string_equal(t.name, "n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_formats),
        cmocka_unit_test(the_last_of_a_name_counts),
        cmocka_unit_test(a_change_is_taken_up_when_it_is_whole),
        cmocka_unit_test(archives_that_are_none),
        cmocka_unit_test(an_empty_device_is_an_empty_store),
        cmocka_unit_test(numbers_of_headers),
        cmocka_unit_test(extensions),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
