/* SPDX-License-Identifier: ISC */
/* Ethernet, IPv4, ICMP and UDP of the core, on a fake device. */
#include "test/support/net_script.h"

static uint8_t zeros[65536];

static struct bytes data(size_t len)
{
    return bytes_of(zeros, len);
}

/* ---- Ethernet ---- */

static void frames_for_others_are_counted(void **state)
{
    struct script *s = script_new();
    struct counters_ether *c = &s->n->counters.ether;
    struct mac other = {{2, 0, 0, 0, 0, 0x33}}, group = {{1, 0, 0x5e, 1, 2, 3}};
    input_frame(s, other, PEER_MAC, ETHER_IP4, data(20));
    input_frame(s, group, PEER_MAC, ETHER_IP4, data(20));
    input_frame(s, OUR_MAC, group, ETHER_IP4, data(20));
    input_frame(s, OUR_MAC, OUR_MAC, ETHER_IP4, data(20));
    input_frame(s, OUR_MAC, PEER_MAC, 0x88cc, data(20));
    net_input(s->n, s->now_ns, data(13));
    net_input(s->n, s->now_ns, data(0));
    assert_int_equal(c->in_other_host, 1);
    assert_int_equal(c->in_group, 1);
    assert_int_equal(c->in_bad_source, 2);
    assert_int_equal(c->in_unknown_type, 1);
    assert_int_equal(c->in_short, 2);
    assert_int_equal(c->in, 7);
    assert_int_equal(s->n->counters.ip4.in, 0);
    script_end(s);
}

static void a_full_device_is_said_and_counted(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    s->full = true;
    struct ip_out o = {.dst = PEER_IP, .protocol = 99};
    struct bytes v = data(8);
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_AGAIN);
    assert_int_equal(s->n->counters.ether.out_full, 1);
    script_end(s);
}

/* ---- IPv4 in ---- */

static void martians_are_dropped(void **state)
{
    struct script *s = script_new();
    struct ip sources[] = {
        ip4(0, 1, 2, 3), ip4(127, 0, 0, 1), ip4(224, 0, 0, 1), ip4(240, 0, 0, 1), IP_BROADCAST4, ip4(10, 0, 0, 255),
        OUR_IP};
    for (size_t i = 0; i < ARRAY_LEN(sources); i++)
        input_ip(s, (struct ip4_header){.protocol = 99, .src = sources[i], .dst = OUR_IP}, data(8));
    assert_int_equal(s->n->counters.ip4.in_martian, ARRAY_LEN(sources));
    assert_int_equal(s->n->counters.ip4.delivered, 0);
    script_end(s);
}

static void other_destinations_are_dropped(void **state)
{
    struct script *s = script_new();
    struct ip others[] = {ip4(10, 0, 0, 3), ip4(127, 0, 0, 1), ip4(224, 0, 0, 251), ip4(10, 0, 1, 255)};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        input_ip(s, (struct ip4_header){.protocol = 99, .src = PEER_IP, .dst = others[i]}, data(8));
    assert_int_equal(s->n->counters.ip4.in_other_host, ARRAY_LEN(others));
    script_end(s);
}

static void unicast_in_a_broadcast_frame_is_dropped(void **state)
{
    struct script *s = script_new();
    uint8_t b[IP4_HEADER_BYTES];
    struct writer w = writer_of(b, sizeof b);
    ip4_emit(&w, &(struct ip4_header){.total_len = 20, .ttl = 64, .protocol = 99, .src = PEER_IP, .dst = OUR_IP});
    input_frame(s, MAC_BROADCAST, PEER_MAC, ETHER_IP4, writer_bytes(&w));
    assert_int_equal(s->n->counters.ip4.in_other_host, 1);
    script_end(s);
}

