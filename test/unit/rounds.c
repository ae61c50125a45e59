/* SPDX-License-Identifier: ISC */
/* What a round of the scheduler does beside running fibers: devices, timers, the stop, its end. */
#include "plat/sim/sim.h"
#include "test/support/story.h"

static struct fiber *parked;

/* ---- Timers, devices, stop ---- */

static struct timer again_timer;
static int n_fired;

static void fire_again(struct timer *t, uint64_t now_ns)
{
    assert_true(now_ns == sched_now());
    if (++n_fired < 5)
        sched_timer(t, now_ns + 3 * NS_PER_MS);
    else
        fiber_wake(parked);
}

static void timers_fire_between_fibers(void)
{
    n_fired = 0;
    parked = fiber_self();
    timer_init(&again_timer, fire_again);
    sched_timer(&again_timer, sched_now() + NS_PER_MS);
    assert_int_equal(fiber_park(TIME_NEVER), OK);
    assert_int_equal(n_fired, 5);
    sched_timer(&again_timer, sched_now() + NS_PER_MS);
    sched_timer(&again_timer, TIME_NEVER);
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_S), OK);
    assert_int_equal(n_fired, 5);
}

static void test_timers_fire_between_fibers(void **state)
{
    run(timers_fire_between_fibers);
}

static void park_in_timer(struct timer *t, uint64_t now_ns)
{
    (void)!fiber_yield();
}

static void wait_where_nobody_may(void)
{
    static struct timer t;
    timer_init(&t, park_in_timer);
    sched_timer(&t, sched_now() + NS_PER_MS);
    (void)!fiber_sleep(sched_now() + NS_PER_S);
}

static void run_wait_where_nobody_may(void *arg)
{
    run(wait_where_nobody_may);
}

static void test_waiting_outside_fibers_is_a_bug(void **state)
{
    char text[256];
    assert_true(sim_aborts(run_wait_where_nobody_may, NULL, text, sizeof text));
    assert_non_null(strstr(text, "sched.current"));
}

static void ask_to_stop(void *arg)
{
    sim_stop(sim_host());
}

static void stop_is_told_once(void)
{
    struct fiber_waiter w, late;
    assert_false(sched_stopping());
    fiber_waiter_init(&w);
    sched_on_stop(&w.waiter);
    sim_at(sim_default(), sched_now() + 50 * NS_PER_MS, ask_to_stop, NULL);
    assert_int_equal(fiber_park(sched_now() + NS_PER_S), OK);
    assert_true(sched_stopping());
    fiber_waiter_init(&late);
    sched_on_stop(&late.waiter); /* who asks later is told at once */
    assert_int_equal(fiber_park(0), OK);
    uint64_t n = sched_counters().n_waits;
    assert_int_equal(fiber_sleep(sched_now() + NS_PER_S), OK); /* and waiting goes on as before */
    assert_true(sched_counters().n_waits - n < 5);
}

static void test_stop_is_told_once(void **state)
{
    run(stop_is_told_once);
}

/* ---- Devices before timers ---- */

static unsigned link_end;
static struct timer alarm_timer;
static struct waiter frame_waiter;

static void tell_alarm(struct timer *t, uint64_t now_ns)
{
    tell("alarm ");
}

/* As an acknowledgement does to the timer that waits for it. */
static void take_frame(struct waiter *w)
{
    uint8_t buffer[64];
    struct bytes frame;
    struct net_offload o;
    assert_int_equal(plat_net_recv(link_end, buffer, sizeof buffer, &frame, &o), OK);
    tell("frame ");
    sched_timer(&alarm_timer, TIME_NEVER);
    fiber_wake(parked);
}

/* Both are due at the same moment, a whole tick of the wheel. */
static void frame_and_timer_in_one_round(void)
{
    static const uint8_t broadcast[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const struct bytes frame = bytes_of(broadcast, sizeof broadcast);
    struct sim_link *link = sim_link_add(sim_default());
    struct plat_net_info here, there;
    sim_attach(link, sim_host(), "here");
    sim_attach(link, sim_host(), "there");
    assert_int_equal(plat_net_open("here", &here), OK);
    assert_int_equal(plat_net_open("there", &there), OK);
    link_end = here.index;
    parked = fiber_self();
    waiter_init(&frame_waiter, take_frame);
    sched_watch(link_end, &frame_waiter);
    timer_init(&alarm_timer, tell_alarm);
    uint64_t both_ns = ((sched_now() >> WHEEL_TICK_SHIFT) + 2) << WHEEL_TICK_SHIFT;
    sched_timer(&alarm_timer, both_ns);
    sim_link_pause(link, both_ns);
    assert_int_equal(plat_net_send(there.index, &frame, 1, NULL), OK);
    assert_int_equal(fiber_park(sched_now() + NS_PER_S), OK);
    assert_int_equal(sched_now(), both_ns);
    sched_watch(link_end, NULL);
}

static void test_frames_are_seen_before_timers_fire(void **state)
{
    run(frame_and_timer_in_one_round);
    assert_string_equal(story, "frame ");
}

/* ---- The end of a round ---- */

static struct waiter late;

static void tell_late(struct waiter *w)
{
    tell("|");
}

static void work_and_ask(void *arg)
{
    tell(arg);
    sched_late(&late);
    assert_int_equal(fiber_yield(), OK);
    tell(arg);
}

static void ask_twice(void)
{
    struct scope s;
    waiter_init(&late, tell_late);
    scope_open(&s);
    spawn(&s, work_and_ask, "a");
    spawn(&s, work_and_ask, "b");
    scope_join(&s);
}

static void ask_and_end(void)
{
    waiter_init(&late, tell_late);
    sched_late(&late);
}

static void test_end_of_round_comes_once_after_all_fibers(void **state)
{
    run(ask_twice);
    assert_string_equal(story, "ab|ab");
    run(ask_and_end);
    assert_string_equal(story, "|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timers_fire_between_fibers),
        cmocka_unit_test(test_waiting_outside_fibers_is_a_bug),
        cmocka_unit_test(test_frames_are_seen_before_timers_fire),
        cmocka_unit_test(test_end_of_round_comes_once_after_all_fibers),
        cmocka_unit_test(test_stop_is_told_once), /* the last one: this machine has been told to stop from then on */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
