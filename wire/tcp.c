/* SPDX-License-Identifier: ISC */
/*   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-------------------------------+-------------------------------+
 *  |          source port          |       destination port        |
 *  +-------------------------------+-------------------------------+
 *  |                        sequence number                        |
 *  +---------------------------------------------------------------+
 *  |                     acknowledgement number                    |
 *  +-------+-------+---------------+-------------------------------+
 *  | words | rsrvd |C E U A P R S F|            window             |
 *  +-------+-------+---------------+-------------------------------+
 *  |           checksum            |        urgent pointer         |
 *  +-------------------------------+-------------------------------+
 *  |        options, padded with zeros to a multiple of 4          |
 *
 *  kind  length  option
 *  0     -       end of the list
 *  1     -       padding
 *  2     4       maximum segment size, in SYN
 *  3     3       window scale: the shift, in SYN
 *  4     2       SACK permitted, in SYN
 *  5     2 + 8n  selective acknowledgement: n times first byte, byte after the last
 *  8     10      timestamps: value, echo
 */
#include "wire/tcp.h"

enum {
    KIND_END = 0,
    KIND_PAD = 1,
    KIND_MSS = 2,
    KIND_SHIFT = 3,
    KIND_SACK_PERMITTED = 4,
    KIND_SACK = 5,
    KIND_TIMESTAMP = 8
};
enum { MSS_LEN = 4, SHIFT_LEN = 3, SACK_PERMITTED_LEN = 2, TIMESTAMP_LEN = 10 };

/* What nearly every segment carries: two paddings, then timestamps. */
#define USUAL_OPTIONS 0x0101080aU

/* RFC 2018 3: more than fit are none of TCP's; a length that is no number of blocks says nothing. */
static COLD void take_sack(struct tcp_segment *s, struct reader *body)
{
    if (reader_left(body) % TCP_SACK_BYTES != 0)
        return;
    while (reader_left(body) > 0 && s->n_sack < TCP_SACK_MAX) {
        struct tcp_range *range = &s->sack[s->n_sack++];
        range->from = seq_of(read_be32(body));
        range->to = seq_of(read_be32(body));
    }
}

static COLD void take_option(struct tcp_segment *s, uint8_t kind, struct reader *body)
{
    size_t len = reader_left(body) + 2;
    if (kind == KIND_MSS && len == MSS_LEN) {
        s->has_mss = true;
        s->mss = read_be16(body);
    } else if (kind == KIND_SHIFT && len == SHIFT_LEN) {
        uint8_t shift = read_u8(body);
        s->has_shift = true;
        s->shift = shift > TCP_WINDOW_SHIFT_MAX ? TCP_WINDOW_SHIFT_MAX : shift;
    } else if (kind == KIND_SACK_PERMITTED && len == SACK_PERMITTED_LEN) {
        s->sack_permitted = true;
    } else if (kind == KIND_SACK) {
        take_sack(s, body);
    } else if (kind == KIND_TIMESTAMP && len == TIMESTAMP_LEN) {
        s->has_timestamp = true;
        s->ts_value = read_be32(body);
        s->ts_echo = read_be32(body);
    }
}

static COLD void parse_options(struct tcp_segment *s, struct reader r)
{
    while (reader_left(&r) > 0) {
        uint8_t kind = read_u8(&r);
        if (kind == KIND_END)
            return;
        if (kind == KIND_PAD)
            continue;
        uint8_t len = read_u8(&r);
        if (len < 2)
            return;
        struct reader body = read_sub(&r, len - 2U);
        if (!reader_good(&body))
            return;
        take_option(s, kind, &body);
    }
}

/* True when the options are just timestamps in their usual place. */
static bool parse_usual(struct tcp_segment *s, struct reader r)
{
    const uint8_t *p = reader_left(&r) == TCP_TIMESTAMP_BYTES ? read_take(&r, TCP_TIMESTAMP_BYTES) : NULL;
    if (!p || load_be32(p) != USUAL_OPTIONS)
        return false;
    s->has_timestamp = true;
    s->ts_value = load_be32(p + 4);
    s->ts_echo = load_be32(p + 8);
    return true;
}

