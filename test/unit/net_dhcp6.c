/* SPDX-License-Identifier: ISC */
/* The DHCPv6 client against a scripted server, through the whole core; RFC 8415's numbers are those of doc/ip.md. */
#include "test/support/net_script6.h"
#include "wire/dhcp6.h"

#define DUID_TEXT "\x00\x03\x00\x01\x02\x00\x00\x00\x00\x02"

/* The client's last message; what is none (neighbour discovery, MLD) is passed over. */
static struct dhcp6_message heard;
static uint16_t heard_elapsed_10ms;
static const struct ip given = {{0x20, 1, 0xd, 0xb8, [14] = 0x10, [15] = 1}};
static const struct ip other = {{0x20, 1, 0xd, 0xb8, [14] = 0x10, [15] = 2}};

static bool next_message(struct script *s, struct bytes *message)
{
    while (s->n_read < s->n_sent) {
        struct sent *f = &s->sent[s->n_read++];
        struct ip6_header h;
        struct udp_header u;
        struct bytes datagram;
        if (!ip6_parse(bytes_of(f->b + ETHER_BYTES, f->len - ETHER_BYTES), &h, &datagram) || h.next != IP_UDP)
            continue;
        assert_int_equal(
            udp_parse(bytes_slice(datagram, IP6_HEADER_BYTES, datagram.len), &h.src, &h.dst, false, &u, message),
            UDP_GOOD);
        assert_int_equal(u.src_port, 546);
        assert_int_equal(u.dst_port, 547);
        assert_true(ip_equal(&h.src, &our_link));
        assert_true(ip_equal(&h.dst, &DHCP6_ALL_SERVERS));
        return true;
    }
    return false;
}

/* The elapsed time stands behind the identifiers, which is for us to know alone. */
static void hear(struct script *s, enum dhcp6_type type)
{
    struct bytes b;
    if (!next_message(s, &b))
        fail_msg("no DHCPv6 message of type %d was sent", type);
    assert_true(dhcp6_parse(b, &heard));
    assert_int_equal(heard.type, type);
    assert_true(bytes_equal(heard.client_id, bytes_of(DUID_TEXT, 10)));
    struct reader r = reader_of(b);
    read_skip(&r, 4 + 14 + (heard.server_id.len ? 4 + heard.server_id.len : 0));
    assert_int_equal(read_be32(&r), 8 << 16 | 2);
    heard_elapsed_10ms = read_be16(&r);
    assert_int_equal(heard.has_ia, type != DHCP6_INFORMATION);
}

static void hear_nothing(struct script *s)
{
    struct bytes b;
    assert_false(next_message(s, &b));
}

struct answer {
    enum dhcp6_type type;
    const char *server; /* its DUID */
    struct ip address;
    uint32_t preferred_s, valid_s, t1_s, t2_s;
    uint16_t status, ia_status;
    uint8_t preference;
    bool rapid, no_ia, to_group;
    uint32_t xid; /* 0: the client's */
    const char *client;
    uint32_t refresh_s, solicit_most_s;
    size_t more_dns; /* than one */
};

static void write_option(struct writer *w, uint16_t code, const void *data, size_t len)
{
    write_be16(w, code);
    write_be16(w, (uint16_t)len);
    write_copy(w, data, len);
}

static void write_number(struct writer *w, uint16_t code, size_t len, uint32_t v)
{
    if (!v)
        return;
    write_be16(w, code);
    write_be16(w, (uint16_t)len);
    for (size_t i = len; i-- > 0;)
        write_u8(w, (uint8_t)(v >> 8 * i));
}

static void write_ia(struct writer *w, const struct answer *a)
{
    uint8_t b[200];
    struct writer ia = writer_of(b, sizeof b);
    write_be32(&ia, 1);
    write_be32(&ia, a->t1_s);
    write_be32(&ia, a->t2_s);
    if (!ip_equal(&a->address, &IP_NONE)) {
        write_be32(&ia, 5 << 16 | 24);
        write_copy(&ia, a->address.b, 16);
        write_be32(&ia, a->preferred_s);
        write_be32(&ia, a->valid_s);
    }
    write_number(&ia, 13, 2, a->ia_status);
    write_option(w, 3, b, writer_len(&ia));
}

