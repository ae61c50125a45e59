/* SPDX-License-Identifier: ISC */
/* The framing of gdb's remote serial protocol:
 *
 *   $ payload # two hex digits   the sum of the payload's bytes as they are sent, modulo 256
 *   } byte                       in a payload: byte ^ 0x20; so # $ } * are sent
 *   + -                          a packet came well, or is to be sent again
 *   0x03                         outside packets: interrupt
 *
 * and the numbers in payloads: hexadecimal without a prefix, the highest digit first. */
#ifndef TENDER_DEBUG_PACKET_H
#define TENDER_DEBUG_PACKET_H

#include <jinn/bytes.h>

#define PACKET_MAX 8192 /* of a payload, before it is escaped: what a debugger reads of memory at a time */
/* A framed payload of `len` bytes at the most. */
#define PACKET_ROOM(len) (2 * (len) + 4)

enum packet_event {
    PACKET_NOTHING, /* go on */
    PACKET_WHOLE,   /* payload[0..len) is one */
    PACKET_BROKEN,  /* its sum is wrong or it is too long: ask for it again */
    PACKET_AGAIN,   /* the other side did not get our last one */
    PACKET_INTERRUPT,
};

/* All zero to begin with. */
struct packet_parser {
    enum { PACKET_OUTSIDE, PACKET_PAYLOAD, PACKET_ESCAPED, PACKET_SUM_HIGH, PACKET_SUM_LOW } state;
    uint8_t sum, given;
    bool bad;
    size_t len;
    uint8_t payload[PACKET_MAX];
};

enum packet_event packet_take(struct packet_parser *p, uint8_t byte);
void packet_emit(struct writer *w, struct bytes payload);

/* Value of a hex digit, -1 for other characters. */
int hex_digit(uint8_t c);
/* Takes digits until something else comes. False when there is none or the number has more than 64 bits. */
MUST_USE bool hex_number(struct reader *r, uint64_t *value);
void hex_emit(struct writer *w, uint64_t value);
void hex_emit_bytes(struct writer *w, struct bytes b);
/* Takes 2 * len digits. */
MUST_USE bool hex_bytes(struct reader *r, uint8_t *out, size_t len);

#endif
