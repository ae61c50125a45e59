/* SPDX-License-Identifier: ISC */
#include "plat/sim/sim.h"
#include "test/support/story.h"

#include <jinn/must.h>

#include <errno.h>
#include <fenv.h>

/* ---- Running and joining ---- */

static int answer(void *arg)
{
    return *(int *)arg;
}

static void result_of_first_fiber(void **state)
{
    int v = 42;
    assert_int_equal(sched_run(answer, &v), 42);
    v = 7;
    assert_int_equal(sched_run(answer, &v), 7); /* and again, from the start */
}

static void tell_and_yield(void *arg)
{
    for (int i = 0; i < 3; i++) {
        tell(arg);
        assert_int_equal(fiber_yield(), OK);
    }
}

static void first_in_first_out(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, tell_and_yield, "a");
    spawn(&s, tell_and_yield, "b");
    spawn(&s, tell_and_yield, "c");
    tell("[");
    scope_join(&s);
    tell("]");
    assert_string_equal(story, "[abcabcabc]");
}

static void test_first_in_first_out(void **state)
{
    run(first_in_first_out);
}

static void keep_registers(void *arg)
{
    static const int modes[] = {FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    int mine = modes[(intptr_t)arg % 3];
    fesetround(mine);
    errno = 100 + (int)(intptr_t)arg;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fiber_yield(), OK);
        assert_int_equal(fegetround(), mine);
        assert_int_equal(errno, 100 + (int)(intptr_t)arg);
    }
}

static void own_errno_and_rounding(void)
{
    struct scope s;
    scope_open(&s);
    for (intptr_t i = 0; i < 6; i++)
        spawn(&s, keep_registers, (void *)i);
    scope_join(&s);
    assert_int_equal(fegetround(), FE_TONEAREST);
}

static void test_own_errno_and_rounding(void **state)
{
    run(own_errno_and_rounding);
}

static void grandchild(void *arg)
{
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_S), OK);
    tell("grandchild ");
}

static void child_with_child(void *arg)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, grandchild, NULL);
    scope_join(&s);
    tell("child ");
}

static void join_waits_for_all(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, child_with_child, NULL);
    scope_join(&s);
    tell("parent");
    assert_string_equal(story, "grandchild child parent");
    scope_open(&s);
    scope_join(&s); /* an empty one doesn't wait */
}

static void test_join_waits_for_all(void **state)
{
    run(join_waits_for_all);
}

/* ---- Parking ---- */

static struct fiber *parked;

static void wake_parked(void *arg)
{
    tell("wake ");
    fiber_wake(parked);
}

static void wake_before_park_counts(void)
{
    struct fiber *self = fiber_self();
    fiber_wake(self);
    fiber_wake(self);
    assert_int_equal(fiber_park(TIME_NEVER), OK);
    assert_int_equal(fiber_park(sched_now() + 10 * NS_PER_MS), ERR_TIMEOUT); /* two wakes are one */
}

static void test_wake_before_park_counts(void **state)
{
    run(wake_before_park_counts);
}

static void park_and_wake(void)
{
    struct scope s;
    parked = fiber_self();
    scope_open(&s);
    spawn(&s, wake_parked, NULL);
    assert_int_equal(fiber_park(TIME_NEVER), OK);
    tell("woken");
    scope_join(&s);
    assert_string_equal(story, "wake woken");
}

static void test_park_and_wake(void **state)
{
    run(park_and_wake);
}

static void wakes_survive_other_waits(void)
{
    struct scope s;
    parked = fiber_self();
    scope_open(&s);
    spawn(&s, wake_parked, NULL);
    assert_int_equal(fiber_sleep(sched_now() + 10 * NS_PER_MS), OK); /* the wake does not end a sleep */
    assert_int_equal(fiber_park(sched_now()), OK);
    spawn(&s, wake_parked, NULL);
    scope_join(&s); /* nor is it swallowed by a join */
    assert_int_equal(fiber_park(sched_now()), OK);
    scope_open(&s);
    spawn(&s, wake_parked, NULL);
    assert_int_equal(fiber_yield(), OK);
    assert_int_equal(fiber_park(sched_now()), OK);
    scope_join(&s);
}

