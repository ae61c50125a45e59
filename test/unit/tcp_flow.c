/* SPDX-License-Identifier: ISC */
/* Flows on TCP, with fibers: one stack that talks with itself over a wire of 1 ms. */
#include "net/tcp_flow.h"
#include "test/support/self_stack.h"

enum { BIG = 300000 };

static bool cut; /* the wire */
static uint8_t big[BIG];

static enum err send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    if (!cut)
        fly(o, v, n, now_ns + NS_PER_MS);
    return OK;
}

static enum err route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = ip4(10, 0, 0, 1);
    *payload_bytes = 1480;
    return OK;
}

static const struct endpoint server = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}}, 80};

static void run(void (*body)(void))
{
    cut = false;
    run_stack((struct ip_below){.send = send, .route = route}, 16, body);
}

/* Both ends of a new connection. */
static struct listener *join(struct flow **client, struct flow **served)
{
    struct listener *l;
    assert_int_equal(stack_listen(&the, 80, 4, &l), OK);
    assert_int_equal(stack_connect(&the, server, in_ms(1000), client), OK);
    assert_int_equal(listener_accept(l, in_ms(1000), served), OK);
    return l;
}

static void check_read(struct flow *f, const char *text)
{
    char buffer[100];
    size_t len;
    assert_int_equal(flow_read(f, buffer, sizeof buffer, &len, in_ms(1000)), OK);
    assert_int_equal(len, strlen(text));
    assert_memory_equal(buffer, text, len);
}

static void check_write(struct flow *f, const char *text)
{
    struct piece p = piece_copy(bytes_str(text));
    assert_int_equal(flow_write(f, &p, 1, in_ms(1000)), OK);
}

static void check_nothing_left(void)
{
    assert_int_equal(fiber_sleep(in_ms(200000)), OK);
    struct tcp_counters n = tcp_counters(the.t);
    assert_int_equal(n.n_connections + n.n_half_open + n.n_time_wait + n.n_chunks + n.n_pieces, 0);
}

/* ---- */

static void talk(void)
{
    struct flow *client, *served;
    char buffer[8];
    size_t len;
    struct listener *l = join(&client, &served);
    assert_int_equal(flow_peer(client).port, 80);
    assert_true(flow_peer(served).port >= 49152);
    check_write(client, "question");
    assert_int_equal(flow_unsent(client), 8);
    assert_int_equal(flow_read(served, NULL, 5, &len, in_ms(1000)), OK); /* dropped */
    assert_int_equal(len, 5);
    check_read(served, "ion");
    check_write(served, "answer");
    check_read(client, "answer");
    assert_int_equal(flow_unsent(client), 0);
    assert_int_equal(flow_shutdown(client), OK);
    assert_int_equal(flow_shutdown(client), ERR_CLOSED);
    assert_int_equal(flow_read(served, buffer, sizeof buffer, &len, in_ms(1000)), ERR_END);
    check_write(served, "last");
    flow_close(served);
    check_read(client, "last");
    assert_int_equal(flow_read(client, buffer, sizeof buffer, &len, in_ms(1000)), ERR_END);
    flow_close(client);
    listener_close(l);
    check_nothing_left();
}

static void both_ends_talk_and_close(void **state)
{
    run(talk);
}

static void wait_in_vain(void)
{
    struct flow *client, *served, *none;
    char buffer[8];
    size_t len;
    struct listener *l;
    assert_int_equal(stack_listen(&the, 80, 4, &l), OK);
    uint64_t deadline_ns = in_ms(50);
    assert_int_equal(listener_accept(l, deadline_ns, &none), ERR_TIMEOUT);
    assert_true(sched_now() >= deadline_ns);
    listener_close(l);
    l = join(&client, &served);
    deadline_ns = in_ms(50);
    assert_int_equal(flow_read(client, buffer, sizeof buffer, &len, deadline_ns), ERR_TIMEOUT);
    assert_true(sched_now() >= deadline_ns);
    assert_int_equal(flow_read(client, buffer, sizeof buffer, &len, 0), ERR_TIMEOUT);
    check_write(served, "late");
    check_read(client, "late");
    flow_abort(client);
    flow_abort(served);
    listener_close(l);
}

static void deadlines_end_waits_and_leave_the_flow_good(void **state)
{
    run(wait_in_vain);
}

static void fail_to_connect(void)
{
    struct flow *f;
    assert_int_equal(stack_connect(&the, server, in_ms(1000), &f), ERR_REFUSED);
    cut = true;
    assert_int_equal(stack_connect(&the, server, in_ms(1000), &f), ERR_TIMEOUT);
    struct endpoint nobody = {IP_ANY4, 80};
    assert_int_equal(stack_connect(&the, nobody, in_ms(1000), &f), ERR_UNREACHABLE);
    assert_int_equal(tcp_counters(the.t).n_connections, 0);
}

static void connecting_fails_for_its_reasons(void **state)
{
    run(fail_to_connect);
}

static void abort_one(void)
{
    struct flow *client, *served;
    char buffer[8];
    size_t len;
    struct piece p = piece_static(bytes_str("x"));
    struct listener *l = join(&client, &served);
    flow_abort(client);
    assert_int_equal(flow_read(served, buffer, sizeof buffer, &len, in_ms(1000)), ERR_RESET);
    assert_int_equal(flow_write(served, &p, 1, in_ms(1000)), ERR_RESET);
    assert_int_equal(flow_shutdown(served), ERR_RESET);
    flow_close(served);
    listener_close(l);
    check_nothing_left();
}

