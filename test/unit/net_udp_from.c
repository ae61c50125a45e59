/* SPDX-License-Identifier: ISC */
/* From which of several addresses datagrams are answered: the one that was asked, at once and later, on a fake device. */
#include "test/support/net_script6.h"

#include <jinn/stack.h>

#define GLOBAL_TEXT "2001:db8::2"
#define LOCAL_TEXT "fd00::2"

static const struct ip our_global = {{0x20, 1, 0xd, 0xb8, [15] = 2}};
static const struct ip our_local = {{0xfd, [15] = 2}};
static const struct ip client = {{0x20, 1, 0xd, 0xb8, [15] = 9}}; /* on the link; our global address fits it best */

/* Three addresses of IPv6 and one of IPv4. */
static struct script *with_addresses(void)
{
    struct script *s = script6(GLOBAL_TEXT "/64", false);
    struct ip_net local, four;
    assert_true(ip_net_parse(bytes_str(LOCAL_TEXT "/64"), &local));
    assert_true(ip_net_parse(bytes_str("10.0.0.2/24"), &four));
    assert_non_null(ip6_add(s->n, s->now_ns, &local));
    assert_int_equal(net_set_static(s->n, s->now_ns, &four, &IP_NONE), OK);
    pass(s, 20 * NS_PER_S);
    input_neighbour(s, ICMP6_NEIGHBOUR_SOLICITATION, 0, client, our_global, our_global, &peer_mac);
    forget_sent(s);
    know_peer(s);
    return s;
}

static void input_udp6(struct script *s, struct ip to)
{
    uint8_t b[64];
    struct writer w = writer_of(b, sizeof b);
    struct bytes data = bytes_of("hello", 5);
    udp_emit(&w, &(struct udp_header){1000, 53}, &client, &to, &data, 1, 5);
    write_bytes(&w, data);
    input_ip6(s, (struct ip6_header){.next = IP_UDP, .src = client, .dst = to}, writer_bytes(&w));
}

static struct udp_socket *open_socket(struct script *s)
{
    struct udp_socket *u;
    assert_int_equal(udp_open(s->n, 53, &u), OK);
    return u;
}

static void end(struct script *s, struct udp_socket *u)
{
    udp_shut(u, s->now_ns);
    script_end(s);
}

/* ---- A server that answers at once, or later ---- */

struct keeping {
    struct udp_server server;
    struct endpoint from;
    struct ip to;
    bool at_once;
};

static size_t keep(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size)
{
    struct keeping *k = CONTAINER_OF(server, struct keeping, server);
    k->from = q->from;
    k->to = *q->to;
    memset(room, 'a', 3);
    return k->at_once ? 3 : UDP_NO_ANSWER;
}

static enum err answer_later(struct script *s, struct udp_socket *u, const struct keeping *k)
{
    struct bytes v = bytes_of("late", 4);
    return udp_transmit_from(u, s->now_ns, &k->to, &k->from, &v, 1);
}