static void answer(struct script *s, struct answer a)
{
    uint8_t b[400], datagram[500];
    struct writer w = writer_of(b, sizeof b), dw = writer_of(datagram, sizeof datagram);
    const char *client = a.client ? a.client : DUID_TEXT;
    write_be32(&w, (uint32_t)a.type << 24 | (a.xid ? a.xid : heard.xid));
    write_option(&w, 1, client, a.client ? strlen(client) : 10);
    if (*a.server)
        write_option(&w, 2, a.server, strlen(a.server));
    if (!a.no_ia)
        write_ia(&w, &a);
    write_number(&w, 7, 1, a.preference);
    write_number(&w, 13, 2, a.status);
    write_number(&w, 32, 4, a.refresh_s);
    write_number(&w, 82, 4, a.solicit_most_s);
    if (a.rapid)
        write_option(&w, 14, "", 0);
    for (size_t i = 0; i <= a.more_dns; i++)
        write_option(&w, 23, far.b, 16);
    struct bytes data = writer_bytes(&w);
    struct ip dst = a.to_group ? all_nodes : our_link;
    udp_emit(&dw, &(struct udp_header){547, 546}, &router, &dst, &data, 1, data.len);
    write_bytes(&dw, data);
    input_ip6(s, (struct ip6_header){.next = IP_UDP, .src = router, .dst = dst}, writer_bytes(&dw));
}

static struct answer usual(enum dhcp6_type type)
{
    return (struct answer){.type = type, .server = "server-1", .address = given, .preferred_s = 2000, .valid_s = 3600};
}

/* A router says M (0x80) or O (0x40). */
static struct script *start(uint8_t flags)
{
    struct script *s = script6_with(&(struct ip6_options){.accept_ra = true, .accept_dhcp = true});
    pass(s, 2 * NS_PER_S);
    forget_sent(s);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800, .flags = flags});
    return s;
}

static struct script *start_requesting(void)
{
    struct script *s = start(0x80);
    hear(s, DHCP6_SOLICIT);
    answer(s, usual(DHCP6_ADVERTISE));
    pass(s, 1100 * NS_PER_MS);
    hear(s, DHCP6_REQUEST);
    return s;
}

static struct script *start_bound(void)
{
    struct script *s = start_requesting();
    answer(s, usual(DHCP6_REPLY));
    assert_non_null(ip6_find(s->n, &given));
    return s;
}

static void end(struct script *s)
{
    hear_nothing(s);
    net_free(s->n);
    free(s);
}

static struct dhcp6 *client(struct script *s)
{
    return &s->n->ip6->dhcp.client;
}

/* ---- Messages ---- */

