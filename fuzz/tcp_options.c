/* SPDX-License-Identifier: ISC */
/* The parser of segments: any bytes. What was understood is emitted and parsed again and must be the same. */
#include "wire/tcp.h"

#include <jinn/must.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void same(const struct tcp_segment *a, const struct tcp_segment *b)
{
    must(a->src_port == b->src_port && a->dst_port == b->dst_port && a->flags == b->flags);
    must(seq_equal(a->seq, b->seq) && seq_equal(a->ack, b->ack));
    must(a->window == b->window && a->urgent == b->urgent);
    must(a->has_mss == b->has_mss && a->mss == b->mss);
    must(a->has_shift == b->has_shift && a->shift == b->shift && a->shift <= TCP_WINDOW_SHIFT_MAX);
    must(a->sack_permitted == b->sack_permitted && a->has_timestamp == b->has_timestamp);
    must(a->n_sack == b->n_sack && a->n_sack <= TCP_SACK_MAX);
    for (int i = 0; i < a->n_sack; i++)
        must(seq_equal(a->sack[i].from, b->sack[i].from) && seq_equal(a->sack[i].to, b->sack[i].to));
    must(a->ts_value == b->ts_value && a->ts_echo == b->ts_echo);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct tcp_segment s, again;
    if (!tcp_parse(bytes_of(data, len), &s))
        return 0;
    must(s.data.len + TCP_HEADER_BYTES <= len);
    /* Options of a SYN beside blocks are nothing that is ever emitted, and with the padding between them they do not fit. */
    if (s.has_mss || s.has_shift || s.sack_permitted)
        s.n_sack = 0;
    uint8_t header[TCP_HEADER_MAX_BYTES];
    struct writer w = writer_of(header, sizeof header);
    tcp_emit(&w, &s);
    must(writer_good(&w));
    must(tcp_parse(writer_bytes(&w), &again));
    same(&s, &again);
    return 0;
}
