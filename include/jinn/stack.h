/* SPDX-License-Identifier: ISC */
/* A TCP/IP stack on one net device: what an appliance gets for each [net NAME] of its manifest. */
#ifndef JINN_STACK_H
#define JINN_STACK_H

#include <jinn/addr.h>
#include <jinn/err.h>
#include <jinn/flow.h>
#include <jinn/netdev.h>

struct stack;

/* IPv6: an image that names it has it. */
struct ip6_ops;
extern const struct ip6_ops stack_ip6;

/* TCP, likewise. Without it listeners and connections are ERR_UNSUPPORTED. */
struct tcp_part;
extern const struct tcp_part stack_tcp_part;

/* A way to a network. IPv4. */
struct ip_route {
    struct ip_net to;
    struct ip gateway; /* 0.0.0.0: its hosts are on the link */
    uint16_t metric;   /* of equal networks the least one is taken while its gateway answers */
};

#define IP_ROUTES_MAX 8
struct ip_routes {
    struct ip_route route[IP_ROUTES_MAX];
    size_t n;
};

/* Addresses of name servers. */
#define IP_LIST_MAX 3
struct ip_list {
    struct ip ip[IP_LIST_MAX];
    size_t n;
};

/* Set by boot from the keys --ipv4=, --ipv4-gateway= and so on, and the manifest; zero means the default. */
struct stack_options {
    struct ip_net ipv4;           /* all zero: ask DHCP */
    struct ip ipv4_gateway;       /* all zero: none, or DHCP's */
    struct ip_routes ipv4_routes; /* beside those of the address, the gateway and DHCP */
    const struct ip6_ops *ip6;    /* &stack_ip6: IPv6, too; NULL: IPv4 alone */
    const struct tcp_part *tcp;   /* &stack_tcp_part: TCP, too; NULL: UDP alone */
    struct ip_net ipv6;           /* beside the link-local address and those of advertised prefixes; all zero: none */
    struct ip ipv6_gateway;       /* all zero: routers that advertise themselves */
    struct bytes ipv6_secret;     /* makes addresses of advertised prefixes the same at each start (RFC 7217) */
    bool accept_routers;          /* take routers, prefixes and addresses of IPv6 from router advertisements */
    bool ipv6_dhcp;      /* ask DHCPv6 for an address or name servers when routers say that there is a server */
    bool ipv6_temporary; /* addresses that change daily, too, preferred for connecting (RFC 8981) */
    bool ipv4_only, ipv6_only;
    struct ip_list dns_servers; /* instead of those that the network names */
    const char *dns_search;   /* domains with commas between them, likewise; may be NULL; lives as long as the stack */
    const char *hostname;     /* told to DHCP; may be NULL */
    uint32_t tcp_connections; /* limit; default by memory: 64 to 1024 (doc/limits.md) */
    uint32_t buffer_bytes;    /* received and copied data of all connections; default by memory: 64 KB to 4 MB */
};

/* Brings a stack up on the device: GIVES *s, which lives as long as the image. With DHCP it waits for a lease until
 * the deadline, or until the image is asked to stop. It needs no fiber of its own: packets and timers are served between
 * fibers. ERR_TIMEOUT, ERR_INVALID, ERR_FULL. */
MUST_USE enum err stack_up(struct netdev *d, const struct stack_options *o, uint64_t deadline_ns,
                           struct stack **s) MAY_YIELD;

struct ip_net stack_ipv4(const struct stack *s);
struct ip stack_ipv4_gateway(const struct stack *s); /* IP_NONE when there is none */
/* The first name server that the options name, or else DHCP, or else an advertisement of a router, or else DHCPv6; IP_NONE when
 * there is none. */
struct ip stack_resolver(const struct stack *s);

/* What is known of the service of names just now. Whoever keeps it asks again: leases and routers come and go. */
#define STACK_SERVERS_MAX 9
#define STACK_SEARCH_BYTES 512 /* two lists at their longest; more domains are left out */
struct stack_names {
    struct ip server[STACK_SERVERS_MAX]; /* in the order in which stack_resolver looks */
    size_t n_servers;
    uint8_t search[STACK_SEARCH_BYTES]; /* domains as in messages, uncompressed, one behind the other */
    size_t search_len;
    uint8_t ndots; /* 0: not said */
};
void stack_names(const struct stack *s, struct stack_names *names);

/* ---- TCP ---- */

struct listener;

/* Accepts connections to `port` from now on; at most `backlog` wait to be accepted, more are refused
 * and counted. ERR_IN_USE, ERR_FULL. */
MUST_USE enum err stack_listen(struct stack *s, uint16_t port, uint32_t backlog, struct listener **l);
/* GIVES an established connection. ERR_TIMEOUT, ERR_CANCELLED, ERR_CLOSED. */
MUST_USE enum err listener_accept(struct listener *l, uint64_t deadline_ns, struct flow **f) MAY_YIELD;
/* Refuses new connections from now on; those not accepted yet are reset. */
void listener_close(struct listener *l);

/* GIVES a connection once established. ERR_TIMEOUT, ERR_REFUSED, ERR_UNREACHABLE, ERR_FULL, ERR_CANCELLED. */
MUST_USE enum err stack_connect(struct stack *s, struct endpoint to, uint64_t deadline_ns, struct flow **f) MAY_YIELD;

