/* SPDX-License-Identifier: ISC */
/* The TCP core with a peer that is an adversary: each input is a byte that says what peers agree on, and a list of steps of 8
 * bytes, that send segments with numbers near those that count, or those that an honest host would send, make the user's
 * calls, change the device and the path, and let time pass. What must hold:
 * no sanitizer and no assertion speaks; what is sent is well formed; what is read is what was sent at that place in the
 * stream; when all is closed and time has passed, nothing is left in any pool. */
#include "fuzz/receiver.h"
#include "net/tcp_internal.h"
#include "wire/checksum.h"

#include <jinn/must.h>
#include <jinn/time.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { STEP_BYTES = 8, STEPS_MAX = 400, HELD_MAX = 4, PEERS = 3, STREAM_BYTES = 1 << 16, LARGE = 16 };

struct peer {
    struct seq nxt;       /* behind the last that the core sent */
    struct seq acked;     /* what the core acknowledged last: where our next byte belongs */
    uint32_t ts_value;    /* the core's last */
    uint16_t port, local; /* ours and the core's */
    struct receiver receiver;
    uint8_t flags;       /* of the core's last segment */
    uint8_t drops, turn; /* which of eight segments in a row are lost on the way to it */
};

/* What is agreed on when a connection is opened, whatever else the input says; and what the core is made of. */
enum { WITH_TIMESTAMPS = 1, WITH_SACK = 2, WITH_SCALING = 4, WITH_ECN = 8, NEWRENO = 32, MUCH_MEMORY = 64 };

struct fuzz {
    struct ip_below below;
    struct tcp *t;
    struct tcp_listener *listener;
    struct tcp_connection *held[HELD_MAX];
    struct waiter reader[HELD_MAX], writer[HELD_MAX];
    struct peer peer[PEERS];
    uint64_t now_ns;
    uint32_t ts;
    uint8_t features;
    uint16_t payload_bytes; /* what the path carries */
    bool full, single;
};

static uint8_t stream[STREAM_BYTES];

static enum err fuzz_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct fuzz *f = CONTAINER_OF(b, struct fuzz, below);
    static uint8_t packet[UINT16_MAX];
    struct writer w = writer_of(packet, sizeof packet);
    struct tcp_segment s;
    if (f->full)
        return ERR_AGAIN;
    must(n >= 1 && n <= IP_PIECES_MAX);
    must(!o->segment_bytes || (b->features & NET_SEGMENT_TCP4));
    if (f->single && o->segment_bytes)
        return ERR_UNSUPPORTED;
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    must(writer_good(&w) && tcp_parse(writer_bytes(&w), &s));
    if ((o->segment_bytes ? (size_t)o->header_bytes + o->segment_bytes : writer_len(&w)) > f->payload_bytes)
        return ERR_TOO_LARGE;
    uint64_t sum = checksum_pseudo(&o->src, &o->dst, o->protocol, (uint32_t)writer_len(&w));
    must(o->checksum_offset || checksum_finish(checksum_add(sum, writer_bytes(&w), false)) == 0);
    for (int i = 0; i < PEERS; i++) {
        struct peer *p = &f->peer[i];
        if (p->port != s.dst_port)
            continue;
        p->local = s.src_port;
        p->flags = s.flags;
        p->nxt = seq_add(s.seq, tcp_segment_len(&s));
        p->ts_value = s.has_timestamp ? s.ts_value : p->ts_value;
        if (s.flags & TCP_ACK)
            p->acked = s.ack;
        if (s.flags & TCP_SYN)
            receive_first(&p->receiver, p->nxt);
        else if (!(s.flags & TCP_RST) && !(p->drops >> (p->turn++ % 8) & 1))
            receive(&p->receiver, s.seq, p->nxt);
    }
    return OK;
}

static enum err fuzz_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = ip4(10, 0, 0, 1);
    *payload_bytes = CONTAINER_OF(b, struct fuzz, below)->payload_bytes;
    return OK;
}

