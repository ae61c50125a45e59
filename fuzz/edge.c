/* SPDX-License-Identifier: ISC */
/* The edge of the stack: two of them on one link, with fibers that connect, serve, send and wait, on a link that loses,
 * doubles, delays and damages what it is told to. Each input is two bytes of options and a list of steps of 6 bytes.
 *
 * What must hold: no sanitizer and no assertion speaks; what is read is what was written; every call comes back by its
 * deadline, so that when all of them have passed no fiber is left; a cancelled scope ends at once; and in the end, when all is
 * closed and time has passed, no pool holds anything. */
#include "net/stack.c" /* take_down: images never do, a fuzzer has to */

#include "fuzz/random.h"
#include "net/tcp_core.h"
#include "plat/fuzz/fuzz.h"

#include <jinn/pcap.h>
#include <jinn/stack_tables.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { LINK_STEP_BYTES = 6, LINK_STEPS_MAX = 60, WORKERS = 10, QUEUE_MOST = 64, PATTERN_BYTES = 2048, SERVED = 80 };
enum { OFFLOADS = 1, ONLY4 = 2, CAPTURE = 4, SMALL = 8 };

struct wire_frame {
    struct wire_frame *next;
    uint64_t at_ns;
    struct net_offload offload;
    size_t len;
    uint8_t data[];
};

/* A device at one end of the link, and the stack on it. */
struct station {
    struct netdev dev;
    struct netdev *top; /* the device that the stack has: `dev`, or a capture of it */
    struct waiter *watcher;
    struct wire_frame *first; /* on their way to it, soonest first */
    size_t n;
    struct timer timer;
    struct stack *stack;
    struct listener *listener;
    struct udp_socket *socket;
    bool receiving;
};

/* What a fiber is told to do. */
struct worker {
    bool busy;
    uint8_t a[LINK_STEP_BYTES];
    struct station *here, *there;
};

struct edge_world {
    struct station station[2];
    struct worker worker[WORKERS];
    struct scope scope;
    uint8_t weather[2]; /* what becomes of frames: bits of eight in a row, and how */
    uint8_t turn;
    struct bytes input;
};

static struct edge_world the;
static uint8_t pattern[2 * PATTERN_BYTES];
/* ---- The link ---- */

static void arm_link(struct station *s)
{
    sched_timer(&s->timer, s->first ? s->first->at_ns : TIME_NEVER);
}

static void queue(struct station *s, struct wire_frame *f)
{
    struct wire_frame **at = &s->first;
    while (*at && (*at)->at_ns <= f->at_ns)
        at = &(*at)->next;
    f->next = *at;
    *at = f;
    s->n++;
    arm_link(s);
}

static struct wire_frame *gather(const struct bytes *v, size_t n, const struct net_offload *o, uint64_t at_ns)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len += v[i].len;
    struct wire_frame *f = malloc(sizeof *f + len);
    must(f);
    *f = (struct wire_frame){.at_ns = at_ns, .len = len, .offload = o ? *o : (struct net_offload){0}};
    struct writer w = writer_of(f->data, len);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    must(writer_good(&w));
    return f;
}

static enum err link_send(struct netdev *d, const struct bytes *v, size_t n, const struct net_offload *o)
{
    struct station *s = CONTAINER_OF(d, struct station, dev), *other = &the.station[s == &the.station[0]];
    bool bad = the.weather[0] >> (the.turn++ % 8) & 1;
    uint8_t how = bad ? the.weather[1] : 0;
    must(n <= NETDEV_PARTS_MAX && (d->features || !o || (!o->flags && !o->segments)));
    if (other->n >= QUEUE_MOST || (how & 7) == 1)
        return (how & 7) == 1 && how & 8 ? OK : ERR_AGAIN;
    uint64_t at_ns = sched_now() + NS_PER_MS;
    if ((how & 7) == 2)
        at_ns += (how >> 3) * 5 * NS_PER_MS;
    if ((how & 7) == 3)
        queue(other, gather(v, n, o, at_ns + NS_PER_MS));
    struct wire_frame *f = gather(v, n, o, at_ns);
    if ((how & 7) == 4 && !f->offload.flags)
        f->data[(how >> 3) * 2u % f->len] ^= 0x10;
    queue(other, f);
    return OK;
}

