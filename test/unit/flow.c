/* SPDX-License-Identifier: ISC */
/* Each sentence of flow.h, on the pipe that is its reference. */
#include <jinn/fiber.h>
#include <jinn/flow.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CAPACITY 64

static struct flow *a, *b;

static int run_pipe(void *arg)
{
    void (*const *fn)(void) = arg;
    assert_int_equal(flow_pipe(CAPACITY, &a, &b), OK);
    (*fn)();
    return 0;
}

static void run(void (*fn)(void))
{
    assert_int_equal(sched_run(run_pipe, &fn), 0);
}

static enum err send_bytes(struct flow *f, const void *data, size_t len, enum life life, uint64_t deadline)
{
    struct piece p = {bytes_of(data, len), life};
    return flow_write(f, &p, 1, deadline);
}

static enum err send_text(struct flow *f, const char *text)
{
    return send_bytes(f, text, strlen(text), LIFE_COPY, 0);
}

static void expect(struct flow *f, const char *text)
{
    char got[256];
    assert_true(strlen(text) <= sizeof got);
    assert_int_equal(flow_read_exact(f, got, strlen(text), 0), OK);
    assert_memory_equal(got, text, strlen(text));
}

static void close_both(void)
{
    flow_close(a);
    flow_close(b);
}

static void reads_what_there_is(void)
{
    char got[10];
    size_t len = 99;
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_TIMEOUT);
    assert_int_equal(send_text(a, "hello"), OK);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), OK);
    assert_int_equal(len, 5);
    assert_int_equal(send_text(a, "0123456789abc"), OK);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), OK);
    assert_int_equal(len, 10);
    expect(b, "abc");
    assert_int_equal(send_text(b, "back"), OK);
    expect(a, "back");
    close_both();
}

static void no_buffer_drops_what_there_is(void)
{
    static const char lent[] = "lent";
    size_t len = 99;
    assert_int_equal(send_text(a, "copied"), OK);
    assert_int_equal(send_bytes(a, lent, 4, LIFE_STATIC, 0), OK);
    assert_int_equal(flow_read(b, NULL, 3, &len, 0), OK);
    assert_int_equal(len, 3);
    expect(b, "i");
    assert_int_equal(flow_read(b, NULL, 4, &len, 0), OK);
    assert_int_equal(len, 4);
    expect(b, "nt");
    assert_int_equal(flow_read(b, NULL, SIZE_MAX, &len, 0), ERR_TIMEOUT);
    close_both();
}

static void write_later(void *arg)
{
    assert_int_equal(fiber_sleep(sched_now() + 20 * NS_PER_MS), OK);
    assert_int_equal(send_text(a, "late"), OK);
}

static void read_waits_until_the_deadline(void)
{
    char got[10];
    size_t len;
    struct scope s;
    uint64_t start = sched_now();
    assert_int_equal(flow_read(b, got, sizeof got, &len, start + 10 * NS_PER_MS), ERR_TIMEOUT);
    assert_true(sched_now() >= start + 10 * NS_PER_MS);
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "writer", write_later, NULL), OK);
    assert_int_equal(flow_read(b, got, sizeof got, &len, TIME_NEVER), OK);
    assert_int_equal(len, 4);
    scope_join(&s);
    close_both();
}

static void end_after_the_last_byte(void)
{
    char got[10];
    size_t len;
    assert_int_equal(send_text(a, "last"), OK);
    assert_int_equal(flow_shutdown(a), OK);
    assert_int_equal(send_text(a, "more"), ERR_CLOSED);
    assert_int_equal(flow_shutdown(a), ERR_CLOSED);
    expect(b, "last");
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_END);
    assert_int_equal(flow_read(b, got, sizeof got, &len, TIME_NEVER), ERR_END);
    assert_int_equal(send_text(b, "still"), OK); /* reading goes on */
    expect(a, "still");
    flow_close(a);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_END); /* a refused write has not broken it */
    flow_close(b);
}

static void exact_read_meets_the_end(void)
{
    char got[10];
    assert_int_equal(send_text(a, "1234"), OK);
    assert_int_equal(flow_shutdown(a), OK);
    assert_int_equal(flow_read_exact(b, got, 0, 0), OK);
    assert_int_equal(flow_read_exact(b, got, 5, 0), ERR_END);
    close_both();
}

static void exact_read_meets_the_deadline(void)
{
    char got[10];
    assert_int_equal(send_text(a, "1234"), OK);
    assert_int_equal(flow_read_exact(b, got, 5, sched_now() + NS_PER_MS), ERR_TIMEOUT);
    close_both();
}

static void close_still_delivers(void)
{
    char got[10];
    size_t len;
    assert_int_equal(send_text(a, "bye"), OK);
    flow_close(a);
    assert_int_equal(send_text(b, "x"), ERR_RESET); /* nobody reads that any more */
    expect(b, "bye");
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_END);
    flow_close(b);
}

static void abort_drops_everything(void)
{
    char got[10];
    size_t len;
    assert_int_equal(send_text(a, "lost"), OK);
    flow_abort(a);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_RESET);
    assert_int_equal(send_text(b, "x"), ERR_RESET);
    flow_abort(b);
}

