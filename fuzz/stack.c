/* SPDX-License-Identifier: ISC */
/* The whole stack, both families, with everybody on the link an adversary or, when it helps to get further, an honest host:
 * each input is two bytes of options and a list of steps of 12 bytes. Steps send segments with numbers near those that count,
 * whole or in fragments, behind extension headers; shake hands, converse, pour data in; answer ARP, neighbour solicitations,
 * DHCP and DHCPv6 or do not; quote real connections in ICMP errors; advertise routers; ask for groups; make the user's calls;
 * damage the next frame; let time pass. fuzz/stack_*.h say what each step does.
 *
 * What must hold after each step is in stack_check.h; beside, no sanitizer and no assertion speaks, no deadline stays in the
 * past, what is sent is well formed with right checksums, and what is read, on either side, is what was written at that place
 * in the stream. In the end, when all is closed and time has passed, nothing is left in any pool. */
#include "fuzz/stack_check.h"
#include "fuzz/stack_link.h"
#include "fuzz/stack_peer.h"
#include "fuzz/stack_user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { OPTION_BYTES = 2 };
enum { DHCP = 1, WAIT = 2, OFFLOADS = 4, TEMPORARY = 8, NEWRENO = 16, LOOP = 32, FIXED6 = 64, ROUTES_TOO = 128 };
enum { SIZES = 3, MTUS = 12, NO_IP6 = 16, CAPTURE = 32, NO_ROUTERS = 64, BACKLOG = 128 };

/* ---- Steps ---- */

static uint64_t span_of(const uint8_t *a)
{
    static const uint64_t unit_ns[] = {1 * NS_PER_MS,   5 * NS_PER_MS, 50 * NS_PER_MS, 500 * NS_PER_MS,
                                       500 * NS_PER_MS, 5 * NS_PER_S,  120 * NS_PER_S, 7200 * NS_PER_S};
    return a[0] * unit_ns[a[1] % 8];
}

static void step_link(struct world *w, struct peer *p, const uint8_t *a)
{
    switch (a[0] % 14) {
    case 0:
        answer_arp(w, a + 2);
        break;
    case 1:
        answer_nd(w, a + 2);
        break;
    case 2:
        crowd(w, a + 1);
        break;
    case 3:
        advertise_router(w, a + 1);
        break;
    case 4:
        redirect(w, a + 1);
        break;
    case 5:
    case 6:
        complain(w, p, a + 1);
        break;
    case 7:
        send_other(w, p, a + 1);
        break;
    case 8:
        send_fragment(w, p, a + 2);
        break;
    case 9:
        speak_of_groups4(w, a + 1);
        break;
    case 10:
        speak_of_groups6(w, a + 1);
        break;
    case 11:
        speak_dhcp4(w, a + 1);
        break;
    case 12:
        speak_dhcp6(w, a + 1);
        break;
    default:
        memcpy(w->harm, a + 2, sizeof w->harm);
    }
}

static void step_peer(struct world *w, struct peer *p, const uint8_t *a)
{
    switch (a[0] % 8) {
    case 0 ... 2:
        say_something(w, p, a + 2);
        break;
    case 3:
        answer(w, p, a + 2, a[5] & ~(TCP_SYN | TCP_ACK), a[6] * 5u);
        break;
    case 4:
        shake_hands(w, p, a + 2);
        break;
    case 5:
        flood(w, p, a + 2);
        break;
    case 6:
        pour(w, p, a + 2);
        break;
    default:
        converse(w, p, a + 2);
    }
}

static void step_user(struct world *w, struct peer *p, const uint8_t *a)
{
    switch (a[0] % 8) {
    case 0 ... 2:
        call(w, a + 2);
        break;
    case 3:
        use_udp(w, a + 2);
        break;
    case 4:
    case 5:
        pass_time(w, span_of(a + 2));
        break;
    case 6:
        serve(w, a + 2);
        break;
    default:
        if (a[2] & 2)
            p->drops = a[3];
        else
            w->full = a[2] & 1;
    }
}

static void step(struct world *w, const uint8_t *a)
{
    struct peer *p = &w->peer[a[1] % PEERS];
    uint8_t kind = a[0] >> 6;
    (kind == 0 ? step_link : kind == 3 ? step_user : step_peer)(w, p, a);
}

/* ---- Life ---- */

static void begin_addresses(struct world *w, uint8_t first, uint8_t second)
{
    struct ip6_options six = {.accept_ra = !(second & NO_ROUTERS), .accept_dhcp = true, .temporary = first & TEMPORARY};
    if (first & FIXED6) {
        six.address = (struct ip_net){{{0x20, 1, 0xd, 0xb8, [15] = 2}}, 64};
        six.gateway = router_of(0);
        six.secret = bytes_str("secret");
    }
    if (has6(w))
        must(w->net->ip6_ops->start(w->net, w->now_ns, &six) == OK);
    if (first & DHCP) {
        net_start_dhcp(w->net, w->now_ns, bytes_str("fuzz"));
    } else {
        const struct ip gateway = ip4(10, 0, 0, 1);
        must(net_set_static(w->net, w->now_ns, &(struct ip_net){ip4(10, 0, 0, 2), 24}, &gateway) == OK);
    }
    if (first & ROUTES_TOO) {
        must(route_add(w->net, 0x0a000100, 24, 0x0a000003, 1, ROUTE_FIXED));
        must(route_add(w->net, 0x0a000100, 24, 0x0a000004, 2, ROUTE_FIXED));
    }
}

