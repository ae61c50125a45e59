/* SPDX-License-Identifier: ISC */
/* SYN cookies (RFC 4987 3.6): with the half-open table full, our first number says all that there is to remember.
 *
 *     31                        3 2  0        the last 6 bits of our timestamp, when the SYN has one
 *     |  SHA-256, 29 bits        | mss |       | shift, 15: none | SACK | ECN |
 *
 * The digest is of the stack's secret, addresses, ports, the peer's first number, the number of the current 64 seconds and
 * both fields. All of that has one length, and little of the digest leaves the machine: it can't be extended, as in tcp_isn.c.
 * An ACK is believed for 64 to 128 seconds, and only while cookies are being given out: at other times a guess costs us
 * a lookup, not two hashes. */
#include "net/tcp_internal.h"

#include <jinn/must.h>

#include <mbedtls/sha256.h>

enum { PURPOSE_COOKIE = 4, PERIOD_S = 64, MSS_BITS = 7, OPTION_BITS = 63, NO_OPTIONS = 255, NO_SHIFT = 15 };

/* The largest that is not above the peer's is used: what common links and tunnels have. */
static const uint16_t mss_known[] = {64, 536, 1220, 1300, 1400, 1440, 1452, 1460};

static uint32_t period_of(uint64_t now_ns)
{
    return (uint32_t)(now_ns / (PERIOD_S * NS_PER_S));
}

static uint32_t mac(const struct tcp *t, const struct endpoint *local, const struct endpoint *peer, struct seq irs,
                    uint32_t period, uint8_t mss_at, uint8_t options)
{
    uint8_t text[sizeof t->secret + 64], out[32];
    struct writer w = writer_of(text, sizeof text);
    write_copy(&w, t->secret, sizeof t->secret);
    write_u8(&w, PURPOSE_COOKIE);
    write_copy(&w, local->ip.b, sizeof local->ip.b);
    write_be16(&w, local->port);
    write_copy(&w, peer->ip.b, sizeof peer->ip.b);
    write_be16(&w, peer->port);
    write_be32(&w, irs.v);
    write_be32(&w, period);
    write_u8(&w, mss_at);
    write_u8(&w, options);
    must(writer_good(&w));
    must(mbedtls_sha256(text, writer_len(&w), out, 0) == 0);
    struct reader r = reader_of(bytes_of(out, sizeof out));
    return (read_be32(&r) & ~(uint32_t)MSS_BITS) | mss_at;
}

static uint8_t options_of(const struct tcp_segment *syn)
{
    if (!syn->has_timestamp)
        return NO_OPTIONS;
    bool ecn = (syn->flags & (TCP_ECE | TCP_CWR)) == (TCP_ECE | TCP_CWR);
    return (uint8_t)((syn->has_shift ? syn->shift : NO_SHIFT) << 2 | syn->sack_permitted << 1 | ecn);
}

static uint8_t mss_index(uint16_t mss)
{
    uint8_t i = ARRAY_LEN(mss_known) - 1;
    while (i > 0 && mss_known[i] > mss)
        i--;
    return i;
}

/* What the fields say; without timestamps there was no room to remember options. */
static void take_options(struct tcp_half *h, uint8_t options)
{
    h->timestamps = options != NO_OPTIONS;
    h->scaling = h->timestamps && options >> 2 != NO_SHIFT;
    h->snd_shift = h->scaling ? options >> 2 : 0;
    h->sack = h->timestamps && (options & 2);
    h->ecn = h->timestamps && (options & 1);
}

/* The bits go into a timestamp that is not in the future, so that later ones are not in the past. */
static uint32_t timestamp_with(uint32_t now, uint8_t options)
{
    uint32_t ts = (now & ~(uint32_t)OPTION_BITS) | options;
    return (int32_t)(ts - now) > 0 ? ts - (OPTION_BITS + 1) : ts;
}

void tcp_cookie_send(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     const struct tcp_segment *syn)
{
    struct tcp_half h = {.entry = {.local = *local, .peer = *peer}, .t = t, .irs = syn->seq};
    uint8_t options = options_of(syn);
    uint8_t mss_at = mss_index(syn->has_mss ? syn->mss : TCP_MSS_DEFAULT);
    take_options(&h, options);
    h.iss = seq_of(mac(t, local, peer, syn->seq, period_of(now_ns), mss_at, options));
    h.ts_offset = tcp_secrets(t, now_ns, local, peer).ts_offset;
    h.ts_recent = syn->ts_value;
    h.window = tcp_first_window(t);
    t->cookies_until_ns = time_after(now_ns, 2 * PERIOD_S * NS_PER_S);
    t->n.n_cookies++;
    tcp_send_syn_ack(&h, now_ns, timestamp_with(tcp_timestamp(now_ns, h.ts_offset), options));
}

/* The peer's echo says when the SYN-ACK was sent, up to 63 ms too early because of the bits in it: a first guess of the
 * round trip that errs to the safe side. */
static uint64_t sent_ns(uint64_t now_ns, const struct tcp_segment *s, uint32_t ts_offset)
{
    uint64_t ago_ns = (tcp_timestamp(now_ns, ts_offset) - s->ts_echo) * (uint64_t)NS_PER_MS;
    bool known = s->has_timestamp && ago_ns < 2 * PERIOD_S * NS_PER_S && ago_ns <= now_ns;
    return known ? now_ns - ago_ns : TIME_NEVER;
}

bool tcp_cookie_take(struct tcp *t, uint64_t now_ns, const struct endpoint *local, const struct endpoint *peer,
                     const struct tcp_segment *s, struct tcp_half *h)
{
    if (now_ns >= t->cookies_until_ns)
        return false;
    struct seq iss = seq_add(s->ack, UINT32_MAX), irs = seq_add(s->seq, UINT32_MAX);
    uint8_t options = s->has_timestamp ? s->ts_echo & OPTION_BITS : NO_OPTIONS, mss_at = iss.v & MSS_BITS;
    uint32_t period = period_of(now_ns);
    bool good = mac(t, local, peer, irs, period, mss_at, options) == iss.v ||
                mac(t, local, peer, irs, period - 1, mss_at, options) == iss.v;
    if (!good) {
        t->n.n_bad_cookies++;
        return false;
    }
    t->n.n_cookies_taken++;
    uint32_t ts_offset = tcp_secrets(t, now_ns, local, peer).ts_offset;
    *h = (struct tcp_half){.entry = {.local = *local, .peer = *peer, .kind = TCP_HALF},
                           .t = t,
                           .sent_ns = sent_ns(now_ns, s, ts_offset),
                           .iss = iss,
                           .irs = irs,
                           .ts_recent = s->ts_value,
                           .ts_offset = ts_offset,
                           .wnd_bytes = s->window,
                           .window = tcp_first_window(t),
                           .peer_mss = mss_known[mss_at]};
    take_options(h, options);
    return true;
}
