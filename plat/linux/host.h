/* SPDX-License-Identifier: ISC */
/* The host's own sockets behind <jinn/stack.h>, for development: what an image for linux gets for a net device that is
 * attached as --net:NAME=host. An appliance does not notice: the same functions, flows and errors.
 *
 *   host_stack.c  addresses, who owns what, news from epoll        host_tcp.c   listeners and connecting
 *   host_flow.c   a connection: reading, writing, its end          host_udp.c   datagram sockets
 *   host_udp_serve.c  those that answer at once                   host_udp_at.c  their addresses
 *   host_connect_any.c  happy eyeballs
 *   host_address.c  addresses as the host writes them              dispatch.c   which of the two stacks is meant
 *
 * All sockets lie in the platform's epoll set, edge-triggered, and never leave it: each call tries first, and waits
 * on the news that there is more. The news makes the device's bit ready in plat_wait, and the scheduler then calls the stack's
 * pump, as it does for frames: wakers run between fibers. */
#ifndef LINUX_HOST_H
#define LINUX_HOST_H

#include "plat/linux/linux.h"

#include <jinn/flow.h>
#include <jinn/pool.h>
#include <jinn/stack.h>
#include <jinn/wheel.h>

#include <netinet/in.h>
#include <sys/socket.h>

enum {
    /* The library's own stack has as many listeners and UDP sockets, and an appliance for one must run on the other. */
    HOST_LISTENERS = 16,
    HOST_UDP_SOCKETS = 32,
    HOST_UDP_MAX_BYTES = 65507, /* stack.h's promise, for both families */
    /* Connections when the manifest says nothing, those included whose user has closed them. */
    HOST_CONNECTIONS = 1024,
    /* Of the descriptors that this process may have, so many are left for all but connections. */
    HOST_DESCRIPTORS_KEPT = 128,
    /* Static pieces of a connection that wait for room in the kernel: as many as the library's own stack takes. */
    HOST_PARTS_MAX = 128,
    /* Addresses that one port is bound at: one of each family. */
    HOST_BINDS = 2
};

/* A closed connection that makes no progress is dropped after as long, as the library's own stack does. */
#define HOST_LINGER_NS (60 * NS_PER_S)
/* And one whose peer goes on sending to nobody is reset after so much: a request that was refused while it came. */
#define HOST_DISCARD_BYTES (1024 * 1024)

/* What was refused or lost for a limit, or told by ICMP. */
struct host_counters {
    uint64_t listeners_full, sockets_full, connections_full; /* no place, no memory or no descriptor */
    uint64_t linger_dropped;                                 /* closed ones that went early to make room for new ones */
    uint64_t linger_expired;
    uint64_t problems;                 /* ICMP errors about datagrams */
    uint64_t unanswered, answers_lost; /* of servers that answer at once, as counters_udp */
    uint64_t groups_full;              /* the kernel's limits: net.ipv4.igmp_max_memberships, net.core.optmem_max */
};

struct host_stack;

/* A descriptor in the epoll set. */
struct host_socket {
    struct linux_watch watch;
    struct list node; /* among those with news */
    uint32_t events;  /* the news */
    int fd;           /* -1: closed */
    void (*news)(struct host_socket *s, uint32_t events);
    void *owner;
};

struct host_part {
    const uint8_t *data;
    size_t len;
};

struct host_connection {
    struct flow flow;
    struct host_socket socket;
    struct host_stack *stack;
    struct endpoint peer;
    struct waiter *reader, *writer;
    enum err error;  /* it died of; OK: alive */
    bool opening;    /* connect is under way */
    bool shut;       /* the user writes no more */
    bool fin_sent;   /* and the kernel knows it */
    bool orphan;     /* the user has closed it; it goes when all is delivered */
    bool peer_ended; /* an orphan's peer sent all it had */
    struct list lingering;
    uint64_t linger_end_ns;
    size_t discarded_bytes;
    size_t n_parts, first_part, queued_bytes; /* a ring of static pieces the kernel had no room for */
    struct host_part part[HOST_PARTS_MAX];
};

struct host_listener {
    struct host_socket socket[HOST_BINDS];
    struct host_stack *stack;
    uint16_t port; /* 0: free */
    unsigned n_accepting;
    struct list acceptors; /* waiters */
};

struct host_udp {
    struct host_socket socket[HOST_BINDS];
    struct host_stack *stack;
    uint16_t port; /* 0: free */
    struct waiter *reader;
    struct host_serving *serving;     /* answers at once (host_udp_serve.c); NULL */
    void (*news)(struct host_udp *u); /* for it */
    bool has_problem;
    enum err problem;
    struct endpoint problem_peer;
    struct ip received_at; /* where what was received last was sent to; IP_NONE: a group */
};

/* Where ports are bound. */
struct host_bind {
    int family;   /* AF_INET or AF_INET6 */
    bool both;    /* an AF_INET6 socket for both families */
    struct ip ip; /* unspecified: all addresses */
};