static void abort_is_seen_as_a_reset(void **state)
{
    run(abort_one);
}

/* ---- With a second fiber ---- */

static struct flow *reader_flow;
static size_t n_reader;

static void read_slowly(void *arg)
{
    uint8_t buffer[7000];
    size_t len;
    while (flow_read(reader_flow, buffer, sizeof buffer, &len, in_ms(5000)) == OK) {
        assert_memory_equal(buffer, big + n_reader, len);
        n_reader += len;
        assert_int_equal(fiber_sleep(in_ms(3)), OK);
    }
}

static void write_much(enum life life)
{
    struct flow *client;
    struct scope s;
    n_reader = 0;
    for (size_t i = 0; i < BIG; i++)
        big[i] = (uint8_t)(i * 7 + (i >> 9));
    struct listener *l = join(&client, &reader_flow);
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "reader", read_slowly, NULL), OK);
    struct piece v[2] = {{bytes_of(big, 1000), life}, {bytes_of(big + 1000, BIG - 1000), life}};
    assert_int_equal(flow_write(client, v, 2, in_ms(60000)), OK);
    if (life == LIFE_COPY)
        assert_true(n_reader > 0); /* the write had to wait for the reader */
    else
        assert_int_equal(n_reader, 0);
    flow_close(client);
    scope_join(&s);
    assert_int_equal(n_reader, BIG);
    flow_close(reader_flow);
    listener_close(l);
    check_nothing_left();
}

static void copy_much(void)
{
    write_much(LIFE_COPY);
}

static void lend_much(void)
{
    write_much(LIFE_STATIC);
}

static void copied_writes_wait_for_room_and_all_arrives(void **state)
{
    run(copy_much);
}

static void static_writes_do_not_wait_and_all_arrives(void **state)
{
    run(lend_much);
}

static enum err waited;

static void accept_forever(void *arg)
{
    struct flow *f;
    waited = listener_accept(arg, TIME_NEVER, &f);
}

static void read_forever(void *arg)
{
    char buffer[8];
    size_t len;
    waited = flow_read(arg, buffer, sizeof buffer, &len, TIME_NEVER);
}

static void close_under_a_waiter(void)
{
    struct listener *l;
    struct scope s;
    waited = OK;
    assert_int_equal(stack_listen(&the, 80, 4, &l), OK);
    scope_open(&s);
    assert_int_equal(scope_spawn(&s, "acceptor", accept_forever, l), OK);
    assert_int_equal(fiber_sleep(in_ms(5)), OK);
    listener_close(l);
    scope_join(&s);
    assert_int_equal(waited, ERR_CLOSED);
}

static void closing_a_listener_ends_accept(void **state)
{
    run(close_under_a_waiter);
}

static void cancel_waiters(void)
{
    struct flow *client, *served;
    struct scope s;
    struct listener *l = join(&client, &served);
    scope_open(&s);
    waited = OK;
    assert_int_equal(scope_spawn(&s, "acceptor", accept_forever, l), OK);
    assert_int_equal(fiber_sleep(in_ms(5)), OK);
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(waited, ERR_CANCELLED);
    scope_open(&s);
    waited = OK;
    assert_int_equal(scope_spawn(&s, "reader", read_forever, client), OK);
    assert_int_equal(fiber_sleep(in_ms(5)), OK);
    scope_cancel(&s);
    scope_join(&s);
    assert_int_equal(waited, ERR_CANCELLED);
    check_write(served, "on");
    check_read(client, "on");
    flow_abort(client);
    flow_abort(served);
    listener_close(l);
}

static void cancelled_waits_end_and_leave_the_flow_good(void **state)
{
    run(cancel_waiters);
}

static int n_woken;

static void count_wake(struct waiter *w)
{
    n_woken++;
}

static void arm_one(void)
{
    struct flow *client, *served;
    struct waiter w;
    struct listener *l = join(&client, &served);
    n_woken = 0;
    waiter_init(&w, count_wake);
    flow_arm(served, &w);
    assert_int_equal(n_woken, 0);
    check_write(client, "a");
    check_write(client, "b");
    assert_int_equal(fiber_sleep(in_ms(20)), OK);
    assert_int_equal(n_woken, 1);
    flow_arm(served, &w);
    assert_int_equal(n_woken, 2);
    check_read(served, "ab");
    flow_arm(served, &w);
    flow_arm(served, NULL);
    flow_close(client);
    assert_int_equal(fiber_sleep(in_ms(20)), OK);
    assert_int_equal(n_woken, 2);
    flow_arm(served, &w);
    assert_int_equal(n_woken, 3);
    flow_close(served);
    listener_close(l);
    check_nothing_left();
}

static void armed_waiter_is_woken_once_and_at_once(void **state)
{
    run(arm_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_talk_and_close),
        cmocka_unit_test(deadlines_end_waits_and_leave_the_flow_good),
        cmocka_unit_test(connecting_fails_for_its_reasons),
        cmocka_unit_test(abort_is_seen_as_a_reset),
        cmocka_unit_test(copied_writes_wait_for_room_and_all_arrives),
        cmocka_unit_test(static_writes_do_not_wait_and_all_arrives),
        cmocka_unit_test(closing_a_listener_ends_accept),
        cmocka_unit_test(cancelled_waits_end_and_leave_the_flow_good),
        cmocka_unit_test(armed_waiter_is_woken_once_and_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
