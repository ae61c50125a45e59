/* SPDX-License-Identifier: ISC */
#include "net/udp.h"
#include "net/net.h"

#include <jinn/stack.h>

#include <stdlib.h>

enum { FIRST_FREE_PORT = 49152 }; /* RFC 6335 6: dynamic ports */

COLD enum err udp_init(struct net *n)
{
    return pool_init(&n->udp.chunks, sizeof(struct udp_chunk), UDP_CHUNKS);
}

static void free_serving(struct udp_socket *u)
{
    if (u->net && u->net->udp.holds == u)
        u->net->udp.holds = NULL;
    if (u->serving)
        free(u->serving->held);
    free(u->serving);
    u->serving = NULL;
}

COLD void udp_free(struct net *n)
{
    for (size_t i = 0; i < n->udp.n_open; i++)
        free_serving(&n->udp.socket[i]);
    pool_free(&n->udp.chunks);
}

/* ---- Sockets ---- */

static struct udp_socket *find(struct net *n, uint16_t port)
{
    for (size_t i = 0; i < n->udp.n_open; i++) {
        if (n->udp.socket[i].port == port)
            return &n->udp.socket[i];
    }
    return NULL;
}

/* A random port first, so that an answer is hard to forge (RFC 6056); then the next free one. There are
 * more ports than sockets, so one is free. */
static uint16_t free_port(struct net *n)
{
    const uint32_t n_ports = 65536 - FIRST_FREE_PORT;
    uint32_t i = n->random() % n_ports;
    while (find(n, (uint16_t)(FIRST_FREE_PORT + i)))
        i = (i + 1) % n_ports;
    return (uint16_t)(FIRST_FREE_PORT + i);
}

COLD enum err udp_open(struct net *n, uint16_t port, struct udp_socket **u)
{
    if (port && (find(n, port) || (port == DHCP_CLIENT_PORT && n->dhcp.state != DHCP_OFF)))
        return ERR_IN_USE;
    if (port == DHCP6_CLIENT_PORT && n->ip6 && n->ip6->dhcp.accept)
        return ERR_IN_USE;
    size_t i = 0;
    while (i < UDP_SOCKETS && n->udp.socket[i].port)
        i++;
    if (i == UDP_SOCKETS) {
        n->counters.udp.sockets_full++;
        return ERR_FULL;
    }
    struct udp_socket *s = &n->udp.socket[i];
    *s = (struct udp_socket){.net = n, .port = port ? port : free_port(n), .end = &s->first};
    if (n->udp.n_open <= i)
        n->udp.n_open = i + 1;
    *u = s;
    return OK;
}

static void drop_first(struct udp_socket *u)
{
    struct udp_chunk *c = u->first;
    u->first = c->next_datagram;
    if (!u->first)
        u->end = &u->first;
    u->n_chunks -= c->n_chunks;
    while (c) {
        struct udp_chunk *next = c->next;
        pool_give(&u->net->udp.chunks, c);
        c = next;
    }
}

size_t udp_index(const struct udp_socket *u)
{
    return (size_t)(u - u->net->udp.socket);
}

COLD void udp_shut(struct udp_socket *u, uint64_t now_ns)
{
    struct udp *all = &u->net->udp;
    while (u->first)
        drop_first(u);
    if (u->net->groups.ops)
        u->net->groups.ops->leave_all(u->net, now_ns, udp_index(u));
    free_serving(u);
    u->port = 0;
    u->reader = NULL;
    while (all->n_open && all->socket[all->n_open - 1].port == 0)
        all->n_open--;
}

uint16_t udp_port(const struct udp_socket *u)
{
    return u->port;
}

/* ---- Receiving ---- */

static void wake(struct udp_socket *u)
{
    if (u->reader)
        u->reader->wake(u->reader);
}

