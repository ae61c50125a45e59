/* SPDX-License-Identifier: ISC */
/* A TCP core and thousands of peers, each a few numbers: what a crowd costs, and what those in it who are served see. Peers
 * send what a test says; nothing is answered by itself. */
#ifndef TCP_CROWD_H
#define TCP_CROWD_H

#include "net/tcp_core.h"
#include "net/tcp_limits.h"
#include "wire/tcp.h"

#include <jinn/must.h>
#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CROWD_PORT = 80, CROWD_FIRST_PORT = 1024, CROWD_PORTS = 60000, CROWD_PAYLOAD_BYTES = 1480 };

size_t __sanitizer_get_current_allocated_bytes(void); /* gcc has no header that says so */

struct member {
    struct tcp_connection *c; /* the core's end */
    struct seq nxt;           /* behind the last that the core sent */
    struct seq acked;         /* what the core acknowledged last: where this one's next byte belongs */
    uint32_t n_received;      /* segments */
    uint32_t n_bytes;         /* new ones */
};

/* All members but the last are the crowd; the last one wants to be served. */
struct crowd {
    struct ip_below below;
    struct tcp *t;
    struct tcp_listener *listener;
    struct member *member;
    uint32_t n;
    uint64_t now_ns;
    uint64_t n_ticks;
    size_t allocated_bytes; /* by the core when it was new */
    uint32_t buffer_bytes;
};

static inline struct member *crowd_busy(struct crowd *w)
{
    return &w->member[w->n - 1];
}

static inline struct ip crowd_ip(uint32_t i)
{
    return ip4(10, 1, 0, (uint8_t)(1 + i / CROWD_PORTS));
}

static enum err crowd_take(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v, size_t n)
{
    struct crowd *w = CONTAINER_OF(b, struct crowd, below);
    uint8_t packet[CROWD_PAYLOAD_BYTES];
    struct writer out = writer_of(packet, sizeof packet);
    struct tcp_segment s;
    for (size_t i = 0; i < n; i++)
        write_bytes(&out, v[i]);
    must(writer_good(&out) && tcp_parse(writer_bytes(&out), &s));
    uint32_t at = (o->dst.b[15] - 1U) * CROWD_PORTS + s.dst_port - CROWD_FIRST_PORT;
    must(at < w->n);
    struct member *m = &w->member[at];
    struct seq end = seq_add(s.seq, tcp_segment_len(&s));
    if (s.flags & TCP_SYN)
        m->nxt = s.seq;
    if (seq_after(end, m->nxt)) {
        m->n_bytes += (uint32_t)seq_diff(end, m->nxt);
        m->nxt = end;
    }
    if (s.flags & TCP_ACK)
        m->acked = s.ack;
    m->n_received++;
    return OK;
}

static enum err crowd_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    *src = ip4(10, 0, 0, 1);
    *payload_bytes = CROWD_PAYLOAD_BYTES;
    return OK;
}

/* A segment of member i: `ahead` bytes beyond what was acknowledged, acknowledging `behind` bytes less than was sent. */
static inline void crowd_send(struct crowd *w, uint32_t i, uint8_t flags, uint16_t window, uint32_t ahead,
                              uint32_t behind, size_t len)
{
    static const uint8_t zeros[1400];
    uint8_t packet[TCP_HEADER_MAX_BYTES + sizeof zeros];
    struct writer out = writer_of(packet, sizeof packet);
    const struct member *m = &w->member[i];
    tcp_emit(&out, &(struct tcp_segment){.src_port = (uint16_t)(CROWD_FIRST_PORT + i % CROWD_PORTS),
                                         .dst_port = CROWD_PORT,
                                         .seq = seq_add(m->acked, ahead),
                                         .ack = seq_add(m->nxt, -behind),
                                         .flags = flags,
                                         .window = window,
                                         .has_mss = (flags & TCP_SYN) != 0,
                                         .mss = 1460});
    write_copy(&out, zeros, len);
    struct ip_in in = {.src = crowd_ip(i),
                       .dst = ip4(10, 0, 0, 1),
                       .protocol = IP_TCP,
                       .checksum_verified = true,
                       .payload = writer_bytes(&out)};
    tcp_input(w->t, w->now_ns, &in);
    tcp_flush(w->t, w->now_ns);
}