static void test_wakes_survive_other_waits(void **state)
{
    run(wakes_survive_other_waits);
}

static void park_deadline(void)
{
    uint64_t start = sched_now(), deadline = start + 25 * NS_PER_MS;
    assert_int_equal(fiber_park(start), ERR_TIMEOUT); /* a poll */
    assert_int_equal(fiber_park(0), ERR_TIMEOUT);
    assert_true(sched_now() == start);
    assert_int_equal(fiber_park(deadline), ERR_TIMEOUT);
    assert_true(sched_now() >= deadline);
    assert_true(sched_now() <= deadline + 2 * NS_PER_MS);
}

static void test_park_deadline(void **state)
{
    run(park_deadline);
}

static void sleep_until(void *arg)
{
    uint64_t deadline = sched_now() + (uint64_t)(uintptr_t)arg * NS_PER_MS;
    assert_int_equal(fiber_sleep(deadline), OK);
    assert_true(sched_now() >= deadline);
    char name[2] = {(char)('0' + (uintptr_t)arg / 10), 0};
    tell(name);
}

static void sleeps_end_in_order(void)
{
    struct scope s;
    scope_open(&s);
    for (intptr_t ms = 90; ms > 0; ms -= 20)
        spawn(&s, sleep_until, (void *)ms);
    scope_join(&s);
    assert_string_equal(story, "13579");
}

static void test_sleeps_end_in_order(void **state)
{
    run(sleeps_end_in_order);
}

static bool enough;

static void busy(void *arg)
{
    while (!enough)
        assert_int_equal(fiber_yield(), OK);
}

static void busy_fibers_do_not_starve_timers(void)
{
    struct scope s;
    enough = false;
    scope_open(&s);
    spawn(&s, busy, NULL);
    spawn(&s, busy, NULL);
    assert_int_equal(fiber_sleep(sched_now() + 5 * NS_PER_MS), OK);
    enough = true;
    scope_join(&s);
}

static void test_busy_fibers_do_not_starve_timers(void **state)
{
    run(busy_fibers_do_not_starve_timers);
}

/* A queue of one between two fibers that wake each other: every lost wake would hang it. */
static struct {
    struct fiber *producer, *consumer;
    int item, consumed;
} queue;

static void produce(void *arg)
{
    queue.producer = fiber_self();
    for (int i = 1; i <= 1000; i++) {
        while (queue.item)
            assert_int_equal(fiber_park(TIME_NEVER), OK);
        queue.item = i;
        if (queue.consumer)
            fiber_wake(queue.consumer);
        if (i % 3 == 0)
            assert_int_equal(fiber_yield(), OK);
    }
}

static void consume(void *arg)
{
    queue.consumer = fiber_self();
    while (queue.consumed < 1000) {
        while (!queue.item)
            assert_int_equal(fiber_park(TIME_NEVER), OK);
        assert_int_equal(queue.item, ++queue.consumed);
        queue.item = 0;
        fiber_wake(queue.producer);
        if (queue.consumed % 7 == 0)
            assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    }
}

static void no_lost_wake(void)
{
    struct scope s;
    memset(&queue, 0, sizeof queue);
    scope_open(&s);
    spawn(&s, produce, NULL);
    spawn(&s, consume, NULL);
    scope_join(&s);
    assert_int_equal(queue.consumed, 1000);
}

static void test_no_lost_wake(void **state)
{
    run(no_lost_wake);
}

/* ---- Cancelling ---- */

static void wait_for_cancel(void *arg)
{
    const char *how = arg;
    enum err e = OK;
    if (*how == 'p')
        e = fiber_park(TIME_NEVER);
    else if (*how == 's')
        e = fiber_sleep(TIME_NEVER);
    else
        while (e == OK)
            e = fiber_yield();
    assert_int_equal(e, ERR_CANCELLED);
    /* and from then on */
    fiber_wake(fiber_self());
    assert_int_equal(fiber_park(TIME_NEVER), ERR_CANCELLED);
    assert_int_equal(fiber_sleep(TIME_NEVER), ERR_CANCELLED);
    assert_int_equal(fiber_sleep(0), ERR_CANCELLED);
    assert_int_equal(fiber_yield(), ERR_CANCELLED);
    tell(how);
}