static void broken_headers_are_counted_by_kind(void **state)
{
    struct script *s = script_new();
    struct counters_ip4 *c = &s->n->counters.ip4;
    uint8_t good[24], b[24];
    struct writer w = writer_of(good, sizeof good);
    ip4_emit(&w, &(struct ip4_header){.total_len = 24, .ttl = 64, .protocol = 99, .src = PEER_IP, .dst = OUR_IP});
    write_zeros(&w, 4);
    struct {
        size_t at;
        uint8_t value;
        uint64_t *counter;
    } cases[] = {
        {0, 0x65, &c->in_bad_header},    {0, 0x44, &c->in_bad_header}, {3, 19, &c->in_bad_header},
        {3, 25, &c->in_bad_header},      {2, 1, &c->in_bad_header},    {0, 0x4f, &c->in_bad_header},
        {10, 0xff, &c->in_bad_checksum}, {8, 63, &c->in_bad_checksum},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t before = *cases[i].counter;
        memcpy(b, good, sizeof b);
        b[cases[i].at] = cases[i].value;
        input_frame(s, OUR_MAC, PEER_MAC, ETHER_IP4, bytes_of(b, sizeof b));
        assert_int_equal(*cases[i].counter, before + 1);
    }
    assert_int_equal(c->delivered, 0);
    script_end(s);
}

static void input_options(struct script *s, const uint8_t options[static 4])
{
    uint8_t b[24];
    struct writer w = writer_of(b, sizeof b);
    ip4_emit(&w, &(struct ip4_header){.total_len = 24, .ttl = 64, .protocol = 99, .src = PEER_IP, .dst = OUR_IP});
    write_copy(&w, options, 4);
    b[0] = 0x46;
    b[10] = b[11] = 0;
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(b, sizeof b), false));
    b[10] = (uint8_t)(sum >> 8);
    b[11] = (uint8_t)sum;
    input_frame(s, OUR_MAC, PEER_MAC, ETHER_IP4, bytes_of(b, sizeof b));
}

static void options_are_skipped_but_source_routes_refused(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    input_options(s, (uint8_t[]){1, 1, 0, 99});
    assert_int_equal(s->n->counters.ip4.delivered, 1);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 3/2 rest=00000000 data=24");
    input_options(s, (uint8_t[]){131, 4, 4, 0});
    input_options(s, (uint8_t[]){1, 137, 3, 4});
    assert_int_equal(s->n->counters.ip4.in_source_route, 2);
    input_options(s, (uint8_t[]){7, 5, 0, 0});
    input_options(s, (uint8_t[]){7, 1, 0, 0});
    input_options(s, (uint8_t[]){1, 1, 1, 7});
    assert_int_equal(s->n->counters.ip4.in_bad_options, 3);
    assert_int_equal(s->n->counters.ip4.delivered, 1);
    script_end(s);
}

struct seen {
    struct net_transport t;
    struct ip_in in;
    struct ip_problem problem;
    int n_in, n_problems;
};

static void see_input(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    struct seen *seen = CONTAINER_OF(t, struct seen, t);
    seen->in = *in;
    seen->n_in++;
}

static void see_problem(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
    struct seen *seen = CONTAINER_OF(t, struct seen, t);
    seen->problem = *p;
    seen->n_problems++;
}

static void segments_reach_tcp_without_padding(void **state)
{
    struct seen seen = {.t = {see_input, see_problem}};
    struct script *s = script_with_tcp(&seen.t);
    uint8_t b[60] = {0};
    struct writer w = writer_of(b, sizeof b);
    struct ip4_header h = {
        .total_len = 25, .ttl = 7, .tos = 3, .protocol = IP_TCP, .src = PEER_IP, .dst = OUR_IP, .dont_fragment = true};
    ip4_emit(&w, &h);
    input_frame(s, OUR_MAC, PEER_MAC, ETHER_IP4, bytes_of(b, sizeof b));
    assert_int_equal(seen.n_in, 1);
    assert_int_equal(seen.in.payload.len, 5);
    assert_int_equal(seen.in.ttl, 7);
    assert_int_equal(seen.in.tos, 3);
    assert_false(seen.in.broadcast);
    assert_true(ip_equal(&seen.in.src, &(struct ip[]){ip4(10, 0, 0, 9)}[0]));
    script_end(s);
}

/* ---- IPv4 out ---- */

static void tcp_does_not_fragment_and_others_do(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    struct ip_out o = {.dst = PEER_IP, .protocol = 99, .dont_fragment = true};
    struct bytes v[3] = {data(1000), data(477), data(4)};
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, v, 3), ERR_TOO_LARGE);
    assert_int_equal(s->n->counters.ip4.out_too_large, 1);
    v[2].len = 3;
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, v, 3), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 DF protocol=99 data=1480");
    o.dont_fragment = false;
    v[2].len = 1484;
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, v, 3), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 part 0+1480...");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 part 1480+1480...");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 part 2960+1");
    script_end(s);
}

