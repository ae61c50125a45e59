/* SPDX-License-Identifier: ISC */
/* Datagrams on the host's sockets. */
#include "test/linux/host.h"

#include <net/if.h>

static void udp_family(struct udp_socket *u, int family)
{
    char in[16] = "";
    size_t len;
    struct endpoint from;
    union host_address a;
    int peer = plain_bound(family, SOCK_DGRAM);
    struct endpoint here = local_of(peer), to = {family == AF_INET ? localhost4 : localhost6, udp_port(u)};
    assert_int_equal(sendto(peer, "ping", 4, 0, &a.any, host_address_of(family, &to, &a)), 4);
    assert_int_equal(udp_recv(u, in, sizeof in, &len, &from, soon()), OK);
    assert_int_equal(len, 4);
    assert_string_equal(in, "ping");
    assert_true(ip_equal(&from.ip, &here.ip));
    assert_int_equal(from.port, here.port);
    struct piece v[] = {piece_copy(bytes_str("a")), piece_static(bytes_str("bc")), piece_copy(bytes_str("")),
                        piece_copy(bytes_str("d")), piece_copy(bytes_str("e"))};
    assert_int_equal(udp_send(u, from, v, 5), OK);
    peer_gets(peer, "abcde");
    struct ip at = udp_received_at(u);
    assert_true(ip_equal(&at, &to.ip));
    assert_int_equal(sendto(peer, "cut", 3, 0, &a.any, host_address_of(family, &to, &a)), 3);
    memset(in, 0, sizeof in);
    assert_int_equal(udp_recv(u, in, 2, &len, &from, soon()), OK);
    assert_int_equal(len, 3); /* the whole length */
    assert_string_equal(in, "cu");
    close(peer);
}

/* The kernel would answer from 127.0.0.1 to what was sent to another address of this host: the peer takes that for a stranger's. */
static void udp_elsewhere(struct udp_socket *u)
{
    union host_address a;
    char in[16];
    size_t len;
    struct endpoint from, to = {ip4(127, 0, 0, 77), udp_port(u)};
    struct piece p = piece_copy(bytes_str("late"));
    int fd = plain(AF_INET, SOCK_DGRAM);
    assert_int_equal(connect(fd, &a.any, host_address_of(AF_INET, &to, &a)), 0);
    assert_int_equal(send(fd, "ask", 3, 0), 3);
    assert_int_equal(udp_recv(u, in, sizeof in, &len, &from, soon()), OK);
    struct ip at = udp_received_at(u), other = ip4(192, 0, 2, 1);
    assert_true(ip_equal(&at, &to.ip));
    assert_int_equal(udp_send_from(u, &at, from, &p, 1), OK);
    peer_gets(fd, "late");
    assert_int_equal(udp_send_from(u, &other, from, &p, 1), ERR_UNREACHABLE);
    assert_int_equal(udp_send_from(u, &localhost6, from, &p, 1), ERR_UNREACHABLE);
    close(fd);
}

static void udp_both(void)
{
    struct udp_socket *u;
    char in[16];
    size_t len;
    struct endpoint from;
    assert_int_equal(stack_udp(s, 0, &u), OK);
    assert_true(host_owns(u));
    udp_family(u, AF_INET);
    udp_family(u, AF_INET6);
    udp_elsewhere(u);
    assert_int_equal(udp_recv(u, in, sizeof in, &len, &from, in_ms(20)), ERR_TIMEOUT);
    udp_close(u);
}

static void udp_four(void)
{
    struct udp_socket *u;
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(stack_udp(s, 0, &u), OK);
    udp_family(u, AF_INET);
    udp_elsewhere(u);
    assert_int_equal(udp_send(u, (struct endpoint){localhost6, 9}, &p, 1), ERR_UNREACHABLE);
    udp_close(u);
}

static void udp_six(void)
{
    struct udp_socket *u;
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(stack_udp(s, 0, &u), OK);
    udp_family(u, AF_INET6);
    assert_int_equal(udp_send(u, (struct endpoint){localhost4, 9}, &p, 1), ERR_UNREACHABLE);
    udp_close(u);
}

static void datagrams_of_both_families(void **state)
{
    need_ipv6();
    run(udp_both);
    run_with(&four, udp_four);
    run_with(&six, udp_six);
}

static void udp_sizes(void)
{
    struct udp_socket *u;
    int peer = plain_bound(AF_INET, SOCK_DGRAM);
    struct endpoint to = local_of(peer);
    struct piece p = piece_copy(bytes_of(big, 65508));
    assert_int_equal(stack_udp(s, 0, &u), OK);
    assert_int_equal(udp_send(u, to, &p, 1), ERR_TOO_LARGE);
    p.bytes.len = 65507;
    assert_int_equal(udp_send(u, to, &p, 1), OK);
    static uint8_t in[65536];
    assert_int_equal(peer_read(peer, in, sizeof in), 65507);
    assert_memory_equal(in, big, 65507);
    assert_int_equal(udp_send(u, (struct endpoint){IP_ANY4, to.port}, &p, 1), ERR_UNREACHABLE);
    udp_close(u);
    close(peer);
}

static void datagrams_of_any_size(void **state)
{
    run(udp_sizes);
}

