/* SPDX-License-Identifier: ISC */
/* The whole stack, both families, with everybody on the link an adversary: each input is a byte of options and a list of
 * steps of 12 bytes. Steps send segments with numbers near those that count, whole or in fragments, behind extension
 * headers; answer ARP, neighbour solicitations and DHCP or do not; quote real connections in ICMP errors; advertise
 * routers; make the user's calls; let time pass. fuzz/stack_world.h says what each step does.
 *
 * What must hold after each step: no sanitizer and no assertion speaks; pools hold just what the tables hold; no deadline
 * stays in the past; what is sent is well formed with right checksums; what is read is what was sent at that place in the
 * stream. In the end, when all is closed and time has passed, nothing is left in any pool. */
#include "fuzz/stack_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- Invariants ---- */

static void check_neighbours(const struct net *n)
{
    size_t waiting = 0, waiting6 = 0;
    for (size_t i = 0; i < ARP_NEIGHBOURS; i++)
        waiting += n->arp.neighbour[i].waiting.n;
    for (size_t i = 0; i < ND_NEIGHBOURS; i++)
        waiting6 += n->ip6->nd.neighbour[i].waiting.n;
    must(n->arp.room.frames.n_used == waiting && n->ip6->nd.room.frames.n_used == waiting6);
}

static void check_fragments(const struct frag *f)
{
    size_t n_used = 0, n_chunks = 0;
    for (size_t i = 0; i < FRAG_DATAGRAMS; i++) {
        const struct frag_datagram *d = &f->datagram[i];
        n_used += d->used;
        for (size_t k = 0; k < FRAG_CHUNKS_PER_DATAGRAM; k++)
            n_chunks += d->used && d->chunk[k];
        must(!d->used || d->n_fragments <= FRAG_FRAGMENTS + 1);
    }
    must(f->n_used == n_used && f->chunks.n_used == n_chunks);
}

static void check_sockets(const struct net *n)
{
    size_t n_chunks = 0;
    for (size_t i = 0; i < UDP_SOCKETS; i++) {
        n_chunks += n->udp.socket[i].port ? n->udp.socket[i].n_chunks : 0;
        must(n->udp.socket[i].n_chunks <= UDP_CHUNKS_PER_SOCKET);
    }
    must(n->udp.chunks.n_used == n_chunks);
}

static void check(const struct world *w)
{
    struct tcp_counters t = tcp_counters(w->tcp);
    check_neighbours(w->net);
    check_fragments(&w->net->frag);
    check_sockets(w->net);
    must(t.n_connections <= CONNECTIONS && t.n_half_open <= CONNECTIONS && t.n_time_wait <= CONNECTIONS);
    must(t.n_chunks <= BUFFER_BYTES / 1024);
}

/* ---- Life ---- */

static void begin(struct world *w, uint8_t options)
{
    struct net_options o = {.dev = &w->dev, .random = some_number, .tcp = &w->seam, .ip6 = &stack_ip6};
    struct ip6_options six = {.accept_ra = true, .accept_dhcp = true, .temporary = options & 8};
    world_init(w, options & 4 ? NET_FEATURES : 0);
    must(net_new(&o, &w->net) == OK);
    struct tcp_options t = {
        .below = &w->net->below, .connections = CONNECTIONS, .listeners = 1, .buffer_bytes = BUFFER_BYTES};
    must(tcp_new(&t, w->now_ns, &w->tcp) == OK);
    must(tcp_listen(w->tcp, 80, 2, &w->listener) == OK);
    must(w->net->ip6_ops->start(w->net, w->now_ns, &six) == OK);
    if (options & 1)
        net_start_dhcp(w->net, w->now_ns, bytes_str("fuzz"));
    else
        must(net_set_static(w->net, w->now_ns, &(struct ip_net){ip4(10, 0, 0, 2), 24},
                            &(struct ip[]){ip4(10, 0, 0, 1)}[0]) == OK);
    must(udp_open(w->net, 53, &w->udp) == OK);
    if (options & 2)
        pass_time(w, 3 * NS_PER_S);
}

static void finish(struct world *w)
{
    w->full = false;
    tcp_unlisten(w->listener, w->now_ns);
    for (int i = 0; i < HELD_MAX; i++) {
        if (w->held[i])
            tcp_close(w->held[i], w->now_ns);
    }
    udp_shut(w->udp, w->now_ns);
    for (int i = 0; i < 40; i++)
        pass_time(w, 30 * NS_PER_S);
    struct tcp_counters t = tcp_counters(w->tcp);
    must(t.n_connections == 0 && t.n_half_open == 0 && t.n_time_wait == 0);
    must(t.n_chunks == 0 && t.n_pieces == 0 && t.n_runs == 0);
    must(w->net->udp.chunks.n_used == 0 && w->net->frag.chunks.n_used == 0 && w->net->frag.n_used == 0);
    must(w->net->arp.room.frames.n_used == 0 && w->net->ip6->nd.room.frames.n_used == 0);
    tcp_free(w->tcp);
    net_free(w->net);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct world w; /* large */
    if (len == 0)
        return 0;
    begin(&w, data[0]);
    for (size_t at = 1; at + STEP_BYTES <= len && at < 1 + (size_t)STEPS_MAX * STEP_BYTES; at += STEP_BYTES) {
        step(&w, data + at);
        check(&w);
    }
    finish(&w);
    return 0;
}
