/* SPDX-License-Identifier: ISC */
/* Datagrams on the host's sockets. */
#include "test/linux/host.h"

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
    assert_int_equal(sendto(peer, "cut", 3, 0, &a.any, host_address_of(family, &to, &a)), 3);
    memset(in, 0, sizeof in);
    assert_int_equal(udp_recv(u, in, 2, &len, &from, soon()), OK);
    assert_int_equal(len, 3); /* the whole length */
    assert_string_equal(in, "cu");
    close(peer);
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
    assert_int_equal(udp_recv(u, in, sizeof in, &len, &from, in_ms(20)), ERR_TIMEOUT);
    udp_close(u);
}

static void udp_four(void)
{
    struct udp_socket *u;
    struct piece p = piece_copy(bytes_str("x"));
    assert_int_equal(stack_udp(s, 0, &u), OK);
    udp_family(u, AF_INET);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_of_both_families),
        cmocka_unit_test(datagrams_of_any_size),
        cmocka_unit_test(what_icmp_says_is_told),
    };
    return run_host_tests("host_udp", tests, ARRAY_LEN(tests));
}
