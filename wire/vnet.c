/* SPDX-License-Identifier: ISC */
/*   0  1 flags: 1 checksum needed, 2 checksum good       6  2 checksum start
 *   1  1 segments: 0 one, 1 TCPv4, 4 TCPv6, 0x80 ECN     8  2 checksum offset
 *   2  2 header length      4  2 segment size               all little-endian */
#include "wire/vnet.h"
#include "wire/checksum.h"

enum { NEEDS_CHECKSUM = 1, CHECKSUM_GOOD = 2 };
enum { ONE = 0, TCP4 = 1, TCP6 = 4, ECN = 0x80 };

static bool segments_of(uint8_t type, struct net_offload *o)
{
    o->flags |= type & ECN ? NET_CWR : 0;
    switch (type & ~ECN) {
    case ONE:
        o->segments = NET_ONE;
        return true;
    case TCP4:
        o->segments = NET_TCP4;
        return true;
    case TCP6:
        o->segments = NET_TCP6;
        return true;
    default:
        return false;
    }
}

static uint16_t get_le16(const uint8_t *at)
{
    return (uint16_t)(at[1] << 8 | at[0]);
}

bool vnet_parse(struct reader *r, size_t frame_len, struct net_offload *o)
{
    const uint8_t *p = read_take(r, VNET_HEADER_BYTES);
    if (!p) {
        *o = (struct net_offload){0};
        return false;
    }
    *o = (struct net_offload){
        .flags = (uint8_t)((p[0] & NEEDS_CHECKSUM ? NET_PARTIAL : 0) | (p[0] & CHECKSUM_GOOD ? NET_GOOD : 0)),
        .header_bytes = get_le16(p + 2),
        .segment_bytes = get_le16(p + 4),
        .checksum_start = get_le16(p + 6),
        .checksum_offset = get_le16(p + 8)};
    if (!segments_of(p[1], o))
        return false;
    if (o->flags & NET_PARTIAL && (size_t)o->checksum_start + o->checksum_offset + 2 > frame_len)
        return false;
    return o->segments == NET_ONE || o->segment_bytes > 0;
}

bool vnet_split(struct bytes whole, struct bytes *frame, struct net_offload *o)
{
    struct reader r = reader_of(whole);
    bool good = vnet_parse(&r, whole.len - VNET_HEADER_BYTES, o);
    *frame = read_rest(&r);
    return good;
}

static void put_le16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

void vnet_emit(struct writer *w, const struct net_offload *o)
{
    static const uint8_t types[] = {[NET_ONE] = ONE, [NET_TCP4] = TCP4, [NET_TCP6] = TCP6};
    uint8_t *p = write_room(w, VNET_HEADER_BYTES);
    if (!p)
        return;
    p[0] = (uint8_t)((o->flags & NET_PARTIAL ? NEEDS_CHECKSUM : 0) | (o->flags & NET_GOOD ? CHECKSUM_GOOD : 0));
    p[1] = (uint8_t)(types[o->segments] | (o->flags & NET_CWR ? ECN : 0));
    put_le16(p + 2, o->header_bytes);
    put_le16(p + 4, o->segment_bytes);
    put_le16(p + 6, o->checksum_start);
    put_le16(p + 8, o->checksum_offset);
}

COLD bool vnet_fill_checksum(uint8_t *frame, size_t len, const struct net_offload *o)
{
    size_t at = (size_t)o->checksum_start + o->checksum_offset;
    if (at + 2 > len)
        return false;
    uint16_t sum =
        checksum_finish(checksum_add(0, bytes_of(frame + o->checksum_start, len - o->checksum_start), false));
    sum = sum ? sum : UINT16_MAX; /* the same number, and what UDP needs */
    frame[at] = (uint8_t)(sum >> 8);
    frame[at + 1] = (uint8_t)sum;
    return true;
}
