/* SPDX-License-Identifier: ISC */
/* The wheel against a model that looks at every timer. */
#include <jinn/time.h>
#include <jinn/wheel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TICK_NS (UINT64_C(1) << WHEEL_TICK_SHIFT)
#define N 200

static struct wheel wheel;

static uint64_t random_state;

static uint64_t chance(uint64_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 24) % limit;
}

/* What the model knows of each timer: when it has to fire; TIME_NEVER when it is idle. */
struct modelled {
    struct timer timer;
    uint64_t due_ns;
    uint64_t set_ns; /* when that was said: it can't fire before, even if due earlier */
    uint64_t n_fired;
};

static struct modelled timers[N];
static uint64_t model_now_ns;

static uint64_t some_span(void)
{
    return chance(UINT64_C(1) << (10 + chance(48)));
}

static void set(struct modelled *m, uint64_t at_ns)
{
    m->due_ns = at_ns;
    m->set_ns = model_now_ns;
    wheel_set(&wheel, &m->timer, at_ns);
    assert_true(timer_is_set(&m->timer) == (at_ns != TIME_NEVER));
}

static void fired(struct timer *t, uint64_t now_ns)
{
    struct modelled *m = CONTAINER_OF(t, struct modelled, timer);
    assert_true(m->due_ns != TIME_NEVER);
    assert_true(m->due_ns <= now_ns); /* never early */
    assert_false(timer_is_set(t));
    m->due_ns = TIME_NEVER;
    m->n_fired++;
    switch (chance(8)) {
    case 0:
        set(m, now_ns + some_span());
        break;
    case 1: /* for the past */
        set(m, now_ns - chance(now_ns));
        break;
    case 2: { /* another one, that may be due in this very run */
        struct modelled *other = &timers[chance(N)];
        set(other, chance(2) ? TIME_NEVER : now_ns + some_span());
        break;
    }
    default:
        break;
    }
}

/* Called after wheel_run(now): all that was due a slot ago has fired, and what is left will not be missed. */
static void check_model(uint64_t now_ns)
{
    uint64_t next = wheel_next(&wheel), first = TIME_NEVER;
    for (int i = 0; i < N; i++) {
        const struct modelled *m = &timers[i];
        assert_true(timer_is_set(&m->timer) == (m->due_ns != TIME_NEVER));
        if (m->due_ns == TIME_NEVER)
            continue;
        first = time_min(first, m->due_ns);
    }
    if (first == TIME_NEVER)
        assert_true(next == TIME_NEVER);
    else
        assert_true(next <= time_after(first > now_ns ? first : now_ns, TICK_NS));
}

static void model_run(uint64_t seed)
{
    random_state = seed;
    uint64_t now = chance(UINT64_C(1) << 50);
    model_now_ns = now;
    wheel_init(&wheel, now);
    assert_true(wheel_next(&wheel) == TIME_NEVER);
    memset(timers, 0, sizeof timers);
    for (int i = 0; i < N; i++) {
        timer_init(&timers[i].timer, fired);
        timers[i].due_ns = TIME_NEVER;
    }
    for (int step = 0; step < 3000; step++) {
        struct modelled *m = &timers[chance(N)];
        uint64_t kind = chance(10);
        if (kind < 6) {
            set(m, now + some_span());
        } else if (kind == 6) {
            wheel_cancel(&m->timer);
            m->due_ns = TIME_NEVER;
        } else {
            uint64_t due_before[N];
            uint64_t fired_before[N], set_before[N];
            uint64_t next = wheel_next(&wheel);
            /* Half of the time as the scheduler does it, half of the time much too late. */
            now = chance(2) && next != TIME_NEVER && next > now ? next : now + some_span();
            model_now_ns = now;
            for (int i = 0; i < N; i++) {
                due_before[i] = timers[i].due_ns;
                set_before[i] = timers[i].set_ns;
                fired_before[i] = timers[i].n_fired;
            }
            wheel_run(&wheel, now);
            for (int i = 0; i < N; i++) {
                bool must_have =
                    due_before[i] != TIME_NEVER && due_before[i] + TICK_NS <= now && set_before[i] + TICK_NS <= now;
                /* unless another one's firing moved or cancelled it meanwhile */
                if (must_have && timers[i].n_fired == fired_before[i])
                    assert_true(timers[i].set_ns == now || timers[i].due_ns == TIME_NEVER);
            }
            check_model(now);
        }
    }
}

