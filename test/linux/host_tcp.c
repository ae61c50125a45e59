/* SPDX-License-Identifier: ISC */
/* Listeners and connections to others on the host's sockets. */
#include "test/linux/host.h"

/* ---- Accepting ---- */

static void accept_both(void)
{
    uint16_t port;
    struct listener *l = listening(&port);
    accept_family(AF_INET, l, port);
    accept_family(AF_INET6, l, port);
    listener_close(l);
}

static void both_families_by_one_listener(void **state)
{
    need_ipv6();
    run(accept_both);
}

static void wait_and_close(void *listener)
{
    rest(20);
    listener_close(listener);
}

static void close_under_acceptor(void)
{
    uint16_t port;
    struct scope scope;
    struct flow *f;
    struct listener *l = listening(&port);
    int unaccepted = plain_connected(AF_INET, port);
    assert_int_equal(listener_accept(l, soon(), &f), OK);
    flow_abort(f);
    close(unaccepted);
    scope_open(&scope);
    assert_int_equal(scope_spawn(&scope, "closer", wait_and_close, l), OK);
    assert_int_equal(listener_accept(l, soon(), &f), ERR_CLOSED);
    scope_join(&scope);
    l = listening(&port);
    unaccepted = plain_connected(AF_INET, port);
    listener_close(l);
    peer_gets_reset(unaccepted);
    close(unaccepted);
}

static void closing_a_listener(void **state)
{
    run(close_under_acceptor);
}

static void accept_deadline(void)
{
    uint16_t port;
    struct flow *f;
    struct listener *l = listening(&port);
    assert_int_equal(listener_accept(l, in_ms(20), &f), ERR_TIMEOUT);
    assert_int_equal(listener_accept(l, 0, &f), ERR_TIMEOUT);
    listener_close(l);
}

static void accepting_until_a_deadline(void **state)
{
    run(accept_deadline);
}

static void accept_some(void *listener)
{
    struct flow *f;
    assert_int_equal(listener_accept(listener, soon(), &f), OK);
    flow_abort(f);
}

static void accept_by_three(void)
{
    uint16_t port;
    struct scope scope;
    int peers[3];
    struct listener *l = listening(&port);
    scope_open(&scope);
    for (int i = 0; i < 3; i++)
        assert_int_equal(scope_spawn(&scope, "acceptor", accept_some, l), OK);
    rest(5); /* all wait now */
    for (int i = 0; i < 3; i++)
        peers[i] = plain_connected(AF_INET, port);
    scope_join(&scope);
    for (int i = 0; i < 3; i++)
        close(peers[i]);
    listener_close(l);
}

static void several_fibers_accept(void **state)
{
    run(accept_by_three);
}

/* ---- Connecting ---- */

static void connect_family(int family)
{
    struct flow *f;
    int l = plain_bound(family, SOCK_STREAM);
    assert_int_equal(listen(l, 1), 0);
    struct endpoint to = local_of(l);
    assert_int_equal(stack_connect(s, to, soon(), &f), OK);
    struct endpoint peer = flow_peer(f);
    assert_memory_equal(&peer.ip, &to.ip, sizeof to.ip);
    int peer_fd = accept(l, NULL, NULL);
    says(f, "hello");
    peer_gets(peer_fd, "hello");
    peer_says(peer_fd, "yes?");
    gets(f, "yes?");
    flow_close(f);
    peer_gets_end(peer_fd);
    close(peer_fd);
    close(l);
    assert_int_equal(stack_connect(s, to, soon(), &f), ERR_REFUSED);
}

static void connect_both(void)
{
    struct flow *f;
    connect_family(AF_INET);
    connect_family(AF_INET6);
    assert_int_equal(stack_connect(s, (struct endpoint){localhost4, 0}, soon(), &f), ERR_UNREACHABLE);
    assert_int_equal(stack_connect(s, (struct endpoint){IP_ANY4, 80}, soon(), &f), ERR_UNREACHABLE);
    assert_int_equal(stack_connect(s, (struct endpoint){IP_NONE, 80}, soon(), &f), ERR_UNREACHABLE);
    assert_int_equal(stack_connect(s, (struct endpoint){ip4(224, 0, 0, 1), 80}, soon(), &f), ERR_UNREACHABLE);
}

static void connecting(void **state)
{
    need_ipv6();
    run(connect_both);
}

static void cancel_soon(void *scope)
{
    rest(20);
    scope_cancel(scope);
}

static struct {
    struct endpoint to;
    struct flow *f;
    struct udp_socket *u;
    struct listener *l;
    enum err connect, read, write, accept, recv; /* how each wait ended */
} waits;

static void wait_connect(void *arg)
{
    struct flow *f;
    waits.connect = stack_connect(s, waits.to, soon(), &f);
}

/* A listener whose queue is full leaves SYNs unanswered. */
static void fill_queue(int l, int fill[static 4])
{
    assert_int_equal(listen(l, 0), 0);
    for (int i = 0; i < 4; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect_to(fill[i], AF_INET, local_of(l).port);
    }
    rest(5);
}

static void connect_without_answer(void)
{
    struct scope scope, timer;
    struct flow *f;
    int fill[4], l = plain_bound(AF_INET, SOCK_STREAM);
    waits.to = local_of(l);
    fill_queue(l, fill);
    assert_int_equal(stack_connect(s, waits.to, in_ms(30), &f), ERR_TIMEOUT);
    scope_open(&scope);
    scope_open(&timer);
    waits.connect = OK;
    assert_int_equal(scope_spawn(&scope, "connect", wait_connect, NULL), OK);
    assert_int_equal(scope_spawn(&timer, "cancel", cancel_soon, &scope), OK);
    scope_join(&timer);
    scope_join(&scope);
    assert_int_equal(waits.connect, ERR_CANCELLED);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(l);
}

