/* SPDX-License-Identifier: ISC */
/* RFC 1071: the sum may be taken in any byte order and any word size, as long as carries come back in at the end. So
 * it is taken in the processor's own order, eight bytes at a step, and turned round once in checksum_finish. */
#include "wire/checksum.h"

static uint64_t add_carry(uint64_t a, uint64_t b)
{
    uint64_t sum = a + b;
    return sum + (sum < b);
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t load32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint16_t load16(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t fold32(uint64_t sum)
{
    return (sum >> 32) + (uint32_t)sum;
}

static uint16_t fold16(uint64_t sum)
{
    sum = fold32(fold32(sum));
    sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)((sum >> 16) + sum);
}

/* Two chains of carries, so that the processor adds two words at a time. */
static uint64_t sum_blocks(const uint8_t *p, size_t n_blocks)
{
    uint64_t a = 0, b = 0;
    for (; n_blocks; n_blocks--, p += 32) {
        a = add_carry(a, load64(p));
        b = add_carry(b, load64(p + 8));
        a = add_carry(a, load64(p + 16));
        b = add_carry(b, load64(p + 24));
    }
    return add_carry(a, b);
}

static uint64_t sum_of(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;
    if (len >= 32) {
        sum = sum_blocks(p, len / 32);
        p += len / 32 * 32;
        len %= 32;
    }
    for (; len >= 8; p += 8, len -= 8)
        sum = add_carry(sum, load64(p));
    if (len & 4) {
        sum = add_carry(sum, load32(p));
        p += 4;
    }
    if (len & 2) {
        sum = add_carry(sum, load16(p));
        p += 2;
    }
    if (len & 1) {
        const uint8_t last[2] = {*p, 0};
        sum = add_carry(sum, load16(last));
    }
    return sum;
}

/* Below 2^34 each time: `sum` can take 2^30 parts without a lost carry. */
uint64_t checksum_add(uint64_t sum, struct bytes b, bool odd_offset)
{
    if (b.len == 0)
        return sum;
    uint64_t part = sum_of(b.data, b.len);
    if (odd_offset)
        return sum + __builtin_bswap16(fold16(part));
    return sum + fold32(part);
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
    const uint8_t tail[8] = {
        (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, protocol};
    uint64_t sum = (uint64_t)load32(tail) + load32(tail + 4);
    if (ip_is4(src))
        return sum + load32(src->b + 12) + load32(dst->b + 12);
    return sum + fold32(sum_of(src->b, 16)) + fold32(sum_of(dst->b, 16));
}

uint16_t checksum_finish(uint64_t sum)
{
    uint16_t folded = (uint16_t)~fold16(sum);
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(folded) : folded;
}