static enum err link_recv(struct netdev *d, uint8_t *buffer, size_t size, struct bytes *frame, struct net_offload *o)
{
    struct station *s = CONTAINER_OF(d, struct station, dev);
    struct wire_frame *f = s->first;
    if (!f || f->at_ns > sched_now())
        return ERR_AGAIN;
    s->first = f->next;
    s->n--;
    size_t len = f->len < size ? f->len : size;
    memcpy(buffer + size - len, f->data, len); /* at its end, where the sanitizer sees who reads too far */
    *frame = bytes_of(buffer + size - len, len);
    *o = f->offload;
    free(f);
    return OK;
}

static void link_watch(struct netdev *d, struct waiter *w)
{
    CONTAINER_OF(d, struct station, dev)->watcher = w;
}

static void arrive(struct timer *t, uint64_t now_ns)
{
    struct station *s = CONTAINER_OF(t, struct station, timer);
    while (s->watcher && s->first && s->first->at_ns <= now_ns)
        s->watcher->wake(s->watcher);
    arm_link(s);
}

/* ---- Workers ---- */

static uint64_t in_ms(uint64_t ms)
{
    return sched_now() + ms * NS_PER_MS;
}

static struct ip address_of(const struct station *s, bool six)
{
    uint8_t last = (uint8_t)(1 + (s - the.station));
    return six ? (struct ip){{0x20, 1, 0xd, 0xb8, [15] = last}} : ip4(10, 0, 0, last);
}

/* Reads to the end, or until the deadline; what comes must be the pattern. */
static enum err read_all(struct flow *f, const struct worker *k, uint64_t deadline_ns) MAY_YIELD
{
    uint8_t buffer[300];
    size_t at = 0, len;
    enum err e;
    bool drop = k->a[4] & 1;
    while ((e = flow_read(f, drop ? NULL : buffer, sizeof buffer, &len, deadline_ns)) == OK) {
        must(len > 0 && len <= sizeof buffer);
        must(drop || memcmp(buffer, pattern + at % PATTERN_BYTES, len) == 0);
        at += len;
        if (k->a[4] & 2 && fiber_sleep(in_ms(k->a[5])) != OK)
            return ERR_CANCELLED;
        if (sched_now() >= deadline_ns)
            return ERR_TIMEOUT;
    }
    return e;
}

static enum err write_all(struct flow *f, const struct worker *k, uint64_t deadline_ns) MAY_YIELD
{
    size_t len = k->a[2] * 256u;
    for (size_t at = 0; at < len;) {
        size_t n = k->a[4] & 4 ? PATTERN_BYTES : 100;
        struct bytes b = bytes_of(pattern + at % PATTERN_BYTES, n < len - at ? n : len - at);
        struct piece v[2] = {k->a[4] & 8 ? piece_static(b) : piece_copy(b), piece_copy(bytes_of(NULL, 0))};
        enum err e = flow_write(f, v, 2, deadline_ns);
        if (e)
            return e;
        at += b.len;
    }
    return OK;
}

static void wake_nobody(struct waiter *w)
{
}

static void speak(struct flow *f, const struct worker *k, bool first) MAY_YIELD
{
    uint64_t deadline_ns = in_ms(k->a[3] * 40u);
    struct waiter armed;
    enum err e = OK;
    (void)flow_peer(f);
    waiter_init(&armed, wake_nobody);
    flow_arm(f, &armed);
    flow_arm(f, NULL);
    if (first || k->a[4] & 16)
        e = write_all(f, k, deadline_ns);
    if (e == OK && first && !(k->a[4] & 32))
        (void)!flow_shutdown(f);
    if (e == OK || e == ERR_TIMEOUT)
        e = read_all(f, k, deadline_ns);
    must(e != OK && sched_now() <= deadline_ns + NS_PER_S);
    (void)flow_unsent(f);
    if (k->a[4] & 64)
        flow_abort(f);
    else
        flow_close(f);
}

