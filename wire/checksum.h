/* SPDX-License-Identifier: ISC */
/* The Internet checksum (RFC 1071). A sum is kept unfolded in 64 bits; parts may have odd lengths when the
 * caller says at which byte offset each starts. */
#ifndef WIRE_CHECKSUM_H
#define WIRE_CHECKSUM_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

/* Adds `b`, which starts at an even offset of what is summed, or at an odd one. */
uint64_t checksum_add(uint64_t sum, struct bytes b, bool odd_offset);
/* What a word at an even offset, here in host order, adds to a sum: so a header's is known before the header is written, and
 * nothing waits for stores that are still on their way. */
static inline uint64_t checksum_word(uint16_t v)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(v) : v;
}

/* Adds all parts one after the other. */
uint64_t checksum_add_parts(uint64_t sum, const struct bytes *v, size_t n);
/* The pseudo-header of TCP and UDP for either family (RFC 9293 3.1, RFC 8200 8.1). */
uint64_t checksum_pseudo(const struct ip *src, const struct ip *dst, uint8_t protocol, uint32_t len);
/* Folds and complements: the value for the header field, in host order. A verified packet gives 0. */
uint16_t checksum_finish(uint64_t sum);

#endif