static void golden_messages(void **state)
{
    static const uint8_t reply[] = {
        7,    0xab, 0xcd, 0xef,                                                    /* Reply */
        0,    1,    0,    10,   0,    3,    0,   1,    2, 0,   0, 0,  0, 2,        /* client */
        0,    2,    0,    4,    0,    1,    2,   3,                                /* server */
        0,    3,    0,    40,   0,    0,    0,   1,    0, 0,   0, 50, 0, 0, 0, 80, /* association: T1 50, T2 80 */
        0,    5,    0,    24,   0x20, 1,    0xd, 0xb8, 0, 0,   0, 0,  0, 0, 0, 0,  0,    0, /* address */
        0x10, 1,    0,    0,    0,    100,  0,   0,    0, 200, /* preferred 100, valid 200 */
        0,    23,   0,    32,   0x20, 1,    0xd, 0xb8, 0, 9,   0, 0,  0, 0, 0, 0,  0,    0,
        0,    7,    0x20, 1,    0xd,  0xb8, 0,   0,    0, 0,   0, 0,  0, 0, 0, 0,  0x10, 2, /* two servers */
        0,    99,   0,    1,    7,                                                          /* unknown */
        0,    82,   0,    4,    0,    0,    1,   0};
    struct dhcp6_message m;
    assert_true(dhcp6_parse(bytes_of(reply, sizeof reply), &m));
    assert_int_equal(m.type, DHCP6_REPLY);
    assert_int_equal(m.xid, 0xabcdef);
    assert_true(bytes_equal(m.server_id, bytes_of("\x00\x01\x02\x03", 4)));
    assert_true(m.has_ia);
    assert_int_equal(m.t1_s, 50);
    assert_int_equal(m.t2_s, 80);
    assert_true(ip_equal(&m.address, &given));
    assert_int_equal(m.preferred_s, 100);
    assert_int_equal(m.valid_s, 200);
    assert_int_equal(m.n_dns, 2);
    assert_true(ip_equal(&m.dns[0], &far) && ip_equal(&m.dns[1], &other));
    assert_int_equal(m.solicit_most_s, 256);
    for (size_t len = 0; len < sizeof reply; len++) { /* cut anywhere but between options it is nothing */
        bool whole = len == 4 || len == 18 || len == 26 || len == 70 || len == 106 || len == 111;
        uint8_t *copy = malloc(len ? len : 1);
        memcpy(copy, reply, len);
        assert_int_equal(dhcp6_parse(bytes_of(copy, len), &m), whole);
        free(copy);
    }
}

static void what_is_written_is_asked_for(void **state)
{
    static const uint8_t request[] = {
        3, 0xab, 0xcd, 0xef, 0, 1,  0, 10,   0, 3, 0, 1, 2, 0, 0, 0, 0, 2, 0, 2, 0, 3,  'a',  'b', 'c', 0,    8, 0, 2,
        0, 7,    0,    3,    0, 40, 0, 0,    0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 24, 0x20, 1,   0xd, 0xb8, 0, 0, 0,
        0, 0,    0,    0,    0, 0,  0, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 6, 0,  23,   0,   24,  0,    82};
    uint8_t duid[DHCP6_CLIENT_DUID_BYTES], b[DHCP6_EMIT_MAX_BYTES];
    struct writer w = writer_of(b, sizeof b);
    dhcp6_duid(duid, &OUR_MAC);
    struct dhcp6_message m = {
        .type = DHCP6_REQUEST, .xid = 0xabcdef, .has_ia = true, .address = given, .elapsed_10ms = 7};
    m.client_id = bytes_of(duid, sizeof duid);
    m.server_id = bytes_str("abc");
    dhcp6_emit(&w, &m);
    assert_int_equal(writer_len(&w), sizeof request);
    assert_memory_equal(b, request, sizeof request);
    uint8_t longest[DHCP6_DUID_MAX_BYTES] = {1};
    m.server_id = bytes_of(longest, sizeof longest);
    m.rapid_commit = true;
    w = writer_of(b, sizeof b);
    dhcp6_emit(&w, &m);
    assert_true(writer_good(&w));
}

/* ---- Stateless ---- */

static void a_router_without_flags_starts_nothing(void **state)
{
    struct script *s = start(0);
    pass(s, 100 * NS_PER_S);
    hear_nothing(s);
    assert_int_equal(client(s)->state, DHCP6_OFF);
    end(s);
}

static void the_key_turns_it_off(void **state)
{
    struct script *s = script6_with(&(struct ip6_options){.accept_ra = true});
    struct udp_socket *u;
    assert_int_equal(udp_open(s->n, 546, &u), OK);
    udp_shut(u, s->now_ns);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800, .flags = 0xc0});
    pass(s, 100 * NS_PER_S);
    end(s);
}

