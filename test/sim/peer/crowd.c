/* SPDX-License-Identifier: ISC */
/* Thousands of clients that are a few numbers each, behind the gateway that this machine plays. All connect, and ask for
 * something. Then they say nothing for a long time, ask once more, and are gone. Or they read slowly: their windows are a
 * byte, and they make room for the next one once a second. */
#include "frames.h"
#include "peer.h"

#include "wire/checksum.h"
#include "wire/ether.h"
#include "wire/ip4.h"
#include "wire/tcp.h"

#include <jinn/boot.h>
#include <jinn/fiber.h>
#include <jinn/format.h>
#include <jinn/log.h>

#define PORTS 1000 /* of one client host */
#define FIRST_PORT 1024
#define FIRST_HOST 0xac100001U  /* 172.16.0.1 */
#define FIRST_NS (6 * NS_PER_S) /* the first come when it is known what memory the others need without them */
#define STEP_NS NS_PER_MS
#define FIRST_STEP_NS (20 * NS_PER_MS)
#define STEP_CLIENTS 32        /* that connect within a step: fewer than may be half open, or wait to be accepted */
#define REST_NS (5 * NS_PER_S) /* until the last ones were answered */
#define REQUEST_BYTES 64

static struct log_source logs = LOG_SOURCE("crowd");
static const struct peer *self;
static const struct mac target = {{2, 0, 0, 0, 1, 1}}; /* the simulator's first machine */
static uint8_t request[REQUEST_BYTES];                 /* all ask for the same */
static struct bytes asked;

/* Where a client's stream, and the server's towards it, go on; how many bytes came. No more is known of a client. */
static struct seat {
    struct seq seq, ack;
    uint32_t n_bytes;
} seat[CROWD_MAX];
static struct {
    uint32_t n_connected, n_resets, n_strange;
} count;

static void send(uint32_t i, uint8_t flags, struct bytes data)
{
    uint8_t segment[TCP_HEADER_MAX_BYTES + REQUEST_BYTES];
    struct writer w = writer_of(segment, sizeof segment);
    struct ip src = ip4_of_u32(FIRST_HOST + i / PORTS);
    tcp_emit(&w, &(struct tcp_segment){.src_port = (uint16_t)(FIRST_PORT + i % PORTS),
                                       .dst_port = self->held_port,
                                       .seq = seat[i].seq,
                                       .ack = seat[i].ack,
                                       .flags = flags,
                                       .window = self->held_slow ? 1 : 65535,
                                       .has_mss = (flags & TCP_SYN) != 0,
                                       .mss = 1460});
    write_bytes(&w, data);
    struct bytes all = writer_bytes(&w);
    uint64_t sum = checksum_pseudo(&src, &self->server, PROTOCOL_TCP, (uint32_t)all.len);
    tcp_emit_checksum(segment, checksum_finish(checksum_add(sum, all, false)));
    frames_send(self->dev, &target, &src, &self->server, PROTOCOL_TCP, all);
    seat[i].seq = seq_add(seat[i].seq, (uint32_t)data.len);
}

static void ask(uint32_t i)
{
    send(i, TCP_ACK | TCP_PSH, asked);
}

static void acknowledge(uint32_t i)
{
    send(i, TCP_ACK, bytes_of(NULL, 0));
}

static bool parse(struct bytes frame, struct tcp_segment *s, uint32_t *i)
{
    struct reader r = reader_of(frame);
    struct ether e;
    struct ip4_header h;
    struct bytes payload;
    if (!ether_parse(&r, &e) || e.type != ETHER_IP4 || ip4_parse(read_rest(&r), &h, &payload) != IP4_GOOD ||
        h.protocol != PROTOCOL_TCP || !tcp_parse(payload, s))
        return false;
    *i = (ip4_u32(&h.dst) - FIRST_HOST) * PORTS + s->dst_port - FIRST_PORT;
    return *i < (uint32_t)self->n_held;
}