static void whichever_address_was_asked_answers(void **state)
{
    static const struct {
        struct ip to;
        const char *at_once, *later;
    } rows[] = {
        {{{0x20, 1, 0xd, 0xb8, [15] = 2}},
         "09 " GLOBAL_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=3",
         "09 " GLOBAL_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=4"},
        {{{0xfd, [15] = 2}},
         "09 " LOCAL_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=3",
         "09 " LOCAL_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=4"},
        {{{0xfe, 0x80, [11] = 0xff, [12] = 0xfe, [15] = 2}},
         "09 " OUR_LINK_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=3",
         "09 " OUR_LINK_TEXT ">2001:db8::9 hops=64 udp 53>1000 data=4"},
    };
    struct script *s = with_addresses();
    struct keeping k = {.server = {keep}};
    struct udp_socket *u;
    assert_int_equal(udp_serve(s->n, 53, &k.server, 512, &u), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        k.at_once = true;
        input_udp6(s, rows[i].to);
        expect(s, rows[i].at_once);
        k.at_once = false;
        input_udp6(s, rows[i].to);
        expect_nothing(s);
        assert_int_equal(answer_later(s, u, &k), OK);
        expect(s, rows[i].later);
    }
    end(s, u);
}

static void the_other_family_has_its_own(void **state)
{
    struct script *s = with_addresses();
    struct keeping k = {.server = {keep}};
    struct udp_socket *u;
    assert_int_equal(udp_serve(s->n, 53, &k.server, 512, &u), OK);
    input_udp(s, (struct endpoint){PEER_IP, 4000}, (struct endpoint){OUR_IP, 53}, bytes_of(zeros, 9));
    assert_int_equal(answer_later(s, u, &k), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=4");
    end(s, u);
}

/* ---- Sockets that queue ---- */

static struct ip taken_at(struct udp_socket *u)
{
    uint8_t b[16];
    size_t len;
    struct endpoint from;
    assert_int_equal(udp_take(u, b, sizeof b, &len, &from), OK);
    return udp_received_at(u);
}

static void queued_ones_tell_where_they_were_sent_to(void **state)
{
    struct script *s = with_addresses();
    struct udp_socket *u = open_socket(s);
    struct ip four = OUR_IP, at;
    input_udp6(s, our_link);
    input_udp6(s, our_global);
    input_udp(s, (struct endpoint){PEER_IP, 4000}, (struct endpoint){OUR_IP, 53}, bytes_of(zeros, 9));
    input_udp(s, (struct endpoint){PEER_IP, 4000}, (struct endpoint){ip4(10, 0, 0, 255), 53}, bytes_of(zeros, 9));
    at = taken_at(u);
    assert_true(ip_equal(&at, &our_link));
    at = taken_at(u);
    assert_true(ip_equal(&at, &our_global));
    at = taken_at(u);
    assert_true(ip_equal(&at, &four));
    at = taken_at(u);
    assert_true(ip_equal(&at, &IP_NONE)); /* from whichever fits */
    struct bytes v = bytes_of("late", 4);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &at, &(struct endpoint){PEER_IP, 4000}, &v, 1), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>4000 data=4");
    assert_int_equal(udp_transmit_from(u, s->now_ns, &at, &(struct endpoint){client, 4000}, &v, 1), OK);
    expect(s, "09 " GLOBAL_TEXT ">2001:db8::9 hops=64 udp 53>4000 data=4");
    end(s, u);
}

/* ---- What can't be ---- */

static void nothing_goes_from_what_is_not_ours(void **state)
{
    struct script *s = with_addresses();
    struct udp_socket *u = open_socket(s);
    struct bytes v = bytes_of("late", 4);
    const struct ip four = OUR_IP, other4 = ip4(10, 0, 0, 3), other6 = {{0xfd, [15] = 3}};
    const struct endpoint to4 = {PEER_IP, 4000}, to6 = {client, 4000};
    assert_int_equal(udp_transmit_from(u, s->now_ns, &other4, &to4, &v, 1), ERR_UNREACHABLE);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &other6, &to6, &v, 1), ERR_UNREACHABLE);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &four, &to6, &v, 1), ERR_UNREACHABLE);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &our_local, &to4, &v, 1), ERR_UNREACHABLE);
    expect_nothing(s);
    end(s, u);
}

/* The address may have gone since it was asked. */
static void nothing_goes_from_what_is_ours_no_longer(void **state)
{
    struct script *s = with_addresses();
    struct udp_socket *u = open_socket(s);
    struct bytes v = bytes_of("late", 4);
    const struct ip four = OUR_IP;
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        if (ip_equal(&s->n->ip6->address[i].ip, &our_local))
            s->n->ip6->address[i].valid_ns = s->now_ns + NS_PER_S;
    }
    assert_int_equal(udp_transmit_from(u, s->now_ns, &our_local, &(struct endpoint){client, 4000}, &v, 1), OK);
    pass(s, 2 * NS_PER_S);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &our_local, &(struct endpoint){client, 4000}, &v, 1),
                     ERR_UNREACHABLE);
    ip4_unset(s->n);
    assert_int_equal(udp_transmit_from(u, s->now_ns, &four, &(struct endpoint){PEER_IP, 4000}, &v, 1), ERR_UNREACHABLE);
    forget_sent(s);
    end(s, u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whichever_address_was_asked_answers),
        cmocka_unit_test(the_other_family_has_its_own),
        cmocka_unit_test(queued_ones_tell_where_they_were_sent_to),
        cmocka_unit_test(nothing_goes_from_what_is_not_ours),
        cmocka_unit_test(nothing_goes_from_what_is_ours_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
