/* SPDX-License-Identifier: ISC */
/* The whole way of received frames, TCP included: a sequence of frames and steps in time, on a stack with an address, or
 * with DHCP. Input: a byte of options, then records: kind, two bytes of length, so many bytes. IPv6 takes
 * its addresses from routers. Kind bits: 0 time step
 * of `length` * 10 ms instead of a frame; 1 the checksums are made right first, so that the fuzzer gets through; 2 the device
 * says that it joined and checked it. Options: bit 0 DHCP, bit 1 a device with offloads. */
#include "net/net.h"
#include "net/tcp.h"

#include "fuzz/mend.h"

#include <jinn/stack.h>

#include <stdlib.h>

enum { IS_TIME = 1, FIX = 2, JOINED = 4, FRAMES_MAX = 200 };

struct edge {
    struct net_transport t;
    struct tcp *tcp;
};

static enum err swallow(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static volatile uint8_t sink;
    must(n <= NETDEV_PARTS_MAX && (!(o->flags | o->segments) || d->features));
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < v[i].len; k++)
            sink = (uint8_t)(sink + v[i].data[k]); /* so that the sanitizer sees every byte */
    }
    return OK;
}

static enum err nothing(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    return ERR_AGAIN;
}

static void watch(struct netdev *d, struct waiter *w)
{
}

static uint32_t constant(void)
{
    return 0x01020304;
}

static void seam_input(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    tcp_input(CONTAINER_OF(t, struct edge, t)->tcp, now_ns, in);
}

static void seam_problem(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
    tcp_problem(CONTAINER_OF(t, struct edge, t)->tcp, now_ns, p);
}

static void step(struct net *n, struct tcp *tcp, uint64_t *now_ns, uint64_t span_ns)
{
    *now_ns += span_ns;
    net_tick(n, *now_ns);
    tcp_tick(tcp, *now_ns);
    tcp_flush(tcp, *now_ns);
    must(net_deadline(n) > *now_ns);
}

static void frame(struct net *n, struct tcp *tcp, uint64_t now_ns, struct bytes b, uint8_t kind)
{
    uint8_t *copy = malloc(b.len ? b.len : 1);
    if (b.len)
        memcpy(copy, b.data, b.len);
    if (kind & FIX)
        mend_checksums(copy, b.len);
    struct net_offload o = {.flags = kind & JOINED ? NET_GOOD : 0, .segments = kind & JOINED ? NET_TCP4 : NET_ONE};
    net_input_offload(n, now_ns, bytes_of(copy, b.len), &o);
    tcp_flush(tcp, now_ns);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct netdev_ops ops = {swallow, nothing, watch};
    struct netdev dev = {&ops, {{2, 0, 0, 0, 0, 2}}, 1500, 0, NULL};
    struct edge edge = {.t = {seam_input, seam_problem}};
    struct net_options o = {.dev = &dev, .random = constant, .tcp = &edge.t, .ip6 = &stack_ip6};
    struct ip6_options six = {.accept_ra = true, .accept_dhcp = true, .temporary = true};
    struct net *n;
    struct udp_socket *u;
    uint64_t now_ns = NS_PER_S;
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t options = read_u8(&r);
    dev.features = options & 2 ? NET_FEATURES : 0;
    must(net_new(&o, &n) == OK);
    struct tcp_options t = {.below = &n->below, .connections = 8, .listeners = 1, .buffer_bytes = 65536};
    must(tcp_new(&t, now_ns, &edge.tcp) == OK);
    must(n->ip6_ops->start(n, now_ns, &six) == OK);
    if (options & 1)
        net_start_dhcp(n, now_ns, bytes_str("fuzz"));
    else
        must(net_set_static(n, now_ns, &(struct ip_net){ip4(10, 0, 0, 2), 24}, &(struct ip[]){ip4(10, 0, 0, 1)}[0]) ==
             OK);
    must(udp_open(n, 53, &u) == OK);
    must(group_join(n, now_ns, &(struct ip){{0xff, 2, [15] = 0xfb}}, udp_index(u)) == OK);
    must(group_join(n, now_ns, &(struct ip[]){ip4(224, 1, 2, 3)}[0], udp_index(u)) == OK);
    for (int i = 0; i < FRAMES_MAX && reader_left(&r); i++) {
        uint8_t kind = read_u8(&r);
        uint16_t len = read_be16(&r);
        if (kind & IS_TIME)
            step(n, edge.tcp, &now_ns, (len + 1) * 10 * NS_PER_MS);
        else
            frame(n, edge.tcp, now_ns, read_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)), kind);
    }
    udp_shut(u, now_ns);
    must(n->udp.chunks.n_used == 0);
    tcp_free(edge.tcp);
    net_free(n);
    return 0;
}
