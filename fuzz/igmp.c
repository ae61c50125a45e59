/* SPDX-License-Identifier: ISC */
/* The IGMP parser alone; what it does to the groups of a host is reached through fuzz/ether.c. The checksum is made right
 * first. */
#include "wire/igmp.h"
#include "wire/checksum.h"

#include <jinn/must.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct igmp m;
    if (size < 4)
        return igmp_parse(bytes_of(data, size), &m); /* always false */
    uint8_t *b = malloc(size);
    memcpy(b, data, size);
    b[2] = b[3] = 0;
    uint16_t sum = checksum_finish(checksum_add(0, bytes_of(b, size), false));
    b[2] = (uint8_t)(sum >> 8);
    b[3] = (uint8_t)sum;
    if (igmp_parse(bytes_of(b, size), &m)) {
        must(ip_is4(&m.group) && size >= IGMP_BYTES);
        must(m.type != IGMP_QUERY || (m.version >= 1 && m.version <= 3));
        must(m.response_ms <= 31744u * 100);
    }
    free(b);
    return 0;
}