/* RFC 1191: what a transport was told holds for all of them, for ten minutes. */
static void a_narrow_path_is_remembered(void **state)
{
    struct script *s = script_new();
    struct ip src, peer_ip = PEER_IP, other = ip4(10, 0, 0, 8);
    uint16_t room;
    know_peer(s);
    struct ip_below *b = &s->n->below;
    b->narrow(b, s->now_ns, &peer_ip, 1300);
    assert_int_equal(b->route(b, &peer_ip, &src, &room), OK);
    assert_int_equal(room, 1280);
    assert_int_equal(b->route(b, &other, &src, &room), OK);
    assert_int_equal(room, 1480);
    struct ip_out o = {.dst = PEER_IP, .protocol = 99, .dont_fragment = true};
    struct bytes v = data(1281);
    assert_int_equal(b->send(b, s->now_ns, &o, &v, 1), ERR_TOO_LARGE);
    o.dont_fragment = false;
    assert_int_equal(b->send(b, s->now_ns, &o, &v, 1), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 part 0+1280...");
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 part 1280+1");
    b->narrow(b, s->now_ns, &peer_ip, 1400);
    b->narrow(b, s->now_ns, &peer_ip, 68);
    assert_int_equal(ip4_path_find(s->n, &peer_ip), IP4_PATH_LEAST_BYTES);
    assert_int_equal(s->n->counters.ip4.path_mtu, 2);
    s->now_ns += 601 * NS_PER_S;
    assert_true(net_deadline(s->n) <= s->now_ns);
    net_tick(s->n, s->now_ns);
    assert_int_equal(ip4_path_find(s->n, &peer_ip), 1500);
    net_free(s->n);
    free(s);
}

static void narrow_paths_are_bounded(void **state)
{
    struct script *s = script_new();
    for (uint8_t i = 0; i <= IP4_PATHS; i++) {
        struct ip dst = ip4(10, 0, 0, (uint8_t)(100 + i));
        s->n->below.narrow(&s->n->below, s->now_ns++, &dst, 1300);
    }
    struct ip first = ip4(10, 0, 0, 100), second = ip4(10, 0, 0, 101), last = ip4(10, 0, 0, 100 + IP4_PATHS);
    assert_int_equal(s->n->counters.ip4.paths_evicted, 1);
    assert_int_equal(ip4_path_find(s->n, &first), 1500);
    assert_int_equal(ip4_path_find(s->n, &second), 1300);
    assert_int_equal(ip4_path_find(s->n, &last), 1300);
    net_free(s->n);
    free(s);
}

static void fragments_carry_the_bytes_and_one_identification(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    uint8_t b[4000];
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 7 / 3);
    struct bytes v[3] = {bytes_of(b, 1), bytes_of(b + 1, 2000), bytes_of(b + 2001, 1999)};
    struct ip_out o = {.dst = PEER_IP, .protocol = 99};
    for (int round = 0; round < 2; round++)
        assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, v, 3), OK);
    uint16_t id[2];
    size_t at = 0;
    for (size_t i = s->n_read; i < s->n_sent; i++) {
        struct ip4_header h;
        struct bytes payload, packet = bytes_of(s->sent[i].b + ETHER_BYTES, s->sent[i].len - ETHER_BYTES);
        assert_int_equal(ip4_parse(packet, &h, &payload), IP4_GOOD);
        assert_int_equal(h.offset, at);
        assert_memory_equal(payload.data, b + at, payload.len);
        at = h.more_fragments ? at + payload.len : 0;
        if (h.offset)
            assert_int_equal(h.id, id[(i - s->n_read) / 3]);
        id[(i - s->n_read) / 3] = h.id;
    }
    assert_int_equal(s->n_sent - s->n_read, 6);
    assert_int_equal(id[1], id[0] + 1);
    forget_sent(s);
    script_end(s);
}

/* What is sent last is the identification of a datagram of 8 bytes. */
static uint16_t id_of(struct script *s, struct ip dst, bool dont_fragment)
{
    struct ip_out o = {.dst = dst, .protocol = 99, .dont_fragment = dont_fragment};
    struct bytes payload, v = data(8);
    struct ip4_header h;
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), OK);
    const struct sent *f = &s->sent[s->n_sent - 1];
    assert_int_equal(ip4_parse(bytes_of(f->b + ETHER_BYTES, f->len - ETHER_BYTES), &h, &payload), IP4_GOOD);
    assert_true(ip_equal(&h.dst, &dst));
    return h.id;
}

