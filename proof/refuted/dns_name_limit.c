/* SPDX-License-Identifier: ISC */
/* Planted: names may become a byte longer than there is room for.
 * refutes: bounds
 * unwind: 8
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
#undef DNS_NAME_BYTES
#define DNS_NAME_BYTES 7
#include "wire/dns_name.c"

int main(void)
{
    struct bytes message = any_bytes(8);
    struct reader r = any_reader(message);
    struct dns_name n;
    reached(dns_name_read(&r, message, &n));
    return 0;
}
