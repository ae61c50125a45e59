/* SPDX-License-Identifier: ISC */
/* The segments of a transcript (tcp_script.h): as text, what the peer sends, and what the core below test gave to a fake IP
 * that keeps all of it. */
#ifndef TEST_TCP_WIRE_H
#define TEST_TCP_WIRE_H

#include "net/tcp_core.h"
#include "wire/checksum.h"
#include "wire/tcp.h"

#include <jinn/time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SENT_MAX 512
#define PORTS_MAX 8

struct sent {
    struct tcp_segment s;
    uint8_t *data;
    uint64_t at_ns;
    uint16_t segment_bytes;
    bool first_cwr;
};

struct peer {
    uint16_t port;
    bool known, ts_known;
    uint32_t iss, ts_base;
};

struct script {
    struct ip_below below;
    struct tcp *t;
    uint64_t now_ns;
    struct tcp_listener *listener;
    struct tcp_connection *c;
    struct sent sent[SENT_MAX];
    size_t n_sent, n_matched;
    uint16_t local_port, peer_port;
    struct peer peer[PORTS_MAX];
    bool full, no_route, single;
    int n_reached, n_narrow; /* times that IP was told of a peer */
    uint16_t narrow_bytes;
    uint16_t payload_bytes;
    size_t n_read, n_written; /* places in the streams of the user's calls */
    int n_woken_reader, n_woken_writer;
    struct waiter reader, writer;
    const char *line;
    int line_number;
};

static const uint32_t peer_isn = 0xfffffc00; /* near the end, so that every test crosses the wrap */
static uint8_t pattern_static[1 << 20];

static inline uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 7 + (at >> 8) * 13 + 1);
}

static void script_fail(struct script *x, const char *what)
{
    size_t len = strcspn(x->line, "\n");
    fail_msg("line %d: %.*s: %s", x->line_number, (int)len, x->line, what);
}

static struct peer *peer_of(struct script *x, uint16_t port)
{
    for (int i = 0; i < PORTS_MAX; i++) {
        if (x->peer[i].port == port || x->peer[i].port == 0) {
            x->peer[i].port = port;
            return &x->peer[i];
        }
    }
    script_fail(x, "too many peers");
    return NULL;
}

static enum err script_send(struct ip_below *b, uint64_t now_ns, const struct ip_out *o, const struct bytes *v,
                            size_t n)
{
    struct script *x = CONTAINER_OF(b, struct script, below);
    static uint8_t packet[65535];
    struct writer w = writer_of(packet, sizeof packet);
    if (x->full)
        return ERR_AGAIN;
    assert_true(n >= 1 && n <= IP_PIECES_MAX);
    for (size_t i = 0; i < n; i++)
        write_bytes(&w, v[i]);
    assert_true(writer_good(&w));
    if (x->single && o->segment_bytes)
        return ERR_UNSUPPORTED;
    size_t one = o->segment_bytes ? (size_t)o->header_bytes + o->segment_bytes : writer_len(&w);
    if (one > x->payload_bytes)
        return ERR_TOO_LARGE;
    uint64_t sum = checksum_pseudo(&o->src, &o->dst, o->protocol, (uint32_t)writer_len(&w));
    if (x->below.features & NET_CHECKSUM_OUT) {
        assert_int_equal(o->checksum_offset, 16);
        assert_int_equal(packet[16] << 8 | packet[17], (uint16_t)~checksum_finish(sum));
    } else {
        assert_true(o->checksum_offset == 0 && o->segment_bytes == 0);
        assert_int_equal(checksum_finish(checksum_add(sum, writer_bytes(&w), false)), 0);
    }
    if (x->n_sent == SENT_MAX)
        script_fail(x, "too many segments sent");
    struct sent *s = &x->sent[x->n_sent++];
    assert_true(tcp_parse(writer_bytes(&w), &s->s));
    s->s.ecn = o->tos;
    s->segment_bytes = o->segment_bytes;
    s->first_cwr = o->first_cwr;
    if (o->segment_bytes)
        assert_true(o->header_bytes == writer_len(&w) - s->s.data.len && s->s.data.len > o->segment_bytes);
    free(s->data); /* of a test that began to count again */
    s->data = malloc(s->s.data.len ? s->s.data.len : 1);
    memcpy(s->data, s->s.data.data, s->s.data.len);
    s->at_ns = now_ns;
    struct peer *p = peer_of(x, s->s.dst_port);
    if (s->s.flags & TCP_SYN) {
        p->known = true;
        p->iss = s->s.seq.v;
        x->local_port = s->s.src_port;
    }
    if (s->s.has_timestamp && !p->ts_known) {
        p->ts_known = true;
        p->ts_base = s->s.ts_value - 100;
    }
    return OK;
}

