/* SPDX-License-Identifier: ISC */
#include "net/nd.h"
#include "net/icmp6.h"
#include "net/net.h"
#include "wire/nd.h"

enum err nd_init(struct net *n)
{
    struct nd *d = &n->ip6->nd;
    d->next_ns = TIME_NEVER;
    d->reachable_ns = ND_REACHABLE_NS;
    d->retry_ns = ND_RETRY_NS;
    return waiting_init(&d->room, ND_WAITING_FRAMES, ND_WAITING_PER_NEIGHBOUR, &n->counters.nd.waited,
                        &n->counters.nd.waiting_dropped);
}

void nd_free(struct net *n)
{
    waiting_free(&n->ip6->nd.room);
}

/* ---- The table ---- */

static struct nd_neighbour *find(const struct net *n, const struct ip *ip)
{
    for (size_t i = 0; i < ND_NEIGHBOURS; i++) {
        struct nd_neighbour *h = &n->ip6->nd.neighbour[i];
        if (h->state != ND_FREE && ip_equal(&h->ip, ip))
            return h;
    }
    return NULL;
}

static void forget(struct net *n, struct nd_neighbour *h)
{
    waiting_drop(&n->ip6->nd.room, &h->waiting);
    if (n->ip6->nd.last == h)
        n->ip6->nd.last = NULL;
    h->state = ND_FREE;
}

static struct nd_neighbour *take_place(struct net *n)
{
    struct nd_neighbour *best = &n->ip6->nd.neighbour[0];
    for (size_t i = 0; i < ND_NEIGHBOURS; i++) {
        struct nd_neighbour *h = &n->ip6->nd.neighbour[i];
        if (h->state == ND_FREE)
            return h;
        if (h->used_ns < best->used_ns)
            best = h;
    }
    n->counters.nd.evicted++;
    forget(n, best);
    return best;
}

static void set_next(struct net *n, struct nd_neighbour *h, uint64_t at_ns)
{
    h->next_ns = at_ns;
    n->ip6->nd.next_ns = time_min(n->ip6->nd.next_ns, at_ns);
}

static struct nd_neighbour *add(struct net *n, const struct ip *ip, enum nd_state state)
{
    struct nd_neighbour *h = take_place(n);
    *h = (struct nd_neighbour){.ip = *ip, .state = (uint8_t)state, .next_ns = TIME_NEVER};
    return h;
}

bool nd_is_there(const struct net *n, const struct ip *ip)
{
    const struct nd_neighbour *h = find(n, ip);
    return h && h->state != ND_INCOMPLETE;
}

/* ---- Questions and answers ---- */

static void send_solicitation(struct net *n, uint64_t now_ns, struct ip src, const struct ip *dst,
                              const struct mac *mac, const struct ip *target)
{
    uint8_t body[ND_NEIGHBOUR_BYTES];
    struct writer w = writer_of(body, sizeof body);
    bool probe = ip_is_unspecified(&src);
    nd_emit_neighbour(&w, target, ND_SOURCE_MAC, probe ? NULL : &n->dev->mac);
    struct bytes data = writer_bytes(&w);
    struct ip_out o = {.src = src, .dst = *dst, .protocol = IP6_ICMP, .ttl = ND_HOP_LIMIT};
    struct icmp6 m = {.type = ICMP6_NEIGHBOUR_SOLICITATION};
    (void)icmp6_transmit(n, now_ns, &o, dst, mac, &m, &data, 1);
}

/* With only optimistic addresses the question waits until one is valid (RFC 4429 3.2). It counts all the same: where no
 * address ever becomes valid, what waits must not wait for ever. */
static void ask(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    const struct ip6_address *from = ip6_asker(n, &h->ip);
    struct ip group = ip6_solicited_group(&h->ip);
    set_next(n, h, time_after(now_ns, n->ip6->nd.retry_ns));
    h->n_asked++;
    if (!from)
        return;
    n->counters.nd.out_solicitations++;
    if (h->state == ND_PROBE)
        send_solicitation(n, now_ns, from->ip, &h->ip, &h->mac, &h->ip);
    else
        send_solicitation(n, now_ns, from->ip, &group, NULL, &h->ip);
}

void nd_probe(struct net *n, uint64_t now_ns, const struct ip *ip)
{
    struct ip group = ip6_solicited_group(ip);
    n->counters.nd.out_probes++;
    send_solicitation(n, now_ns, IP_NONE, &group, NULL, ip);
}