static void serve(struct worker *k) MAY_YIELD
{
    struct flow *f;
    if (k->here->listener && listener_accept(k->here->listener, in_ms(k->a[3] * 40u), &f) == OK)
        speak(f, k, false);
}

static void ask(struct worker *k) MAY_YIELD
{
    struct endpoint to = {address_of(k->a[1] & 4 ? k->here : k->there, k->a[1] & 2), SERVED};
    struct flow *f;
    if (k->a[1] & 8)
        to.ip.b[15] += 20; /* nobody's */
    if (k->a[1] & 16)
        to.port++;
    if (k->a[1] & 32)
        to.ip = k->a[1] & 2 ? (struct ip){{[15] = 1}} : ip4(127, 0, 0, 1);
    if (stack_connect(k->here->stack, to, in_ms(k->a[3] * 40u), &f) == OK)
        speak(f, k, true);
}

/* Addresses of which some answer, some refuse and some are nobody's. */
static void ask_any(struct worker *k) MAY_YIELD
{
    struct endpoint list[18];
    size_t n = 1 + k->a[1] % ARRAY_LEN(list);
    struct flow *f;
    for (size_t i = 0; i < n; i++) {
        uint8_t what = (uint8_t)(k->a[5] >> (i % 8)) + (uint8_t)i;
        list[i] = (struct endpoint){address_of(k->there, what & 1), SERVED};
        if (what & 2)
            list[i].ip.b[15] += (uint8_t)(10 + i);
        if (what & 4)
            list[i].port += 7;
        if (what & 8)
            list[i].ip.b[14] = 9;
        if (what & 16)
            list[i].ip = (struct ip){{0xfe, 0x80, [15] = 9}};
    }
    if (stack_connect_any(k->here->stack, list, n, in_ms(k->a[3] * 40u), &f) == OK)
        speak(f, k, true);
}

static void send_datagrams(struct worker *k) MAY_YIELD
{
    struct udp_socket *u;
    struct endpoint to = {address_of(k->there, k->a[1] & 2), 53}, from;
    struct piece v[2] = {piece_copy(bytes_of(pattern, k->a[2] * 8u)), piece_copy(bytes_of(pattern, 5))};
    struct ip group = ip4(224, 1, 2, 3);
    uint8_t buffer[512];
    size_t len;
    enum err problem;
    if (k->a[1] & 16)
        to.port = 99;
    if (stack_udp(k->here->stack, 0, &u) != OK)
        return;
    must(udp_port(u) != 0);
    (void)!udp_join(u, &group);
    for (int i = 0; i < 1 + k->a[4] % 4; i++) {
        (void)!udp_send(u, to, v, 2);
        (void)!udp_recv(u, buffer, sizeof buffer, &len, &from, in_ms(k->a[3] * 10u));
        (void)udp_problem(u, &problem, &from);
    }
    (void)!udp_leave(u, &group);
    udp_close(u);
}

/* The socket of the station, for one fiber at a time. */
static void answer_datagrams(struct worker *k) MAY_YIELD
{
    uint8_t buffer[512];
    struct endpoint from;
    size_t len;
    uint64_t deadline_ns = in_ms(k->a[3] * 40u);
    if (k->here->receiving)
        return;
    k->here->receiving = true;
    while (udp_recv(k->here->socket, buffer, sizeof buffer, &len, &from, deadline_ns) == OK) {
        struct piece p = piece_copy(bytes_of(buffer, len < sizeof buffer ? len : sizeof buffer));
        (void)!udp_send(k->here->socket, from, &p, 1);
    }
    k->here->receiving = false;
}