static void name_servers_alone_are_asked_for(void **state)
{
    struct script *s = start(0x40);
    hear(s, DHCP6_INFORMATION);
    struct answer a = {.type = DHCP6_REPLY, .server = "server-1", .no_ia = true, .refresh_s = 700};
    answer(s, a);
    assert_int_equal(client(s)->n_dns, 1);
    assert_true(ip_equal(&client(s)->dns[0], &far));
    pass(s, 699 * NS_PER_S);
    hear_nothing(s);
    pass(s, 1 * NS_PER_S);
    hear(s, DHCP6_INFORMATION);
    a.refresh_s = 5; /* IRT_MINIMUM: 600 */
    answer(s, a);
    pass(s, 599 * NS_PER_S);
    hear_nothing(s);
    pass(s, 1 * NS_PER_S);
    hear(s, DHCP6_INFORMATION);
    a.refresh_s = 0; /* IRT_DEFAULT: a day */
    answer(s, a);
    assert_int_equal(client(s)->next_ns, s->now_ns + UINT64_C(86400) * NS_PER_S);
    end(s);
}

static void name_servers_are_bounded(void **state)
{
    struct script *s = start(0x40);
    hear(s, DHCP6_INFORMATION);
    answer(s, (struct answer){.type = DHCP6_REPLY, .server = "server-1", .no_ia = true, .more_dns = DHCP6_DNS_MAX + 1});
    assert_int_equal(client(s)->n_dns, DHCP6_DNS_MAX);
    assert_int_equal(s->n->counters.dhcp6.left_out, 2);
    end(s);
}

static void addresses_are_more_than_name_servers(void **state)
{
    struct script *s = start(0x40);
    hear(s, DHCP6_INFORMATION);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800, .flags = 0xc0});
    hear(s, DHCP6_SOLICIT);
    input_ra(s, router, &router_mac, (struct ra){.lifetime_s = 1800, .flags = 0x40});
    hear_nothing(s);
    assert_int_equal(client(s)->state, DHCP6_SOLICITING);
    end(s);
}

/* ---- Stateful ---- */

static void takes_an_address(void **state)
{
    struct script *s = start(0x80);
    struct udp_socket *u;
    assert_int_equal(udp_open(s->n, 546, &u), ERR_IN_USE);
    hear(s, DHCP6_SOLICIT);
    assert_true(heard.rapid_commit);
    assert_true(ip_equal(&heard.address, &IP_NONE));
    assert_int_equal(heard.server_id.len, 0);
    assert_false(s->n->ip6_ops->is_ready(s->n));
    answer(s, usual(DHCP6_ADVERTISE));
    hear_nothing(s); /* there may be a better server */
    pass(s, 1100 * NS_PER_MS);
    hear(s, DHCP6_REQUEST);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-1")));
    assert_true(ip_equal(&heard.address, &given));
    assert_false(heard.rapid_commit);
    assert_int_equal(heard_elapsed_10ms, 0);
    uint64_t asked_ns = client(s)->began_ns; /* not when the answer came */
    pass(s, 100 * NS_PER_MS);
    answer(s, usual(DHCP6_REPLY));
    const struct ip6_address *a = ip6_find(s->n, &given);
    assert_non_null(a);
    assert_int_equal(a->kind, IP6_LEASED);
    assert_int_equal(a->prefix_len, 128);
    assert_in_range(s->now_ns - asked_ns, 100 * NS_PER_MS, 300 * NS_PER_MS);
    assert_int_equal(a->preferred_ns, asked_ns + 2000 * NS_PER_S);
    assert_int_equal(a->valid_ns, asked_ns + 3600 * NS_PER_S);
    assert_true(s->n->ip6_ops->is_ready(s->n));
    assert_int_equal(client(s)->n_dns, 1);
    struct ip src;
    uint16_t room;
    assert_int_equal(s->n->below.route(&s->n->below, &far, &src, &room), OK);
    assert_true(ip_equal(&src, &given));
    end(s);
}

