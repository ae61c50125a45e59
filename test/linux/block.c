/* SPDX-License-Identifier: ISC */
/* The linux platform's block devices, on files made for the test: runs of blocks, flush, discard, and what must be
 * refused. Links block.c alone. */
#include "plat/linux/linux.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DISK_BYTES (1 << 20)

const struct plat_device plat_devices[] = {{"disk", PLAT_BLOCK, false}};
const size_t plat_n_devices = 1;
struct linux_state linux_state;

void linux_fail(int status, const char *format, ...)
{
    (void)format;
    fail_msg("linux_fail with status %d", status);
    abort();
}

void plat_abort(const char *text)
{
    fail_msg("%s", text);
    abort();
}

static char path[] = "/tmp/jinn-block-XXXXXX";
static struct plat_block_info info;

static int attach(void **state)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0 && ftruncate(fd, DISK_BYTES) == 0 && close(fd) == 0);
    linux_block_attach(0, path);
    return plat_block_open("disk", &info) != OK;
}

static int detach(void **state)
{
    close(linux_state.device[0].fd);
    return unlink(path);
}

static uint8_t pattern(uint64_t at)
{
    return (uint8_t)(at * 7 + (at >> 9) + 1);
}

static void fill(void)
{
    static uint8_t all[DISK_BYTES];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = pattern(i);
    assert_int_equal(plat_block_write(info.index, 0, all, sizeof all), OK);
    assert_int_equal(plat_block_flush(info.index), OK);
}

/* The file has the pattern but for the range, which is zero. */
static void check(uint64_t from, uint64_t len)
{
    static uint8_t all[DISK_BYTES];
    assert_int_equal(plat_block_read(info.index, 0, all, sizeof all), OK);
    for (uint64_t i = 0; i < sizeof all; i++)
        assert_int_equal(all[i], i >= from && i - from < len ? 0 : pattern(i));
}

static void many_blocks_a_call(void **state)
{
    uint8_t got[5 * 512];
    assert_int_equal(info.capacity_bytes, DISK_BYTES);
    fill();
    check(0, 0);
    assert_int_equal(plat_block_read(info.index, 3 * 512, got, sizeof got), OK);
    for (size_t i = 0; i < sizeof got; i++)
        assert_int_equal(got[i], pattern(3 * 512 + i));
}

static const struct {
    uint64_t offset;
    size_t len;
} outside[] = {{1, 512}, {0, 511}, {DISK_BYTES - 512, 1024}, {DISK_BYTES, 512}, {0 - 512ull, 512}, {0, SIZE_MAX - 511}};

static void what_is_outside_is_refused(void **state)
{
    static uint8_t data[1024];
    fill();
    for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
        assert_int_equal(plat_block_read(info.index, outside[i].offset, data, outside[i].len), ERR_INVALID);
        assert_int_equal(plat_block_write(info.index, outside[i].offset, data, outside[i].len), ERR_INVALID);
        assert_int_equal(plat_block_discard(info.index, outside[i].offset, outside[i].len), ERR_INVALID);
    }
    check(0, 0);
}

static blkcnt_t blocks(void)
{
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, DISK_BYTES);
    return s.st_blocks;
}

static void the_room_goes_back_to_the_host(void **state)
{
    fill();
    blkcnt_t before = blocks();
    enum err e = plat_block_discard(info.index, 64 * 1024, 512 * 1024);
    if (e == ERR_UNSUPPORTED)
        skip(); /* by the file system of /tmp */
    assert_int_equal(e, OK);
    check(64 * 1024, 512 * 1024);
    assert_true(before - blocks() >= 512 * 1024 / 512);
    assert_int_equal(plat_block_discard(info.index, 0, 0), OK);
    check(64 * 1024, 512 * 1024);
    fill();
    check(0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_blocks_a_call),
        cmocka_unit_test(what_is_outside_is_refused),
        cmocka_unit_test(the_room_goes_back_to_the_host),
    };
    return cmocka_run_group_tests(tests, attach, detach);
}
