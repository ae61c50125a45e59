/* SPDX-License-Identifier: ISC */
/*   0  1 version 4, header length in words     8  1 time to live
 *   1  1 DSCP and ECN                          9  1 protocol
 *   2  2 total length                         10  2 checksum of the header
 *   4  2 identification                       12  4 source
 *   6  2 0 DF MF, offset in 8 bytes           16  4 destination
 *                                             20    options */
#include "wire/ip4.h"
#include "wire/checksum.h"

enum { DF = 0x4000, MF = 0x2000, OFFSET_MASK = 0x1fff };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_LSRR = 131, OPTION_SSRR = 137 };

static void read_header(struct reader *r, struct ip4_header *h)
{
    const uint8_t *p = read_take(r, IP4_HEADER_BYTES);
    if (!p) {
        h->header_len = 0;
        return;
    }
    uint16_t fragment = load_be16(p + 6);
    h->header_len = p[0] >> 4 == 4 ? (uint8_t)((p[0] & 15) * 4) : 0;
    h->tos = p[1];
    h->total_len = load_be16(p + 2);
    h->id = load_be16(p + 4);
    h->dont_fragment = fragment & DF;
    h->more_fragments = fragment & MF;
    h->offset = (uint16_t)((fragment & OFFSET_MASK) * 8);
    h->ttl = p[8];
    h->protocol = p[9];
    h->src = ip4_of_bytes(p + 12);
    h->dst = ip4_of_bytes(p + 16);
}

static COLD enum ip4_fault check_options(struct bytes options)
{
    struct reader r = reader_of(options);
    while (reader_left(&r)) {
        uint8_t type = read_u8(&r);
        if (type == OPTION_END)
            break;
        if (type == OPTION_NOP)
            continue;
        uint8_t len = read_u8(&r);
        if (type == OPTION_LSRR || type == OPTION_SSRR)
            return IP4_SOURCE_ROUTE;
        if (len < 2)
            return IP4_BAD_OPTIONS;
        read_skip(&r, len - 2u);
    }
    return reader_good(&r) ? IP4_GOOD : IP4_BAD_OPTIONS;
}

/* Of whole words, which is what a header has: nearly always five. */
static uint64_t sum_header(const uint8_t *p, unsigned len)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < len; i += 4) {
        uint32_t word;
        memcpy(&word, p + i, sizeof word);
        sum += word;
    }
    return sum;
}

enum ip4_fault ip4_parse(struct bytes packet, struct ip4_header *h, struct bytes *payload)
{
    struct reader r = reader_of(packet);
    read_header(&r, h);
    if (!reader_good(&r) || h->header_len < IP4_HEADER_BYTES)
        return IP4_BAD_HEADER;
    if (h->total_len < h->header_len || h->total_len > packet.len)
        return IP4_BAD_HEADER;
    if (checksum_finish(sum_header(packet.data, h->header_len)) != 0)
        return IP4_BAD_CHECKSUM;
    *payload = bytes_of(packet.data + h->header_len, (size_t)h->total_len - h->header_len);
    if (h->header_len == IP4_HEADER_BYTES)
        return IP4_GOOD;
    return check_options(bytes_of(r.at, (size_t)h->header_len - IP4_HEADER_BYTES));
}

COLD bool ip4_parse_quoted(struct bytes packet, struct ip4_header *h, struct bytes *payload)
{
    struct reader r = reader_of(packet);
    read_header(&r, h);
    if (!reader_good(&r) || h->header_len < IP4_HEADER_BYTES || h->total_len < h->header_len)
        return false;
    if (packet.len < h->header_len)
        return false;
    *payload = bytes_slice(packet, h->header_len, (size_t)h->total_len - h->header_len);
    return true;
}

static uint16_t fragment_of(const struct ip4_header *h)
{
    return (uint16_t)((h->dont_fragment ? DF : 0) | (h->more_fragments ? MF : 0) | (h->offset / 8 & OFFSET_MASK));
}

void ip4_emit(struct writer *w, const struct ip4_header *h)
{
    uint8_t *start = write_room(w, IP4_HEADER_BYTES);
    if (!start)
        return;
    uint16_t first = (uint16_t)(0x4500 | h->tos), fragment = fragment_of(h);
    uint16_t lives = (uint16_t)(h->ttl << 8 | h->protocol);
    uint32_t src = ip4_u32(&h->src), dst = ip4_u32(&h->dst);
    uint32_t sum = first + (uint32_t)h->total_len + h->id + fragment + lives;
    sum += (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff);
    sum = (sum >> 16) + (sum & 0xffff);
    store_be16(start, first);
    store_be16(start + 2, h->total_len);
    store_be16(start + 4, h->id);
    store_be16(start + 6, fragment);
    store_be16(start + 8, lives);
    store_be16(start + 10, (uint16_t) ~(sum + (sum >> 16)));
    store_be32(start + 12, src);
    store_be32(start + 16, dst);
}

COLD void ip4_emit_alert(struct writer *w, uint8_t protocol, const struct ip *src, const struct ip *dst,
                         size_t payload_len)
{
    static const uint8_t router_alert[4] = {148, 4, 0, 0};
    uint8_t *start = write_room(w, IP4_ALERT_BYTES);
    if (!start)
        return;
    struct writer inner = writer_of(start, IP4_ALERT_BYTES);
    struct ip4_header h = {.tos = 0xc0,
                           .total_len = (uint16_t)(IP4_ALERT_BYTES + payload_len),
                           .dont_fragment = true,
                           .ttl = 1,
                           .protocol = protocol,
                           .src = *src,
                           .dst = *dst};
    ip4_emit(&inner, &h);
    write_copy(&inner, router_alert, sizeof router_alert);
    start[0] = 0x46;
    start[10] = start[11] = 0;
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(start, IP4_ALERT_BYTES), false));
    start[10] = (uint8_t)(sum >> 8);
    start[11] = (uint8_t)sum;
}