static void rapid_commit_saves_a_round(void **state)
{
    struct script *s = start(0x80);
    hear(s, DHCP6_SOLICIT);
    answer(s, usual(DHCP6_REPLY)); /* without the option: not for a Solicit (RFC 8415 18.2.10) */
    assert_null(ip6_find(s->n, &given));
    struct answer a = usual(DHCP6_REPLY);
    a.rapid = true;
    answer(s, a);
    assert_non_null(ip6_find(s->n, &given));
    assert_int_equal(client(s)->state, DHCP6_BOUND);
    end(s);
}

static void the_preferred_server_is_taken(void **state)
{
    struct script *s = start(0x80);
    struct answer a = usual(DHCP6_ADVERTISE);
    hear(s, DHCP6_SOLICIT);
    answer(s, a);
    a.server = "server-2";
    a.preference = 9;
    a.address = other;
    answer(s, a);
    a.server = "server-3";
    a.preference = 8;
    answer(s, a);
    pass(s, 1100 * NS_PER_MS);
    hear(s, DHCP6_REQUEST);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-2")));
    assert_true(ip_equal(&heard.address, &other));
    end(s);
    s = start(0x80);
    hear(s, DHCP6_SOLICIT);
    a.preference = 255; /* nobody is above: no wait */
    answer(s, a);
    hear(s, DHCP6_REQUEST);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-3")));
    end(s);
}

/* RFC 8415 15: 1 s doubling, a tenth more or less, and no limit but SOL_MAX_RT, which servers may lower. */
static void solicitations_are_sent_again(void **state)
{
    struct script *s = start(0x80);
    uint64_t began = s->now_ns, last = 0;
    hear(s, DHCP6_SOLICIT);
    uint32_t xid = heard.xid;
    for (int i = 0; i < 9; i++) {
        uint64_t wait = client(s)->next_ns - s->now_ns;
        if (i == 0)
            assert_in_range(wait, NS_PER_S, NS_PER_S * 11 / 10);
        else
            assert_in_range(wait, last * 19 / 10, last * 21 / 10);
        last = wait;
        pass(s, wait);
        hear(s, DHCP6_SOLICIT);
        assert_int_equal(heard.xid, xid);
        uint64_t elapsed = (s->now_ns - began) / (10 * NS_PER_MS);
        assert_int_equal(heard_elapsed_10ms, elapsed);
        assert_int_equal(s->n->ip6_ops->is_ready(s->n), i >= 3); /* after 15 s there is little hope */
    }
    struct answer a = usual(DHCP6_ADVERTISE);
    a.address = IP_NONE;
    a.status = DHCP6_NO_ADDRESSES;
    a.solicit_most_s = 60;
    answer(s, a);
    pass(s, client(s)->next_ns - s->now_ns);
    hear(s, DHCP6_SOLICIT);
    assert_in_range(client(s)->next_ns - s->now_ns, 54 * NS_PER_S, 66 * NS_PER_S);
    pass(s, 10 * NS_PER_S);
    answer(s, usual(DHCP6_ADVERTISE)); /* after the first round nobody waits for a better one */
    hear(s, DHCP6_REQUEST);
    end(s);
}

static void a_server_that_went_away_is_given_up(void **state)
{
    struct script *s = start_requesting();
    for (int i = 0; i < 9; i++) {
        uint64_t wait = client(s)->next_ns - s->now_ns;
        assert_in_range(wait, NS_PER_S * 9 / 10, 33 * NS_PER_S);
        pass(s, wait);
        hear(s, DHCP6_REQUEST);
    }
    pass(s, client(s)->next_ns - s->now_ns);
    hear(s, DHCP6_SOLICIT);
    end(s);
}

