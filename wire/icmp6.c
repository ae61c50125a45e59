/* SPDX-License-Identifier: ISC */
/*   0  1 type     2  2 checksum of pseudo-header and message
 *   1  1 code     4  4 by type: identifier and sequence, MTU, pointer, flags
 *                 8    data */
#include "wire/icmp6.h"
#include "wire/checksum.h"

enum { PROTOCOL_ICMP6 = 58 };

bool icmp6_parse(struct bytes message, const struct ip *src, const struct ip *dst, struct icmp6 *m)
{
    struct reader r = reader_of(message);
    m->type = read_u8(&r);
    m->code = read_u8(&r);
    read_skip(&r, 2);
    m->rest = read_be32(&r);
    m->data = read_rest(&r);
    uint64_t sum = checksum_pseudo(src, dst, PROTOCOL_ICMP6, (uint32_t)message.len);
    return reader_good(&r) && checksum_finish(checksum_add(sum, message, false)) == 0;
}

void icmp6_emit(struct writer *w, const struct icmp6 *m, const struct ip *src, const struct ip *dst,
                const struct bytes *data, size_t n)
{
    uint8_t *start = write_room(w, ICMP6_HEADER_BYTES);
    if (!start)
        return;
    size_t len = ICMP6_HEADER_BYTES + bytes_total(data, n);
    struct writer inner = writer_of(start, ICMP6_HEADER_BYTES);
    write_u8(&inner, m->type);
    write_u8(&inner, m->code);
    write_be16(&inner, 0);
    write_be32(&inner, m->rest);
    uint64_t sum = checksum_pseudo(src, dst, PROTOCOL_ICMP6, (uint32_t)len);
    sum = checksum_add(sum, bytes_of(start, ICMP6_HEADER_BYTES), false);
    uint16_t finished = checksum_finish(checksum_add_parts(sum, data, n));
    start[2] = (uint8_t)(finished >> 8);
    start[3] = (uint8_t)finished;
}