/* ---- Writing ---- */

static const char page[1000] = "static";

static void static_parts_take_no_room(void)
{
    assert_int_equal(send_bytes(a, page, sizeof page, LIFE_STATIC, 0), OK);
    assert_int_equal(send_bytes(a, page, sizeof page, LIFE_STATIC, 0), OK);
    assert_int_equal(flow_unsent(a), 2 * sizeof page);
    char copied[CAPACITY];
    memset(copied, 'c', sizeof copied);
    assert_int_equal(send_bytes(a, copied, sizeof copied, LIFE_COPY, 0), OK); /* the buffer is all there */
    memset(copied, 'x', sizeof copied);                                       /* and what was written was copied */
    static char all[2 * sizeof page + CAPACITY];
    assert_int_equal(flow_read_exact(b, all, sizeof all, 0), OK);
    assert_memory_equal(all, page, sizeof page);
    assert_memory_equal(all + sizeof page, page, sizeof page);
    for (size_t i = 0; i < CAPACITY; i++)
        assert_int_equal(all[2 * sizeof page + i], 'c');
    assert_int_equal(flow_unsent(a), 0);
    close_both();
}

static void static_parts_wait_when_the_queue_is_full(void)
{
    size_t n = 0;
    enum err e;
    while ((e = send_bytes(a, page, 1, LIFE_STATIC, 0)) == OK)
        n++;
    assert_int_equal(e, ERR_TIMEOUT);
    assert_in_range(n, 2, 1000);
    flow_abort(a);
    flow_close(b);
}

static void gathers_in_order(void)
{
    struct piece v[] = {piece_copy(bytes_str("one ")), piece_static(bytes_str("two ")), piece_copy(bytes_of(NULL, 0)),
                        piece_copy(bytes_str("three ")), piece_copy(bytes_str("four"))};
    assert_int_equal(flow_write(a, v, ARRAY_LEN(v), 0), OK);
    assert_int_equal(flow_write(a, NULL, 0, 0), OK);
    expect(b, "one two three four");
    close_both();
}

static void read_slowly(void *arg)
{
    size_t *total = arg;
    char got[7];
    size_t len;
    enum err e;
    while ((e = flow_read(b, got, sizeof got, &len, TIME_NEVER)) == OK) {
        for (size_t i = 0; i < len; i++)
            assert_int_equal((unsigned char)got[i], (*total + i) % 251);
        *total += len;
        if (*total % 5 == 0)
            assert_int_equal(fiber_sleep(sched_now() + NS_PER_MS), OK);
    }
    assert_int_equal(e, ERR_END);
}

static void writers_wait_for_room(void)
{
    static unsigned char data[5000];
    size_t total = 0;
    struct scope s;
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i % 251);
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "reader", read_slowly, &total), OK);
    assert_int_equal(send_bytes(a, data, 3333, LIFE_COPY, TIME_NEVER), OK);
    assert_int_equal(send_bytes(a, data + 3333, 167, LIFE_STATIC, TIME_NEVER), OK);
    assert_int_equal(send_bytes(a, data + 3500, 1500, LIFE_COPY, TIME_NEVER), OK);
    assert_in_range(flow_unsent(a), 0, CAPACITY);
    assert_int_equal(flow_shutdown(a), OK);
    scope_join(&s);
    assert_int_equal(total, sizeof data);
    close_both();
}

static void write_deadline_breaks_the_flow(void)
{
    char data[CAPACITY + 1] = "";
    char got[2 * CAPACITY];
    size_t len;
    uint64_t start = sched_now();
    assert_int_equal(send_bytes(a, data, sizeof data, LIFE_COPY, start + 10 * NS_PER_MS), ERR_TIMEOUT);
    assert_true(sched_now() >= start + 10 * NS_PER_MS);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), OK); /* an unknown prefix */
    assert_int_equal(send_text(a, "x"), ERR_CLOSED);              /* good for abort only */
    flow_close(a);                                                /* which is what close is now */
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), ERR_RESET);
    flow_close(b);
}

static void write_too_much(void *arg)
{
    char data[CAPACITY + 1] = "";
    *(enum err *)arg = send_bytes(a, data, sizeof data, LIFE_COPY, TIME_NEVER);
}

static void peers_abort_ends_a_waiting_write(void)
{
    enum err e = OK;
    struct scope s;
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "writer", write_too_much, &e), OK);
    assert_int_equal(fiber_yield(), OK);
    flow_abort(b);
    scope_join(&s);
    assert_int_equal(e, ERR_RESET);
    flow_abort(a);
}

static void read_for_ever(void *arg)
{
    char got[10];
    size_t len;
    *(enum err *)arg = flow_read(b, got, sizeof got, &len, TIME_NEVER);
}