static void renews_with_its_server(void **state)
{
    struct script *s = start_bound();
    pass(s, 999 * NS_PER_S); /* T1: half of the preferred lifetime */
    hear_nothing(s);
    pass(s, 1 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-1")));
    assert_true(ip_equal(&heard.address, &given));
    assert_in_range(client(s)->next_ns - s->now_ns, 9 * NS_PER_S, 11 * NS_PER_S);
    struct answer a = usual(DHCP6_REPLY);
    a.server = "server-9";
    answer(s, a);
    assert_int_equal(client(s)->state, DHCP6_RENEWING);
    a.server = "server-1";
    a.t1_s = 100;
    a.t2_s = 200;
    uint64_t asked_ns = client(s)->began_ns;
    assert_in_range(s->now_ns - asked_ns, 0, 2 * NS_PER_S);
    answer(s, a);
    assert_int_equal(client(s)->state, DHCP6_BOUND);
    assert_int_equal(ip6_find(s->n, &given)->valid_ns, asked_ns + 3600 * NS_PER_S);
    assert_int_equal(s->n->counters.dhcp6.renewed, 1);
    pass(s, 100 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    end(s);
}

static void rebinds_with_any_server_and_then_loses(void **state)
{
    struct script *s = start_bound();
    pass(s, 1599 * NS_PER_S);
    struct bytes b;
    while (next_message(s, &b)) {
        assert_true(dhcp6_parse(b, &heard));
        assert_int_equal(heard.type, DHCP6_RENEW);
    }
    pass(s, 1 * NS_PER_S); /* T2: 0.8 of the preferred lifetime */
    hear(s, DHCP6_REBIND);
    assert_int_equal(heard.server_id.len, 0);
    struct answer a = usual(DHCP6_REPLY);
    a.server = "server-2";
    answer(s, a);
    assert_int_equal(client(s)->state, DHCP6_BOUND);
    forget_sent(s);
    pass(s, 1000 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-2")));
    forget_sent(s);
    pass(s, 1001 * NS_PER_S);
    assert_int_equal(ip6_find(s->n, &given)->preferred_ns, 0);
    pass(s, 1598 * NS_PER_S);
    assert_non_null(ip6_find(s->n, &given));
    forget_sent(s);
    pass(s, 1 * NS_PER_S);
    assert_null(ip6_find(s->n, &given));
    hear(s, DHCP6_SOLICIT);
    assert_int_equal(s->n->counters.dhcp6.expired, 1);
    end(s);
}

static void a_renewal_may_change_the_address(void **state)
{
    struct script *s = start_bound();
    pass(s, 1000 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    struct answer a = usual(DHCP6_REPLY);
    a.address = other;
    answer(s, a);
    assert_null(ip6_find(s->n, &given));
    assert_non_null(ip6_find(s->n, &other));
    pass(s, 1000 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    a.valid_s = a.preferred_s = 0; /* taken away */
    answer(s, a);
    assert_null(ip6_find(s->n, &other));
    assert_int_equal(client(s)->state, DHCP6_SOLICITING);
    end(s);
}

/* RFC 8415 18.2.10.1. */
static void a_server_without_memory_is_asked_anew(void **state)
{
    struct script *s = start_bound();
    pass(s, 1000 * NS_PER_S);
    hear(s, DHCP6_RENEW);
    struct answer a = usual(DHCP6_REPLY);
    a.address = IP_NONE;
    a.ia_status = DHCP6_NO_BINDING;
    answer(s, a);
    hear(s, DHCP6_REQUEST);
    assert_true(ip_equal(&heard.address, &given));
    assert_non_null(ip6_find(s->n, &given)); /* still in use */
    answer(s, usual(DHCP6_REPLY));
    assert_int_equal(client(s)->state, DHCP6_BOUND);
    end(s);
}

static void refusals_make_no_storm(void **state)
{
    struct script *s = start(0x80);
    struct answer a = usual(DHCP6_ADVERTISE), no = usual(DHCP6_REPLY);
    a.preference = 255;
    no.ia_status = DHCP6_NO_ADDRESSES;
    no.address = IP_NONE;
    hear(s, DHCP6_SOLICIT);
    for (int i = 0; i < 9; i++) {
        answer(s, a);
        hear(s, DHCP6_REQUEST);
        no.status = i % 2 ? DHCP6_NOT_ON_LINK : DHCP6_SUCCESS;
        answer(s, no);
        hear_nothing(s);
        uint64_t span = NS_PER_S << (i < 6 ? i : 6);
        assert_in_range(client(s)->next_ns - s->now_ns, span * 9 / 10, span * 11 / 10);
        answer(s, a); /* nobody asked */
        hear_nothing(s);
        pass(s, client(s)->next_ns - s->now_ns);
        hear(s, DHCP6_SOLICIT);
    }
    assert_int_equal(s->n->counters.dhcp6.naks, 9);
    end(s);
}

/* A server that fails (UnspecFail) or wants multicast is asked again in the same exchange. */
static void a_failing_server_is_asked_again(void **state)
{
    struct script *s = start_requesting();
    struct answer a = usual(DHCP6_REPLY);
    a.status = DHCP6_UNSPECIFIED;
    answer(s, a);
    a.status = DHCP6_USE_MULTICAST;
    answer(s, a);
    assert_int_equal(client(s)->state, DHCP6_REQUESTING);
    uint32_t xid = heard.xid;
    pass(s, 1200 * NS_PER_MS);
    hear(s, DHCP6_REQUEST);
    assert_int_equal(heard.xid, xid);
    answer(s, usual(DHCP6_REPLY));
    assert_non_null(ip6_find(s->n, &given));
    end(s);
}

static void an_address_of_somebody_else_is_declined(void **state)
{
    struct script *s = start_bound();
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, peer, all_nodes, given, &peer_mac);
    assert_null(ip6_find(s->n, &given));
    hear(s, DHCP6_DECLINE);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-1")));
    assert_true(ip_equal(&heard.address, &given));
    pass(s, 1200 * NS_PER_MS);
    hear(s, DHCP6_DECLINE);
    struct answer a = {.type = DHCP6_REPLY, .server = "server-1", .no_ia = true};
    answer(s, a);
    hear_nothing(s);
    pass(s, 1200 * NS_PER_MS);
    hear(s, DHCP6_SOLICIT);
    assert_int_equal(s->n->counters.dhcp6.declines, 1);
    end(s);
    s = start_bound(); /* a server that does not hear it: DEC_MAX_RC */
    input_neighbour(s, ICMP6_NEIGHBOUR_ADVERTISEMENT, ND_OVERRIDE, peer, all_nodes, given, &peer_mac);
    for (int i = 0; i < 4; i++) {
        hear(s, DHCP6_DECLINE);
        pass(s, client(s)->next_ns - s->now_ns);
    }
    pass(s, 1200 * NS_PER_MS);
    hear(s, DHCP6_SOLICIT);
    end(s);
}

static void an_image_that_ends_gives_its_address_back(void **state)
{
    struct script *s = start_bound();
    s->n->ip6_ops->stop(s->n, s->now_ns);
    hear(s, DHCP6_RELEASE);
    assert_true(bytes_equal(heard.server_id, bytes_str("server-1")));
    assert_true(ip_equal(&heard.address, &given));
    assert_null(ip6_find(s->n, &given)); /* 18.2.7: not a source from then on */
    answer(s, usual(DHCP6_REPLY));
    s->n->ip6_ops->stop(s->n, s->now_ns);
    pass(s, 100 * NS_PER_S);
    assert_null(ip6_find(s->n, &given));
    assert_int_equal(s->n->counters.dhcp6.releases, 1);
    end(s);
}

static void answers_that_are_not_ours_are_ignored(void **state)
{
    struct script *s = start_requesting();
    struct counters_dhcp *c = &s->n->counters.dhcp6;
    uint64_t before = c->in_ignored;
    struct answer a = usual(DHCP6_REPLY);
    a.xid = heard.xid + 1;
    answer(s, a);
    a = usual(DHCP6_REPLY);
    a.client = "somebody";
    answer(s, a);
    a = usual(DHCP6_REPLY);
    a.server = "";
    answer(s, a);
    a = usual(DHCP6_REPLY);
    a.server = "server-9";
    answer(s, a);
    a = usual(DHCP6_REPLY);
    a.to_group = true;
    answer(s, a);
    a = usual(DHCP6_RECONFIGURE);
    answer(s, a);
    a = usual(DHCP6_ADVERTISE);
    answer(s, a);
    assert_int_equal(c->in_ignored - before, 7);
    assert_int_equal(client(s)->state, DHCP6_REQUESTING);
    assert_null(ip6_find(s->n, &given));
    answer(s, usual(DHCP6_REPLY));
    assert_non_null(ip6_find(s->n, &given));
    end(s);
}

/* RFC 8415 21.4 and 21.6, and addresses that no server may give: like no address at all. */
static void impossible_addresses_are_refused(void **state)
{
    const struct {
        const char *address;
        uint32_t t1, t2, preferred, valid;
    } cases[] = {{"2001:db8::1", 300, 200, 500, 600}, {"2001:db8::1", 0, 0, 601, 600}, {"fe80::5", 0, 0, 500, 600},
                 {"ff02::5", 0, 0, 500, 600},         {"::1", 0, 0, 500, 600},         {"2001:db8::1", 0, 0, 0, 0},
                 {"::ffff:10.0.0.1", 0, 0, 500, 600}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct script *s = start(0x80);
        struct answer a = usual(DHCP6_REPLY);
        hear(s, DHCP6_SOLICIT);
        assert_true(ip_parse(bytes_str(cases[i].address), &a.address));
        a.t1_s = cases[i].t1;
        a.t2_s = cases[i].t2;
        a.preferred_s = cases[i].preferred;
        a.valid_s = cases[i].valid;
        a.rapid = true;
        answer(s, a);
        assert_int_equal(client(s)->state, DHCP6_SOLICITING);
        assert_null(ip6_find(s->n, &a.address));
        end(s);
    }
}

static void an_address_for_ever_is_never_renewed(void **state)
{
    struct script *s = start(0x80);
    struct answer a = usual(DHCP6_REPLY);
    hear(s, DHCP6_SOLICIT);
    a.preferred_s = a.valid_s = DHCP6_FOREVER;
    a.rapid = true;
    answer(s, a);
    assert_int_equal(client(s)->next_ns, TIME_NEVER);
    assert_int_equal(ip6_find(s->n, &given)->valid_ns, TIME_NEVER);
    end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_messages),
        cmocka_unit_test(what_is_written_is_asked_for),
        cmocka_unit_test(a_router_without_flags_starts_nothing),
        cmocka_unit_test(the_key_turns_it_off),
        cmocka_unit_test(name_servers_alone_are_asked_for),
        cmocka_unit_test(name_servers_are_bounded),
        cmocka_unit_test(addresses_are_more_than_name_servers),
        cmocka_unit_test(takes_an_address),
        cmocka_unit_test(rapid_commit_saves_a_round),
        cmocka_unit_test(the_preferred_server_is_taken),
        cmocka_unit_test(solicitations_are_sent_again),
        cmocka_unit_test(a_server_that_went_away_is_given_up),
        cmocka_unit_test(renews_with_its_server),
        cmocka_unit_test(rebinds_with_any_server_and_then_loses),
        cmocka_unit_test(a_renewal_may_change_the_address),
        cmocka_unit_test(a_server_without_memory_is_asked_anew),
        cmocka_unit_test(refusals_make_no_storm),
        cmocka_unit_test(a_failing_server_is_asked_again),
        cmocka_unit_test(an_address_of_somebody_else_is_declined),
        cmocka_unit_test(an_image_that_ends_gives_its_address_back),
        cmocka_unit_test(answers_that_are_not_ours_are_ignored),
        cmocka_unit_test(impossible_addresses_are_refused),
        cmocka_unit_test(an_address_for_ever_is_never_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