/* The fixed header is taken in one piece, and its fields are loaded from there: each segment comes through here. */
bool tcp_parse(struct bytes packet, struct tcp_segment *s)
{
    struct reader r = reader_of(packet);
    const uint8_t *p = read_take(&r, TCP_HEADER_BYTES);
    *s = (struct tcp_segment){0};
    if (!p)
        return false;
    s->src_port = load_be16(p);
    s->dst_port = load_be16(p + 2);
    s->seq = seq_of(load_be32(p + 4));
    s->ack = seq_of(load_be32(p + 8));
    size_t header_len = (size_t)(p[12] >> 4) * 4;
    s->flags = p[13];
    s->window = load_be16(p + 14);
    s->urgent = load_be16(p + 18);
    if (header_len < TCP_HEADER_BYTES)
        return false;
    struct reader options = read_sub(&r, header_len - TCP_HEADER_BYTES);
    s->data = read_rest(&r);
    if (!reader_good(&r))
        return false;
    if (!parse_usual(s, options))
        parse_options(s, options);
    return true;
}

static COLD void emit_syn_options(struct writer *w, const struct tcp_segment *s)
{
    if (s->has_mss) {
        write_u8(w, KIND_MSS);
        write_u8(w, MSS_LEN);
        write_be16(w, s->mss);
    }
    if (s->has_shift) {
        write_u8(w, KIND_PAD);
        write_u8(w, KIND_SHIFT);
        write_u8(w, SHIFT_LEN);
        write_u8(w, s->shift);
    }
    if (s->sack_permitted) {
        write_be16(w, KIND_PAD << 8 | KIND_PAD);
        write_u8(w, KIND_SACK_PERMITTED);
        write_u8(w, SACK_PERMITTED_LEN);
    }
}

static COLD void emit_sack(struct writer *w, const struct tcp_segment *s)
{
    write_be16(w, KIND_PAD << 8 | KIND_PAD);
    write_u8(w, KIND_SACK);
    write_u8(w, (uint8_t)(2 + s->n_sack * TCP_SACK_BYTES));
    for (uint8_t i = 0; i < s->n_sack; i++) {
        write_be32(w, s->sack[i].from.v);
        write_be32(w, s->sack[i].to.v);
    }
}

static void emit_options(struct writer *w, const struct tcp_segment *s)
{
    if (s->has_mss || s->has_shift || s->sack_permitted)
        emit_syn_options(w, s);
    uint8_t *p = s->has_timestamp ? write_room(w, TCP_TIMESTAMP_BYTES) : NULL;
    if (p) {
        store_be32(p, USUAL_OPTIONS);
        store_be32(p + 4, s->ts_value);
        store_be32(p + 8, s->ts_echo);
    }
    if (s->n_sack > 0)
        emit_sack(w, s);
}

void tcp_emit(struct writer *w, const struct tcp_segment *s)
{
    size_t options_len = (s->has_mss ? 4U : 0U) + (s->has_shift ? 4U : 0U) + (s->sack_permitted ? 4U : 0U) +
                         (s->has_timestamp ? TCP_TIMESTAMP_BYTES : 0U) +
                         (s->n_sack ? TCP_SACK_HEAD_BYTES + s->n_sack * (size_t)TCP_SACK_BYTES : 0U);
    uint8_t *p = write_room(w, TCP_HEADER_BYTES);
    if (!p)
        return;
    store_be16(p, s->src_port);
    store_be16(p + 2, s->dst_port);
    store_be32(p + 4, s->seq.v);
    store_be32(p + 8, s->ack.v);
    p[12] = (uint8_t)((TCP_HEADER_BYTES + options_len) / 4 << 4);
    p[13] = s->flags;
    store_be16(p + 14, s->window);
    store_be16(p + 16, 0);
    store_be16(p + 18, s->urgent);
    if (options_len)
        emit_options(w, s);
}
