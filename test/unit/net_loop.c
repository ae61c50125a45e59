/* SPDX-License-Identifier: ISC */
/* What a stack sends to itself: in the core, and through flows and sockets of a stack on a device that nobody is behind. */
#include "test/support/net_script.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#define LOCAL_IP ip4(127, 0, 0, 1)

static const struct ip six_local = {{[15] = 1}};
static const struct ip six_ours = {{0xfd, [15] = 2}};

/* ---- The core ---- */

static struct udp_socket *open_socket(struct script *s, uint16_t port)
{
    struct udp_socket *u;
    s->n->loop.ops = &loop_ops;
    assert_int_equal(udp_open(s->n, port, &u), OK);
    return u;
}

static enum err send_to(struct script *s, struct udp_socket *u, struct ip to, uint16_t port, size_t len)
{
    static uint8_t data[65507];
    struct bytes v = bytes_of(data, len);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 7);
    return udp_transmit(u, s->now_ns, &(struct endpoint){to, port}, &v, 1);
}

static void take(struct udp_socket *u, size_t len, struct ip from, uint16_t port)
{
    static uint8_t b[65507];
    struct endpoint e;
    size_t got;
    assert_int_equal(udp_take(u, b, sizeof b, &got, &e), OK);
    assert_int_equal(got, len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(b[i], (uint8_t)(i * 7));
    assert_int_equal(e.port, port);
    assert_true(ip_equal(&e.ip, &from));
}

static void datagrams_come_back_inside(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = open_socket(s, 1000), *b = open_socket(s, 2000);
    assert_int_equal(send_to(s, a, OUR_IP, 2000, 5), OK);
    assert_int_equal(udp_take(b, NULL, 0, &(size_t){0}, &(struct endpoint){0}), ERR_AGAIN); /* not within the call */
    assert_int_equal(net_deadline(s->n), 0);
    pass(s, 0);
    take(b, 5, OUR_IP, 1000);
    assert_int_equal(send_to(s, b, ip4(127, 9, 9, 9), 1000, 6), OK);
    pass(s, 0);
    take(a, 6, ip4(127, 9, 9, 9), 2000);
    assert_int_equal(s->n->counters.loop.packets, 2);
    udp_shut(a, s->now_ns);
    udp_shut(b, s->now_ns);
    script_end(s); /* nothing was on the link */
}

static void the_largest_datagram_fits(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = open_socket(s, 1000);
    assert_int_equal(send_to(s, a, LOCAL_IP, 1000, 65507), OK);
    pass(s, 0);
    take(a, 65507, LOCAL_IP, 1000);
    assert_int_equal(s->n->counters.loop.packets, 45);
    assert_int_equal(s->n->loop.packets.n_used, 0);
    udp_shut(a, s->now_ns);
    script_end(s);
}

static void the_queue_is_bounded(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = open_socket(s, 1000);
    for (int i = 0; i < LOOP_PACKETS; i++)
        assert_int_equal(send_to(s, a, LOCAL_IP, 1000, 1), OK);
    assert_int_equal(send_to(s, a, LOCAL_IP, 1000, 1), ERR_AGAIN);
    assert_int_equal(s->n->counters.loop.dropped, 1);
    pass(s, 0);
    for (int i = 0; i < LOOP_PACKETS; i++)
        take(a, 1, LOCAL_IP, 1000);
    udp_shut(a, s->now_ns);
    script_end(s);
}

static void a_closed_port_is_told_inside(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = open_socket(s, 1000);
    enum err problem;
    struct endpoint peer;
    struct ip to[] = {OUR_IP, LOCAL_IP};
    for (size_t i = 0; i < ARRAY_LEN(to); i++) {
        assert_int_equal(send_to(s, a, to[i], 9, 1), OK);
        pass(s, 0);
        assert_true(udp_problem(a, &problem, &peer));
        assert_int_equal(problem, ERR_REFUSED);
        assert_true(ip_equal(&peer.ip, &to[i]));
    }
    udp_shut(a, s->now_ns);
    script_end(s);
}

static void nobody_else_may_be_us(void **state)
{
    struct script *s = script_new();
    struct udp_socket *a = open_socket(s, 1000);
    struct endpoint to = {OUR_IP, 1000}, local = {LOCAL_IP, 1000};
    input_udp(s, (struct endpoint){OUR_IP, 7}, to, bytes_str("x"));
    input_udp(s, (struct endpoint){LOCAL_IP, 7}, to, bytes_str("x"));
    assert_int_equal(s->n->counters.ip4.in_martian, 2);
    input_udp(s, (struct endpoint){PEER_IP, 7}, local, bytes_str("x"));
    assert_int_equal(s->n->counters.ip4.in_other_host, 1);
    assert_int_equal(s->n->counters.udp.in, 0);
    udp_shut(a, s->now_ns);
    script_end(s);
}

static void without_users_we_are_unreachable(void **state)
{
    struct script *s = script_new();
    struct ip_out o = {.dst = OUR_IP, .protocol = 99};
    struct bytes v = bytes_str("x");
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_UNREACHABLE);
    o.dst = LOCAL_IP;
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_UNREACHABLE);
    s->n->loop.ops = &loop_ops;
    o.dst = ip4(0, 0, 0, 1);
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_UNREACHABLE);
    assert_null(s->n->loop.packets.memory);
    script_end(s);
}

