/* SPDX-License-Identifier: ISC */
/* The whole way of received frames, TCP included: a sequence of frames and steps in time, on a stack with an address, or
 * with DHCP. Input: a byte of options, then records: kind, two bytes of length, so many bytes. IPv6 takes
 * its addresses from routers. Kind bits: 0 time step
 * of `length` * 10 ms instead of a frame; 1 the checksums are made right first, so that the fuzzer gets through; 2 the device
 * says that it joined and checked it. Options: bit 0 DHCP, bit 1 a device with offloads. */
#include "net/net.h"
#include "net/tcp.h"
#include "wire/ip6.h"
#include "wire/checksum.h"

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

static void put(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

/* Fills in the checksum behind the headers of an IPv6 frame, if it is no fragment. */
static void fix6(uint8_t *f, size_t len)
{
    static const uint8_t place[256] = {[IP_ICMP6] = 2, [IP_TCP] = 16, [IP_UDP] = 6};
    struct bytes packet = bytes_of(f + ETHER_BYTES, len - ETHER_BYTES), datagram;
    struct ip6_header h;
    if (!ip6_parse(packet, &h, &datagram))
        return;
    struct ip6_walk w = ip6_walk_start(&h);
    if (ip6_walk(&w, datagram) != IP6_FOUND_UPPER)
        return;
    struct bytes payload = bytes_slice(datagram, w.at, datagram.len);
    size_t at = place[w.next];
    if (!at || payload.len < at + 2)
        return;
    uint8_t *field = f + ETHER_BYTES + w.at + at;
    uint64_t sum = checksum_pseudo(&h.src, &h.dst, w.next, (uint32_t)payload.len);
    put(field, 0);
    put(field, checksum_finish(checksum_add(sum, payload, false)));
}

/* Fills in the checksums of an IPv4 frame as far as its lengths make sense. */
static void fix(uint8_t *f, size_t len)
{
    static const uint8_t place[256] = {[IP_ICMP] = 2, [IP_IGMP] = 2, [IP_TCP] = 16, [IP_UDP] = 6};
    if (len > ETHER_BYTES && f[12] == 0x86 && f[13] == 0xdd)
        fix6(f, len);
    if (len < ETHER_BYTES + IP4_HEADER_BYTES || f[12] != 8 || f[13] != 0)
        return;
    uint8_t *ip = f + ETHER_BYTES;
    size_t header = (ip[0] & 15) * 4u, total = (size_t)ip[2] << 8 | ip[3];
    if (header < IP4_HEADER_BYTES || total < header || total > len - ETHER_BYTES)
        return;
    put(ip + 10, 0);
    put(ip + 10, checksum_finish(checksum_add(0, bytes_of(ip, header), false)));
    size_t at = place[ip[9]], rest = total - header;
    if (!at || rest < at + 2)
        return;
    struct ip src = ip4(ip[12], ip[13], ip[14], ip[15]), dst = ip4(ip[16], ip[17], ip[18], ip[19]);
    uint64_t sum = ip[9] == IP_ICMP || ip[9] == IP_IGMP ? 0 : checksum_pseudo(&src, &dst, ip[9], (uint32_t)rest);
    put(ip + header + at, 0);
    put(ip + header + at, checksum_finish(checksum_add(sum, bytes_of(ip + header, rest), false)));
}

static void step(struct net *n, struct tcp *tcp, uint64_t *now_ns, uint64_t span_ns)
{
    *now_ns += span_ns;
    net_tick(n, *now_ns);
    tcp_tick(tcp, *now_ns);
    must(net_deadline(n) > *now_ns);
}

static void frame(struct net *n, struct tcp *tcp, uint64_t now_ns, struct bytes b, uint8_t kind)
{
    uint8_t *copy = malloc(b.len ? b.len : 1);
    if (b.len)
        memcpy(copy, b.data, b.len);
    if (kind & FIX)
        fix(copy, b.len);
    struct net_offload o = {.flags = kind & JOINED ? NET_GOOD : 0, .segments = kind & JOINED ? NET_TCP4 : NET_ONE};
    net_input_offload(n, now_ns, bytes_of(copy, b.len), &o);
    tcp_flush(tcp, now_ns);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct netdev_ops ops = {swallow, nothing, watch};
    struct netdev dev = {&ops, {{2, 0, 0, 0, 0, 2}}, 1500, 0};
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
