/* SPDX-License-Identifier: ISC */
#include "net/slaac.h"
#include "net/icmp6.h"
#include "net/net.h"
#include "wire/nd.h"

#define ALL_ROUTERS ((struct ip){{0xff, 2, [15] = 2}})
#define FLAG_ADDRESSES (UINT32_C(0x80) << 16) /* M and O (RFC 4861 4.2) */
#define FLAG_OTHERS (UINT32_C(0x40) << 16)
#define TWO_HOURS_NS (7200 * NS_PER_S) /* RFC 4862 5.5.3 (e) */

void slaac_init(struct net *n)
{
    n->ip6->slaac = (struct slaac){.ask_ns = TIME_NEVER, .servers_until_ns = TIME_NEVER, .search_until_ns = TIME_NEVER};
}

/* Lifetimes are in seconds, all ones for ever. */
static uint64_t until(uint64_t now_ns, uint32_t lifetime_s)
{
    return lifetime_s == UINT32_MAX ? TIME_NEVER : time_after(now_ns, lifetime_s * NS_PER_S);
}

/* ---- Asking ---- */

/* At first from "::", without our MAC, for no address of ours is sure yet (RFC 4861 4.1). The random delay of 6.3.7
 * is left out: an image that was just started is wanted at once. */
static void ask(struct net *n, uint64_t now_ns)
{
    uint8_t body[ND_MAC_OPTION_BYTES];
    struct writer w = writer_of(body, sizeof body);
    struct slaac *s = &n->ip6->slaac;
    const struct ip6_address *from = ip6_link_local(n);
    const struct ip routers = ALL_ROUTERS;
    if (from)
        nd_emit_mac(&w, ND_SOURCE_MAC, &n->dev->mac);
    struct bytes data = writer_bytes(&w);
    struct ip_out o = {.src = from ? from->ip : IP_NONE, .dst = routers, .protocol = IP6_ICMP, .ttl = ND_HOP_LIMIT};
    struct icmp6 m = {.type = ICMP6_ROUTER_SOLICITATION};
    s->n_asked++;
    s->ask_ns = time_after(now_ns, SLAAC_ASK_NS);
    n->counters.nd.out_routers++;
    (void)icmp6_transmit(n, now_ns, &o, &routers, NULL, &m, &data, 1);
}

void slaac_start(struct net *n, uint64_t now_ns)
{
    ask(n, now_ns);
}

bool slaac_is_done(const struct net *n)
{
    const struct slaac *s = &n->ip6->slaac;
    return !s->accept || s->answered || s->ask_ns == TIME_NEVER;
}

/* ---- Routers ---- */

struct ip slaac_router(const struct net *n)
{
    const struct slaac *s = &n->ip6->slaac;
    struct ip best = n->ip6->gateway;
    if (!ip_equal(&best, &IP_NONE))
        return best;
    for (size_t i = 0; i < SLAAC_ROUTERS; i++) {
        const struct slaac_router *r = &s->router[i];
        if (r->until_ns && (ip_equal(&best, &IP_NONE) || (!nd_is_there(n, &best) && nd_is_there(n, &r->ip))))
            best = r->ip;
    }
    return best;
}

void slaac_router_gone(struct net *n, const struct ip *ip)
{
    for (size_t i = 0; i < SLAAC_ROUTERS; i++) {
        if (ip_equal(&n->ip6->slaac.router[i].ip, ip))
            n->ip6->slaac.router[i].until_ns = 0;
    }
    ip6_path_lost(n, ip);
}

static void set_router(struct net *n, uint64_t now_ns, const struct ip *ip, uint32_t lifetime_s)
{
    struct slaac_router *place = NULL;
    for (size_t i = 0; i < SLAAC_ROUTERS; i++) {
        struct slaac_router *r = &n->ip6->slaac.router[i];
        if (r->until_ns && ip_equal(&r->ip, ip)) {
            place = r;
            break;
        }
        if (!r->until_ns && !place)
            place = r;
    }
    if (lifetime_s == 0)
        slaac_router_gone(n, ip);
    else if (!place)
        n->counters.nd.routers_full++;
    else
        *place = (struct slaac_router){*ip, until(now_ns, lifetime_s)};
}

/* ---- Prefixes ---- */

bool slaac_is_on_link(const struct net *n, const struct ip *ip)
{
    const struct ip_net *fixed = &n->ip6->on_link;
    if (ip_is_link_local(ip) || (!ip_is_unspecified(&fixed->ip) && ip_in_net(ip, fixed)))
        return true;
    for (size_t i = 0; i < SLAAC_PREFIXES; i++) {
        const struct slaac_prefix *p = &n->ip6->slaac.prefix[i];
        if (p->until_ns && ip_in_net(ip, &p->net))
            return true;
    }
    return false;
}

