/* SPDX-License-Identifier: ISC */
/* Flows on the host's sockets. */
#include "test/linux/host.h"

/* ---- Reading and writing ---- */

static void half_close(void)
{
    int peer;
    struct flow *f = joined(&peer);
    peer_says(peer, "last words");
    shutdown(peer, SHUT_WR);
    gets(f, "last words");
    assert_int_equal(read_one(f, soon()), ERR_END);
    assert_int_equal(read_one(f, soon()), ERR_END);
    says(f, "still here");
    peer_gets(peer, "still here");
    flow_close(f);
    peer_gets_end(peer);
    close(peer);

    f = joined(&peer);
    assert_int_equal(flow_shutdown(f), OK);
    assert_int_equal(flow_shutdown(f), ERR_CLOSED);
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(flow_write(f, &p, 1, soon()), ERR_CLOSED);
    peer_gets_end(peer);
    peer_says(peer, "still here");
    gets(f, "still here");
    flow_close(f);
    close(peer);
}

static void half_closes(void **state)
{
    run(half_close);
}

static void read_deadlines(void)
{
    int peer;
    struct flow *f = joined(&peer);
    assert_int_equal(read_one(f, in_ms(20)), ERR_TIMEOUT);
    assert_int_equal(read_one(f, 0), ERR_TIMEOUT);
    peer_says(peer, "x");
    rest(5);
    assert_int_equal(read_one(f, 0), OK); /* a poll */
    flow_abort(f);
    close(peer);
}

static void reading_until_a_deadline(void **state)
{
    run(read_deadlines);
}

/* Reads it all, slowly at first. */
static void peer_gets_big(int fd, size_t len)
{
    static uint8_t in[65536];
    size_t at = 0;
    for (int i = 0; at < len; i++) {
        ssize_t n = peer_read(fd, in, sizeof in);
        assert_true(n > 0);
        assert_memory_equal(in, big + at, (size_t)n);
        at += (size_t)n;
        if (i < 20)
            rest(1);
    }
    assert_int_equal(at, len);
    peer_gets_end(fd);
}

/* In four pieces; the call must not wait, though the kernel has no room for so much. */
static void big_static(void)
{
    int peer;
    struct flow *f = joined(&peer);
    struct piece v[4];
    for (size_t i = 0; i < 4; i++)
        v[i] = piece_static(bytes_of(big + i * (BIG / 4), BIG / 4));
    assert_int_equal(flow_write(f, v, 4, 0), OK);
    assert_true(flow_unsent(f) > BIG / 4);
    flow_close(f); /* delivered all the same */
    assert_int_equal(host_stack_of(s)->connections.n_used, 1);
    peer_gets_big(peer, BIG);
    close(peer);
    rest(20);
    assert_int_equal(host_stack_of(s)->connections.n_used, 0);
}

static void static_pieces_to_a_slow_reader(void **state)
{
    run(big_static);
}

static enum err written;

static void write_big(void *flow)
{
    struct piece v[] = {piece_copy(bytes_of(big, BIG / 2)), piece_static(bytes_of(big + BIG / 2, 1000)),
                        piece_copy(bytes_of(big + BIG / 2 + 1000, BIG / 2 - 1000))};
    written = flow_write(flow, v, 3, soon());
    if (written == OK)
        flow_close(flow);
}

static void big_copied(void)
{
    int peer;
    struct scope scope;
    struct flow *f = joined(&peer);
    scope_open(&scope);
    written = ERR_IO;
    assert_int_equal(scope_spawn(&scope, "writer", write_big, f), OK);
    rest(10);
    assert_int_equal(written, ERR_IO); /* it waits: backpressure */
    peer_gets_big(peer, BIG);
    scope_join(&scope);
    assert_int_equal(written, OK);
    close(peer);
}

static void copied_pieces_wait_for_a_slow_reader(void **state)
{
    run(big_copied);
}

static void write_deadline(void)
{
    int peer;
    struct flow *f = joined(&peer);
    struct piece p = piece_copy(bytes_of(big, BIG));
    assert_int_equal(flow_write(f, &p, 1, in_ms(30)), ERR_TIMEOUT);
    assert_true(flow_unsent(f) > 0);
    flow_abort(f);
    static uint8_t in[65536];
    ssize_t n;
    while ((n = peer_read(peer, in, sizeof in)) > 0)
        continue;
    assert_int_equal(n, -1);
    assert_int_equal(errno, ECONNRESET);
    close(peer);
}

static void writing_until_a_deadline(void **state)
{
    run(write_deadline);
}

/* The ring of static pieces is full: the next one waits. */
static void fill_ring(void)
{
    int peer;
    struct flow *f = joined(&peer);
    struct piece first = piece_static(bytes_of(big, BIG - HOST_PARTS_MAX)), p;
    assert_int_equal(flow_write(f, &first, 1, 0), OK);
    for (size_t i = 1; i < HOST_PARTS_MAX; i++) {
        p = piece_static(bytes_of(big + BIG - HOST_PARTS_MAX + i - 1, 1));
        assert_int_equal(flow_write(f, &p, 1, 0), OK);
    }
    p = piece_static(bytes_of(big + BIG - 1, 1));
    assert_int_equal(flow_write(f, &p, 1, in_ms(5)), ERR_TIMEOUT);
    flow_close(f);
    peer_gets_big(peer, BIG - 1);
    close(peer);
}

static void pieces_are_bounded(void **state)
{
    run(fill_ring);
}