static void cancelling_ends_both(void)
{
    enum err reading = OK, writing = OK;
    struct scope s;
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "writer", write_too_much, &writing), OK);
    assert_int_equal(fiber_yield(), OK);
    assert_int_equal(flow_unsent(a), CAPACITY);
    char got[CAPACITY];
    size_t len;
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(writing, ERR_CANCELLED);
    assert_int_equal(flow_read(b, got, sizeof got, &len, 0), OK);
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "reader", read_for_ever, &reading), OK);
    assert_int_equal(fiber_yield(), OK);
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(reading, ERR_CANCELLED);
    flow_abort(a);
    flow_abort(b);
}

static void peers_close_ends_a_waiting_read(void)
{
    enum err e = OK;
    struct scope s;
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "reader", read_for_ever, &e), OK);
    assert_int_equal(fiber_yield(), OK);
    flow_close(a);
    scope_join(&s);
    assert_int_equal(e, ERR_END);
    flow_close(b);
}

/* ---- Arming ---- */

static int n_woken;

static void count_wake(struct waiter *w)
{
    n_woken++;
}

static void arms_once(void)
{
    struct waiter w;
    waiter_init(&w, count_wake);
    n_woken = 0;
    flow_arm(b, &w);
    assert_int_equal(n_woken, 0);
    assert_int_equal(send_text(a, "x"), OK);
    assert_int_equal(n_woken, 1);
    assert_int_equal(send_text(a, "y"), OK);
    assert_int_equal(n_woken, 1);
    flow_arm(b, &w); /* some are buffered: at once */
    assert_int_equal(n_woken, 2);
    expect(b, "xy");
    flow_arm(b, &w);
    flow_arm(b, NULL);
    assert_int_equal(send_text(a, "z"), OK);
    assert_int_equal(n_woken, 2);
    expect(b, "z");
    close_both();
}

static void arms_for_end_and_error(void)
{
    struct waiter w;
    waiter_init(&w, count_wake);
    n_woken = 0;
    flow_arm(b, &w);
    assert_int_equal(flow_shutdown(a), OK);
    assert_int_equal(n_woken, 1);
    flow_arm(b, &w);
    assert_int_equal(n_woken, 2);
    flow_arm(a, &w);
    flow_abort(b);
    assert_int_equal(n_woken, 3);
    flow_arm(a, &w);
    assert_int_equal(n_woken, 4);
    flow_close(a);
}

static void close_when_woken(struct waiter *w)
{
    n_woken++;
    flow_close(b);
}

static void waiter_may_close(void)
{
    struct waiter w;
    waiter_init(&w, close_when_woken);
    n_woken = 0;
    flow_arm(b, &w);
    flow_close(a);
    assert_int_equal(n_woken, 1);
}

static void peer_means_nothing(void)
{
    struct endpoint e = flow_peer(a);
    assert_true(ip_equal(&e.ip, &IP_NONE));
    assert_int_equal(e.port, 0);
    close_both();
}

#define FLOW_TEST(fn)                   \
    static void test_##fn(void **state) \
    {                                   \
        run(fn);                        \
    }
FLOW_TEST(reads_what_there_is)
FLOW_TEST(read_waits_until_the_deadline)
FLOW_TEST(end_after_the_last_byte)
FLOW_TEST(exact_read_meets_the_end)
FLOW_TEST(exact_read_meets_the_deadline)
FLOW_TEST(no_buffer_drops_what_there_is)
FLOW_TEST(close_still_delivers)
FLOW_TEST(abort_drops_everything)
FLOW_TEST(static_parts_take_no_room)
FLOW_TEST(static_parts_wait_when_the_queue_is_full)
FLOW_TEST(gathers_in_order)
FLOW_TEST(writers_wait_for_room)
FLOW_TEST(write_deadline_breaks_the_flow)
FLOW_TEST(peers_abort_ends_a_waiting_write)
FLOW_TEST(cancelling_ends_both)
FLOW_TEST(peers_close_ends_a_waiting_read)
FLOW_TEST(arms_once)
FLOW_TEST(arms_for_end_and_error)
FLOW_TEST(waiter_may_close)
FLOW_TEST(peer_means_nothing)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_there_is),
        cmocka_unit_test(test_no_buffer_drops_what_there_is),
        cmocka_unit_test(test_read_waits_until_the_deadline),
        cmocka_unit_test(test_end_after_the_last_byte),
        cmocka_unit_test(test_exact_read_meets_the_end),
        cmocka_unit_test(test_exact_read_meets_the_deadline),
        cmocka_unit_test(test_close_still_delivers),
        cmocka_unit_test(test_abort_drops_everything),
        cmocka_unit_test(test_static_parts_take_no_room),
        cmocka_unit_test(test_static_parts_wait_when_the_queue_is_full),
        cmocka_unit_test(test_gathers_in_order),
        cmocka_unit_test(test_writers_wait_for_room),
        cmocka_unit_test(test_write_deadline_breaks_the_flow),
        cmocka_unit_test(test_peers_abort_ends_a_waiting_write),
        cmocka_unit_test(test_cancelling_ends_both),
        cmocka_unit_test(test_peers_close_ends_a_waiting_read),
        cmocka_unit_test(test_arms_once),
        cmocka_unit_test(test_arms_for_end_and_error),
        cmocka_unit_test(test_waiter_may_close),
        cmocka_unit_test(test_peer_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