static void random_model(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        model_run(seed);
}

static uint64_t fired_at[8];
static int n_fired_at;

static void note_time(struct timer *t, uint64_t now_ns)
{
    fired_at[n_fired_at++ % 8] = now_ns;
}

/* Runs the wheel exactly when it asks for it; gives how often that was. */
static int run_until_fired(uint64_t limit_ns)
{
    int n = 0;
    n_fired_at = 0;
    while (!n_fired_at) {
        uint64_t next = wheel_next(&wheel);
        assert_true(next != TIME_NEVER && next <= limit_ns);
        wheel_run(&wheel, next);
        n++;
        assert_true(n < 1000);
    }
    return n;
}

static void fires_within_a_slot(void **state)
{
    static const uint64_t spans[] = {0,
                                     1,
                                     TICK_NS - 1,
                                     TICK_NS,
                                     TICK_NS + 1,
                                     64 * TICK_NS,
                                     4095 * TICK_NS + 5,
                                     NS_PER_S,
                                     3600 * NS_PER_S,
                                     400 * UINT64_C(86400) * NS_PER_S};
    for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
        struct timer t;
        uint64_t start = 12345678901234, at = start + spans[i];
        wheel_init(&wheel, start);
        timer_init(&t, note_time);
        wheel_set(&wheel, &t, at);
        int n = run_until_fired(at + TICK_NS);
        assert_true(fired_at[0] >= at && fired_at[0] <= at + TICK_NS);
        assert_true(n <= WHEEL_LEVELS + 1);
        assert_true(wheel_next(&wheel) == TIME_NEVER);
    }
}

/* Beyond the wheel's span it waits in the last slot and is sorted in again; nobody is woken all the time for it. */
static void far_timer(void **state)
{
    for (uint64_t years = 3; years <= 300; years += 27) {
        struct timer t;
        uint64_t start = NS_PER_S * 77777777, at = start + years * 365 * 86400 * NS_PER_S;
        wheel_init(&wheel, start);
        timer_init(&t, note_time);
        wheel_set(&wheel, &t, at);
        assert_true(wheel_next(&wheel) > start + 86400 * NS_PER_S);
        int n = run_until_fired(at + TICK_NS);
        assert_true(fired_at[0] >= at);
        assert_true(n < 300);
    }
}

static void cancelled_timers_wake_nobody(void **state)
{
    struct timer t;
    wheel_init(&wheel, 0);
    timer_init(&t, note_time);
    for (uint64_t i = 0; i < 1000; i++)
        wheel_set(&wheel, &t, i * i * TICK_NS);
    wheel_set(&wheel, &t, TIME_NEVER);
    assert_true(wheel_next(&wheel) == TIME_NEVER);
    assert_false(timer_is_set(&t));
    wheel_cancel(&t);
}

static void set_for_the_past_while_firing(struct timer *t, uint64_t now_ns)
{
    if (n_fired_at++ < 3)
        wheel_set(&wheel, t, now_ns / 2);
}

static void setting_the_past_again_and_again_ends(void **state)
{
    struct timer t;
    n_fired_at = 0;
    wheel_init(&wheel, 0);
    timer_init(&t, set_for_the_past_while_firing);
    wheel_set(&wheel, &t, 5 * TICK_NS);
    for (uint64_t now = 100 * TICK_NS; now < 104 * TICK_NS; now += TICK_NS)
        wheel_run(&wheel, now);
    assert_int_equal(n_fired_at, 4);
    assert_true(wheel_next(&wheel) == TIME_NEVER);
}

static struct timer pair[2];

static void cancel_the_other(struct timer *t, uint64_t now_ns)
{
    n_fired_at++;
    wheel_cancel(t == &pair[0] ? &pair[1] : &pair[0]);
}

static void firing_can_cancel_what_is_due(void **state)
{
    n_fired_at = 0;
    wheel_init(&wheel, 0);
    for (int i = 0; i < 2; i++) {
        timer_init(&pair[i], cancel_the_other);
        wheel_set(&wheel, &pair[i], TICK_NS);
    }
    wheel_run(&wheel, 10 * TICK_NS);
    assert_int_equal(n_fired_at, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_within_a_slot),           cmocka_unit_test(far_timer),
        cmocka_unit_test(cancelled_timers_wake_nobody),  cmocka_unit_test(setting_the_past_again_and_again_ends),
        cmocka_unit_test(firing_can_cancel_what_is_due), cmocka_unit_test(random_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