/* RFC 6864 4.1 and 4.3: none where nobody may fragment, and for each destination numbers of its own, begun at random. */
static void identifications_are_those_of_the_destination(void **state)
{
    struct script *s = script_new();
    struct ip other = ip4(224, 0, 0, 251);
    know_peer(s);
    uint16_t first = id_of(s, PEER_IP, false), first_other = id_of(s, other, false);
    assert_int_equal(first, (uint16_t)script_random());
    assert_int_equal(id_of(s, PEER_IP, true), 0);
    assert_int_equal(id_of(s, PEER_IP, false), first + 1);
    assert_int_equal(id_of(s, other, false), first_other + 1);
    forget_sent(s);
    script_end(s);
}

static void no_route_is_said(void **state)
{
    struct script *s = script_without_address(NULL);
    struct ip_out o = {.dst = PEER_IP, .protocol = 99};
    struct ip src, far = ip4(192, 0, 2, 1);
    uint16_t len;
    struct bytes v = data(8);
    struct ip_net net = {OUR_IP, 24};
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_UNREACHABLE);
    assert_int_equal(s->n->below.route(&s->n->below, &o.dst, &src, &len), ERR_UNREACHABLE);
    assert_int_equal(net_set_static(s->n, s->now_ns, &net, &IP_NONE), OK);
    forget_sent(s);
    struct ip unreachable[] = {far, OUR_IP, ip4(127, 0, 0, 1), ip4(0, 0, 0, 0), IP_NONE};
    for (size_t i = 0; i < ARRAY_LEN(unreachable); i++) {
        o.dst = unreachable[i];
        assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), ERR_UNREACHABLE);
    }
    assert_int_equal(s->n->counters.ip4.out_unreachable, 1 + ARRAY_LEN(unreachable));
    assert_int_equal(s->n->below.route(&s->n->below, &(struct ip[]){PEER_IP}[0], &src, &len), OK);
    assert_int_equal(len, 1480);
    assert_int_equal(ip4_u32(&src), 0x0a000002);
    script_end(s);
}

static void groups_and_broadcast_need_no_neighbour(void **state)
{
    struct script *s = script_new();
    struct ip_out o = {.dst = ip4(224, 0, 0, 251), .protocol = 99};
    struct bytes v = data(8);
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), OK);
    expect(s, "*fb 10.0.0.2>224.0.0.251 ttl=1 protocol=99 data=8");
    o.dst = ip4(10, 0, 0, 255);
    assert_int_equal(s->n->below.send(&s->n->below, s->now_ns, &o, &v, 1), OK);
    expect(s, "*ff 10.0.0.2>10.0.0.255 ttl=64 protocol=99 data=8");
    script_end(s);
}

/* ---- ICMP ---- */

static void echoes_of_all_sizes(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO, .rest = 0x12340001, .data = data(0)}, OUR_IP);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 0/0 rest=12340001 data=0");
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO, .rest = 0x12340002, .data = data(1471)}, OUR_IP);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 0/0 rest=12340002 data=1471");
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO, .rest = 0x12340003, .data = data(65507)}, OUR_IP);
    for (size_t at = 0; at < 65515; at += 1480) {
        char text[TEXT_BYTES];
        size_t len = 65515 - at < 1480 ? 65515 - at : 1480;
        snprintf(text, sizeof text, "09 10.0.0.2>10.0.0.9 ttl=64 part %zu+%zu%s", at, len, len == 1480 ? "..." : "");
        expect(s, text);
    }
    script_end(s);
}

static void broadcast_echoes_are_not_answered(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO, .data = data(8)}, ip4(10, 0, 0, 255));
    input_icmp(s, (struct icmp4){.type = ICMP4_ECHO, .data = data(8)}, IP_BROADCAST4);
    assert_int_equal(s->n->counters.icmp.in_echo_broadcast, 2);
    script_end(s);
}