/* GIVES a connection to one of these, which mean the same server: the one that answers first (RFC 8305). They are sorted
 * (RFC 6724), families in turn, and tried a quarter of a second after each other, or at once when one fails; those that
 * lose are given up. Of more than CONNECT_ADDRESSES_MAX the rest is left out. ERR_TIMEOUT: the deadline passed, or
 * nobody answered; ERR_REFUSED: whoever answered refused; ERR_UNREACHABLE: there is no way to any, or no address;
 * ERR_FULL, ERR_CANCELLED. */
#define CONNECT_ADDRESSES_MAX 16
MUST_USE enum err stack_connect_any(struct stack *s, const struct endpoint *list, size_t n, uint64_t deadline_ns,
                                    struct flow **f) MAY_YIELD;

/* ---- UDP ---- */

struct udp_socket;

#define UDP_PARTS_MAX 5

/* port 0 takes a free one. ERR_IN_USE, ERR_FULL. */
MUST_USE enum err stack_udp(struct stack *s, uint16_t port, struct udp_socket **u);
uint16_t udp_port(const struct udp_socket *u);
/* Sends one datagram of at most UDP_PARTS_MAX parts. BORROWS. Too long for the MTU: fragmented, at most 65507 bytes.
 * ERR_TOO_LARGE, ERR_UNREACHABLE, ERR_AGAIN (dropped and counted: the device is full). Never waits. */
MUST_USE enum err udp_send(struct udp_socket *u, struct endpoint to, const struct piece *v, size_t n);
/* The same from this address, not from the one that fits `to` best: who was asked at one of several has to answer from there.
 * IP_NONE: as udp_send. ERR_UNREACHABLE also: it is none of ours, or no longer. */
MUST_USE enum err udp_send_from(struct udp_socket *u, const struct ip *from, struct endpoint to, const struct piece *v,
                                size_t n);
/* Receives one datagram; what is longer than `size` is cut and *len says the whole length. ERR_TIMEOUT. */
MUST_USE enum err udp_recv(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from,
                           uint64_t deadline_ns) MAY_YIELD;
/* The address of ours that the datagram was sent to that udp_recv gave last; IP_NONE: it was to a group or to all. */
struct ip udp_received_at(const struct udp_socket *u);
/* What ICMP said of late about something that this socket sent: true at most once each, with who it was sent to.
 * ERR_REFUSED: nobody listens there; ERR_UNREACHABLE. A fiber that waits in udp_recv goes on waiting. */
bool udp_problem(struct udp_socket *u, enum err *problem, struct endpoint *peer);
/* Receives also what anybody sends to the multicast group, of either family, from now on; routers are told (IGMP, MLD). What
 * this stack sends to a group is not given back to it. ERR_INVALID: no group, or one that all hosts are in. ERR_UNSUPPORTED:
 * an IPv6 group without IPv6. ERR_FULL (counted). */
MUST_USE enum err udp_join(struct udp_socket *u, const struct ip *group);
/* ERR_NOT_FOUND: it is not in it. */
MUST_USE enum err udp_leave(struct udp_socket *u, const struct ip *group);
/* Leaves the groups, too. */
void udp_close(struct udp_socket *u);

/* ---- UDP servers that answer at once ---- */

#define UDP_ANNOUNCED 2 /* a power of two */

/* A datagram that came. */
struct udp_question {
    struct endpoint from;
    struct bytes payload; /* BORROWS where it was received: until the call returns */
    uint64_t now_ns;
    bool group;     /* it was sent to a broadcast or multicast address */
    bool announced; /* with `announce`; in this place of UDP_ANNOUNCED */
    uint8_t place;
    const struct ip *
        to; /* the address that it was sent to; BORROWS likewise. Who answers later does so from there: udp_send_from */
};

/* Whoever answers each datagram without waiting for anything: no fiber is woken. */
struct udp_server {
    /* Called by the stack between fibers; must not yield, nor close the socket. Writes the answer into `room`, at most `size`
     * bytes, and gives its length; UDP_NO_ANSWER: there is none. It is sent to where the question came from, from the address
     * that it was sent to. */
    size_t (*answer)(struct udp_server *server, const struct udp_question *q, uint8_t *room, size_t size);
    /* May be NULL. Says that a question has come, while the one before it may not be answered yet: what its answer needs can be
     * brought from far memory meanwhile. They are announced and answered in the order of coming, and before any fiber runs; the
     * place of one that was answered is that of a later one. */
    void (*announce)(struct udp_server *server, const struct udp_question *q);
};
#define UDP_NO_ANSWER SIZE_MAX

/* Takes the port and has `server` answer all that comes to it from now on, with at most `answer_bytes` each (beyond the MTU in
 * fragments; at most 65507). Such a socket has no udp_recv; all else works on it. BORROWS the server until udp_close. An
 * answer that can't be sent is dropped and counted, as are questions without an answer and those from port 0. With 0 bytes it is no
 * service but asks others: whoever started the image isn't told of the port, and one that the host has taken is ERR_IN_USE. ERR_IN_USE,
 * ERR_FULL, ERR_TOO_LARGE. */
MUST_USE enum err stack_udp_serve(struct stack *s, uint16_t port, struct udp_server *server, size_t answer_bytes,
                                  struct udp_socket **u);

#endif
