/* SPDX-License-Identifier: ISC */
/* The tables of stacks as they are read from outside, and which of two stacks leads where. */
#include "net/stack_internal.h"
#include "test/support/net_script.h"

#include <jinn/fiber.h>
#include <jinn/random.h>
#include <jinn/stack_tables.h>

/* Two devices, and what was sent on them. */
struct wire {
    struct netdev dev;
    unsigned n_sent;
    uint8_t last[1600];
};

static enum err wire_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    struct wire *w = CONTAINER_OF(d, struct wire, dev);
    struct writer copy = writer_of(w->last, sizeof w->last);
    for (size_t i = 0; i < n; i++)
        write_bytes(&copy, v[i]);
    w->n_sent++;
    return OK;
}

static const struct netdev_ops wire_ops = {wire_send, script_recv, script_watch};
static uint64_t left_lost;
static struct wire left = {.dev = {&wire_ops, {{2, 0, 0, 0, 0, 1}}, 1500, 0, &left_lost}};
static struct wire right = {.dev = {&wire_ops, {{2, 0, 0, 0, 0, 2}}, 1500, 0, NULL}};
static struct stack *stack[2];   /* of left and right */
static struct stack *all[16][2]; /* stacks live as long as images */

static const struct ip six_left = {{0xfd, 1, [15] = 2}};
static const struct ip six_right = {{0xfd, 2, [15] = 2}};

static struct ip six(uint8_t net, uint8_t host)
{
    return (struct ip){{0xfd, net, [15] = host}};
}

/* left: 10.1.0.2/16 by 10.1.0.1, 192.0.2.0/24 by 10.1.0.3, fd01::2/64 by fd01::1
 * right: 10.2.0.2/16, 192.0.2.128/25 by 10.2.0.3, everywhere by 10.2.0.1 with metric 5, fd02::2/64 */
static int bring_up(void *arg)
{
    struct stack_options l = {
        .tcp = &stack_tcp_part, .ipv4 = {ip4(10, 1, 0, 2), 16}, .ipv4_gateway = ip4(10, 1, 0, 1), .ip6 = &stack_ip6};
    struct stack_options r = {.tcp = &stack_tcp_part, .ipv4 = {ip4(10, 2, 0, 2), 16}, .ip6 = &stack_ip6};
    l.ipv4_routes = (struct ip_routes){.route = {{{ip4(192, 0, 2, 0), 24}, ip4(10, 1, 0, 3), 0}}, .n = 1};
    r.ipv4_routes = (struct ip_routes){
        .route = {{{ip4(192, 0, 2, 128), 25}, ip4(10, 2, 0, 3), 0}, {{IP_ANY4, 0}, ip4(10, 2, 0, 1), 5}}, .n = 2};
    l.ipv6 = (struct ip_net){six_left, 64};
    l.ipv6_gateway = six(1, 1);
    r.ipv6 = (struct ip_net){six_right, 64};
    uint64_t soon_ns = time_after(sched_now(), 5 * NS_PER_S);
    assert_int_equal(stack_up(&left.dev, &l, soon_ns, &stack[0]), OK);
    assert_int_equal(stack_up(&right.dev, &r, soon_ns, &stack[1]), OK);
    static int n_runs;
    memcpy(all[n_runs++], stack, sizeof stack);
    ((void (*)(void))(uintptr_t)arg)();
    return 0;
}

static void run(void (*body)(void))
{
    assert_int_equal(sched_run(bring_up, (void *)(uintptr_t)body), 0);
}

/* ---- Which stack ---- */

static void check_toward(struct ip to, struct stack *want)
{
    char text[IP_TEXT_BYTES];
    if (stack_toward(stack, 2, &to) != want)
        fail_msg("the wrong stack for %s", ip_text(&to, text));
}

static void choose(void)
{
    check_toward(ip4(10, 1, 9, 9), stack[0]);
    check_toward(ip4(10, 2, 9, 9), stack[1]);
    check_toward(ip4(10, 2, 0, 2), stack[1]); /* its own */
    check_toward(ip4(192, 0, 2, 1), stack[0]);
    check_toward(ip4(192, 0, 2, 129), stack[1]); /* the longer prefix */
    check_toward(ip4(8, 8, 8, 8), stack[0]);     /* the lesser metric */
    check_toward(six(1, 9), stack[0]);
    check_toward(six(2, 9), stack[1]);
    check_toward(six(3, 9), stack[0]); /* the only gateway */
    check_toward((struct ip){{0xfe, 0x80, [15] = 9}}, stack[0]);
    struct ip dead = ip4(10, 1, 0, 1);
    route_heard(stack_net(stack[0]), sched_now(), &dead, false);
    check_toward(ip4(8, 8, 8, 8), stack[1]);
    assert_null(stack_toward(stack, 0, &dead));
}

