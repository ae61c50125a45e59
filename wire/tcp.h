/* SPDX-License-Identifier: ISC */
/* TCP segments: header and options (RFC 9293 3.1, RFC 7323 2 and 3, RFC 2018 2 and 3). No state, no I/O. */
#ifndef WIRE_TCP_H
#define WIRE_TCP_H

#include <jinn/bytes.h>

/* A sequence number: a place in a stream modulo 2^32. Only differences below 2^31 have an order. */
struct seq {
    uint32_t v;
};

static inline struct seq seq_of(uint32_t v)
{
    return (struct seq){v};
}

static inline struct seq seq_add(struct seq s, uint32_t n)
{
    return (struct seq){s.v + n};
}

/* How far `a` lies after `b`; negative when it lies before. */
static inline int32_t seq_diff(struct seq a, struct seq b)
{
    return (int32_t)(a.v - b.v);
}

static inline bool seq_equal(struct seq a, struct seq b)
{
    return a.v == b.v;
}

static inline bool seq_before(struct seq a, struct seq b)
{
    return seq_diff(a, b) < 0;
}

static inline bool seq_after(struct seq a, struct seq b)
{
    return seq_diff(a, b) > 0;
}

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40,
    TCP_CWR = 0x80
};

enum tcp_ecn { TCP_ECN_NONE = 0, TCP_ECN_CAPABLE = 2, TCP_ECN_CONGESTED = 3 }; /* RFC 3168 5 */

#define TCP_HEADER_BYTES 20
#define TCP_HEADER_MAX_BYTES 60
#define TCP_CHECKSUM_OFFSET 16
#define TCP_TIMESTAMP_BYTES 12  /* with the padding that tcp_emit puts before it */
#define TCP_WINDOW_SHIFT_MAX 14 /* RFC 7323 2.3 */
#define TCP_SACK_MAX 4          /* blocks that 40 bytes of options have room for; 3 beside timestamps */
#define TCP_SACK_BYTES 8        /* a block; and TCP_SACK_HEAD_BYTES before the first */
#define TCP_SACK_HEAD_BYTES 4

/* Bytes [from, to) that arrived out of order, or twice (RFC 2018 3, RFC 2883 4). */
struct tcp_range {
    struct seq from;
    struct seq to;
};

struct tcp_segment {
    uint16_t src_port;
    uint16_t dst_port;
    struct seq seq;
    struct seq ack;
    uint8_t flags;   /* TCP_* */
    uint16_t window; /* as in the header: not scaled */
    uint16_t urgent;
    uint8_t ecn;  /* of the IP header, TCP_ECN_*: tcp_parse and tcp_emit leave it alone */
    bool several; /* that the device joined to this one; likewise not in the header */
    bool has_mss;
    bool has_shift;
    bool has_timestamp;
    bool sack_permitted;
    uint16_t mss;
    uint8_t shift; /* cut to TCP_WINDOW_SHIFT_MAX, as RFC 7323 wants */
    uint32_t ts_value;
    uint32_t ts_echo;
    uint8_t n_sack; /* of sack[] */
    struct tcp_range sack[TCP_SACK_MAX];
    struct bytes data; /* parse: BORROWS the packet. emit: not looked at */
};

/* What it takes of sequence space. */
static inline uint32_t tcp_segment_len(const struct tcp_segment *s)
{
    return (uint32_t)s->data.len + ((s->flags & TCP_SYN) != 0) + ((s->flags & TCP_FIN) != 0);
}

/* Reads a whole segment; the checksum is the caller's business. False: shorter than its header says, or a header
 * below 20 bytes. Options that break their format end the list of options: what came before counts, and an
 * option of a known kind with a wrong length is skipped (RFC 9293 3.1, MUST-7). */
MUST_USE bool tcp_parse(struct bytes packet, struct tcp_segment *s);

/* Writes header and options with a checksum of zero, padded to 4 bytes; at most TCP_HEADER_MAX_BYTES. */
void tcp_emit(struct writer *w, const struct tcp_segment *s);

/* Fills the checksum in; `header` is what tcp_emit wrote. */
static inline void tcp_emit_checksum(uint8_t header[static TCP_HEADER_BYTES], uint16_t sum)
{
    header[TCP_CHECKSUM_OFFSET] = (uint8_t)(sum >> 8);
    header[TCP_CHECKSUM_OFFSET + 1] = (uint8_t)sum;
}

#endif