static void connecting_to_nobody_who_answers(void **state)
{
    run(connect_without_answer);
}

/* ---- Several addresses ---- */

static enum err any(const struct endpoint *list, size_t n, uint64_t deadline_ns)
{
    struct flow *f;
    enum err e = stack_connect_any(s, list, n, deadline_ns, &f);
    if (e == OK) {
        struct endpoint peer = flow_peer(f);
        assert_memory_equal(&peer, &list[n - 1], sizeof peer); /* those before it don't answer, or refuse */
        flow_abort(f);
    }
    return e;
}

static void wait_any(void *arg)
{
    waits.connect = any(&waits.to, 1, TIME_NEVER);
}

static void race(void)
{
    struct scope scope, timer;
    struct flow *f;
    int fill[4], silent = plain_bound(AF_INET, SOCK_STREAM), good = plain_bound(AF_INET, SOCK_STREAM);
    struct endpoint list[] = {
        local_of(silent), {localhost4, free_port(SOCK_STREAM)}, {localhost6, free_port(SOCK_STREAM)}, local_of(good)};
    fill_queue(silent, fill);
    assert_int_equal(listen(good, 8), 0);
    assert_int_equal(any(list + 3, 1, soon()), OK);
    assert_int_equal(any(list + 2, 2, soon()), OK); /* IPv6 first, and refused */
    uint64_t before_ns = plat_clock_ns();
    assert_int_equal(any(list, 4, soon()), OK);
    assert_true(plat_clock_ns() - before_ns >= 250 * NS_PER_MS); /* the silent one has its time */
    assert_int_equal(any(list + 1, 2, soon()), ERR_REFUSED);
    assert_int_equal(any(list, 3, in_ms(600)), ERR_TIMEOUT);
    assert_int_equal(any(list, 1, in_ms(20)), ERR_TIMEOUT);
    assert_int_equal(stack_connect_any(s, list, 0, soon(), &f), ERR_UNREACHABLE);
    list[0].port = 0;
    assert_int_equal(any(list, 1, soon()), ERR_UNREACHABLE);
    waits.to = local_of(silent);
    waits.connect = OK;
    scope_open(&scope);
    scope_open(&timer);
    assert_int_equal(scope_spawn(&scope, "connect", wait_any, NULL), OK);
    assert_int_equal(scope_spawn(&timer, "cancel", cancel_soon, &scope), OK);
    scope_join(&timer);
    scope_join(&scope);
    assert_int_equal(waits.connect, ERR_CANCELLED);
    assert_int_equal(host_stack_of(s)->connections.n_used, 0);
    for (int i = 0; i < 4; i++)
        close(fill[i]);
    close(silent);
    close(good);
}

static void the_first_of_several_addresses_that_answers(void **state)
{
    need_ipv6();
    run(race);
}

/* ---- Cancelling ---- */

static void wait_read(void *arg)
{
    waits.read = read_one(waits.f, soon());
}

static void wait_write(void *arg)
{
    struct piece p = piece_copy(bytes_of(big, BIG));
    waits.write = flow_write(waits.f, &p, 1, soon());
}

static void wait_for_accept(void *arg)
{
    struct flow *f;
    waits.accept = listener_accept(waits.l, soon(), &f);
}

static void wait_recv(void *arg)
{
    char in[16];
    size_t len;
    struct endpoint from;
    waits.recv = udp_recv(waits.u, in, sizeof in, &len, &from, soon());
}

static void cancel_all(void)
{
    int peer;
    uint16_t port;
    struct scope scope;
    waits.f = joined(&peer);
    waits.l = listening(&port);
    assert_int_equal(stack_udp(s, 0, &waits.u), OK);
    waits.read = waits.write = waits.accept = waits.recv = OK;
    scope_open(&scope);
    assert_int_equal(scope_spawn(&scope, "read", wait_read, NULL), OK);
    assert_int_equal(scope_spawn(&scope, "write", wait_write, NULL), OK);
    assert_int_equal(scope_spawn(&scope, "accept", wait_for_accept, NULL), OK);
    assert_int_equal(scope_spawn(&scope, "recv", wait_recv, NULL), OK);
    rest(20);
    scope_cancel(&scope);
    scope_join(&scope);
    assert_int_equal(waits.read, ERR_CANCELLED);
    assert_int_equal(waits.write, ERR_CANCELLED);
    assert_int_equal(waits.accept, ERR_CANCELLED);
    assert_int_equal(waits.recv, ERR_CANCELLED);
    flow_abort(waits.f);
    listener_close(waits.l);
    udp_close(waits.u);
    close(peer);
}

static void waiting_is_cancelled(void **state)
{
    run(cancel_all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_by_one_listener),
        cmocka_unit_test(closing_a_listener),
        cmocka_unit_test(accepting_until_a_deadline),
        cmocka_unit_test(several_fibers_accept),
        cmocka_unit_test(connecting),
        cmocka_unit_test(connecting_to_nobody_who_answers),
        cmocka_unit_test(the_first_of_several_addresses_that_answers),
        cmocka_unit_test(waiting_is_cancelled),
    };
    return run_host_tests("host_tcp", tests, ARRAY_LEN(tests));
}
