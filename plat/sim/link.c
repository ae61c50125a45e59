/* SPDX-License-Identifier: ISC */
/* The network: a switch whose every delivery draws its own misfortunes. The order in which chance is asked is part of
 * what a seed means: it depends on nothing but the frames and the settings. */
#include "plat/sim/internal.h"

#include "wire/ether.h"
#include "wire/icmp4.h"
#include "wire/ip4.h"
#include "wire/vnet.h"

#include <jinn/time.h>

#include <stdlib.h>
#include <string.h>

#define WIRE_NS 1000 /* nothing arrives in the moment in which it is sent */
#define QUEUE_BYTES 65536
#define ETHERNET_BYTES 14
#define QUOTED_BYTES 548 /* of a packet in an ICMP error: RFC 1812 4.3.2.3 */
#define IP_ICMP 1

struct sim_link *sim_link_add(struct sim *s)
{
    if (s->n_links == SIM_LINKS_MAX)
        sim_misused("too many links");
    struct sim_link *l = sim_alloc(sizeof *l);
    l->sim = s;
    s->link[s->n_links++] = l;
    return l;
}

void sim_attach(struct sim_link *l, struct sim_machine *m, const char *device)
{
    sim_attach_offload(l, m, device, 0);
}

void sim_attach_offload(struct sim_link *l, struct sim_machine *m, const char *device, uint32_t features)
{
    if (l->n == SIM_PORTS_MAX || m->sim != l->sim)
        sim_misused("too many ports, or a machine of another simulation");
    struct sim_port *p = sim_alloc(sizeof *p);
    uint8_t mac[6] = {0x02, 0, 0, 0, (uint8_t)(m->index + 1), (uint8_t)(m->n_devices + 1)};
    p->link = l;
    p->features = features;
    memcpy(p->mac, mac, sizeof mac);
    list_init(&p->arrived);
    l->port[l->n++] = p;
    sim_device_add(m, device)->port = p;
}

void sim_link_faults(struct sim_link *l, const struct sim_faults *f)
{
    l->faults = *f;
}

void sim_link_pause(struct sim_link *l, uint64_t until_ns)
{
    l->pause_until_ns = until_ns;
}

struct sim_link_counters sim_link_counters(const struct sim_link *l)
{
    return l->counters;
}

void sim_port_empty(struct sim_port *p)
{
    for (struct list *n; (n = list_pop(&p->arrived));)
        free(CONTAINER_OF(n, struct sim_frame, node));
    p->n_arrived = 0;
}

static void port_free(struct sim_port *p)
{
    sim_port_empty(p);
    free(p);
}

void sim_link_free(struct sim_link *l)
{
    for (size_t i = 0; i < l->n; i++)
        port_free(l->port[i]);
    if (l->pcap)
        fclose(l->pcap);
    free(l);
}

