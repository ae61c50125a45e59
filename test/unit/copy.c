/* SPDX-License-Identifier: ISC */
/* The guest's memcpy and memmove against copies of one byte at a time, for each length and overlap that has code of
 * its own. */
#define memcpy guest_memcpy
#define memmove guest_memmove
#include "libc/copy.c"
#undef memcpy
#undef memmove

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 2048, AT = 128, LEN_MAX = REPEAT_BYTES + 64 };

static uint8_t got[ROOM], wanted[ROOM], before[ROOM];

static void fill(void)
{
    for (size_t i = 0; i < ROOM; i++)
        got[i] = wanted[i] = before[i] = (uint8_t)(i * 31 + i / 256);
}

static void test_memcpy(void **state)
{
    for (size_t len = 0; len <= LEN_MAX; len++) {
        fill();
        for (size_t i = 0; i < len; i++)
            wanted[AT + 1 + i] = before[ROOM - LEN_MAX - 3 + i];
        assert_ptr_equal(guest_memcpy(got + AT + 1, before + ROOM - LEN_MAX - 3, len), got + AT + 1);
        assert_memory_equal(got, wanted, ROOM);
    }
}

static void test_memmove(void **state)
{
    for (size_t len = 0; len <= LEN_MAX; len += len < 70 ? 1 : 37) {
        for (int by = -40; by <= 40; by++) {
            fill();
            for (size_t i = 0; i < len; i++)
                wanted[AT + i] = before[(size_t)(AT - by) + i];
            assert_ptr_equal(guest_memmove(got + AT, got + AT - by, len), got + AT);
            assert_memory_equal(got, wanted, ROOM);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_memcpy), cmocka_unit_test(test_memmove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
