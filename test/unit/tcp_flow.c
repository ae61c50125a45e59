/* SPDX-License-Identifier: ISC */
/* Flows on TCP, with fibers: one stack that talks with itself over a wire of 1 ms. */
#include "net/stack_internal.h"
#include "net/tcp_flow.h"

#include <jinn/fiber.h>
#include <jinn/wheel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIRE_MAX = 256, BIG = 300000 };

struct frame {
    size_t len;
    struct ip src, dst;
    uint8_t data[1500];
};

struct stack {
    struct tcp *t;
    struct ip_below below;
    struct timer timer, wire_timer;
    struct frame *wire[WIRE_MAX];
    size_t n_wire;
    bool cut;
    bool same_round; /* what was written is not sent yet */
};

static struct stack the;
static uint8_t big[BIG];

struct tcp *stack_tcp(struct stack *s)
{
    return s->t;
}

void stack_may_loop(struct stack *s)
{
}

void stack_kick(struct stack *s)
{
    sched_timer(&s->timer, tcp_deadline(s->t));
}

/* At once: rounds are the scheduler's. */
void stack_flush_late(struct stack *s)
{
    if (!s->same_round)
        tcp_flush(s->t, sched_now());
    stack_kick(s);
}

static void tick(struct timer *t, uint64_t now_ns)
{
    tcp_tick(the.t, now_ns);
    stack_kick(&the);
}

static void arrive(struct timer *t, uint64_t now_ns)
{
    size_t n = the.n_wire;
    struct frame *now[WIRE_MAX];
    memcpy(now, the.wire, n * sizeof now[0]);
    the.n_wire = 0;
    for (size_t i = 0; i < n; i++) {
        struct ip_in in = {.src = now[i]->src, .dst = now[i]->dst, .protocol = IP_TCP};
        in.payload = bytes_of(now[i]->data, now[i]->len);
        tcp_input(the.t, now_ns, &in);
        free(now[i]);
    }
    tcp_flush(the.t, now_ns);
    stack_kick(&the);
}

static enum err send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    if (the.cut || the.n_wire == WIRE_MAX)
        return OK;
    struct frame *f = calloc(1, sizeof *f);
    struct writer w = writer_of(f->data, sizeof f->data);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    f->len = writer_len(&w);
    f->src = o->src;
    f->dst = o->dst;
    the.wire[the.n_wire++] = f;
    sched_timer(&the.wire_timer, now_ns + NS_PER_MS);
    return OK;
}

static enum err route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = ip4(10, 0, 0, 1);
    *payload_bytes = 1480;
    return OK;
}

static const struct endpoint server = {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1}}, 80};

static uint64_t in_ms(uint64_t ms)
{
    return sched_now() + ms * NS_PER_MS;
}

static int run_body(void *arg)
{
    void (*const *body)(void) = arg;
    struct tcp_options o = {&the.below, {1}, 16, 4, 256 << 10};
    the = (struct stack){.below = {.send = send, .route = route}};
    assert_int_equal(tcp_new(&o, sched_now(), &the.t), OK);
    timer_init(&the.timer, tick);
    timer_init(&the.wire_timer, arrive);
    (*body)();
    sched_timer(&the.timer, TIME_NEVER);
    sched_timer(&the.wire_timer, TIME_NEVER);
    while (the.n_wire > 0)
        free(the.wire[--the.n_wire]);
    tcp_free(the.t);
    return 0;
}

static void run(void (*body)(void))
{
    assert_int_equal(sched_run(run_body, &body), 0);
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

/* A writer may have nothing to say; whatever it says of nothing, the end is as good as without. */
static void write_nothing(void)
{
    struct flow *client, *served;
    char buffer[8];
    size_t len;
    struct listener *l = join(&client, &served);
    assert_int_equal(flow_shutdown(client), OK);
    assert_int_equal(flow_read(served, buffer, sizeof buffer, &len, in_ms(1000)), ERR_END);
    assert_int_equal(flow_shutdown(served), OK);
    assert_int_equal(flow_read(client, buffer, sizeof buffer, &len, in_ms(1000)), ERR_END);
    assert_int_equal(fiber_sleep(in_ms(1000)), OK);
    the.same_round = true;
    assert_int_equal(flow_write(client, NULL, 0, in_ms(1000)), OK);
    flow_close(client);
    assert_int_equal(flow_write(served, NULL, 0, in_ms(1000)), OK);
    flow_close(served);
    listener_close(l);
    check_nothing_left();
}

static void nothing_can_be_written_after_the_end(void **state)
{
    run(write_nothing);
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
    the.cut = true;
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
        cmocka_unit_test(nothing_can_be_written_after_the_end),
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