static void the_right_stack_is_chosen(void **state)
{
    run(choose);
}

static void send_both_ways(void)
{
    struct ip to[] = {ip4(192, 0, 2, 1), ip4(192, 0, 2, 129)};
    struct wire *wire[] = {&left, &right};
    struct ip hop[] = {ip4(10, 1, 0, 3), ip4(10, 2, 0, 3)};
    for (int i = 0; i < 2; i++) {
        struct udp_socket *u;
        unsigned before[2] = {left.n_sent, right.n_sent};
        struct piece p = piece_copy(bytes_str("hi"));
        assert_int_equal(stack_udp(stack_toward(stack, 2, &to[i]), 0, &u), OK);
        assert_int_equal(udp_send(u, (struct endpoint){to[i], 9}, &p, 1), OK);
        assert_int_equal(left.n_sent, before[0] + (i == 0));
        assert_int_equal(right.n_sent, before[1] + (i == 1));
        assert_memory_equal(wire[i]->last + ETHER_BYTES + 24, hop[i].b + 12, 4); /* who ARP asks for */
        udp_close(u);
    }
}

static void packets_leave_by_the_right_device(void **state)
{
    run(send_both_ways);
}

/* RFC 1122 3.3.4.2: what is to the other interface's address is not for this one. */
static void cross(void)
{
    struct net *n = stack_net(stack[0]);
    uint8_t b[ETHER_BYTES + 28] = {0};
    struct writer w = writer_of(b, sizeof b);
    ether_emit(&w, &(struct ether){left.dev.mac, PEER_MAC, ETHER_IP4});
    ip4_emit(&w, &(struct ip4_header){
                     .total_len = 28, .ttl = 64, .protocol = 99, .src = ip4(10, 1, 0, 9), .dst = ip4(10, 2, 0, 2)});
    net_input(n, sched_now(), bytes_of(b, sizeof b));
    assert_int_equal(stack_counters(stack[0])->ip4.in_other_host, 1);
    assert_int_equal(stack_counters(stack[1])->ip4.in, 0);
}

/* A device that takes frames and fails when they are to leave says how many. */
static void lose(void)
{
    assert_int_equal(stack_counters(stack[0])->ether.out_lost, 0);
    left_lost = 3;
    assert_int_equal(stack_counters(stack[0])->ether.out_lost, 3);
    assert_int_equal(stack_counters(stack[1])->ether.out_lost, 0);
    left_lost = 0;
}

static void frames_that_are_lost_later_are_counted(void **state)
{
    run(lose);
}

static void stacks_are_strong_end_systems(void **state)
{
    run(cross);
}

/* ---- Tables ---- */

static void list_addresses(void)
{
    struct stack_address a;
    size_t at = 0;
    assert_true(stack_next_address(stack[0], &at, &a));
    assert_int_equal(ip4_u32(&a.net.ip), 0x0a010002);
    assert_int_equal(a.net.prefix_len, 16);
    assert_int_equal(a.valid_ns, TIME_NEVER);
    assert_true(stack_next_address(stack[0], &at, &a));
    assert_int_equal(a.net.ip.b[0], 0xfe);
    assert_true(stack_next_address(stack[0], &at, &a));
    assert_true(ip_equal(&a.net.ip, &six_left));
    assert_int_equal(a.net.prefix_len, 64);
    assert_true(a.detecting);
    assert_false(stack_next_address(stack[0], &at, &a));
    assert_false(stack_next_address(stack[0], &at, &a));
}

static void addresses_are_listed(void **state)
{
    run(list_addresses);
}

static void check_route(const struct stack_route *r, const char *want)
{
    char to[IP_TEXT_BYTES], gateway[IP_TEXT_BYTES], text[160];
    bool direct = ip_equal(&r->gateway, &IP_NONE);
    snprintf(text, sizeof text, "%s/%u by %s metric %u origin %d%s", ip_text(&r->to.ip, to), r->to.prefix_len,
             direct ? "link" : ip_text(&r->gateway, gateway), r->metric, r->origin, r->dead ? " dead" : "");
    assert_string_equal(text, want);
}