static void work(void *arg)
{
    struct worker *k = arg;
    switch (k->a[0] % 5) {
    case 0:
        serve(k);
        break;
    case 1:
        ask(k);
        break;
    case 2:
        ask_any(k);
        break;
    case 3:
        send_datagrams(k);
        break;
    default:
        answer_datagrams(k);
    }
    k->busy = false;
}

/* ---- Steps ---- */

static void employ(const uint8_t *a)
{
    for (struct worker *k = the.worker; k < the.worker + WORKERS; k++) {
        if (k->busy)
            continue;
        *k = (struct worker){true, {0}, &the.station[a[1] & 1], &the.station[!(a[1] & 1)]};
        memcpy(k->a, a, sizeof k->a);
        if (scope_spawn(&the.scope, "worker", work, k) != OK)
            k->busy = false;
        return;
    }
}

static void look_at(const struct stack *s)
{
    struct stack_address a;
    struct stack_route r;
    struct stack_neighbour n;
    for (size_t at = 0; stack_next_address(s, &at, &a);)
        must(a.net.prefix_len <= 128);
    for (size_t at = 0; stack_next_route(s, &at, &r);)
        must(r.to.prefix_len <= 128);
    for (size_t at = 0; stack_next_neighbour(s, &at, &n);)
        must(at <= ARP_NEIGHBOURS + ND_NEIGHBOURS);
    (void)stack_counters(s);
    (void)stack_resolver(s);
    (void)stack_ipv4(s);
    (void)stack_ipv4_gateway(s);
}

static void stop_all(void) MAY_YIELD
{
    uint64_t now_ns = sched_now();
    scope_cancel(&the.scope);
    scope_join(&the.scope);
    must(sched_now() <= now_ns + 10 * NS_PER_MS);
    for (int i = 0; i < WORKERS; i++)
        the.worker[i].busy = false;
    the.station[0].receiving = the.station[1].receiving = false;
}

static void edge_step(const uint8_t *a) MAY_YIELD
{
    struct station *s = &the.station[a[1] & 1];
    struct stack *list[2] = {the.station[0].stack, the.station[1].stack};
    switch (a[0] >> 4) {
    case 0 ... 8:
        employ(a);
        break;
    case 9 ... 11:
        must(fiber_sleep(in_ms(a[2] * (a[1] & 2 ? 200u : 5u))) == OK);
        break;
    case 12:
        memcpy(the.weather, a + 2, sizeof the.weather);
        break;
    case 13:
        if (s->listener)
            listener_close(s->listener);
        s->listener = NULL;
        if (!(a[1] & 2))
            (void)!stack_listen(s->stack, SERVED, 1 + a[2] % 4, &s->listener);
        break;
    case 14:
        look_at(s->stack);
        (void)stack_toward(list, 2, &(struct ip[]){address_of(s, a[1] & 2)}[0]);
        break;
    default:
        stop_all();
        scope_open(&the.scope);
    }
}

/* ---- Life ---- */

static void swallow(struct pcap_sink *s, struct bytes b)
{
}

static void make_device(struct station *s, uint8_t options)
{
    static const struct netdev_ops ops = {link_send, link_recv, link_watch};
    static struct pcap_sink sink = {swallow};
    uint8_t last = (uint8_t)(1 + (s - the.station));
    *s = (struct station){
        .dev = {&ops, {{2, 0, 0, 0, 0, last}}, 1500, options & OFFLOADS ? (uint32_t)NET_FEATURES : 0, NULL}};
    timer_init(&s->timer, arrive);
    s->top = &s->dev;
    if (options & CAPTURE)
        must(netdev_pcap(&s->dev, &sink, sched_now, &s->top) == OK);
}