static enum err script_route(struct ip_below *b, const struct ip *dst, struct ip *src, uint16_t *payload_bytes)
{
    struct script *x = CONTAINER_OF(b, struct script, below);
    if (x->no_route)
        return ERR_UNREACHABLE;
    *src = ip4(10, 0, 0, 1);
    *payload_bytes = x->payload_bytes;
    return OK;
}

static void script_reached(struct ip_below *b, uint64_t now_ns, const struct ip *dst)
{
    struct ip peer = ip4(10, 0, 0, 9);
    assert_true(ip_equal(dst, &peer));
    CONTAINER_OF(b, struct script, below)->n_reached++;
}

static void script_narrow(struct ip_below *b, uint64_t now_ns, const struct ip *dst, uint16_t mtu_bytes)
{
    struct script *x = CONTAINER_OF(b, struct script, below);
    x->n_narrow++;
    x->narrow_bytes = mtu_bytes;
}

/* ---- Words ---- */

static bool word(const char **at, char *out, size_t size)
{
    while (**at == ' ' || **at == ',' || **at == '>')
        (*at)++;
    size_t len = strcspn(*at, " ,>\n");
    if (len == 0 || len >= size)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return true;
}

static long number(struct script *x, const char **at)
{
    char w[32], *end;
    if (!word(at, w, sizeof w))
        script_fail(x, "a number is missing");
    long v = strtol(w, &end, 0);
    if (*end)
        script_fail(x, "not a number");
    return v;
}

static uint8_t flags_of(struct script *x, const char *w)
{
    static const char letters[] = "FSRP.UEW";
    uint8_t flags = 0;
    for (; *w; w++) {
        const char *p = strchr(letters, *w);
        if (!p)
            script_fail(x, "unknown flag");
        flags |= (uint8_t)(1u << (p - letters));
    }
    return flags;
}

struct wanted {
    struct tcp_segment s;
    bool has_seq, has_ack, has_win, has_sack, has_ecn, large, cwr_once;
    size_t len;
    long times;
    uint16_t segment_bytes;
    uint32_t ts_value, ts_echo;
};

static void parse_line(struct script *x, const char *at, struct wanted *out)
{
    char w[32];
    *out = (struct wanted){.s = {.window = 65535}, .times = 1};
    if (!word(&at, w, sizeof w))
        script_fail(x, "flags are missing");
    out->s.flags = flags_of(x, w);
    while (word(&at, w, sizeof w)) {
        const char *key = w[0] == '<' ? w + 1 : w;
        if (!strcmp(key, "seq")) {
            out->has_seq = true;
            out->s.seq = seq_of((uint32_t)number(x, &at));
        } else if (!strcmp(key, "ack")) {
            out->has_ack = true;
            out->s.ack = seq_of((uint32_t)number(x, &at));
        } else if (!strcmp(key, "win")) {
            out->has_win = true;
            out->s.window = (uint16_t)number(x, &at);
        } else if (!strcmp(key, "len")) {
            out->len = (size_t)number(x, &at);
        } else if (!strcmp(key, "times")) {
            out->times = number(x, &at);
        } else if (!strcmp(key, "ecn")) {
            out->has_ecn = true;
            out->s.ecn = (uint8_t)number(x, &at);
        } else if (!strcmp(key, "tso")) {
            out->segment_bytes = (uint16_t)number(x, &at);
        } else if (!strcmp(key, "cwr-once")) {
            out->cwr_once = true;
        } else if (!strcmp(key, "large")) {
            out->large = true;
        } else if (!strcmp(key, "urg")) {
            out->s.urgent = (uint16_t)number(x, &at);
        } else if (!strcmp(key, "mss")) {
            out->s.has_mss = true;
            out->s.mss = (uint16_t)number(x, &at);
        } else if (!strcmp(key, "ws")) {
            out->s.has_shift = true;
            out->s.shift = (uint8_t)number(x, &at);
        } else if (!strcmp(key, "sackok")) {
            out->s.sack_permitted = true;
        } else if (!strcmp(key, "nosack")) {
            out->has_sack = true;
        } else if (!strcmp(key, "sack") && out->s.n_sack < TCP_SACK_MAX) {
            struct tcp_range *range = &out->s.sack[out->s.n_sack++];
            out->has_sack = true;
            range->from = seq_of((uint32_t)number(x, &at));
            range->to = seq_of((uint32_t)number(x, &at));
        } else if (!strcmp(key, "ts")) {
            out->s.has_timestamp = true;
            out->ts_value = (uint32_t)number(x, &at);
            out->ts_echo = (uint32_t)number(x, &at);
        } else {
            script_fail(x, "unknown word");
        }
    }
}