/* Who reads slowly says what he has read when his second comes, not now. */
static void take(struct netdev *d, struct bytes frame)
{
    struct tcp_segment s;
    uint32_t i;
    if (!parse(frame, &s, &i))
        return;
    if (s.flags & TCP_RST) {
        count.n_resets++;
    } else if (s.flags & TCP_SYN) {
        count.n_connected++;
        seat[i].ack = seq_add(s.seq, 1);
        ask(i);
    } else if (s.data.len > 0 && seq_equal(s.seq, seat[i].ack)) {
        seat[i].ack = seq_add(s.seq, (uint32_t)s.data.len);
        seat[i].n_bytes += (uint32_t)s.data.len;
        if (!self->held_slow)
            acknowledge(i);
    } else {
        count.n_strange += s.data.len == 0 ? (s.flags & TCP_FIN) != 0 : !self->held_slow;
    }
}

static void receive(void *arg)
{
    const struct ip gateway = ip4(10, 0, 0, 254);
    (void)arg;
    frames_serve(self->dev, &gateway, take);
}

static void connect_to(uint32_t i)
{
    seat[i].seq = seq_of(i * 1000003U);
    send(i, TCP_SYN, bytes_of(NULL, 0));
    seat[i].seq = seq_add(seat[i].seq, 1);
}

static void leave(uint32_t i)
{
    send(i, TCP_RST | TCP_ACK, bytes_of(NULL, 0));
}

/* One after the other, `n` in a step. */
static enum err all(void (*fn)(uint32_t i), uint32_t n)
{
    enum err e = OK;
    for (uint32_t i = 0; e == OK && i < (uint32_t)self->n_held; i++) {
        fn(i);
        if (i % n == 0) /* behind the first for longer: the server has to ask who the gateway is */
            e = fiber_sleep(time_after(sched_now(), i ? STEP_NS : FIRST_STEP_NS));
    }
    return e;
}

/* Each once a second. */
static enum err read_slowly(uint64_t until_ns)
{
    enum err e = OK;
    while (e == OK && sched_now() < until_ns) {
        uint64_t next_ns = time_after(sched_now(), NS_PER_S);
        e = all(acknowledge, (uint32_t)self->n_held / 900 + 1);
        if (e == OK)
            e = fiber_sleep(next_ns);
    }
    return e;
}

/* Saying nothing until then, and all asking again. */
static enum err idle(uint64_t until_ns)
{
    enum err e = fiber_sleep(until_ns);
    if (e == OK)
        e = all(ask, STEP_CLIENTS);
    return e == OK ? fiber_sleep(time_after(sched_now(), REST_NS)) : e;
}

static void word_request(void)
{
    struct writer w = writer_of(request, sizeof request);
    if (self->held_port == PORT_HTTP) {
        write_format(&w, "GET /%u HTTP/1.1\r\nHost: sim\r\n\r\n", (unsigned)self->held_file);
    } else {
        write_be32(&w, FILE_ID + (uint32_t)self->held_file);
        write_be64(&w, file_bytes[self->held_file]);
    }
    asked = writer_bytes(&w);
}

static void report(const char *when)
{
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < (uint32_t)self->n_held; i++) {
        least = seat[i].n_bytes < least ? seat[i].n_bytes : least;
        most = seat[i].n_bytes > most ? seat[i].n_bytes : most;
    }
    log_info(&logs, "result %s_connected=%u %s_resets=%u %s_strange=%u %s_least=%u %s_most=%u", when, count.n_connected,
             when, count.n_resets, when, count.n_strange, when, least, when, most);
}

int peer_crowd(const struct peer *p)
{
    struct scope scope;
    uint64_t until_ns = time_after(sched_now(), time_after(FIRST_NS, p->for_ns));
    self = p;
    if (p->n_held > CROWD_MAX || p->held_file >= N_FILES)
        return EXIT_ARGUMENTS;
    word_request();
    scope_open(&scope);
    enum err e = scope_spawn(&scope, "receive", receive, NULL);
    if (e == OK)
        e = fiber_sleep(time_after(sched_now(), FIRST_NS));
    if (e == OK)
        e = all(connect_to, STEP_CLIENTS);
    if (e == OK)
        e = fiber_sleep(time_after(sched_now(), REST_NS));
    report("first");
    log_info(&logs, "result quiet_ms=%llu", (unsigned long long)(sched_now() / NS_PER_MS));
    if (e == OK)
        e = p->held_slow ? read_slowly(until_ns) : idle(until_ns);
    report("last");
    if (e == OK)
        e = all(leave, STEP_CLIENTS);
    scope_cancel(&scope);
    scope_join(&scope);
    return e == OK ? 0 : 1;
}
