/* SPDX-License-Identifier: ISC */
/* The edge: moves frames between the device and the cores, keeps one timer at the earliest deadline of both, and
 * waits for an address. The pump and the timer run between fibers, so the stack needs no fiber and no stack of its own. */
#include "net/stack_internal.h"
#include "net/net.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>
#include <jinn/random.h>
#include <jinn/stack.h>
#include <jinn/wheel.h>

#include <stdlib.h>

struct stack {
    struct netdev *dev;
    struct net *net;
    const struct tcp_part *tcp_part; /* NULL: no TCP */
    struct tcp *tcp;
    struct net_transport seam; /* from IP to TCP */
    struct waiter readable;    /* woken while frames wait */
    bool busy;                 /* frames are being handed in: nothing is handed back within */
    struct waiter late;        /* the end of a round in which something was written */
    struct timer timer;
    uint64_t armed_ns;        /* what the timer is set to */
    struct waiter on_address; /* woken by the net, and by a stop while an address is waited for */
    struct fiber *waiting;    /* for an address; NULL */
    struct stack_given_names names;
    struct ip_net logged; /* the address that was logged last */
    struct ip logged6[IP6_ADDRESSES];
    size_t frame_bytes;
    uint8_t frame[]; /* the device's, and what lies in it */
};

static struct log_source log_net = LOG_SOURCE("net");

struct net *stack_net(struct stack *s)
{
    return s->net;
}

const struct net *stack_const_net(const struct stack *s)
{
    return s->net;
}

const struct stack_given_names *stack_given_names(const struct stack *s)
{
    return &s->names;
}

struct tcp *stack_tcp(struct stack *s)
{
    return s->tcp;
}

struct ip_net stack_ipv4(const struct stack *s)
{
    return s->net->ip4.net;
}

/* Only the route to everywhere fits an address that nobody has. */
static struct ip gateway(const struct net *n)
{
    const struct route *r = route_find(n, 0);
    return r ? ip4_of_u32(r->gateway) : IP_NONE;
}

struct ip stack_ipv4_gateway(const struct stack *s)
{
    return gateway(s->net);
}

struct ip stack_resolver(const struct stack *s)
{
    if (s->names.servers.n)
        return s->names.servers.ip[0];
    const struct dhcp *d = &s->net->dhcp;
    if (dhcp_is_bound(d) && d->lease.config.n_dns)
        return d->lease.config.dns[0];
    const struct ip6 *six = s->net->ip6;
    if (six && six->slaac.n_servers)
        return six->slaac.server[0];
    return six && six->dhcp.client.n_dns ? six->dhcp.client.dns[0] : IP_NONE;
}

/* ---- The pump ---- */

void stack_may_loop(struct stack *s)
{
    s->net->loop.ops = &loop_ops;
}

static void flush_tcp(struct stack *s, uint64_t now_ns)
{
    if (s->tcp)
        s->tcp_part->flush(s->tcp, now_ns);
}

/* What we sent to ourselves, and what is sent in answer, as long as that goes on. */
static void loop_back(struct stack *s, uint64_t now_ns)
{
    s->busy = true;
    for (int i = 0; i < NET_BATCH_FRAMES && s->net->loop.ops->deliver(s->net, now_ns); i++)
        flush_tcp(s, now_ns);
    s->busy = false;
}

void stack_kick(struct stack *s)
{
    if (!list_empty(&s->late.node))
        return; /* the end of the round does it, once for all */
    if (s->net->loop.first && !s->busy)
        loop_back(s, sched_now());
    uint64_t at_ns = net_deadline(s->net);
    if (s->tcp)
        at_ns = time_min(at_ns, s->tcp_part->deadline(s->tcp));
    if (at_ns == s->armed_ns)
        return;
    s->armed_ns = at_ns;
    sched_timer(&s->timer, at_ns);
}

static void end_of_round(struct waiter *w)
{
    struct stack *s = CONTAINER_OF(w, struct stack, late);
    flush_tcp(s, sched_now());
    stack_kick(s);
}

void stack_flush_late(struct stack *s)
{
    sched_late(&s->late);
}