/* ---- Segments ---- */

static void inject(struct script *x, const char *at)
{
    bool flush = *at != '+';
    struct wanted in;
    parse_line(x, at + !flush, &in);
    if (in.times != 1)
        script_fail(x, "the peer sends one at a time");
    struct peer *p = peer_of(x, x->peer_port);
    static uint8_t packet[65535];
    struct writer w = writer_of(packet, sizeof packet);
    uint32_t first = in.s.seq.v + ((in.s.flags & TCP_SYN) != 0);
    in.s.seq.v += peer_isn;
    if (in.has_ack)
        in.s.ack.v += p->iss;
    for (int i = 0; i < in.s.n_sack; i++) {
        in.s.sack[i].from.v += p->iss;
        in.s.sack[i].to.v += p->iss;
    }
    in.s.src_port = x->peer_port;
    in.s.dst_port = x->local_port;
    in.s.ts_value = in.ts_value;
    in.s.ts_echo = in.ts_echo ? in.ts_echo + p->ts_base : 0;
    tcp_emit(&w, &in.s);
    for (size_t i = 0; i < in.len; i++)
        write_u8(&w, pattern((uint32_t)(first + i)));
    assert_true(writer_good(&w));
    struct ip_in ip = {.src = ip4(10, 0, 0, 9), .dst = ip4(10, 0, 0, 1), .protocol = IP_TCP, .ttl = 64};
    uint64_t sum = checksum_pseudo(&ip.src, &ip.dst, IP_TCP, (uint32_t)writer_len(&w));
    tcp_emit_checksum(packet, (uint16_t)(checksum_finish(checksum_add(sum, writer_bytes(&w), false)) + in.large));
    ip.several = ip.checksum_verified = in.large;
    /* In memory of just its size, so that a read past it is seen. */
    uint8_t *exact = malloc(writer_len(&w));
    memcpy(exact, packet, writer_len(&w));
    ip.tos = in.s.ecn;
    ip.payload = bytes_of(exact, writer_len(&w));
    tcp_input(x->t, x->now_ns, &ip);
    free(exact);
    if (flush)
        tcp_flush(x->t, x->now_ns);
}

static void describe(struct script *x, const struct sent *s, char *out, size_t size)
{
    struct peer *p = peer_of(x, s->s.dst_port);
    char flags[9] = {0}, options[160] = {0};
    static const char letters[] = "FSRP.UEW";
    for (int i = 0, n = 0; i < 8; i++) {
        if (s->s.flags & 1 << i)
            flags[n++] = letters[i];
    }
    int n = 0;
    if (s->s.has_mss)
        n += snprintf(options + n, sizeof options - (size_t)n, " mss %u", s->s.mss);
    if (s->s.has_shift)
        n += snprintf(options + n, sizeof options - (size_t)n, " ws %u", s->s.shift);
    if (s->s.has_timestamp)
        n += snprintf(options + n, sizeof options - (size_t)n, " ts %u %u", s->s.ts_value - p->ts_base, s->s.ts_echo);
    for (int i = 0; i < s->s.n_sack; i++)
        n += snprintf(options + n, sizeof options - (size_t)n, " sack %d %d", (int)(s->s.sack[i].from.v - peer_isn),
                      (int)(s->s.sack[i].to.v - peer_isn));
    if (s->segment_bytes)
        snprintf(options + n, sizeof options - (size_t)n, " tso %u", s->segment_bytes);
    snprintf(out, size, "%s seq %d ack %d win %u len %zu <%s>", flags, (int)(s->s.seq.v - p->iss),
             s->s.flags & TCP_ACK ? (int)(s->s.ack.v - peer_isn) : 0, s->s.window, s->s.data.len, options);
}