static void mix(uint64_t *hash, const void *data, size_t len)
{
    const uint8_t *p = data;
    for (size_t i = 0; i < len; i++)
        *hash = (*hash ^ p[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
}

static void frame_arrives(struct sim *s, struct sim_event *e)
{
    struct sim_frame *f = CONTAINER_OF(e, struct sim_frame, event);
    struct sim_port *p = f->to;
    if (s->now_ns < p->link->pause_until_ns) {
        sim_plan(s, e, p->link->pause_until_ns);
        return;
    }
    if (p->n_arrived == SIM_PORT_FRAMES) {
        p->link->counters.n_overflow++;
        free(f);
        return;
    }
    mix(&s->trace, &s->now_ns, sizeof s->now_ns);
    mix(&s->trace, p->mac, sizeof p->mac);
    mix(&s->trace, f->bytes, f->len);
    p->link->counters.n_delivered++;
    p->n_arrived++;
    list_append(&p->arrived, &f->node);
}

static void corrupt(struct sim_link *l, struct sim_frame *f)
{
    if (f->len == 0 || !sim_rng_chance(&l->sim->rng, l->faults.corrupt_ppm))
        return;
    uint64_t bit = sim_rng_below(&l->sim->rng, f->len * 8);
    f->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    l->counters.n_corrupted++;
}

static uint64_t arrival(struct sim_link *l, struct sim_port *to, uint64_t sent_ns)
{
    struct sim_rng *rng = &l->sim->rng;
    uint64_t at = sent_ns + WIRE_NS + l->faults.delay_ns;
    if (l->faults.jitter_ns)
        at += sim_rng_below(rng, l->faults.jitter_ns + 1);
    if (sim_rng_chance(rng, l->faults.reorder_ppm)) {
        l->counters.n_reordered++;
        return at + l->faults.reorder_ns;
    }
    if (at < to->last_ns)
        at = to->last_ns;
    to->last_ns = at;
    return at;
}

static void deliver(struct sim_link *l, struct sim_port *to, const struct sim_frame *frame, uint64_t sent_ns)
{
    struct sim_frame *copy = sim_alloc(sizeof *copy + frame->len);
    memcpy(copy->bytes, frame->bytes, frame->len);
    copy->len = frame->len;
    copy->to = to;
    copy->event.happen = frame_arrives;
    list_init(&copy->node);
    corrupt(l, copy);
    sim_plan(l->sim, &copy->event, arrival(l, to, sent_ns));
}

static bool is_too_long(const struct sim_link *l, const struct sim_port *to, const struct sim_frame *frame)
{
    const struct sim_faults *f = &l->faults;
    if (!f->mtu_bytes || frame->len <= (size_t)f->mtu_bytes + ETHERNET_BYTES)
        return false;
    size_t i = 0;
    while (l->port[i] != to)
        i++;
    return !f->mtu_ports || f->mtu_ports >> i & 1;
}

static void send_to(struct sim_link *l, struct sim_port *to, const struct sim_frame *frame, uint64_t sent_ns)
{
    if (sim_rng_chance(&l->sim->rng, l->faults.loss_ppm)) {
        l->counters.n_lost++;
        return;
    }
    deliver(l, to, frame, sent_ns);
    if (!sim_rng_chance(&l->sim->rng, l->faults.duplicate_ppm))
        return;
    l->counters.n_duplicated++;
    deliver(l, to, frame, sent_ns);
}

/* What a router on the way says; its word has the link's faults like any frame's. */
static void tell_too_big(struct sim_link *l, struct sim_port *from, const struct sim_frame *f, uint64_t sent_ns)
{
    struct reader r = reader_of(bytes_of(f->bytes, f->len));
    struct ether e;
    struct ip4_header h;
    struct bytes payload;
    if (!ether_parse(&r, &e) || e.type != ETHER_IP4)
        return;
    struct bytes packet = read_rest(&r), quoted = bytes_slice(packet, 0, QUOTED_BYTES);
    if (ip4_parse(packet, &h, &payload) != IP4_GOOD || !h.dont_fragment)
        return;
    size_t len = IP4_HEADER_BYTES + ICMP4_HEADER_BYTES + quoted.len;
    struct sim_frame *told = sim_alloc(sizeof *told + ETHERNET_BYTES + len);
    struct writer w = writer_of(told->bytes, ETHERNET_BYTES + len);
    ether_emit(&w, &(struct ether){e.src, e.dst, ETHER_IP4});
    ip4_emit(&w,
             &(struct ip4_header){
                 .total_len = (uint16_t)len, .ttl = 64, .protocol = IP_ICMP, .src = ip4(192, 0, 2, 1), .dst = h.src});
    icmp4_emit(&w, &(struct icmp4){.type = ICMP4_UNREACHABLE, .code = ICMP4_TOO_BIG, .rest = l->faults.mtu_bytes},
               &quoted, 1);
    write_bytes(&w, quoted);
    told->len = writer_bytes(&w).len;
    l->counters.n_told++;
    send_to(l, from, told, sent_ns);
    free(told);
}

static struct sim_port *port_with(const struct sim_link *l, const uint8_t *mac)
{
    for (size_t i = 0; i < l->n; i++) {
        if (memcmp(l->port[i]->mac, mac, 6) == 0)
            return l->port[i];
    }
    return NULL;
}

/* When the frame has left the sender, by its rate; false when its queue is full. */
static bool take_turn(struct sim_link *l, struct sim_port *from, size_t len, uint64_t *sent_ns)
{
    uint64_t now = l->sim->now_ns, rate = l->faults.rate_bps;
    *sent_ns = now;
    if (!rate)
        return true;
    uint64_t begin = from->busy_until_ns > now ? from->busy_until_ns : now;
    uint64_t queue_bytes = l->faults.queue_bytes ? l->faults.queue_bytes : QUEUE_BYTES;
    if ((begin - now) / 8 * rate / NS_PER_S + len > queue_bytes)
        return false;
    from->busy_until_ns = begin + len * 8 * NS_PER_S / rate;
    *sent_ns = from->busy_until_ns;
    return true;
}

static void write_le(FILE *f, uint64_t v, int n)
{
    for (; n > 0; n--, v >>= 8)
        fputc((int)(v & 0xff), f);
}

void sim_link_pcap(struct sim_link *l, const char *path)
{
    l->pcap = fopen(path, "wb");
    if (!l->pcap)
        sim_misused("can't write the packet capture");
    write_le(l->pcap, 0xa1b23c4d, 4); /* pcap, nanoseconds */
    write_le(l->pcap, 2, 2);
    write_le(l->pcap, 4, 2);
    write_le(l->pcap, 0, 8);
    write_le(l->pcap, SIM_FRAME_MAX, 4);
    write_le(l->pcap, 1, 4); /* Ethernet */
}

static void capture(const struct sim_link *l, const struct sim_frame *f)
{
    if (!l->pcap)
        return;
    uint64_t now = l->sim->now_ns - SIM_START_NS;
    write_le(l->pcap, SIM_EPOCH_S + now / NS_PER_S, 4);
    write_le(l->pcap, now % NS_PER_S, 4);
    write_le(l->pcap, f->len, 4);
    write_le(l->pcap, f->len, 4);
    fwrite(f->bytes, 1, f->len, l->pcap);
}

static struct sim_frame *gather(const struct bytes *v, size_t n)
{
    size_t len = bytes_total(v, n), at = 0;
    if (len < ETHERNET_BYTES || len > SIM_FRAME_MAX)
        sim_misused("a frame too short or too long");
    struct sim_frame *f = sim_alloc(sizeof *f + len);
    f->len = len;
    for (size_t i = 0; i < n; i++) {
        if (v[i].len)
            memcpy(f->bytes + at, v[i].data, v[i].len);
        at += v[i].len;
    }
    return f;
}

/* TAKES the frame. */
static enum err put_on_link(struct sim_port *p, struct sim_frame *f)
{
    struct sim_link *l = p->link;
    uint64_t sent_ns;
    if (!take_turn(l, p, f->len, &sent_ns)) {
        l->counters.n_refused++;
        free(f);
        return ERR_AGAIN;
    }
    l->counters.n_sent++;
    capture(l, f);
    struct sim_port *only = port_with(l, f->bytes);
    for (size_t i = 0; i < l->n; i++) {
        if (l->port[i] == p || (only && only != l->port[i]))
            continue;
        if (!is_too_long(l, l->port[i], f)) {
            send_to(l, l->port[i], f, sent_ns);
            continue;
        }
        l->counters.n_too_long++;
        if (l->faults.mtu_tells)
            tell_too_big(l, p, f, sent_ns);
    }
    free(f);
    return OK;
}

/* Of segments those that a full queue had no room for are lost, unless that are all. */
static enum err put_segments(struct sim_port *p, const struct sim_frame *f, const struct net_offload *o)
{
    struct sim_frame *segment;
    enum err e = ERR_AGAIN;
    for (size_t i = 0; sim_offload_cut(f, o, i, &segment); i++) {
        if (put_on_link(p, segment) == OK)
            e = OK;
    }
    return e;
}

static uint32_t needed(const struct net_offload *o)
{
    static const uint32_t of[] = {[NET_ONE] = 0, [NET_TCP4] = NET_SEGMENT_TCP4, [NET_TCP6] = NET_SEGMENT_TCP6};
    return of[o->segments] | (o->flags & NET_PARTIAL ? NET_CHECKSUM_OUT : 0U);
}

enum err sim_port_send(struct sim_port *p, const struct bytes *v, size_t n, const struct net_offload *o)
{
    static const struct net_offload plain;
    struct sim_frame *f = gather(v, n);
    o = o ? o : &plain;
    if (needed(o) & ~p->features)
        sim_misused("more was left to a device than it can do");
    if (o->segments) {
        enum err e = put_segments(p, f, o);
        free(f);
        return e;
    }
    if (o->flags & NET_PARTIAL && !vnet_fill_checksum(f->bytes, f->len, o))
        sim_misused("a checksum outside of its frame");
    return put_on_link(p, f);
}

void sim_frame_free(struct sim_port *p, struct sim_frame *f)
{
    p->n_arrived--;
    free(f);
}

enum err sim_port_recv(struct sim_port *p, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct list *node = list_pop(&p->arrived);
    if (!node)
        return ERR_AGAIN;
    struct sim_frame *f = CONTAINER_OF(node, struct sim_frame, node);
    *o = (struct net_offload){0};
    memcpy(buffer, f->bytes, f->len < size ? f->len : size);
    size_t len = sim_offload_join(p, f, buffer, size, o);
    *frame = bytes_of(buffer, len < size ? len : size);
    sim_frame_free(p, f);
    return OK;
}