/* The options of an opening: those of the input, and those that are agreed on. */
static void put_options(const struct fuzz *f, struct tcp_segment *s, uint8_t which, uint8_t value)
{
    s->has_mss = which & 8;
    s->mss = (uint16_t)(value << 4);
    s->has_shift = which & 16 || f->features & WITH_SCALING;
    s->shift = value & 15;
    s->sack_permitted = value & 16 || f->features & WITH_SACK;
    s->has_timestamp |= f->features & WITH_TIMESTAMPS;
    if (f->features & WITH_ECN)
        s->flags |= s->flags & TCP_ACK ? TCP_ECE : TCP_ECE | TCP_CWR;
}

static void put_time(struct fuzz *f, const struct peer *p, struct tcp_segment *s)
{
    s->ts_value = f->ts + (uint32_t)(f->now_ns / NS_PER_MS);
    s->ts_echo = p->ts_value;
}

static void deliver(struct fuzz *f, struct peer *p, struct tcp_segment *s, size_t len, uint8_t tos)
{
    static uint8_t packet[TCP_HEADER_MAX_BYTES + LARGE * 2048];
    struct writer w = writer_of(packet, sizeof packet);
    s->src_port = p->port;
    s->dst_port = p->local;
    tcp_emit(&w, s);
    uint32_t first = s->seq.v + ((s->flags & TCP_SYN) != 0);
    for (size_t i = 0; i < len; i++)
        write_u8(&w, stream[(first + i) % STREAM_BYTES]);
    uint8_t *exact = malloc(writer_len(&w));
    memcpy(exact, packet, writer_len(&w));
    struct ip_in in = {.src = ip4(10, 0, 0, 9),
                       .dst = ip4(10, 0, 0, 1),
                       .protocol = IP_TCP,
                       .tos = tos,
                       .several = s->several,
                       .checksum_verified = true,
                       .payload = bytes_of(exact, writer_len(&w))};
    tcp_input(f->t, f->now_ns, &in);
    free(exact);
}

/* a: flags; b: which numbers and how far off; c: length; d: window; e: options. */
static void send_segment(struct fuzz *f, struct peer *p, const uint8_t *a)
{
    bool large = !(a[0] & TCP_SYN) && (a[5] & 8);
    size_t len = (size_t)(a[2] & 0x0f ? a[2] & 0x0f : a[2] * 8) * (large ? LARGE : 1);
    struct tcp_segment s = {.flags = a[0], .several = large};
    int32_t off = (int8_t)a[3];
    s.seq = seq_add(p->acked, (uint32_t)(a[1] & 1 ? off * (a[1] & 2 ? 700 : 1) : 0));
    s.ack = seq_add(p->nxt, (uint32_t)(a[1] & 4 ? off * (a[1] & 8 ? 700 : 1) : 0));
    s.window = (uint16_t)(a[4] & 0x80 ? a[4] << 8 : a[4] & 7);
    s.has_timestamp = !(a[5] & 1);
    f->ts += a[5] >> 5;
    put_time(f, p, &s);
    s.ts_value -= a[5] & 2 ? 5u : 0;
    s.ts_echo -= a[5] & 4 ? 100u : 0;
    if (s.flags & TCP_SYN) {
        put_options(f, &s, a[5], a[6]);
    } else if (a[6] & 3) {
        s.n_sack = a[6] & 3;
        for (int i = 0; i < s.n_sack; i++) {
            s.sack[i].from = seq_add(p->nxt, (uint32_t) - ((a[6] >> 2) * 100 * (i + 1)));
            s.sack[i].to = seq_add(s.sack[i].from, (uint32_t)(off * (a[1] & 32 ? 30 : 3)));
        }
    }
    deliver(f, p, &s, len, a[6] >> 6);
    if (!(a[1] & 16))
        tcp_flush(f->t, f->now_ns);
}

/* What an honest host says to what came last, or a SYN when nothing came. a: what is lost of what comes from now on; window;
 * options and their values; length; more flags; whether there are no reports. */