/* What is acknowledged is acknowledged when readers have had their turn: so the window shows what they have taken. */
static void pump(struct waiter *w)
{
    struct stack *s = CONTAINER_OF(w, struct stack, readable);
    uint64_t now_ns = sched_now();
    s->busy = true;
    udp_begin_batch(s->net);
    for (int i = 0; i < NET_BATCH_FRAMES; i++) {
        struct bytes frame;
        struct net_offload offload;
        enum err e = s->dev->ops->recv(s->dev, s->frame, s->frame_bytes, &frame, &offload);
        if (e == ERR_MALFORMED)
            s->net->counters.ether.in_malformed++;
        else if (e != OK)
            break;
        else
            net_input_offload(s->net, now_ns, frame, &offload);
    }
    udp_end_batch(s->net, now_ns);
    s->busy = false;
    stack_flush_late(s);
}

static void tick(struct timer *t, uint64_t now_ns)
{
    struct stack *s = CONTAINER_OF(t, struct stack, timer);
    s->armed_ns = TIME_NEVER;
    s->busy = true;
    net_tick(s->net, now_ns);
    if (s->tcp)
        s->tcp_part->tick(s->tcp, now_ns);
    s->busy = false;
    stack_flush_late(s);
}

/* ---- The seam from IP to TCP ---- */

static void seam_input(struct net_transport *t, uint64_t now_ns, const struct ip_in *in)
{
    struct stack *s = CONTAINER_OF(t, struct stack, seam);
    s->tcp_part->input(s->tcp, now_ns, in);
}

static void seam_problem(struct net_transport *t, uint64_t now_ns, const struct ip_problem *p)
{
    struct stack *s = CONTAINER_OF(t, struct stack, seam);
    s->tcp_part->problem(s->tcp, now_ns, p);
}

/* ---- Addresses ---- */

static void log_address(struct stack *s)
{
    const struct ip4 *ip = &s->net->ip4;
    char address[IP_TEXT_BYTES], way[IP_TEXT_BYTES];
    if (!ip->up && !ip_is_unspecified(&s->logged.ip)) {
        log_warning(&log_net, "the address is lost");
    } else if (ip->up && memcmp(&ip->net, &s->logged, sizeof ip->net) != 0) {
        struct ip to = gateway(s->net);
        bool routed = !ip_equal(&to, &IP_NONE);
        log_info(&log_net, "address %s/%u%s%s", ip_text(&ip->net.ip, address), ip->net.prefix_len,
                 routed ? ", gateway " : ", no gateway", routed ? ip_text(&to, way) : "");
    }
    s->logged = ip->net;
}

static void log_addresses6(struct stack *s)
{
    for (size_t i = 0; i < IP6_ADDRESSES; i++) {
        const struct ip6_address *a = &s->net->ip6->address[i];
        char text[IP_TEXT_BYTES];
        if (a->state == IP6_DUPLICATE && !ip_equal(&s->logged6[i], &IP_NONE)) {
            log_warning(&log_net, "address %s is somebody else's", ip_text(&a->ip, text));
            s->logged6[i] = IP_NONE;
        } else if (ip6_is_used(a) && !ip_equal(&s->logged6[i], &a->ip)) {
            log_info(&log_net, "address %s/%u", ip_text(&a->ip, text), a->prefix_len);
            s->logged6[i] = a->ip;
        }
    }
}

static void address_changed(struct waiter *w)
{
    struct stack *s = CONTAINER_OF(w, struct stack, on_address);
    log_address(s);
    if (s->net->ip6_ops)
        log_addresses6(s);
    if (s->waiting)
        fiber_wake(s->waiting);
}

/* A stop ends the wait, so that the image comes to see that it is to stop. */
static enum err wait_for_address(struct stack *s, uint64_t deadline_ns) MAY_YIELD
{
    enum err e = OK;
    s->waiting = fiber_self();
    (void)sched_stop_asked(&s->on_address);
    while (e == OK && !sched_stop_asked(NULL) && !s->net->ip4.up &&
           !(s->net->ip6_ops && s->net->ip6_ops->is_ready(s->net)))
        e = fiber_park(deadline_ns);
    s->waiting = NULL;
    list_remove(&s->on_address.node);
    return e;
}