static void closed_ports_are_told_sparingly(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    struct endpoint from = {PEER_IP, 1234}, to = {OUR_IP, 9};
    for (int i = 0; i < ICMP_ERROR_BURST + 5; i++)
        input_udp(s, from, to, data(1000));
    for (int i = 0; i < ICMP_ERROR_BURST; i++)
        expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 3/3 rest=00000000 data=548");
    expect_nothing(s);
    assert_int_equal(s->n->counters.icmp.out_limited, 5);
    pass(s, NS_PER_S / ICMP_ERRORS_PER_S);
    input_udp(s, from, to, data(5));
    input_udp(s, from, to, data(5));
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 3/3 rest=00000000 data=33");
    expect_nothing(s);
    assert_int_equal(s->n->counters.udp.in_no_port, ICMP_ERROR_BURST + 7);
    script_end(s);
}

static void no_errors_about_errors_and_broadcasts(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    input_udp(s, (struct endpoint){PEER_IP, 1}, (struct endpoint){ip4(10, 0, 0, 255), 9}, data(4));
    assert_int_equal(s->n->counters.icmp.out_suppressed, 1);
    input_icmp(s, (struct icmp4){.type = ICMP4_UNREACHABLE, .code = 3, .data = data(28)}, OUR_IP);
    input_icmp(s, (struct icmp4){.type = 77, .data = data(28)}, OUR_IP);
    input_ip(s, (struct ip4_header){.protocol = IP_ICMP, .src = PEER_IP, .dst = OUR_IP}, data(7));
    assert_int_equal(s->n->counters.icmp.in_errors_not_ours, 1);
    assert_int_equal(s->n->counters.icmp.in_ignored, 1);
    assert_int_equal(s->n->counters.icmp.in_malformed, 1);
    script_end(s);
}

/* Quotes the first 28 bytes of a packet from us to the peer. */
static void input_error(struct script *s, uint8_t type, uint8_t code, uint32_t rest, uint8_t protocol, size_t cut)
{
    uint8_t b[28];
    struct writer w = writer_of(b, sizeof b);
    ip4_emit(&w,
             &(struct ip4_header){.total_len = 1500, .ttl = 1, .protocol = protocol, .src = OUR_IP, .dst = PEER_IP});
    write_be32(&w, 1000 << 16 | 53);
    write_be32(&w, 0x11223344);
    input_icmp(s, (struct icmp4){.type = type, .code = code, .rest = rest, .data = bytes_of(b, 28 - cut)}, OUR_IP);
}