static void cancel_ends_every_wait(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, wait_for_cancel, "p");
    spawn(&s, wait_for_cancel, "s");
    spawn(&s, wait_for_cancel, "y");
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    uint64_t before = sched_now();
    scope_cancel(&s);
    scope_cancel(&s); /* once more is nothing more */
    scope_join(&s);
    assert_true(sched_now() - before < NS_PER_MS); /* at once: nobody's deadline had to pass */
    assert_int_equal(strlen(story), 3);
    assert_int_equal(fiber_yield(), OK); /* the owner is not inside its scope */
}

static void test_cancel_ends_every_wait(void **state)
{
    run(cancel_ends_every_wait);
}

static void nest(void *arg)
{
    intptr_t depth = (intptr_t)arg;
    struct scope s;
    scope_open(&s);
    if (depth > 0) {
        spawn(&s, nest, (void *)(depth - 1));
        spawn(&s, wait_for_cancel, "p");
    }
    if (depth % 2)
        assert_int_equal(fiber_park(TIME_NEVER), ERR_CANCELLED);
    else
        spawn(&s, wait_for_cancel, "s");
    scope_join(&s);
    assert_true(s.cancelled);
}

static void cancel_reaches_nested_scopes(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, nest, (void *)20);
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    assert_int_equal(sched_counters().n_alive, 1 + 21 + 20 + 11);
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(strlen(story), 31);
    assert_int_equal(sched_counters().n_alive, 1);
}

static void test_cancel_reaches_nested_scopes(void **state)
{
    run(cancel_reaches_nested_scopes);
}

static void never_runs(void *arg)
{
    tell("ran");
}

static void open_when_cancelled(void *arg)
{
    assert_int_equal(fiber_park(TIME_NEVER), ERR_CANCELLED);
    struct scope s;
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "x", never_runs, NULL), ERR_CANCELLED);
    scope_join(&s);
}

static void cancelled_scopes_take_nobody(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, open_when_cancelled, NULL);
    assert_int_equal(fiber_yield(), OK);
    scope_cancel(&s);
    assert_int_equal(scope_spawn(&s, "x", never_runs, NULL), ERR_CANCELLED);
    scope_join(&s);
    assert_string_equal(story, "");
}

static void test_cancelled_scopes_take_nobody(void **state)
{
    run(cancelled_scopes_take_nobody);
}

/* A child that was spawned and then cancelled before its first step still runs, and sees it at its first wait. */
static void see_cancel(void *arg)
{
    tell("ran ");
    assert_int_equal(fiber_yield(), ERR_CANCELLED);
}

static void cancel_before_first_step(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, see_cancel, NULL);
    scope_cancel(&s);
    scope_join(&s);
    assert_string_equal(story, "ran ");
}

static void test_cancel_before_first_step(void **state)
{
    run(cancel_before_first_step);
}

/* ---- Stacks ---- */

static void wait_long(void *arg)
{
    assert_int_equal(fiber_park(TIME_NEVER), ERR_CANCELLED);
}

static void stacks_run_out(void)
{
    struct scope s;
    uint32_t n = 0;
    scope_open(&s);
    enum err e;
    while ((e = scope_spawn(&s, "one of many", wait_long, NULL)) == OK)
        n++;
    assert_int_equal(e, ERR_FULL);
    assert_int_equal(scope_spawn(&s, "one more", wait_long, NULL), ERR_FULL);
    struct sched_counters c = sched_counters();
    assert_int_equal(n + 1, plat_stacks().n);
    assert_int_equal(c.n_refused, 2);
    assert_int_equal(c.n_alive, n + 1);
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(sched_counters().n_alive, 1);
    assert_int_equal(sched_counters().n_most, n + 1);
    scope_open(&s);
    spawn(&s, never_runs, NULL); /* they can be used again */
    scope_join(&s);
    assert_string_equal(story, "ran");
}

