/* SPDX-License-Identifier: ISC */
/*   0  2 source port        4  2 length, header included
 *   2  2 destination port   6  2 checksum over pseudo-header and all; 0: none */
#include "wire/udp.h"
#include "wire/checksum.h"

enum { PROTOCOL_UDP = 17 };

enum udp_fault udp_parse(struct bytes segment, const struct ip *src, const struct ip *dst, bool checksum_verified,
                         struct udp_header *h, struct bytes *payload)
{
    struct reader r = reader_of(segment);
    const uint8_t *p = read_take(&r, UDP_HEADER_BYTES);
    if (!p)
        return UDP_BAD_LENGTH;
    uint16_t len = load_be16(p + 4), checksum = load_be16(p + 6);
    h->src_port = load_be16(p);
    h->dst_port = load_be16(p + 2);
    if (len < UDP_HEADER_BYTES || len > segment.len)
        return UDP_BAD_LENGTH;
    segment.len = len;
    *payload = bytes_slice(segment, UDP_HEADER_BYTES, len);
    if (checksum_verified || (checksum == 0 && ip_is4(src)))
        return UDP_GOOD;
    uint64_t sum = checksum_pseudo(src, dst, PROTOCOL_UDP, len);
    return checksum_finish(checksum_add(sum, segment, false)) == 0 ? UDP_GOOD : UDP_BAD_CHECKSUM;
}

void udp_emit(struct writer *w, const struct udp_header *h, const struct ip *src, const struct ip *dst,
              const struct bytes *payload, size_t n, size_t len)
{
    uint8_t *start = write_room(w, UDP_HEADER_BYTES);
    if (!start)
        return;
    uint16_t total = (uint16_t)(UDP_HEADER_BYTES + len);
    store_be16(start, h->src_port);
    store_be16(start + 2, h->dst_port);
    store_be16(start + 4, total);
    uint64_t sum = checksum_pseudo(src, dst, PROTOCOL_UDP, total);
    sum += checksum_word(h->src_port) + checksum_word(h->dst_port) + checksum_word(total);
    uint16_t checksum = checksum_finish(checksum_add_parts(sum, payload, n));
    if (checksum == 0)
        checksum = 0xffff; /* zero would mean that there is none */
    store_be16(start + 6, checksum);
}
