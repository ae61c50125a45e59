/* SPDX-License-Identifier: ISC */
#include "net/arp.h"
#include "net/net.h"
#include "wire/arp.h"

COLD enum err arp_init(struct net *n)
{
    struct arp *a = &n->arp;
    a->salt = n->random();
    a->next_ns = TIME_NEVER;
    a->announce_ns = TIME_NEVER;
    memset(a->bucket, 0xff, sizeof a->bucket);
    return waiting_init(&a->room, ARP_WAITING_FRAMES, ARP_WAITING_PER_NEIGHBOUR, &n->counters.arp.waited,
                        &n->counters.arp.waiting_dropped);
}

void arp_free(struct net *n)
{
    waiting_free(&n->arp.room);
}

/* ---- The table ---- */

static uint16_t *bucket_of(struct arp *a, const struct ip *ip)
{
    uint32_t hash = (ip4_u32(ip) ^ a->salt) * UINT32_C(0x9e3779b1);
    return &a->bucket[(hash >> 16) % ARP_BUCKETS];
}

static struct neighbour *find(struct arp *a, const struct ip *ip)
{
    for (uint16_t i = *bucket_of(a, ip); i != ARP_NONE; i = a->neighbour[i].next) {
        if (ip_equal(&a->neighbour[i].ip, ip))
            return &a->neighbour[i];
    }
    return NULL;
}

static COLD void forget(struct net *n, struct neighbour *h)
{
    struct arp *a = &n->arp;
    uint16_t index = (uint16_t)(h - a->neighbour);
    uint16_t *link = bucket_of(a, &h->ip);
    while (*link != index)
        link = &a->neighbour[*link].next;
    *link = h->next;
    waiting_drop(&a->room, &h->waiting);
    if (a->last == h)
        a->last = NULL;
    *h = (struct neighbour){.state = ARP_FREE};
}

/* A free place, or the neighbour that we used least recently: hosts that only asked for us go first. */
static struct neighbour *take_place(struct net *n)
{
    struct arp *a = &n->arp;
    struct neighbour *best = &a->neighbour[0];
    for (size_t i = 0; i < ARP_NEIGHBOURS; i++) {
        struct neighbour *h = &a->neighbour[i];
        if (h->state == ARP_FREE)
            return h;
        if (h->used_ns < best->used_ns)
            best = h;
    }
    n->counters.arp.evicted++;
    forget(n, best);
    return best;
}

static void set_next(struct arp *a, struct neighbour *h, uint64_t at_ns)
{
    h->next_ns = at_ns;
    a->next_ns = time_min(a->next_ns, at_ns);
}

static COLD struct neighbour *add(struct net *n, const struct ip *ip, enum arp_state state)
{
    struct neighbour *h = take_place(n);
    uint16_t *bucket = bucket_of(&n->arp, ip);
    *h = (struct neighbour){.ip = *ip, .state = (uint8_t)state, .next = *bucket};
    *bucket = (uint16_t)(h - n->arp.neighbour);
    return h;
}

/* ---- Packets ---- */

static COLD void send_arp(struct net *n, const struct arp_packet *p, const struct mac *dst)
{
    uint8_t body[ARP_BYTES];
    struct writer w = writer_of(body, sizeof body);
    struct frame f = {.n = 2};
    arp_emit(&w, p);
    f.v[0] = bytes_of(f.head, ETHER_BYTES);
    f.v[1] = writer_bytes(&w);
    (void)ether_output(n, &f, dst, ETHER_ARP);
}

/* Asks who has `target`; `sender` is ours, or 0.0.0.0 to ask without telling. */
static void send_request(struct net *n, struct ip sender, const struct ip *target, const struct mac *dst)
{
    struct arp_packet p = {
        .operation = ARP_REQUEST, .sender_mac = n->dev->mac, .sender_ip = sender, .target_ip = *target};
    send_arp(n, &p, dst);
}

static COLD void announce(struct net *n)
{
    n->counters.arp.out_announcements++;
    send_request(n, n->ip4.net.ip, &n->ip4.net.ip, &MAC_BROADCAST);
}

static COLD void ask(struct net *n, uint64_t now_ns, struct neighbour *h)
{
    h->n_asked++;
    set_next(&n->arp, h, time_after(now_ns, ARP_RETRY_NS));
    if (h->state == ARP_PROBING) {
        n->counters.arp.out_probes++;
        send_request(n, n->ip4.net.ip, &h->ip, &h->mac);
    } else {
        n->counters.arp.out_requests++;
        send_request(n, n->ip4.net.ip, &h->ip, &MAC_BROADCAST);
    }
}