static void errors_reach_the_transport(void **state)
{
    struct seen seen = {.t = {see_input, see_problem}};
    struct script *s = script_with_tcp(&seen.t);
    const struct {
        uint8_t type, code;
        enum icmp_problem problem;
    } cases[] = {
        {3, 0, PROBLEM_UNREACHABLE},      {3, 1, PROBLEM_UNREACHABLE}, {3, 2, PROBLEM_PORT_UNREACHABLE},
        {3, 3, PROBLEM_PORT_UNREACHABLE}, {3, 4, PROBLEM_TOO_BIG},     {3, 13, PROBLEM_PROHIBITED},
        {11, 0, PROBLEM_TIME_EXCEEDED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        input_error(s, cases[i].type, cases[i].code, 1400, IP_TCP, 0);
        assert_int_equal(seen.n_problems, i + 1);
        assert_int_equal(seen.problem.problem, cases[i].problem);
        assert_int_equal(seen.problem.payload.len, 8);
        assert_int_equal(seen.problem.mtu_bytes, cases[i].problem == PROBLEM_TOO_BIG ? 1400 : 0);
    }
    input_error(s, 3, 1, 0, IP_TCP, 1); /* quotes only 7 bytes */
    input_error(s, 4, 0, 0, IP_TCP, 0); /* source quench */
    assert_int_equal(seen.n_problems, ARRAY_LEN(cases));
    assert_int_equal(s->n->counters.icmp.in_ignored, 1);
    script_end(s);
}

static void udp_sockets_hear_of_errors(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u;
    enum err problem;
    struct endpoint peer;
    assert_int_equal(udp_open(s->n, 1000, &u), OK);
    input_error(s, 3, 3, 0, IP_UDP, 0);
    assert_true(udp_problem(u, &problem, &peer));
    assert_int_equal(problem, ERR_REFUSED);
    assert_int_equal(peer.port, 53);
    script_end(s);
}

static void incomplete_datagrams_are_told_after_their_time(void **state)
{
    struct script *s = script_new();
    know_peer(s);
    struct ip4_header h = {.protocol = IP_UDP, .src = PEER_IP, .dst = OUR_IP, .more_fragments = true, .id = 1};
    input_ip(s, h, data(1480));
    h.id = 2;
    h.offset = 8; /* its beginning never comes: nobody is told */
    input_ip(s, h, data(1480));
    pass(s, FRAG_TIMEOUT_NS - 1);
    expect_nothing(s);
    pass(s, 1);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 icmp 11/1 rest=00000000 data=28");
    assert_int_equal(s->n->counters.frag.timeouts, 2);
    script_end(s);
}

/* ---- UDP ---- */

static void datagrams_in_and_out(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u;
    uint8_t b[8];
    size_t len;
    struct endpoint from, peer = {PEER_IP, 1234};
    know_peer(s);
    assert_int_equal(udp_open(s->n, 53, &u), OK);
    assert_int_equal(udp_take(u, b, sizeof b, &len, &from), ERR_AGAIN);
    input_udp(s, peer, (struct endpoint){OUR_IP, 53}, bytes_str("hello, world"));
    input_udp(s, peer, (struct endpoint){OUR_IP, 53}, data(0));
    assert_int_equal(udp_take(u, b, sizeof b, &len, &from), OK);
    assert_int_equal(len, 12); /* cut, and said */
    assert_memory_equal(b, "hello, w", 8);
    assert_int_equal(from.port, 1234);
    assert_int_equal(udp_take(u, b, sizeof b, &len, &from), OK);
    assert_int_equal(len, 0);
    assert_int_equal(udp_take(u, b, sizeof b, &len, &from), ERR_AGAIN);
    struct bytes v[2] = {bytes_str("abc"), bytes_str("defg")};
    assert_int_equal(udp_transmit(u, s->now_ns, &peer, v, 2), OK);
    expect(s, "09 10.0.0.2>10.0.0.9 ttl=64 udp 53>1234 data=7");
    udp_shut(u, s->now_ns);
    assert_int_equal(s->n->udp.chunks.n_used, 0);
    script_end(s);
}

static void the_largest_datagram_arrives_whole(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u;
    static uint8_t b[65507], got[65507];
    size_t len;
    struct endpoint from;
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 31 >> 3);
    assert_int_equal(udp_open(s->n, 53, &u), OK);
    input_udp(s, (struct endpoint){PEER_IP, 1}, (struct endpoint){OUR_IP, 53}, bytes_of(b, sizeof b));
    assert_int_equal(udp_take(u, got, sizeof got, &len, &from), OK);
    assert_int_equal(len, sizeof b);
    assert_memory_equal(b, got, sizeof b);
    struct bytes v[2] = {data(65507), data(1)};
    assert_int_equal(udp_transmit(u, s->now_ns, &from, v, 2), ERR_TOO_LARGE);
    udp_shut(u, s->now_ns);
    script_end(s);
}

static void bad_datagrams_are_counted(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u;
    uint8_t b[] = {0, 1, 0, 53, 0, 9, 0, 0, 42, 0xee};
    struct ip4_header h = {.protocol = IP_UDP, .src = PEER_IP, .dst = OUR_IP};
    assert_int_equal(udp_open(s->n, 53, &u), OK);
    input_ip(s, h, bytes_of(b, sizeof b)); /* no checksum, one byte of padding */
    assert_int_equal(u->first->len, 1);
    b[7] = 1;
    input_ip(s, h, bytes_of(b, sizeof b));
    assert_int_equal(s->n->counters.udp.in_bad_checksum, 1);
    b[5] = 11;
    input_ip(s, h, bytes_of(b, sizeof b));
    b[5] = 7;
    input_ip(s, h, bytes_of(b, sizeof b));
    input_ip(s, h, bytes_of(b, 7));
    assert_int_equal(s->n->counters.udp.in_bad_length, 3);
    assert_int_equal(s->n->counters.udp.delivered, 1);
    script_end(s);
}

static void fill(struct script *s, uint16_t port, int n)
{
    while (n-- > 0)
        input_udp(s, (struct endpoint){PEER_IP, 1}, (struct endpoint){OUR_IP, port}, data(10));
}