static void answer(struct fuzz *f, struct peer *p, const uint8_t *a)
{
    bool fresh = p->flags == 0, opening = (p->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
    struct tcp_segment s = {.seq = p->acked, .ack = p->receiver.got, .window = (uint16_t)(a[1] << 8 | 0xff)};
    s.flags = (uint8_t)((fresh ? TCP_SYN : TCP_ACK) | (opening ? TCP_SYN : 0) | (a[5] & (TCP_FIN | TCP_PSH | TCP_ECE)));
    s.has_timestamp = f->features & WITH_TIMESTAMPS;
    put_time(f, p, &s);
    if (s.flags & TCP_SYN)
        put_options(f, &s, a[2] | 8, a[3]);
    else if (f->features & WITH_SACK && !(a[6] & 1))
        report(&p->receiver, &s);
    p->drops = a[0];
    deliver(f, p, &s, s.flags & TCP_SYN ? 0 : a[4] * 4u, a[6] & 2 ? 3 : 2);
    tcp_flush(f->t, f->now_ns);
}

static void problem(struct fuzz *f, struct peer *p, const uint8_t *a)
{
    uint8_t quoted[8];
    struct writer w = writer_of(quoted, sizeof quoted);
    write_be16(&w, p->local);
    write_be16(&w, p->port);
    write_be32(&w, p->nxt.v - a[1]);
    struct ip_problem problem = {.problem = (enum icmp_problem)(a[2] % 5),
                                 .src = ip4(10, 0, 0, 1),
                                 .dst = ip4(10, 0, 0, 9),
                                 .protocol = IP_TCP,
                                 .mtu_bytes = (uint16_t)(a[3] << 4),
                                 .payload = bytes_of(quoted, a[4] & 1 ? 8 : a[4] % 9)};
    tcp_problem(f->t, f->now_ns, &problem);
}

/* Every byte is a function of its number and the next one is larger by 3, so a lost, doubled or misplaced one shows. */
static void read_some(struct fuzz *f, struct tcp_connection *c, uint8_t size)
{
    uint8_t buffer[256];
    size_t len;
    (void)!tcp_read(c, f->now_ns, buffer, size ? size : 1, &len);
    must(len <= sizeof buffer);
    for (size_t i = 1; i < len; i++)
        must((uint8_t)(buffer[i] - buffer[i - 1]) == 3);
}

static void no_wake(struct waiter *w)
{
}

static void wait_or_set(struct fuzz *f, struct tcp_connection *c, uint8_t held, uint8_t what)
{
    bool on = what & 1;
    switch (what >> 1 & 3) {
    case 0:
        tcp_set_nagle(c, on);
        break;
    case 1:
        tcp_push_late(c);
        break;
    case 2:
        tcp_wait_readable(c, on ? &f->reader[held] : NULL);
        break;
    default:
        tcp_wait_writable(c, on ? &f->writer[held] : NULL);
    }
}

static void call(struct fuzz *f, const uint8_t *a)
{
    struct tcp_connection **slot = &f->held[a[1] % HELD_MAX], *c = *slot;
    size_t taken;
    if (!c) {
        struct endpoint to = {ip4(10, 0, 0, 9), f->peer[a[2] % PEERS].port};
        if (a[0] & 1 ? tcp_accept(f->listener, slot) : tcp_connect(f->t, f->now_ns, to, slot))
            *slot = NULL;
        return;
    }
    struct bytes b = bytes_of(stream, (size_t)a[2] * (a[3] & 1 ? 100 : 1));
    switch (a[0] % 9) {
    case 0:
        (void)!tcp_write(c, piece_copy(b), &taken);
        break;
    case 1:
        (void)!tcp_write(c, piece_static(b), &taken);
        break;
    case 2:
        tcp_push(c, f->now_ns);
        break;
    case 3:
    case 4:
        read_some(f, c, a[2]);
        break;
    case 5:
        (void)!tcp_shutdown(c, f->now_ns);
        break;
    case 6:
        if (a[2] & 1)
            tcp_close(c, f->now_ns);
        else
            tcp_abort(c, f->now_ns);
        *slot = NULL;
        break;
    case 7:
        tcp_set_keepalive(c, f->now_ns, a[2], a[3]);
        break;
    default:
        wait_or_set(f, c, a[1] % HELD_MAX, a[2]);
    }
}

/* The device, the path, and who listens. */
static void change(struct fuzz *f, const uint8_t *a)
{
    f->full = a[1] & 1;
    f->single = a[1] & 2;
    f->below.features = a[1] & 4 ? NET_FEATURES : 0;
    f->payload_bytes = a[1] & 8 ? 400 : 1480;
    if (!(a[1] & 16))
        return;
    tcp_unlisten(f->listener, f->now_ns);
    must(tcp_listen(f->t, 80, 2, &f->listener) == OK);
}

static void pass_time(struct fuzz *f, uint64_t span_ns)
{
    uint64_t to_ns = f->now_ns + span_ns, at_ns;
    for (int i = 0; i < 1000 && (at_ns = tcp_deadline(f->t)) <= to_ns; i++) {
        f->now_ns = at_ns > f->now_ns ? at_ns : f->now_ns + NS_PER_MS;
        tcp_tick(f->t, f->now_ns);
        tcp_flush(f->t, f->now_ns);
    }
    if (to_ns > f->now_ns)
        f->now_ns = to_ns;
}

static void step(struct fuzz *f, const uint8_t *a)
{
    struct peer *p = &f->peer[(a[0] >> 6) % PEERS];
    switch (a[0] % 8) {
    case 0:
    case 1:
        send_segment(f, p, a + 1);
        break;
    case 2:
    case 3:
        answer(f, p, a + 1);
        break;
    case 4:
    case 5:
        call(f, a + 1);
        break;
    case 6:
        pass_time(f, (uint64_t)a[1] * (a[2] & 1 ? 500 : 5) * NS_PER_MS);
        break;
    default:
        if (a[1] & 1)
            problem(f, p, a + 1);
        else
            change(f, a + 1);
    }
}

static void finish(struct fuzz *f)
{
    f->full = false;
    f->payload_bytes = 1480;
    tcp_unlisten(f->listener, f->now_ns);
    for (int i = 0; i < HELD_MAX; i++) {
        if (f->held[i])
            tcp_close(f->held[i], f->now_ns);
    }
    for (int i = 0; i < 40; i++)
        pass_time(f, 30 * NS_PER_S);
    struct tcp_counters n = tcp_counters(f->t);
    must(n.n_connections == 0 && n.n_half_open == 0 && n.n_time_wait == 0);
    must(n.n_chunks == 0 && n.n_pieces == 0 && n.n_runs == 0);
    tcp_free(f->t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz f = {
        .below = {.send = fuzz_send, .route = fuzz_route}, .now_ns = 100 * NS_PER_S, .ts = 1000, .payload_bytes = 1480};
    if (stream[1] == 0) {
        for (size_t i = 0; i < sizeof stream; i++)
            stream[i] = (uint8_t)(i * 3);
    }
    for (int i = 0; i < PEERS; i++)
        f.peer[i] = (struct peer){.port = (uint16_t)(2000 + i), .local = 80, .acked = seq_of(0xfffff000)};
    for (int i = 0; i < HELD_MAX; i++) {
        waiter_init(&f.reader[i], no_wake);
        waiter_init(&f.writer[i], no_wake);
    }
    if (len == 0)
        return 0;
    f.features = data[0];
    struct tcp_options o = {&f.below, {7}, 3, 1, f.features & MUCH_MEMORY ? 512 << 10 : 16 << 10};
    must(tcp_new(&o, f.now_ns, &f.t) == OK);
    if (f.features & NEWRENO)
        f.t->congestion = &tcp_newreno;
    must(tcp_listen(f.t, 80, 2, &f.listener) == OK);
    for (size_t at = 1; at + STEP_BYTES <= len && at < 1 + (size_t)STEPS_MAX * STEP_BYTES; at += STEP_BYTES)
        step(&f, data + at);
    finish(&f);
    return 0;
}
