/* SPDX-License-Identifier: ISC */
#include "frames.h"

#include "wire/arp.h"
#include "wire/ether.h"
#include "wire/ip4.h"

#include <jinn/fiber.h>
#include <jinn/plat.h>

static void transmit(struct netdev *d, struct writer *w)
{
    struct bytes frame = writer_bytes(w);
    (void)!d->ops->send(d, &frame, 1, NULL); /* as any loss */
}

void frames_send(struct netdev *d, const struct mac *to, const struct ip *src, const struct ip *dst, uint8_t protocol,
                 struct bytes payload)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    struct writer w = writer_of(frame, sizeof frame);
    ether_emit(&w, &(struct ether){*to, d->mac, ETHER_IP4});
    ip4_emit(&w, &(struct ip4_header){.total_len = (uint16_t)(IP4_HEADER_BYTES + payload.len),
                                      .ttl = 64,
                                      .protocol = protocol,
                                      .src = *src,
                                      .dst = *dst});
    write_bytes(&w, payload);
    transmit(d, &w);
}

void frames_send_fragment(struct netdev *d, const struct mac *to, const struct ip *src, const struct ip *dst,
                          uint16_t id, uint16_t offset, struct bytes payload)
{
    uint8_t frame[PLAT_FRAME_BYTES];
    struct writer w = writer_of(frame, sizeof frame);
    ether_emit(&w, &(struct ether){*to, d->mac, ETHER_IP4});
    ip4_emit(&w, &(struct ip4_header){.total_len = (uint16_t)(IP4_HEADER_BYTES + payload.len),
                                      .id = id,
                                      .offset = offset,
                                      .more_fragments = true,
                                      .ttl = 64,
                                      .protocol = PROTOCOL_UDP,
                                      .src = *src,
                                      .dst = *dst});
    write_bytes(&w, payload);
    transmit(d, &w);
}

static bool answer_arp(struct netdev *d, const struct ip *ip, struct bytes frame)
{
    struct reader r = reader_of(frame);
    struct ether e;
    struct arp_packet p;
    uint8_t out[ETHER_BYTES + ARP_BYTES];
    struct writer w = writer_of(out, sizeof out);
    if (!ether_parse(&r, &e) || e.type != ETHER_ARP || !arp_parse(&r, &p) || p.operation != ARP_REQUEST ||
        !ip_equal(&p.target_ip, ip))
        return false;
    ether_emit(&w, &(struct ether){p.sender_mac, d->mac, ETHER_ARP});
    arp_emit(&w, &(struct arp_packet){ARP_REPLY, d->mac, *ip, p.sender_mac, p.sender_ip});
    transmit(d, &w);
    return true;
}

void frames_serve(struct netdev *d, const struct ip *ip, void (*take)(struct netdev *d, struct bytes frame))
{
    struct fiber_waiter frames, stop;
    uint8_t buffer[PLAT_FRAME_BYTES + NET_HEAD_BYTES];
    struct bytes frame;
    struct net_offload offload;
    fiber_waiter_init(&frames);
    fiber_waiter_init(&stop);
    d->ops->watch(d, &frames.waiter);
    sched_on_stop(&stop.waiter);
    while (!sched_stopping() && fiber_park(TIME_NEVER) == OK) {
        while (d->ops->recv(d, buffer, sizeof buffer, &frame, &offload) == OK) {
            if (!answer_arp(d, ip, frame) && take)
                take(d, frame);
        }
    }
    d->ops->watch(d, NULL);
    list_remove(&stop.waiter.node);
}
