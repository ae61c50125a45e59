/* SPDX-License-Identifier: ISC */
/* The seam between IP and the transports. A transport is a sans-I/O core: it is handed verified datagrams and the
 * time, and sends through ip_below. It knows nothing of links, ARP or fragments. */
#ifndef NET_IP_H
#define NET_IP_H

#include <jinn/addr.h>
#include <jinn/bytes.h>
#include <jinn/err.h>
#include <jinn/net_offload.h>

enum ip_protocol { IP_ICMP = 1, IP_IGMP = 2, IP_TCP = 6, IP_UDP = 17, IP_ICMP6 = 58 };

/* A datagram that was received, checked and reassembled. */
struct ip_in {
    struct ip src;
    struct ip dst;
    struct bytes payload; /* BORROWS the frame: until the transport's input function returns */
    uint8_t protocol;
    uint8_t ttl;
    uint8_t tos;            /* DSCP and ECN */
    bool checksum_verified; /* the device vouches for the transport's checksum */
    bool several;           /* TCP segments that the device joined */
    bool broadcast;         /* sent to a broadcast or multicast address */
};

/* A datagram to send. The payload begins with the transport's header, checksum filled in unless the device does it. */
struct ip_out {
    struct ip src; /* IP_NONE: chosen by the route */
    struct ip dst;
    uint8_t protocol;
    uint8_t ttl; /* 0: 64 */
    uint8_t tos;
    bool dont_fragment;
    uint8_t checksum_offset; /* NET_CHECKSUM_OUT: where in the header the pseudo-header's sum waits; 0: all is done */
    uint8_t header_bytes;    /* of the transport's, when the device makes segments */
    uint16_t segment_bytes;  /* payload of each segment that the device makes of this; 0: it is one datagram */
    bool first_cwr;          /* only the first segment has CWR */
};

#define IP_PIECES_MAX 6

/* How a core reaches what is below it; the stack gives the real one and tests a fake one. */
struct ip_below {
    /* Sends now or queues behind ARP (copying). BORROWS. ERR_UNREACHABLE: no route; ERR_AGAIN: dropped, the device
     * is full (counted), or several segments would have to wait for ARP, which only single ones do; ERR_TOO_LARGE: more
     * than the MTU, headers and a segment, and dont_fragment; ERR_UNSUPPORTED: segments must be single on that way. */
    enum err (*send)(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n);
    /* The source address and the largest IP payload on the way to `dst`. ERR_UNREACHABLE. */
    enum err (*route)(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes);
    /* What was sent to `dst` arrives (RFC 4861 7.3.1): its neighbour need not be asked whether it is there. May be NULL. */
    void (*reached)(struct ip_below *b, uint64_t now_ns, const struct ip *dst);
    /* The way to `dst` carries no more than `mtu_bytes`, says an ICMP error whose quotation was found to be ours (RFC 5927):
     * for other connections and transports. May be NULL. */
    void (*narrow)(struct ip_below *b, uint64_t now_ns, const struct ip *dst, uint16_t mtu_bytes);
    uint32_t features; /* enum net_feature: what of sending may be left to it */
};

/* What an ICMP error says about something that was sent: `payload` holds at least the first 8 bytes after
 * the IP header of the packet that it quotes. */
enum icmp_problem {
    PROBLEM_UNREACHABLE,
    PROBLEM_PORT_UNREACHABLE,
    PROBLEM_PROHIBITED,
    PROBLEM_TOO_BIG,
    PROBLEM_TIME_EXCEEDED
};

struct ip_problem {
    enum icmp_problem problem;
    struct ip src; /* of the quoted packet: ours */
    struct ip dst; /* of the quoted packet: the peer */
    uint8_t protocol;
    uint16_t mtu_bytes; /* PROBLEM_TOO_BIG: the next hop's */
    struct bytes payload;
};

#endif