static bool is_same(const struct ip_net *a, const struct ip_net *b)
{
    return a->prefix_len == b->prefix_len && ip_in_net(&a->ip, b);
}

/* until_ns 0: not on the link any more. */
static void set_on_link(struct net *n, const struct ip_net *net, uint64_t until_ns)
{
    struct slaac_prefix *place = NULL;
    for (size_t i = 0; i < SLAAC_PREFIXES; i++) {
        struct slaac_prefix *p = &n->ip6->slaac.prefix[i];
        if (p->until_ns && is_same(&p->net, net)) {
            p->until_ns = until_ns;
            return;
        }
        if (!p->until_ns && !place)
            place = p;
    }
    if (!place)
        n->counters.nd.prefixes_full += until_ns != 0;
    else if (until_ns)
        *place = (struct slaac_prefix){*net, until_ns};
}

static struct ip6_address *made_of(struct net *n, const struct ip_net *net)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        struct ip6_address *a = &n->ip6->address[i];
        if (a->state != IP6_FREE && a->kind == IP6_STABLE && a->prefix_len == net->prefix_len && ip_in_net(&a->ip, net))
            return a;
    }
    return NULL;
}

/* RFC 4862 5.5.3 (e): nobody may end an address at once by claiming a short life. */
static void renew(struct ip6_address *a, uint64_t now_ns, const struct nd_prefix *p)
{
    uint64_t valid_ns = until(now_ns, p->valid_s);
    uint64_t floor_ns = time_after(now_ns, TWO_HOURS_NS);
    a->preferred_ns = p->preferred_s ? until(now_ns, p->preferred_s) : 0;
    if (valid_ns > floor_ns || valid_ns > a->valid_ns)
        a->valid_ns = valid_ns;
    else if (a->valid_ns > floor_ns)
        a->valid_ns = floor_ns;
}

/* RFC 4862 5.5.3, the address by RFC 7217. */
static void autoconfigure(struct net *n, uint64_t now_ns, const struct nd_prefix *p)
{
    if (p->net.prefix_len != 64 || ip_is4(&p->net.ip))
        return;
    struct ip6_address *a = made_of(n, &p->net);
    if (a) {
        renew(a, now_ns, p);
        return;
    }
    if (p->valid_s == 0)
        return;
    struct ip_net net = {ip6_stable(n, &p->net.ip, 0), 64};
    a = ip6_add(n, now_ns, &net);
    if (!a)
        return;
    a->kind = IP6_STABLE;
    a->preferred_ns = p->preferred_s ? until(now_ns, p->preferred_s) : 0;
    a->valid_ns = until(now_ns, p->valid_s);
}

static void take_prefix(struct net *n, uint64_t now_ns, const struct nd_prefix *p)
{
    if (ip_is_link_local(&p->net.ip) || ip_is_multicast(&p->net.ip))
        return;
    if (p->on_link)
        set_on_link(n, &p->net, p->valid_s ? until(now_ns, p->valid_s) : 0);
    if (!p->autonomous || p->preferred_s > p->valid_s)
        return; /* the second contradicts itself: 5.5.3 (c) */
    autoconfigure(n, now_ns, p);
    ip6_temporary_renew(n, now_ns, &p->net, p->preferred_s ? until(now_ns, p->preferred_s) : 0,
                        until(now_ns, p->valid_s));
}

/* ---- Messages ---- */

static void take_servers(struct net *n, uint64_t now_ns, const struct nd_options *o)
{
    struct slaac *s = &n->ip6->slaac;
    _Static_assert(sizeof s->server == sizeof o->server, "the parser leaves out what there is no room for");
    n->counters.nd.servers_full += o->n_servers_left_out;
    if (o->n_servers == 0)
        return;
    s->n_servers = o->servers_s ? o->n_servers : 0;
    memcpy(s->server, o->server, sizeof s->server);
    s->servers_until_ns = o->servers_s ? until(now_ns, o->servers_s) : TIME_NEVER;
}

static void take_search(struct net *n, uint64_t now_ns, const struct nd_options *o)
{
    struct slaac *s = &n->ip6->slaac;
    if (o->search.len == 0)
        return;
    size_t len = o->search_s == 0 ? 0 : bytes_slice(o->search, 0, sizeof s->search).len;
    n->counters.nd.servers_full += len && len < o->search.len;
    memcpy(s->search, o->search.data, len);
    s->search_len = (uint8_t)len;
    s->search_until_ns = len ? until(now_ns, o->search_s) : TIME_NEVER;
}