static void test_stacks_run_out(void **state)
{
    run(stacks_run_out);
}

__attribute__((noinline)) static void use_stack(size_t bytes)
{
    volatile char block[4096];
    memset((void *)(uintptr_t)block, 0x77, sizeof block);
    if (bytes > sizeof block)
        use_stack(bytes - sizeof block);
    block[0] = 1;
}

static void use_some(void *arg)
{
    use_stack((size_t)(uintptr_t)arg);
}

static void high_water_mark(void)
{
    struct scope s;
    scope_open(&s);
    spawn(&s, use_some, (void *)4096);
    scope_join(&s);
    uint32_t some = sched_counters().stack_most_bytes;
    scope_open(&s);
    spawn(&s, use_some, (void *)65536);
    scope_join(&s);
    uint32_t more = sched_counters().stack_most_bytes;
    assert_true(some >= 4096 && some < 65536);
    assert_true(more >= 65536 && more < plat_stacks().size);
}

static void high_water_in_child(void *arg)
{
    run(high_water_mark);
}

static void test_high_water_mark(void **state)
{
    char text[256];
    /* In a process of its own: the marks of earlier tests stay in the stacks. */
    assert_false(sim_aborts(high_water_in_child, NULL, text, sizeof text));
    assert_string_equal(text, "");
}

static void smash_low_end(void *arg)
{
    struct plat_stacks stacks = plat_stacks();
    uint8_t *here = (uint8_t *)&stacks;
    size_t i = (size_t)(here - stacks.base) / stacks.stride;
    stacks.base[i * stacks.stride + 20] = 1;
    (void)!fiber_yield();
}

static void smash(void)
{
    struct scope s;
    scope_open(&s);
    if (scope_spawn(&s, "careless", smash_low_end, NULL))
        return;
    scope_join(&s);
}

static void run_smash(void *arg)
{
    run(smash);
}

static void test_smashed_canary_names_the_fiber(void **state)
{
    char text[256];
    assert_true(sim_aborts(run_smash, NULL, text, sizeof text));
    assert_non_null(strstr(text, "stack overflow in fiber careless"));
}

static void leave_scope_open(void *arg)
{
    static struct scope s;
    scope_open(&s);
}

static void forget(void)
{
    struct scope s;
    scope_open(&s);
    if (scope_spawn(&s, "forgetful", leave_scope_open, NULL))
        return;
    scope_join(&s);
}

static void run_forget(void *arg)
{
    run(forget);
}

static void test_forgotten_scope_is_a_bug(void **state)
{
    char text[256];
    assert_true(sim_aborts(run_forget, NULL, text, sizeof text));
    assert_non_null(strstr(text, "sched/fiber.c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(result_of_first_fiber),
        cmocka_unit_test(test_first_in_first_out),
        cmocka_unit_test(test_own_errno_and_rounding),
        cmocka_unit_test(test_join_waits_for_all),
        cmocka_unit_test(test_wake_before_park_counts),
        cmocka_unit_test(test_park_and_wake),
        cmocka_unit_test(test_wakes_survive_other_waits),
        cmocka_unit_test(test_park_deadline),
        cmocka_unit_test(test_sleeps_end_in_order),
        cmocka_unit_test(test_busy_fibers_do_not_starve_timers),
        cmocka_unit_test(test_no_lost_wake),
        cmocka_unit_test(test_cancel_ends_every_wait),
        cmocka_unit_test(test_cancel_reaches_nested_scopes),
        cmocka_unit_test(test_cancelled_scopes_take_nobody),
        cmocka_unit_test(test_cancel_before_first_step),
        cmocka_unit_test(test_high_water_mark),
        cmocka_unit_test(test_stacks_run_out),
        cmocka_unit_test(test_smashed_canary_names_the_fiber),
        cmocka_unit_test(test_forgotten_scope_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