static void begin_station(struct station *s, uint8_t options) MAY_YIELD
{
    struct stack_options o = {.tcp = &stack_tcp_part,
                              .ipv4 = {address_of(s, false), 24},
                              .ip6 = options & ONLY4 ? NULL : &stack_ip6,
                              .ipv6 = {address_of(s, true), 64},
                              .tcp_connections = options & SMALL ? 3 : 8,
                              .buffer_bytes = options & SMALL ? 16 << 10 : 256 << 10};
    o.ipv4_routes.n = options & SMALL ? 1 : 0;
    o.ipv4_routes.route[0] = (struct ip_route){{ip4(10, 0, 9, 0), 24}, ip4(10, 0, 0, 9), 1};
    must(stack_up(s->top, &o, in_ms(100), &s->stack) == OK);
    must(stack_listen(s->stack, SERVED, 3, &s->listener) == OK);
    must(stack_udp(s->stack, 53, &s->socket) == OK);
}

/* Nobody answers it, and a bad option is told at once. */
static void begin_in_vain(uint8_t options) MAY_YIELD
{
    struct stack_options o = {.tcp = &stack_tcp_part, .ip6 = &stack_ip6, .ipv4_only = options & 16, .hostname = "fuzz"};
    struct stack *none;
    if (options & 32)
        o.ipv4 = (struct ip_net){ip4(127, 0, 0, 1), 8};
    must(stack_up(&the.station[0].dev, &o, in_ms(500), &none) != OK);
}

static void end_station(struct station *s)
{
    struct tcp_counters t = tcp_counters(s->stack->tcp);
    const struct net *n = s->stack->net;
    must(t.n_connections == 0 && t.n_half_open == 0 && t.n_time_wait == 0);
    must(t.n_chunks == 0 && t.n_pieces == 0 && t.n_runs == 0);
    must(n->udp.chunks.n_used == 0 && n->frag.chunks.n_used == 0 && n->arp.room.frames.n_used == 0);
    must(n->loop.packets.n_used == 0 && (!n->ip6_ops || n->ip6->nd.room.frames.n_used == 0));
    take_down(s->stack);
    if (s->top != &s->dev)
        netdev_pcap_free(s->top);
    sched_timer(&s->timer, TIME_NEVER);
    for (struct wire_frame *f; (f = s->first);) {
        s->first = f->next;
        free(f);
    }
}

static bool all_done(void)
{
    bool busy = false;
    for (int i = 0; i < WORKERS; i++)
        busy |= the.worker[i].busy;
    return !busy;
}

static int live(void *arg)
{
    struct reader r = reader_of(the.input);
    uint8_t options = read_u8(&r), more = read_u8(&r), a[LINK_STEP_BYTES];
    make_device(&the.station[0], options);
    make_device(&the.station[1], options);
    begin_station(&the.station[0], options);
    begin_station(&the.station[1], options ^ (more & SMALL));
    if (options & 128)
        begin_in_vain(options);
    link_watch(&the.station[0].dev, &the.station[0].stack->readable);
    scope_open(&the.scope);
    for (int i = 0; i < LINK_STEPS_MAX && reader_left(&r) >= sizeof a; i++) {
        read_copy(&r, a, sizeof a);
        edge_step(a);
    }
    memset(the.weather, 0, sizeof the.weather);
    must(fiber_sleep(in_ms(60000)) == OK); /* longer than any deadline of theirs */
    must(all_done());
    stop_all();
    for (int i = 0; i < 2; i++) {
        udp_close(the.station[i].socket);
        if (the.station[i].listener)
            listener_close(the.station[i].listener);
    }
    must(fiber_sleep(in_ms(1200000)) == OK);
    end_station(&the.station[0]);
    end_station(&the.station[1]);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i % PATTERN_BYTES * 7 + i % PATTERN_BYTES / 251);
    random_state = 1;
    the = (struct edge_world){.input = bytes_of(data, len)};
    fuzz_begin();
    must(sched_run(live, NULL) == 0);
    return 0;
}