static enum err begin_ipv4(struct stack *s, const struct stack_options *o, uint64_t now_ns)
{
    bool fixed = ip_is4(&o->ipv4.ip) && !ip_is_unspecified(&o->ipv4.ip);
    bool routed = ip_is4(&o->ipv4_gateway) && !ip_is_unspecified(&o->ipv4_gateway);
    enum err e = OK;
    if (fixed)
        e = net_set_static(s->net, now_ns, &o->ipv4, routed ? &o->ipv4_gateway : &IP_NONE);
    else
        net_start_dhcp(s->net, now_ns, o->hostname ? bytes_str(o->hostname) : bytes_of(NULL, 0));
    for (const struct ip_route *r = o->ipv4_routes.route, *end = r + o->ipv4_routes.n; r < end; r++) {
        if (!route_add(s->net, ip4_u32(&r->to.ip), r->to.prefix_len, ip4_u32(&r->gateway), r->metric, ROUTE_FIXED))
            e = ERR_INVALID;
    }
    return e;
}

static enum err begin_addressing(struct stack *s, const struct stack_options *o, uint64_t now_ns)
{
    enum err e = OK;
    if (s->net->ip6_ops && !o->ipv4_only) {
        struct ip6_options six = {.address = o->ipv6,
                                  .gateway = o->ipv6_gateway,
                                  .accept_ra = o->accept_routers,
                                  .accept_dhcp = o->ipv6_dhcp,
                                  .temporary = o->ipv6_temporary,
                                  .secret = o->ipv6_secret};
        e = s->net->ip6_ops->start(s->net, now_ns, &six);
    }
    return e != OK || o->ipv6_only ? e : begin_ipv4(s, o, now_ns);
}

/* ---- Life ---- */

static enum err make_cores(struct stack *s, const struct stack_options *o, uint64_t now_ns)
{
    struct net_options net = {.dev = s->dev,
                              .random = random_u32,
                              .tcp = o->tcp ? &s->seam : NULL,
                              .on_address = &s->on_address,
                              .ip6 = o->ipv4_only ? NULL : o->ip6};
    enum err e = net_new(&net, &s->net);
    s->tcp_part = o->tcp;
    return e == OK && o->tcp ? o->tcp->make(o, &s->net->below, now_ns, &s->tcp) : e;
}

static void take_down(struct stack *s)
{
    s->dev->ops->watch(s->dev, NULL);
    list_remove(&s->late.node);
    sched_timer(&s->timer, TIME_NEVER);
    if (s->tcp)
        s->tcp_part->free(s->tcp);
    net_free(s->net);
    free(s);
}

static void make_edge(struct stack *s, struct netdev *d)
{
    s->dev = d;
    s->armed_ns = TIME_NEVER;
    s->seam = (struct net_transport){.input = seam_input, .problem = seam_problem};
    waiter_init(&s->readable, pump);
    waiter_init(&s->late, end_of_round);
    waiter_init(&s->on_address, address_changed);
    timer_init(&s->timer, tick);
}

enum err stack_up(struct netdev *d, const struct stack_options *o, uint64_t deadline_ns, struct stack **s)
{
    uint64_t now_ns = sched_now();
    size_t frame_bytes = NET_HEAD_BYTES + (d->features & NET_LARGE_IN ? NET_LARGE_BYTES : ETHER_FRAME_BYTES);
    struct stack *made = calloc(1, sizeof *made + frame_bytes);
    if (!made)
        return ERR_FULL;
    made->frame_bytes = frame_bytes;
    made->names = (struct stack_given_names){o->dns_servers, o->dns_search};
    make_edge(made, d);
    enum err e = make_cores(made, o, now_ns);
    if (e == OK) {
        d->ops->watch(d, &made->readable);
        e = begin_addressing(made, o, now_ns);
    }
    if (e == OK) {
        stack_kick(made);
        e = wait_for_address(made, deadline_ns);
    }
    if (e != OK) {
        take_down(made);
        return e;
    }
    *s = made;
    return OK;
}
