/* SPDX-License-Identifier: ISC */
/* Servers that answer at once, on the host's sockets. */
#include "test/linux/host.h"

#include <fcntl.h>

enum { FLOOD = 150 }; /* fewer than the kernel keeps for a socket */

struct backwards {
    struct udp_server server;
    size_t n;
    struct endpoint from;
    struct ip to;
    bool later; /* the test answers */
};

/* What came, its first byte one more; nothing for nothing. */
static size_t answer_next(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct backwards *b = CONTAINER_OF(server, struct backwards, server);
    b->n++;
    b->from = q->from;
    b->to = *q->to;
    if (b->later || q->payload.len == 0 || q->payload.len > size)
        return UDP_NO_ANSWER;
    memcpy(room, q->payload.data, q->payload.len);
    room[0]++;
    return q->payload.len;
}

static struct backwards b;
static struct udp_socket *u;

static void open_server(void)
{
    uint16_t port = free_port(SOCK_DGRAM);
    b = (struct backwards){.server = {answer_next}};
    assert_int_equal(stack_udp_serve(s, port, &b.server, 1000, &u), OK);
    assert_true(host_owns(u));
    assert_int_equal(udp_port(u), port);
}

static void ask(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

/* A connected socket takes what comes from the address that it asked, and from no other. */
static void served_family(int family)
{
    int fd = plain(family, SOCK_DGRAM);
    assert_int_equal(connect_to(fd, family, udp_port(u)), 0);
    ask(fd, "ask");
    peer_gets(fd, "bsk");
    struct endpoint here = local_of(fd);
    assert_int_equal(b.from.port, here.port);
    assert_true(ip_equal(&b.from.ip, &here.ip));
    close(fd);
}

/* The kernel would answer from 127.0.0.1 to what was sent to another address of this host. */
static void served_elsewhere(void)
{
    union host_address a;
    struct endpoint e = {ip4(127, 0, 0, 77), udp_port(u)};
    int fd = plain(AF_INET, SOCK_DGRAM);
    assert_int_equal(connect(fd, &a.any, host_address_of(AF_INET, &e, &a)), 0);
    ask(fd, "ask");
    peer_gets(fd, "bsk");
    assert_true(ip_equal(&b.to, &e.ip));
    struct piece p = piece_copy(bytes_str("late"));
    struct ip at = b.to;
    b.later = true;
    size_t before = b.n;
    ask(fd, "ask");
    for (int i = 0; i < 10000 && b.n == before; i++)
        rest(1);
    assert_int_equal(b.n, before + 1);
    assert_int_equal(udp_send_from(u, &at, b.from, &p, 1), OK);
    peer_gets(fd, "late");
    at = ip4(192, 0, 2, 1); /* not of this host */
    assert_int_equal(udp_send_from(u, &at, b.from, &p, 1), ERR_UNREACHABLE);
    b.later = false;
    close(fd);
}

static void both(void)
{
    open_server();
    served_family(AF_INET);
    served_family(AF_INET6);
    served_elsewhere();
    udp_close(u);
}

static void one4(void)
{
    open_server();
    served_family(AF_INET);
    served_elsewhere();
    udp_close(u);
}

static void one6(void)
{
    open_server();
    served_family(AF_INET6);
    udp_close(u);
}

static void both_families_are_answered(void **state)
{
    need_ipv6();
    run(both);
    run_with(&four, one4);
    run_with(&six, one6);
}

/* More than a batch waits when the server first looks. */
static void a_flood(void)
{
    char in[16];
    open_server();
    int fd = plain(AF_INET, SOCK_DGRAM);
    assert_int_equal(connect_to(fd, AF_INET, udp_port(u)), 0);
    for (int i = 0; i < FLOOD; i++)
        ask(fd, "ask");
    for (int i = 0; i < FLOOD; i++)
        assert_int_equal(peer_read(fd, in, sizeof in), 3);
    assert_int_equal(b.n, FLOOD);
    close(fd);
    udp_close(u);
}

static void all_of_a_flood_are_answered(void **state)
{
    run_with(&four, a_flood);
}

static void silent(void)
{
    open_server();
    int fd = plain(AF_INET, SOCK_DGRAM);
    assert_int_equal(connect_to(fd, AF_INET, udp_port(u)), 0);
    assert_int_equal(send(fd, "", 0, 0), 0);
    assert_int_equal(send(fd, big, 1001, 0), 1001);
    ask(fd, "ask");
    peer_gets(fd, "bsk");
    assert_int_equal(b.n, 3);
    assert_int_equal(counters()->unanswered, 2);
    close(fd);
    struct udp_socket *more;
    assert_int_equal(stack_udp_serve(s, udp_port(u), &b.server, 1000, &more), ERR_IN_USE);
    assert_int_equal(stack_udp_serve(s, 0, &b.server, 65508, &more), ERR_TOO_LARGE);
    udp_close(u);
}

static void what_has_no_answer_is_counted(void **state)
{
    run_with(&four, silent);
}

/* A resolver draws its ports: one that somebody on this host has is no reason to end, and nobody has to know of the others. */
static void asking(void)
{
    int fd = plain(AF_INET, SOCK_DGRAM), said[2];
    char line[64];
    struct sockaddr_in any = {.sin_family = AF_INET};
    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    b = (struct backwards){.server = {answer_next}};
    assert_int_equal(stack_udp_serve(s, local_of(fd).port, &b.server, 0, &u), ERR_IN_USE);
    assert_int_equal(counters()->sockets_full, 0);
    assert_int_equal(pipe2(said, O_NONBLOCK), 0);
    int control = linux_state.control;
    linux_state.control = said[1];
    assert_int_equal(stack_udp_serve(s, free_port(SOCK_DGRAM), &b.server, 0, &u), OK);
    assert_true(read(said[0], line, sizeof line) < 0);
    udp_close(u);
    open_server();
    assert_true(read(said[0], line, sizeof line) > 0);
    udp_close(u);
    linux_state.control = control;
    close(said[0]);
    close(said[1]);
    close(fd);
}

static void who_asks_takes_another_port_and_tells_nobody(void **state)
{
    run_with(&four, asking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_are_answered),
        cmocka_unit_test(all_of_a_flood_are_answered),
        cmocka_unit_test(what_has_no_answer_is_counted),
        cmocka_unit_test(who_asks_takes_another_port_and_tells_nobody),
    };
    return run_host_tests("host_udp_serve", tests, ARRAY_LEN(tests));
}
