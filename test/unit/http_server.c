/* SPDX-License-Identifier: ISC */
/* The server over pipes, with fibers and the simulator's clock: what a client sees, and what the server holds. */
#include "http_client.h"

#include <stdio.h>

static const char small[] = "small static text";
static uint8_t large[1 << 20]; /* filled once; stands for a value in the image */

static void handler(void *arg, const struct http_request *q, struct http_exchange *x)
{
    struct http_header type = {bytes_str("Content-Type"), bytes_str("text/plain")};
    struct piece body = piece_static(bytes_str(small));
    if (bytes_equal(q->path, bytes_str("/large"))) {
        body = piece_static(bytes_of(large, sizeof large));
    } else if (bytes_equal(q->path, bytes_str("/echo"))) {
        static uint8_t text[4096];
        size_t len = 0, n = 0;
        enum err e;
        while ((e = http_body_read(x, text + len, sizeof text - len, &n)) == OK && len < sizeof text)
            len += n;
        if (e != ERR_END) {
            http_respond_status(x, e == ERR_TOO_LARGE ? 413 : e == ERR_TIMEOUT ? 408 : 400);
            return;
        }
        body = piece_copy(bytes_of(text, len));
    } else if (bytes_equal(q->path, bytes_str("/slow"))) {
        if (fiber_sleep(time_after(sched_now(), NS_PER_S)) != OK)
            return;
    } else if (bytes_equal(q->path, bytes_str("/silent"))) {
        return;
    } else if (bytes_equal(q->path, bytes_str("/split"))) {
        type.value = bytes_str("text/plain\r\nSet-Cookie: a=b");
    } else {
        body = piece_copy(q->path);
    }
    http_respond(x, 200, &type, 1, &body, 1);
}

static const struct http_options plain = {.handler = handler, .connections = 8, .workers = 2, .no_access_log = true};

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void keeps_alive(struct rig *r)
{
    struct flow *f = rig_connect(r);
    for (unsigned i = 0; i < 3; i++) {
        say(f, GET("/one"));
        expect_answer(f, 200, "/one");
    }
    assert_int_equal(http_counters(r->server).connections, 1);
    assert_int_equal(http_counters(r->server).requests, 3);
    flow_close(f);
}

static void answers_pipelined_in_order(struct rig *r)
{
    struct flow *f = rig_connect(r);
    char text[4096] = "", path[8];
    for (unsigned i = 0; i < 40; i++) {
        struct writer w = writer_of(text + strlen(text), sizeof text - strlen(text));
        write_format(&w, "GET /%02u HTTP/1.1\r\nHost: a\r\n\r\n", i);
        write_u8(&w, 0);
        assert_true(writer_good(&w));
    }
    say(f, text);
    for (unsigned i = 0; i < 40; i++) {
        struct writer w = writer_of(path, sizeof path);
        write_format(&w, "/%02u", i);
        write_u8(&w, 0);
        expect_answer(f, 200, path);
    }
    flow_close(f);
}

static void takes_heads_in_pieces(struct rig *r)
{
    struct flow *f = rig_connect(r);
    const char *text = GET("/pieces") GET("/again");
    for (size_t i = 0; text[i]; i++) {
        struct piece p = piece_copy(bytes_of(text + i, 1));
        assert_int_equal(flow_write(f, &p, 1, TIME_NEVER), OK);
        assert_int_equal(fiber_yield(), OK);
    }
    expect_answer(f, 200, "/pieces");
    expect_answer(f, 200, "/again");
    flow_close(f);
}

static void head_has_no_body(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, "HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n" GET("/x"));
    read_head(f, &a);
    assert_int_equal(a.status, 200);
    assert_true(has_field(&a, "Content-Length: 1048576"));
    expect_answer(f, 200, "/x");
    flow_close(f);
}