static void queues_are_bounded(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u[2];
    struct counters_udp *c = &s->n->counters.udp;
    for (uint16_t i = 0; i < 2; i++)
        assert_int_equal(udp_open(s->n, (uint16_t)(100 + i), &u[i]), OK);
    fill(s, 100, UDP_CHUNKS_PER_SOCKET);
    assert_int_equal(c->delivered, UDP_CHUNKS_PER_SOCKET);
    fill(s, 100, 2);
    assert_int_equal(c->in_queue_full, 2);
    fill(s, 101, UDP_CHUNKS_PER_SOCKET);
    assert_int_equal(c->delivered, UDP_CHUNKS);
    assert_int_equal(s->n->udp.chunks.n_used, UDP_CHUNKS);
    assert_int_equal(c->in_memory_full, 2 * UDP_CHUNKS_PER_SOCKET - UDP_CHUNKS);
    assert_int_equal(c->in_queue_full, 2);
    udp_shut(u[0], s->now_ns);
    fill(s, 101, 1);
    assert_int_equal(c->delivered, UDP_CHUNKS + 1);
    script_end(s);
}

static void sockets_are_bounded_and_ports_unique(void **state)
{
    struct script *s = script_new();
    struct udp_socket *u[UDP_SOCKETS], *more;
    for (size_t i = 0; i < UDP_SOCKETS; i++) {
        assert_int_equal(udp_open(s->n, 0, &u[i]), OK);
        assert_true(udp_port(u[i]) >= 49152);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(udp_port(u[i]), udp_port(u[k]));
    }
    assert_int_equal(udp_open(s->n, udp_port(u[3]), &more), ERR_IN_USE);
    assert_int_equal(udp_open(s->n, 0, &more), ERR_FULL);
    assert_int_equal(s->n->counters.udp.sockets_full, 1);
    udp_shut(u[3], s->now_ns);
    assert_int_equal(udp_open(s->n, 7, &more), OK);
    script_end(s);
}

static uint32_t next_random;

static uint32_t chosen_random(void)
{
    return next_random;
}

/* RFC 6056 3.3.1: any of the dynamic ports, as the generator says; a taken one gives way to the next. */
static void ports_come_from_the_generator(void **state)
{
    struct script *s = script_new();
    const uint32_t values[] = {0, 16383, 16384 + 77, UINT32_MAX};
    const uint16_t ports[] = {49152, 65535, 49152 + 77, 49153};
    s->n->random = chosen_random;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        struct udp_socket *u;
        next_random = values[i];
        assert_int_equal(udp_open(s->n, 0, &u), OK);
        assert_int_equal(udp_port(u), ports[i]); /* the last one: behind 65535 and 49152, which are taken */
    }
    script_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_for_others_are_counted),
        cmocka_unit_test(a_full_device_is_said_and_counted),
        cmocka_unit_test(martians_are_dropped),
        cmocka_unit_test(other_destinations_are_dropped),
        cmocka_unit_test(unicast_in_a_broadcast_frame_is_dropped),
        cmocka_unit_test(broken_headers_are_counted_by_kind),
        cmocka_unit_test(options_are_skipped_but_source_routes_refused),
        cmocka_unit_test(segments_reach_tcp_without_padding),
        cmocka_unit_test(tcp_does_not_fragment_and_others_do),
        cmocka_unit_test(a_narrow_path_is_remembered),
        cmocka_unit_test(narrow_paths_are_bounded),
        cmocka_unit_test(fragments_carry_the_bytes_and_one_identification),
        cmocka_unit_test(identifications_are_those_of_the_destination),
        cmocka_unit_test(no_route_is_said),
        cmocka_unit_test(groups_and_broadcast_need_no_neighbour),
        cmocka_unit_test(echoes_of_all_sizes),
        cmocka_unit_test(broadcast_echoes_are_not_answered),
        cmocka_unit_test(closed_ports_are_told_sparingly),
        cmocka_unit_test(no_errors_about_errors_and_broadcasts),
        cmocka_unit_test(errors_reach_the_transport),
        cmocka_unit_test(udp_sockets_hear_of_errors),
        cmocka_unit_test(incomplete_datagrams_are_told_after_their_time),
        cmocka_unit_test(datagrams_in_and_out),
        cmocka_unit_test(the_largest_datagram_arrives_whole),
        cmocka_unit_test(bad_datagrams_are_counted),
        cmocka_unit_test(queues_are_bounded),
        cmocka_unit_test(sockets_are_bounded_and_ports_unique),
        cmocka_unit_test(ports_come_from_the_generator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