struct host_stack {
    bool up;
    unsigned index; /* of the device */
    struct waiter readable;
    struct list with_news; /* sockets */
    struct host_bind bind[HOST_BINDS];
    size_t n_binds;
    bool has4, has6;
    struct ip_net ipv4;
    struct ip ipv4_gateway;
    struct ip_list dns_servers; /* of the options */
    const char *dns_search;
    struct ip source[2]; /* of connections, IPv4 and IPv6; unspecified: the kernel chooses */
    struct host_listener listener[HOST_LISTENERS];
    struct host_udp udp[HOST_UDP_SOCKETS];
    struct pool connections;
    struct list lingering; /* connections that their users have closed, the oldest first */
    struct timer linger_timer;
    struct host_counters counters;
};

/* ---- <jinn/stack.h> by the host: the same contracts ---- */

#define HOST_STACK(name) extern __typeof__(name) host_##name
HOST_STACK(stack_ipv4);
HOST_STACK(stack_ipv4_gateway);
HOST_STACK(stack_resolver);
HOST_STACK(stack_names);
HOST_STACK(stack_listen);
HOST_STACK(listener_accept);
HOST_STACK(listener_close);
HOST_STACK(stack_connect);
HOST_STACK(stack_connect_any);
HOST_STACK(stack_udp);
HOST_STACK(udp_port);
HOST_STACK(udp_send);
HOST_STACK(udp_send_from);
HOST_STACK(udp_received_at);
HOST_STACK(udp_recv);
HOST_STACK(udp_problem);
HOST_STACK(udp_join);
HOST_STACK(udp_leave);
HOST_STACK(udp_close);
HOST_STACK(stack_udp_serve);

/* The stack of a device that linux_net_attach left to the host. Ends the process when an address is not the host's. */
struct stack *host_stack_up(unsigned index, const struct stack_options *o);
/* Ends all; for tests. */
void host_stack_down(struct stack *s);
/* Whether a stack, listener or UDP socket is one of these. */
bool host_owns(const void *object);
struct host_stack *host_stack_of(struct stack *s);

/* ---- Between these files ---- */

/* Adds an open descriptor to the epoll set and TAKES it. ERR_FULL: the descriptor is still the caller's. */
MUST_USE enum err host_socket_add(struct host_socket *s, struct host_stack *h, int fd,
                                  void (*news)(struct host_socket *s, uint32_t events), void *owner);
void host_socket_close(struct host_socket *s);
/* Of a socket whose server answers at once. */
void host_udp_serve_end(struct host_udp *u);
/* As stack_udp. Where a service can't have its port the program ends with a word; who asks gets ERR_IN_USE and takes another one. */
enum host_udp_use { HOST_UDP_SERVES, HOST_UDP_ASKS };
MUST_USE enum err host_udp_open(struct stack *s, uint16_t port, enum host_udp_use use, struct udp_socket **out);
/* Opens a socket bound as `b` says to the port. Gives the descriptor, or -1 with errno. */
int host_bound_socket(const struct host_bind *b, int kind, uint16_t port);
/* The port can't be had for a reason that the operator can mend: says which and ends the process. */
NO_RETURN void host_port_refused(const char *protocol, uint16_t port, int problem);
/* As plat_serving, and where. */
void host_serving(const struct host_stack *h, const char *protocol, uint16_t port);
/* Whether the host failed for want of descriptors or memory. */
bool host_is_full(int problem);

/* TAKES the descriptor. NULL (counted): every place is taken, and the descriptor is still the caller's. */
struct host_connection *host_connection_new(struct host_stack *h, int fd, const struct endpoint *peer);
/* GIVES a connection that is being opened. The errors of stack_connect. */
MUST_USE enum err host_connection_begin(struct host_stack *h, const struct endpoint *to, struct host_connection **c);
/* OK: it stands. ERR_AGAIN: its writer will be woken. Another error of stack_connect: it failed, and is the caller's to free. */
MUST_USE enum err host_connection_opened(struct host_connection *c);
/* Closes the descriptor and gives the place back. */
void host_connection_free(struct host_connection *c);
/* Waits on one of the two slots until there is news. */
enum err host_connection_wait(struct waiter **slot, uint64_t deadline_ns) MAY_YIELD;
void host_linger_tick(struct timer *t, uint64_t now_ns);
/* Drops the oldest closed connection that has nothing left to send. False: there is none. */
bool host_linger_make_room(struct host_stack *h);

union host_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* For a socket of this family; gives its length. An IPv4 address on an AF_INET6 socket stays mapped. */
socklen_t host_address_of(int family, const struct endpoint *e, union host_address *a);
struct endpoint host_endpoint_of(const union host_address *a);
/* What the kernel says beside a datagram. */
union host_control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* Of what comes from now on, on a socket of this family, it is said where it was sent to. */
void host_udp_ask_where(int fd, int family);
/* That; IP_NONE: it isn't said. True: a group, or all. */
bool host_udp_came_to(struct msghdr *m, struct ip *to);
/* What is sent on a socket of this family leaves from that address. */
void host_udp_leave_from(struct msghdr *m, union host_control *control, int family, const struct ip *from);
/* An address of this host that others reach, else its loopback. */
struct ip_net host_find_ipv4(void);
struct ip host_find_gateway(void);
/* What /etc/resolv.conf says, from its text. */
void host_names_of(struct bytes text, struct stack_names *names);

#endif