static void list_routes(void)
{
    static const char *const of_left[] = {
        "10.1.0.0/16 by link metric 0 origin 1",      "0.0.0.0/0 by 10.1.0.1 metric 0 origin 0 dead",
        "192.0.2.0/24 by 10.1.0.3 metric 0 origin 0", "198.51.100.9/32 by 10.1.0.3 metric 0 origin 2",
        "fe80::/10 by link metric 0 origin 1",        "fd01::2/64 by link metric 0 origin 0"};
    static const char *const of_right[] = {
        "10.2.0.0/16 by link metric 0 origin 1", "192.0.2.128/25 by 10.2.0.3 metric 0 origin 0",
        "0.0.0.0/0 by 10.2.0.1 metric 5 origin 0", "fe80::/10 by link metric 0 origin 1",
        "fd02::2/64 by link metric 0 origin 0"};
    struct ip dead = ip4(10, 1, 0, 1);
    struct stack_route r;
    size_t at = 0, n;
    assert_true(route_redirect(stack_net(stack[0]), 0x0a010001, 0xc6336409, 0x0a010003));
    route_heard(stack_net(stack[0]), sched_now(), &dead, false);
    for (n = 0; n < ARRAY_LEN(of_left); n++) {
        assert_true(stack_next_route(stack[0], &at, &r));
        check_route(&r, of_left[n]);
    }
    assert_true(stack_next_route(stack[0], &at, &r));
    check_route(&r, "::/0 by fd01::1 metric 0 origin 0");
    assert_false(stack_next_route(stack[0], &at, &r));
    for (at = n = 0; n < ARRAY_LEN(of_right); n++) {
        assert_true(stack_next_route(stack[1], &at, &r));
        check_route(&r, of_right[n]);
    }
    assert_false(stack_next_route(stack[1], &at, &r));
}

static void routes_are_listed(void **state)
{
    run(list_routes);
}

static void list_neighbours(void)
{
    struct net *n = stack_net(stack[1]);
    struct ip asked = ip4(10, 2, 0, 77);
    uint8_t b[ARP_BYTES], frame[ETHER_BYTES + ARP_BYTES];
    struct writer w = writer_of(b, sizeof b), f = writer_of(frame, sizeof frame);
    struct stack_neighbour h;
    size_t at = 0;
    assert_false(stack_next_neighbour(stack[1], &at, &h));
    arp_emit(&w, &(struct arp_packet){ARP_REQUEST, PEER_MAC, ip4(10, 2, 0, 9), OUR_MAC, ip4(10, 2, 0, 2)});
    ether_emit(&f, &(struct ether){MAC_BROADCAST, PEER_MAC, ETHER_ARP});
    write_bytes(&f, writer_bytes(&w));
    net_input(n, sched_now(), writer_bytes(&f));
    arp_ask(n, sched_now(), &asked);
    nd_learn(n, sched_now(), &(struct ip[]){six(2, 9)}[0], &PEER_MAC, false);
    static const enum stack_neighbour_state states[] = {STACK_NEIGHBOUR_KNOWN, STACK_NEIGHBOUR_ASKED,
                                                        STACK_NEIGHBOUR_DOUBTED};
    static const uint8_t last[] = {9, 77, 9};
    at = 0;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        assert_true(stack_next_neighbour(stack[1], &at, &h));
        assert_int_equal(h.state, states[i]);
        assert_int_equal(h.ip.b[15], last[i]);
        assert_int_equal(h.mac.b[5], last[i] == 9 ? 9 : 0);
    }
    assert_false(stack_next_neighbour(stack[1], &at, &h));
    assert_int_equal(stack_counters(stack[1])->arp.in_requests, 1);
}

static void neighbours_are_listed_and_counters_read(void **state)
{
    run(list_neighbours);
}

int main(void)
{
    assert_int_equal(random_init(), OK);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_stack_is_chosen),
        cmocka_unit_test(packets_leave_by_the_right_device),
        cmocka_unit_test(stacks_are_strong_end_systems),
        cmocka_unit_test(frames_that_are_lost_later_are_counted),
        cmocka_unit_test(addresses_are_listed),
        cmocka_unit_test(routes_are_listed),
        cmocka_unit_test(neighbours_are_listed_and_counters_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
