/* SPDX-License-Identifier: ISC */
/* UDP (RFC 768, RFC 1122 4.1). */
#ifndef WIRE_UDP_H
#define WIRE_UDP_H

#include <jinn/addr.h>
#include <jinn/bytes.h>

#define UDP_HEADER_BYTES 8
#define UDP_PAYLOAD_MAX_BYTES 65507 /* 65535 less the headers of UDP and IPv4 */

struct udp_header {
    uint16_t src_port;
    uint16_t dst_port;
};

enum udp_fault { UDP_GOOD, UDP_BAD_LENGTH, UDP_BAD_CHECKSUM };

/* The checksum is not looked at when the sender gave none (IPv4 only) or `checksum_verified`. Padding behind the UDP
 * length is cut off (RFC 1122 says nothing; all do so). */
enum udp_fault udp_parse(struct bytes segment, const struct ip *src, const struct ip *dst, bool checksum_verified,
                         struct udp_header *h, struct bytes *payload);
/* Writes the header with its checksum for the payload, which follows in n parts of `len` bytes together. */
void udp_emit(struct writer *w, const struct udp_header *h, const struct ip *src, const struct ip *dst,
              const struct bytes *payload, size_t n, size_t len);

#endif
