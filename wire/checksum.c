/* SPDX-License-Identifier: ISC */
#include "wire/checksum.h"

static uint64_t add_words(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len >= 4; p += 4, len -= 4)
        sum += (uint64_t)p[0] << 24 | (uint64_t)p[1] << 16 | (uint64_t)p[2] << 8 | p[3];
    if (len >= 2)
        sum += (uint64_t)p[0] << 8 | p[1];
    if (len & 1)
        sum += (uint64_t)p[len - 1] << 8;
    return sum;
}

uint64_t checksum_add(uint64_t sum, struct bytes b, bool odd_offset)
{
    if (b.len == 0)
        return sum;
    if (!odd_offset)
        return add_words(sum, b.data, b.len);
    return add_words(sum + b.data[0], b.data + 1, b.len - 1);
}

uint64_t checksum_add_parts(uint64_t sum, const struct bytes *v, size_t n)
{
    bool odd = false;
    for (size_t i = 0; i < n; i++) {
        sum = checksum_add(sum, v[i], odd);
        odd ^= v[i].len & 1;
    }
    return sum;
}

uint64_t checksum_pseudo(const struct ip *src, const struct ip *dst, uint8_t protocol, uint32_t len)
{
    uint64_t sum = (uint64_t)protocol + len;
    if (ip_is4(src) && ip_is4(dst))
        return sum + ip4_u32(src) + ip4_u32(dst);
    sum = checksum_add(sum, bytes_of(src->b, 16), false);
    return checksum_add(sum, bytes_of(dst->b, 16), false);
}

uint16_t checksum_finish(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
