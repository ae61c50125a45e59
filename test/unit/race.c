/* SPDX-License-Identifier: ISC */
#include "base/race.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define T0 (5 * NS_PER_S)

static void attempts_begin_one_after_the_other(void **state)
{
    struct race r = race_of(3);
    assert_true(race_begins(&r, T0));
    assert_int_equal(r.n_begun, 1);
    assert_int_equal(race_turn_ns(&r), T0 + RACE_NEXT_NS);
    assert_false(race_begins(&r, T0 + RACE_NEXT_NS - 1));
    assert_true(race_begins(&r, T0 + RACE_NEXT_NS));
    assert_int_equal(race_turn_ns(&r), T0 + 2 * RACE_NEXT_NS);
    assert_true(race_begins(&r, T0 + 10 * RACE_NEXT_NS));
    assert_int_equal(r.n_begun, 3);
    assert_int_equal(race_turn_ns(&r), TIME_NEVER);
    assert_false(race_begins(&r, T0 + 20 * RACE_NEXT_NS));
    assert_false(race_lost(&r));
}

static void after_a_failure_the_next_one_begins_at_once(void **state)
{
    struct race r = race_of(2);
    assert_true(race_begins(&r, T0));
    race_failed(&r, ERR_REFUSED);
    assert_false(race_lost(&r));
    assert_true(race_begins(&r, T0));
    race_failed(&r, ERR_REFUSED);
    assert_true(race_lost(&r));
    assert_false(race_begins(&r, T0));
}

/* In any order. */
static void the_error_is_the_one_that_says_most(void **state)
{
    static const enum err by_weight[] = {ERR_UNREACHABLE, ERR_FULL, ERR_TIMEOUT, ERR_REFUSED};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            struct race r = race_of(2);
            race_failed(&r, by_weight[i]);
            race_failed(&r, by_weight[j]);
            assert_int_equal(r.error, by_weight[i > j ? i : j]);
        }
    }
}

static void without_attempts_it_is_lost(void **state)
{
    struct race r = race_of(0);
    assert_true(race_lost(&r));
    assert_false(race_begins(&r, T0));
    assert_int_equal(r.error, ERR_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attempts_begin_one_after_the_other),
        cmocka_unit_test(after_a_failure_the_next_one_begins_at_once),
        cmocka_unit_test(the_error_is_the_one_that_says_most),
        cmocka_unit_test(without_attempts_it_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
