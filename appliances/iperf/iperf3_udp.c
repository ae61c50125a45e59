/* SPDX-License-Identifier: ISC */
/* iperf3's streams over UDP: each begins with a datagram of four bytes that is answered by four others, in the byte order
 * of the client's processor. */
#include "iperf3.h"

#include <jinn/fiber.h>
#include <jinn/log.h>
#include <jinn/plat.h>

static struct log_source source = LOG_SOURCE("iperf3");

#define HELLO_BYTES 4
/* What it was at first, before words that look the same in both orders were chosen. */
#define OLD_HELLO UINT32_C(123456789)
#define OLD_REPLY UINT32_C(987654321)

enum datagram_format iperf3_format(const struct iperf3 *s)
{
    return s->settings.wide_sequence ? DATAGRAM_IPERF3_WIDE : DATAGRAM_IPERF3;
}

static bool reply_to(struct bytes hello, struct writer *w)
{
    struct reader r = reader_of(hello);
    const bool old = read_le32(&r) == OLD_HELLO;
    if (bytes_equal(hello, bytes_str("6789")) || bytes_equal(hello, bytes_str("9876"))) {
        for (size_t i = HELLO_BYTES; i > 0; i--)
            write_u8(w, hello.data[i - 1]);
        return true;
    }
    write_le32(w, OLD_REPLY);
    return old;
}

static struct iperf3_stream *find(struct iperf3 *s, const struct endpoint *peer)
{
    for (uint32_t i = 0; i < s->n_streams; i++) {
        struct iperf3_stream *stream = &s->stream[i];
        if (stream->peer.port == peer->port && ip_equal(&stream->peer.ip, &peer->ip))
            return stream;
    }
    return NULL;
}

/* A client whose answer was lost does not ask again, but a datagram may come twice. */
static void greet(struct iperf3 *s, const struct endpoint *from, struct bytes hello)
{
    uint8_t out[HELLO_BYTES];
    struct writer w = writer_of(out, sizeof out);
    if (!s->waiting || !s->settings.udp || !reply_to(hello, &w))
        return;
    struct iperf3_stream *stream = find(s, from);
    if (!stream && s->n_streams == s->n_wanted)
        return;
    struct piece p = piece_copy(writer_bytes(&w));
    const struct ip at = udp_received_at(s->socket);
    if (udp_send_from(s->socket, &at, *from, &p, 1) != OK)
        log_warning(&source, "port %u: an answer was lost", s->port);
    if (stream)
        return;
    iperf3_add_stream(s, NULL, from);
    s->stream[s->n_streams - 1].at = at;
}

static void take(struct iperf3 *s, const struct endpoint *from, struct bytes head, size_t len)
{
    uint64_t sent_ns;
    int64_t number;
    if (!s->running || !s->settings.udp) {
        if (len == HELLO_BYTES)
            greet(s, from, head);
        return;
    }
    struct iperf3_stream *stream = find(s, from);
    if (!stream || stream->sends || !datagram_parse(head, iperf3_format(s), &sent_ns, &number) || number <= 0)
        return;
    stream->bytes += len;
    datagram_meter_take(&stream->meter, plat_wall_ns(), sent_ns, (uint64_t)number);
}

void iperf3_receive(void *server)
{
    struct iperf3 *s = server;
    uint8_t head[DATAGRAM_HEAD_BYTES];
    size_t len;
    struct endpoint from;
    while (udp_recv(s->socket, head, sizeof head, &len, &from, TIME_NEVER) == OK)
        take(s, &from, bytes_of(head, len < sizeof head ? len : sizeof head), len);
}
