/* SPDX-License-Identifier: ISC */
/* The linux platform's directory store, on a directory made for the test. Its program brings a platform of its own, so
 * it links kv.c alone. */
#include "plat/linux/linux.h"

#include <jinn/kv.h>

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/jinn-kv-XXXXXX";
static struct kv *kv;

static void put(const char *name, const char *text, int age_s)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    struct timespec times[2] = {{.tv_sec = 1700000000 - age_s}, {.tv_sec = 1700000000 - age_s}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int make_folder(void **state)
{
    char command[512];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "mkdir %s/root %s/root/doc %s/root/doc.d", folder, folder, folder);
    assert_int_equal(system(command), 0);
    put("secret", "out of the root", 0);
    put("root/index.html", "abc", 10);
    put("root/index.html.gz", "zzz!", 5);
    put("root/index.html.br", "older than what it encodes", 20);
    put("root/doc/tour.html", "tour", 0);
    put("root/doc.d/x", "", 0);
    put("root/only.gz", "a key of its own", 0);
    snprintf(command, sizeof command,
             "cd %s/root && ln -s ../secret out && ln -s index.html inside && ln -s .. up && mkfifo fifo", folder);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/root/", folder);
    return plat_kv_directory(command, &kv) != OK;
}

static int remove_folder(void **state)
{
    char command[256];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static enum err find(const char *key, enum kv_encoding encoding, struct kv_item *item)
{
    return kv_find(kv, bytes_str(key), encoding, item);
}

static void finds_and_reads(void **state)
{
    struct kv_item item;
    char got[10];
    size_t len;
    assert_int_equal(find("index.html", KV_PLAIN, &item), OK);
    assert_int_equal(item.size, 3);
    assert_null(item.in_place.data);
    assert_string_equal(item.tag, "ba7816bf8f01cfea414140de5dae2223"); /* SHA-256 of "abc" */
    assert_int_equal(kv_read(kv, bytes_str("index.html"), &item, 1, got, sizeof got, &len), OK);
    assert_int_equal(len, 2);
    assert_memory_equal(got, "bc", 2);
    assert_int_equal(kv_read(kv, bytes_str("index.html"), &item, 3, got, sizeof got, &len), OK);
    assert_int_equal(len, 0);
    assert_int_equal(find("inside", KV_PLAIN, &item), OK); /* a link that stays inside */
    assert_int_equal(find("doc/tour.html", KV_PLAIN, &item), OK);
}

static void encodings(void **state)
{
    struct kv_item item;
    char got[10];
    size_t len;
    assert_int_equal(find("index.html", KV_GZIP, &item), OK);
    assert_int_equal(item.size, 4);
    assert_int_equal(kv_read(kv, bytes_str("index.html"), &item, 0, got, sizeof got, &len), OK);
    assert_memory_equal(got, "zzz!", 4);
    assert_int_equal(find("index.html", KV_BROTLI, &item), ERR_NOT_FOUND); /* it is outdated */
    assert_int_equal(find("doc/tour.html", KV_GZIP, &item), ERR_NOT_FOUND);
}

static void no_way_out(void **state)
{
    static const char *const keys[] = {
        "out", "../secret", "up/secret",      "doc/../../secret", "/etc/passwd",     "",     ".",       "..",
        "doc", "doc/",      "doc//tour.html", "./index.html",     "doc/./tour.html", "fifo", "nothing", "index.html/x"};
    struct kv_item item;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        assert_int_equal(find(keys[i], KV_PLAIN, &item), ERR_NOT_FOUND);
    assert_int_equal(kv_find(kv, bytes_of("index.html\0x", 12), KV_PLAIN, &item), ERR_NOT_FOUND);
    char *longest = malloc(KV_KEY_MAX + 2);
    memset(longest, 'x', KV_KEY_MAX + 1);
    assert_int_equal(kv_find(kv, bytes_of(longest, KV_KEY_MAX + 1), KV_PLAIN, &item), ERR_NOT_FOUND);
    assert_int_equal(kv_find(kv, bytes_of(longest, KV_KEY_MAX), KV_BROTLI, &item), ERR_NOT_FOUND);
    free(longest);
}

static void directories(void **state)
{
    assert_true(kv_is_directory(kv, bytes_str("")));
    assert_true(kv_is_directory(kv, bytes_str("doc")));
    assert_false(kv_is_directory(kv, bytes_str("index.html")));
    assert_false(kv_is_directory(kv, bytes_str("up")));
    assert_false(kv_is_directory(kv, bytes_str("..")));
}

static bool collect(void *arg, struct bytes key)
{
    strncat(arg, (const char *)key.data, key.len);
    strcat(arg, " ");
    return !bytes_equal(key, bytes_str("inside"));
}

static void each_in_order(void **state)
{
    char keys[256] = "";
    assert_int_equal(kv->ops->each(kv, collect, keys), OK);
    assert_string_equal(keys, "doc.d/x doc/tour.html index.html inside ");
}

static void changes_are_seen(void **state)
{
    struct kv_item before, after;
    char got[10];
    size_t len;
    put("root/page", "one", 100);
    assert_int_equal(find("page", KV_PLAIN, &before), OK);
    put("root/page", "two", 100); /* same size and time of modification */
    assert_int_equal(kv_read(kv, bytes_str("page"), &before, 0, got, sizeof got, &len), ERR_IO);
    assert_int_equal(find("page", KV_PLAIN, &after), OK);
    assert_string_not_equal(before.tag, after.tag);
}

static void missing_directory(void **state)
{
    struct kv *none;
    assert_int_equal(plat_kv_directory("/nonexistent/x", &none), ERR_NOT_FOUND);
    assert_int_equal(plat_kv_directory("/dev/null", &none), ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_reads),   cmocka_unit_test(encodings),     cmocka_unit_test(no_way_out),
        cmocka_unit_test(directories),       cmocka_unit_test(each_in_order), cmocka_unit_test(changes_are_seen),
        cmocka_unit_test(missing_directory),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