static void begin_tcp(struct world *w, uint8_t first, uint8_t second)
{
    static const uint32_t connections[] = {4, 8, 12, 3}, kilobytes[] = {24, 64, 1024, 256};
    struct tcp_options t = {.below = &w->net->below,
                            .connections = connections[second & SIZES],
                            .listeners = 1,
                            .buffer_bytes = kilobytes[second & SIZES] << 10};
    must(tcp_new(&t, w->now_ns, &w->tcp) == OK);
    if (first & NEWRENO)
        w->tcp->congestion = &tcp_newreno;
    w->backlog = second & BACKLOG ? 1 : 3;
    must(tcp_listen(w->tcp, 80, w->backlog, &w->listener) == OK);
}

static uint64_t some_time(void)
{
    return 1;
}

static void begin(struct world *w, uint8_t first, uint8_t second)
{
    static const uint16_t mtu_bytes[] = {1500, 1280, 576, 9000};
    struct net_options o = {.random = some_number, .tcp = &w->seam, .ip6 = second & NO_IP6 ? NULL : &stack_ip6};
    random_state = first;
    world_init(w, mtu_bytes[(second & MTUS) / 4], first & OFFLOADS ? NET_FEATURES : 0);
    if (second & CAPTURE)
        must(netdev_pcap(&w->dev, &w->sink, some_time, &w->top) == OK);
    o.dev = w->top;
    must(net_new(&o, &w->net) == OK);
    w->net->loop.ops = first & LOOP ? &loop_ops : NULL;
    begin_tcp(w, first, second);
    begin_addresses(w, first, second);
    for (int i = 0; i < SOCKETS; i++)
        must(udp_open(w->net, i ? 0 : 53, &w->socket[i]) == OK);
    if (first & WAIT)
        pass_time(w, 3 * NS_PER_S);
}

static void check_nothing_left(const struct world *w)
{
    struct tcp_counters t = tcp_counters(w->tcp);
    must(t.n_connections == 0 && t.n_half_open == 0 && t.n_time_wait == 0);
    must(t.n_chunks == 0 && t.n_pieces == 0 && t.n_runs == 0);
    must(w->net->udp.chunks.n_used == 0 && w->net->frag.chunks.n_used == 0 && w->net->frag.n_used == 0);
    must(w->net->arp.room.frames.n_used == 0 && w->net->loop.packets.n_used == 0);
    must(!has6(w) || w->net->ip6->nd.room.frames.n_used == 0);
}

static void finish(struct world *w)
{
    w->full = false;
    tcp_unlisten(w->listener, w->now_ns);
    must(list_empty(&w->acceptor.node));
    for (int i = 0; i < HELD_MAX; i++) {
        if (w->held[i].c)
            let_go(w, &w->held[i], false);
    }
    for (int i = 0; i < SOCKETS; i++)
        udp_shut(w->socket[i], w->now_ns);
    if (has6(w))
        w->net->ip6_ops->stop(w->net, w->now_ns);
    (void)dhcp_release(&w->net->dhcp, w->now_ns);
    for (int i = 0; i < 40; i++)
        pass_time(w, 30 * NS_PER_S);
    check_net(w->net);
    check_nothing_left(w);
    tcp_free(w->tcp);
    net_free(w->net);
    if (w->top != &w->dev)
        netdev_pcap_free(w->top);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct world w; /* large */
    if (len < OPTION_BYTES)
        return 0;
    begin(&w, data[0], data[1]);
    for (size_t at = OPTION_BYTES; at + STEP_BYTES <= len && at < OPTION_BYTES + (size_t)STEPS_MAX * STEP_BYTES;
         at += STEP_BYTES) {
        step(&w, data + at);
        go_round(&w);
        check(&w);
    }
    finish(&w);
    return 0;
}

/* ---- Mutations ---- */

/* Steps stay steps: one is changed, copied, moved or left out. Now and then libFuzzer does as it likes. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    size_t n = size > OPTION_BYTES ? (size - OPTION_BYTES) / STEP_BYTES : 0;
    uint32_t random = seed * UINT32_C(2654435761);
    if (n == 0 || random >> 29 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    uint8_t *steps = data + OPTION_BYTES, kept[STEP_BYTES];
    size_t from = random % n, to = (random >> 8) % n, whole = OPTION_BYTES + n * STEP_BYTES;
    switch (random >> 26 & 7) {
    case 0: /* copied to another place */
        if (whole + STEP_BYTES > max_size)
            break;
        memcpy(kept, steps + from * STEP_BYTES, STEP_BYTES);
        memmove(steps + (to + 1) * STEP_BYTES, steps + to * STEP_BYTES, (n - to) * STEP_BYTES);
        memcpy(steps + to * STEP_BYTES, kept, STEP_BYTES);
        return whole + STEP_BYTES;
    case 1: /* left out */
        memmove(steps + from * STEP_BYTES, steps + (from + 1) * STEP_BYTES, (n - from - 1) * STEP_BYTES);
        return whole - STEP_BYTES;
    case 2: /* changed places */
        memcpy(kept, steps + from * STEP_BYTES, STEP_BYTES);
        memmove(steps + from * STEP_BYTES, steps + to * STEP_BYTES, STEP_BYTES);
        memcpy(steps + to * STEP_BYTES, kept, STEP_BYTES);
        return whole;
    case 3:
        (void)LLVMFuzzerMutate(data, OPTION_BYTES, OPTION_BYTES);
        return whole;
    default:
        break;
    }
    (void)LLVMFuzzerMutate(steps + from * STEP_BYTES, STEP_BYTES, STEP_BYTES);
    return whole;
}