COLD void arp_ask(struct net *n, uint64_t now_ns, const struct ip *ip)
{
    if (!find(&n->arp, ip))
        ask(n, now_ns, add(n, ip, ARP_ASKING));
}

/* ---- Sending ---- */

static enum err send_to(struct net *n, uint64_t now_ns, struct neighbour *h, struct frame *f)
{
    h->used_ns = now_ns;
    return ether_output(n, f, &h->mac, ETHER_IP4);
}

static COLD enum err send_slowly(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f)
{
    struct neighbour *h = find(&n->arp, hop);
    bool unknown = !h;
    if (n->loop.ops && (ip_equal(hop, &n->ip4.net.ip) || loop_is_loopback(hop)))
        return n->loop.ops->send(n, f);
    if (h && h->state == ARP_SILENT) {
        n->counters.arp.refused_silent++;
        return ERR_UNREACHABLE;
    }
    if (unknown)
        h = add(n, hop, ARP_ASKING);
    h->used_ns = now_ns;
    if (h->state != ARP_ASKING) {
        n->arp.last = h;
        return send_to(n, now_ns, h, f);
    }
    if (!f->offload.segments)
        waiting_keep(&n->arp.room, &h->waiting, f);
    if (unknown)
        ask(n, now_ns, h);
    return f->offload.segments ? ERR_AGAIN : OK;
}

enum err arp_send(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f)
{
    struct neighbour *h = n->arp.last;
    if (h && ip_equal(&h->ip, hop))
        return send_to(n, now_ns, h, f);
    return send_slowly(n, now_ns, hop, f);
}

/* ---- Receiving ---- */

static COLD void learn(struct net *n, uint64_t now_ns, struct neighbour *h, const struct mac *mac)
{
    if (h->state == ARP_ASKING || h->state == ARP_SILENT)
        n->counters.arp.resolved++;
    h->mac = *mac;
    h->state = ARP_KNOWN;
    h->n_asked = 0;
    h->confirmed_ns = now_ns;
    route_heard(n, now_ns, &h->ip, true);
    set_next(&n->arp, h, time_after(now_ns, ARP_PROBE_NS));
    if (h->waiting.first)
        h->used_ns = now_ns;
    waiting_send(n, &n->arp.room, &h->waiting, mac, ETHER_IP4);
}

void arp_confirm(struct net *n, uint64_t now_ns, const struct ip *hop)
{
    struct neighbour *h = n->arp.last && ip_equal(&n->arp.last->ip, hop) ? n->arp.last : find(&n->arp, hop);
    if (!h || (h->state != ARP_KNOWN && h->state != ARP_PROBING))
        return;
    h->state = ARP_KNOWN;
    h->n_asked = 0;
    h->confirmed_ns = now_ns;
    set_next(&n->arp, h, time_after(now_ns, ARP_PROBE_NS));
}

/* Somebody else uses our address. With a lease that is news only just begun or happens again soon after we
 * defended ourselves, the lease is declined; otherwise we say whose address it is, not too often (RFC 5227 2.4). */
static COLD void conflict(struct net *n, uint64_t now_ns)
{
    struct arp *a = &n->arp;
    bool recently = a->defended && now_ns - a->defended_ns < ARP_DEFEND_NS;
    n->counters.arp.in_conflicts++;
    if (dhcp_is_bound(&n->dhcp) && (a->n_announce || recently)) {
        dhcp_conflict(&n->dhcp, now_ns);
        return;
    }
    if (recently)
        return;
    a->defended = true;
    a->defended_ns = now_ns;
    announce(n);
}

static COLD void reply(struct net *n, const struct arp_packet *to)
{
    struct arp_packet p = {.operation = ARP_REPLY,
                           .sender_mac = n->dev->mac,
                           .sender_ip = n->ip4.net.ip,
                           .target_mac = to->sender_mac,
                           .target_ip = to->sender_ip};
    n->counters.arp.out_replies++;
    send_arp(n, &p, &to->sender_mac);
}

/* The table's part (RFC 826, "Packet Reception"). Nothing is learnt from probes and from hosts that we'd
 * never send to. */
static void update(struct net *n, uint64_t now_ns, const struct arp_packet *p, bool asks_us)
{
    if (ip_is_unspecified(&p->sender_ip) || !ip4_is_neighbour(n, &p->sender_ip))
        return;
    struct neighbour *h = find(&n->arp, &p->sender_ip);
    if (!h && !asks_us) {
        n->counters.arp.in_unsolicited++;
        return;
    }
    if (!h)
        h = add(n, &p->sender_ip, ARP_KNOWN);
    learn(n, now_ns, h, &p->sender_mac);
}