static COLD void copy_in(struct net *n, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                         struct bytes payload, size_t n_chunks)
{
    struct udp_chunk *first = NULL;
    struct udp_chunk **link = &first;
    struct bytes left = payload;
    for (size_t i = 0; i < n_chunks; i++) {
        struct udp_chunk *c = pool_take(&n->udp.chunks);
        struct bytes part = bytes_slice(left, 0, UDP_CHUNK_BYTES);
        c->next = NULL;
        if (part.len)
            memcpy(c->data, part.data, part.len);
        left = bytes_slice(left, part.len, left.len);
        *link = c;
        link = &c->next;
    }
    first->next_datagram = NULL;
    first->from = (struct endpoint){in->src, src_port};
    first->to = in->broadcast ? IP_NONE : in->dst;
    first->len = (uint32_t)payload.len;
    first->n_chunks = (uint16_t)n_chunks;
    u->n_chunks += (unsigned)n_chunks;
    *u->end = first;
    u->end = &first->next_datagram;
}

static COLD void enqueue(struct net *n, struct udp_socket *u, const struct ip_in *in, uint16_t src_port,
                         struct bytes payload)
{
    struct counters_udp *c = &n->counters.udp;
    size_t n_chunks = payload.len ? (payload.len + UDP_CHUNK_BYTES - 1) / UDP_CHUNK_BYTES : 1;
    if (u->n_chunks + n_chunks > UDP_CHUNKS_PER_SOCKET) {
        c->in_queue_full++;
        return;
    }
    if (n->udp.chunks.n - n->udp.chunks.n_used < n_chunks) {
        c->in_memory_full++;
        return;
    }
    copy_in(n, u, in, src_port, payload, n_chunks);
    c->delivered++;
    wake(u);
}

static bool is_for_dhcp(const struct net *n, const struct ip_in *in, const struct udp_header *h)
{
    return n->dhcp.state != DHCP_OFF && ip_is4(&in->dst) && h->dst_port == DHCP_CLIENT_PORT &&
           h->src_port == DHCP_SERVER_PORT;
}

/* Of what is sent to a group that was joined, a socket gets only what it joined itself. */
static bool wants(const struct udp_socket *u, const struct ip *dst)
{
    const struct group *g = u->net->groups.ops->find(u->net, dst);
    return !g || g->sockets >> udp_index(u) & 1;
}

void udp_input(struct net *n, uint64_t now_ns, const struct ip_in *in, struct bytes header)
{
    struct counters_udp *c = &n->counters.udp;
    struct udp_header h;
    struct bytes payload;
    c->in++;
    switch (udp_parse(in->payload, &in->src, &in->dst, in->checksum_verified, &h, &payload)) {
    case UDP_GOOD:
        break;
    case UDP_BAD_LENGTH:
        c->in_bad_length++;
        return;
    case UDP_BAD_CHECKSUM:
        c->in_bad_checksum++;
        return;
    }
    if (is_for_dhcp(n, in, &h)) {
        dhcp_input(&n->dhcp, now_ns, payload);
        return;
    }
    if (!ip_is4(&in->dst) && n->ip6_ops->take_udp(n, now_ns, in, &h, payload))
        return;
    bool up = n->ip4.up || !ip_is4(&in->dst);
    struct udp_socket *u = up && h.dst_port ? find(n, h.dst_port) : NULL;
    if (__builtin_expect(u && in->broadcast && n->groups.ops, 0) && !wants(u, &in->dst)) {
        c->in_not_joined++;
        return;
    }
    if (u && u->serving) {
        u->serving->input(n, now_ns, u, in, h.src_port, payload);
        return;
    }
    if (u) {
        enqueue(n, u, in, h.src_port, payload);
        return;
    }
    c->in_no_port++;
    if (ip_is4(&in->src))
        icmp_error(n, now_ns, ICMP4_UNREACHABLE, ICMP4_PORT, in, header);
    else
        n->ip6_ops->refuse_port(n, now_ns, in, header);
}

void udp_begin_batch(struct net *n)
{
    n->udp.in_batch = true;
}

void udp_end_batch(struct net *n, uint64_t now_ns)
{
    n->udp.in_batch = false;
    if (n->udp.holds)
        n->udp.holds->serving->finish(n, now_ns);
}

