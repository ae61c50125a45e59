/* SPDX-License-Identifier: ISC */
/* Planted: a message that is said to be a byte longer than it is, where a name that is followed through a pointer may end.
 * refutes: outside object bounds
 * unwind: 7
 * unwindset: dns_name_read.0:9 */
#define DNS_NAME_BYTES 6
#include "proof/proof.h"
#include "wire/dns_name.h"

static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = from[i];
}

#define memcpy(to, from, len) copy((uint8_t *)(to), (const uint8_t *)(from), len)
#include "wire/dns_name.c"

int main(void)
{
    struct bytes message = any_bytes(8), longer = message;
    struct reader r = any_reader(message);
    struct dns_name n;
    longer.len++;
    reached(dns_name_read(&r, longer, &n));
    return 0;
}