static void take_times(struct net *n, const struct nd_router_message *r)
{
    const uint32_t most_ms = 3600000, least_ms = 100; /* RFC 4861 6.2.1; less would make us flood the link */
    if (r->reachable_ms >= least_ms && r->reachable_ms <= most_ms)
        n->ip6->nd.reachable_ns = r->reachable_ms * NS_PER_MS;
    if (r->retry_ms >= least_ms && r->retry_ms <= most_ms)
        n->ip6->nd.retry_ns = r->retry_ms * NS_PER_MS;
}

/* RFC 4861 6.1.2 and 6.3.4. */
void slaac_input_router(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    struct nd_router_message r;
    struct slaac *s = &n->ip6->slaac;
    n->counters.nd.in_routers++;
    if (in->ttl != ND_HOP_LIMIT || m->code != 0 || !ip_is_link_local(&in->src) || !nd_parse_router(m->data, &r)) {
        n->counters.nd.in_malformed++;
        return;
    }
    if (!s->accept) {
        n->counters.nd.in_ignored++;
        return;
    }
    s->answered = true;
    s->ask_ns = TIME_NEVER;
    if (m->rest >> 24)
        n->ip6->hop_limit = (uint8_t)(m->rest >> 24);
    take_times(n, &r);
    if (r.options.has_source)
        nd_learn(n, now_ns, &in->src, &r.options.source, true);
    set_router(n, now_ns, &in->src, m->rest & 0xffff);
    if (r.options.mtu_bytes >= IP6_MTU_LEAST_BYTES && r.options.mtu_bytes <= n->link_mtu_bytes)
        n->ip6->mtu_bytes = (uint16_t)r.options.mtu_bytes;
    for (size_t i = 0; i < r.options.n_prefixes; i++)
        take_prefix(n, now_ns, &r.options.prefix[i]);
    n->counters.nd.prefixes_full += r.options.n_prefixes_left_out;
    take_servers(n, now_ns, &r.options);
    take_search(n, now_ns, &r.options);
    ip6_dhcp_told(n, now_ns, m->rest & FLAG_ADDRESSES, m->rest & FLAG_OTHERS);
    net_tell(n);
}

/* RFC 4861 8.1 and 8.3: only from the router that we'd use. */
void slaac_input_redirect(struct net *n, uint64_t now_ns, const struct ip_in *in, const struct icmp6 *m)
{
    struct nd_redirect r;
    n->counters.nd.in_redirects++;
    if (in->ttl != ND_HOP_LIMIT || m->code != 0 || !ip_is_link_local(&in->src) || !nd_parse_redirect(m->data, &r) ||
        ip_is_multicast(&r.dst)) {
        n->counters.nd.in_malformed++;
        return;
    }
    bool itself = ip_equal(&r.target, &r.dst);
    struct ip hop = ip6_next_hop(n, &r.dst);
    if (!n->ip6->slaac.accept || !ip_equal(&hop, &in->src) || (!itself && !ip_is_link_local(&r.target)) ||
        ip6_find(n, &r.target)) {
        n->counters.nd.in_ignored++;
        return;
    }
    if (r.options.has_target)
        nd_learn(n, now_ns, &r.target, &r.options.target, !itself);
    ip6_path_redirect(n, now_ns, &r.dst, &r.target);
}

/* ---- Time ---- */

uint64_t slaac_deadline(const struct net *n)
{
    const struct slaac *s = &n->ip6->slaac;
    uint64_t at = time_min(s->ask_ns, time_min(s->servers_until_ns, s->search_until_ns));
    for (size_t i = 0; i < SLAAC_ROUTERS; i++) {
        if (s->router[i].until_ns)
            at = time_min(at, s->router[i].until_ns);
    }
    for (size_t i = 0; i < SLAAC_PREFIXES; i++) {
        if (s->prefix[i].until_ns)
            at = time_min(at, s->prefix[i].until_ns);
    }
    return at;
}

void slaac_tick(struct net *n, uint64_t now_ns)
{
    struct slaac *s = &n->ip6->slaac;
    if (s->ask_ns <= now_ns && s->n_asked < SLAAC_REQUESTS) {
        ask(n, now_ns);
    } else if (s->ask_ns <= now_ns) {
        s->ask_ns = TIME_NEVER;
        net_tell(n);
    }
    for (size_t i = 0; i < SLAAC_ROUTERS; i++) {
        if (s->router[i].until_ns && s->router[i].until_ns <= now_ns)
            slaac_router_gone(n, &s->router[i].ip);
    }
    for (size_t i = 0; i < SLAAC_PREFIXES; i++) {
        if (s->prefix[i].until_ns <= now_ns)
            s->prefix[i].until_ns = 0;
    }
    if (s->servers_until_ns <= now_ns) {
        s->n_servers = 0;
        s->servers_until_ns = TIME_NEVER;
    }
    if (s->search_until_ns <= now_ns) {
        s->search_len = 0;
        s->search_until_ns = TIME_NEVER;
    }
}