static COLD size_t copy_out(const struct udp_chunk *c, void *buffer, size_t size)
{
    struct writer w = writer_of(buffer, size < c->len ? size : c->len);
    while (writer_left(&w)) {
        size_t left = writer_left(&w);
        write_copy(&w, c->data, left < UDP_CHUNK_BYTES ? left : UDP_CHUNK_BYTES);
        c = c->next;
    }
    return writer_len(&w);
}

COLD enum err udp_take(struct udp_socket *u, void *buffer, size_t size, size_t *len, struct endpoint *from)
{
    if (!u->first)
        return ERR_AGAIN;
    *len = u->first->len;
    *from = u->first->from;
    u->received_at = u->first->to;
    (void)copy_out(u->first, buffer, size);
    drop_first(u);
    return OK;
}

/* RFC 1122 4.1.3.3: errors reach the application, if it asks. */
COLD void udp_problem_input(struct net *n, const struct ip_problem *p)
{
    struct reader r = reader_of(p->payload);
    uint16_t port = read_be16(&r);
    uint16_t peer_port = read_be16(&r);
    struct udp_socket *u = port ? find(n, port) : NULL;
    n->counters.udp.problems++;
    if (!u || !reader_good(&r))
        return;
    u->has_problem = true;
    u->problem = p->problem == PROBLEM_PORT_UNREACHABLE ? ERR_REFUSED : ERR_UNREACHABLE;
    u->problem_peer = (struct endpoint){p->dst, peer_port};
    wake(u);
}

COLD bool udp_problem(struct udp_socket *u, enum err *problem, struct endpoint *peer)
{
    if (!u->has_problem)
        return false;
    u->has_problem = false;
    *problem = u->problem;
    *peer = u->problem_peer;
    return true;
}

/* ---- Sending ---- */

enum err udp_output(struct net *n, uint64_t now_ns, const struct endpoint *from, const struct endpoint *to,
                    const struct bytes *v, size_t count)
{
    uint8_t head[UDP_HEADER_BYTES];
    struct bytes parts[1 + UDP_PARTS_MAX] __attribute__((uninitialized)); /* the first count + 1 are set here */
    struct writer w = writer_of(head, sizeof head);
    size_t len = bytes_total(v, count);
    must(count <= UDP_PARTS_MAX);
    for (size_t i = 0; i < count; i++)
        parts[i + 1] = v[i];
    if (len > UDP_PAYLOAD_MAX_BYTES)
        return ERR_TOO_LARGE;
    udp_emit(&w, &(struct udp_header){from->port, to->port}, &from->ip, &to->ip, v, count, len);
    parts[0] = writer_bytes(&w);
    struct ip_out o = {.src = from->ip, .dst = to->ip, .protocol = IP_UDP};
    n->counters.udp.out++;
    return n->below.send(&n->below, now_ns, &o, parts, count + 1);
}

enum err udp_transmit(struct udp_socket *u, uint64_t now_ns, const struct endpoint *to, const struct bytes *v,
                      size_t count)
{
    struct endpoint from = {.port = u->port};
    uint16_t payload_bytes;
    if (ip_is4(&to->ip)) {
        if (!u->net->ip4.up)
            return ERR_UNREACHABLE;
        from.ip = to->ip.b[12] == 127 ? to->ip : u->net->ip4.net.ip;
    } else if (u->net->below.route(&u->net->below, &to->ip, &from.ip, &payload_bytes) != OK) {
        return ERR_UNREACHABLE;
    }
    return udp_output(u->net, now_ns, &from, to, v, count);
}

/* IPv6 looks itself whether the address is ours. */
COLD enum err udp_transmit_from(struct udp_socket *u, uint64_t now_ns, const struct ip *from, const struct endpoint *to,
                                const struct bytes *v, size_t count)
{
    const struct net *n = u->net;
    if (ip_equal(from, &IP_NONE))
        return udp_transmit(u, now_ns, to, v, count);
    if (ip_is4(from) != ip_is4(&to->ip) ||
        (ip_is4(from) && (!n->ip4.up || (!ip_equal(from, &n->ip4.net.ip) && from->b[12] != 127))))
        return ERR_UNREACHABLE;
    return udp_output(u->net, now_ns, &(struct endpoint){*from, u->port}, to, v, count);
}
