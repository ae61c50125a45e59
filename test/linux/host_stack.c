/* SPDX-License-Identifier: ISC */
/* The host's sockets behind a stack: addresses, ports, limits, and the library's own stack beside it. */
#include "test/linux/host.h"

/* ---- Addresses ---- */

static void only(int family, int other)
{
    uint16_t port;
    struct listener *l = listening(&port);
    accept_family(family, l, port);
    int fd = plain(other, SOCK_STREAM);
    assert_int_equal(connect_to(fd, other, port), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    listener_close(l);
}

static void only4(void)
{
    struct flow *f;
    only(AF_INET, AF_INET6);
    assert_int_equal(stack_connect(s, (struct endpoint){localhost6, 9}, soon(), &f), ERR_UNREACHABLE);
}

static void only6(void)
{
    struct flow *f;
    only(AF_INET6, AF_INET);
    assert_int_equal(stack_connect(s, (struct endpoint){localhost4, 9}, soon(), &f), ERR_UNREACHABLE);
    struct ip_net none = stack_ipv4(s);
    assert_true(ip_is_unspecified(&none.ip));
}

static void one_family_alone(void **state)
{
    need_ipv6();
    struct stack_options no6 = {.ip6 = NULL};
    run_with(&four, only4);
    run_with(&six, only6);
    run_with(&no6, only4);
}

static void accept_at_one_address(void)
{
    uint16_t port;
    struct endpoint other = {ip4(127, 0, 0, 2), 0};
    union host_address a;
    struct ip_net mine = stack_ipv4(s);
    struct listener *l = listening(&port);
    assert_true(ip_equal(&mine.ip, &localhost4));
    assert_int_equal(mine.prefix_len, 8);
    accept_family(AF_INET, l, port);
    other.port = port;
    int fd = plain(AF_INET, SOCK_STREAM);
    assert_int_equal(connect(fd, &a.any, host_address_of(AF_INET, &other, &a)), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    listener_close(l);
}

static void a_given_address_is_the_only_one(void **state)
{
    struct stack_options o = {.ip6 = &stack_ip6, .ipv4 = {localhost4, 8}};
    run_with(&o, accept_at_one_address);
}

static void accept_at_both(void)
{
    uint16_t port;
    struct listener *l = listening(&port);
    accept_family(AF_INET, l, port);
    accept_family(AF_INET6, l, port);
    listener_close(l);
    struct udp_socket *u;
    assert_int_equal(stack_udp(s, 0, &u), OK); /* one port at two addresses */
    assert_true(udp_port(u) != 0);
    udp_close(u);
}

static void an_address_of_each_family(void **state)
{
    need_ipv6();
    struct stack_options o = {.ip6 = &stack_ip6, .ipv4 = {localhost4, 8}, .ipv6 = {localhost6, 128}};
    run_with(&o, accept_at_both);
}

static int address_of_nobody(void *arg)
{
    struct stack_options o = {.ipv4 = {ip4(192, 0, 2, 1), 24}};
    REFUSES(boot_stack("host", &o), "192.0.2.1 is no address of this host");
    return 0;
}

static void an_address_of_nobody_is_refused(void **state)
{
    assert_int_equal(sched_run(address_of_nobody, NULL), 0);
}

/* ---- Ports and limits ---- */

static void ports_in_use(void)
{
    uint16_t port;
    struct listener *l = listening(&port), *second;
    struct udp_socket *u, *other;
    assert_int_equal(stack_listen(s, port, 1, &second), ERR_IN_USE);
    assert_int_equal(stack_listen(s, 0, 1, &second), ERR_INVALID);
    listener_close(l);
    assert_int_equal(stack_listen(s, port, 1, &second), OK);
    listener_close(second);
    port = free_port(SOCK_DGRAM);
    assert_int_equal(stack_udp(s, port, &u), OK);
    assert_int_equal(stack_udp(s, port, &other), ERR_IN_USE);
    udp_close(u);
    int taken = plain_bound(AF_INET, SOCK_STREAM), taken_udp = plain_bound(AF_INET, SOCK_DGRAM);
    assert_int_equal(listen(taken, 1), 0);
    REFUSES(stack_listen(s, local_of(taken).port, 1, &l), "is taken on this host; choose another one");
    REFUSES(stack_udp(s, local_of(taken_udp).port, &u), "is taken on this host; choose another one");
    close(taken);
    close(taken_udp);
}

static void a_port_is_had_once(void **state)
{
    run(ports_in_use);
}

static void refused_words(void)
{
    REFUSES((host_port_refused("tcp", 80, EACCES), 0), "tcp port 80 is for root on this host; choose one from 1024 on");
    REFUSES((host_port_refused("udp", 53, EADDRINUSE), 0), "udp port 53 is taken on this host");
    REFUSES((host_port_refused("udp", 53, EADDRNOTAVAIL), 0), "udp port 53 can't be had on this host: ");
}

static void what_is_refused_is_said(void **state)
{
    refused_words();
}

static void fill_tables(void)
{
    struct listener *l[HOST_LISTENERS + 1];
    struct udp_socket *u[HOST_UDP_SOCKETS + 1];
    uint16_t port;
    for (int i = 0; i < HOST_LISTENERS; i++)
        l[i] = listening(&port);
    assert_int_equal(counters()->listeners_full, 0);
    assert_int_equal(stack_listen(s, free_port(SOCK_STREAM), 1, &l[HOST_LISTENERS]), ERR_FULL);
    assert_int_equal(counters()->listeners_full, 1);
    for (int i = 0; i < HOST_UDP_SOCKETS; i++)
        assert_int_equal(stack_udp(s, 0, &u[i]), OK);
    assert_int_equal(counters()->sockets_full, 0);
    assert_int_equal(stack_udp(s, 0, &u[HOST_UDP_SOCKETS]), ERR_FULL);
    assert_int_equal(counters()->sockets_full, 1);
    for (int i = 0; i < HOST_LISTENERS; i++)
        listener_close(l[i]);
    for (int i = 0; i < HOST_UDP_SOCKETS; i++)
        udp_close(u[i]);
}

static void tables_are_bounded(void **state)
{
    run(fill_tables);
}

static void fill_connections(void)
{
    uint16_t port;
    struct flow *f[3], *more;
    int peer[4];
    struct listener *l = listening(&port);
    for (int i = 0; i < 3; i++) {
        peer[i] = plain_connected(AF_INET, port);
        assert_int_equal(listener_accept(l, soon(), &f[i]), OK);
    }
    peer[3] = plain_connected(AF_INET, port);
    assert_int_equal(listener_accept(l, in_ms(20), &more), ERR_TIMEOUT);
    peer_gets_reset(peer[3]);
    assert_int_equal(counters()->connections_full, 1);
    assert_int_equal(stack_connect(s, (struct endpoint){localhost4, port}, soon(), &more), ERR_FULL);
    assert_int_equal(counters()->connections_full, 2);
    close(peer[3]);
    flow_close(f[0]); /* lingers: its peer has not closed */
    peer[3] = plain_connected(AF_INET, port);
    assert_int_equal(counters()->linger_dropped, 0);
    assert_int_equal(listener_accept(l, soon(), &f[0]), OK);
    assert_int_equal(counters()->linger_dropped, 1);
    peer_gets_end(peer[0]);
    for (int i = 0; i < 3; i++)
        flow_abort(f[i]);
    for (int i = 0; i < 4; i++)
        close(peer[i]);
    listener_close(l);
}

static void connections_are_bounded(void **state)
{
    struct stack_options o = {.ip6 = &stack_ip6, .tcp_connections = 3};
    run_with(&o, fill_connections);
}

/* Descriptors run out before the table does. */
static void fill_descriptors(void)
{
    uint16_t port;
    struct flow *f;
    int taken[HARD_LIMIT], n = 0;
    struct listener *l = listening(&port);
    int peer = plain_connected(AF_INET, port);
    while (n < (int)ARRAY_LEN(taken) && (taken[n] = dup(peer)) >= 0)
        n++;
    assert_true(n < (int)ARRAY_LEN(taken));
    assert_int_equal(listener_accept(l, soon(), &f), ERR_FULL);
    assert_int_equal(counters()->connections_full, 1);
    assert_int_equal(stack_connect(s, (struct endpoint){localhost4, port}, soon(), &f), ERR_FULL);
    assert_int_equal(counters()->connections_full, 2);
    struct listener *second;
    assert_int_equal(stack_listen(s, 9, 1, &second), ERR_FULL);
    struct udp_socket *u;
    assert_int_equal(stack_udp(s, 0, &u), ERR_FULL);
    while (n > 0)
        close(taken[--n]);
    assert_int_equal(listener_accept(l, soon(), &f), OK); /* and it goes on */
    flow_abort(f);
    close(peer);
    listener_close(l);
}

/* The stack raises the soft limit to the hard one, so that is what is lowered: for this process, and only here. */
static void descriptors_are_bounded(void **state)
{
    struct rlimit few = {HARD_LIMIT, HARD_LIMIT};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    run(fill_descriptors);
}

/* ---- Two stacks in one image ---- */

static int two_stacks(void *arg)
{
    struct stack_options fixed = {.tcp = &stack_tcp_part, .ipv4 = {ip4(10, 0, 0, 2), 24}, .ipv4_only = true};
    struct udp_socket *u, *v;
    struct listener *l, *m;
    uint16_t port = free_port(SOCK_STREAM);
    s = boot_stack("host", &dual);
    static struct stack *wire; /* it lives as long as the image, and is no leak */
    wire = boot_stack("wire", &fixed);
    assert_true(host_owns(s));
    assert_false(host_owns(wire));
    struct ip_net mine = stack_ipv4(wire);
    assert_true(ip_equal(&mine.ip, &fixed.ipv4.ip));
    assert_int_equal(stack_listen(s, port, 1, &l), OK);
    assert_int_equal(stack_listen(wire, port, 1, &m), OK); /* each has its own ports */
    assert_true(host_owns(l) && !host_owns(m));
    assert_int_equal(stack_udp(s, port, &u), OK);
    assert_int_equal(stack_udp(wire, port, &v), OK);
    assert_int_equal(udp_port(u), port);
    assert_int_equal(udp_port(v), port);
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(udp_send(v, (struct endpoint){ip4(10, 0, 0, 3), 9}, &p, 1), OK); /* an ARP request goes out */
    udp_close(u);
    udp_close(v);
    listener_close(l);
    listener_close(m);
    host_stack_down(s);
    return 0;
}

static void two_stacks_live_in_one_image(void **state)
{
    int ends[2];
    char frame[2048];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends), 0);
    linux_state.device[1] = (struct linux_device){.fd = ends[0], .mtu_bytes = 1500, .mac = {2, 0, 0, 0, 0, 1}};
    linux_wait_add(1, ends[0]);
    assert_int_equal(sched_run(two_stacks, NULL), 0);
    assert_true(read(ends[1], frame, sizeof frame) >= 42);
    linux_wait_remove(ends[0]);
    close(ends[0]);
    close(ends[1]);
}

static void news_of_the_host(void **state)
{
    struct ip_net mine = host_find_ipv4();
    assert_true(ip_is4(&mine.ip) && !ip_is_unspecified(&mine.ip));
    assert_in_range(mine.prefix_len, 1, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_family_alone),
        cmocka_unit_test(a_given_address_is_the_only_one),
        cmocka_unit_test(an_address_of_each_family),
        cmocka_unit_test(an_address_of_nobody_is_refused),
        cmocka_unit_test(a_port_is_had_once),
        cmocka_unit_test(what_is_refused_is_said),
        cmocka_unit_test(tables_are_bounded),
        cmocka_unit_test(connections_are_bounded),
        cmocka_unit_test(two_stacks_live_in_one_image),
        cmocka_unit_test(news_of_the_host),
        cmocka_unit_test(descriptors_are_bounded), /* last: there is no way back */
    };
    return run_host_tests("host_stack", tests, ARRAY_LEN(tests));
}