static void send_advertisement(struct net *n, uint64_t now_ns, const struct ip6_address *a, const struct ip *dst,
                               const struct mac *mac, uint32_t flags)
{
    uint8_t body[ND_NEIGHBOUR_BYTES];
    struct writer w = writer_of(body, sizeof body);
    nd_emit_neighbour(&w, &a->ip, ND_TARGET_MAC, &n->dev->mac);
    struct bytes data = writer_bytes(&w);
    struct ip_out o = {.src = a->ip, .dst = *dst, .protocol = IP6_ICMP, .ttl = ND_HOP_LIMIT};
    /* RFC 4429 3.3: an optimistic address displaces nobody. */
    struct icmp6 m = {.type = ICMP6_NEIGHBOUR_ADVERTISEMENT, .rest = flags | (a->state == IP6_VALID ? ND_OVERRIDE : 0)};
    n->counters.nd.out_advertisements++;
    (void)icmp6_transmit(n, now_ns, &o, dst, mac, &m, &data, 1);
}

/* ---- Sending ---- */

static void use(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    h->used_ns = now_ns;
    if (h->state == ND_STALE) {
        h->state = ND_DELAY;
        set_next(n, h, time_after(now_ns, ND_DELAY_NS));
    }
}

static void send_waiting(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    if (h->waiting.first)
        use(n, now_ns, h);
    waiting_send(n, &n->ip6->nd.room, &h->waiting, &h->mac, ETHER_IP6);
}

enum err nd_send(struct net *n, uint64_t now_ns, const struct ip *hop, struct frame *f)
{
    struct nd *d = &n->ip6->nd;
    struct nd_neighbour *h = d->last && ip_equal(&d->last->ip, hop) ? d->last : find(n, hop);
    if (h && h->state != ND_INCOMPLETE) {
        d->last = h;
        use(n, now_ns, h);
        return ether_output(n, f, &h->mac, ETHER_IP6);
    }
    bool unknown = !h;
    if (unknown && n->loop.ops && ip6_find(n, hop))
        return n->loop.ops->send(n, f);
    if (unknown)
        h = add(n, hop, ND_INCOMPLETE);
    h->used_ns = now_ns;
    if (!f->offload.segments)
        waiting_keep(&d->room, &h->waiting, f);
    if (unknown)
        ask(n, now_ns, h);
    return f->offload.segments ? ERR_AGAIN : OK;
}

/* ---- Receiving ---- */

static void set_reachable(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    h->state = ND_REACHABLE;
    h->n_asked = 0;
    set_next(n, h, time_after(now_ns, n->ip6->nd.reachable_ns));
}

void nd_confirm(struct net *n, uint64_t now_ns, const struct ip *hop)
{
    struct nd_neighbour *last = n->ip6->nd.last;
    struct nd_neighbour *h = last && ip_equal(&last->ip, hop) ? last : find(n, hop);
    if (h && h->state != ND_INCOMPLETE)
        set_reachable(n, now_ns, h);
}

static void set_stale(struct nd_neighbour *h)
{
    h->state = ND_STALE;
    h->n_asked = 0;
    h->next_ns = TIME_NEVER;
}

void nd_learn(struct net *n, uint64_t now_ns, const struct ip *ip, const struct mac *mac, bool router)
{
    struct nd_neighbour *h = find(n, ip);
    if (mac_is_group(mac) || ip_is_unspecified(ip) || ip_is_multicast(ip))
        return;
    if (!h)
        h = add(n, ip, ND_INCOMPLETE);
    h->router |= router;
    if (h->state != ND_INCOMPLETE && mac_equal(&h->mac, mac))
        return;
    n->counters.nd.resolved += h->state == ND_INCOMPLETE;
    h->mac = *mac;
    set_stale(h);
    send_waiting(n, now_ns, h);
}

static bool is_sound(const struct ip_in *in, const struct icmp6 *m, struct nd_neighbour_message *s)
{
    return in->ttl == ND_HOP_LIMIT && m->code == 0 && nd_parse_neighbour(m->data, s) && !ip_is_multicast(&s->target);
}