static void problem_of(struct udp_socket *u, int family)
{
    enum err problem;
    struct endpoint peer, to = {family == AF_INET ? localhost4 : localhost6, free_port(SOCK_DGRAM)};
    struct piece p = piece_copy(bytes_str("anybody?"));
    assert_false(udp_problem(u, &problem, &peer));
    assert_int_equal(udp_send(u, to, &p, 1), OK);
    rest(5);
    assert_true(udp_problem(u, &problem, &peer));
    assert_int_equal(problem, ERR_REFUSED);
    assert_true(ip_equal(&peer.ip, &to.ip));
    assert_int_equal(peer.port, to.port);
    assert_false(udp_problem(u, &problem, &peer)); /* once */
    /* One that nobody asked about does not fail the next datagram, nor end a wait. */
    assert_int_equal(udp_send(u, to, &p, 1), OK);
    rest(5);
    assert_int_equal(udp_send(u, to, &p, 1), OK);
    char in[16];
    size_t len;
    struct endpoint from;
    assert_int_equal(udp_recv(u, in, sizeof in, &len, &from, in_ms(20)), ERR_TIMEOUT);
    assert_true(udp_problem(u, &problem, &peer));
}

static void udp_problems(void)
{
    struct udp_socket *u;
    assert_int_equal(stack_udp(s, 0, &u), OK);
    problem_of(u, AF_INET);
    problem_of(u, AF_INET6);
    assert_true(counters()->problems >= 4);
    udp_close(u);
}

static void what_icmp_says_is_told(void **state)
{
    need_ipv6();
    run(udp_problems);
}

/* ---- Groups ---- */

static const struct ip group4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 239, 1, 2, 3}};
static const struct ip group6 = {{0xff, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3}};

/* By the interface that the host routes groups to, and by its loopback: the socket is on one of them. */
static void send_to_group(int family, const struct ip *group, uint16_t port)
{
    struct endpoint to = {*group, port};
    union host_address a;
    struct ip_mreqn lo4 = {.imr_ifindex = (int)if_nametoindex("lo")};
    unsigned lo6 = if_nametoindex("lo");
    socklen_t len = host_address_of(family, &to, &a);
    int fd = plain(family, SOCK_DGRAM);
    (void)sendto(fd, "news", 4, 0, &a.any, len);
    if (family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo4, sizeof lo4);
    else
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo6, sizeof lo6);
    (void)sendto(fd, "news", 4, 0, &a.any, len);
    close(fd);
}

static bool hears(struct udp_socket *u)
{
    char in[16] = "";
    size_t len;
    struct endpoint from;
    bool heard = udp_recv(u, in, sizeof in, &len, &from, in_ms(50)) == OK;
    while (udp_recv(u, in, sizeof in, &len, &from, 0) == OK)
        continue;
    return heard;
}

static void join_and_leave(int family, const struct ip *group)
{
    struct udp_socket *u, *other;
    assert_int_equal(stack_udp(s, 0, &u), OK);
    assert_int_equal(stack_udp(s, 0, &other), OK);
    assert_int_equal(udp_leave(u, group), ERR_NOT_FOUND);
    assert_int_equal(udp_join(u, group), OK);
    assert_int_equal(udp_join(u, group), OK);
    send_to_group(family, group, udp_port(u));
    assert_true(hears(u));
    send_to_group(family, group, udp_port(other)); /* the host is in the group, this socket is not */
    assert_false(hears(other));
    struct piece p = piece_copy(bytes_str("mine"));
    enum err e = udp_send(u, (struct endpoint){*group, udp_port(u)}, &p, 1);
    assert_true(e == OK || e == ERR_UNREACHABLE); /* that depends on the host's routes */
    assert_false(hears(u));
    assert_int_equal(udp_leave(u, group), OK);
    assert_int_equal(udp_leave(u, group), ERR_NOT_FOUND);
    send_to_group(family, group, udp_port(u));
    assert_false(hears(u));
    udp_close(u);
    udp_close(other);
}

static void groups_of_both(void)
{
    struct udp_socket *u;
    join_and_leave(AF_INET, &group4);
    join_and_leave(AF_INET6, &group6);
    assert_int_equal(stack_udp(s, 0, &u), OK);
    struct ip all6 = {{0xff, 2, [15] = 1}};
    assert_int_equal(udp_join(u, &all6), ERR_INVALID);
    assert_int_equal(udp_join(u, &localhost4), ERR_INVALID);
    struct ip all = ip4(224, 0, 0, 1);
    assert_int_equal(udp_join(u, &all), ERR_INVALID);
    enum err e = OK;
    for (uint8_t i = 1; i < 255 && e == OK; i++) {
        struct ip many = ip4(239, 9, 9, i);
        e = udp_join(u, &many);
    }
    assert_int_equal(e, ERR_FULL);
    assert_int_equal(counters()->groups_full, 1);
    udp_close(u);
}

static void no_group_of_the_other_family(void)
{
    struct udp_socket *u;
    assert_int_equal(stack_udp(s, 0, &u), OK);
    assert_int_equal(udp_join(u, &group6), ERR_UNSUPPORTED);
    udp_close(u);
}

static void groups(void **state)
{
    struct stack_options o = {.ip6 = &stack_ip6, .ipv4 = {localhost4, 8}, .ipv6 = {localhost6, 128}};
    need_ipv6();
    run(groups_of_both);
    run_with(&four, no_group_of_the_other_family);
    run_with(&o, no_group_of_the_other_family);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_of_both_families),
        cmocka_unit_test(datagrams_of_any_size),
        cmocka_unit_test(what_icmp_says_is_told),
        cmocka_unit_test(groups),
    };
    return run_host_tests("host_udp", tests, ARRAY_LEN(tests));
}
