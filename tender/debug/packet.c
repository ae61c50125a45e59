/* SPDX-License-Identifier: ISC */
#include "tender/debug/packet.h"

static void begin(struct packet_parser *p)
{
    p->state = PACKET_PAYLOAD;
    p->sum = 0;
    p->len = 0;
    p->bad = false;
}

static enum packet_event take_outside(struct packet_parser *p, uint8_t byte)
{
    if (byte == '$')
        begin(p);
    return byte == 3 ? PACKET_INTERRUPT : byte == '-' ? PACKET_AGAIN : PACKET_NOTHING;
}

static void take_payload(struct packet_parser *p, uint8_t byte)
{
    if (p->state == PACKET_PAYLOAD && byte == '#') {
        p->state = PACKET_SUM_HIGH;
        return;
    }
    if (p->state == PACKET_PAYLOAD && byte == '$') { /* the end of the one before was lost */
        begin(p);
        return;
    }
    p->sum += byte;
    if (p->state == PACKET_PAYLOAD && byte == '}') {
        p->state = PACKET_ESCAPED;
        return;
    }
    if (p->len == PACKET_MAX)
        p->bad = true;
    else
        p->payload[p->len++] = p->state == PACKET_ESCAPED ? byte ^ 0x20 : byte;
    p->state = PACKET_PAYLOAD;
}

static void take_sum(struct packet_parser *p, uint8_t byte)
{
    int digit = hex_digit(byte);
    p->bad |= digit < 0;
    p->given = (uint8_t)(p->given << 4 | (digit & 15));
}

enum packet_event packet_take(struct packet_parser *p, uint8_t byte)
{
    switch (p->state) {
    case PACKET_OUTSIDE:
        return take_outside(p, byte);
    case PACKET_PAYLOAD:
    case PACKET_ESCAPED:
        take_payload(p, byte);
        return PACKET_NOTHING;
    case PACKET_SUM_HIGH:
        take_sum(p, byte);
        p->state = PACKET_SUM_LOW;
        return PACKET_NOTHING;
    default:
        take_sum(p, byte);
        p->state = PACKET_OUTSIDE;
        return p->bad || p->given != p->sum ? PACKET_BROKEN : PACKET_WHOLE;
    }
}

static void emit_byte(struct writer *w, uint8_t b)
{
    write_u8(w, (uint8_t) "0123456789abcdef"[b >> 4]);
    write_u8(w, (uint8_t) "0123456789abcdef"[b & 15]);
}

void packet_emit(struct writer *w, struct bytes payload)
{
    uint8_t sum = 0;
    write_u8(w, '$');
    for (size_t i = 0; i < payload.len; i++) {
        uint8_t b = payload.data[i];
        if (b == '#' || b == '$' || b == '}' || b == '*') {
            write_u8(w, '}');
            sum += '}';
            b ^= 0x20;
        }
        write_u8(w, b);
        sum += b;
    }
    write_u8(w, '#');
    emit_byte(w, sum);
}

int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_number(struct reader *r, uint64_t *value)
{
    unsigned n = 0;
    *value = 0;
    for (; reader_left(r) && hex_digit(*r->at) >= 0; n++) {
        if (*value >> 60)
            return false;
        *value = *value << 4 | (uint64_t)hex_digit(read_u8(r));
    }
    return n > 0;
}

void hex_emit(struct writer *w, uint64_t value)
{
    int shift = 60;
    while (shift > 0 && !(value >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        write_u8(w, (uint8_t) "0123456789abcdef"[value >> shift & 15]);
}

void hex_emit_bytes(struct writer *w, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        emit_byte(w, b.data[i]);
}

bool hex_bytes(struct reader *r, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(read_u8(r)), low = hex_digit(read_u8(r));
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