static void old_clients_get_a_close(struct rig *r)
{
    struct answer a;
    struct flow *f = rig_connect(r);
    say(f, "GET /x HTTP/1.0\r\n\r\n");
    read_answer(f, &a);
    assert_true(has_field(&a, "Connection: close"));
    expect_end(f);
    flow_close(f);
    f = rig_connect(r);
    say(f, "GET /x HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    read_answer(f, &a);
    assert_true(has_field(&a, "Connection: keep-alive"));
    say(f, "GET /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    expect_answer(f, 200, "/y");
    expect_end(f);
    flow_close(f);
}

static void reads_bodies(struct rig *r)
{
    struct flow *f = rig_connect(r);
    say(f, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/x"));
    expect_answer(f, 200, "hello");
    expect_answer(f, 200, "/x");
    say(f,
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n" GET(
            "/y"));
    expect_answer(f, 200, "abcde");
    expect_answer(f, 200, "/y");
    flow_close(f);
}

static void unread_bodies_are_passed_over(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nGET /evil HTTP/1.1\r\n" GET("/x"));
    expect_answer(f, 200, "/p");
    expect_answer(f, 200, "/x");
    say(f, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nonly a part");
    read_answer(f, &a);
    assert_true(has_field(&a, "Connection: close"));
    expect_end(f);
    flow_close(f);
}

static void says_continue_when_the_body_is_read(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    read_head(f, &a);
    assert_int_equal(a.status, 100);
    say(f, "hello");
    expect_answer(f, 200, "hello");
    say(f, "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    read_answer(f, &a); /* no 100: nobody read it */
    assert_int_equal(a.status, 200);
    assert_true(has_field(&a, "Connection: close"));
    flow_close(f);
}

static void refuses_bodies_that_are_too_long(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n");
    read_answer(f, &a);
    assert_int_equal(a.status, 413);
    expect_end(f);
    flow_close(f);
    f = rig_connect(r);
    say(f, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n");
    read_answer(f, &a);
    assert_int_equal(a.status, 413);
    expect_end(f);
    flow_close(f);
}

static void malformed_costs_the_connection_only(struct rig *r)
{
    struct flow *f = rig_connect(r), *other = rig_connect(r);
    struct answer a;
    say(f, GET("/good") "GET / HTTP/1.1\r\nHost : a\r\n\r\n" GET("/never"));
    expect_answer(f, 200, "/good");
    read_answer(f, &a);
    assert_int_equal(a.status, 400);
    assert_true(has_field(&a, "Connection: close"));
    expect_end(f);
    assert_int_equal(http_counters(r->server).malformed, 1);
    say(other, GET("/other"));
    expect_answer(other, 200, "/other");
    flow_close(f);
    flow_close(other);
}

static void mistakes_of_a_handler_are_500(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, GET("/silent"));
    read_answer(f, &a);
    assert_int_equal(a.status, 500);
    say(f, GET("/split"));
    read_answer(f, &a);
    assert_int_equal(a.status, 500);
    assert_false(has_field(&a, "Set-Cookie"));
    assert_int_equal(http_counters(r->server).responses_5xx, 2);
    flow_close(f);
}

static void asterisk_is_the_server(struct rig *r)
{
    struct flow *f = rig_connect(r);
    struct answer a;
    say(f, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    read_head(f, &a);
    assert_int_equal(a.status, 204);
    assert_false(has_field(&a, "Content-Length"));
    flow_close(f);
}

static void full_is_503(struct rig *r)
{
    struct flow *f[8], *late;
    struct answer a;
    for (size_t i = 0; i < 8; i++) {
        f[i] = rig_connect(r);
        say(f[i], GET("/x"));
        expect_answer(f[i], 200, "/x");
    }
    late = rig_connect(r);
    say(late, GET("/x"));
    read_answer(late, &a);
    assert_int_equal(a.status, 503);
    expect_end(late);
    flow_close(late);
    assert_int_equal(http_counters(r->server).refused, 1);
    say(f[3], GET("/y"));
    expect_answer(f[3], 200, "/y");
    for (size_t i = 0; i < 8; i++)
        flow_close(f[i]);
    settle();
    late = rig_connect(r);
    say(late, GET("/z"));
    expect_answer(late, 200, "/z");
    flow_close(late);
}

static void far_too_many_are_reset(struct rig *r)
{
    struct flow *f[64];
    for (size_t i = 0; i < ARRAY_LEN(f); i++)
        f[i] = rig_connect(r);
    settle();
    assert_int_equal(http_counters(r->server).refused, ARRAY_LEN(f) - 8);
    assert_int_equal(r->server->n_open, 8 + HTTP_REFUSALS);
    uint8_t byte;
    size_t len;
    assert_int_equal(flow_read(f[63], &byte, 1, &len, TIME_NEVER), ERR_RESET);
    for (size_t i = 0; i < ARRAY_LEN(f); i++)
        flow_close(f[i]);
}

static void slow_heads_are_408(struct rig *r)
{
    struct flow *f = rig_connect(r), *mute = rig_connect(r);
    struct answer a;
    uint64_t start = sched_now();
    say(f, "GET / HTTP/1.1\r\nHo");
    read_answer(f, &a);
    assert_int_equal(a.status, 408);
    assert_true(sched_now() - start >= 10 * NS_PER_S && sched_now() - start < 11 * NS_PER_S);
    expect_end(f);
    expect_end(mute); /* nothing was asked, so nothing is answered */
    assert_true(sched_now() - start >= 60 * NS_PER_S && sched_now() - start < 61 * NS_PER_S);
    assert_int_equal(http_counters(r->server).timeouts, 1);
    flow_close(f);
    flow_close(mute);
}

/* More peers in the middle of a head than there are buffers: the oldest pay, a whole request is served. */
static void slow_heads_do_not_take_all_buffers(struct rig *r)
{
    struct flow *f[40];
    struct answer a;
    for (size_t i = 0; i < ARRAY_LEN(f); i++) {
        f[i] = rig_connect(r);
        say(f[i], "GET / HT");
        settle();
    }
    assert_int_equal(r->server->buffers.n_used, r->server->buffers.n);
    struct flow *good = rig_connect(r);
    say(good, GET("/good"));
    expect_answer(good, 200, "/good");
    read_answer(f[0], &a);
    assert_int_equal(a.status, 408);
    flow_close(good);
    for (size_t i = 0; i < ARRAY_LEN(f); i++)
        flow_close(f[i]);
}

static void idle_connections_hold_nothing(struct rig *r)
{
    struct flow *f[200];
    for (size_t i = 0; i < ARRAY_LEN(f); i++) {
        f[i] = rig_connect(r);
        say(f[i], GET("/x"));
        expect_answer(f[i], 200, "/x");
    }
    settle();
    size_t n_sleeping = 0;
    LIST_EACH(&r->server->sleeping, node)
    n_sleeping++;
    assert_int_equal(n_sleeping, r->server->o.workers);
    assert_int_equal(r->server->buffers.n_used, 0);
    assert_int_equal(r->server->n_open, ARRAY_LEN(f));
    for (size_t i = 0; i < ARRAY_LEN(f); i++)
        flow_close(f[i]);
    settle();
    assert_int_equal(r->server->n_open, 0);
}

static void slow_readers_leave_the_workers_free(struct rig *r)
{
    struct flow *slow[64], *fast = rig_connect(r);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        slow[i] = rig_connect(r);
        for (unsigned n = 0; n < (i < 10 ? 5 : 1); n++)
            say(slow[i], GET("/large")); /* and reads nothing */
    }
    settle();
    for (unsigned i = 0; i < 10; i++) {
        say(fast, GET("/fast"));
        expect_answer(fast, 200, "/fast");
    }
    /* One answer is queued, the others are not begun. */
    assert_int_equal(http_counters(r->server).requests, ARRAY_LEN(slow) + 10);
    struct answer a;
    for (unsigned n = 0; n < 5; n++) { /* and when it reads, it gets all of them */
        read_head(slow[7], &a);
        assert_int_equal(a.status, 200);
        expect_body(slow[7], bytes_of(large, sizeof large));
    }
    assert_int_equal(fiber_sleep(time_after(sched_now(), 200 * NS_PER_S)), OK);
    assert_int_equal(r->server->n_open, 0); /* no progress: given up */
    for (size_t i = 0; i < ARRAY_LEN(slow); i++)
        flow_close(slow[i]);
    flow_close(fast);
}

/* The whole answer fits into the flow's queue, so the connection is idle at once; its peer reads a little of it, and no more. */
static void answers_that_nobody_reads_to_the_end_are_given_up(struct rig *r)
{
    struct flow *f = rig_connect(r);
    char some[10];
    say(f, GET("/x"));
    settle();
    assert_int_equal(r->server->n_open, 1);
    assert_int_equal(flow_read_exact(f, some, sizeof some, PATIENCE), OK);
    assert_int_equal(fiber_sleep(time_after(sched_now(), 70 * NS_PER_S)), OK);
    assert_int_equal(r->server->n_open, 1); /* it took something */
    assert_int_equal(fiber_sleep(time_after(sched_now(), 60 * NS_PER_S)), OK);
    assert_int_equal(r->server->n_open, 0);
    assert_int_equal(http_counters(r->server).timeouts, 1);
    flow_close(f);
}
/* Little that waits behind an answer nobody reads is put aside, so more may pipeline than there are buffers. */
static void slow_readers_that_pipeline_get_every_answer(struct rig *r)
{
    struct flow *slow[40], *fast = rig_connect(r);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        slow[i] = rig_connect(r);
        say(slow[i], GET("/large") GET("/large") GET("/x"));
    }
    settle();
    assert_true(ARRAY_LEN(slow) > r->server->buffers.n);
    assert_int_equal(r->server->asides.n_used, r->server->asides.n);
    say(fast, GET("/fast"));
    expect_answer(fast, 200, "/fast");
    struct answer a;
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        for (unsigned n = 0; n < 2; n++) {
            read_head(slow[i], &a);
            assert_int_equal(a.status, 200);
            expect_body(slow[i], bytes_of(large, sizeof large));
        }
        expect_answer(slow[i], 200, "/x");
        flow_close(slow[i]);
    }
    flow_close(fast);
    settle();
    assert_int_equal(r->server->asides.n_used, 0);
    assert_int_equal(http_counters(r->server).timeouts, 0);
}

/* More that pipeline much and do not read than there are buffers: the oldest are given up, the others stay. */
static void pipelining_without_reading_does_not_take_all_buffers(struct rig *r)
{
    struct flow *slow[40], *fast = rig_connect(r);
    char much[HTTP_ASIDE_BYTES + 128];
    snprintf(much, sizeof much, "GET /large HTTP/1.1\r\nHost: x\r\nX: %0*d\r\n\r\n", HTTP_ASIDE_BYTES, 0);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++) {
        slow[i] = rig_connect(r);
        say(slow[i], GET("/large"));
        say(slow[i], much);
        settle();
    }
    say(fast, GET("/fast"));
    expect_answer(fast, 200, "/fast");
    uint8_t byte;
    size_t len;
    assert_int_equal(flow_read(slow[0], &byte, 1, &len, PATIENCE), ERR_RESET);
    assert_int_equal(flow_read(slow[39], &byte, 1, &len, PATIENCE), OK);
    assert_int_equal(http_counters(r->server).timeouts, ARRAY_LEN(slow) + 1 - r->server->buffers.n);
    for (size_t i = 0; i < ARRAY_LEN(slow); i++)
        flow_close(slow[i]);
    flow_close(fast);
}

static void a_busy_handler_holds_one_worker(struct rig *r)
{
    struct flow *slow = rig_connect(r), *fast = rig_connect(r);
    uint64_t start = sched_now();
    say(slow, GET("/slow"));
    settle();
    say(fast, GET("/fast"));
    expect_answer(fast, 200, "/fast");
    assert_true(sched_now() - start < NS_PER_S);
    expect_answer(slow, 200, small);
    flow_close(slow);
    flow_close(fast);
}

static void half_closed_clients_get_their_answer(struct rig *r)
{
    struct flow *f = rig_connect(r);
    say(f, GET("/x"));
    assert_int_equal(flow_shutdown(f), OK);
    expect_answer(f, 200, "/x");
    expect_end(f);
    flow_close(f);
}

static void cancelling_the_scope_ends_it(struct rig *r)
{
    struct flow *f = rig_connect(r);
    say(f, GET("/slow"));
    settle();
    scope_cancel(&r->scope);
    flow_close(f); /* the rig joins; a server that hung would hang the test */
}

#define TEST(name, options)               \
    static void test_##name(void **state) \
    {                                     \
        struct http_options o = plain;    \
        options;                          \
        rig_run(&o, name);                \
    }

TEST(keeps_alive, )
TEST(answers_pipelined_in_order, )
TEST(takes_heads_in_pieces, )
TEST(head_has_no_body, )
TEST(old_clients_get_a_close, )
TEST(reads_bodies, )
TEST(unread_bodies_are_passed_over, )
TEST(says_continue_when_the_body_is_read, )
TEST(refuses_bodies_that_are_too_long, )
TEST(malformed_costs_the_connection_only, )
TEST(mistakes_of_a_handler_are_500, )
TEST(asterisk_is_the_server, )
TEST(full_is_503, )
TEST(far_too_many_are_reset, )
TEST(slow_heads_are_408, )
TEST(slow_heads_do_not_take_all_buffers, o.connections = 64)
TEST(idle_connections_hold_nothing, o.connections = 256)
TEST(slow_readers_leave_the_workers_free, o.connections = 128)
TEST(answers_that_nobody_reads_to_the_end_are_given_up, )
TEST(slow_readers_that_pipeline_get_every_answer, o.connections = 64)
TEST(pipelining_without_reading_does_not_take_all_buffers, o.connections = 64)
TEST(a_busy_handler_holds_one_worker, )
TEST(half_closed_clients_get_their_answer, )
TEST(cancelling_the_scope_ends_it, )

/* ---- The stop: last, since the simulator's machine stays stopped ---- */

static void stop_drains(struct rig *r)
{
    struct flow *busy = rig_connect(r), *idle = rig_connect(r), *partly = rig_connect(r), *never = rig_connect(r);
    struct answer a;
    say(idle, GET("/x"));
    expect_answer(idle, 200, "/x");
    say(partly, "GET / HT");
    say(never, GET("/large")); /* never reads */
    say(busy, GET("/slow") GET("/after"));
    settle();
    uint64_t start = sched_now();
    sim_stop(sim_host());
    expect_end(idle);
    expect_end(partly);
    assert_true(sched_now() - start < NS_PER_S);
    read_answer(busy, &a);
    assert_int_equal(a.status, 200);
    assert_true(has_field(&a, "Connection: close"));
    expect_end(busy);
    while (!r->ended)
        assert_int_equal(fiber_sleep(time_after(sched_now(), NS_PER_MS)), OK);
    assert_true(sched_now() - start >= HTTP_STOP_NS && sched_now() - start < HTTP_STOP_NS + NS_PER_S);
    flow_close(busy);
    flow_close(idle);
    flow_close(partly);
    flow_close(never);
}
TEST(stop_drains, )

int main(void)
{
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (uint8_t)(i * 7 + i / 251);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keeps_alive),
        cmocka_unit_test(test_answers_pipelined_in_order),
        cmocka_unit_test(test_takes_heads_in_pieces),
        cmocka_unit_test(test_head_has_no_body),
        cmocka_unit_test(test_old_clients_get_a_close),
        cmocka_unit_test(test_reads_bodies),
        cmocka_unit_test(test_unread_bodies_are_passed_over),
        cmocka_unit_test(test_says_continue_when_the_body_is_read),
        cmocka_unit_test(test_refuses_bodies_that_are_too_long),
        cmocka_unit_test(test_malformed_costs_the_connection_only),
        cmocka_unit_test(test_mistakes_of_a_handler_are_500),
        cmocka_unit_test(test_asterisk_is_the_server),
        cmocka_unit_test(test_full_is_503),
        cmocka_unit_test(test_far_too_many_are_reset),
        cmocka_unit_test(test_slow_heads_are_408),
        cmocka_unit_test(test_slow_heads_do_not_take_all_buffers),
        cmocka_unit_test(test_idle_connections_hold_nothing),
        cmocka_unit_test(test_slow_readers_leave_the_workers_free),
        cmocka_unit_test(test_answers_that_nobody_reads_to_the_end_are_given_up),
        cmocka_unit_test(test_slow_readers_that_pipeline_get_every_answer),
        cmocka_unit_test(test_pipelining_without_reading_does_not_take_all_buffers),
        cmocka_unit_test(test_a_busy_handler_holds_one_worker),
        cmocka_unit_test(test_half_closed_clients_get_their_answer),
        cmocka_unit_test(test_cancelling_the_scope_ends_it),
        cmocka_unit_test(test_stop_drains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