static void ipv6_comes_back_inside_too(void **state)
{
    struct script *s = calloc(1, sizeof *s);
    s->dev = (struct netdev){&script_ops, OUR_MAC, 1500, 0, NULL};
    s->now_ns = 1000 * NS_PER_S;
    struct net_options o = {.dev = &s->dev, .random = script_random, .ip6 = &stack_ip6};
    struct ip6_options six = {.address = {six_ours, 64}};
    assert_int_equal(net_new(&o, &s->n), OK);
    assert_int_equal(s->n->ip6_ops->start(s->n, s->now_ns, &six), OK);
    pass(s, 5 * NS_PER_S);
    forget_sent(s);
    struct udp_socket *a = open_socket(s, 1000), *b = open_socket(s, 2000);
    assert_int_equal(send_to(s, a, six_ours, 2000, 5), OK);
    pass(s, 0);
    take(b, 5, six_ours, 1000);
    assert_int_equal(send_to(s, b, six_local, 1000, 30000), OK);
    pass(s, 0);
    take(a, 30000, six_local, 2000);
    enum err problem;
    struct endpoint peer;
    assert_int_equal(send_to(s, a, six_local, 9, 1), OK);
    pass(s, 0);
    assert_true(udp_problem(a, &problem, &peer));
    assert_int_equal(problem, ERR_REFUSED);
    udp_shut(a, s->now_ns);
    udp_shut(b, s->now_ns);
    script_end(s);
}

/* ---- A stack ---- */

static enum err swallow(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    return OK;
}

static const struct netdev_ops nobody_ops = {swallow, script_recv, script_watch};
static struct netdev nobody = {&nobody_ops, OUR_MAC, 1500, 0, NULL};
static struct netdev clever = {&nobody_ops, OUR_MAC, 1500, NET_CHECKSUM_OUT | NET_SEGMENT_TCP4 | NET_SEGMENT_TCP6,
                               NULL};
static struct stack *kept[4]; /* stacks live as long as images */
static size_t n_kept;

struct talk {
    struct stack *s;
    struct endpoint to;
    enum err client, server;
    size_t sent, received;
};

enum { TALK_BYTES = 300000 };

static uint64_t soon(void)
{
    return sched_now() + 10 * NS_PER_S;
}

static void serve(void *arg)
{
    struct talk *t = arg;
    struct listener *l;
    struct flow *f;
    uint8_t b[1000];
    t->server = stack_listen(t->s, t->to.port, 4, &l);
    if (t->server == OK)
        t->server = listener_accept(l, soon(), &f);
    while (t->server == OK) {
        size_t len;
        t->server = flow_read(f, b, sizeof b, &len, soon());
        if (t->server == OK)
            t->received += len;
    }
    flow_close(f);
    listener_close(l);
}

static void connect_and_send(void *arg)
{
    struct talk *t = arg;
    struct flow *f;
    static uint8_t b[5000];
    t->client = stack_connect(t->s, t->to, soon(), &f);
    while (t->client == OK && t->sent < TALK_BYTES) {
        struct piece p = piece_copy(bytes_of(b, sizeof b));
        t->client = flow_write(f, &p, 1, soon());
        t->sent += sizeof b;
    }
    flow_close(f);
}

static int run_talks(void *arg)
{
    struct stack_options o = {.tcp = &stack_tcp_part, .ipv4 = {OUR_IP, 24}, .ip6 = &stack_ip6, .ipv6 = {six_ours, 64}};
    struct stack *s;
    assert_int_equal(stack_up(arg, &o, soon(), &s), OK);
    kept[n_kept++] = s;
    struct ip to[] = {OUR_IP, LOCAL_IP, six_ours, six_local};
    for (size_t i = 0; i < ARRAY_LEN(to); i++) {
        struct talk t = {.s = s, .to = {to[i], (uint16_t)(80 + i)}};
        struct scope scope;
        scope_open(&scope);
        assert_int_equal(scope_spawn(&scope, "server", serve, &t), OK);
        assert_int_equal(scope_spawn(&scope, "client", connect_and_send, &t), OK);
        scope_join(&scope);
        assert_int_equal(t.client, OK);
        assert_int_equal(t.server, ERR_END);
        assert_int_equal(t.received, TALK_BYTES);
    }
    return 0;
}

static void an_image_can_connect_to_itself(void **state)
{
    assert_int_equal(sched_run(run_talks, &nobody), 0);
}

/* No device sees what stays inside, so none can fill in checksums or cut segments. */
static void also_with_a_device_that_does_more(void **state)
{
    assert_int_equal(sched_run(run_talks, &clever), 0);
}

static int run_refused(void *arg)
{
    struct stack_options o = {.tcp = &stack_tcp_part, .ipv4 = {OUR_IP, 24}};
    struct stack *s;
    struct flow *f;
    assert_int_equal(stack_up(&nobody, &o, soon(), &s), OK);
    kept[n_kept++] = s;
    assert_int_equal(stack_connect(s, (struct endpoint){LOCAL_IP, 9}, soon(), &f), ERR_REFUSED);
    return 0;
}

static void and_be_refused_by_itself(void **state)
{
    assert_int_equal(sched_run(run_refused, NULL), 0);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_come_back_inside),
        cmocka_unit_test(the_largest_datagram_fits),
        cmocka_unit_test(the_queue_is_bounded),
        cmocka_unit_test(a_closed_port_is_told_inside),
        cmocka_unit_test(nobody_else_may_be_us),
        cmocka_unit_test(without_users_we_are_unreachable),
        cmocka_unit_test(ipv6_comes_back_inside_too),
        cmocka_unit_test(an_image_can_connect_to_itself),
        cmocka_unit_test(also_with_a_device_that_does_more),
        cmocka_unit_test(and_be_refused_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
