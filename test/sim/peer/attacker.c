/* SPDX-License-Identifier: ISC */
/* Sends SYNs in the names of hosts that do not exist, on the link or behind the gateway that he plays. */
#include "peer.h"

#include "wire/arp.h"
#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>
#include <jinn/random.h>

#define IP_PROTOCOL_TCP 6

static struct log_source logs = LOG_SOURCE("attacker");
static const struct peer *self;
static struct mac target = {{2, 0, 0, 0, 1, 1}}; /* the simulator's first machine */

static void transmit(struct writer *w)
{
    struct bytes frame = writer_bytes(w);
    (void)!self->dev->ops->send(self->dev, &frame, 1);
}

static uint16_t checksum(const struct ip4_header *ip, struct bytes segment)
{
    uint64_t sum = checksum_pseudo(&ip->src, &ip->dst, IP_PROTOCOL_TCP, (uint32_t)segment.len);
    return checksum_finish(checksum_add(sum, segment, false));
}

static void send_syn(uint16_t port)
{
    uint8_t frame[ETHER_BYTES + IP4_HEADER_BYTES + TCP_HEADER_MAX_BYTES], segment[TCP_HEADER_MAX_BYTES];
    struct writer w = writer_of(frame, sizeof frame), tcp = writer_of(segment, sizeof segment);
    const struct tcp_segment syn = {.src_port = (uint16_t)(1024 + random_below(60000)),
                                    .dst_port = port,
                                    .seq = seq_of(random_u32()),
                                    .flags = TCP_SYN,
                                    .window = 65535,
                                    .has_mss = true,
                                    .mss = 1460};
    struct ip src = self->off_link ? ip4_of_u32(0xac100000 + random_below(1 << 20))
                                   : ip4(10, 0, 0, (uint8_t)(20 + random_below(60)));
    tcp_emit(&tcp, &syn);
    const struct ip4_header ip = {.total_len = (uint16_t)(IP4_HEADER_BYTES + writer_len(&tcp)),
                                  .ttl = 64,
                                  .protocol = IP_PROTOCOL_TCP,
                                  .src = src,
                                  .dst = self->server};
    tcp_emit_checksum(segment, checksum(&ip, writer_bytes(&tcp)));
    ether_emit(&w, &(struct ether){target, self->dev->mac, ETHER_IP4});
    ip4_emit(&w, &ip);
    write_bytes(&w, writer_bytes(&tcp));
    transmit(&w);
}

static void answer_arp(struct bytes frame)
{
    struct reader r = reader_of(frame);
    struct ether e;
    struct arp_packet p;
    uint8_t out[ETHER_BYTES + ARP_BYTES];
    struct writer w = writer_of(out, sizeof out);
    struct ip gateway = ip4(10, 0, 0, 254);
    if (!ether_parse(&r, &e) || e.type != ETHER_ARP || !arp_parse(&r, &p) || p.operation != ARP_REQUEST ||
        !ip_equal(&p.target_ip, &gateway))
        return;
    ether_emit(&w, &(struct ether){p.sender_mac, self->dev->mac, ETHER_ARP});
    arp_emit(&w, &(struct arp_packet){ARP_REPLY, self->dev->mac, gateway, p.sender_mac, p.sender_ip});
    transmit(&w);
}

static void play_gateway(void *arg)
{
    struct fiber_waiter w;
    uint8_t frame[PLAT_FRAME_BYTES];
    size_t len;
    (void)arg;
    fiber_waiter_init(&w);
    self->dev->ops->watch(self->dev, &w.waiter);
    while (fiber_park(TIME_NEVER) == OK) {
        while (self->dev->ops->recv(self->dev, frame, sizeof frame, &len) == OK)
            answer_arp(bytes_of(frame, len));
    }
}

int peer_attacker(const struct peer *p)
{
    static const uint16_t ports[] = {PORT_ECHO, PORT_SOURCE, PORT_HTTP, 81};
    struct scope scope;
    uint64_t until_ns = time_after(sched_now(), p->for_ns), n = 0;
    self = p;
    scope_open(&scope);
    if (scope_spawn(&scope, "gateway", play_gateway, NULL) != OK)
        return 1;
    while (sched_now() < until_ns && fiber_sleep(time_after(sched_now(), NS_PER_S / (uint64_t)p->rate)) == OK)
        send_syn(ports[n++ % ARRAY_LEN(ports)]);
    scope_cancel(&scope);
    scope_join(&scope);
    log_info(&logs, "result sent=%llu", (unsigned long long)n);
    return 0;
}