COLD void arp_input(struct net *n, uint64_t now_ns, struct bytes packet)
{
    struct reader r = reader_of(packet);
    struct counters_arp *c = &n->counters.arp;
    struct arp_packet p;
    if (!arp_parse(&r, &p) || (p.operation != ARP_REQUEST && p.operation != ARP_REPLY) || mac_is_group(&p.sender_mac)) {
        c->in_malformed++;
        return;
    }
    bool request = p.operation == ARP_REQUEST;
    c->in_requests += request;
    c->in_replies += !request;
    if (!n->ip4.up || mac_equal(&p.sender_mac, &n->dev->mac))
        return;
    if (ip_equal(&p.sender_ip, &n->ip4.net.ip)) {
        conflict(n, now_ns);
        return;
    }
    bool asks_us = request && ip_equal(&p.target_ip, &n->ip4.net.ip);
    update(n, now_ns, &p, asks_us);
    if (asks_us)
        reply(n, &p);
}

/* ---- Time ---- */

static void give_up(struct net *n, uint64_t now_ns, struct neighbour *h)
{
    n->counters.arp.silent++;
    h->state = ARP_SILENT;
    set_next(&n->arp, h, time_after(now_ns, ARP_SILENT_NS));
    route_heard(n, now_ns, &h->ip, false);
    waiting_refuse(n, now_ns, &n->arp.room, &h->waiting, ip4_problem);
}

static void age(struct net *n, uint64_t now_ns, struct neighbour *h)
{
    uint64_t end_ns = h->confirmed_ns + ARP_TRUST_NS;
    if (h->used_ns && now_ns - h->used_ns < ARP_TRUST_NS - ARP_PROBE_NS) {
        h->state = ARP_PROBING;
        ask(n, now_ns, h);
    } else if (now_ns < end_ns) {
        set_next(&n->arp, h, end_ns);
    } else {
        n->counters.arp.expired++;
        forget(n, h);
    }
}

static void act(struct net *n, uint64_t now_ns, struct neighbour *h)
{
    bool asked_enough = h->n_asked >= ARP_REQUESTS;
    switch ((enum arp_state)h->state) {
    case ARP_FREE:
        break;
    case ARP_ASKING:
        if (asked_enough)
            give_up(n, now_ns, h);
        else
            ask(n, now_ns, h);
        break;
    case ARP_PROBING:
        if (!asked_enough) {
            ask(n, now_ns, h);
            break;
        }
        n->counters.arp.silent++;
        route_heard(n, now_ns, &h->ip, false);
        forget(n, h);
        break;
    case ARP_KNOWN:
        age(n, now_ns, h);
        break;
    case ARP_SILENT:
        forget(n, h);
        break;
    }
}

static void tick_announce(struct net *n, uint64_t now_ns)
{
    struct arp *a = &n->arp;
    announce(n);
    a->n_announce--;
    a->announce_ns = a->n_announce ? time_after(now_ns, ARP_ANNOUNCE_NS) : TIME_NEVER;
}

COLD void arp_tick(struct net *n, uint64_t now_ns)
{
    struct arp *a = &n->arp;
    if (now_ns >= a->announce_ns)
        tick_announce(n, now_ns);
    if (now_ns < a->next_ns)
        return;
    a->next_ns = TIME_NEVER;
    for (size_t i = 0; i < ARP_NEIGHBOURS; i++) {
        struct neighbour *h = &a->neighbour[i];
        if (h->state == ARP_FREE)
            continue;
        if (h->next_ns <= now_ns)
            act(n, now_ns, h);
        if (h->state != ARP_FREE)
            a->next_ns = time_min(a->next_ns, h->next_ns);
    }
}

uint64_t arp_deadline(const struct net *n)
{
    return time_min(n->arp.next_ns, n->arp.announce_ns);
}

/* ---- Our own address ---- */

static void forget_all(struct net *n)
{
    for (size_t i = 0; i < ARP_NEIGHBOURS; i++) {
        if (n->arp.neighbour[i].state != ARP_FREE)
            forget(n, &n->arp.neighbour[i]);
    }
}

COLD void arp_start(struct net *n, uint64_t now_ns, enum arp_start how)
{
    struct arp *a = &n->arp;
    forget_all(n);
    a->defended = false;
    a->n_announce = ARP_ANNOUNCEMENTS;
    if (how == ARP_PROBE_FIRST) {
        n->counters.arp.out_probes++;
        send_request(n, IP_ANY4, &n->ip4.net.ip, &MAC_BROADCAST);
        a->announce_ns = time_after(now_ns, ARP_PROBE_WAIT_NS);
    } else {
        tick_announce(n, now_ns);
    }
}

COLD void arp_stop(struct net *n)
{
    forget_all(n);
    n->arp.n_announce = 0;
    n->arp.announce_ns = TIME_NEVER;
}