/* RFC 4861 7.1.1 and 7.2.3, RFC 4862 5.4.3. */
void nd_input_solicitation(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    struct nd_neighbour_message s;
    bool probe = ip_is_unspecified(&in->src);
    n->counters.nd.in_solicitations++;
    if (!is_sound(in, m, &s) || (probe && (s.options.has_source || in->dst.b[11] != 1 || in->dst.b[12] != 0xff))) {
        n->counters.nd.in_malformed++;
        return;
    }
    struct ip6_address *a = ip6_find(n, &s.target);
    if (!a)
        return;
    if (probe) {
        ip6_conflict(n, now_ns, a);
        const struct ip all = IP6_ALL_NODES;
        if (a->state == IP6_VALID)
            send_advertisement(n, now_ns, a, &all, NULL, 0);
        return;
    }
    bool named = s.options.has_source && !mac_is_group(&s.options.source);
    if (named)
        nd_learn(n, now_ns, &in->src, &s.options.source, false);
    /* Straight back, so that to be asked does not count as to have sent: who only asks is the first to be forgotten. */
    send_advertisement(n, now_ns, a, &in->src, named ? &s.options.source : NULL, ND_SOLICITED);
}

static void answered(struct net *n, uint64_t now_ns, struct nd_neighbour *h, const struct nd_neighbour_message *s,
                     uint32_t flags)
{
    bool differs = s->options.has_target && !mac_equal(&h->mac, &s->options.target);
    if (differs && !(flags & ND_OVERRIDE)) {
        if (h->state == ND_REACHABLE)
            set_stale(h);
        return;
    }
    if (differs)
        h->mac = s->options.target;
    if (flags & ND_SOLICITED)
        set_reachable(n, now_ns, h);
    else if (differs)
        set_stale(h);
    if (h->router && !(flags & ND_ROUTER))
        slaac_router_gone(n, &h->ip);
    h->router = flags & ND_ROUTER;
}

static void resolved(struct net *n, uint64_t now_ns, struct nd_neighbour *h, const struct nd_neighbour_message *s,
                     uint32_t flags)
{
    if (!s->options.has_target || mac_is_group(&s->options.target))
        return;
    h->mac = s->options.target;
    h->router = flags & ND_ROUTER;
    n->counters.nd.resolved++;
    if (flags & ND_SOLICITED)
        set_reachable(n, now_ns, h);
    else
        set_stale(h);
    send_waiting(n, now_ns, h);
}

/* RFC 4861 7.1.2 and 7.2.5. */
void nd_input_advertisement(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    struct nd_neighbour_message s;
    n->counters.nd.in_advertisements++;
    if (!is_sound(in, m, &s) || (ip_is_multicast(&in->dst) && m->rest & ND_SOLICITED) ||
        (s.options.has_target && mac_is_group(&s.options.target))) {
        n->counters.nd.in_malformed++;
        return;
    }
    struct ip6_address *a = ip6_find(n, &s.target);
    struct nd_neighbour *h = find(n, &s.target);
    if (a)
        ip6_conflict(n, now_ns, a);
    else if (!h)
        n->counters.nd.in_ignored++;
    else if (h->state == ND_INCOMPLETE)
        resolved(n, now_ns, h, &s, m->rest);
    else
        answered(n, now_ns, h, &s, m->rest);
}

/* ---- Time ---- */

/* What is behind this hop is tried another way (RFC 4861 7.3.3). */
static void give_up(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    struct waiting waiting = h->waiting;
    struct ip ip = h->ip;
    n->counters.nd.silent++;
    h->waiting = (struct waiting){.n = 0};
    forget(n, h);
    ip6_path_lost(n, &ip);
    waiting_refuse(n, now_ns, &n->ip6->nd.room, &waiting, ip6_problem);
}

static void act(struct net *n, uint64_t now_ns, struct nd_neighbour *h)
{
    switch ((enum nd_state)h->state) {
    case ND_FREE:
    case ND_STALE:
        h->next_ns = TIME_NEVER;
        break;
    case ND_REACHABLE:
        set_stale(h);
        break;
    case ND_DELAY:
        h->state = ND_PROBE;
        h->n_asked = 0;
        ask(n, now_ns, h);
        break;
    case ND_INCOMPLETE:
    case ND_PROBE:
        if (h->n_asked >= ND_REQUESTS)
            give_up(n, now_ns, h);
        else
            ask(n, now_ns, h);
        break;
    }
}

uint64_t nd_deadline(const struct net *n)
{
    return n->ip6->nd.next_ns;
}

void nd_tick(struct net *n, uint64_t now_ns)
{
    struct nd *d = &n->ip6->nd;
    if (now_ns < d->next_ns)
        return;
    d->next_ns = TIME_NEVER;
    for (size_t i = 0; i < ND_NEIGHBOURS; i++) {
        struct nd_neighbour *h = &d->neighbour[i];
        if (h->state != ND_FREE && h->next_ns <= now_ns)
            act(n, now_ns, h);
        if (h->state != ND_FREE)
            d->next_ns = time_min(d->next_ns, h->next_ns);
    }
}