static inline void crowd_open(struct crowd *w, uint32_t i, uint16_t window)
{
    w->member[i].acked = seq_of(i * 1000);
    crowd_send(w, i, TCP_SYN, window, 0, 0, 0);
    crowd_send(w, i, TCP_ACK, window, 0, 0, 0);
    assert_int_equal(tcp_accept(w->listener, &w->member[i].c), OK);
}

/* Members 0 to n - 2 and the busy one are connected. */
static inline struct crowd *crowd_new(uint32_t n, uint32_t buffer_bytes, uint16_t window)
{
    struct crowd *w = calloc(1, sizeof *w);
    w->below = (struct ip_below){.send = crowd_take, .route = crowd_route};
    w->member = calloc(n, sizeof *w->member);
    w->n = n;
    w->now_ns = 100 * NS_PER_S;
    w->buffer_bytes = buffer_bytes;
    struct tcp_options o = {
        .below = &w->below, .secret = {7}, .connections = n, .listeners = 1, .buffer_bytes = buffer_bytes};
    size_t before = __sanitizer_get_current_allocated_bytes();
    assert_int_equal(tcp_new(&o, w->now_ns, &w->t), OK);
    w->allocated_bytes = __sanitizer_get_current_allocated_bytes() - before;
    assert_int_equal(tcp_listen(w->t, CROWD_PORT, 4, &w->listener), OK);
    for (uint32_t i = 0; i < n; i++)
        crowd_open(w, i, i == n - 1 ? 65535 : window);
    return w;
}

static inline void crowd_free(struct crowd *w)
{
    tcp_free(w->t);
    free(w->member);
    free(w);
}

static inline void crowd_pass(struct crowd *w, uint64_t span_ns)
{
    uint64_t to_ns = w->now_ns + span_ns, at_ns;
    while ((at_ns = tcp_deadline(w->t)) <= to_ns) {
        w->now_ns = at_ns > w->now_ns ? at_ns : w->now_ns;
        w->n_ticks++;
        tcp_tick(w->t, w->now_ns);
        tcp_flush(w->t, w->now_ns);
    }
    w->now_ns = to_ns;
}

/* The user writes copied bytes until no more are taken. */
static inline size_t crowd_fill(struct crowd *w, uint32_t i)
{
    static const uint8_t zeros[4096];
    size_t all = 0, taken;
    while (tcp_write(w->member[i].c, piece_copy(bytes_of(zeros, sizeof zeros)), &taken) == OK)
        all += taken;
    tcp_push(w->member[i].c, w->now_ns);
    return all;
}

/* The busy one asks and is answered within the same moment: no timer is needed, no byte waits. Gives the number of
 * segments that it took. */
static inline uint32_t crowd_serve(struct crowd *w)
{
    static const uint8_t answer[900];
    struct member *m = crowd_busy(w);
    uint8_t request[100];
    size_t len;
    uint32_t n = m->n_received, n_bytes = m->n_bytes;
    crowd_send(w, w->n - 1, TCP_ACK | TCP_PSH, 65535, 0, 0, sizeof request);
    assert_int_equal(tcp_read(m->c, w->now_ns, request, sizeof request, &len), OK);
    assert_int_equal(len, sizeof request);
    assert_int_equal(tcp_write(m->c, piece_copy(bytes_of(answer, sizeof answer)), &len), OK);
    assert_int_equal(len, sizeof answer);
    tcp_push(m->c, w->now_ns);
    assert_int_equal(m->n_bytes - n_bytes, sizeof answer);
    crowd_send(w, w->n - 1, TCP_ACK, 65535, 0, 0, 0);
    return m->n_received - n;
}

/* Memory is as it was at the start, and the pool of all is not exceeded. `held` is what the test itself allocated since. */
static inline void crowd_check_budget(const struct crowd *w)
{
    assert_in_range(tcp_counters(w->t).n_chunks, 0, w->buffer_bytes / TCP_CHUNK_BYTES);
}

#endif