static void mismatch(struct script *x, const struct sent *s, const char *what)
{
    char text[300], message[400];
    describe(x, s, text, sizeof text);
    snprintf(message, sizeof message, "%s; was sent at %llu us: > %s", what, (unsigned long long)(s->at_ns / 1000),
             text);
    script_fail(x, message);
}

static void none_left(struct script *x)
{
    if (x->n_matched < x->n_sent)
        mismatch(x, &x->sent[x->n_matched], "a segment that no line expects");
}

static bool same_sack(const struct sent *s, const struct wanted *e)
{
    if (s->s.n_sack != e->s.n_sack)
        return false;
    for (int i = 0; i < e->s.n_sack; i++) {
        if (s->s.sack[i].from.v - peer_isn != e->s.sack[i].from.v || s->s.sack[i].to.v - peer_isn != e->s.sack[i].to.v)
            return false;
    }
    return true;
}

static void expect_one(struct script *x, struct wanted e)
{
    if (x->n_matched == x->n_sent)
        script_fail(x, "nothing was sent");
    const struct sent *s = &x->sent[x->n_matched++];
    struct peer *p = peer_of(x, s->s.dst_port);
    if (s->s.flags != e.s.flags)
        mismatch(x, s, "other flags");
    if (e.has_seq && s->s.seq.v - p->iss != e.s.seq.v)
        mismatch(x, s, "other seq");
    if (e.has_ack && s->s.ack.v - peer_isn != e.s.ack.v)
        mismatch(x, s, "other ack");
    if (e.has_win && s->s.window != e.s.window)
        mismatch(x, s, "other window");
    if (s->s.data.len != e.len)
        mismatch(x, s, "other length");
    if (s->segment_bytes != e.segment_bytes)
        mismatch(x, s, "other tso");
    if (s->first_cwr != e.cwr_once)
        mismatch(x, s, "another CWR of the first");
    if (e.s.has_mss && (!s->s.has_mss || s->s.mss != e.s.mss))
        mismatch(x, s, "other mss");
    if (e.s.has_shift && (!s->s.has_shift || s->s.shift != e.s.shift))
        mismatch(x, s, "other ws");
    if (e.s.sack_permitted && !s->s.sack_permitted)
        mismatch(x, s, "SACK not permitted");
    if (e.has_ecn && s->s.ecn != e.s.ecn)
        mismatch(x, s, "another mark");
    if (e.has_sack && !same_sack(s, &e))
        mismatch(x, s, "other blocks");
    if (e.s.has_timestamp &&
        (!s->s.has_timestamp || s->s.ts_echo != e.ts_echo || (e.ts_value && s->s.ts_value - p->ts_base != e.ts_value)))
        mismatch(x, s, "other timestamps");
    for (size_t i = 0; i < s->s.data.len; i++) {
        if (s->data[i] != pattern((uint32_t)(s->s.seq.v - p->iss + i)))
            mismatch(x, s, "other bytes");
    }
}

static void expect(struct script *x, const char *at)
{
    struct wanted e;
    parse_line(x, at, &e);
    if (e.times < 1 || (e.times > 1 && !e.has_seq))
        script_fail(x, "how often, and from where on?");
    for (long i = 0; i < e.times; i++) {
        expect_one(x, e);
        e.s.seq = seq_add(e.s.seq, (uint32_t)e.len);
    }
}

#endif