static void aborts(void)
{
    int peer;
    struct flow *f = joined(&peer);
    flow_abort(f);
    peer_gets_reset(peer);
    close(peer);

    struct linger now = {.l_onoff = 1};
    f = joined(&peer);
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(peer);
    assert_int_equal(read_one(f, soon()), ERR_RESET);
    assert_int_equal(read_one(f, soon()), ERR_RESET); /* it stays so */
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(flow_write(f, &p, 1, soon()), ERR_RESET);
    assert_int_equal(flow_shutdown(f), ERR_RESET);
    assert_int_equal(flow_unsent(f), 0);
    flow_close(f);
}

static void resets(void **state)
{
    run(aborts);
}

/* ---- Waiting without a fiber ---- */

enum { IDLE = 200 };

static struct idle {
    struct waiter waiter;
    struct flow *f;
    int peer, n_woken;
} idle[IDLE];

static void woken(struct waiter *w)
{
    CONTAINER_OF(w, struct idle, waiter)->n_woken++;
}

static void arm_many(void)
{
    uint16_t port;
    struct listener *l = listening(&port);
    for (int i = 0; i < IDLE; i++) {
        idle[i].n_woken = 0;
        idle[i].peer = plain_connected(i % 2 ? AF_INET : AF_INET6, port);
        assert_int_equal(listener_accept(l, soon(), &idle[i].f), OK);
        waiter_init(&idle[i].waiter, woken);
        flow_arm(idle[i].f, &idle[i].waiter);
    }
    assert_int_equal(sched_counters().n_alive, 1);
    rest(5);
    for (int i = 0; i < IDLE; i++)
        assert_int_equal(idle[i].n_woken, 0);
    peer_says(idle[17].peer, "one");
    shutdown(idle[42].peer, SHUT_WR);
    rest(5);
    for (int i = 0; i < IDLE; i++)
        assert_int_equal(idle[i].n_woken, i == 17 || i == 42);
    gets(idle[17].f, "one");
    assert_int_equal(read_one(idle[42].f, soon()), ERR_END);
    flow_arm(idle[42].f, &idle[42].waiter); /* the end is still there: at once */
    assert_int_equal(idle[42].n_woken, 2);
    peer_says(idle[17].peer, "two");
    rest(5);
    assert_int_equal(idle[17].n_woken, 1); /* not armed */
    flow_arm(idle[17].f, &idle[17].waiter);
    assert_int_equal(idle[17].n_woken, 2); /* buffered bytes: at once */
    flow_arm(idle[3].f, NULL);
    peer_says(idle[3].peer, "x");
    rest(5);
    assert_int_equal(idle[3].n_woken, 0);
    for (int i = 0; i < IDLE; i++) {
        flow_abort(idle[i].f);
        close(idle[i].peer);
    }
    listener_close(l);
}

static void idle_connections_need_no_fiber(void **state)
{
    need_ipv6();
    run(arm_many);
}

/* ---- Closing ---- */

/* The kernel alone would answer what came too late by a reset, and the answer could be lost. */
static void close_unread(void)
{
    int peer;
    struct flow *f = joined(&peer);
    peer_says(peer, "a question that nobody reads");
    rest(5);
    says(f, "answer");
    flow_close(f);
    peer_says(peer, "and more");
    rest(5);
    peer_says(peer, "and more");
    peer_gets(peer, "answer");
    peer_gets_end(peer);
    assert_int_equal(host_stack_of(s)->connections.n_used, 1);
    close(peer);
    rest(20);
    assert_int_equal(host_stack_of(s)->connections.n_used, 0);
}

static void what_is_unread_does_not_cut_the_answer(void **state)
{
    run(close_unread);
}

static void close_to_a_flood(void)
{
    int peer;
    struct flow *f = joined(&peer);
    flow_close(f);
    size_t sent = 0;
    ssize_t n = 0;
    for (int i = 0; i < 10000 && (n >= 0 || errno == EAGAIN); i++) {
        n = send(peer, big, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);
        sent += n > 0 ? (size_t)n : 0;
        if (n < 0 && errno == EAGAIN)
            rest(1);
    }
    assert_true(sent >= HOST_DISCARD_BYTES);
    assert_true(n < 0 && (errno == ECONNRESET || errno == EPIPE));
    assert_int_equal(host_stack_of(s)->connections.n_used, 0);
    close(peer);
}

static void whoever_sends_to_nobody_is_reset(void **state)
{
    run(close_to_a_flood);
}

static void linger_ends(void)
{
    int peer;
    struct flow *f = joined(&peer);
    flow_close(f);
    peer_gets_end(peer);
    host_linger_tick(&host_stack_of(s)->linger_timer, sched_now() + HOST_LINGER_NS - NS_PER_S);
    assert_int_equal(counters()->linger_expired, 0);
    host_linger_tick(&host_stack_of(s)->linger_timer, sched_now() + HOST_LINGER_NS);
    assert_int_equal(counters()->linger_expired, 1);
    rest(5);
    assert_int_equal(send(peer, "x", 1, MSG_NOSIGNAL), -1); /* a reset has come */
    close(peer);
}

static void lingering_ends(void **state)
{
    run(linger_ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_closes),
        cmocka_unit_test(reading_until_a_deadline),
        cmocka_unit_test(static_pieces_to_a_slow_reader),
        cmocka_unit_test(copied_pieces_wait_for_a_slow_reader),
        cmocka_unit_test(writing_until_a_deadline),
        cmocka_unit_test(pieces_are_bounded),
        cmocka_unit_test(resets),
        cmocka_unit_test(idle_connections_need_no_fiber),
        cmocka_unit_test(what_is_unread_does_not_cut_the_answer),
        cmocka_unit_test(whoever_sends_to_nobody_is_reset),
        cmocka_unit_test(lingering_ends),
    };
    return run_host_tests("host_flow", tests, ARRAY_LEN(tests));
}
